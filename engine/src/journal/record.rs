//! The journal's lines: a checksum chained from record to record, then the record as JSON.

use crate::site::change::Change;
use crate::site::tree::sha256_of;
use serde::{Deserialize, Serialize};

/// The number of the journal's format. Later engines read all earlier ones.
pub const FORMAT: u32 = 1;
/// Hexadecimal digits of a checksum: 64 bits, enough to tell damage from data.
const CHECK: usize = 16;

/// What a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Header {
    /// The number of the journal's format.
    pub format: u32,
    /// The run's id. Its row in the ledger is the commit mark, and its staged files lie in the folder of that name.
    pub run: String,
    /// What the run is for.
    pub purpose: Purpose,
    /// The patch's id.
    pub patch: String,
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To apply a patch.
    Apply,
    /// To run a patch's `after` hook.
    After,
    /// To take a patch back that is in force.
    RollBack,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Apply, Self::After, Self::RollBack];

    /// The word in the ledger.
    pub fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::After => "after",
            Self::RollBack => "roll-back",
        }
    }

    /// The purpose that a word in the ledger means.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Record {
    /// The first line.
    Begin(Header),
    /// One change that is about to be made.
    Change(Change),
    /// The last line: so many changes, and no more.
    Sealed {
        /// How many changes were announced.
        changes: usize,
    },
}

/// The checksum so far.
#[derive(Default)]
pub(super) struct Chain(String);

impl Chain {
    /// Adds a record to `lines`.
    pub(super) fn write(&mut self, record: &Record, lines: &mut String) {
        let json = serde_json::to_string(record).expect("records hold nothing that JSON can't");
        self.advance(&json);
        lines.push_str(&self.0);
        lines.push(' ');
        lines.push_str(&json);
        lines.push('\n');
    }

    fn advance(&mut self, json: &str) {
        self.0.push_str(json);
        self.0 = sha256_of(self.0.as_bytes()).to_string();
        self.0.truncate(CHECK);
    }
}

/// Reads a whole journal, or says what is wrong with it.
pub(super) fn read(bytes: &[u8]) -> Result<(Header, Vec<Change>), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let mut chain = Chain::default();
    let mut header = None;
    let mut changes = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let line = line.strip_suffix('\n').ok_or_else(|| format!("line {number} is torn"))?;
        let (check, json) = line.split_once(' ').ok_or_else(|| format!("line {number} has no checksum"))?;
        chain.advance(json);
        if check != chain.0 {
            return Err(format!("line {number} does not have the checksum that it should"));
        }
        match serde_json::from_str(json).map_err(|error| format!("line {number}: {error}"))? {
            Record::Begin(Header { format, .. }) if format > FORMAT => {
                return Err(format!("it is of format {format}, and this engine reads up to {FORMAT}"));
            }
            Record::Begin(begin) => header = Some(begin),
            Record::Change(change) => changes.push(change),
            Record::Sealed { changes: count } if count == changes.len() => {
                return header.map(|header| (header, changes)).ok_or_else(|| "it has no first line".to_owned());
            }
            Record::Sealed { changes: count } => return Err(format!("{} of {count} changes are there", changes.len())),
        }
    }
    Err("it has no last line".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::change::State;
    use patchwright_hooks_api::SitePath;

    fn journal() -> String {
        let header = Header { format: FORMAT, run: "r1".into(), purpose: Purpose::Apply, patch: "acme-2".into() };
        let path = SitePath::new("a/b.php").unwrap();
        let slot = SitePath::new("kept/r1/0").unwrap();
        let after = State::Directory { mode: 0o755, owner: (0, 0) };
        let change = Change { path, before: State::Absent, after, slot };
        let (mut chain, mut lines) = (Chain::default(), String::new());
        for record in [Record::Begin(header), Record::Change(change), Record::Sealed { changes: 1 }] {
            chain.write(&record, &mut lines);
        }
        lines
    }

    #[test]
    fn a_journal_reads_as_it_was_written() {
        let (header, changes) = read(journal().as_bytes()).unwrap();
        assert_eq!((header.run.as_str(), changes.len()), ("r1", 1));
    }

    #[test]
    fn every_torn_end_and_every_flipped_bit_is_noticed() {
        let journal = journal().into_bytes();
        for end in 0..journal.len() {
            assert!(read(&journal[..end]).is_err(), "cut at {end}");
        }
        for at in 0..journal.len() {
            let mut damaged = journal.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_journal_of_a_later_format_is_not_guessed_at() {
        let text = journal().replace("\"format\":1", "\"format\":2");
        let mut lines = String::new();
        let mut chain = Chain::default();
        for line in text.lines() {
            let json = line.split_once(' ').unwrap().1;
            chain.advance(json);
            lines.push_str(&format!("{} {json}\n", chain.0));
        }
        assert!(read(lines.as_bytes()).unwrap_err().contains("format 2"));
    }
}
