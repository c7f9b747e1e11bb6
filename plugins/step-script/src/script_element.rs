//! The manifest's element of a script, and the source that it names.

use crate::limits;
use crate::script::Script;
use patchwright_hooks_api::{Element, Error, ErrorKind, Payload};

/// The member that holds the script when the element doesn't name another.
const DEFAULT_SOURCE: &str = "upgrade.rhai";

/// `<script src="upgrade.rhai"><uses payload="files/x.conf"/></script>`, with the source that it stands for.
pub(crate) struct ScriptElement<'e> {
    /// The script's name in the archive.
    pub(crate) name: &'e str,
    /// Its text.
    pub(crate) source: String,
    uses: Vec<String>,
}

impl<'e> ScriptElement<'e> {
    /// Reads the element, and the source from the payload.
    ///
    /// # Errors
    /// When the element is another one than it must be, or the archive lacks what it names.
    pub(crate) fn read(element: &'e Element, payload: &dyn Payload) -> Result<Self, Error> {
        element.only(&["src"], &["uses"])?;
        element.no_text()?;
        let uses = element.children().map(|child| used_member(child, payload)).collect::<Result<_, _>>()?;
        let name = element.attribute("src").unwrap_or(DEFAULT_SOURCE);
        let source = read_source(name, payload).map_err(|error| error.at(&element.position))?;
        Ok(Self { name, source, uses })
    }

    /// The script, compiled.
    ///
    /// # Errors
    /// The first mistake in it.
    pub(crate) fn compile(self) -> Result<Script, Error> {
        Script::compile(self.name, &self.source, self.uses).map_err(|faults| {
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
