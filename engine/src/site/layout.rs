//! What lies where in the state folder.

use patchwright_hooks_api::SitePath;

/// The journal of the run that is switching files. It is there only while one is, or after a crash.
pub fn journal() -> SitePath {
    fixed("journal")
}

/// The journal, before all that it announces is durable.
pub fn intent() -> SitePath {
    fixed("intent")
}

/// What keeps users out, and since when.
pub fn gate() -> SitePath {
    fixed("gate.json")
}

/// That a restart is due, since when and for what.
pub fn restart() -> SitePath {
    fixed("restart.json")
}

/// Bytes kept in reserve, so that a full disk leaves room to take a patch back.
pub fn ballast() -> SitePath {
    fixed("ballast")
}

/// The last link of the ledger's chain that this state folder has seen.
pub fn head() -> SitePath {
    fixed("head.json")
}

/// The paths that the operator was asked to make writable, by patch.
pub fn asked() -> SitePath {
    fixed("asked.json")
}

/// How many folders of runs the last session left, and what they take.
pub fn tally() -> SitePath {
    fixed("tally.json")
}

/// A folder for each run, which holds its staged files, and after the commit the old ones.
pub fn kept() -> SitePath {
    fixed("kept")
}

/// The folder of one run. Run ids are made by the engine and hold nothing but letters, digits and dashes.
pub fn run(id: &str) -> SitePath {
    fixed(&format!("kept/{id}"))
}

/// The id of the run whose folder the slot lies in.
pub fn run_of(slot: &SitePath) -> Option<String> {
    Some(slot.parent()?.name().to_owned())
}

/// The id of the run of a patch's `after` hook.
pub fn after_run(patch_run: &str) -> String {
    format!("{patch_run}{AFTER}")
}

/// The id of the run that brought the patch, of the run itself or of its `after` hook's.
pub fn patch_run(run: &str) -> &str {
    run.strip_suffix(AFTER).unwrap_or(run)
}

/// A file of a run: staged before the switch, the old bytes after it.
pub fn slot(run: &str, number: u32) -> SitePath {
    fixed(&format!("kept/{run}/{number}"))
}

/// The archive that a run was read from: the pristine copy of all that it brought.
pub fn archive(run: &str) -> SitePath {
    fixed(&format!("kept/{run}/{ARCHIVE}"))
}

/// The pristine copy of what a run made itself for the slot's path, and is in no archive; compressed.
pub fn made(slot: &SitePath) -> SitePath {
    fixed(&format!("{slot}{MADE}"))
}

/// The old bytes of a slot that is being exchanged where the file system has no exchange.
pub fn aside(slot: &SitePath) -> SitePath {
    fixed(&format!("{slot}.old"))
}

/// The mark of a run whose patch was retired.
pub fn retired(run: &str) -> SitePath {
    fixed(&format!("kept/{run}/retired"))
}

/// The mark of a run that the ledger has lost.
pub fn lost(run: &str) -> SitePath {
    fixed(&format!("kept/{run}/lost"))
}

/// What a file in the folder of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// A slot: once the run is in force, what it replaced.
    Slot,
    /// The archive that it was read from.
    Archive,
    /// The copy of what it made itself, for the slot of this name.
    Made(&'a str),
    /// A mark, or what a cut-off run left.
    Other,
}

impl<'a> Role<'a> {
    /// The role of the file with this name.
    pub fn of(name: &'a str) -> Self {
        let is_slot = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        match name.strip_suffix(MADE) {
            Some(slot) if is_slot(slot) => Self::Made(slot),
            _ if name == ARCHIVE => Self::Archive,
            _ if is_slot(name) => Self::Slot,
            _ => Self::Other,
        }
    }
}

/// The programs that patches in force put in the patcher's place, oldest first.
pub fn succession() -> SitePath {
    fixed("patchers.json")
}

/// The same as it will be once a run is committed.
pub fn next_succession() -> SitePath {
    fixed("patchers-next.json")
}

/// How often a program that has not proved itself was started.
pub fn tries() -> SitePath {
    fixed("patchers-tries.json")
}

/// A folder for the files of each of these programs.
pub fn patchers() -> SitePath {
    fixed("patchers")
}

/// The folder of the program that a run brought.
pub fn patcher(run: &str) -> SitePath {
    fixed(&format!("patchers/{run}"))
}

/// Files that somebody changed between a crash and its recovery.
pub fn rescued() -> SitePath {
    fixed("rescued")
}

/// One of them.
pub fn rescued_file(run: &str, number: u32) -> SitePath {
    fixed(&format!("rescued/{run}-{number}"))
}

/// The releases that were learnt as a whole.
pub fn releases() -> SitePath {
    fixed("releases")
}

/// The files of a release, compressed one after the other.
pub fn release_pack(id: &str) -> SitePath {
    fixed(&format!("releases/{id}.pack"))
}

/// Where in its pack each file of a release lies. With it a release is learnt.
pub fn release_index(id: &str) -> SitePath {
    fixed(&format!("releases/{id}{RELEASE_INDEX}"))
}

/// What the name of a release's index ends with.
pub const RELEASE_INDEX: &str = ".json";

/// Stands for the id of a release that is being learnt.
pub const DRAFT: &str = "draft";

/// The name of the archive in the folder of the run that was read from it.
const ARCHIVE: &str = "archive";

/// What the name of a copy of what a run made ends with.
const MADE: &str = ".made";

/// What the id of an `after` hook's run ends with.
const AFTER: &str = "-after";

/// The ledger of a site that has no database of its own.
pub const LEDGER: &str = "ledger.db";

fn fixed(path: &str) -> SitePath {
    SitePath::new(path).expect("the names of the state folder are well formed")
}
