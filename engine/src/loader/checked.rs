//! A library's file, checked before any of its code runs.

use patchwright_hooks_api::{Error, ErrorKind, Sha256};
use sha2::{Digest, Sha256 as Hasher};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The write permission of the group and of everybody.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Who says which file it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pinned {
    /// The site's configuration, of a library.
    ByConfiguration,
    /// The patch that brought a program.
    ByPatch,
}

impl Pinned {
    /// What the file is, and what to do if it is not as it must be.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::ByConfiguration => (
                "the library",
                "if you have exchanged it on purpose, write its name and its sum into the site's configuration",
            ),
            Self::ByPatch => ("the program", "take the patch back that brought it, and apply it again"),
        }
    }
}

/// An open file that is what the configuration or the patch says. It is loaded through its handle, so that it can't be exchanged in
/// between.
pub struct CheckedFile {
    path: PathBuf,
    file: File,
    sha256: Sha256,
}

impl CheckedFile {
    /// Opens and checks it. Without a sum anything will do that only its owner can write to.
    ///
    /// # Errors
    /// When it can't be read, others may write to it, or it has another sum.
    pub fn open(pinned: Pinned, path: &Path, wanted: Option<Sha256>) -> Result<Self, Error> {
        let (what, amends) = pinned.words();
        let of = |error: &io::Error| {
            Error::new(ErrorKind::Io, format!("can't read {what} {}: {error}", path.display())).hint(amends)
        };
        let mut file = File::open(path).map_err(|error| of(&error))?;
        let metadata = file.metadata().map_err(|error| of(&error))?;
        if !metadata.is_file() {
            return Err(Error::refused(format!("{what} {} is not a file", path.display())));
        }
        let own = rustix::process::geteuid().as_raw();
        if metadata.uid() != own && metadata.uid() != 0 {
            let why = format!("{what} {} belongs to the user {}, who could change it", path.display(), metadata.uid());
            return Err(Error::refused(why).hint("make root or the user that runs the engine its owner"));
        }
        if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
            let why = format!("others may write to {what} {} (mode {:o})", path.display(), metadata.mode() & 0o777);
            return Err(Error::refused(why).hint(format!("chmod go-w {}", path.display())));
        }
        let sha256 = sum_of(&mut file).map_err(|error| of(&error))?;
        match wanted {
            Some(wanted) if wanted != sha256 => {
                let why = format!("{what} {} has the sum {sha256} and not {wanted}", path.display());
                Err(Error::refused(why).hint(amends))
            }
            _ => Ok(Self { path: path.to_owned(), file, sha256 }),
        }
    }

    /// What the configuration calls it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A path that leads to the very file that was checked, as long as this value lives.
    pub fn own_path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// Its sum.
    pub(super) fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

fn sum_of(file: &mut File) -> io::Result<Sha256> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(patchwright_hooks_api::site::Sum(hasher.finalize().into())),
            length => hasher.update(&buffer[..length]),
        }
    }
}
