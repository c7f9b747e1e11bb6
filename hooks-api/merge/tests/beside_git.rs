//! The same texts merged by us and by `git merge-file`: the same result, or a conflict in both.
//!
//! Two clean results are always the same. Where a text holds one line several times there is more than one smallest difference,
//! and if the two choose another, one may see a conflict where the other sees none: that is let pass for one triple in a hundred,
//! and never where all lines differ.
//! All 10,000 triples are merged with `PATCHWRIGHT_STORIES=all`, a tenth of them otherwise.

#![expect(clippy::unwrap_used, reason = "a test that can't write its files has nothing to tell")]

use patchwright_merge::{Merged, merge};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Triples a process of the shell takes.
const BATCH: usize = 250;

#[test]
fn the_result_or_the_conflict_is_the_same() {
    let all = std::env::var("PATCHWRIGHT_STORIES").is_ok_and(|value| value == "all");
    let triples: Vec<[String; 3]> = (0..if all { 10_000 } else { 1_000 }).map(triple).collect();
    let (mut clean, mut conflicts, mut apart) = (0, 0, 0);
    for batch in triples.chunks(BATCH) {
        for (texts, gits) in batch.iter().zip(by_git(batch)) {
            let [base, mine, theirs] = texts;
            match (merge(base.as_bytes(), mine.as_bytes(), theirs.as_bytes()), gits) {
                (Merged::Clean(ours), Some(gits)) => {
                    assert_eq!(String::from_utf8(ours.bytes).unwrap(), gits, "{texts:?}");
                    clean += 1;
                }
                (Merged::Conflict(_), None) => conflicts += 1,
                _ if base.matches("}\n").count() > 1 => apart += 1,
                (ours, gits) => panic!("{texts:?}: {ours:?}, git {gits:?}"),
            }
        }
    }
    // The comparison says something only if it sees both.
    assert!(apart <= triples.len() / 100, "{apart} of {}", triples.len());
    assert!(clean > triples.len() / 4 && conflicts > triples.len() / 20, "{clean} clean, {conflicts} conflicts");
}

/// What git makes of each triple: the text, or `None` where it sees a conflict.
fn by_git(batch: &[[String; 3]]) -> Vec<Option<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (number, texts) in batch.iter().enumerate() {
        for (name, text) in ["base", "mine", "theirs"].into_iter().zip(texts) {
            fs::write(folder.path().join(format!("{number}.{name}")), text).unwrap();
        }
    }
    let script = format!(
        "for n in $(seq 0 {}); do git merge-file -p $n.mine $n.base $n.theirs >$n.merged 2>/dev/null || : >$n.conflict; done",
        batch.len() - 1
    );
    assert!(Command::new("sh").arg("-c").arg(script).current_dir(folder.path()).status().unwrap().success());
    let read = |name: &Path| fs::read_to_string(folder.path().join(name)).unwrap();
    (0..batch.len())
        .map(|number| {
            let is_conflict = folder.path().join(format!("{number}.conflict")).exists();
            (!is_conflict).then(|| read(Path::new(&format!("{number}.merged"))))
        })
        .collect()
}

/// A text of thirty lines, and two changes of it.
fn triple(seed: u64) -> [String; 3] {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let base: Vec<String> = (0..10 + chance.below(25))
        .map(|line| if chance.below(20) == 0 { "}\n".to_owned() } else { format!("line {line}\n") })
        .collect();
    let mine = changed(&base, &mut chance, "mine");
    let theirs = changed(&base, &mut chance, "theirs");
    [base.concat(), mine, theirs]
}

fn changed(base: &[String], chance: &mut Chance, who: &str) -> String {
    let mut lines = base.to_vec();
    for edit in 0..chance.below(4) {
        let at = chance.below(lines.len() as u64) as usize;
        // Sometimes both sides write the same.
        let who = if chance.below(8) == 0 { "both" } else { who };
        match chance.below(4) {
            0 => lines[at] = format!("{who} changed {edit}\n"),
            1 => {
                lines.remove(at);
            }
            2 => lines.insert(at, format!("{who} added {edit}\n")),
            _ => {
                let end = (at + 1 + chance.below(4) as usize).min(lines.len());
                lines.splice(at..end, [format!("{who} wrote {edit}\n"), format!("{who} anew {edit}\n")]);
            }
        }
        if lines.is_empty() {
            lines.push("left\n".to_owned());
        }
    }
    lines.concat()
}

/// Numbers that look like chance and are the same at every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
