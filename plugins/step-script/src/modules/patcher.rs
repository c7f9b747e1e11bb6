//! The module `patcher`: the program that applies the patch, and another one in its place (A18).

use crate::call::{Call, Function};
use patchwright_hooks_api::{Error, NewPatcher, NewProgram, PatcherFacts, Sha256};
use rhai::{Dynamic, Map};
use std::collections::BTreeMap;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "patcher::version", required: &[], optional: &[], run: version },
    Function { name: "patcher::platform", required: &[], optional: &[], run: platform },
    Function { name: "patcher::plugins", required: &[], optional: &[], run: plugins },
    Function { name: "patcher::replace", required: &["version", "program"], optional: &["plugins"], run: replace },
    Function { name: "patcher::replace_plugins", required: &["plugins"], optional: &[], run: replace_plugins },
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

/// The sums of the plugins, by the names of their dialects.
fn plugins(call: &Call<'_>) -> Result<Dynamic, Error> {
    let plugins = call.run.look(|site| Ok(site.facts().patcher.as_ref().map(|patcher| patcher.plugins.clone())))?;
    let map = |(name, sum): (String, Sha256)| (name.into(), sum.to_string().into());
    Ok(plugins.map_or(Dynamic::UNIT, |plugins| plugins.into_iter().map(map).collect::<Map>().into()))
}

fn replace(call: &Call<'_>) -> Result<Dynamic, Error> {
    let version = call.string(0)?.parse().map_err(|why| call.error(why))?;
    let program = NewProgram { version, member: call.text(1)? };
    put_in_place(call, NewPatcher { program: Some(program), plugins: members(call, 2)? })
}

fn replace_plugins(call: &Call<'_>) -> Result<Dynamic, Error> {
    put_in_place(call, NewPatcher { program: None, plugins: members(call, 0)? })
}

fn put_in_place(call: &Call<'_>, new: NewPatcher) -> Result<Dynamic, Error> {
    new.members().try_for_each(|member| call.run.check_uses(call.name(), member))?;
    call.run.change(call.name(), move |site| site.replace_patcher(&new)).map(Dynamic::from)
}

/// The members that are plugins, by the names of their dialects, if the call gave them.
fn members(call: &Call<'_>, index: usize) -> Result<BTreeMap<String, String>, Error> {
    let Some(given) = call.argument(index) else { return Ok(BTreeMap::new()) };
    let wrong_type = |_| call.wrong_type(index, "a map from dialect to member");
    let given = given.as_map_ref().map_err(wrong_type)?;
    given
        .iter()
        .map(|(name, member)| Ok((name.to_string(), member.clone().into_string().map_err(wrong_type)?)))
        .collect()
}
