//! Scripts as nasty as servers take them, each with the statements that it must be cut into, and a million random ones.
//!
//! The scripts are in `splitting/DIALECT`: `NAME.sql`, and beside it `NAME.pieces` with each statement below its line and
//! column. `tests/databases` runs the same files against the servers and compares both with what the servers say.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

use std::cell::Cell;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use patchwright_hooks_api::statements::{LexicalRules, Piece, split};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn dialects() -> [(&'static str, LexicalRules); 3] {
    [("sqlite", LexicalRules::sqlite()), ("postgres", LexicalRules::postgres()), ("mysql", LexicalRules::mysql())]
}

fn folder(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/splitting").join(dialect)
}

/// Each script of a dialect: its name without `.sql`, and its text.
fn scripts(dialect: &str) -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(folder(dialect)).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "sql")).collect();
    scripts.sort();
    assert!(scripts.len() >= 3, "the scripts for {dialect} are not there");
    scripts.into_iter().map(|path| (path.with_extension(""), fs::read_to_string(path).unwrap())).collect()
}

fn shown(pieces: &[Piece<'_>]) -> String {
    pieces.iter().fold(String::new(), |mut shown, piece| {
        writeln!(shown, "@ {}:{}\n{}", piece.line, piece.column, piece.text).unwrap();
        shown
    })
}

/// What lies between the pieces, before the first and after the last.
fn gaps<'a>(script: &'a str, pieces: &[Piece<'_>]) -> Vec<&'a str> {
    let starts = pieces.iter().map(|piece| piece.offset).chain([script.len()]);
    let ends = std::iter::once(0).chain(pieces.iter().map(|piece| piece.range().end));
    ends.zip(starts).map(|(end, start)| &script[end..start]).collect()
}

/// Pieces and gaps, taken in turns.
fn joined(script: &str, pieces: &[Piece<'_>]) -> String {
    let texts = pieces.iter().map(|piece| piece.text).chain([""]);
    gaps(script, pieces).into_iter().zip(texts).flat_map(|(gap, text)| [gap, text]).collect()
}

#[test]
fn every_script_is_cut_into_the_statements_that_are_written_down_for_it() {
    for (dialect, rules) in dialects() {
        for (path, script) in scripts(dialect) {
            let found = shown(&split(&script, &rules).unwrap());
            let expected = fs::read_to_string(path.with_extension("pieces")).unwrap();
            assert!(found == expected, "{} is cut into:\n{found}", path.display());
        }
    }
}

#[test]
fn bodies_are_told_with_and_without_a_delimiter_of_their_own() {
    let texts = |name: &str| -> Vec<String> {
        let script = fs::read_to_string(folder("mysql").join(name)).unwrap();
        split(&script, &LexicalRules::mysql()).unwrap().iter().map(|piece| piece.text.to_owned()).collect()
    };
    assert_eq!(texts("routines.sql"), texts("routines-without-delimiter.sql"));
}

#[test]
fn line_endings_and_a_final_newline_change_no_statement() {
    for (dialect, rules) in dialects() {
        for (path, script) in scripts(dialect) {
            let unix = script.replace("\r\n", "\n");
            let expected: Vec<_> = split(&unix, &rules).unwrap().iter().map(|piece| piece.text.to_owned()).collect();
            for other in [format!("{unix}\n"), unix.replace('\n', "\r\n"), format!("\u{feff}{unix}")] {
                let found: Vec<_> =
                    split(&other, &rules).unwrap().iter().map(|piece| piece.text.replace("\r\n", "\n")).collect();
                assert_eq!(found, expected, "{}", path.display());
            }
        }
    }
}

#[test]
fn any_beginning_of_a_script_is_cut_or_refused_and_never_a_panic() {
    for (dialect, rules) in dialects() {
        for (_, script) in scripts(dialect) {
            for (end, _) in script.char_indices() {
                if let Ok(pieces) = split(&script[..end], &rules) {
                    assert_eq!(joined(&script[..end], &pieces), script[..end]);
                }
            }
        }
    }
}

/// Fragments of the scripts, cut where tokens meet, so that random joins of them open and close everything there is.
fn fragments() -> Vec<String> {
    let mut fragments: Vec<String> =
        ["\0", "\\", "\u{feff}", "\r", "$", "é", "'", "\"", "`", "[", "/*", "*/", "$$", "--", "#"]
            .map(ToOwned::to_owned)
            .to_vec();
    for (dialect, _) in dialects() {
        for (_, script) in scripts(dialect) {
            let cut =
                script.split_inclusive(|c: char| !c.is_alphanumeric() && c != '/' && c != '*' && c != '$' && c != '!');
            fragments.extend(cut.map(ToOwned::to_owned));
        }
    }
    fragments.sort();
    fragments.dedup();
    fragments
}

#[test]
fn a_million_random_scripts_are_cut_or_refused_and_none_loses_a_byte() {
    let scripts =
        proptest::collection::vec(proptest::sample::select(fragments()), 1..24).prop_map(|parts| parts.concat());
    let config = Config { cases: 1_000_000, failure_persistence: None, ..Config::default() };
    let dialects = dialects();
    let (cut, refused) = (Cell::new(0_u32), Cell::new(0_u32));
    TestRunner::new(config)
        .run(&scripts, |script| {
            for (_, rules) in &dialects {
                match split(&script, rules) {
                    Ok(pieces) => {
                        cut.set(cut.get() + 1);
                        prop_assert!(pieces.iter().all(|piece| &script[piece.range()] == piece.text));
                        prop_assert_eq!(&joined(&script, &pieces), &script);
                    }
                    Err(error) => {
                        refused.set(refused.get() + 1);
                        prop_assert!(error.offset < script.len());
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    let (cut, refused) = (cut.get(), refused.get());
    assert!(cut > 100_000 && refused > 100_000, "not both kinds of scripts: {cut} cut, {refused} refused");
}
