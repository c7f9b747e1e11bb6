//! What upgrade scripts can do and can't, shown on a site in memory.

mod confinement;
mod diagnostics;
mod functions;
mod hooks;
mod hostile;

use crate::ScriptSteps;
use patchwright_conformance::{FakeSite, parse_element};
use patchwright_hooks_api::{Error, Step, StepKind};

/// The step of a manifest whose script is this source; the site brings the rest of the payload.
fn parse(site: FakeSite, source: &str, element: &str) -> Result<Box<dyn Step>, Error> {
    ScriptSteps.parse(&parse_element(element), &site.payload("upgrade.rhai", source))
}

fn step(source: &str) -> Box<dyn Step> {
    parse(FakeSite::new(), source, "<script/>").unwrap()
}

/// The site after `upgrade()` with this body.
fn upgraded(mut site: FakeSite, body: &str) -> FakeSite {
    step(&format!("fn upgrade() {{ {body} }}")).apply(&mut site).unwrap();
    site
}

/// Why `upgrade()` with this body fails.
fn failure(mut site: FakeSite, body: &str) -> Error {
    step(&format!("fn upgrade() {{ {body} }}")).apply(&mut site).unwrap_err()
}

/// What the operator is told by `upgrade()` with this body.
fn said(site: FakeSite, body: &str) -> Vec<String> {
    upgraded(site, body).logged().into_iter().map(|(_, message)| message).collect()
}
