//! The manifest's element of a script, and the source that it names.

use crate::limits;
use crate::script::Script;
use patchwright_hooks_api::{Element, Error, ErrorKind, Origin, Payload};

/// The member that holds the script when the element doesn't name another.
const DEFAULT_SOURCE: &str = "upgrade.rhai";

/// `<script src="upgrade.rhai"><uses payload="files/x.conf"/></script>`, with the source that it stands for.
pub(crate) struct ScriptElement<'e> {
    /// The script's name in the archive.
    pub(crate) name: &'e str,
    /// Its text.
    pub(crate) source: String,
    /// The components of which one must be installed for it to run; none where it runs on every site (D11).
    pub(crate) only_for: Vec<String>,
    grants: Grants,
}

/// What a script may have besides the site's files and database: what its element declares, and no more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    /// Members of the archive.
    pub(crate) uses: Vec<String>,
    /// Commands of the site's owner.
    pub(crate) runs: Vec<String>,
    /// Who is asked on the web.
    pub(crate) reaches: Vec<Origin>,
}

impl<'e> ScriptElement<'e> {
    /// Reads the element, and the source from the payload.
    ///
    /// # Errors
    /// When the element is another one than it must be, or the archive lacks what it names.
    pub(crate) fn read(element: &'e Element, payload: &dyn Payload) -> Result<Self, Error> {
        element.only(&["src", "for"], &["uses", "runs", "reaches"])?;
        element.no_text()?;
        let mut grants = Grants::default();
        for child in element.children() {
            match child.name.as_str() {
                "uses" => grants.uses.push(used_member(child, payload)?),
                "runs" => grants.runs.push(run_command(child)?),
                _ => grants.reaches.push(reached_origin(child)?),
            }
        }
        let name = element.attribute("src").unwrap_or(DEFAULT_SOURCE);
        let source = read_source(name, payload).map_err(|error| error.at(&element.position))?;
        let only_for: Vec<String> =
            element.attribute("for").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if only_for.is_empty() && element.attribute("for").is_some() {
            return Err(element.error("the attribute for names no component"));
        }
        Ok(Self { name, source, only_for, grants })
    }

    /// The script, compiled.
    ///
    /// # Errors
    /// The first mistake in it.
    pub(crate) fn compile(self) -> Result<Script, Error> {
        Script::compile(self.name, &self.source, self.grants).map_err(|faults| {
            // A script that is refused is refused for a reason.
            faults.into_iter().next().unwrap_or_else(|| Error::invalid("the script can't be used"))
        })
    }
}

fn used_member(uses: &Element, payload: &dyn Payload) -> Result<String, Error> {
    uses.only(&["payload"], &[])?;
    uses.no_text()?;
    let name = uses.required("payload")?;
    match payload.entry(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(Error::missing(format!("the patch's archive has no member {name}")).at(&uses.position)),
    }
}

fn run_command(runs: &Element) -> Result<String, Error> {
    runs.only(&["command"], &[])?;
    runs.no_text()?;
    Ok(runs.required("command")?.to_owned())
}

fn reached_origin(reaches: &Element) -> Result<Origin, Error> {
    reaches.only(&["origin"], &[])?;
    reaches.no_text()?;
    reaches.parsed("origin")?.ok_or_else(|| reaches.error("<reaches> needs the attribute origin"))
}

/// The source that the payload holds under this name.
///
/// # Errors
/// When there is none, or it is too long or not UTF-8.
fn read_source(name: &str, payload: &dyn Payload) -> Result<String, Error> {
    let entry = payload.entry(name).ok_or_else(|| {
        Error::missing(format!("the patch's archive has no script {name}")).hint("add it, or name another one with src")
    })?;
    if entry.size > limits::SOURCE_BYTES {
        let message = format!("the script {name} has {} bytes; the limit is {}", entry.size, limits::SOURCE_BYTES);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let bytes = payload.read(name)?;
    match String::from_utf8(bytes) {
        Ok(source) => Ok(source),
        Err(_) => Err(Error::invalid(format!("the script {name} is not UTF-8 text")).hint("save it as UTF-8")),
    }
}
