//! From `patch.xml` to the manifest and its steps: one pass, each step element given to the kind that knows it.

use super::manifest::{Changelog, Manifest};
use super::members::Members;
use super::outline::Outline;
use super::patch::PlannedStep;
use super::requirements::read_requires;
use super::{MANIFEST, StepKinds, encoding};
use patchwright_hooks_api::{Element, Error, ErrorKind, Payload, Reads, Version};
use patchwright_xml::XmlReader;

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
/// How many faults of one manifest are told: more only hide the first.
const MAX_FAULTS: usize = 100;

/// The attributes of `<patch>`; the last two let XML editors find the schema.
const PATCH_ATTRIBUTES: [&str; 9] =
    ["format", "product", "component", "id", "from", "to", "severity", "xmlns:xsi", "xsi:noNamespaceSchemaLocation"];
const PATCH_CHILDREN: &str = "title, changelog, requires, conflicts, steps";

/// Reads the manifest among the members, and makes its steps.
///
/// # Errors
/// All that is wrong with it, in its order, so that its author can mend it in one go; as far as the XML can be followed.
pub(super) fn read_manifest(
    members: &Members,
    kinds: &dyn StepKinds,
) -> Result<(Manifest, Vec<PlannedStep>), Vec<Error>> {
    let bytes = members.read(MANIFEST).map_err(|error| vec![error])?;
    let text = encoding::decode(&bytes).map_err(|error| vec![error])?;
    let mut faults = Faults::default();
    let read = read_document(&text, members, kinds, &mut faults);
    let faults = match read {
        Ok(Some(read)) if faults.0.is_empty() => return Ok(read),
        Ok(_) => faults.0,
        Err(last) => faults.and(last),
    };
    Err(faults.into_iter().map(|fault| fault.in_source(MANIFEST, &text)).collect())
}

/// Gives nothing where the faults are in the way; an error is one after which nothing more can be read.
fn read_document(
    text: &str,
    members: &Members,
    kinds: &dyn StepKinds,
    faults: &mut Faults,
) -> Result<Option<(Manifest, Vec<PlannedStep>)>, Error> {
    let mut xml = XmlReader::new(MANIFEST, text);
    let root = xml.root()?;
    check_root(&root, faults)?;
    let attributes = (
        faults.keep(identifier(&root, "product")),
        faults.keep(component(&root)),
        faults.keep(identifier(&root, "id")),
        faults.keep(start(&root)),
        faults.keep(version(&root, "to")),
        faults.keep(root.parsed("severity").and_then(|severity| needed(&root, "severity", severity))),
    );
    let (mut title, mut changelog, mut requires, mut conflicts, mut steps) = (None, None, None, None, None);
    while let Some(start) = xml.child()? {
        if start.name == "steps" && steps.is_none() {
            steps = Some(read_steps(&mut xml, &start, members, kinds, faults)?);
            continue;
        }
        let child = &xml.whole(start)?;
        match child.name.as_str() {
            "title" => faults.once(&mut title, child, |child| line(child, MAX_TITLE_CHARS)),
            "changelog" => faults.once(&mut changelog, child, |child| read_changelog(child, members)),
            "requires" => faults.once(&mut requires, child, read_requires),
            "conflicts" => faults.once(&mut conflicts, child, read_conflicts),
            "steps" => faults.once(&mut steps, child, |_| Ok(Vec::new())),
            _ => faults.add(
                child
                    .error(format!("<patch> has no child element <{}>", child.name))
                    .hint(format!("known child elements: {PATCH_CHILDREN}")),
            ),
        }
    }
    xml.finish()?;
    let missing = |name| root.error(format!("<patch> needs the child element <{name}>"));
    let title = faults.keep(title.ok_or_else(|| missing("title")));
    let steps = faults.keep(steps.ok_or_else(|| missing("steps")));
    let (Some(product), Some(component), Some(id), Some(from), Some(to), Some(severity)) = attributes else {
        return Ok(None);
    };
    let (Some(title), Some(steps)) = (title, steps) else { return Ok(None) };
    let manifest = Manifest {
        product,
        component,
        id,
        from,
        to,
        severity,
        title,
        changelog: changelog.unwrap_or_default(),
        requires: requires.unwrap_or_default(),
        conflicts: conflicts.unwrap_or_default(),
    };
    Ok(faults.keep(check(&manifest, &root)).map(|()| (manifest, steps)))
}

/// What is wrong with a manifest, in its order.
#[derive(Default)]
struct Faults(Vec<Error>);

impl Faults {
    fn add(&mut self, error: Error) {
        self.0.push(error);
    }

    /// The value, or nothing and one fault more.
    fn keep<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Reads an element that may be there once. A bad one counts as there, so that it is not told to be missing too.
    fn once<T: Default>(
        &mut self,
        slot: &mut Option<T>,
        element: &Element,
        read: impl FnOnce(&Element) -> Result<T, Error>,
    ) {
        if slot.is_some() {
            return self.add(element.error(format!("<{}> is there twice", element.name)));
        }
        *slot = Some(self.keep(read(element)).unwrap_or_default());
    }

    fn are_many(&self) -> bool {
        self.0.len() >= MAX_FAULTS
    }

    fn and(mut self, last: Error) -> Vec<Error> {
        self.add(last);
        self.0
    }
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
fn check_root(root: &Element, faults: &mut Faults) -> Result<(), Error> {
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
    faults.keep(root.only(&PATCH_ATTRIBUTES, &[]));
    Ok(())
}

fn check(manifest: &Manifest, root: &Element) -> Result<(), Error> {
    let Manifest { product, component, from, to, .. } = manifest;
    if let Some(from) = from.as_ref().filter(|from| to <= *from) {
        return Err(root
            .error(format!("the patch goes from {from} to {to}, which is not a later version"))
            .hint("every patch must update the version; a single fix may add a patch level such as 1.0.0+fix.7"));
    }
    if component.as_ref() == Some(product) {
        return Err(root.error(format!("{product} is the product, and can't be a component of itself")));
    }
    let own = manifest.requires.components.iter().any(|(name, _)| Some(name) == component.as_ref());
    if own || (component.is_none() && manifest.requires.product.is_some()) {
        let hint = "its attribute from says it already; without one, the component must not be there";
        return Err(root.error("the patch requires a version of what it is for").hint(hint));
    }
    if manifest.requires.components.iter().any(|(name, _)| name == product) {
        let hint = r#"write <product version="…"/> in the patch of a component"#;
        return Err(root.error(format!("{product} is the product, and no component")).hint(hint));
    }
    if manifest.requires.patches.contains(&manifest.id) || manifest.conflicts.contains(&manifest.id) {
        return Err(root.error(format!("the patch {} requires or conflicts with itself", manifest.id)));
    }
    if let Some(both) = manifest.conflicts.iter().find(|id| manifest.requires.patches.contains(id)) {
        return Err(root.error(format!("the patch both requires and conflicts with {both}")));
    }
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
    faults: &mut Faults,
) -> Result<Vec<PlannedStep>, Error> {
    faults.keep(start.only(&[], &[]));
    let mut steps = Vec::new();
    let mut found = 0;
    while let Some(child) = xml.child()? {
        found += 1;
        if found > MAX_STEPS {
            return Err(
                Error::new(ErrorKind::Limit, format!("the patch has more than {MAX_STEPS} steps")).at(&child.position)
            );
        }
        let element = xml.whole(child)?;
        steps.extend(faults.keep(read_step(element, members, kinds)));
        if faults.are_many() {
            let message = format!("the patch has more than {MAX_FAULTS} faults, and is not read any further");
            return Err(Error::new(ErrorKind::Limit, message).at(&start.position));
        }
    }
    steps.shrink_to_fit();
    if found == 0 {
        faults.add(start.error("the patch has no steps").hint("a patch has at least one step"));
    }
    Ok(steps)
}

fn read_step(element: Element, members: &Members, kinds: &dyn StepKinds) -> Result<PlannedStep, Error> {
    let kind = kinds.kind(&element.name).ok_or_else(|| {
        element
            .error(format!("unknown step <{}>", element.name))
            .hint(format!("known steps: {}", kinds.known().join(", ")))
    })?;
    let step = kind.parse(&element, members).map_err(|error| error.at(&element.position))?;
    let name = kind.elements().iter().find(|name| **name == element.name).copied().unwrap_or_default();
    let outline = Outline::of(&element, !step.scripts().is_empty());
    Ok(PlannedStep { step, element: name, reads: kind.reads(&element), outline, position: element.position })
}

/// An element's children, if they are not too many.
pub(super) fn listed(element: &Element) -> Result<impl Iterator<Item = &Element>, Error> {
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

pub(super) fn identifier(element: &Element, name: &str) -> Result<String, Error> {
    let text = element.required(name)?;
    let fits = |character: char| character.is_ascii_alphanumeric() || "._+-".contains(character);
    if text.is_empty() || text.len() > MAX_ID_CHARS || !text.chars().all(fits) {
        return Err(element
            .error(format!("the attribute {name} of <{}> is {text:?}", element.name))
            .hint(format!("write 1 to {MAX_ID_CHARS} letters, digits, '.', '_', '+' or '-'")));
    }
    Ok(text.to_owned())
}

/// The component that the patch is for, if not for the product itself.
fn component(root: &Element) -> Result<Option<String>, Error> {
    root.attribute("component").map(|_| identifier(root, "component")).transpose()
}

/// The version that the patch starts from. The patch of a component may do without: it installs the component.
fn start(root: &Element) -> Result<Option<Version>, Error> {
    match root.attribute("component") {
        Some(_) => root.parsed("from"),
        None => version(root, "from").map(Some),
    }
}

fn version(element: &Element, name: &str) -> Result<Version, Error> {
    needed(element, name, element.parsed(name)?)
}

pub(super) fn needed<T>(element: &Element, name: &str, value: Option<T>) -> Result<T, Error> {
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
