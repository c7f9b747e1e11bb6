//! The digests of files, read as a stream.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use patchwright_hooks_api::{Md5, Sha256, site::Sum};
use sha2::Digest;

/// How much of a file is held in memory at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Both digests of a file: manifests name the one to tell local changes apart, and the other to trust (A16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    /// The MD5 sum.
    pub(super) md5: Md5,
    /// The SHA-256 sum.
    pub(super) sha256: Sha256,
}

/// Both digests of the file.
pub(super) fn digests(path: &Path) -> Result<Digests> {
    read(path).with_context(|| format!("can't read {}", path.display()))
}

fn read(path: &Path) -> std::io::Result<Digests> {
    let mut file = File::open(path)?;
    let (mut md5, mut sha256) = (md5::Md5::new(), sha2::Sha256::new());
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            return Ok(Digests { md5: Sum(md5.finalize().into()), sha256: Sum(sha256.finalize().into()) });
        }
        md5.update(&chunk[..length]);
        sha256.update(&chunk[..length]);
    }
}
