//! Stories: a run is cut off somewhere, the engine is started again, and the site must be whole.

use crate::files::Files;
use crate::machine::{Fault, Recording, World};
use crate::picture::{Picture, difference, tree};
use crate::site::{SimSite, Turn};
use crate::survivors::{Survivors, after_power_cut};
use patchwright_engine::ledger::Status;
use patchwright_engine::site::disk::Area;
use patchwright_engine::{Figure, Silent};
use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Of so many second cuts one is told, if not all are.
const SAMPLE: usize = 5;

/// The pictures that a site may show once recovery is through, one for each commit of the run without a fault.
pub struct Legal {
    pictures: Vec<Picture>,
    /// The database's file at each of them: most stories leave exactly that.
    databases: Vec<Arc<[u8]>>,
}

/// Stories about one run, and how many of them were told.
pub struct Stories<'a> {
    pub(crate) site: &'a SimSite,
    legal: Legal,
    /// What is applied once more where the site came out as before.
    archives: Vec<PathBuf>,
    /// Whether there are local changes: files that are not as the ledger says, and ways back that have kept some.
    has_local_changes: bool,
    told: AtomicUsize,
    seen: Mutex<HashSet<(u64, usize)>>,
    ended: Mutex<HashSet<u64>>,
}

impl Legal {
    /// What a run without a fault went through: the picture before it, and the one at each commit after which the site may stay.
    pub fn of(site: &SimSite, recording: &Recording) -> Self {
        let mut legal = Self { pictures: Vec::new(), databases: Vec::new() };
        let committed = recording.databases();
        for instant in std::iter::once(0).chain(committed.iter().map(|(instant, _)| *instant)) {
            let world = recording.killed_at(instant);
            let turn = site.turn(&world, Fault::None);
            let mut picture = turn.picture();
            if picture.rows.are_between() {
                continue;
            }
            // The gate is shut at these instants.
            picture.tree.retain(|path, _| !path.ends_with(".flag"));
            legal.pictures.push(picture);
            legal.databases.push(world.database);
        }
        legal
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pictures.len()
    }

    /// Which picture the site shows.
    ///
    /// # Errors
    /// When it is none of them, with what is wrong about it.
    pub fn which(&self, turn: &Turn) -> Result<usize, String> {
        let index = self.commit_of(turn)?;
        match difference(&self.pictures[index].tree, &tree(&turn.files())) {
            None => Ok(index),
            Some(difference) => Err(format!("the database is at commit {index}, and {difference}")),
        }
    }

    fn commit_of(&self, turn: &Turn) -> Result<usize, String> {
        let bytes = turn.database_bytes();
        if let Some(index) = self.databases.iter().position(|known| **known == *bytes) {
            return Ok(index);
        }
        let rows = turn.rows().with_hooks_pending();
        self.pictures.iter().position(|picture| picture.rows == rows).ok_or_else(|| {
            let differences = self.pictures.iter().map(|picture| picture.rows.difference(&rows));
            let nearest = differences.min_by_key(Vec::len).unwrap_or_default();
            format!("the database is at no commit of the run:\n{}", nearest.join("\n"))
        })
    }
}

impl<'a> Stories<'a> {
    /// Stories about a run of this site.
    pub fn new(site: &'a SimSite, legal: Legal, archives: Vec<PathBuf>) -> Self {
        let (seen, ended) = (Mutex::default(), Mutex::default());
        Self { site, legal, archives, has_local_changes: false, told: AtomicUsize::new(0), seen, ended }
    }

    /// The same about a site with local changes.
    #[must_use]
    pub fn with_local_changes(self) -> Self {
        Self { has_local_changes: true, ..self }
    }

    /// How many stories were told so far.
    pub fn told(&self) -> usize {
        self.told.load(Ordering::Relaxed)
    }

    /// In how many different worlds the engine was started.
    pub fn worlds(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// The pictures that are legal.
    pub fn legal(&self) -> &Legal {
        &self.legal
    }

    /// The run is cut off at every instant from this one on: killed, and by the power in every way that is to be told.
    /// Recovery is cut off in its turn, so many times over, where all, nothing or names alone survived.
    pub fn cut_off_everywhere(&self, recording: &Recording, from: usize, which: Survivors, nested: usize) {
        in_parallel(recording.instants() - from, |number| {
            let instant = from + number;
            self.cut_off_at(recording, instant, which, nested, &format!("cut off {}", recording.when(instant)));
        });
    }

    /// The run is cut off at one instant: killed, and by the power in every way that is to be told.
    pub(crate) fn cut_off_at(
        &self,
        recording: &Recording,
        instant: usize,
        which: Survivors,
        nested: usize,
        story: &str,
    ) {
        let killed = recording.killed_at(instant);
        let worlds = after_power_cut(&killed, which);
        self.tell(&killed, nested, &format!("{story} (killed)"));
        for (number, world) in worlds.iter().enumerate() {
            let nested = if number < 3 { nested } else { 0 };
            self.tell(world, nested, &format!("{story} (power cut, outcome {number})"));
        }
    }

    /// Starts the engine in a world, and looks at what it makes of it.
    pub fn tell(&self, world: &World, nested: usize, story: &str) {
        self.told.fetch_add(1, Ordering::Relaxed);
        if !self.seen.lock().unwrap().insert((world.fingerprint(), nested)) {
            return;
        }
        let recovery = match self.recover(world) {
            Ok((recovery, _)) => recovery,
            Err(fault) => panic!("{story}: {fault}"),
        };
        if nested > 0 {
            let seed = usize::try_from(world.fingerprint() % SAMPLE as u64).unwrap_or_default();
            for instant in second_cuts(1..recovery.instants(), seed) {
                let story = format!("{story}, recovery cut off {}", recovery.when(instant));
                self.cut_off_at(&recovery, instant, Survivors::Brief, nested - 1, &story);
            }
        }
    }

    pub(crate) fn recover(&self, world: &World) -> Result<(Recording, usize), String> {
        let turn = self.site.turn(world, Fault::None);
        let session = turn.site.begin(&Silent).map_err(|failure| format!("recovery failed: {failure}"))?;
        let side = self.legal.which(&turn)?;
        self.check_at_rest(&turn)?;
        drop(session);
        let recording = turn.recording();
        let end = recording.end();
        let is_new = self.ended.lock().unwrap().insert(end.fingerprint());
        if is_new && side == 0 {
            self.apply_again(&end)?;
        }
        Ok((recording, side))
    }

    /// Checks what holds of every site on which no run is under way.
    ///
    /// # Errors
    /// With what does not hold.
    pub fn check_at_rest(&self, turn: &Turn) -> Result<(), String> {
        let status = turn.site.status().map_err(|error| format!("the site's status can't be told: {error}"))?;
        if !status.gate.is_open() || status.needs_recovery {
            return Err(format!("the site is not at rest: {status:?}"));
        }
        let verification = turn.site.verify().map_err(|error| format!("the site can't be verified: {error}"))?;
        if !verification.is_clean() && !self.has_local_changes {
            return Err(format!("the tree is not as the ledger says: {verification:?}"));
        }
        let audit = turn.site.audit_ledger().map_err(|error| format!("the ledger can't be audited: {error}"))?;
        if !audit.is_clean() {
            return Err(format!("the ledger is not as its runs wrote it: {audit:?}"));
        }
        let patches = turn.site.history().map_err(|error| error.to_string())?;
        let in_force = patches.iter().filter(|patch| patch.status == Status::Applied);
        let mut kept: HashSet<&str> = in_force.map(|patch| patch.run.as_str()).collect();
        let files = turn.files();
        let folders = files.all(Area::State).filter_map(|(place, _)| place.path.as_str().strip_prefix("kept/"));
        let folders = folders.filter_map(|path| path.split('/').next()).collect();
        let ways_back = turn.site.ledger().ways_back_among(&folders).map_err(|error| error.to_string())?;
        if self.has_local_changes {
            kept.extend(ways_back.iter().map(String::as_str));
        }
        let patchers = turn.site.successors().map_err(|error| error.to_string())?;
        let patchers: HashSet<&str> = patchers.iter().map(|successor| successor.run.as_str()).collect();
        for patch in patches.iter().filter(|patch| patch.status == Status::Applied) {
            let actions = turn.site.ledger().actions(&patch.run).map_err(|error| error.to_string())?;
            let brings = actions.iter().any(|action| action.starts_with("patcher "));
            let program = format!("patchers/{}/patchwright", patch.run);
            if brings != patchers.contains(patch.run.as_str()) || brings != turn.state_file(&program).is_some() {
                return Err(format!("{} is in force, and the site's patchers are {patchers:?}", patch.patch));
            }
        }
        let is_restart_pending = status.restart_pending.is_some_and(|pending| pending.failed.is_some());
        check_state_folder(&files, &kept, &patchers, is_restart_pending)?;
        let told = turn.site.disk_use().map_err(|error| format!("the disk used can't be told: {error}"))?;
        // A power cut may bring a file back that was removed at the end of the run, and the note of the rest: `gc` finds it.
        match told.all().bytes <= disk_used(&files).bytes {
            true => Ok(()),
            false => Err(format!("the state folder takes {:?}, and is said to take {told:?}", disk_used(&files))),
        }
    }

    fn apply_again(&self, world: &World) -> Result<(), String> {
        if self.archives.is_empty() {
            return Ok(());
        }
        let turn = self.site.turn(world, Fault::None);
        let outcome = turn.apply(&self.archives).map_err(|failure| format!("it can't be applied again: {failure}"))?;
        if let Some(failure) = outcome.failure {
            return Err(format!("applied again, it failed: {failure}"));
        }
        match self.legal.which(&turn)? {
            last if last + 1 == self.legal.count() => self.check_at_rest(&turn),
            early => Err(format!("applied again, it came to commit {early} alone")),
        }
    }
}

/// The state folder holds what is kept of patches in force, and nothing that a run left behind.
fn check_state_folder(
    files: &Files,
    kept: &HashSet<&str>,
    patchers: &HashSet<&str>,
    is_restart_pending: bool,
) -> Result<(), String> {
    // What an `after` hook replaced is kept beside what its patch did.
    let is_kept = |folder: &str| kept.contains(folder.strip_suffix("-after").unwrap_or(folder));
    for (place, _) in files.all(Area::State) {
        let path = place.path.as_str();
        let fine = match path.split('/').collect::<Vec<_>>().as_slice() {
            // Where a note was cut off, the next one removes its draft.
            ["ballast" | "kept" | "head.json" | "head.json.new" | "tally.json" | "tally.json.new"] => true,
            ["patchers.json" | "patchers.json.new" | "patchers"] => true,
            ["patchers", folder] | ["patchers", folder, _] => patchers.contains(folder),
            ["restart.json"] => is_restart_pending,
            ["kept", folder] => is_kept(folder),
            ["kept", folder, slot] => {
                // What was there before, and the pristine copies of what is there now.
                let slot = slot.strip_suffix(".made").unwrap_or(slot);
                is_kept(folder) && (slot == "archive" || slot.chars().all(|digit| digit.is_ascii_digit()))
            }
            _ => false,
        };
        if !fine {
            return Err(format!("{path} was left in the state folder"));
        }
    }
    Ok(())
}

/// What all files of runs take.
pub fn disk_used(files: &Files) -> Figure {
    let kept = files.all(Area::State).filter(|(place, _)| place.path.as_str().starts_with("kept/"));
    let bytes: Vec<u64> = kept.filter_map(|(_, node)| Some(node.bytes.as_ref()?.len() as u64)).collect();
    Figure { files: bytes.len() as u64, bytes: bytes.iter().sum() }
}

/// Of the instants after something has gone wrong already, those at which the run is cut off in its turn: with
/// `PATCHWRIGHT_STORIES=all` each of them, otherwise every fifth, beginning elsewhere in each story.
pub(crate) fn second_cuts(instants: Range<usize>, story: usize) -> impl Iterator<Item = usize> {
    let (skipped, step) = if told_in_full() { (0, 1) } else { (story % SAMPLE, SAMPLE) };
    instants.skip(skipped).step_by(step)
}

/// Whether every story is told, however long it takes.
pub fn told_in_full() -> bool {
    std::env::var("PATCHWRIGHT_STORIES").is_ok_and(|which| which == "all")
}

/// Does the numbered pieces of work on all processors. The first panic ends the test.
pub fn in_parallel(count: usize, work: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let do_some = || {
        let _ender = Ender(&next, count);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            work(number);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(do_some);
        }
    });
}

/// Leaves no work to the others when its own thread panics.
struct Ender<'a>(&'a AtomicUsize, usize);

impl Drop for Ender<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(self.1, Ordering::Relaxed);
        }
    }
}
