//! Trees and archives for the tests of this module.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use flate2::read::GzDecoder;
use tempfile::TempDir;

/// A release: what stands at each path.
pub(super) type Tree = BTreeMap<String, Node>;

/// A file with its bytes and mode, or a directory with its mode.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A regular file.
    File(Vec<u8>, u32),
    /// A directory.
    Directory(u32),
}

/// The tree on the disk. Directories that are not named have the mode 0755.
pub(super) fn planted(tree: &Tree) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, node) in tree {
        let path = root.path().join(path);
        for above in path.ancestors().skip(1).take_while(|above| *above != root.path()).collect::<Vec<_>>().iter().rev()
        {
            if !above.exists() {
                fs::create_dir(above).unwrap();
                fs::set_permissions(above, Permissions::from_mode(0o755)).unwrap();
            }
        }
        let mode = match node {
            Node::File(bytes, mode) => fs::write(&path, bytes).map(|()| mode).unwrap(),
            Node::Directory(mode) => fs::create_dir(&path).map(|()| mode).unwrap(),
        };
        fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
    }
    root
}

/// The members of an archive.
pub(super) fn unpacked(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = BufReader::new(File::open(archive).unwrap());
    let plain = archive.extension().is_some_and(|extension| extension == "tar");
    let stream: Box<dyn Read> = if plain { Box::new(file) } else { Box::new(GzDecoder::new(file)) };
    let mut members = BTreeMap::new();
    for entry in tar::Archive::new(stream).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        members.insert(name, bytes);
    }
    members
}
