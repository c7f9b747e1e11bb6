//! Answers given in advance: a file that says which question of which patch gets which answer.
//!
//! ```toml
//! ["acme-cms-1.0.1"]
//! "local-change:tools/create.php" = "keep"
//! ```
//!
//! A file whose name ends in `.json` holds the same map as JSON.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Answers by patch and question.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Decisions(BTreeMap<String, BTreeMap<String, String>>);

impl Decisions {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or is not such a map.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("can't read the decisions in {}", file.display()))?;
        let is_json = file.extension().is_some_and(|extension| extension == "json");
        let map = if is_json { serde_json::from_str(&text)? } else { toml::from_str(&text)? };
        Ok(Self(map))
    }

    /// The answer to a question of a patch.
    pub(crate) fn answer(&self, patch: &str, question: &str) -> Option<&str> {
        Some(self.0.get(patch)?.get(question)?.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Decisions> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(name);
        std::fs::write(&file, text)?;
        Decisions::read(&file)
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = read("d.toml", "['acme-1.1']\n'local-change:a.php' = 'keep'\n").unwrap();
        let json = read("d.json", r#"{"acme-1.1": {"local-change:a.php": "keep"}}"#).unwrap();
        assert_eq!(toml, json);
        assert_eq!(toml.answer("acme-1.1", "local-change:a.php"), Some("keep"));
        assert_eq!(toml.answer("acme-1.2", "local-change:a.php"), None);
    }

    #[test]
    fn anything_but_a_map_of_maps_is_refused() {
        assert!(read("d.toml", "answer = 'keep'").is_err());
        assert!(read("d.json", "[]").is_err());
    }
}
