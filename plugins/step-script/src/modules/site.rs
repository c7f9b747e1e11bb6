//! The module `site`: the facts of the site, its owner's settings and the operator's answers.

use crate::call::{Call, Function};
use patchwright_hooks_api::{Error, SiteFacts, Version, VersionRequirement};
use rhai::Dynamic;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "site::product", required: &[], optional: &[], run: product },
    Function { name: "site::version", required: &[], optional: &[], run: version },
    Function { name: "site::to", required: &[], optional: &[], run: to },
    Function { name: "site::component", required: &["name"], optional: &[], run: component },
    Function { name: "site::satisfies", required: &["version", "requirement"], optional: &[], run: satisfies },
    Function { name: "site::patch", required: &[], optional: &[], run: patch },
    Function { name: "site::dialect", required: &[], optional: &[], run: dialect },
    Function { name: "site::table_prefix", required: &[], optional: &[], run: table_prefix },
    Function { name: "site::setting", required: &["name"], optional: &[], run: setting },
    Function { name: "site::setting_or", required: &["name", "default"], optional: &[], run: setting_or },
    Function { name: "site::answer", required: &["question"], optional: &[], run: answer },
    Function { name: "site::run", required: &["command"], optional: &[], run },
];

fn product(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |facts| facts.product.clone())
}

fn version(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |facts| facts.version.to_string())
}

fn to(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |facts| facts.to.to_string())
}

fn component(call: &Call<'_>) -> Result<Dynamic, Error> {
    let name = call.text(0)?;
    let components = call.run.look(|site| site.components())?;
    Ok(components.get(&name).map_or(Dynamic::UNIT, |version| version.to_string().into()))
}

/// Whether a version is one of those that a requirement names, as manifests write it.
fn satisfies(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (version, requirement) = (call.string(0)?, call.string(1)?);
    let version: Version = version.parse().map_err(|why| call.error(why))?;
    let requirement: VersionRequirement = requirement.parse().map_err(|why| call.error(why))?;
    Ok(requirement.allows(&version).into())
}

fn patch(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |facts| facts.patch.clone())
}

fn dialect(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |facts| facts.dialect.name.clone())
}

fn table_prefix(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |facts| facts.table_prefix.clone())
}

fn fact(call: &Call<'_>, fact: fn(&SiteFacts) -> String) -> Result<Dynamic, Error> {
    call.run.look(move |site| Ok(fact(site.facts()))).map(Dynamic::from)
}

fn setting(call: &Call<'_>) -> Result<Dynamic, Error> {
    let name = call.text(0)?;
    let missing = Error::missing(format!("site::setting: the site has no setting {name}")).hint(format!(
        "add {name} under [settings] of the site's configuration, or let the script use site::setting_or"
    ));
    let value = call.run.look(move |site| Ok(site.facts().settings.get(&name).cloned()))?;
    value.map(Dynamic::from).ok_or(missing)
}

fn setting_or(call: &Call<'_>) -> Result<Dynamic, Error> {
    let name = call.text(0)?;
    let value = call.run.look(move |site| Ok(site.facts().settings.get(&name).cloned()))?;
    Ok(value.map(Dynamic::from).or_else(|| call.argument(1).cloned()).unwrap_or(Dynamic::UNIT))
}

fn run(call: &Call<'_>) -> Result<Dynamic, Error> {
    let command = call.text(0)?;
    call.run.check_runs(call.name(), &command)?;
    call.run.change(call.name(), move |site| site.run_command(&command)).map(Dynamic::from)
}

fn answer(call: &Call<'_>) -> Result<Dynamic, Error> {
    let question = call.text(0)?;
    let answer = call.run.look(move |site| Ok(site.answer(&question)))?;
    Ok(answer.map_or(Dynamic::UNIT, Dynamic::from))
}
