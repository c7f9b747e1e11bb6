//! Which versions are the same, which come later, and which texts are none (A3, A4, C3).

use std::collections::HashSet;
use std::hash::DefaultHasher;

use proptest::prelude::*;

use super::*;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn hash(version: &Version) -> u64 {
    let mut hasher = DefaultHasher::new();
    version.hash(&mut hasher);
    hasher.finish()
}

fn message(text: &str) -> String {
    text.parse::<Version>().unwrap_err().to_string()
}

// A3, A4: every later text is a later version.
#[test]
fn versions_have_the_order_that_their_vendors_mean() {
    let chains: &[&[&str]] = &[
        &["1.6.2rc1", "1.6.2", "1.6.2p1", "1.6.2.1", "1.6.3"],
        &[
            "1.0dev",
            "1.0alpha1",
            "1.0a2",
            "1.0b1",
            "1.0beta2",
            "1.0-pre1",
            "1.0rc2",
            "1.0c10",
            "1.0",
            "1.0pl1",
            "1.0-patch.2",
        ],
        &["1.0-unheard.of.1", "1.0.dev", "1.0a1.dev1", "1.0a1", "1.0", "1.0.post1.dev1", "1.0.post1"],
        &["1.0.0rc1+fix.1", "1.0.0", "1.0.0+fix.7", "1.0.0+fix.10", "1.0.0p1", "1.0.0p1+fix.1", "1.0.1"],
        &["1.0+0", "1.0+1", "1.0+a", "1.0+b"],
        &["1.1", "1.2", "1.9", "1.10", "1.60", "2", "2.0.1", "3.8", "10"],
        &["1.4.3", "1.5", "1.5.1", "1.5.3.2", "1.6", "1.6.1"],
        &["0.0.1", "1.99999999999999999999999999999999999999", "1.100000000000000000000000000000000000000"],
    ];
    for chain in chains {
        for (at, earlier) in chain.iter().enumerate() {
            for later in &chain[at + 1..] {
                assert!(version(earlier) < version(later), "{earlier} < {later}");
                assert!(version(later) > version(earlier), "{later} > {earlier}");
            }
        }
    }
}

// A4: spelling makes no difference.
#[test]
fn one_version_may_be_written_in_several_ways() {
    let same = [
        ("1.6", "1.6.0"),
        ("1_6_1", "1.6.1"),
        ("1-6-1", "1.6.1"),
        ("v2.0.1", "2.0.1"),
        ("V2.0.1", "2.0.1"),
        ("1.06", "1.6"),
        ("1.6RC1", "1.6.0-rc.1"),
        ("1.6rc1", "1.6c01"),
        ("1.6p1", "1.6.0-pl1"),
        ("1.0+Fix.7", "1+fix.7"),
    ];
    for (left, right) in same {
        assert_eq!(version(left), version(right));
        assert_eq!(hash(&version(left)), hash(&version(right)), "{left} and {right}");
    }
}

// C3: a list for 1.6 has no patch for 1.60.
#[test]
fn a_version_is_not_a_decimal_fraction() {
    for (left, right) in [("1.6", "1.60"), ("1.10", "1.1"), ("3.8", "3.80"), ("2.0.1", "2.1"), ("1.6.2rc1", "1.6.2")] {
        assert_ne!(version(left), version(right));
    }
}

#[test]
fn what_is_no_version_is_refused_with_the_reason() {
    assert_eq!(message(""), "a version is empty");
    assert_eq!(
        message("1.0 beta"),
        "\"1.0 beta\" is not a version: it contains ' ', which is not a letter, digit, '.', '-', '_' or '+'"
    );
    assert_eq!(message("latest"), "\"latest\" is not a version: it contains no number");
    assert!(message("1..2").contains("nothing stands between"));
    assert!(message("1.0+a+b").contains("more than one '+'"));
    assert!(message(&"1".repeat(101)).ends_with("is longer than 100 characters"));
    for text in ["1.0\n", "1\u{0}", "\u{661}.0", ".1", "1.", "1.0+", "+1", "../1", "v", "1\u{a0}"] {
        assert!(text.parse::<Version>().is_err(), "{text:?}");
    }
    assert!("1".repeat(100).parse::<Version>().is_ok());
}

#[test]
fn a_version_is_serialized_as_the_text_that_was_written() {
    let json = serde_json::to_string(&version("v1_6_1")).unwrap();
    assert_eq!(json, "\"v1_6_1\"");
    assert_eq!(serde_json::from_str::<Version>(&json).unwrap().as_str(), "v1_6_1");
    assert!(serde_json::from_str::<Version>("1.6").is_err(), "a float is not a version");
}

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "0{0,2}[0-3]",
        1 => "[0-9]{1,25}",
        3 => "(dev|a|ALPHA|b|beta|pre|RC|c|p|pl|patch|post|fix|x)[0-2]?",
    ];
    let parts = |most| proptest::collection::vec((part.clone(), "[._-]"), 1..most);
    ("v?[0-2]", proptest::option::of(parts(4)), proptest::option::of(parts(3))).prop_map(|(first, rest, level)| {
        let mut text = first;
        for (part, separator) in rest.unwrap_or_default() {
            text += &format!("{separator}{part}");
        }
        for (at, (part, separator)) in level.unwrap_or_default().into_iter().enumerate() {
            text += &format!("{}{part}", if at == 0 { "+" } else { &separator });
        }
        text
    })
}

proptest! {
    #[test]
    fn the_order_is_total(a in texts(), b in texts(), c in texts()) {
        let mut sorted = [version(&a), version(&b), version(&c)];
        sorted.sort();
        let [a, b, c] = &sorted;
        prop_assert!(a <= b && b <= c && a <= c);
        prop_assert_eq!(a.cmp(b), b.cmp(a).reverse());
        prop_assert_eq!(a.cmp(a), Ordering::Equal);
        prop_assert_eq!(a == b, a.cmp(b) == Ordering::Equal);
        if a == b {
            prop_assert_eq!(hash(a), hash(b));
            prop_assert_eq!(a.cmp(c), b.cmp(c));
        }
    }

    #[test]
    fn separators_case_and_zeros_keep_a_version_the_same(text in texts()) {
        let respelled = text.to_uppercase().replace(['.', '-'], "_");
        let set = HashSet::from([version(&text), version(&respelled)]);
        prop_assert_eq!(set.len(), 1, "{} and {}", text, respelled);
    }

    #[test]
    fn a_patch_level_stays_below_the_next_version(text in "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}", level in "[a-z0-9]{1,8}") {
        let fixed = version(&format!("{text}+{level}"));
        prop_assert!(version(&text) < fixed);
        let next = version(&format!("{text}.0.0.0.1"));
        prop_assert!(fixed < next);
    }

    #[test]
    fn what_is_displayed_is_what_was_written(text in texts()) {
        prop_assert_eq!(version(&text).to_string(), text);
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in ".{0,40}|[0-9v.+,<>= a-]{0,40}") {
        let _ = text.parse::<Version>();
        let _ = text.parse::<VersionRequirement>();
    }
}

#[test]
fn a_version_without_its_patch_level_is_what_the_level_fixes() {
    for (text, fixed) in [("1.0.0+fix.7", "1.0.0"), ("v2-rc1+1", "v2-rc1"), ("3", "3")] {
        assert_eq!(text.parse::<Version>().unwrap().without_patch_level().as_str(), fixed);
    }
}
