//! What a patch left to its operator, as commands to copy.

use patchwright_engine::Message;
use patchwright_engine::message::{Backup, Merge, Writable};
use patchwright_engine::site::config::SiteConfig;
use patchwright_engine::site::shell;
use patchwright_hooks_api::SitePath;
use std::path::Path;

/// What its scripts noted, and the three lists, each thing with the command that does it.
pub(crate) fn text(message: &Message, config: &SiteConfig) -> String {
    let Message { patch, writable, backups, merges, notes } = message;
    if message.is_empty() {
        return format!("{patch} left nothing to do\n");
    }
    let full = |folder: &Path, path: &SitePath| shell::word(&folder.join(path.as_str()).to_string_lossy());
    let mut text: String = notes.iter().map(|note| format!("{patch}: {note}\n")).collect();
    if !writable.is_empty() {
        text.push_str(&format!("{patch}: to be made read-only again\n"));
    }
    for Writable { path, was, .. } in writable {
        let path = if path == "." { config.root.clone() } else { config.root.join(path) };
        text.push_str(&format!("  chmod {was:o} {}\n", shell::word(&path.to_string_lossy())));
    }
    if !merges.is_empty() {
        text.push_str(&format!("{patch}: to be merged by hand; remove the second file when it is done\n"));
    }
    for Merge { path, beside } in merges {
        text.push_str(&format!("  diff -u {} {}\n", full(&config.root, path), full(&config.root, beside)));
    }
    if !backups.is_empty() {
        text.push_str(&format!("{patch}: your own files are kept; this brings one back\n"));
    }
    for Backup { path, kept } in backups {
        text.push_str(&format!("  cp -p {} {}\n", full(&config.state, kept), full(&config.root, path)));
    }
    text
}
