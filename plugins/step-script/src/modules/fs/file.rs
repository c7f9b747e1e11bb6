//! One path: what stands there, and what becomes of it.

use crate::call::Call;
use crate::limits;
use patchwright_hooks_api::{Entry, EntryKind, Error, ErrorKind, Metadata, SitePath, SiteView};
use rhai::{Array, Dynamic, Map};

/// What a new directory gets when the script doesn't say.
const DIRECTORY_MODE: u32 = 0o755;

pub(super) fn read(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    let shown = path.clone();
    let bytes = call.run.look(move |site| {
        let size = file_at(site, &path)?.size;
        if size > limits::TEXT_BYTES as u64 {
            let message = format!("fs::read: {path} has {size} bytes; the limit is {}", limits::TEXT_BYTES);
            return Err(Error::new(ErrorKind::Limit, message).hint("install large files from the payload instead"));
        }
        site.read(&path)
    })?;
    let not_text = || Error::conflict(format!("fs::read: {shown} is not UTF-8 text"));
    let text = String::from_utf8(bytes)
        .map_err(|_| not_text().hint("change it with an <alter> step, which keeps any encoding"))?;
    Ok(text.into())
}

pub(super) fn write(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (path, bytes, mode) = (call.path(0)?, bytes(call, 1)?, call.mode(2)?);
    call.run.count_written(bytes.len() as u64)?;
    call.run.change(call.name(), move |site| site.write(&path, &bytes, mode)).map(Dynamic::from)
}

/// Puts a text at the end of a file that is there.
pub(super) fn append(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (path, more) = (call.path(0)?, bytes(call, 1)?);
    let size = match metadata(call)? {
        Some(Metadata { kind: EntryKind::File, size, .. }) => size,
        Some(metadata) => return Err(Error::conflict(format!("fs::append: {path} is {}, not a file", metadata.kind))),
        None => {
            return Err(Error::missing(format!("fs::append: nothing stands at {path}")).hint("make it with fs::write"));
        }
    };
    // A file is replaced whole, whatever of it changes.
    call.run.count_written(size.saturating_add(more.len() as u64))?;
    call.run
        .change(call.name(), move |site| {
            let mut bytes = site.read(&path)?;
            bytes.extend_from_slice(&more);
            site.write(&path, &bytes, None)
        })
        .map(Dynamic::from)
}

/// The argument, a text or a blob.
fn bytes(call: &Call<'_>, index: usize) -> Result<Vec<u8>, Error> {
    match call.argument(index).map(|value| value.clone().into_blob()) {
        Some(Ok(blob)) => Ok(blob),
        _ => Ok(call.string(index)?.as_bytes().to_vec()),
    }
}

pub(super) fn install(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (payload, path, mode) = (call.text(0)?, call.path(1)?, call.mode(2)?);
    call.run.check_uses(call.name(), &payload)?;
    let name = call.name();
    let size = {
        let payload = payload.clone();
        call.run.look(move |site| Ok(site.payload().entry(&payload).map_or(0, |entry| entry.size)))?
    };
    call.run.count_written(size)?;
    call.run.change(name, move |site| site.install(&payload, &path, mode)).map(Dynamic::from)
}

pub(super) fn remove(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    call.run.change(call.name(), move |site| site.remove(&path)).map(Dynamic::from)
}

pub(super) fn make_dir(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (path, mode) = (call.path(0)?, call.mode(1)?.unwrap_or(DIRECTORY_MODE));
    call.run.change(call.name(), move |site| site.make_dir(&path, mode)).map(Dynamic::from)
}

pub(super) fn set_mode(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    let mode = call.mode(1)?.ok_or_else(|| call.error("it needs a mode"))?;
    call.run.change(call.name(), move |site| site.set_mode(&path, mode)).map(Dynamic::from)
}

pub(super) fn exists(call: &Call<'_>) -> Result<Dynamic, Error> {
    metadata(call).map(|metadata| metadata.is_some().into())
}

pub(super) fn is_dir(call: &Call<'_>) -> Result<Dynamic, Error> {
    metadata(call).map(|metadata| metadata.is_some_and(|metadata| metadata.kind == EntryKind::Directory).into())
}

pub(super) fn size(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    match metadata(call)? {
        Some(Metadata { kind: EntryKind::File, size, .. }) => Ok(i64::try_from(size).unwrap_or(i64::MAX).into()),
        Some(metadata) => Err(Error::conflict(format!("fs::size: {path} is {}, not a file", metadata.kind))),
        None => Err(Error::missing(format!("fs::size: nothing stands at {path}"))),
    }
}

pub(super) fn mode(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    match metadata(call)? {
        Some(metadata) => Ok(i64::from(metadata.mode).into()),
        None => Err(Error::missing(format!("fs::mode: nothing stands at {path}"))),
    }
}

pub(super) fn list(call: &Call<'_>) -> Result<Dynamic, Error> {
    // The empty text is the root, which has no path of its own.
    let directory = if call.string(0)?.is_empty() { None } else { Some(call.path(0)?) };
    let entries = call.run.look(move |site| site.list(directory.as_ref()))?;
    if entries.len() > limits::ARRAY_ELEMENTS {
        let message =
            format!("fs::list: the directory has {} entries; the limit is {}", entries.len(), limits::ARRAY_ELEMENTS);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(entries.iter().map(entry).collect::<Array>().into())
}

fn entry(entry: &Entry) -> Dynamic {
    let kind = match entry.metadata.kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
        EntryKind::Link => "link",
        EntryKind::Other => "other",
    };
    let mut map = Map::new();
    map.insert("path".into(), entry.path.as_str().to_owned().into());
    map.insert("name".into(), entry.path.name().to_owned().into());
    map.insert("kind".into(), kind.into());
    map.insert("size".into(), i64::try_from(entry.metadata.size).unwrap_or(i64::MAX).into());
    map.insert("mode".into(), i64::from(entry.metadata.mode).into());
    map.into()
}

pub(super) fn md5(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    call.run.look(move |site| file_at(site, &path).and_then(|_| site.md5(&path))).map(|sum| sum.to_string().into())
}

pub(super) fn sha256(call: &Call<'_>) -> Result<Dynamic, Error> {
    let path = call.path(0)?;
    call.run.look(move |site| file_at(site, &path).and_then(|_| site.sha256(&path))).map(|sum| sum.to_string().into())
}

/// The file that stands at the path. Disks have words of their own for what is not there.
fn file_at(site: &dyn SiteView, path: &SitePath) -> Result<Metadata, Error> {
    match site.metadata(path)? {
        Some(found) if found.kind == EntryKind::File => Ok(found),
        Some(other) => Err(Error::conflict(format!("{path} is {}, not a file", other.kind))),
        None => Err(Error::missing(format!("nothing stands at {path}"))),
    }
}

fn metadata(call: &Call<'_>) -> Result<Option<Metadata>, Error> {
    let path: SitePath = call.path(0)?;
    call.run.look(move |site| site.metadata(&path))
}
