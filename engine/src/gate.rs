//! The gate: what keeps users out while the site is between versions, and when its owner says so.
//!
//! The gate is one file in the state folder; while the file is there the gate is shut, and the file says why. Only who shut
//! it opens it: a run at its end, or recovery for it; the owner with `maintenance off`. It never opens by itself.

use crate::site::clock::Clock;
use crate::site::disk::{Disk, Place, remove_if_there};
use crate::site::{layout, note};
use patchwright_hooks_api::{Error, ErrorKind, SitePath};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The gate of one site.
pub struct Gate {
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    flag: Option<SitePath>,
}

/// Why the gate is shut. It is open when neither reason is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Closure {
    /// A run is under way, or was cut off and waits for recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Reason>,
    /// The site's owner shut it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<Reason>,
}

/// Since when and for what the gate is shut (A41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// When it was shut, in RFC 3339; empty where a power cut took it.
    pub since: String,
    /// Who shut it.
    pub by: String,
    /// What for, in words for people.
    pub message: String,
}

impl Closure {
    /// Whether users are let in.
    pub fn is_open(&self) -> bool {
        self.run.is_none() && self.maintenance.is_none()
    }
}

impl Reason {
    /// What is left of a run's reason whose bytes a power cut took.
    fn lost() -> Self {
        Self { since: String::new(), by: String::new(), message: "a run that a power cut ended".to_owned() }
    }
}

/// Whether the power went before all bytes of the gate's file were written, which leaves an early end or a hole of zeros. A
/// maintenance is written behind a barrier, so it was a run's.
fn is_torn(bytes: &[u8], error: &serde_json::Error) -> bool {
    error.is_eof() || bytes.contains(&0)
}

impl Gate {
    /// The gate of the site with this disk. `flag` is a file below the site's root that is there while the gate is shut,
    /// for applications and web servers that can't look into the state folder.
    pub fn new(disk: Arc<dyn Disk>, clock: Arc<dyn Clock>, flag: Option<SitePath>) -> Self {
        Self { disk, clock, flag }
    }

    /// Why the gate is shut, if it is.
    ///
    /// # Errors
    /// When the disk fails, or the gate's file can't be read.
    pub fn closure(&self) -> Result<Closure, Error> {
        let Some(bytes) = note::bytes(self.disk.as_ref(), &layout::gate())? else { return Ok(Closure::default()) };
        serde_json::from_slice(&bytes).or_else(|error| match is_torn(&bytes, &error) {
            true => Ok(Closure { run: Some(Reason::lost()), maintenance: None }),
            false => Err(Error::new(ErrorKind::Internal, format!("the gate's file gate.json can't be read: {error}"))
                .hint("the gate stays shut; remove the file once no run is under way")),
        })
    }

    /// Shuts the gate for a run. The run's first barrier makes that durable, before anything live is changed.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn shut_for_run(&self, by: &str, message: &str) -> Result<(), Error> {
        let reason = self.reason(by, message);
        self.change(|closure| closure.run = Some(reason))
    }

    /// Opens the gate as far as a run has shut it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn open_after_run(&self) -> Result<(), Error> {
        self.change(|closure| closure.run = None)
    }

    /// Shuts the gate for the site's owner.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn begin_maintenance(&self, by: &str, message: &str) -> Result<(), Error> {
        let reason = self.reason(by, message);
        self.change(|closure| closure.maintenance = Some(reason))
    }

    /// Opens the gate as far as the site's owner has shut it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn end_maintenance(&self) -> Result<(), Error> {
        self.change(|closure| closure.maintenance = None)
    }

    fn reason(&self, by: &str, message: &str) -> Reason {
        let since = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Reason { since, by: by.to_owned(), message: message.to_owned() }
    }

    fn change(&self, change: impl FnOnce(&mut Closure)) -> Result<(), Error> {
        let mut closure = self.closure()?;
        let before = closure.clone();
        change(&mut closure);
        let (place, draft) = (Place::state(&layout::gate()), Place::state(&note::draft(&layout::gate())));
        self.remove(&draft)?;
        if closure.is_open() {
            // Also where the gate's own file is gone: a power cut may bring the flag back alone.
            self.lower_flag()?;
            return self.remove(&place);
        }
        if closure != before {
            let json = serde_json::to_vec_pretty(&closure).expect("a closure holds nothing that JSON can't");
            self.disk.create(&draft, &json)?;
            // A name can survive a power cut without its bytes. A run's gate does without: it is shut all the same, and recovery
            // opens it. That the owner shut it must not be lost.
            if closure.maintenance.is_some() {
                self.disk.barrier()?;
            }
            self.disk.replace(&draft, &place)?;
        }
        self.raise_flag()
    }

    fn raise_flag(&self) -> Result<(), Error> {
        let Some(flag) = &self.flag else { return Ok(()) };
        let place = Place::root(flag);
        if self.disk.stat(&place)?.is_none() {
            self.disk.create(&place, b"shut\n")?;
        }
        Ok(())
    }

    fn lower_flag(&self) -> Result<(), Error> {
        self.flag.as_ref().map_or(Ok(()), |flag| self.remove(&Place::root(flag)))
    }

    fn remove(&self, place: &Place) -> Result<(), Error> {
        Ok(remove_if_there(self.disk.as_ref(), place)?)
    }
}
