//! The line of succession: which programs patches in force put in the patcher's place. A note of the state folder, and a second one
//! of what it will be once a run is committed.

use crate::site::disk::{Disk, DiskResult, Place};
use crate::site::{layout, note};
use patchwright_hooks_api::{Error, ErrorKind, Sha256, SitePath, Version};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of the notes' format. Later engines read all earlier ones.
pub(super) const FORMAT: u32 = 1;

/// A program that a patch in force brought, or plugins for the one that was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Successor {
    /// The run that brought the patch; the program's files lie in its folder.
    pub run: String,
    /// The patch.
    pub patch: String,
    /// The program's version.
    pub version: Version,
    /// The sum of its file; nothing where the patch brought plugins alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Sha256>,
    /// The sums of the plugins that came along, by the names of their dialects.
    pub plugins: BTreeMap<String, Sha256>,
    /// Whether it was started on this site, and held its locks.
    pub proved: bool,
}

/// Successors, oldest first, and the run that made the line what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Succession {
    pub(super) format: u32,
    pub(super) run: String,
    pub(super) successors: Vec<Successor>,
}

impl Successor {
    /// Whether a program of version `own` that holds the site's locks is what has still to be shown: this one, or one that has these
    /// plugins.
    pub fn is_shown_by(&self, own: &Version) -> bool {
        let is_meant = if self.program.is_some() { self.version == *own } else { self.version <= *own };
        !self.proved && is_meant
    }

    /// The program's file in the state folder, and its sum, if there is one.
    pub fn program_file(&self) -> Option<(SitePath, Sha256)> {
        self.program.map(|sum| (program_file(&self.run), sum))
    }

    /// All files that the patch brought, each with its sum.
    pub fn files(&self) -> impl Iterator<Item = (SitePath, Sha256)> {
        let plugins = self.plugins.iter().filter_map(|(dialect, sum)| Some((self.plugin_file(dialect)?, *sum)));
        self.program_file().into_iter().chain(plugins)
    }

    /// A plugin's file in the state folder.
    pub fn plugin_file(&self, dialect: &str) -> Option<SitePath> {
        self.plugins.contains_key(dialect).then(|| plugin_file(&self.run, dialect)).flatten()
    }
}

/// The file of the program that a run brought.
pub(super) fn program_file(run: &str) -> SitePath {
    layout::patcher(run).join("patchwright").expect("the name is written here")
}

/// The file of a plugin that a run brought, if the dialect's name can be one of a file.
pub(super) fn plugin_file(run: &str, dialect: &str) -> Option<SitePath> {
    layout::patcher(run).join(&format!("{dialect}.so")).ok()
}

impl Succession {
    pub(super) fn of(run: &str, successors: Vec<Successor>) -> Self {
        Self { format: FORMAT, run: run.to_owned(), successors }
    }

    /// Notes what the line will be once the run is committed.
    pub(super) fn note_as_next(&self, disk: &dyn Disk) -> DiskResult<()> {
        forget_next(disk)?;
        disk.create(&Place::state(&layout::next_succession()), &self.written())
    }

    /// Notes what the line is.
    pub(super) fn note(&self, disk: &dyn Disk) -> DiskResult<()> {
        note::write(disk, &layout::succession(), &self.written())
    }

    fn written(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("successors hold nothing that JSON can't")
    }
}

/// The line that is in force; empty where no patch ever replaced the patcher.
///
/// # Errors
/// When the disk fails, or the note is damaged or of a later engine.
pub(super) fn current(disk: &dyn Disk) -> Result<Succession, Error> {
    let none = Succession::of("", Vec::new());
    match note::bytes(disk, &layout::succession())? {
        None => Ok(none),
        Some(bytes) => parse(&bytes).and_then(|found| {
            found.ok_or_else(|| {
                Error::new(ErrorKind::Internal, "the state folder's note patchers.json is damaged")
                    .hint("restore it from a copy, or remove it: the installed program then is the patcher again")
            })
        }),
    }
}

/// What the line will be once its run is committed. A note that a power cut has torn is none: its run had not begun.
pub(super) fn next(disk: &dyn Disk) -> Result<Option<Succession>, Error> {
    match note::bytes(disk, &layout::next_succession())? {
        None => Ok(None),
        Some(bytes) => parse(&bytes),
    }
}

pub(super) fn forget_next(disk: &dyn Disk) -> DiskResult<()> {
    note::forget(disk, &layout::next_succession())
}

/// The programs that patches in force put in the patcher's place, oldest first.
///
/// # Errors
/// When the disk fails, or the note is damaged or of a later engine.
pub(crate) fn in_force(disk: &dyn Disk) -> Result<Vec<Successor>, Error> {
    Ok(current(disk)?.successors)
}

/// Whether a run was cut off that was about to change the line.
///
/// # Errors
/// When the disk fails.
pub(crate) fn is_pending(disk: &dyn Disk) -> DiskResult<bool> {
    Ok(disk.stat(&Place::state(&layout::next_succession()))?.is_some())
}

/// A note of this or an earlier format; nothing if it is none.
fn parse(bytes: &[u8]) -> Result<Option<Succession>, Error> {
    #[derive(Deserialize)]
    struct Any {
        format: u32,
    }
    match serde_json::from_slice::<Any>(bytes) {
        Ok(Any { format }) if format > FORMAT => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the note of the site's patchers is of format {format}, and this program reads up to {FORMAT}"),
        )
        .hint("a later patchwright was here: use that one")),
        _ => Ok(serde_json::from_slice(bytes).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the first release wrote it: whatever comes later must read it.
    const FIRST_FORMAT: &str = r#"{"format":1,"run":"r1","successors":[{"run":"r1","patch":"acme-2","version":"0.2.0",
        "program":"0000000000000000000000000000000000000000000000000000000000000000",
        "plugins":{"firebird":"0000000000000000000000000000000000000000000000000000000000000000"},"proved":false}]}"#;

    #[test]
    fn a_note_of_the_first_format_is_read() {
        let found = parse(FIRST_FORMAT.as_bytes()).unwrap().unwrap();
        assert_eq!(found.successors[0].version, "0.2.0".parse().unwrap());
        assert_eq!(found.successors[0].plugin_file("firebird").unwrap().as_str(), "patchers/r1/firebird.so");
        assert_eq!(parse(&found.written()).unwrap().unwrap(), found);
    }

    #[test]
    fn a_note_of_a_later_format_is_refused_and_a_torn_one_is_none() {
        let later = FIRST_FORMAT.replace("\"format\":1", "\"format\":2");
        assert_eq!(parse(later.as_bytes()).unwrap_err().kind, ErrorKind::Unsupported);
        assert_eq!(parse(&FIRST_FORMAT.as_bytes()[..60]).unwrap(), None);
    }
}
