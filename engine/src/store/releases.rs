//! Whole releases as pristine copies, for a site that was there before its first patch.
//!
//! A release is a pack, its files compressed one after the other, and an index, which says where in the pack each lies and what
//! its sums are. Its name is a sum over its paths and their contents, so the same release is the same however it is packed. It is
//! written under other names first; the index gets its own last, and with it the release is learnt.

use super::{Packing, damaged};
use crate::intake::{Limits, read_release};
use crate::site::disk::{Area, Disk, Place, remove_if_there};
use crate::site::layout;
use crate::site::tree::{has_sum, md5_of, read, sha256_of, sha256_of_json};
use flate2::Compression;
use patchwright_hooks_api::{Error, ErrorKind, KnownSum, Md5, Sha256, SitePath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

/// How much of a pack is written at a time.
const PORTION: usize = 1 << 20;

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Learnt {
    /// Where it stands below a site's root.
    pub(crate) path: SitePath,
    /// The sum of its bytes.
    pub(crate) sha256: Sha256,
    md5: Md5,
    mode: u32,
    size: u64,
    /// Where it begins in the pack, and how long it is there.
    at: u64,
    length: u64,
}

/// The indexes that were read until now, by release.
#[derive(Default)]
pub(super) struct Releases(BTreeMap<String, Vec<Learnt>>);

impl Releases {
    /// The file with this sum of any release.
    pub(super) fn find(&mut self, disk: &dyn Disk, sum: KnownSum) -> Result<Option<Vec<u8>>, Error> {
        let folder = layout::releases();
        if disk.stat(&Place::state(&folder))?.is_none() {
            return Ok(None);
        }
        for (name, _) in disk.list(Area::State, Some(&folder))? {
            let Some(id) = name.strip_suffix(layout::RELEASE_INDEX).filter(|id| *id != layout::DRAFT) else { continue };
            if !self.0.contains_key(id) {
                self.0.insert(id.to_owned(), read_index(disk, id)?);
            }
            let has = |file: &&Learnt| sum.is_one_of(file.sha256, file.md5);
            if let Some(file) = self.0.get(id).and_then(|files| files.iter().find(has)) {
                return unpack(disk, id, file, sum).map(Some);
            }
        }
        Ok(None)
    }
}

fn read_index(disk: &dyn Disk, id: &str) -> Result<Vec<Learnt>, Error> {
    let place = Place::state(&layout::release_index(id));
    let files: Vec<Learnt> = serde_json::from_slice(&read(disk, &place)?).map_err(|_| damaged(&place))?;
    if id_of(&files) == id { Ok(files) } else { Err(damaged(&place)) }
}

fn unpack(disk: &dyn Disk, id: &str, file: &Learnt, sum: KnownSum) -> Result<Vec<u8>, Error> {
    let place = Place::state(&layout::release_pack(id));
    let mut pack = disk.open(&place)?;
    let mut packed = Vec::new();
    let cut = io::copy(&mut pack.by_ref().take(file.at), &mut io::sink())
        .and_then(|_| pack.take(file.length).read_to_end(&mut packed));
    cut.map_err(|error| Error::new(ErrorKind::Io, format!("can't read {place}: {error}")))?;
    let bytes = Packing::Gzip.unpack(packed, file.size);
    bytes.filter(|bytes| sha256_of(bytes) == file.sha256 && has_sum(bytes, sum)).ok_or_else(|| damaged(&place))
}

/// Learns the release at `from`. Gives its files, and whether they were not known before. The lock of the state folder must be
/// held.
///
/// # Errors
/// When it can't be read, is no release, or can't be kept. What was written until then is removed by the next session.
pub(crate) fn learn(disk: &dyn Disk, from: &Path) -> Result<(Vec<Learnt>, bool), Error> {
    forget_drafts(disk)?;
    let folder = Place::state(&layout::releases());
    if disk.stat(&folder)?.is_none() {
        disk.make_dir(&folder, 0o700)?;
    }
    let (pack, index) = drafts();
    let (mut files, mut pending, mut end) = (Vec::new(), Vec::new(), 0);
    read_release(from, &Limits::default(), &mut |file, bytes| {
        let (packed, path) = (Packing::gzip(&bytes, Compression::default()), SitePath::new(&file.name)?);
        let packed = packed.map_err(|error| Error::new(ErrorKind::Io, format!("can't compress {path}: {error}")))?;
        let length = packed.len() as u64;
        let (sha256, md5) = (sha256_of(&bytes), md5_of(&bytes));
        files.push(Learnt { path, sha256, md5, mode: file.mode, size: file.size, at: end, length });
        end += length;
        pending.extend(packed);
        if pending.len() >= PORTION {
            disk.append(&pack, &pending)?;
            pending.clear();
        }
        Ok(())
    })?;
    disk.append(&pack, &pending)?;
    below_one_folder(disk, &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let id = id_of(&files);
    let known = Place::state(&layout::release_index(&id));
    if disk.stat(&known)?.is_some() {
        forget_drafts(disk)?;
        return Ok((files, false));
    }
    let json = serde_json::to_vec(&files).expect("an index holds nothing that JSON can't");
    disk.create(&index, &json)?;
    disk.barrier()?;
    disk.replace(&pack, &Place::state(&layout::release_pack(&id)))?;
    disk.barrier()?;
    disk.rename(&index, &known)?;
    disk.barrier()?;
    Ok((files, true))
}

/// Removes what is left of a release that was not learnt to its end.
///
/// # Errors
/// When the disk fails.
pub(crate) fn forget_drafts(disk: &dyn Disk) -> Result<(), Error> {
    if disk.stat(&Place::state(&layout::releases()))?.is_none() {
        return Ok(());
    }
    for draft in <[Place; 2]>::from(drafts()) {
        remove_if_there(disk, &draft)?;
    }
    Ok(())
}

fn drafts() -> (Place, Place) {
    let [pack, index] = [layout::release_pack(layout::DRAFT), layout::release_index(layout::DRAFT)];
    (Place::state(&pack), Place::state(&index))
}

/// Most archives hold one folder with all files in it, named after the release. It is no part of their paths, unless the site has
/// such a folder.
fn below_one_folder(disk: &dyn Disk, files: &mut [Learnt]) -> Result<(), Error> {
    let Some((top, _)) = files.first().and_then(|file| file.path.as_str().split_once('/')) else { return Ok(()) };
    let top = top.to_owned();
    let below = |file: &Learnt| Some(file.path.as_str().strip_prefix(&top)?.strip_prefix('/')?.to_owned());
    let Some(paths) = files.iter().map(below).collect::<Option<Vec<_>>>() else { return Ok(()) };
    if disk.stat(&Place::root(&SitePath::new(&top)?))?.is_some() {
        return Ok(());
    }
    for (file, path) in files.iter_mut().zip(paths) {
        file.path = SitePath::new(&path)?;
    }
    Ok(())
}

fn id_of(files: &[Learnt]) -> String {
    let contents: Vec<_> = files.iter().map(|file| (&file.path, file.sha256, file.md5, file.mode)).collect();
    sha256_of_json(&contents).to_string()
}
