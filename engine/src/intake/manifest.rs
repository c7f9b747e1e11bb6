//! What a patch says of itself: which product, or which component of it, it takes from which version to which, and what it needs.

use patchwright_hooks_api::{Version, VersionRequirement};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What `patch.xml` says, its steps left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The product that the patch is for, such as `acme-cms`.
    pub product: String,
    /// The component of the product that it is for; without one, it is for the product itself (B21).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// Names the patch among all patches of the product.
    pub id: String,
    /// The version that the site's product or component must have (A4); nothing where the patch installs the component.
    pub from: Option<Version>,
    /// The version that it has afterwards; always later than `from` (A3).
    pub to: Version,
    /// How urgent it is (A37).
    pub severity: Severity,
    /// One line for lists.
    pub title: String,
    /// What it changes, in words (A6).
    #[serde(default)]
    pub changelog: Changelog,
    /// What must be there first (A34).
    #[serde(default)]
    pub requires: Requires,
    /// The ids of patches that it can't stand beside.
    #[serde(default)]
    pub conflicts: Vec<String>,
}

impl Manifest {
    /// The version that it leads to, behind the name of its component if it is for one.
    pub fn target(&self) -> String {
        let component = self.component.iter().flat_map(|name| [name, " "]);
        component.chain([self.to.as_str()]).collect()
    }

    /// From where to where it leads.
    pub fn versions(&self) -> String {
        let component = self.component.iter().flat_map(|name| [name, " "]).collect::<String>();
        match &self.from {
            Some(from) => format!("{component}{from} to {}", self.to),
            None => format!("installs {}", self.target()),
        }
    }
}

/// What a patch changes, in words for the operator (A6, A7).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changelog {
    /// The member that holds the full text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Where to read more; always an http or https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<String>,
    /// One line for each change.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// What must be there before the patch is applied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Requires {
    /// The ids of patches that must be in force.
    #[serde(default)]
    pub patches: Vec<String>,
    /// Components of the product and the versions that they must have; nothing for one that must not be there (D7).
    #[serde(default)]
    pub components: Vec<(String, Option<VersionRequirement>)>,
    /// The version that the product must have, where the patch is for a component (B21).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<VersionRequirement>,
    /// The version that this engine must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<VersionRequirement>,
}

/// How urgent a patch is, in its vendor's judgement (A37); ordered by urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// For who wants what it brings.
    Optional,
    /// For everyone, at leisure.
    Recommended,
    /// For everyone, soon.
    Important,
    /// Without it the site may fail or lose data.
    Critical,
    /// It closes a hole.
    Security,
}

impl Severity {
    /// All severities, the least urgent first.
    pub const ALL: [Self; 5] = [Self::Optional, Self::Recommended, Self::Important, Self::Critical, Self::Security];

    /// Whether the patch closes a hole, for front ends that count those apart.
    pub fn is_security(self) -> bool {
        self == Self::Security
    }

    /// The word that manifests use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Recommended => "recommended",
            Self::Important => "important",
            Self::Critical => "critical",
            Self::Security => "security",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("{text:?} is not a severity; known: {known}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_severity_is_refused_naming_the_known_ones() {
        // A37
        let message = "Critical".parse::<Severity>().unwrap_err();
        assert_eq!(
            message,
            "\"Critical\" is not a severity; known: optional, recommended, important, critical, security"
        );
        for severity in Severity::ALL {
            assert_eq!(severity.to_string().parse(), Ok(severity));
            assert_eq!(serde_json::to_value(severity).unwrap(), severity.as_str());
        }
    }
}
