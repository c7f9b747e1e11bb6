//! Writes a patch's archive, byte for byte the same whenever and wherever it is written.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, GzBuilder};
use patchwright_hooks_api::SitePath;

/// The manifest's name in every patch.
pub(super) const MANIFEST: &str = "patch.xml";

/// Where a member's bytes come from.
pub(super) enum Content {
    /// Text made here, such as the manifest.
    Text(String),
    /// A file, read only while it is written to the archive.
    File(PathBuf),
}

/// The members of an archive by name.
pub(super) type Members = BTreeMap<String, Content>;

/// Writes the members to `out` and gives the archive's size in bytes. A name that ends in `.tar` stays uncompressed.
///
/// The manifest comes first and the rest in the order of names. `out` is replaced only once the archive is whole.
pub(super) fn write(out: &Path, members: &Members) -> Result<u64> {
    check_names(members)?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The umask takes away what the author's other files lack too.
    let readable = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new()
        .prefix(".patch-")
        .permissions(readable)
        .tempfile_in(folder)
        .with_context(|| format!("can't write in {}", folder.display()))?;
    let buffered = BufWriter::new(file.as_file_mut());
    if out.extension().is_some_and(|extension| extension == "tar") {
        append(buffered, members)?.flush()?;
    } else {
        // 255 stands for an unknown system; time and name are left out.
        let compressed = GzBuilder::new().mtime(0).operating_system(255).write(buffered, Compression::default());
        append(compressed, members)?.finish()?.flush()?;
    }
    let size = file.as_file().metadata()?.len();
    file.persist(out).with_context(|| format!("can't write {}", out.display()))?;
    Ok(size)
}

fn append<W: Write>(output: W, members: &Members) -> Result<W> {
    let mut archive = tar::Builder::new(output);
    let manifest = members.get_key_value(MANIFEST);
    for (name, content) in manifest.into_iter().chain(members.iter().filter(|(name, _)| *name != MANIFEST)) {
        match content {
            Content::Text(text) => append_member(&mut archive, name, text.len() as u64, text.as_bytes())?,
            Content::File(path) => {
                let file = File::open(path).with_context(|| format!("can't read {}", path.display()))?;
                append_member(&mut archive, name, file.metadata()?.len(), file)?;
            }
        }
    }
    Ok(archive.into_inner()?)
}

fn append_member<W: Write>(archive: &mut tar::Builder<W>, name: &str, size: u64, content: impl Read) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    // A file that shrinks while it is read would leave the rest of the archive out of step with its headers.
    let mut content = content.take(size);
    archive.append_data(&mut header, name, &mut content).with_context(|| format!("can't write the member {name}"))?;
    ensure!(content.limit() == 0, "{name} became shorter while it was read");
    Ok(())
}

/// Checks that every reader of patches will accept the names, on every file system.
fn check_names(members: &Members) -> Result<()> {
    let mut seen: BTreeMap<String, SitePath> = BTreeMap::new();
    for name in members.keys() {
        let path = SitePath::new(name)?;
        for path in std::iter::once(path.clone()).chain(path.ancestors()) {
            match seen.insert(path.as_str().to_lowercase(), path.clone()) {
                Some(other) if other != path => {
                    bail!("a patch can't hold both {other} and {path}: the names differ only in upper and lower case")
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &[(&str, &str)]) -> Members {
        list.iter().map(|(name, text)| ((*name).to_owned(), Content::Text((*text).to_owned()))).collect()
    }

    #[test]
    fn the_manifest_comes_first_and_nothing_tells_who_wrote_the_archive_or_when() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("p.tar");
        write(&out, &members(&[("z", "1"), ("a/b", "22"), (MANIFEST, "<patch/>"), ("a/a", "")])).unwrap();
        let mut archive = tar::Archive::new(File::open(&out).unwrap());
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.mtime().unwrap(), 0);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mode().unwrap()), (0, 0, 0o644));
            names.push(entry.path().unwrap().to_string_lossy().into_owned());
        }
        assert_eq!(names, [MANIFEST, "a/a", "a/b", "z"]);
    }

    #[test]
    fn the_same_members_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let archives = ["one.tar.gz", "two.tar.gz"].map(|name| folder.path().join(name));
        for out in &archives {
            write(out, &members(&[(MANIFEST, "<patch/>"), ("files/a", "x")])).unwrap();
        }
        let [one, two] = archives.map(|out| std::fs::read(out).unwrap());
        assert_eq!(one, two);
        assert_eq!(one[..2], [0x1f, 0x8b]);
    }

    #[test]
    fn names_that_differ_only_in_case_are_refused_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("p.tar"), &members(&[("files/A/x", ""), ("files/a/y", "")])).unwrap_err();
        assert!(error.to_string().contains("files/A and files/a"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_long_name_is_kept_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (out, name) = (folder.path().join("p.tar"), format!("files/{}x", "long-name/".repeat(40)));
        write(&out, &members(&[(&name, "x")])).unwrap();
        let mut archive = tar::Archive::new(File::open(&out).unwrap());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_string_lossy(), name);
    }
}
