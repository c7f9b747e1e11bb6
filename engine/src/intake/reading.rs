//! From `patch.xml` to the manifest and its steps: one pass, each step element given to the kind that knows it.

use super::manifest::{Changelog, Manifest, Requires};
use super::members::Members;
use super::patch::PlannedStep;
use super::xml::XmlReader;
use super::{MANIFEST, StepKinds, encoding};
use patchwright_hooks_api::{Element, Error, ErrorKind, Payload, Position, Reads, Version, VersionRequirement};

/// The format that this engine reads.
const FORMAT: &str = "1";
/// The longest id or product, in characters: both stand in file names, table columns and log lines.
const MAX_ID_CHARS: usize = 100;
/// The longest title, in characters: it is one line of a list.
const MAX_TITLE_CHARS: usize = 200;
/// The longest line of a changelog, in characters; longer texts belong into the changelog's own file.
const MAX_CHANGE_CHARS: usize = 2000;
/// The longest address, in characters: what browsers take.
const MAX_ADDRESS_CHARS: usize = 2000;
/// How many changes, required or conflicting patches a manifest may list: operators read them, and plans compare them.
const MAX_LISTED: usize = 1000;
/// How many steps a patch may have: each takes memory from here to the end of the run.
const MAX_STEPS: usize = 100_000;

/// The attributes of `<patch>`; the last two let XML editors find the schema.
const PATCH_ATTRIBUTES: [&str; 8] =
    ["format", "product", "id", "from", "to", "severity", "xmlns:xsi", "xsi:noNamespaceSchemaLocation"];
const PATCH_CHILDREN: &str = "title, changelog, requires, conflicts, steps";

/// Reads the manifest among the members, and makes its steps.
pub(super) fn read_manifest(members: &Members, kinds: &dyn StepKinds) -> Result<(Manifest, Vec<PlannedStep>), Error> {
    let bytes = members.read(MANIFEST)?;
    let text = encoding::decode(&bytes)?;
    let mut xml = XmlReader::new(MANIFEST, &text);
    let root = xml.root()?;
    check_root(&root)?;
    let (mut title, mut changelog, mut requires, mut conflicts, mut steps) = (None, None, None, None, None);
    while let Some(start) = xml.child()? {
        let position = start.position.clone();
        match start.name.as_str() {
            "title" => once(&mut title, "title", &position, || line(&xml.whole(start)?, MAX_TITLE_CHARS))?,
            "changelog" => {
                once(&mut changelog, "changelog", &position, || read_changelog(&xml.whole(start)?, members))?;
            }
            "requires" => once(&mut requires, "requires", &position, || read_requires(&xml.whole(start)?))?,
            "conflicts" => once(&mut conflicts, "conflicts", &position, || read_conflicts(&xml.whole(start)?))?,
            "steps" => once(&mut steps, "steps", &position, || read_steps(&mut xml, &start, members, kinds))?,
            _ => {
                return Err(start
                    .error(format!("<patch> has no child element <{}>", start.name))
                    .hint(format!("known child elements: {PATCH_CHILDREN}")));
            }
        }
    }
    xml.finish()?;
    let manifest = Manifest {
        product: identifier(&root, "product")?,
        id: identifier(&root, "id")?,
        from: version(&root, "from")?,
        to: version(&root, "to")?,
        severity: needed(&root, "severity", root.parsed("severity")?)?,
        title: title.ok_or_else(|| root.error("<patch> needs the child element <title>"))?,
        changelog: changelog.unwrap_or_default(),
        requires: requires.unwrap_or_default(),
        conflicts: conflicts.unwrap_or_default(),
    };
    check(&manifest, &root)?;
    Ok((manifest, steps.ok_or_else(|| root.error("<patch> needs the child element <steps>"))?))
}

/// The existing files that the steps of a manifest will want sums of, as far as it can be read: whatever is wrong with it is
/// told by [`read_patch`](super::read_patch).
pub fn foresee(manifest: &[u8], kinds: &dyn StepKinds) -> Vec<Reads> {
    let mut reads = Vec::new();
    let Ok(text) = encoding::decode(manifest) else { return reads };
    let mut xml = XmlReader::new(MANIFEST, &text);
    let mut collect = || -> Result<(), Error> {
        xml.root()?;
        while let Some(start) = xml.child()? {
            if start.name != "steps" {
                xml.whole(start)?;
                continue;
            }
            while let Some(child) = xml.child()? {
                let element = xml.whole(child)?;
                reads.extend(kinds.kind(&element.name).and_then(|kind| kind.reads(&element)));
            }
        }
        Ok(())
    };
    // Up to the first error is as far as it goes.
    let _ = collect();
    reads
}

/// Checks the root element as far as everything after it depends on it.
fn check_root(root: &Element) -> Result<(), Error> {
    if root.name != "patch" {
        return Err(root.error(format!("the root element is <{}>, not <patch>", root.name)));
    }
    // The format first: in another one, whatever else looks wrong may be right.
    let format = root.required("format")?;
    if format != FORMAT {
        return Err(Error::new(ErrorKind::Unsupported, format!("the patch format {format:?} is not known"))
            .at(&root.position)
            .hint(format!("known formats: {FORMAT}; a newer engine may know it")));
    }
    root.only(&PATCH_ATTRIBUTES, &[])
}

fn check(manifest: &Manifest, root: &Element) -> Result<(), Error> {
    if manifest.to <= manifest.from {
        let (from, to) = (&manifest.from, &manifest.to);
        return Err(root
            .error(format!("the patch goes from {from} to {to}, which is not a later version"))
            .hint("every patch must update the version; a single fix may add a patch level such as 1.0.0+fix.7"));
    }
    if manifest.requires.patches.contains(&manifest.id) || manifest.conflicts.contains(&manifest.id) {
        return Err(root.error(format!("the patch {} requires or conflicts with itself", manifest.id)));
    }
    if let Some(both) = manifest.conflicts.iter().find(|id| manifest.requires.patches.contains(id)) {
        return Err(root.error(format!("the patch both requires and conflicts with {both}")));
    }
    Ok(())
}

fn once<T>(
    slot: &mut Option<T>,
    name: &str,
    position: &Position,
    read: impl FnOnce() -> Result<T, Error>,
) -> Result<(), Error> {
    if slot.is_some() {
        return Err(Error::invalid(format!("<{name}> is there twice")).at(position));
    }
    *slot = Some(read()?);
    Ok(())
}

fn read_changelog(element: &Element, members: &Members) -> Result<Changelog, Error> {
    element.only(&["href", "more"], &["change"])?;
    element.no_text()?;
    let href = element.attribute("href").map(str::to_owned);
    if let Some(name) = &href
        && members.entry(name).is_none()
    {
        return Err(element.error(format!("the changelog {name:?} is not in the archive")));
    }
    let more = element.attribute("more").map(str::to_owned);
    if let Some(address) = &more
        && !is_web_address(address)
    {
        return Err(element
            .error(format!("the attribute more of <changelog> is {address:?}, not an http or https address"))
            .hint("write it like https://acme.example/1.0.1"));
    }
    let changes = listed(element)?.map(|change| line(change, MAX_CHANGE_CHARS)).collect::<Result<_, _>>()?;
    Ok(Changelog { href, more, changes })
}

fn read_requires(element: &Element) -> Result<Requires, Error> {
    element.only(&[], &["patch", "component", "engine"])?;
    element.no_text()?;
    let mut requires = Requires::default();
    for child in listed(element)? {
        child.no_text()?;
        match child.name.as_str() {
            "patch" => {
                child.only(&["id"], &[])?;
                requires.patches.push(identifier(child, "id")?);
            }
            "component" => {
                child.only(&["name", "version"], &[])?;
                requires.components.push((identifier(child, "name")?, requirement(child)?));
            }
            _ => {
                child.only(&["version"], &[])?;
                once(&mut requires.engine, "engine", &child.position, || requirement(child))?;
            }
        }
    }
    Ok(requires)
}

fn read_conflicts(element: &Element) -> Result<Vec<String>, Error> {
    element.only(&[], &["patch"])?;
    element.no_text()?;
    let id = |child: &Element| {
        child.only(&["id"], &[])?;
        child.no_text()?;
        identifier(child, "id")
    };
    listed(element)?.map(id).collect()
}

/// Reads the steps one by one, in order (A13): only one element is in memory at a time.
fn read_steps(
    xml: &mut XmlReader<'_>,
    start: &Element,
    members: &Members,
    kinds: &dyn StepKinds,
) -> Result<Vec<PlannedStep>, Error> {
    start.only(&[], &[])?;
    let mut steps = Vec::new();
    while let Some(child) = xml.child()? {
        if steps.len() == MAX_STEPS {
            return Err(
                Error::new(ErrorKind::Limit, format!("the patch has more than {MAX_STEPS} steps")).at(&child.position)
            );
        }
        let Some(kind) = kinds.kind(&child.name) else {
            return Err(child
                .error(format!("unknown step <{}>", child.name))
                .hint(format!("known steps: {}", kinds.known().join(", "))));
        };
        let element = xml.whole(child)?;
        let step = kind.parse(&element, members).map_err(|error| error.at(&element.position))?;
        let name = kind.elements().iter().find(|name| **name == element.name).copied().unwrap_or_default();
        steps.push(PlannedStep { step, element: name, reads: kind.reads(&element), position: element.position });
    }
    steps.shrink_to_fit();
    if steps.is_empty() {
        return Err(start.error("the patch has no steps").hint("a patch has at least one step"));
    }
    Ok(steps)
}

/// An element's children, if they are not too many.
fn listed(element: &Element) -> Result<impl Iterator<Item = &Element>, Error> {
    match element.children().nth(MAX_LISTED) {
        Some(excess) => {
            let message = format!("<{}> lists more than {MAX_LISTED} elements", element.name);
            Err(Error::new(ErrorKind::Limit, message).at(&excess.position))
        }
        None => Ok(element.children()),
    }
}

/// An element's text as one line: it is shown in lists and on terminals.
fn line(element: &Element, max_chars: usize) -> Result<String, Error> {
    element.only(&[], &[])?;
    let line = element.text().split_whitespace().collect::<Vec<_>>().join(" ");
    let wrong = |why: String| Err(element.error(format!("the text of <{}> {why}", element.name)));
    if line.is_empty() {
        return wrong("is empty".into());
    }
    if line.chars().count() > max_chars {
        return wrong(format!("is longer than {max_chars} characters"));
    }
    if line.chars().any(char::is_control) {
        return wrong("holds a control character".into());
    }
    Ok(line)
}

fn identifier(element: &Element, name: &str) -> Result<String, Error> {
    let text = element.required(name)?;
    let fits = |character: char| character.is_ascii_alphanumeric() || "._+-".contains(character);
    if text.is_empty() || text.len() > MAX_ID_CHARS || !text.chars().all(fits) {
        return Err(element
            .error(format!("the attribute {name} of <{}> is {text:?}", element.name))
            .hint(format!("write 1 to {MAX_ID_CHARS} letters, digits, '.', '_', '+' or '-'")));
    }
    Ok(text.to_owned())
}

fn version(element: &Element, name: &str) -> Result<Version, Error> {
    needed(element, name, element.parsed(name)?)
}

fn requirement(element: &Element) -> Result<VersionRequirement, Error> {
    needed(element, "version", element.parsed("version")?)
}

fn needed<T>(element: &Element, name: &str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| element.error(format!("<{}> needs the attribute {name}", element.name)))
}

/// Whether it is an address that a link may lead to (A7): never `javascript:` or the like.
fn is_web_address(address: &str) -> bool {
    let Some(rest) = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")) else { return false };
    address.chars().count() <= MAX_ADDRESS_CHARS
        && rest.starts_with(|first: char| first.is_alphanumeric() || first == '[')
        && !rest
            .chars()
            .any(|character| character.is_control() || character.is_whitespace() || "\"'<>\\`".contains(character))
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
