//! Which names an archive may use, and how often (A2).

use super::error::Fault;
use patchwright_hooks_api::SitePath;
use std::collections::HashMap;

/// The longest member name, in bytes; it bounds the memory that names can take.
const MAX_NAME_BYTES: usize = 1024;

/// The names seen so far. Members never reach the file system by name; these rules keep an archive from meaning one
/// thing here and another in a vendor's or reviewer's tools.
#[derive(Default)]
pub(super) struct Names {
    /// By lower-case name: the name as written, and what stands there.
    seen: HashMap<String, (String, Kind)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    /// A directory without an entry of its own, above something that has one.
    Above,
}

impl Names {
    /// Takes the name of a regular file.
    pub(super) fn file(&mut self, raw: &[u8]) -> Result<String, Fault> {
        self.take(raw, raw, Kind::File)
    }

    /// Takes the name of a directory; the archive's own top has none.
    pub(super) fn directory(&mut self, raw: &[u8]) -> Result<(), Fault> {
        let name = raw.strip_suffix(b"/").unwrap_or(raw);
        if name == b"." {
            return Ok(());
        }
        self.take(raw, name, Kind::Directory).map(drop)
    }

    fn take(&mut self, raw: &[u8], name: &[u8], kind: Kind) -> Result<String, Fault> {
        let refuse = |why: String| Fault::Refused { member: shown(raw), why };
        let name = name.strip_prefix(b"./").unwrap_or(name);
        if name.len() > MAX_NAME_BYTES {
            return Err(refuse(format!("its name is longer than {MAX_NAME_BYTES} bytes")));
        }
        let name = str::from_utf8(name).map_err(|_| refuse("its name is not UTF-8".into()))?;
        // Members follow the rules of the paths that they are installed at.
        let path = SitePath::new(name).map_err(|error| refuse(error.message))?;
        self.claim(name, kind).map_err(refuse)?;
        for above in path.ancestors() {
            let known = self
                .seen
                .get(&above.as_str().to_lowercase())
                .is_some_and(|(as_written, _)| as_written == above.as_str());
            self.claim(above.as_str(), Kind::Above).map_err(refuse)?;
            if known {
                break;
            }
        }
        Ok(name.to_owned())
    }

    fn claim(&mut self, name: &str, kind: Kind) -> Result<(), String> {
        let Some((as_written, known)) = self.seen.get_mut(&name.to_lowercase()) else {
            self.seen.insert(name.to_lowercase(), (name.to_owned(), kind));
            return Ok(());
        };
        if as_written != name {
            return Err(format!("{name:?} differs from {as_written:?} only in upper and lower case"));
        }
        match (*known, kind) {
            (Kind::Above | Kind::Directory, Kind::Above) => Ok(()),
            (Kind::Above, Kind::Directory) => {
                *known = Kind::Directory;
                Ok(())
            }
            (Kind::File, Kind::File) | (Kind::Directory, Kind::Directory) => Err("it is there twice".into()),
            (Kind::File, _) | (_, Kind::File) => Err(format!("{name:?} is both a file and a directory")),
        }
    }
}

/// A name from an archive, fit for a message.
pub(super) fn shown(raw: &[u8]) -> String {
    const MAX_SHOWN_CHARS: usize = 200;
    String::from_utf8_lossy(raw).chars().take(MAX_SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(names: &mut Names, raw: &[u8]) -> String {
        names.file(raw).unwrap_err().to_string()
    }

    #[test]
    fn names_that_lead_out_or_hide_something_are_refused() {
        // A2
        for raw in ["/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "", ".", "..", "a\\b", "a\nb", "a\x1bb", "a/"]
        {
            assert!(Names::default().file(raw.as_bytes()).is_err(), "{raw:?} was accepted");
        }
        assert!(why(&mut Names::default(), b"caf\xe9").contains("not UTF-8"));
        assert!(why(&mut Names::default(), &b"ab/".repeat(400)).contains("longer than 1024 bytes"));
    }

    #[test]
    fn a_leading_dot_slash_means_nothing() {
        let mut names = Names::default();
        assert_eq!(names.file(b"./files/a").unwrap(), "files/a");
        names.directory(b"./").unwrap();
        names.directory(b"./files/").unwrap();
        assert!(why(&mut names, b"files/a").contains("there twice"));
    }

    #[test]
    fn one_name_can_not_mean_two_things() {
        let mut names = Names::default();
        names.file(b"files/a").unwrap();
        names.directory(b"files").unwrap();
        assert!(names.directory(b"files/").unwrap_err().to_string().contains("there twice"));
        assert!(names.directory(b"files/a").unwrap_err().to_string().contains("both a file and a directory"));
        assert!(why(&mut names, b"files").contains("both a file and a directory"));
        assert!(why(&mut names, b"files/a/b").contains("both a file and a directory"));
    }

    #[test]
    fn names_that_a_case_blind_file_system_would_join_are_refused() {
        let mut names = Names::default();
        names.file("files/Ä/a".as_bytes()).unwrap();
        assert!(why(&mut names, "files/ä/b".as_bytes()).contains("only in upper and lower case"));
        assert!(why(&mut names, "files/Ä/A".as_bytes()).contains("only in upper and lower case"));
        names.file("files/Ä/c".as_bytes()).unwrap();
    }
}
