//! A new program's way into the state folder, and into force with the run that brings it.

use super::line::count_anew;
use super::succession::{Succession, Successor, current, forget_next, next, plugin_file, program_file};
use super::{Patcher, Replacement, Trial};
use crate::intake::Members;
use crate::journal::{self, FORMAT, Header, Purpose};
use crate::ledger::Ledger;
use crate::site::change::Change;
use crate::site::disk::{Area, Disk, DiskResult, Place};
use crate::site::{layout, sweep};
use patchwright_hooks_api::{Error, ErrorKind, Sha256, SitePath};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

/// Permission bits of a program.
const PROGRAM_MODE: u32 = 0o755;
/// How many bytes are copied at a time.
const COPY_SIZE: usize = 1 << 20;

/// Where a program is prepared.
pub(crate) struct Workplace<'a> {
    /// The site's disk.
    pub disk: &'a dyn Disk,
    /// The state folder, for other processes.
    pub state: &'a Path,
    /// The program that is to be replaced.
    pub patcher: &'a dyn Patcher,
    /// The site's ledger.
    pub ledger: &'a Ledger<'a>,
}

/// A line of succession that comes into force with its run.
#[must_use = "it comes into force once it is put there"]
pub(crate) struct Prepared(());

impl Prepared {
    /// Puts the line into force. Its run is committed: if this is cut off, or fails, the next start does it.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn put_in_force(self, disk: &dyn Disk) -> Result<(), Error> {
        disk.replace(&Place::state(&layout::next_succession()), &Place::state(&layout::succession()))?;
        count_anew(disk)?;
        tidy(disk)
    }
}

/// Lays the new program and its plugins into the state folder, durably, and has it tried out.
///
/// # Errors
/// When the disk fails, or the program does not show what it must; nothing of it is left then.
pub(crate) fn prepare(
    place: &Workplace<'_>,
    (run, patch): (&str, &str),
    new: &Replacement,
    members: &Members,
) -> Result<Prepared, Error> {
    let prepared = lay(place, run, new, members).and_then(|()| {
        let mut successors = current(place.disk)?.successors;
        successors.push(Successor {
            run: run.to_owned(),
            patch: patch.to_owned(),
            version: new.version.clone(),
            program: new.program.as_ref().map(|(_, sum)| *sum),
            plugins: new.plugins.iter().map(|(dialect, (_, sum))| (dialect.clone(), *sum)).collect(),
            proved: false,
        });
        Succession::of(run, successors).note_as_next(place.disk)?;
        place.disk.barrier()?;
        try_out(place, run, new)
    });
    match prepared {
        Ok(()) => Ok(Prepared(())),
        Err(error) => {
            // What can't be removed now is removed at the next start.
            let _ = withdraw(place.disk);
            Err(error)
        }
    }
}

fn lay(place: &Workplace<'_>, run: &str, new: &Replacement, members: &Members) -> Result<(), Error> {
    let disk = place.disk;
    for folder in [layout::patchers(), layout::patcher(run)] {
        let folder = Place::state(&folder);
        if disk.stat(&folder)?.is_none() {
            disk.make_dir(&folder, 0o700)?;
        }
    }
    if let Some(member) = &new.program {
        let program = program_file(run);
        copy(disk, members, member, &program)?;
        disk.set_mode(&Place::state(&program), PROGRAM_MODE)?;
    }
    for (dialect, plugin) in &new.plugins {
        let file = plugin_file(run, dialect)
            .ok_or_else(|| Error::invalid(format!("the plugin {dialect:?} can't be the name of a file")))?;
        copy(disk, members, plugin, &file)?;
    }
    let (header, changes) = last_journal(place.ledger)?;
    Ok(journal::write(disk, &Place::state(&journal_file(run)), &header, &changes)?)
}

fn copy(disk: &dyn Disk, members: &Members, (member, _): &(String, Sha256), to: &SitePath) -> Result<(), Error> {
    let place = Place::state(to);
    let mut source = members.open(member)?;
    disk.create(&place, &[])?;
    let mut piece = Vec::with_capacity(COPY_SIZE);
    loop {
        piece.clear();
        let read = source.by_ref().take(COPY_SIZE as u64).read_to_end(&mut piece);
        let length =
            read.map_err(|error| Error::new(ErrorKind::Io, format!("can't read the member {member}: {error}")))?;
        if length == 0 {
            return Ok(());
        }
        disk.append(&place, &piece)?;
    }
}

/// What the journal of the newest patch was: what a program may find if the power goes.
fn last_journal(ledger: &Ledger<'_>) -> Result<(Header, Vec<Change>), Error> {
    let newest = ledger.newest_patch()?.ok_or_else(|| Error::missing("the site's database has no ledger"))?;
    let changes = ledger.files(&newest.run)?.into_iter().map(|row| row.change).collect();
    Ok((Header { format: FORMAT, run: newest.run, purpose: Purpose::Apply, patch: newest.patch }, changes))
}

fn journal_file(run: &str) -> SitePath {
    layout::patcher(run).join("journal").expect("the name is written here")
}

fn try_out(place: &Workplace<'_>, run: &str, new: &Replacement) -> Result<(), Error> {
    let path = |file: &SitePath| place.state.join(file.as_str());
    let (program, journal) = (path(&program_file(run)), path(&journal_file(run)));
    let program = new.program.as_ref().map(|(_, sum)| (program.as_path(), *sum));
    let trial = Trial { program, version: &new.version, journal: &journal };
    place.patcher.try_out(&trial).map_err(|error| {
        let hint = error.hint.clone().unwrap_or_else(|| {
            "ask the vendor for a patch with a patcher that runs here, or install that version by hand first".to_owned()
        });
        let what = if new.program.is_some() { "the new patcher" } else { "with the new plugins the patcher" };
        error.while_doing(format!("{what} {} does not work here", new.version)).hint(hint)
    })
}

/// Notes that the programs of these runs go with the run that takes them back, if there are any.
///
/// # Errors
/// When the disk fails.
pub(crate) fn leave(disk: &dyn Disk, run: &str, going: &BTreeSet<&str>) -> Result<Option<Prepared>, Error> {
    let mut line = current(disk)?;
    let before = line.successors.len();
    line.successors.retain(|successor| !going.contains(successor.run.as_str()));
    if line.successors.len() == before {
        return Ok(None);
    }
    Succession::of(run, line.successors).note_as_next(disk)?;
    disk.barrier()?;
    Ok(Some(Prepared(())))
}

/// Brings to its end what a cut-off run was about to change, and removes what it left.
///
/// # Errors
/// When the disk or the database fails, or the note is of a later engine.
pub(crate) fn settle(disk: &dyn Disk, ledger: &Ledger<'_>) -> Result<(), Error> {
    if !super::is_pending(disk)? {
        return tidy(disk);
    }
    match next(disk)? {
        Some(next) if ledger.is_committed(&next.run)? => Prepared(()).put_in_force(disk),
        _ => withdraw(disk),
    }
}

/// Lets go of what was prepared for a run that did not come to its commit.
///
/// # Errors
/// When the disk fails; the next start does it then.
pub(crate) fn withdraw(disk: &dyn Disk) -> Result<(), Error> {
    forget_next(disk)?;
    tidy(disk)
}

/// Removes the folders of programs that are not in the line.
fn tidy(disk: &dyn Disk) -> Result<(), Error> {
    let folders = layout::patchers();
    if disk.stat(&Place::state(&folders))?.is_none() {
        return Ok(());
    }
    let successors = current(disk)?.successors;
    for (run, _) in disk.list(Area::State, Some(&folders))? {
        if !successors.iter().any(|successor| successor.run == run) {
            sweep::remove_tree(disk, &layout::patcher(&run))?;
        }
    }
    Ok(remove_if_empty(disk, &folders)?)
}

fn remove_if_empty(disk: &dyn Disk, folder: &SitePath) -> DiskResult<()> {
    if disk.list(Area::State, Some(folder))?.is_empty() { disk.remove_dir(&Place::state(folder)) } else { Ok(()) }
}
