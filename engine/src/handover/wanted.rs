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

/// What is to take the patcher's place, as the archive has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// The version that the patcher then is.
    pub version: Version,
    /// The program: its member, and the member's sum. Without one the program stays, with other plugins.
    pub program: Option<(String, Sha256)>,
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
    if new.program.as_ref().is_some_and(|program| program.version <= patcher.version) {
        return Ok(None);
    }
    let member = |name: &String| match payload.entry(name) {
        Some(entry) => Ok((name.clone(), entry.sha256)),
        None => Err(Error::new(ErrorKind::Missing, format!("the patch has no member {name:?}"))),
    };
    let plugins = new.plugins.iter().map(|(dialect, name)| Ok((dialect.clone(), member(name)?)));
    let mut plugins: BTreeMap<_, _> = plugins.collect::<Result<_, Error>>()?;
    let Some(program) = &new.program else {
        // What the site does not have it needs no other one of.
        plugins.retain(|dialect, (_, sum)| patcher.has_other_plugin(dialect, Some(*sum)));
        let is_other = !plugins.is_empty();
        return Ok(is_other.then(|| Replacement { version: patcher.version.clone(), program: None, plugins }));
    };
    Ok(Some(Replacement { version: program.version.clone(), program: Some(member(&program.member)?), plugins }))
}

/// What the operator is to decide, or has decided.
pub(crate) fn question(patcher: &PatcherFacts, new: &Replacement, answers: &Answers) -> Finding {
    let names: Vec<&str> = new.plugins.keys().map(String::as_str).collect();
    let message = match &new.program {
        Some((_, sum)) => {
            let with =
                if names.is_empty() { String::new() } else { format!(", with the plugins {}", names.join(", ")) };
            format!(
                "patchwright {} takes the place of {} on this site{with}; the program's SHA-256 is {sum}",
                new.version, patcher.version
            )
        }
        None => {
            let sums = new.plugins.iter().map(|(dialect, (_, sum))| format!("that of {dialect} is {sum}"));
            let sums = sums.collect::<Vec<_>>().join(", ");
            format!("other plugins take the place of the site's for {}; of their SHA-256 sums {sums}", names.join(", "))
        }
    };
    match answers.get(QUESTION) {
        None => Finding::question(
            QUESTION,
            message,
            &[
                (STOP, "don't apply the patch"),
                (
                    REPLACE,
                    "let that take the patcher's place: from then on it may do on this machine whatever its user may",
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
    use patchwright_hooks_api::{NewProgram, PayloadEntry, Question, Severity};

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
        NewPatcher {
            program: Some(NewProgram { version: version.parse().unwrap(), member: program.to_owned() }),
            plugins,
        }
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
    fn plugins_alone_are_wanted_where_the_site_has_others() {
        // A18
        let plugins =
            |dialect: &str| NewPatcher { program: None, plugins: [(dialect.to_owned(), "p/new".to_owned())].into() };
        let has = |sum: u8| PatcherFacts {
            plugins: [("firebird".to_owned(), patchwright_hooks_api::site::Sum([sum; 32]))].into(),
            ..patcher()
        };
        let new = wanted(&has(1), &Archive, &plugins("firebird")).unwrap().unwrap();
        assert_eq!((new.version.as_str(), new.program.is_none(), new.plugins.len()), ("0.1.0", true, 1));
        assert_eq!(wanted(&has(7), &Archive, &plugins("firebird")).unwrap(), None, "it is the one that the site has");
        assert_eq!(wanted(&has(1), &Archive, &plugins("oracle")).unwrap(), None, "the site has no such dialect");
        let asked = question(&has(1), &new, &Answers::default()).message;
        assert!(asked.starts_with("other plugins take the place of the site's for firebird"), "{asked}");
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
