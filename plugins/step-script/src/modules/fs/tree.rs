//! What takes several of the site's verbs: copies, moves, and directories with all that is in them.
//!
//! Everything is looked at before anything is changed, so that what can't be done is refused whole.

use crate::call::Call;
use crate::limits;
use crate::run::Run;
use patchwright_hooks_api::{EntryKind, Error, ErrorKind, Metadata, SitePath};
use rhai::Dynamic;

/// Copies a file. Without a mode an old file keeps its own, and a new one gets that of the copied one.
pub(super) fn copy(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (from, to, mode) = (call.path(0)?, call.path(1)?, call.mode(2)?);
    let found = standing(call, &from)?;
    if found.kind != EntryKind::File {
        return Err(Error::conflict(format!("fs::copy: {from} is {}, not a file", found.kind)));
    }
    call.run.count_written(found.size)?;
    call.run.change(call.name(), move |site| {
        let mode = match site.metadata(&to)? {
            None => mode.or(Some(found.mode)),
            Some(_) => mode,
        };
        let bytes = site.read(&from)?;
        site.write(&to, &bytes, mode)
    })?;
    Ok(Dynamic::UNIT)
}

/// Gives a file, or a directory with all in it, another path, at which nothing may stand.
pub(super) fn rename(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (from, to) = (call.path(0)?, call.path(1)?);
    let whole = everything_at(call, &from)?;
    if to == from || to.is_below(&from) {
        return Err(Error::conflict(format!("fs::rename: {to} is {from} itself, or lies in it")));
    }
    let target = to.clone();
    if let Some(there) = call.run.look(move |site| site.metadata(&target))? {
        let hint = format!("remove {to} first, if it is to be replaced");
        return Err(Error::conflict(format!("fs::rename: {} stands at {to} already", there.kind)).hint(hint));
    }
    call.run.count_written(whole.iter().map(|(_, found)| found.size).sum())?;
    call.run.change(call.name(), move |site| {
        for (path, found) in &whole {
            let moved = SitePath::new(&format!("{to}{}", &path.as_str()[from.as_str().len()..]))?;
            match found.kind {
                EntryKind::Directory => site.make_dir(&moved, found.mode)?,
                _ => {
                    let bytes = site.read(path)?;
                    site.write(&moved, &bytes, Some(found.mode))?;
                }
            }
        }
        whole.iter().rev().try_for_each(|(path, _)| site.remove(path))
    })?;
    Ok(Dynamic::UNIT)
}

/// Removes a directory with all in it, and gives how many files that were.
pub(super) fn remove_all(call: &Call<'_>) -> Result<Dynamic, Error> {
    let directory = call.path(0)?;
    let whole = everything_at(call, &directory)?;
    if whole[0].1.kind != EntryKind::Directory {
        return Err(
            Error::conflict(format!("{}: {directory} is a file", call.name())).hint("take fs::remove for a file")
        );
    }
    let files = whole.iter().filter(|(_, found)| found.kind == EntryKind::File).count();
    call.run.change(call.name(), move |site| whole.iter().rev().try_for_each(|(path, _)| site.remove(path)))?;
    Ok(i64::try_from(files).unwrap_or(i64::MAX).into())
}

/// What stands at the path and below it, a directory before what is in it.
///
/// # Errors
/// When nothing stands there, something of it is neither file nor directory, or it is too much.
fn everything_at(call: &Call<'_>, path: &SitePath) -> Result<Vec<(SitePath, Metadata)>, Error> {
    let name = call.name();
    let mut whole = vec![(path.clone(), standing(call, path)?)];
    let mut looked = 0;
    while looked < whole.len() {
        let (path, found) = whole[looked].clone();
        looked += 1;
        match found.kind {
            EntryKind::File => {}
            EntryKind::Directory => {
                let inside = list(call.run, &path)?;
                whole.extend(inside);
            }
            other => {
                return Err(Error::refused(format!("{name}: {path} is {other}"))
                    .hint("an upgrade follows and replaces neither links nor special files"));
            }
        }
        if whole.len() > limits::ARRAY_ELEMENTS {
            let message = format!("{name}: there is more than {} below {}", limits::ARRAY_ELEMENTS, whole[0].0);
            return Err(Error::new(ErrorKind::Limit, message));
        }
    }
    Ok(whole)
}

fn list(run: &Run, directory: &SitePath) -> Result<Vec<(SitePath, Metadata)>, Error> {
    let directory = directory.clone();
    run.look(move |site| {
        Ok(site.list(Some(&directory))?.into_iter().map(|entry| (entry.path, entry.metadata)).collect())
    })
}

fn standing(call: &Call<'_>, path: &SitePath) -> Result<Metadata, Error> {
    let (name, wanted, shown) = (call.name(), path.clone(), path.clone());
    let found = call.run.look(move |site| site.metadata(&wanted))?;
    found.ok_or_else(|| Error::missing(format!("{name}: nothing stands at {shown}")))
}
