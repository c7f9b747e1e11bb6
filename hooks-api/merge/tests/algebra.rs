//! What every merge keeps, whatever the texts: nothing local is lost, and nothing is made up.

use patchwright_merge::{Choice, MAX_BYTES, Merged, Why, merge};
use proptest::prelude::*;

/// Texts of few different lines, so that changes meet.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop::sample::select(vec!["a", "b", "c", "d", "é", ""]);
    (prop::collection::vec(line, 0..12), any::<bool>()).prop_map(|(lines, ends)| {
        let mut text = lines.join("\n");
        if ends {
            text.push('\n');
        }
        text.into_bytes()
    })
}

/// A text of which all lines differ, and two changes of it that each add lines of their own.
fn edited() -> impl Strategy<Value = [Vec<u8>; 3]> {
    let edits = || prop::collection::vec((0..12_usize, 0..3_u8), 0..4);
    (edits(), edits()).prop_map(|(mine, theirs)| {
        let base: Vec<String> = (0..12).map(|line| format!("line {line}\n")).collect();
        let change = |edits: Vec<(usize, u8)>, who: &str| {
            let mut lines = base.clone();
            for (at, kind) in edits {
                match kind {
                    0 => lines[at] = format!("{who} changed {at}\n"),
                    1 => lines[at] = String::new(),
                    _ => lines[at].push_str(&format!("{who} added {at}\n")),
                }
            }
            lines.concat().into_bytes()
        };
        [base.concat().into_bytes(), change(mine, "mine"), change(theirs, "theirs")]
    })
}

fn clean(merged: Merged) -> Vec<u8> {
    match merged {
        Merged::Clean(clean) => clean.bytes,
        other => panic!("not clean: {other:?}"),
    }
}

proptest! {
    #[test]
    fn what_one_side_did_not_change_is_as_the_other_left_it(base in text(), other in text()) {
        prop_assert_eq!(clean(merge(&base, &base, &other)), other.clone());
        prop_assert_eq!(clean(merge(&base, &other, &base)), other.clone());
        prop_assert_eq!(clean(merge(&base, &other, &other)), other);
    }

    #[test]
    fn it_makes_no_difference_who_is_called_local(base in text(), one in text(), other in text()) {
        match (merge(&base, &one, &other), merge(&base, &other, &one)) {
            (Merged::Clean(one), Merged::Clean(other)) => prop_assert_eq!(one.bytes, other.bytes),
            (Merged::Conflict(one), Merged::Conflict(other)) => {
                prop_assert_eq!(one.hunks().count(), other.hunks().count());
            }
            (one, other) => prop_assert!(false, "{one:?}\n{other:?}"),
        }
    }

    /// The promise: no local change is lost.
    #[test]
    fn each_line_that_was_added_locally_is_in_the_result_or_in_a_conflict([base, mine, theirs] in edited()) {
        let shown = match merge(&base, &mine, &theirs) {
            Merged::Clean(clean) => clean.bytes,
            Merged::Conflict(conflict) => {
                let hunks = conflict.hunks().count();
                prop_assert!(hunks > 0);
                conflict.resolve(&vec![Choice::Mine; hunks]).unwrap()
            }
            Merged::Unmergeable(why) => panic!("{why:?}"),
        };
        let [shown, mine] = [shown, mine].map(|text| String::from_utf8(text).unwrap());
        for line in mine.lines().filter(|line| line.starts_with("mine")) {
            let in_text = |text: &str| text.lines().filter(|other| *other == line).count();
            prop_assert_eq!(in_text(&shown), in_text(&mine), "{}", line);
        }
    }

    #[test]
    fn choosing_one_side_at_every_hunk_brings_that_side_s_lines(base in text(), mine in text(), theirs in text()) {
        if let Merged::Conflict(conflict) = merge(&base, &mine, &theirs) {
            let hunks: Vec<_> = conflict.hunks().cloned().collect();
            let text = conflict.resolve(&vec![Choice::Theirs; hunks.len()]).unwrap();
            for hunk in &hunks {
                prop_assert_ne!(&hunk.mine, &hunk.theirs);
                let found = hunk.theirs.is_empty() || text.windows(hunk.theirs.len()).any(|part| part == hunk.theirs);
                prop_assert!(found, "a hunk's lines are not in the text");
            }
        }
    }

    #[test]
    fn a_local_text_with_other_line_ends_keeps_them_and_gets_the_vendor_s_changes([base, mine, theirs] in edited()) {
        let windows = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap().replace('\n', "\r\n").into_bytes();
        // A side that is as the base, or as the other, is taken as it is.
        let all_differ = base != mine && base != theirs && mine != theirs;
        if !all_differ || mine.is_empty() || theirs.is_empty() {
            return Ok(());
        }
        match (merge(&base, &mine, &theirs), merge(&base, &windows(&mine), &theirs)) {
            (Merged::Clean(plain), Merged::Clean(ended)) => prop_assert_eq!(windows(&plain.bytes), ended.bytes),
            (Merged::Conflict(_), Merged::Conflict(_)) => {}
            (one, other) => prop_assert!(false, "{one:?}\n{other:?}"),
        }
    }
}

#[test]
fn a_local_text_that_differs_in_its_line_ends_alone_takes_the_vendor_s_lines_with_its_own_ends() {
    assert_eq!(clean(merge(b"a\nb\n", b"a\r\nb\r\n", b"a\nB\nc\n")), b"a\r\nB\r\nc\r\n");
}

#[test]
fn a_missing_line_feed_at_the_end_is_a_change_like_any_other() {
    assert_eq!(clean(merge(b"a\nb\nc\n", b"a\nb\nc", b"A\nb\nc\n")), b"A\nb\nc");
    assert!(matches!(merge(b"a\nb\n", b"a\nb", b"a\nb\nc\n"), Merged::Conflict(_)));
}

#[test]
fn changes_of_neighbouring_lines_are_a_conflict() {
    assert!(matches!(merge(b"a\nb\n", b"A\nb\n", b"a\nB\n"), Merged::Conflict(_)));
    assert_eq!(clean(merge(b"a\n-\nb\n", b"A\n-\nb\n", b"a\n-\nB\n")), b"A\n-\nB\n");
}

#[test]
fn what_is_no_text_is_not_merged_unless_one_side_alone_changed_it() {
    assert_eq!(merge(b"a\0", b"b\0", b"c\0"), Merged::Unmergeable(Why::Binary));
    assert_eq!(clean(merge(b"a\0", b"a\0", b"c\0")), b"c\0");
}

#[test]
fn what_is_too_large_is_not_merged() {
    let large = vec![b'a'; MAX_BYTES + 1];
    assert_eq!(merge(b"a", b"b", &large), Merged::Unmergeable(Why::TooLarge));
}
