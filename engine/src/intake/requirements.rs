//! What a manifest requires: `<requires>` and its children (A34, B21, D2, D7).

use super::manifest::Requires;
use super::reading::{identifier, listed, needed};
use patchwright_hooks_api::{Element, Error, VersionRequirement};

pub(super) fn read_requires(element: &Element) -> Result<Requires, Error> {
    element.only(&[], &["patch", "component", "product", "engine"])?;
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
                child.only(&["name", "version", "absent"], &[])?;
                requires.components.push((identifier(child, "name")?, presence(child)?));
            }
            name => {
                child.only(&["version"], &[])?;
                let slot = if name == "product" { &mut requires.product } else { &mut requires.engine };
                if slot.is_some() {
                    return Err(child.error(format!("<{name}> is there twice")));
                }
                *slot = Some(requirement(child)?);
            }
        }
    }
    Ok(requires)
}

/// The versions of a component that will do, or nothing where it must not be there (D7).
fn presence(element: &Element) -> Result<Option<VersionRequirement>, Error> {
    match (element.parsed::<bool>("absent")?, element.attribute("version")) {
        (Some(true), None) => Ok(None),
        (Some(true), Some(_)) => Err(element
            .error("a component that must not be there has no version")
            .hint("write one of the two attributes")),
        _ => requirement(element).map(Some),
    }
}

fn requirement(element: &Element) -> Result<VersionRequirement, Error> {
    needed(element, "version", element.parsed("version")?)
}
