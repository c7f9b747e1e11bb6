//! Taking patches back, wherever they stand: the site is then as one on which they were never applied.
//!
//! Random histories of a product and two components. Each patch changes a line of a text that others change too, perhaps its mode, perhaps a
//! file of its own, perhaps the database. Which of them needs which is known here by what each was made of, and must be what the engine says.

use acceptance::{
    Archive, ArchiveBuilder, Fault, Legal, Says, SimSite, Stories, Survivors, Turn, World, disk_used, in_parallel,
    told_in_full,
};
use patchwright_engine::{Failure, Silent, SiteState, Unwanted};
use std::collections::BTreeSet;

/// How many histories are told if all are, and of how many one is told otherwise.
const HISTORIES: u64 = 10_000;
const SAMPLE: u64 = 100;
/// Lines of each text.
const LINES: usize = 24;
/// How many patches a history has.
const PATCHES: usize = 7;

/// Numbers that look as if they came by chance, the same for each history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// A patch of a history, and all that another can need of it.
struct Made {
    archive: Archive,
    id: String,
    part: usize,
    requires: Option<String>,
    text: usize,
    line: usize,
    /// Whether it changes rows of the table that others change too.
    rows: bool,
}

const PARTS: [&str; 3] = ["acme-cms", "forum", "gallery"];

/// The patch that lays the ground, and the random ones after it.
fn history(dice: &mut Dice) -> (Archive, Vec<Made>) {
    let line = |line: usize| format!("line {line}\n");
    let text: String = (0..LINES).map(line).collect();
    let ground =
        ArchiveBuilder::new("1.0.0", "1.0.1").add("lang/a.txt", &text, "").add("lang/b.txt", &text, "").archive();
    let mut texts = vec![(0..LINES).map(|number| format!("line {number}")).collect::<Vec<_>>(); 2];
    let mut versions = [1, 0, 0];
    let mut made: Vec<Made> = Vec::new();
    for number in 0..PATCHES {
        let part = dice.below(PARTS.len());
        let next = versions[part] + 1;
        let version = |number: usize| if number == 0 { String::new() } else { format!("1.0.{number}") };
        let mut patch = ArchiveBuilder::new(&version(versions[part]), &version(next));
        if part > 0 {
            patch = patch.component(PARTS[part]);
        }
        versions[part] = next;
        let id = format!("{}-1.0.{next}", PARTS[part]);
        let requires =
            (dice.below(3) == 0).then(|| made.get(dice.below(PATCHES)).map(|other| other.id.clone())).flatten();
        if let Some(id) = &requires {
            patch = patch.requires(id);
        }
        let (text, line) = (dice.below(2), dice.below(LINES));
        let old = std::mem::replace(&mut texts[text][line], format!("line {line} by {number}"));
        let path = ["lang/a.txt", "lang/b.txt"][text];
        patch = patch.step(format_args!(
            "<alter path='{path}'><replace><from>{old}\n</from><to>line {line} by {number}\n</to></replace></alter>"
        ));
        if dice.below(2) == 0 {
            patch = patch.add(&format!("new/{}/{number}.txt", PARTS[part]), &id, "");
        }
        if dice.below(3) == 0 {
            let path = ["lang/a.txt", "lang/b.txt"][dice.below(2)];
            let script = format!("fn upgrade() {{ fs::set_mode(\"{path}\", 0o60{number}); }}");
            patch = patch.member("upgrade.rhai", &script).step("<script src='upgrade.rhai'/>");
        }
        let rows = dice.below(4) == 0;
        patch = match (rows, dice.below(2)) {
            (true, _) => patch.step(format_args!(
                "<sql dialect='sqlite'>INSERT INTO visitor (name) VALUES ('{id}');\
                 <undo>DELETE FROM visitor WHERE name = '{id}'</undo></sql>"
            )),
            (false, 0) => patch.step(format_args!("<add-column table='item' name='c{number}'><integer/></add-column>")),
            (false, _) => patch.step(format_args!("<create-table name='t{number}'><column name='id'><integer/></column><column name='name'><text/></column></create-table>")),
        };
        made.push(Made { archive: patch.archive(), id, part, requires, text, line, rows });
    }
    (ground, made)
}

impl Made {
    /// Whether this patch, which came after the other, can't be without it.
    fn needs(&self, other: &Self) -> bool {
        self.part == other.part
            || self.requires.as_ref() == Some(&other.id)
            || (self.text == other.text && self.line.abs_diff(other.line) <= 1)
            || (self.rows && other.rows)
    }
}

fn apply(turn: &Turn, archive: &Archive) {
    let outcome = turn.apply(&[archive.path()]).unwrap();
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.receipts.len(), 1);
}

#[test]
fn after_any_patches_are_taken_back_the_site_is_as_if_they_had_never_been_applied() {
    // B21, D2, D6
    let site = SimSite::new(true);
    let start = site.initial_world();
    let step = if told_in_full() { 1 } else { SAMPLE };
    let numbers: Vec<u64> = (0..HISTORIES).step_by(usize::try_from(step).unwrap()).collect();
    let refused = std::sync::atomic::AtomicUsize::new(0);
    in_parallel(numbers.len(), |at| {
        let mut dice = Dice(numbers[at]);
        let (ground, made) = history(&mut dice);
        let turn = site.turn(&start, Fault::None);
        apply(&turn, &ground);
        let mut in_force: Vec<usize> = Vec::new();
        for number in 0..PATCHES {
            apply(&turn, &made[number].archive);
            in_force.push(number);
            if dice.below(2) == 0 {
                continue;
            }
            let place = dice.below(in_force.len());
            let (gone, later) = (&made[in_force[place]], &in_force[place + 1..]);
            let is_needed = later.iter().any(|later| made[*later].needs(gone));
            // What comes after it in the history was made for a site that has it.
            let comes_on = made[number + 1..].iter().any(|next| next.needs(gone));
            let unwanted = Unwanted::Patch(gone.id.clone());
            let before = turn.picture();
            match turn.take_back(&unwanted, &Silent) {
                Err(failure) if is_needed => {
                    assert_eq!(failure.state, SiteState::Untouched, "{failure}");
                    assert_eq!(turn.picture(), before);
                    refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                }
                Ok(()) if !is_needed => {
                    let rest: Vec<usize> =
                        in_force.iter().copied().filter(|number| made[*number].id != gone.id).collect();
                    compare_with_fresh(&site, &start, &turn, &ground, &made, &rest);
                    if comes_on {
                        apply(&turn, &gone.archive);
                        in_force.retain(|number| made[*number].id != gone.id);
                        in_force.push(made.iter().position(|made| made.id == gone.id).unwrap());
                    } else {
                        in_force = rest;
                    }
                }
                other => panic!("history {}: taking {} back: {other:?}", numbers[at], gone.id),
            }
        }
        // And all the way back, each patch on its own.
        while let Some(last) = in_force.pop() {
            let unwanted = Unwanted::Patch(made[last].id.clone());
            turn.take_back(&unwanted, &Silent).unwrap_or_else(|failure| panic!("history {}: {failure}", numbers[at]));
            compare_with_fresh(&site, &start, &turn, &ground, &made, &in_force);
        }
        assert!(turn.site.audit_ledger().unwrap().is_clean());
    });
    println!("{} histories, {} ways back refused", numbers.len(), refused.into_inner());
}

fn compare_with_fresh(site: &SimSite, start: &World, turn: &Turn, ground: &Archive, made: &[Made], in_force: &[usize]) {
    let fresh = site.turn(start, Fault::None);
    apply(&fresh, ground);
    in_force.iter().for_each(|number| apply(&fresh, &made[*number].archive));
    let (expected, found) = (fresh.picture(), turn.picture());
    let (expected, found) = (expected.application(), found.application());
    let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!(only(&found, &expected), only(&expected, &found));
    let versions = |turn: &Turn| {
        let status = turn.site.status().unwrap();
        (status.version, status.components)
    };
    assert_eq!(versions(turn), versions(&fresh));
    assert_eq!(turn.site.disk_use().unwrap().all().bytes, disk_used(&turn.files()).bytes);
    assert!(turn.site.verify().unwrap().is_clean());
}

/// A site with three patches, of which the second is of a component, and local edits in all that it left.
fn edited(site: &SimSite) -> World {
    let text: String = (0..LINES).map(|line| format!("line {line}\n")).collect();
    let alter = |line: usize, by: &str| {
        format!("<alter path='lang/a.txt'><replace><from>line {line}\n</from><to>{by}\n</to></replace></alter>")
    };
    let patches = [
        ArchiveBuilder::new("1.0.0", "1.0.1").add("lang/a.txt", &text, "").add("lang/b.txt", "b\n", "").archive(),
        ArchiveBuilder::new("", "2.0")
            .component("forum")
            .step(alter(3, "forum"))
            .overwrite("lang/b.txt", "b\n", "B\n", "")
            .add("forum/index.php", "<?php // forum\n", "")
            .add("forum/style.css", "body {}\n", "")
            .step("<create-table name='topic'><column name='id'><integer/></column><column name='name'><text/></column></create-table>")
            .archive(),
        ArchiveBuilder::new("1.0.1", "1.0.2").step(alter(12, "core")).add("forum/bridge.php", "<?php // core\n", "").archive(),
    ];
    let turn = site.turn(&site.initial_world(), Fault::None);
    patches.iter().for_each(|patch| apply(&turn, patch));
    let mine = text.replace("line 3\n", "forum\n").replace("line 12\n", "core\n").replace("line 20\n", "mine\n");
    turn.edit("lang/a.txt", &mine);
    turn.edit("lang/b.txt", "B\nmine\n");
    turn.edit("forum/style.css", "body { color: red }\n");
    // The edits are of yesterday, and on the platter.
    World { durable: turn.files(), pending: Vec::new(), database: turn.recording().end().database }
}

fn uninstalling(operator: Says) -> impl Fn(&Turn) -> Option<Failure> + Sync {
    move |turn| turn.take_back(&Unwanted::Patch("forum-2.0".to_owned()), &operator).err()
}

#[test]
fn local_changes_are_merged_kept_or_put_away_when_a_patch_is_uninstalled() {
    // C44, C45, C48
    let site = SimSite::new(true);
    let world = edited(&site);
    let text = |turn: &Turn, path: &str| {
        let picture = turn.picture();
        picture.tree.get(path).and_then(|seen| seen.0.clone()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let turn = site.turn(&world, Fault::None);
    assert_eq!(uninstalling(Says("abort"))(&turn).unwrap().state, SiteState::Untouched);
    assert_eq!(turn.picture(), site.turn(&world, Fault::None).picture());
    for answer in ["take", "keep"] {
        let turn = site.turn(&world, Fault::None);
        assert_eq!(uninstalling(Says(answer))(&turn), None);
        // Where both go together nothing need be asked of the vendor's part, and the local line stays only by a merge.
        let b = text(&turn, "lang/b.txt").unwrap();
        let style = text(&turn, "forum/style.css");
        match answer {
            "take" => assert_eq!((b.as_str(), style), ("b\n", None)),
            _ => {
                assert_eq!((b.as_str(), style.as_deref()), ("B\nmine\n", Some("body { color: red }\n")));
                assert_eq!(text(&turn, "lang/b.txt.forum-2.0.old").as_deref(), Some("b\n"));
            }
        }
        assert_eq!(text(&turn, "forum/index.php"), None);
        assert_eq!(text(&turn, "forum/bridge.php").as_deref(), Some("<?php // core\n"));
        // The last patch goes back to what it would have found without the one before it.
        assert_eq!(turn.take_back(&Unwanted::Last, &Says("take")).err(), None);
        assert_eq!(text(&turn, "forum/bridge.php"), None);
        assert!(turn.site.audit_ledger().unwrap().is_clean());
    }
}

#[test]
fn a_way_back_past_later_patches_and_local_changes_that_is_cut_off_anywhere_has_happened_or_has_not() {
    // A43, C45
    let site = SimSite::new(true);
    let start = edited(&site);
    for answer in ["take", "keep"] {
        let recording = site.record(&start, uninstalling(Says(answer)));
        let stories = Stories::new(&site, Legal::of(&site, &recording), Vec::new()).with_local_changes();
        stories.cut_off_everywhere(&recording, 0, Survivors::Brief, 0);
        stories.fail_everywhere(&start, uninstalling(Says(answer)));
        stories.die_everywhere(&start, recording.changes.len(), uninstalling(Says(answer)));
        println!("{} stories of an uninstallation, in {} worlds", stories.told(), stories.worlds());
    }
}
