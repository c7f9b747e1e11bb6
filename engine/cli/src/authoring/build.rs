//! A patch from two releases: the steps that turn one tree into the other.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use patchwright_hooks_api::{SitePath, Version};
use patchwright_step_text::edit::Change;

use super::archive::{self, Content, MANIFEST, Members};
use super::diff::{Changed, Difference, difference};
use super::digest::Digests;
use super::manifest::{Manifest, as_xml, edit_element};
use super::text;

/// The severities that the patch format knows, the least urgent first (A37).
pub(crate) const SEVERITIES: [&str; 5] = ["optional", "recommended", "important", "critical", "security"];
/// The member that holds the changelog.
const CHANGELOG: &str = "CHANGELOG.md";
/// How many changes the manifest lists; the changelog itself has them all.
const MAX_CHANGES: usize = 200;
/// The longest change listed, in characters; operators read it as one line.
const MAX_CHANGE_CHARS: usize = 2000;
/// How much text all edits together may add to the manifest, in bytes: engines read it whole, up to 16 MiB.
const MAX_EDIT_BYTES: usize = 4 << 20;

/// What to build.
#[derive(Clone, Debug)]
pub(crate) struct BuildSpec {
    /// The root of the release that sites have.
    pub(crate) old: PathBuf,
    /// The root of the release that they are to get.
    pub(crate) new: PathBuf,
    /// The product's name.
    pub(crate) product: String,
    /// The component of the product that the releases are of; without one, they are the product's own (B21).
    pub(crate) component: Option<String>,
    /// The version of `old`; without one the patch installs the component.
    pub(crate) from: Option<Version>,
    /// The version of `new`, which must be later.
    pub(crate) to: Version,
    /// The patch's id; without one it is the product, or the component, and the new version.
    pub(crate) id: Option<String>,
    /// What people call the patch; without one it is the product, or the component, and the new version.
    pub(crate) title: Option<String>,
    /// One of [`SEVERITIES`].
    pub(crate) severity: String,
    /// A Markdown file; its list items are the changes.
    pub(crate) changelog: Option<PathBuf>,
    /// Whether small changes to texts become edits, which fit files that sites have changed elsewhere.
    pub(crate) alter: bool,
    /// The archive to write.
    pub(crate) out: PathBuf,
}

impl BuildSpec {
    /// What has the versions.
    fn part(&self) -> &str {
        self.component.as_ref().unwrap_or(&self.product)
    }
}

/// What was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Built {
    /// The patch's id.
    pub(crate) id: String,
    /// How many files and directories it adds.
    pub(crate) added: usize,
    /// How many files it overwrites, for their bytes or their mode.
    pub(crate) overwritten: usize,
    /// How many files it alters in place.
    pub(crate) altered: usize,
    /// How many files and directories it deletes.
    pub(crate) deleted: usize,
    /// The archive's size.
    pub(crate) bytes: u64,
    /// Directories of both releases that have other modes in the new one, which no step can give them.
    pub(crate) other_modes: Vec<SitePath>,
}

/// Builds the patch that turns the old release into the new one.
///
/// # Errors
/// When the version does not rise (A3), nothing differs, or a release holds something that a patch can't carry: links,
/// special files, names that no patch can write; all of these are named at once.
pub(crate) fn build(spec: &BuildSpec) -> Result<Built> {
    let BuildSpec { from, to, .. } = spec;
    if let Some(from) = from {
        ensure!(to > from, "a patch leads to a later version, and {to} is not later than {from}");
    }
    ensure!(
        SEVERITIES.contains(&spec.severity.as_str()),
        "{:?} is not a severity; one of {} is",
        spec.severity,
        SEVERITIES.join(", ")
    );
    let id = spec.id.clone().unwrap_or_else(|| format!("{}-{to}", spec.part()));
    let mut writing =
        Writing { spec, manifest: head(spec, &id)?, members: Members::new(), altered: 0, edit_room: MAX_EDIT_BYTES };
    if let Some(changelog) = &spec.changelog {
        writing.members.insert(CHANGELOG.to_owned(), Content::File(changelog.clone()));
    }
    let difference = difference(&spec.old, &spec.new)?;
    let built = Built {
        id,
        added: difference.added.len() + difference.added_directories.len(),
        overwritten: 0,
        altered: 0,
        deleted: difference.deleted.len() + difference.deleted_directories.len(),
        bytes: 0,
        other_modes: difference.other_modes.clone(),
    };
    let changed = difference.changed.len();
    ensure!(built.added + built.deleted + changed > 0, "the two releases are the same, so there is nothing to patch");
    writing.steps(&difference)?;
    let altered = writing.altered;
    Ok(Built { altered, overwritten: changed - altered, bytes: writing.finish()?, ..built })
}

/// The manifest as far as its steps.
fn head(spec: &BuildSpec, id: &str) -> Result<Manifest> {
    let mut attributes = vec![("format", "1"), ("product", spec.product.as_str())];
    attributes.extend(spec.component.as_ref().map(|component| ("component", component.as_str())));
    attributes.push(("id", id));
    attributes.extend(spec.from.as_ref().map(|from| ("from", from.as_str())));
    attributes.extend([("to", spec.to.as_str()), ("severity", &spec.severity)]);
    let mut manifest = Manifest::new(&attributes);
    let title = spec.title.clone().unwrap_or_else(|| format!("{} {}", spec.part(), spec.to));
    manifest.title(&as_xml(&title));
    if let Some(changelog) = &spec.changelog {
        let text =
            fs::read_to_string(changelog).with_context(|| format!("can't read {} as UTF-8", changelog.display()))?;
        manifest.changelog(CHANGELOG, &changes(&text));
    }
    manifest.begin_steps();
    Ok(manifest)
}

/// The list items of a Markdown text, each in one line.
fn changes(markdown: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut in_item = false;
    for line in markdown.lines() {
        let item = ["- ", "* ", "+ "].iter().find_map(|bullet| line.trim_start().strip_prefix(bullet));
        in_item = item.is_some() || (in_item && line.starts_with([' ', '\t']));
        match (item, items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(last)) if in_item => last.extend([" ", line]),
            _ => {}
        }
    }
    items.iter().map(|item| one_line(item)).filter(|item| !item.is_empty()).take(MAX_CHANGES).collect()
}

fn one_line(item: &str) -> String {
    let words = item.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    as_xml(&words.collect::<Vec<_>>().join(" ")).chars().take(MAX_CHANGE_CHARS).collect()
}

/// A patch that is being written.
struct Writing<'a> {
    spec: &'a BuildSpec,
    manifest: Manifest,
    members: Members,
    altered: usize,
    /// How many bytes of edits the manifest can still take.
    edit_room: usize,
}

impl Writing<'_> {
    /// All steps. What goes comes first, so that a directory can take the place of a file and a file that of a directory.
    fn steps(&mut self, difference: &Difference) -> Result<()> {
        for (path, old) in &difference.deleted {
            self.manifest.step(
                "delete",
                path,
                &[("md5", &old.md5.to_string()), ("was-sha256", &old.sha256.to_string())],
            );
        }
        for path in &difference.deleted_directories {
            self.manifest.step("delete", path, &[("directory", "true")]);
        }
        for (path, mode) in &difference.added_directories {
            self.manifest.step("add", path, &[("directory", "true"), ("mode", &octal(*mode))]);
        }
        for (path, new, mode) in &difference.added {
            self.manifest.step("add", path, &[("sha256", &new.sha256.to_string()), ("mode", &octal(*mode))]);
            self.carry(path);
        }
        for changed in &difference.changed {
            match self.edits(changed)? {
                Some(edits) => self.alter(&changed.path, &changed.old, &edits),
                None => self.overwrite(changed),
            }
        }
        Ok(())
    }

    fn edits(&self, changed: &Changed) -> Result<Option<Vec<Change>>> {
        if !self.spec.alter || changed.modes.is_some() {
            return Ok(None);
        }
        let read = |root: &Path| text::read(&root.join(changed.path.as_str()));
        let (Some(old), Some(new)) = (read(&self.spec.old)?, read(&self.spec.new)?) else { return Ok(None) };
        let cost = |edits: &Vec<Change>| edits.iter().map(|edit| edit_element(edit).len()).sum::<usize>();
        Ok(text::edits(&old, &new).filter(|edits| cost(edits) <= self.edit_room))
    }

    fn alter(&mut self, path: &SitePath, old: &Digests, edits: &[Change]) {
        self.edit_room -= edits.iter().map(|edit| edit_element(edit).len()).sum::<usize>();
        self.altered += 1;
        self.manifest.alter(path, old, edits);
    }

    fn overwrite(&mut self, changed: &Changed) {
        let Changed { path, old, new, modes } = changed;
        let (md5, was, sha256) = (old.md5.to_string(), old.sha256.to_string(), new.sha256.to_string());
        let modes = modes.map(|(was, mode)| (octal(was), octal(mode)));
        let mut attributes = vec![("md5", md5.as_str()), ("was-sha256", &was), ("sha256", &sha256)];
        if let Some((was, mode)) = &modes {
            attributes.extend([("mode", mode.as_str()), ("was-mode", was)]);
        }
        self.manifest.step("overwrite", path, &attributes);
        self.carry(path);
    }

    /// Takes the new release's file along, under the name that steps expect unless they say otherwise.
    fn carry(&mut self, path: &SitePath) {
        self.members.insert(format!("files/{path}"), Content::File(self.spec.new.join(path.as_str())));
    }

    fn finish(mut self) -> Result<u64> {
        self.members.insert(MANIFEST.to_owned(), Content::Text(self.manifest.finish()));
        archive::write(&self.spec.out, &self.members)
    }
}

fn octal(mode: u32) -> String {
    format!("{mode:o}")
}

#[cfg(test)]
#[path = "build_tests.rs"]
mod tests;
