//! What a manifest asks for: one element, one step.

use crate::editor::SiteEditor;
use crate::element::Element;
use crate::error::Error;
use crate::finding::Finding;
use crate::path::SitePath;
use crate::payload::Payload;
use crate::site::SiteView;
use crate::version::Version;
use std::fmt::Debug;

/// Reads the manifest elements of one kind of step.
pub trait StepKind: Send + Sync {
    /// The names of the elements that it reads, such as `add`.
    fn elements(&self) -> &'static [&'static str];

    /// The existing file that this element's step will want a sum of, if there is one. The engine asks while it still decodes
    /// the archive, and reads such files ahead, side by side: a hint that saves time, and decides nothing.
    fn reads(&self, _element: &Element) -> Option<Reads> {
        None
    }

    /// Makes a step of an element. What the element refers to must be in `payload`.
    ///
    /// # Errors
    /// When the element is not what this kind expects; with its place.
    fn parse(&self, element: &Element, payload: &dyn Payload) -> Result<Box<dyn Step>, Error>;
}

/// One thing that a manifest asks for.
///
/// A step has no undo: everything it does goes through the [`SiteEditor`], whose few verbs the engine takes back by
/// itself. `apply` runs twice: against a rehearsal that changes nothing, then against the site. A step can't tell which.
pub trait Step: Debug + Send + Sync {
    /// One line for the plan, such as `overwrite tools/create.php`.
    fn summary(&self) -> String;

    /// The dialects that it is written for, or `None` if it suits every one.
    ///
    /// Consecutive steps with dialects are variants of one another; the engine runs those for the site's dialect and
    /// refuses a patch that has none for it (A11).
    fn dialects(&self) -> Option<&[String]> {
        None
    }

    /// The scripts of SQL that it holds, in its author's words. A script that is laid out or commented otherwise makes no other
    /// patch; everything else of a step is compared as it stands.
    fn scripts(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether it does nothing but run statements on the database: such a step can be shown without any site.
    fn is_of_database(&self) -> bool {
        false
    }

    /// The version of the patcher that it brings, if it brings one: later patches of a plan may require it.
    fn patcher(&self) -> Option<&Version> {
        None
    }

    /// Looks at the site as the steps before this one leave it, and says what it finds. Changes nothing.
    ///
    /// # Errors
    /// When it can't look; the engine counts that as a blocker.
    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error>;

    /// Does it.
    ///
    /// # Errors
    /// When it can't be done; the engine then takes the whole patch back.
    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error>;

    /// Looks at the site as the whole patch will leave it, before the commit. Changes nothing.
    ///
    /// # Errors
    /// Any error takes the whole patch back.
    fn verify(&self, _site: &dyn SiteView) -> Result<(), Error> {
        Ok(())
    }

    /// Whether there is something to do after the commit, in [`Step::after`] (A44).
    fn has_after(&self) -> bool {
        false
    }

    /// What is to be done once the patch is in force, such as filling caches. It is one unit of its own: when it fails,
    /// what it did is taken back, and the patch stays in force.
    ///
    /// # Errors
    /// When it can't be done; it may be tried again.
    fn after(&self, _site: &mut dyn SiteEditor) -> Result<(), Error> {
        Ok(())
    }

    /// Whether it takes back by itself what no inverse can, in [`Step::downgrade`].
    fn has_downgrade(&self) -> bool {
        false
    }

    /// What is to be done when the patch is taken back, before the inverses of its statements run: on the database alone, since
    /// files go back by themselves. It is rehearsed first. Statements that have no inverse are its to take back.
    ///
    /// # Errors
    /// When it can't be done; the patch then stays in force.
    fn downgrade(&self, _site: &mut dyn SiteEditor) -> Result<(), Error> {
        Ok(())
    }
}

/// An existing file that a step will want a sum of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The file.
    pub path: SitePath,
    /// Whether the MD5 sum is wanted too; SHA-256 always is.
    pub md5: bool,
}

impl Reads {
    /// The file at the element's `path`, whose sum is held against [`Element::known_sum`].
    pub fn of(element: &Element) -> Option<Self> {
        let md5 = element.attribute("md5").is_some() && element.attribute("was-sha256").is_none();
        Some(Self { path: element.path("path").ok()?, md5 })
    }
}
