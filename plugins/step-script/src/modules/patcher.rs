//! The module `patcher`: the program that applies the patch, and another one in its place (A18).

use crate::call::{Call, Function};
use patchwright_hooks_api::{Error, NewPatcher, PatcherFacts};
use rhai::Dynamic;
use std::collections::BTreeMap;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "patcher::version", required: &[], optional: &[], run: version },
    Function { name: "patcher::platform", required: &[], optional: &[], run: platform },
    Function { name: "patcher::replace", required: &["version", "program"], optional: &["plugins"], run: replace },
];

fn version(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |patcher| patcher.version.to_string())
}

fn platform(call: &Call<'_>) -> Result<Dynamic, Error> {
    fact(call, |patcher| patcher.platform.clone())
}

fn fact(call: &Call<'_>, fact: fn(&PatcherFacts) -> String) -> Result<Dynamic, Error> {
    let found = call.run.look(move |site| Ok(site.facts().patcher.as_ref().map(fact)))?;
    Ok(found.map_or(Dynamic::UNIT, Dynamic::from))
}

fn replace(call: &Call<'_>) -> Result<Dynamic, Error> {
    let version = call.string(0)?.parse().map_err(|why| call.error(why))?;
    let program = call.text(1)?;
    let mut plugins = BTreeMap::new();
    if let Some(given) = call.argument(2) {
        let wrong_type = |_| call.wrong_type(2, "a map from dialect to member");
        for (dialect, member) in given.as_map_ref().map_err(wrong_type)?.iter() {
            plugins.insert(dialect.to_string(), member.clone().into_string().map_err(wrong_type)?);
        }
    }
    for member in std::iter::once(&program).chain(plugins.values()) {
        call.run.check_uses(call.name(), member)?;
    }
    let new = NewPatcher { version, program, plugins };
    call.run.change(call.name(), move |site| site.replace_patcher(&new)).map(Dynamic::from)
}
