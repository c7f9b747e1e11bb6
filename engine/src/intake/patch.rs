//! A patch that was taken in: verified, read, and not yet held against any site.

use super::manifest::Manifest;
use super::members::Members;
use super::outline::Outline;
use patchwright_hooks_api::{Position, Reads, Sha256, Step};
use std::path::PathBuf;
use std::sync::Arc;

/// A verified patch. Its manifest's own bytes are the member `patch.xml`.
#[derive(Debug)]
pub struct Patch {
    /// What the patch is.
    pub manifest: Manifest,
    /// What it does, in order.
    pub steps: Vec<PlannedStep>,
    /// The files that it brings along.
    pub members: Arc<Members>,
    /// The digest of the archive's own bytes, compressed or not: what a catalog or signature names.
    pub sha256: Sha256,
    /// Where the archive was read from.
    pub origin: PathBuf,
}

/// One step, with the place in the manifest that asks for it.
#[derive(Debug)]
pub struct PlannedStep {
    /// The step itself.
    pub step: Box<dyn Step>,
    /// Where its element stands.
    pub position: Position,
    /// The element's name, such as `add`.
    pub element: &'static str,
    /// The existing file that it will want a sum of.
    pub reads: Option<Reads>,
    /// What the element says, but for the scripts that it holds.
    pub outline: Outline,
}
