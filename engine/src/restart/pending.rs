//! The note in the state folder that a restart is due: it outlives whoever was to do it.

use crate::gate::Reason;
use crate::site::disk::Disk;
use crate::site::{layout, note};
use patchwright_hooks_api::Error;
use serde::{Deserialize, Serialize};

/// A restart that is due: since when, for what, and why it has not been done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pending {
    /// When the run shut the gate, in RFC 3339; empty where a power cut took it.
    pub since: String,
    /// Whose run it was.
    pub by: String,
    /// What the run was for, in words for people.
    pub message: String,
    /// What kept it from being done; nothing where it has not come to it.
    pub failed: Option<String>,
}

impl Pending {
    /// What a run is about to make due.
    pub(super) fn of(run: Option<Reason>) -> Self {
        let Reason { since, by, message } =
            run.unwrap_or_else(|| Reason { since: String::new(), by: String::new(), message: String::new() });
        Self { since, by, message, failed: None }
    }

    /// What is due. A note that a power cut has torn counts: it can't say more than that.
    pub(super) fn find(disk: &dyn Disk) -> Result<Option<Self>, Error> {
        let Some(bytes) = note::bytes(disk, &layout::restart())? else { return Ok(None) };
        let lost = || Self { message: "a run that a power cut ended".to_owned(), ..Self::default() };
        Ok(Some(serde_json::from_slice(&bytes).unwrap_or_else(|_| lost())))
    }

    /// Writes it down. It is durable after the next barrier.
    pub(super) fn note(&self, disk: &dyn Disk) -> Result<(), Error> {
        let bytes = serde_json::to_vec_pretty(self).expect("texts hold nothing that JSON can't");
        Ok(note::write(disk, &layout::restart(), &bytes)?)
    }

    /// Nothing is due any more.
    pub(super) fn forget(disk: &dyn Disk) -> Result<(), Error> {
        note::forget(disk, &layout::restart())?;
        Self::forget_draft(disk)
    }

    /// Removes a note that somebody was killed over before it was in its place.
    pub(super) fn forget_draft(disk: &dyn Disk) -> Result<(), Error> {
        Ok(note::forget(disk, &note::draft(&layout::restart()))?)
    }
}
