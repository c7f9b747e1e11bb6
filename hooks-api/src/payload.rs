//! The files that a patch brings along.

use crate::error::Error;
use crate::site::Sha256;
use serde::{Deserialize, Serialize};

/// The members of a patch's archive, by the names that the manifest uses.
pub trait Payload {
    /// What is known of the member, if the archive has it.
    fn entry(&self, name: &str) -> Option<PayloadEntry>;

    /// The member's bytes.
    ///
    /// # Errors
    /// When there is none of that name, or it can't be read.
    fn read(&self, name: &str) -> Result<Vec<u8>, Error>;
}

/// What is known of a member without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadEntry {
    /// In bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub sha256: Sha256,
}
