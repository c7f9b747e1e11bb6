//! A version of a part of the product, as it is said on the command line: `1.2` of the product, `forum=2.1` of a component (B21).

use crate::problem::Problem;
use patchwright_hooks_api::Version;
use std::collections::BTreeMap;
use std::str::FromStr;

/// A version of the product, or of the component that is named.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartVersion {
    /// The component; nothing for the product.
    pub(crate) component: Option<String>,
    /// The version.
    pub(crate) version: Version,
}

impl FromStr for PartVersion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (component, version) = match text.split_once('=') {
            Some(("", _)) => return Err("a component has a name: write it like forum=2.1".to_owned()),
            Some((component, version)) => (Some(component.to_owned()), version),
            None => (None, text),
        };
        Ok(Self { component, version: version.parse().map_err(|error| format!("{error}"))? })
    }
}

/// The component of `NAME=VERSION`, with its version.
pub(crate) fn component(text: &str) -> Result<(String, Version), String> {
    let PartVersion { component, version } = text.parse()?;
    component.map(|component| (component, version)).ok_or_else(|| "write it like forum=2.1".to_owned())
}

/// The version of the product, and those of components.
///
/// # Errors
/// When there are two of one part.
pub(crate) fn apart(parts: &[PartVersion]) -> Result<(Option<Version>, BTreeMap<String, Version>), Problem> {
    let (mut product, mut components) = (None, BTreeMap::new());
    for PartVersion { component, version } in parts.iter().cloned() {
        let (name, before) = match component {
            None => ("the product".to_owned(), product.replace(version)),
            Some(name) => (name.clone(), components.insert(name, version)),
        };
        if before.is_some() {
            return Err(Problem::wrong_use(format!("{name} is given two versions"), "give one"));
        }
    }
    Ok((product, components))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_the_product_s_unless_a_component_is_named() {
        // B21
        let parts: Vec<PartVersion> = ["1.2", "forum=2.1"].map(|text| text.parse().unwrap()).to_vec();
        let (product, components) = apart(&parts).unwrap();
        assert_eq!(product.unwrap().as_str(), "1.2");
        assert_eq!(components["forum"].as_str(), "2.1");
        assert!(apart(&[parts[1].clone(), parts[1].clone()]).is_err());
        assert!("=2.1".parse::<PartVersion>().is_err() && "forum=".parse::<PartVersion>().is_err());
        assert!(component("2.1").is_err());
    }
}
