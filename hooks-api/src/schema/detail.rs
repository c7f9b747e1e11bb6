//! What a database says of a part of a table or view beyond the words that all databases share.
//!
//! A collation, an index's method or a deferrable key can be said by no portable change, and must not change unseen.

use super::{Difference, How, Part, Table, View};
use serde::{Deserialize, Serialize};
use std::mem::discriminant;

/// What is said of a part of which the database has nothing else to say.
const AS_USUAL: &str = "as usual";

/// Something that a database says of one part of a table or view in words of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The part.
    #[serde(flatten)]
    pub part: Part,
    /// What is said of it, such as `COLLATE NOCASE`.
    pub text: String,
}

impl Table {
    /// Notes what the database says of a part in its own words; saying nothing notes that the part is as usual.
    pub fn tell(&mut self, part: Part, text: impl Into<String>) {
        tell(&mut self.details, part, text.into());
    }

    /// Whether the database says something of this part in its own words.
    pub fn tells(&self, part: &Part) -> bool {
        self.details.iter().flatten().any(|detail| detail.part.is(part))
    }

    /// What `found` says otherwise of the parts that both have, but for those that `told` names already.
    pub(super) fn other_details(&self, found: &Self, told: &[Difference]) -> Vec<Difference> {
        let is_told = |part: &Part| told.iter().any(|difference| difference.part.is(part));
        let both_have = |part: &&Part| self.has(part) && found.has(part) && !is_told(part);
        let or_usual = |text: Option<&str>| text.unwrap_or(AS_USUAL).to_owned();
        let of = |(part, wanted, found): (&Part, Option<&str>, Option<&str>)| Difference {
            object: self.name.clone(),
            part: part.clone(),
            how: How::Other { wanted: or_usual(wanted), found: or_usual(found) },
        };
        let others = otherwise(self.details.as_deref(), found.details.as_deref());
        others.into_iter().filter(|(part, ..)| both_have(part)).map(of).collect()
    }

    fn has(&self, part: &Part) -> bool {
        match part {
            Part::Column(name) | Part::ColumnComment(name) => self.column(name).is_some(),
            Part::PrimaryKey => !self.primary_key.is_empty(),
            Part::Index(name) => self.index(name).is_some(),
            Part::ForeignKey(name) => self.foreign_key(name).is_some(),
            Part::Check(name) => self.check(name).is_some(),
            Part::Trigger(name) => self.triggers.iter().any(|trigger| trigger.name.eq_ignore_ascii_case(name)),
            Part::Table | Part::View | Part::Sequence | Part::ColumnOrder | Part::Comment | Part::Option(_) => true,
        }
    }
}

impl View {
    /// A view of which nothing is known but its query.
    pub fn new(name: impl Into<String>, query: impl Into<String>) -> Self {
        Self { name: name.into(), query: query.into(), details: None }
    }

    /// Notes something that the view has, such as a trigger, in the database's words.
    pub fn tell(&mut self, part: Part, text: impl Into<String>) {
        tell(&mut self.details, part, text.into());
    }

    /// Whether it has anything besides its query.
    pub fn has_details(&self) -> bool {
        self.details.as_ref().is_some_and(|details| !details.is_empty())
    }

    /// What `found` has otherwise besides its query.
    pub(super) fn other_details(&self, found: &Self) -> Vec<Difference> {
        let how = |wanted: Option<&str>, found: Option<&str>| match (wanted, found) {
            (_, None) => How::Missing,
            (None, _) => How::Unexpected,
            (Some(wanted), Some(found)) => How::Other { wanted: wanted.to_owned(), found: found.to_owned() },
        };
        let of = |(part, wanted, found): (&Part, Option<&str>, Option<&str>)| Difference {
            object: self.name.clone(),
            part: part.clone(),
            how: how(wanted, found),
        };
        otherwise(self.details.as_deref(), found.details.as_deref()).into_iter().map(of).collect()
    }
}

impl Part {
    /// Whether it is the same part: names compare without regard to ASCII case.
    fn is(&self, other: &Self) -> bool {
        let same_name = match (self.name(), other.name()) {
            (Some(name), Some(other)) => name.eq_ignore_ascii_case(other),
            (name, other) => name == other,
        };
        discriminant(self) == discriminant(other) && same_name
    }
}

fn tell(details: &mut Option<Vec<Detail>>, part: Part, text: String) {
    let details = details.get_or_insert_default();
    match details.iter_mut().find(|detail| detail.part.is(&part)) {
        _ if text.is_empty() => {}
        Some(known) => known.text.push_str(&format!(" {text}")),
        None => details.push(Detail { part, text }),
    }
}

/// Each part of which both don't say the same, with what they say. Where one of the two was never asked, nothing is otherwise.
fn otherwise<'a>(
    wanted: Option<&'a [Detail]>,
    found: Option<&'a [Detail]>,
) -> Vec<(&'a Part, Option<&'a str>, Option<&'a str>)> {
    let (Some(wanted), Some(found)) = (wanted, found) else { return Vec::new() };
    fn said<'a>(details: &'a [Detail], part: &Part) -> Option<&'a str> {
        details.iter().find(|detail| detail.part.is(part)).map(|detail| detail.text.as_str())
    }
    let new = found.iter().filter(|detail| said(wanted, &detail.part).is_none());
    let parts = wanted.iter().chain(new).map(|detail| &detail.part);
    let both = parts.map(|part| (part, said(wanted, part), said(found, part)));
    both.filter(|(_, wanted, found)| wanted != found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ColumnType, Schema, differences};

    fn with(details: &[(Part, &str)]) -> Schema {
        let mut table = Table { name: "item".into(), ..Table::default() };
        table.columns.push(Column::new("title", ColumnType::Uuid));
        table.details = Some(Vec::new());
        details.iter().for_each(|(part, text)| table.tell(part.clone(), *text));
        Schema { tables: vec![table], ..Schema::default() }
    }

    fn view(details: &[(Part, &str)]) -> Schema {
        let mut view = View::new("titles", "SELECT 1");
        details.iter().for_each(|(part, text)| view.tell(part.clone(), *text));
        Schema { views: vec![view], ..Schema::default() }
    }

    #[test]
    fn what_a_database_says_in_its_own_words_is_compared() {
        let (plain, folded) = (with(&[]), with(&[(Part::Column("TITLE".into()), "COLLATE NOCASE")]));
        assert_eq!(differences(&plain, &folded), ["item: the column TITLE is COLLATE NOCASE and not as usual"]);
        assert_eq!(differences(&folded, &plain), ["item: the column TITLE is as usual and not COLLATE NOCASE"]);
        let strict = with(&[(Part::Table, "STRICT")]);
        assert_eq!(differences(&plain, &strict), ["the table item is STRICT and not as usual"]);
    }

    #[test]
    fn a_part_that_is_gone_or_was_told_is_told_once() {
        let folded = with(&[(Part::Column("title".into()), "COLLATE NOCASE")]);
        let mut gone = with(&[]);
        gone.tables[0].columns.clear();
        assert_eq!(differences(&folded, &gone), ["item: the column title is missing"]);
        let mut other = with(&[]);
        other.tables[0].columns[0].null = false;
        assert_eq!(
            differences(&folded, &other),
            ["item: the column title is uuid, never null and not uuid, may be null"]
        );
    }

    #[test]
    fn what_nobody_asked_for_is_no_difference() {
        let mut unasked = with(&[]);
        unasked.tables[0].details = None;
        let folded = with(&[(Part::Column("title".into()), "COLLATE NOCASE")]);
        assert_eq!(differences(&unasked, &folded), [] as [&str; 0]);
        assert_eq!(differences(&folded, &unasked), [] as [&str; 0]);
    }

    #[test]
    fn what_belongs_to_a_view_is_missing_or_was_not_expected() {
        let (none, one) = (view(&[(Part::Option("x".into()), "")]), view(&[(Part::Trigger("t".into()), "CREATE …")]));
        assert_eq!(differences(&one, &none), ["titles: the trigger t is missing"]);
        assert_eq!(differences(&none, &one), ["titles: the trigger t was not expected"]);
    }
}
