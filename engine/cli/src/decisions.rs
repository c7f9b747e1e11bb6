//! Answers given in advance: a file that says which question of which patch gets which answer.
//!
//! ```toml
//! ["acme-cms-1.0.1"]
//! "local-change:tools/create.php" = "keep"
//! "local-change:tools/edit.php" = { use = "merged/edit.php" }
//! ```
//!
//! A file whose name ends in `.json` holds the same map as JSON. Names of files count from the folder that it lies in.

use anyhow::{Context, Result, bail};
use patchwright_engine::Answer;
use patchwright_merge::has_markers;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Answers by patch and question, and those to a question whichever patch asks it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decisions {
    of_patches: BTreeMap<String, BTreeMap<String, Answer>>,
    of_all: BTreeMap<String, Answer>,
}

/// An answer as the file has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Word(String),
    Content(ContentFile),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContentFile {
    #[serde(rename = "use")]
    file: PathBuf,
}

impl Decisions {
    /// Reads a file, and the files that it names.
    ///
    /// # Errors
    /// When one can't be read, or it is not such a map; when a file that is to be used has conflict markers.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(file).with_context(|| format!("can't read the decisions in {}", file.display()))?;
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        let map: BTreeMap<String, BTreeMap<String, Written>> =
            if is_json { serde_json::from_str(&text)? } else { toml::from_str(&text)? };
        let folder = file.parent().unwrap_or(Path::new(""));
        let mut decisions = Self::default();
        for (patch, questions) in map {
            let answers = decisions.of_patches.entry(patch).or_default();
            for (question, written) in questions {
                answers.insert(question, written.read(folder)?);
            }
        }
        Ok(decisions)
    }

    /// The answer to a question of a patch.
    pub(crate) fn answer(&self, patch: &str, question: &str) -> Option<&Answer> {
        let of_patch = self.of_patches.get(patch).and_then(|answers| answers.get(question));
        of_patch.or_else(|| self.of_all.get(question))
    }

    /// With an answer to a question whichever patch asks it, unless there is one for the patch.
    pub(crate) fn with(mut self, question: &str, word: &str) -> Self {
        self.of_all.insert(question.to_owned(), Answer::Word(word.to_owned()));
        self
    }
}

impl Written {
    fn read(self, folder: &Path) -> Result<Answer> {
        let file = match self {
            Self::Word(word) => return Ok(Answer::Word(word)),
            Self::Content(ContentFile { file }) => folder.join(file),
        };
        let bytes = fs::read(&file).with_context(|| format!("can't read {}, which is to be used", file.display()))?;
        if has_markers(&bytes) {
            bail!("{} is to be used and still has conflict markers: finish it first", file.display());
        }
        Ok(Answer::Content(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Decisions> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("merged.php"), "merged\n")?;
        fs::write(folder.path().join("open.php"), "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs\n")?;
        let file = folder.path().join(name);
        fs::write(&file, text)?;
        Decisions::read(&file)
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = read("d.toml", "['acme-1.1']\n'local-change:a.php' = 'keep'\n").unwrap();
        let json = read("d.json", r#"{"acme-1.1": {"local-change:a.php": "keep"}}"#).unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml.answer("acme-1.1", "local-change:a.php"), Some(&Answer::Word("keep".into())));
        assert_eq!(toml.answer("acme-1.2", "local-change:a.php"), None);
    }

    #[test]
    fn an_answer_for_all_counts_where_there_is_none_for_the_patch() {
        let decisions = read("d.toml", "['a']\nread-only = 'stop'\n").unwrap().with("read-only", "make-writable");
        assert_eq!(decisions.answer("a", "read-only"), Some(&Answer::Word("stop".into())));
        assert_eq!(decisions.answer("b", "read-only"), Some(&Answer::Word("make-writable".into())));
    }

    #[test]
    fn a_file_beside_it_may_be_the_answer() {
        // C50
        let decisions = read("d.toml", "['acme-1.1']\n'local-change:a' = { use = 'merged.php' }\n").unwrap();
        assert_eq!(decisions.answer("acme-1.1", "local-change:a"), Some(&Answer::Content(b"merged\n".to_vec())));
    }

    #[test]
    fn a_file_that_is_not_there_or_not_finished_is_refused() {
        // C50
        for (name, why) in [("gone.php", "can't read"), ("open.php", "still has conflict markers")] {
            let error = read("d.toml", &format!("['p']\nq = {{ use = '{name}' }}\n")).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }

    #[test]
    fn anything_but_a_map_of_maps_is_refused() {
        assert!(read("d.toml", "answer = 'keep'").is_err());
        assert!(read("d.json", "[]").is_err());
        assert!(read("d.toml", "['p']\nq = { keep = 'a' }\n").is_err());
    }
}
