//! Which version of patchwright this program is.

use patchwright_hooks_api::Version;
use std::sync::OnceLock;

/// What stands before the version in the program's file.
const MARK: &str = "patchwright-version:";
const LENGTH: usize = 64;

/// The version, where it can be found in the program's file: a test makes a program of another version by writing over it in a copy.
static MARKED: [u8; LENGTH] = marked(MARK, env!("CARGO_PKG_VERSION"));

const fn marked(mark: &str, version: &str) -> [u8; LENGTH] {
    let (mark, version) = (mark.as_bytes(), version.as_bytes());
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    while at < mark.len() + version.len() {
        bytes[at] = if at < mark.len() { mark[at] } else { version[at - mark.len()] };
        at += 1;
    }
    bytes
}

/// The version, as text.
pub(crate) fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        // Not to be known when this is compiled: it is what the file says.
        let bytes = std::hint::black_box(&MARKED);
        let version = bytes[MARK.len()..].split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(version).into_owned()
    })
}

/// The version.
pub(crate) fn own() -> Version {
    text().parse().expect("the package's version is a version, and so is what a test writes over it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_packages() {
        assert_eq!(text(), env!("CARGO_PKG_VERSION"));
        assert_eq!(own(), env!("CARGO_PKG_VERSION").parse().unwrap());
    }
}
