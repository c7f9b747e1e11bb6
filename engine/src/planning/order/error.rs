//! Why there is no plan: what [`order`](super::order) refuses, and what the operator can do about it.

use super::{Candidate, Installed, Node, Part};
use patchwright_hooks_api::{Version, VersionRequirement};

/// Why there is no one order in which patches lead to what is wanted. Versions are given as they were written,
/// those of a component behind its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Two candidates have one id.
    #[error("two patches have the id {id}")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// A patch was picked that nobody offers.
    #[error("there is no patch {id} to apply")]
    Unknown {
        /// The id that was picked.
        id: String,
    },
    /// A patch was picked that is in force.
    #[error("the patch {id} is in force already")]
    AlreadyInstalled {
        /// The id that was picked.
        id: String,
    },
    /// A patch was picked that starts before the installed version (A4).
    #[error("the patch {id} goes from {from} to {to}, and the site is at {installed} already")]
    Passed {
        /// The id that was picked.
        id: String,
        /// The version that it starts from.
        from: String,
        /// The version that it leads to.
        to: String,
        /// The version installed.
        installed: String,
    },
    /// A patch was picked or is required that is for another product.
    #[error("the patch {id} is for {product}, and the site runs {installed}")]
    WrongProduct {
        /// The patch.
        id: String,
        /// The product that it is for.
        product: String,
        /// The product installed.
        installed: String,
    },
    /// A patch was picked or is required that does not raise the version (A3).
    #[error("the patch {id} does not lead to a later version: it goes from {from} to {to}")]
    Backward {
        /// The patch.
        id: String,
        /// The version that it starts from.
        from: String,
        /// The version that it leads to.
        to: String,
    },
    /// The version wanted is earlier than the one installed.
    #[error("the site is at {installed}, which is later than {to}")]
    Downgrade {
        /// The version installed.
        installed: String,
        /// The version wanted.
        to: String,
    },
    /// A patch was picked that leads further than the version wanted.
    #[error("the patch {id} leads to {to}, which is beyond {target}")]
    BeyondTarget {
        /// The patch.
        id: String,
        /// The version that it leads to.
        to: String,
        /// The version wanted.
        target: String,
    },
    /// More than one way leads to the version wanted (A5).
    #[error("two ways lead to {goal}: at {at} they part into {first} and {second}")]
    TwoWays {
        /// The version at which the ways part.
        at: String,
        /// The version that both lead to.
        goal: String,
        /// The patch that begins one way.
        first: String,
        /// The patch that begins another.
        second: String,
    },
    /// Two patches that were picked or are required lie on different ways.
    #[error("{first} and {second} are on different ways, so a site can't have both")]
    Apart {
        /// One patch, with its versions.
        first: String,
        /// The other, with its versions.
        second: String,
    },
    /// No chain of patches leads to the version wanted (A4, A5).
    #[error("no patch leads from {at} on to {goal}{}", nearest_patches(.nearest))]
    Gap {
        /// The version where the chain breaks.
        at: String,
        /// The version that can't be reached.
        goal: String,
        /// The patches nearest to the break, with their versions.
        nearest: Vec<String>,
    },
    /// Patches require each other.
    #[error("patches require each other: {}", (.ids).join(" → "))]
    Cycle {
        /// The ids around the circle; the first is named again at the end.
        ids: Vec<String>,
    },
    /// A required patch is neither in force nor on offer (A34).
    #[error("the patch {needed_by} requires {id}, which is neither in force nor among the patches on offer")]
    MissingPatch {
        /// The patch that requires it.
        needed_by: String,
        /// The missing patch.
        id: String,
    },
    /// A required patch is not in force, and the site is past the version that it starts from.
    #[error("the patch {needed_by} requires {id}, which is not in force, and the site is at {installed} already")]
    RequiredPassed {
        /// The patch that requires it.
        needed_by: String,
        /// The patch that can't be applied any more, with its versions.
        id: String,
        /// The version installed.
        installed: String,
    },
    /// The chain of versions puts a required patch behind, or on another way than, the one that requires it.
    #[error("{needed_by} requires {id} before it, but the versions put it later")]
    RequiredTooLate {
        /// The patch that requires it, with its versions.
        needed_by: String,
        /// The required patch, with its versions.
        id: String,
    },
    /// A patch can't live with another that is in force or in the plan.
    #[error("the patch {id} conflicts with {with}")]
    Conflict {
        /// The patch that says so.
        id: String,
        /// The patch that it can't live with.
        with: String,
    },
    /// Patches of several parts wait for each other: by what they require, and by the order of their versions (B21).
    #[error("no order suits these patches, each of which has to come before the next: {}", (.ids).join(" → "))]
    Knot {
        /// The ids around the circle; the first is named again at the end.
        ids: Vec<String>,
    },
    /// A component, or the product, has another version than a patch requires, and can't be brought to one that will do (B21).
    #[error("the patch {id} requires {component} {needed}, but {component} {stands}")]
    Component {
        /// The patch.
        id: String,
        /// The component, or the product.
        component: String,
        /// The versions that would do.
        needed: String,
        /// The version that it is at, or comes to by the patches that are wanted.
        stands: String,
    },
    /// A patch requires more of a part than the version that is wanted of it (B21).
    #[error("the patch {id} requires {component} {needed}, which is beyond the {target} that is wanted")]
    NeedsBeyondTarget {
        /// The patch.
        id: String,
        /// The component, or the product.
        component: String,
        /// The versions that would do.
        needed: String,
        /// The version wanted.
        target: String,
    },
    /// A component is installed that a patch can't live with (D7).
    #[error("the patch {id} requires that {component} is not installed, and {component} is at {found}")]
    Present {
        /// The patch.
        id: String,
        /// The component.
        component: String,
        /// The version installed.
        found: String,
    },
    /// A required component is not installed (B21).
    #[error("the patch {id} requires {component} {needed}, but {component} is not installed")]
    NoComponent {
        /// The patch.
        id: String,
        /// The component.
        component: String,
        /// The versions that would do.
        needed: String,
    },
    /// This engine is too old or too new for a patch.
    #[error("the patch {id} requires the engine {needed}, and the one that is to apply it is {found}")]
    Engine {
        /// The patch.
        id: String,
        /// The versions that would do.
        needed: String,
        /// The version of the engine that is to apply it.
        found: String,
    },
}

impl OrderError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "take one of them out of the sources, or name its file alone",
            Self::Unknown { .. } => {
                "name an archive or folder that holds it; what an archive is tells: patchwright show FILE"
            }
            Self::AlreadyInstalled { .. } => "leave it out; see what is in force with: patchwright history",
            Self::Passed { .. } => "leave it out; see the installed version with: patchwright status",
            Self::WrongProduct { .. } => "look for the patch of that name for this site's product",
            Self::Backward { .. } => "the vendor has to correct the patch; check it with: patchwright lint",
            Self::Downgrade { .. } => "take patches back one after the other with: patchwright rollback",
            Self::BeyondTarget { .. } => "leave the patch out, or ask for a later version",
            Self::TwoWays { .. } => "choose a way by naming one of the two patches",
            Self::Apart { .. } => "name one of them only",
            Self::Gap { .. } => "fetch the patches between, or ask for a version that can be reached",
            Self::Cycle { .. } => "the vendor has to take one of these requirements out",
            Self::MissingPatch { .. } => "add the source that offers it, or name its file as well",
            Self::RequiredPassed { .. } => "ask the vendor for a patch for sites that skipped it",
            Self::RequiredTooLate { .. } => "the vendor has to correct the requirement or the versions",
            Self::Conflict { .. } => {
                "apply only one of them; the last one in force is taken back with: patchwright rollback"
            }
            Self::Knot { .. } => {
                "the vendor has to loosen one of the requirements; apply some of the patches with --pick"
            }
            Self::Component { .. } | Self::NoComponent { .. } => {
                "offer the patches that bring it to such a version, or leave the patch out"
            }
            Self::NeedsBeyondTarget { .. } => "ask for a later version of it, or leave the patch out",
            Self::Present { .. } => "leave the patch out; it is meant for sites without that component",
            Self::Engine { .. } => "update patchwright first",
        }
    }
}

/// What a patch requires of a part in vain.
pub(super) struct Refused<'a> {
    pub(super) patch: &'a Candidate,
    pub(super) part: Part<'a>,
    pub(super) needed: Option<&'a VersionRequirement>,
    pub(super) installed: &'a Installed,
}

impl Refused<'_> {
    fn names(&self) -> (String, String, String) {
        let component = self.part.unwrap_or(&self.installed.product).to_owned();
        (self.patch.id.clone(), component, self.needed.map(ToString::to_string).unwrap_or_default())
    }

    /// The part would have to go farther than is wanted.
    pub(super) fn beyond(&self, target: &Version) -> OrderError {
        let (id, component, needed) = self.names();
        OrderError::NeedsBeyondTarget { id, component, needed, target: target.to_string() }
    }

    /// No version that the part passes will do, nor one that could be reached.
    pub(super) fn by(&self, end: Node<'_>, moves: bool) -> OrderError {
        let (id, component, needed) = self.names();
        match (self.needed, end) {
            (None, _) => {
                let found = self.installed.node(self.part).map(ToString::to_string).unwrap_or_default();
                OrderError::Present { id, component, found }
            }
            (_, Some(end)) => {
                let stands = if moves { format!("comes to {end}") } else { format!("is at {end}") };
                OrderError::Component { id, component, needed, stands }
            }
            (_, None) => OrderError::NoComponent { id, component, needed },
        }
    }
}

fn nearest_patches(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!("; nearest: {}", nearest.join(", ")) }
}
