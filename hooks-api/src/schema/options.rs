//! What a whole table is set to, where the database lets each table be otherwise (MySQL).

use serde::{Deserialize, Serialize};

/// How a table keeps its rows and compares its texts. What is `None` is not said, or not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TableOptions {
    /// The character set of its texts, such as `utf8mb4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charset: Option<String>,
    /// How its texts are compared, such as `utf8mb4_unicode_ci`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// What keeps its rows, such as `InnoDB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
}

impl TableOptions {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Whether something is said of texts.
    pub fn are_of_texts(&self) -> bool {
        self.charset.is_some() || self.collation.is_some()
    }

    /// Each with its name, in one order.
    pub fn named(&self) -> [(&'static str, Option<&str>); 3] {
        [
            ("charset", self.charset.as_deref()),
            ("collation", self.collation.as_deref()),
            ("engine", self.engine.as_deref()),
        ]
    }

    /// What a table with the options `before` has after it was set to these. A collation goes with its character set: where
    /// one of the two becomes otherwise and the other is not said, that is the database's to decide.
    #[must_use]
    pub fn over(&self, before: &Self) -> Self {
        let is_other = |new: &Option<String>, old: &Option<String>| {
            new.as_ref().is_some_and(|new| !old.as_ref().is_some_and(|old| old.eq_ignore_ascii_case(new)))
        };
        let of_texts = if is_other(&self.charset, &before.charset) || is_other(&self.collation, &before.collation) {
            self
        } else {
            before
        };
        Self {
            charset: of_texts.charset.clone(),
            collation: of_texts.collation.clone(),
            engine: self.engine.clone().or_else(|| before.engine.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(charset: &str, collation: &str) -> TableOptions {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        TableOptions { charset: said(charset), collation: said(collation), engine: None }
    }

    #[test]
    fn what_is_not_said_stays_unless_it_goes_with_what_is() {
        let before = TableOptions { engine: Some("MyISAM".into()), ..options("latin1", "latin1_bin") };
        let kept = |options: TableOptions| options.over(&before);
        assert_eq!(kept(options("LATIN1", "")), before);
        let engine = TableOptions { engine: Some("InnoDB".into()), ..TableOptions::default() };
        assert_eq!(kept(engine), TableOptions { engine: Some("InnoDB".into()), ..before.clone() });
        let after = kept(options("utf8mb4", ""));
        assert_eq!(
            (after.charset.as_deref(), after.collation, after.engine),
            (Some("utf8mb4"), None, before.engine.clone())
        );
        assert_eq!(kept(options("", "utf8mb4_bin")).charset, None);
    }
}
