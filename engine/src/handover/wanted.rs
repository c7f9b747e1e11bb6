//! What a patch wants of the patcher, and whether the operator agrees.

use crate::operator::Answers;
use patchwright_hooks_api::{Error, ErrorKind, Finding, NewPatcher, PatcherFacts, Payload, Sha256, Version};
use serde::Serialize;
use std::collections::BTreeMap;

/// The question about a new patcher: whoever runs the patcher may do whatever its user may.
const QUESTION: &str = "patcher";
/// The answer that lets it take the old one's place.
const REPLACE: &str = "replace";
const STOP: &str = "stop";

/// A program that is to take the patcher's place, as the archive has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// Its version.
    pub version: Version,
    /// The program: its member, and the member's sum.
    pub program: (String, Sha256),
    /// The plugins that it comes with, by the names of their dialects.
    pub plugins: BTreeMap<String, (String, Sha256)>,
}

/// What the members that are named come to; nothing where the patcher is as new.
///
/// # Errors
/// When a member is missing.
pub(crate) fn wanted(
    patcher: &PatcherFacts,
    payload: &dyn Payload,
    new: &NewPatcher,
) -> Result<Option<Replacement>, Error> {
    if new.version <= patcher.version {
        return Ok(None);
    }
    let member = |name: &String| match payload.entry(name) {
        Some(entry) => Ok((name.clone(), entry.sha256)),
        None => Err(Error::new(ErrorKind::Missing, format!("the patch has no member {name:?}"))),
    };
    let plugins = new.plugins.iter().map(|(dialect, name)| Ok((dialect.clone(), member(name)?)));
    Ok(Some(Replacement {
        version: new.version.clone(),
        program: member(&new.program)?,
        plugins: plugins.collect::<Result<_, Error>>()?,
    }))
}

/// What the operator is to decide, or has decided.
pub(crate) fn question(patcher: &PatcherFacts, new: &Replacement, answers: &Answers) -> Finding {
    let plugins: Vec<&str> = new.plugins.keys().map(String::as_str).collect();
    let with = match plugins.as_slice() {
        [] => String::new(),
        names => format!(", with the plugins {}", names.join(", ")),
    };
    let message = format!(
        "patchwright {} takes the place of {} on this site{with}; the program's SHA-256 is {}",
        new.version, patcher.version, new.program.1
    );
    match answers.get(QUESTION) {
        None => Finding::question(
            QUESTION,
            message,
            &[
                (STOP, "don't apply the patch"),
                (
                    REPLACE,
                    "let it take the patcher's place: from then on it may do on this machine whatever its user may",
                ),
            ],
        ),
        Some(REPLACE) => Finding::notice(format!("{message}; as chosen")),
        Some(_) => Finding::blocker(format!("{message}, and the operator chose to stop"))
            .hint(format!("answer {QUESTION} with {REPLACE}, or install that version by hand: then it is not asked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use patchwright_hooks_api::{PayloadEntry, Question, Severity};

    struct Archive;

    impl Payload for Archive {
        fn entry(&self, name: &str) -> Option<PayloadEntry> {
            (name == "p/new").then_some(PayloadEntry { size: 3, sha256: patchwright_hooks_api::site::Sum([7; 32]) })
        }

        fn read(&self, _: &str) -> Result<Vec<u8>, Error> {
            Ok(b"new".to_vec())
        }
    }

    fn patcher() -> PatcherFacts {
        PatcherFacts::of_this_platform("0.1.0".parse().unwrap())
    }

    fn new(version: &str, program: &str) -> NewPatcher {
        let plugins = BTreeMap::new();
        NewPatcher { version: version.parse().unwrap(), program: program.to_owned(), plugins }
    }

    #[test]
    fn only_a_newer_program_is_wanted() {
        // A18
        for (version, is_wanted) in [("0.0.9", false), ("0.1.0", false), ("0.2.0", true)] {
            assert_eq!(wanted(&patcher(), &Archive, &new(version, "p/new")).unwrap().is_some(), is_wanted, "{version}");
        }
        assert!(wanted(&patcher(), &Archive, &new("0.2.0", "p/gone")).is_err());
    }

    #[test]
    fn nothing_takes_the_patchers_place_without_the_operators_word() {
        let new = wanted(&patcher(), &Archive, &new("0.2.0", "p/new")).unwrap().unwrap();
        let mut answers = Answers::default();
        let asked = question(&patcher(), &new, &answers);
        let Severity::Question(asked) = &asked.severity else { panic!("{asked:?}") };
        let asked: &Question = asked;
        assert_eq!(asked.answers[0].answer, STOP, "the cautious answer comes first");
        assert!(answers.take(asked, crate::operator::Answer::Word(STOP.to_owned())));
        assert!(question(&patcher(), &new, &answers).is_blocker());
        assert!(answers.take(asked, crate::operator::Answer::Word(REPLACE.to_owned())));
        assert_eq!(question(&patcher(), &new, &answers).severity, Severity::Notice);
    }
}
