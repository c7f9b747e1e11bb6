//! A whole release of a product, as its vendor ships it: a tar, tar.gz or zip archive, or a folder. Its files' names keep the
//! rules of a patch's members, whatever they come in.

use super::archive::each_file;
use super::entries::FileEntry;
use super::error::{Fault, IntakeError};
use super::limits::Limits;
use super::names::{Names, shown};
use patchwright_hooks_api::Error;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// What a zip archive begins with; one that is not empty.
const ZIP: &[u8] = b"PK\x03\x04";

/// Takes each file of a release.
type Take<'a> = &'a mut dyn FnMut(FileEntry, Vec<u8>) -> Result<(), Error>;

/// Reads the release at `path` and gives each of its files with its bytes, one after the other.
///
/// # Errors
/// When it can't be read, is no release, or breaks a limit or a rule for names; and those of `take`.
pub(crate) fn read_release(path: &Path, limits: &Limits, take: Take<'_>) -> Result<(), IntakeError> {
    let mut read = || {
        let status = fs::metadata(path)?;
        if status.is_dir() {
            let mut files = Admission { names: Names::default(), limits, count: 0, total: 0, take };
            return files.folder(path, path);
        }
        if !status.is_file() {
            return Err(Fault::NotAFile);
        }
        let mut head = Vec::new();
        File::open(path)?.take(ZIP.len() as u64).read_to_end(&mut head)?;
        if head == ZIP {
            let mut files = Admission { names: Names::default(), limits, count: 0, total: 0, take };
            return files.zip(File::open(path)?);
        }
        each_file(File::open(path)?, limits, take).map_err(|fault| match fault {
            Fault::NotAnArchive { seems } => Fault::NotARelease { seems },
            other => other,
        })
    };
    read().map_err(|fault| IntakeError { archive: path.to_owned(), fault })
}

/// Lets files in by the rules that hold for those of a tar archive.
struct Admission<'a> {
    names: Names,
    limits: &'a Limits,
    count: usize,
    total: u64,
    take: Take<'a>,
}

impl Admission<'_> {
    fn folder(&mut self, top: &Path, folder: &Path) -> Result<(), Fault> {
        let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = path.strip_prefix(top).unwrap_or(&path).as_os_str().as_bytes();
            let status = entry.metadata()?;
            if status.is_dir() {
                self.names.directory(name)?;
                self.folder(top, &path)?;
            } else if status.is_file() {
                self.file(name, status.permissions().mode(), status.len(), File::open(&path)?)?;
            } else {
                return Err(refused(name, "it is neither a regular file nor a directory"));
            }
        }
        Ok(())
    }

    fn zip(&mut self, file: File) -> Result<(), Fault> {
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(of_zip)?;
        for number in 0..archive.len() {
            let entry = archive.by_index(number).map_err(of_zip)?;
            let name = entry.name_raw().to_vec();
            if entry.is_dir() {
                self.names.directory(&name)?;
            } else if entry.is_symlink() {
                return Err(refused(&name, "it is a symbolic link"));
            } else {
                self.file(&name, entry.unix_mode().unwrap_or(0o644), entry.size(), entry)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, name: &[u8], mode: u32, size: u64, input: impl Read) -> Result<(), Fault> {
        let name = self.names.file(name)?;
        self.count += 1;
        self.total = self.total.saturating_add(size);
        let limit = |what: &str, limit| Err(Fault::Limit { what: what.to_owned(), limit });
        if self.count > self.limits.entries {
            return limit("it holds too many entries", self.limits.entries as u64);
        }
        if size > self.limits.member_bytes {
            return limit(&format!("its file {name:?} has {size} bytes"), self.limits.member_bytes);
        }
        if self.total > self.limits.total_bytes {
            return limit("it has too many bytes", self.limits.total_bytes);
        }
        let mut bytes = Vec::new();
        // One more than is declared would be a lie, or a file that grows while it is read.
        input.take(size + 1).read_to_end(&mut bytes).map_err(|error| match error.raw_os_error() {
            Some(_) => error.into(),
            None => Fault::damaged(format!("{name:?} can't be decompressed: {error}")),
        })?;
        if bytes.len() as u64 != size {
            return Err(Fault::damaged(format!("{name:?} has not the {size} bytes that are announced")));
        }
        (self.take)(FileEntry { name, size, mode: mode & 0o7777 }, bytes)?;
        Ok(())
    }
}

fn refused(name: &[u8], why: &str) -> Fault {
    Fault::Refused { member: shown(name), why: why.to_owned() }
}

fn of_zip(error: ZipError) -> Fault {
    match error {
        ZipError::Io(source) if source.raw_os_error().is_some() => source.into(),
        other => Fault::damaged(other.to_string()),
    }
}
