//! A step kind that looks into the store: what the site has stored, and what it makes of a content that the operator gives.

use patchwright_hooks_api::finding::USE;
use patchwright_hooks_api::{
    Element, Error, Finding, KnownSum, Md5, Payload, Sha256, SiteEditor, SitePath, SiteView, Step, StepKind,
};

/// `<stored path= sha256= md5= />` tells what the site has stored; `<ask id=/>` asks for a content and puts it into `answer.php`.
#[derive(Debug)]
enum Probe {
    Stored(SitePath, KnownSum),
    Ask(String),
}

/// The kind of both.
pub(crate) struct Probes;

impl StepKind for Probes {
    fn elements(&self) -> &'static [&'static str] {
        &["stored", "ask"]
    }

    fn parse(&self, element: &Element, _: &dyn Payload) -> Result<Box<dyn Step>, Error> {
        if let Some(id) = element.parsed::<String>("id")? {
            return Ok(Box::new(Probe::Ask(id)));
        }
        let sha256: Option<Sha256> = element.parsed("sha256")?;
        let md5: Option<Md5> = element.parsed("md5")?;
        let sum = sha256.map(KnownSum::Sha256).or(md5.map(KnownSum::Md5)).unwrap();
        Ok(Box::new(Probe::Stored(element.parsed("path")?.unwrap(), sum)))
    }
}

impl Step for Probe {
    fn summary(&self) -> String {
        "look".to_owned()
    }

    fn check(&self, site: &dyn SiteView) -> Result<Vec<Finding>, Error> {
        Ok(vec![match self {
            Self::Stored(path, sum) => match site.stored(path, *sum)? {
                Some(bytes) => Finding::notice(format!("stored: {}", String::from_utf8_lossy(&bytes))),
                None => Finding::notice("not stored"),
            },
            Self::Ask(id) if site.answer(id).is_none() => {
                Finding::question(id, "what now?", &[("abort", "stops"), (USE, "takes what you give")])
            }
            Self::Ask(_) => Finding::notice("answered"),
        }])
    }

    fn apply(&self, site: &mut dyn SiteEditor) -> Result<(), Error> {
        let Self::Ask(id) = self else { return Ok(()) };
        let answer = site.view().answer(id).unwrap();
        let Some(sum) = answer.strip_prefix("use:") else { return Ok(()) };
        let sum = sum.parse()?;
        let path = SitePath::new("answer.php")?;
        let given = site.view().stored(&path, KnownSum::Sha256(sum))?.unwrap();
        site.write(&path, &given, None)
    }
}
