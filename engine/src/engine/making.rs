//! A site that is made known: its state folder, its configuration and the beginning of its ledger.
//!
//! The configuration comes before the ledger, because the ledger's commit is what makes the site known: whoever was cut off in
//! between has left a configuration without one, and the same call goes on from there.

use super::site::rfc3339;
use super::{Connected, Engine, Site, SiteSpec};
use crate::database::Database;
use crate::journal::Purpose;
use crate::ledger::{Ledger, RunRow};
use crate::site::clock::{Clock, SystemClock};
use crate::site::config::{FILE_NAME, SiteConfig};
use crate::site::disk::{Disk, Lock};
use crate::site::real_disk::RealDisk;
use patchwright_hooks_api::{Error, ErrorKind};
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// How long who makes a site waits for another who does: a ledger is made in less.
const NEW_SITE_PATIENCE: Duration = Duration::from_secs(10);
const NEW_SITE_PAUSE: Duration = Duration::from_millis(20);
/// What the name of a configuration ends with until it is whole.
const DRAFT: &str = ".new";

impl Engine {
    pub(super) fn make_site(&self, spec: &SiteSpec, tables: &str) -> Result<Site, Error> {
        let file = spec.folder.join(FILE_NAME);
        let text = configuration(spec) + tables;
        self.must_be_unknown(&file, &text)?;
        let folder = std::path::absolute(&spec.folder).map_err(|error| io("find", &spec.folder, &error))?;
        let config = SiteConfig::parse(&text, &folder).map_err(|error| error.while_doing(file.display()))?;
        let state = &config.state;
        let mut folder = std::fs::DirBuilder::new();
        folder.recursive(true).mode(0o700).create(state).map_err(|error| io("make", state, &error))?;
        // Who makes the site at the same time is waited for: once either has ended, there is a site that can be opened.
        let disk = RealDisk::open(&config.root, state)?;
        let _folder_lock = lock_new(&disk)?;
        self.must_be_unknown(&file, &text)?;
        let is_new = !file.exists();
        if is_new {
            write_configuration(&file, &text, &disk, spec)?;
        }
        let begun = match self.connect(&config, true) {
            Ok(Connected { database, .. }) => {
                begin_ledger(&database, &config, spec).map_err(|error| (self.is_unbegun(&config, &error), error))
            }
            Err(error) => Err((true, error)),
        };
        if let Err((is_unbegun, error)) = begun {
            // What could not be made whole is not left behind half; a state folder without a site does no harm. But where a
            // commit got no answer the ledger may be there, and is nobody's without its configuration.
            if is_new && is_unbegun {
                let _ = std::fs::remove_file(&file);
            }
            return Err(error);
        }
        self.open(&file)
    }

    /// An error if the site is known, or if the configuration that is there is another than the one that was to be written.
    fn must_be_unknown(&self, file: &Path, text: &str) -> Result<(), Error> {
        if !file.exists() {
            return Ok(());
        }
        if self.open(file).and_then(|site| site.ledger().in_force()).is_ok_and(|in_force| in_force.is_some()) {
            return Err(is_known(file));
        }
        let found = std::fs::read_to_string(file).map_err(|error| io("read", file, &error))?;
        if found == text {
            return Ok(());
        }
        Err(is_known(file).hint(format!(
            "its ledger was never begun, or can't be read now. If an `init` was cut off, run it as it was run then; else see \
             `patchwright status`, or remove {} to begin anew",
            file.display()
        )))
    }

    /// Whether it is certain that this error has kept the ledger from being begun. One that was there before is not ours.
    fn is_unbegun(&self, config: &SiteConfig, error: &Error) -> bool {
        let in_force = || Ledger::new(&self.connect(config, false)?.database, &config.table_prefix).in_force();
        error.kind == ErrorKind::Conflict || in_force().is_ok_and(|in_force| in_force.is_none())
    }
}

fn begin_ledger(database: &Database, config: &SiteConfig, spec: &SiteSpec) -> Result<(), Error> {
    let ledger = Ledger::new(database, &config.table_prefix);
    let _lock = database.lock(ledger.lock_name())?;
    let at = rfc3339(&SystemClock);
    let run = RunRow { run: "baseline", purpose: Purpose::Apply, patch: "baseline", at: &at, by: &spec.by, plan: "" };
    ledger.begin(&spec.product, &spec.version, &spec.components, &run)
}

fn is_known(file: &Path) -> Error {
    Error::conflict(format!("{} is there already", file.display())).hint("see `patchwright status`")
}

fn io(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("can't {doing} {}: {error}", path.display()))
}

/// Takes the lock of a new site's state folder, and waits for another who makes it at the same time.
fn lock_new(disk: &dyn Disk) -> Result<Box<dyn Lock>, Error> {
    let began = SystemClock.elapsed();
    loop {
        if let Some(lock) = disk.lock()? {
            return Ok(lock);
        }
        if SystemClock.elapsed() - began > NEW_SITE_PATIENCE {
            return Err(Error::new(ErrorKind::Busy, "somebody else is at work on the state folder"));
        }
        SystemClock.pause(NEW_SITE_PAUSE);
    }
}

/// Writes a new configuration file, which is there whole or not at all: another start may be looking for it. One that holds a
/// password is for its owner alone. A draft that was cut off is written anew.
fn write_configuration(file: &Path, text: &str, disk: &RealDisk, spec: &SiteSpec) -> Result<(), Error> {
    let secret = spec.database.as_ref().is_some_and(|url| url.contains('@') && !url.contains("${"));
    let mode = Permissions::from_mode(if secret { 0o600 } else { 0o644 });
    let name = format!("{FILE_NAME}{DRAFT}");
    let _ = std::fs::remove_file(spec.folder.join(&name));
    let draft = || {
        let mut draft = tempfile::Builder::new()
            .prefix(&name)
            .suffix("")
            .rand_bytes(0)
            .permissions(mode)
            .tempfile_in(&spec.folder)?;
        draft.write_all(text.as_bytes())?;
        Ok(draft)
    };
    let draft = draft().map_err(|error| io("write", file, &error))?;
    disk.barrier()?;
    draft.persist_noclobber(file).map(drop).map_err(|error| io("write", file, &error.error))
}

/// The text of a new configuration file.
fn configuration(spec: &SiteSpec) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let mut text = format!(
        "# What Patchwright knows of this site. Relative paths count from this file's folder.\n\
         product = {}\nroot = {}\nstate = \".patchwright\"\n",
        quoted(&spec.product),
        quoted(&spec.root.display().to_string())
    );
    if let Some(url) = &spec.database {
        text.push_str(&format!("database = {}\n", quoted(url)));
    }
    if !spec.table_prefix.is_empty() {
        text.push_str(&format!("table-prefix = {}\n", quoted(&spec.table_prefix)));
    }
    text
}
