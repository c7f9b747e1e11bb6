//! A patch from a folder that was written by hand: the manifest, the payload and what else it names.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use patchwright_hooks_api::{Position, Sha256, SitePath};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use walkdir::WalkDir;

use super::archive::{self, Content, MANIFEST, Members};
use super::diff::{listed, site_path};
use super::digest::digests;

/// What was packed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// How many members the archive has.
    pub(crate) members: usize,
    /// The archive's size.
    pub(crate) bytes: u64,
    /// The paths whose `sha256` was filled in.
    pub(crate) filled: Vec<String>,
}

/// Which sums a manifest gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sums {
    /// All of them, or the folder is not packed.
    All,
    /// Those that can be taken, for who reads the archive to tell everything that is wrong with it.
    Possible,
}

/// Packs the folder `dir` into the archive `out`.
///
/// Every `<add>` and `<overwrite>` without a `sha256` gets the one of its payload; otherwise the manifest's text stays as
/// its author wrote it. Names in `dir` itself that begin with a dot, such as `.git`, are left out.
///
/// # Errors
/// With the line, when a payload is missing or has another sum than the manifest says; and when the folder holds
/// something that a patch can't carry.
pub(crate) fn pack(dir: &Path, out: &Path, sums: Sums) -> Result<Packed> {
    let manifest = dir.join(MANIFEST);
    let text = fs::read_to_string(&manifest).with_context(|| format!("can't read {} as UTF-8", manifest.display()))?;
    // Places in the manifest are counted from behind a byte order mark.
    let (mark, text) = text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 });
    let (text, filled) = match (with_sums(text, dir, sums), sums) {
        (Err(_), Sums::Possible) => (text.to_owned(), Vec::new()),
        (filled, _) => filled?,
    };
    let mut members = members(dir, out)?;
    members.insert(MANIFEST.to_owned(), Content::Text(format!("{mark}{text}")));
    Ok(Packed { members: members.len(), bytes: archive::write(out, &members)?, filled })
}

/// The manifest with all sums, and the paths of those that were missing.
fn with_sums(manifest: &str, dir: &Path, sums: Sums) -> Result<(String, Vec<String>)> {
    let mut complete = String::with_capacity(manifest.len());
    let mut copied = 0;
    let mut filled = Vec::new();
    for install in installs(manifest, sums)? {
        let sum = match install.payload_sum(dir) {
            Err(_) if sums == Sums::Possible => continue,
            sum => sum.with_context(|| place(manifest, install.start))?,
        };
        if install.sha256.is_none() {
            complete.push_str(&manifest[copied..install.attributes_end]);
            complete.push_str(&format!(" sha256=\"{sum}\""));
            copied = install.attributes_end;
            filled.push(install.path.to_string());
        }
    }
    complete.push_str(&manifest[copied..]);
    let still_missing = installs(&complete, sums)?.into_iter().find(|install| install.sha256.is_none());
    ensure!(
        still_missing.is_none() || sums == Sums::Possible,
        "the sums can't be filled in: {MANIFEST} is not what it seems"
    );
    Ok((complete, filled))
}

/// An `<add>` or `<overwrite>` that installs a payload.
struct Install {
    /// Where its start tag begins, in bytes.
    start: usize,
    /// Where another attribute can be written, in bytes.
    attributes_end: usize,
    path: SitePath,
    payload: String,
    sha256: Option<Sha256>,
}

impl Install {
    fn read(tag: &BytesStart<'_>, start: usize) -> Result<Option<Self>> {
        let (mut path, mut payload, mut sha256) = (None, None, None);
        for attribute in tag.attributes() {
            let attribute = attribute?;
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0)?;
            match attribute.key.as_ref() {
                "directory" if value == "true" => return Ok(None),
                "path" => path = Some(SitePath::new(&value)?),
                "payload" => payload = Some(SitePath::new(&value)?.into()),
                "sha256" => sha256 = Some(value.parse()?),
                _ => {}
            }
        }
        let path = path.ok_or_else(|| anyhow!("<{}> needs the attribute path", tag.name().as_ref()))?;
        let payload = payload.unwrap_or_else(|| format!("files/{path}"));
        let attributes_end = start + 1 + tag.trim_end().len();
        Ok(Some(Self { start, attributes_end, path, payload, sha256 }))
    }

    fn payload_sum(&self, dir: &Path) -> Result<Sha256> {
        let file = dir.join(&self.payload);
        let metadata = fs::symlink_metadata(&file);
        ensure!(metadata.is_ok_and(|metadata| metadata.is_file()), "the payload {} is not in the folder", self.payload);
        let found = digests(&file)?.sha256;
        match self.sha256 {
            Some(said) if said != found => bail!("{} has the sha256 {found}, not {said}", self.payload),
            _ => Ok(found),
        }
    }
}

/// Everything in the manifest that installs a payload, in order.
fn installs(manifest: &str, sums: Sums) -> Result<Vec<Install>> {
    let mut reader = Reader::from_str(manifest);
    let mut installs = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(0);
            anyhow!(error).context(place(manifest, at))
        })?;
        let end = usize::try_from(reader.buffer_position())?;
        let (tag, closing) = match &event {
            Event::Eof => return Ok(installs),
            Event::DocType(_) => bail!("{MANIFEST} has a document type, which patches must not have"),
            Event::Start(tag) => (tag, ">"),
            Event::Empty(tag) => (tag, "/>"),
            _ => continue,
        };
        if matches!(tag.name().as_ref(), "add" | "overwrite") {
            let start = end - closing.len() - tag.len() - 1;
            match Install::read(tag, start) {
                Err(_) if sums == Sums::Possible => {}
                install => installs.extend(install.with_context(|| place(manifest, start))?),
            }
        }
    }
}

/// The line and column of a byte, as errors show them.
fn place(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let line = number(before.matches('\n').count() + 1);
    Position::new(MANIFEST, line, number(before[line_start..].chars().count() + 1))
}

/// All files of the folder, but the archive itself.
fn members(dir: &Path, out: &Path) -> Result<Members> {
    let out = fs::canonicalize(out).ok();
    let mut members = Members::new();
    let mut unfit = Vec::new();
    let hidden =
        |entry: &walkdir::DirEntry| entry.depth() == 1 && entry.file_name().as_encoded_bytes().starts_with(b".");
    for entry in WalkDir::new(dir).min_depth(1).sort_by_file_name().into_iter().filter_entry(|entry| !hidden(entry)) {
        let entry = entry.with_context(|| format!("can't read the folder {}", dir.display()))?;
        if entry.file_type().is_dir() || (out.is_some() && fs::canonicalize(entry.path()).ok() == out) {
            continue;
        }
        match site_path(dir, entry.path()).filter(|_| entry.file_type().is_file()) {
            Some(name) => drop(members.insert(name.into(), Content::File(entry.into_path()))),
            None => unfit.push(entry.path().strip_prefix(dir).unwrap_or(entry.path()).display().to_string()),
        }
    }
    ensure!(unfit.is_empty(), "a patch carries plainly named regular files alone, not {}", listed(&unfit));
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authoring::testing::unpacked;
    use tempfile::TempDir;

    /// The SHA-256 of `new\n`.
    const NEW: &str = "7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c";

    fn folder(manifest: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("files")).unwrap();
        fs::write(folder.path().join("files/a.txt"), "new\n").unwrap();
        fs::write(folder.path().join(MANIFEST), manifest).unwrap();
        folder
    }

    fn packed(manifest: &str) -> Result<String> {
        let folder = folder(manifest);
        let out = folder.path().join("p.tar.gz");
        pack(folder.path(), &out, Sums::All)?;
        Ok(String::from_utf8(unpacked(&out)[MANIFEST].clone()).unwrap())
    }

    #[test]
    fn missing_sums_are_filled_in_and_all_else_stays_as_written() {
        let cases = [
            ("<patch>\r\n  <add path='a.txt'/><!-- <add path='b'/> -->\n</patch>", "<add path='a.txt' sha256=\"@\"/>"),
            ("<patch><add path=\"a.txt\"  ></add ></patch>", "<add path=\"a.txt\" sha256=\"@\"  ></add >"),
            (
                "<patch><overwrite\n path='b>c'\n payload='files/a.txt'\n/></patch>",
                "payload='files/a.txt' sha256=\"@\"\n/>",
            ),
            ("\u{feff}<patch>ü<add path=\"a.txt\" /></patch>", "ü<add path=\"a.txt\" sha256=\"@\" />"),
        ];
        for (manifest, expected) in cases {
            let complete = packed(manifest).unwrap();
            assert!(complete.contains(&expected.replace('@', NEW)), "{complete}");
            assert_eq!(complete.replace(&format!(" sha256=\"{NEW}\""), ""), manifest);
        }
    }

    #[test]
    fn what_installs_nothing_or_has_its_sum_is_left_alone() {
        let manifest = format!("<patch><add path='a.txt' sha256='{NEW}'/><add path='d' directory='true'/></patch>");
        assert_eq!(packed(&manifest).unwrap(), manifest);
    }

    #[test]
    fn a_missing_payload_is_named_with_its_line() {
        let error = packed("<patch>\n  <add path='b.txt'/></patch>").unwrap_err();
        assert_eq!(format!("{error:#}"), "patch.xml:2:3: the payload files/b.txt is not in the folder");
    }

    #[test]
    fn a_wrong_sum_is_an_error_and_not_corrected() {
        let error = packed(&format!("<patch><add path='a.txt' sha256='{}'/></patch>", "0".repeat(64))).unwrap_err();
        assert!(format!("{error:#}").contains(NEW), "{error:#}");
    }

    #[test]
    fn a_manifest_that_is_not_well_formed_is_named_with_its_line() {
        let error = packed("<patch>\n<add path='a.txt'></patch>").unwrap_err();
        assert!(format!("{error:#}").starts_with("patch.xml:2:"), "{error:#}");
    }

    #[test]
    fn all_files_are_packed_but_hidden_ones_and_the_archive_itself() {
        let folder = folder("<patch/>");
        fs::write(folder.path().join("CHANGELOG.md"), "- new").unwrap();
        fs::write(folder.path().join("files/.htaccess"), "").unwrap();
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git/HEAD"), "").unwrap();
        let out = folder.path().join("p.tar");
        let first = pack(folder.path(), &out, Sums::All).unwrap();
        assert_eq!(pack(folder.path(), &out, Sums::All).unwrap(), first);
        let names: Vec<_> = unpacked(&out).into_keys().collect();
        assert_eq!(names, ["CHANGELOG.md", "files/.htaccess", "files/a.txt", MANIFEST]);
    }
}
