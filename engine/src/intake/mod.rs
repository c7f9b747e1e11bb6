//! The way in: bytes → verified archive → [`Patch`].
//!
//! [`read_patch`] tells tar and tar.gz apart by content, reads the entries below a strict filter, hashes every
//! member on the way and hands its bytes to a [`Contents`] under a number: a name from an archive never reaches the
//! file system. The manifest is then decoded, read as XML with the place of everything in it, and each step element is
//! given to the [`StepKind`] that knows it. Nothing is trusted before its limit is checked, and nothing is written but
//! through the store. Whatever is wrong is an [`IntakeError`], and the site has not been looked at yet.

mod archive;
mod encoding;
mod entries;
mod error;
mod hashing;
mod limits;
mod manifest;
mod members;
mod names;
mod outline;
mod patch;
mod reading;
mod release;
mod requirements;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod testing;

pub(crate) use archive::each_file;
pub use error::{Fault, IntakeError};
pub use limits::Limits;
pub use manifest::{Changelog, Manifest, Requires, Severity};
pub use members::Members;
pub use outline::Outline;
pub use patch::{Patch, PlannedStep};
pub use reading::foresee;
pub(crate) use release::read_release;

use crate::site::contents::Contents;
use crate::site::tree::side_by_side;
use patchwright_hooks_api::StepKind;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the manifest in every patch.
pub const MANIFEST: &str = "patch.xml";

/// The step kinds that this engine knows, by the elements that they read.
pub trait StepKinds {
    /// The kind that reads elements of this name.
    fn kind(&self, element: &str) -> Option<&dyn StepKind>;

    /// The names of all elements that some kind reads, for messages.
    fn known(&self) -> Vec<&'static str>;
}

/// The sums of those of these archives that are small. One that is in force byte for byte has nothing to say any more and need
/// not be decoded; a larger one is decoded, which takes its sum on the way.
pub fn small_sums(archives: &[PathBuf]) -> BTreeMap<&Path, String> {
    let sums = side_by_side(archives, |archive, buffer| archive::small_sum(archive, buffer));
    let archives = archives.iter().map(PathBuf::as_path);
    archives.zip(sums).filter_map(|(archive, sum)| Some((archive, sum?.to_string()))).collect()
}

/// Reads and verifies the patch at `path`; its members go to `store` and stay readable through the patch.
///
/// `ahead` is given the manifest of an archive that is not small as soon as the decoder has come by it, for who can begin to work
/// by [`foresee`]; nothing is known to be in order then. When this returns, every byte of the archive has been read, hashed and held against the limits.
///
/// # Errors
/// When the file can't be read, is no patch archive, breaks a limit or a rule of the patch format, or the store fails.
pub fn read_patch(
    path: &Path,
    store: Arc<dyn Contents>,
    kinds: &dyn StepKinds,
    limits: &Limits,
    ahead: &dyn Fn(Vec<u8>),
) -> Result<Patch, IntakeError> {
    let read = || {
        let decoded = archive::decode(path, store, limits, ahead)?;
        let (manifest, steps) = reading::read_manifest(&decoded.members, kinds).map_err(Fault::of_manifest)?;
        let unused = decoded.members.unused();
        if !unused.is_empty() {
            return Err(Fault::Unused { members: unused });
        }
        let members = Arc::new(decoded.members);
        Ok(Patch { manifest, steps, members, sha256: decoded.sha256, origin: path.to_owned() })
    };
    read().map_err(|fault| IntakeError { archive: path.to_owned(), fault })
}

/// Reads the kept archive of a patch in force once more; its members go to `store`.
///
/// # Errors
/// When it is damaged, or this engine does not know what one before it did.
pub(crate) fn read_again(
    archive: impl Read,
    store: Arc<dyn Contents>,
    kinds: &dyn StepKinds,
) -> Result<(Manifest, Vec<PlannedStep>, Arc<Members>), Fault> {
    // It was within all limits when it was taken in.
    let members = archive::decode_again(archive, store, &Limits::default())?;
    let (manifest, steps) = reading::read_manifest(&members, kinds).map_err(Fault::of_manifest)?;
    Ok((manifest, steps, Arc::new(members)))
}
