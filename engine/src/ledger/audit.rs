//! Whether the ledger is still as its runs wrote it: each row against the seal that its run left, each link of the chain against
//! the one before it, the end against what the state folder knows.

use super::chain::{COMPLETED, Head, LINK, Seal, chained, digest, fingerprint};
use super::{
    ACTION_COLUMNS, Ledger, RUN_COLUMNS, components, notes, permissions, requirements, rows, structures, sums,
};
use crate::site::disk::Disk;
use patchwright_hooks_api::{Error, Rows, Statement, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

/// How many runs are asked for in one query.
const RUNS_PER_QUERY: usize = 500;
/// How many links are read at a time.
const LINKS_PER_QUERY: usize = 256;

/// The tables whose rows are sealed, with their columns, the one that says what a row is about, and how many rows are read at a
/// time: some rows are long.
const SEALED: [(&str, &str, &str, i64); 10] = [
    ("patches_runs", RUN_COLUMNS, "", 8192),
    ("patches", rows::COLUMNS, "", 256),
    ("patches_components", components::COLUMNS, "component", 8192),
    ("patches_files", rows::FILE_COLUMNS, "path", 8192),
    ("patches_files_actions", ACTION_COLUMNS, "action", 8192),
    ("patches_notes", notes::COLUMNS, "", 256),
    ("patches_permissions", permissions::COLUMNS, "path", 8192),
    ("patches_requirements", requirements::COLUMNS, "name", 8192),
    ("patches_sums", sums::COLUMNS, "", 8192),
    ("patches_structures", structures::COLUMNS, "name", 256),
];

/// What an audit of the ledger has found.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Audit {
    /// The links of the chain; none before the first run of an engine that keeps one.
    pub links: usize,
    /// How many rows were compared.
    pub rows: usize,
    /// How many rows were not: they are from before the chain.
    pub not_covered: usize,
    /// What is not as a run left it.
    pub faults: Vec<Fault>,
}

/// One thing in the ledger that no run left so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fault {
    /// What is wrong.
    pub how: How,
    /// The table, without the site's prefix.
    pub table: String,
    /// The run that the row is of.
    pub run: String,
    /// The patch that the run was about, where the ledger says it.
    pub patch: Option<String>,
    /// The row's number, where a run can have several in the table.
    pub number: Option<i64>,
    /// What the row is about: a path, a step, a table of the site.
    pub about: Option<String>,
}

/// What is wrong with a part of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The row is not as its run wrote it.
    Changed,
    /// The row is not there any more.
    Missing,
    /// The row is one that no run wrote.
    Surplus,
    /// The link does not follow from the one before it.
    Broken,
    /// The ledger ends before a run that the state folder knows.
    CutOff,
}

impl How {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Surplus => "surplus",
            Self::Broken => "broken",
            Self::CutOff => "cut off",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { table, run, .. } = self;
        match (self.how, self.number) {
            (How::CutOff, _) => write!(f, "the ledger ends before the run {run}, which the state folder knows")?,
            (How::Broken, Some(n)) => {
                write!(f, "{table}: link {n}, of the run {run}, does not follow from those before it")?;
            }
            (_, Some(n)) => write!(f, "{table}: row {n} of the run {run}")?,
            (_, None) => write!(f, "{table}: the row of the run {run}")?,
        }
        self.patch.iter().try_for_each(|patch| write!(f, " ({patch})"))?;
        self.about.iter().try_for_each(|about| write!(f, ": {about}"))
    }
}

impl Audit {
    /// Whether all that is covered is as its runs left it.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, how: How, table: &str, run: &str, number: Option<i64>, about: Option<String>) {
        self.faults.push(Fault { how, table: table.to_owned(), run: run.to_owned(), patch: None, number, about });
    }
}

/// What the chain says.
#[derive(Default)]
struct Sealed {
    /// The seals by table and run.
    seals: BTreeMap<String, BTreeMap<String, Vec<Seal>>>,
    /// The runs from before the chain.
    before: BTreeSet<String>,
}

/// A row as it was read: its fingerprint, and what it is about.
type Found = (String, Option<String>);

impl Ledger<'_> {
    /// Looks for rows that somebody else than the engine changed, took out or put in. Reads all of the ledger, in portions.
    ///
    /// # Errors
    /// When the database or the disk can't be asked.
    pub(crate) fn audit(&self, disk: &dyn Disk) -> Result<Audit, Error> {
        let mut audit = Audit::default();
        if !self.database.has_table(self.tables.name("patches_chain"))? {
            return Ok(audit);
        }
        let sealed = self.read_chain(Head::noted(disk)?.as_ref(), &mut audit)?;
        for (table, columns, about, portion) in SEALED {
            if self.database.has_table(self.tables.name(table))? {
                let seals = sealed.seals.get(table);
                let none = BTreeMap::new();
                let mut comparison = Comparison {
                    table,
                    numbered: columns.split(", ").any(|column| column == "n"),
                    seals: seals.unwrap_or(&none),
                    before: &sealed.before,
                    audit: &mut audit,
                };
                self.compare_table(columns, about, portion, &mut comparison)?;
            }
        }
        if !audit.is_clean() {
            let patches = self.patches_by_run()?;
            audit.faults.iter_mut().for_each(|fault| fault.patch = patches.get(&fault.run).cloned());
        }
        Ok(audit)
    }

    /// Reads the chain from its beginning, and follows it.
    fn read_chain(&self, noted: Option<&Head>, audit: &mut Audit) -> Result<Sealed, Error> {
        let table = self.tables.quoted("patches_chain");
        let numbers = self.database.query(&Statement::new(format!("SELECT n FROM {table} ORDER BY n")))?;
        let numbers: Vec<i64> = numbers.rows.iter().filter_map(|row| row.first()?.as_integer()).collect();
        let text = format!("SELECT {} FROM {table} WHERE n >= ? AND n <= ? ORDER BY n", self.tables.columns(LINK));
        let mut sealed = Sealed::default();
        let mut last = Head::default();
        for some in numbers.chunks(LINKS_PER_QUERY) {
            let ends = [some[0], some[some.len() - 1]].map(Value::from);
            for row in self.database.query(&Statement::with(&text, ends))?.rows {
                last = sealed.follow(&last, &row, noted, audit);
            }
        }
        if let Some(noted) = noted.filter(|noted| noted.n > last.n) {
            audit.fault(How::CutOff, "patches_chain", &noted.run, None, None);
        }
        audit.links = numbers.len();
        Ok(sealed)
    }

    /// Compares the rows of a table, several runs at a time, or a run that has many rows in portions.
    fn compare_table(
        &self,
        columns: &str,
        about: &str,
        portion: i64,
        comparison: &mut Comparison<'_>,
    ) -> Result<(), Error> {
        let table = self.tables.quoted(comparison.table);
        let text = format!("SELECT run, COUNT(*) FROM {table} GROUP BY run");
        let counts = self.database.query(&Statement::new(text))?.rows;
        let counts = counts.iter().filter_map(|row| Some((row.first()?.as_text()?, row.get(1)?.as_integer()?)));
        let all = i64::from(i32::MIN)..=i64::from(i32::MAX);
        let select = format!("SELECT {} FROM {table} WHERE run IN", self.tables.columns(columns));
        let mut left: BTreeSet<&str> = comparison.seals.keys().map(String::as_str).collect();
        let mut some: Vec<Value> = Vec::new();
        let mut compare = |some: &mut Vec<Value>, comparison: &mut Comparison<'_>| -> Result<(), Error> {
            if some.is_empty() {
                return Ok(());
            }
            let text = format!("{select} ({})", vec!["?"; some.len()].join(", "));
            let rows = self.database.query(&Statement::with(text, some.drain(..)))?;
            for (run, rows) in by_run(columns, about, &rows) {
                comparison.compare(&run, &all, rows);
                left.remove(run.as_str());
            }
            Ok(())
        };
        let mut long = Vec::new();
        let mut sum = 0;
        for (run, count) in counts {
            if count > portion && comparison.numbered {
                long.push(run.to_owned());
                continue;
            }
            if sum + count > portion || some.len() == RUNS_PER_QUERY {
                compare(&mut some, comparison)?;
                sum = 0;
            }
            sum += count;
            some.push(run.into());
        }
        compare(&mut some, comparison)?;
        for run in &long {
            for range in comparison.portions(run, portion) {
                let text = format!("{select} (?) AND n >= ? AND n <= ?");
                let values = [run.as_str().into(), (*range.start()).into(), (*range.end()).into()];
                let mut rows = by_run(columns, about, &self.database.query(&Statement::with(text, values))?);
                comparison.compare(run, &range, rows.remove(run).unwrap_or_default());
                rows.into_iter().for_each(|(other, rows)| comparison.compare(&other, &range, rows));
            }
            left.remove(run.as_str());
        }
        left.into_iter().for_each(|run| comparison.compare(run, &all, BTreeMap::new()));
        Ok(())
    }

    /// The patch that each run was about.
    fn patches_by_run(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut patches = BTreeMap::new();
        for table in ["patches", "patches_runs"] {
            let text = format!("SELECT run, patch FROM {}", self.tables.quoted(table));
            let rows = self.database.query(&Statement::new(text))?.rows;
            let texts = |row: &[Value]| Some((row.first()?.as_text()?.to_owned(), row.get(1)?.as_text()?.to_owned()));
            patches.extend(rows.iter().filter_map(|row| texts(row)));
        }
        Ok(patches)
    }
}

impl Sealed {
    /// Takes the next link, and gives the head that it makes.
    fn follow(&mut self, last: &Head, row: &[Value], noted: Option<&Head>, audit: &mut Audit) -> Head {
        let text = |at: usize| row.get(at).and_then(Value::as_text).unwrap_or_default();
        let n = row.first().and_then(Value::as_integer).unwrap_or_default();
        let (run, stored, chain, seals) = (text(1), text(2), text(3), text(4));
        let gap = n != last.n + 1;
        if gap {
            audit.fault(How::Missing, "patches_chain", run, Some(last.n + 1), None);
        }
        let follows = gap || chained(&last.chain, n, run, stored) == chain;
        let known = noted.is_none_or(|noted| noted.n != n || noted.chain == chain);
        let parsed: Option<Vec<Seal>> = serde_json::from_str(seals).ok();
        if !follows || !known || digest(seals) != stored || parsed.is_none() {
            audit.fault(How::Broken, "patches_chain", run, Some(n), None);
        }
        for seal in parsed.unwrap_or_default() {
            if run == COMPLETED && seal.table == "patches_runs" {
                self.before.insert(seal.run.clone());
            }
            let of_run = self.seals.entry(seal.table.clone()).or_default().entry(seal.run.clone()).or_default();
            of_run.push(seal);
        }
        Head { n, run: run.to_owned(), chain: chain.to_owned() }
    }
}

/// The comparison of one table.
struct Comparison<'a> {
    table: &'a str,
    /// Whether a run can have several rows in it.
    numbered: bool,
    seals: &'a BTreeMap<String, Vec<Seal>>,
    before: &'a BTreeSet<String>,
    audit: &'a mut Audit,
}

impl Comparison<'_> {
    /// Compares the rows of a run that have these numbers: all that are there.
    fn compare(&mut self, run: &str, numbers: &RangeInclusive<i64>, mut rows: BTreeMap<i64, Found>) {
        let number = |n: i64| self.numbered.then_some(n);
        // Later runs change rows of earlier ones: what the last of them sealed counts.
        let sealed: BTreeMap<i64, &str> = self.seals.get(run).into_iter().flatten().flat_map(Seal::numbered).collect();
        for (n, sealed) in sealed.into_iter().filter(|(n, _)| numbers.contains(n)) {
            self.audit.rows += 1;
            match rows.remove(&n) {
                None => self.audit.fault(How::Missing, self.table, run, number(n), None),
                Some((found, about)) if found != sealed => {
                    self.audit.fault(How::Changed, self.table, run, number(n), about);
                }
                Some(_) => {}
            }
        }
        if self.before.contains(run) {
            self.audit.not_covered += rows.len();
            return;
        }
        for (n, (_, about)) in rows {
            self.audit.fault(How::Surplus, self.table, run, number(n), about);
        }
    }

    /// Ranges that hold all numbers, and of the sealed rows of a run no more than a portion each.
    fn portions(&self, run: &str, portion: i64) -> Vec<RangeInclusive<i64>> {
        let numbers = self.seals.get(run).into_iter().flatten().flat_map(Seal::numbered).map(|(n, _)| n);
        let (first, last) = numbers.fold((0, 0), |(first, last), n| (n.min(first), n.max(last)));
        let mut ranges = Vec::new();
        let mut begin = i64::from(i32::MIN);
        let mut end = first + portion;
        while end <= last {
            ranges.push(begin..=end - 1);
            (begin, end) = (end, end + portion);
        }
        ranges.push(begin..=i64::from(i32::MAX));
        ranges
    }
}

/// The rows of a query by run and number.
fn by_run(columns: &str, about: &str, rows: &Rows) -> BTreeMap<String, BTreeMap<i64, Found>> {
    let at = |name: &str| columns.split(", ").position(|column| column == name);
    let (run, number, about) = (at("run"), at("n"), at(about));
    let mut found: BTreeMap<String, BTreeMap<i64, Found>> = BTreeMap::new();
    for row in &rows.rows {
        let text = |at: Option<usize>| at.and_then(|at| row.get(at)?.as_text().map(str::to_owned));
        let n = number.and_then(|at| row.get(at)?.as_integer()).unwrap_or_default();
        found.entry(text(run).unwrap_or_default()).or_default().insert(n, (fingerprint(row), text(about)));
    }
    found
}
