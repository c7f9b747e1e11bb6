//! The module `ini`: edits of files with lines `key = value`, in sections or without, that keep everything else as it stands.

use crate::call::{Call, Function};
use crate::ini_file::{IniFile, Setting};
use patchwright_hooks_api::Error;
use rhai::Dynamic;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "ini::get", required: &["text", "section", "key"], optional: &[], run: get },
    Function { name: "ini::has", required: &["text", "section", "key"], optional: &[], run: has },
    Function { name: "ini::set", required: &["text", "section", "key", "value"], optional: &[], run: set },
    Function { name: "ini::remove", required: &["text", "section", "key"], optional: &[], run: remove },
];

fn get(call: &Call<'_>) -> Result<Dynamic, Error> {
    let text = call.string(0)?;
    let file = IniFile::read(&text);
    match only(call, &file)? {
        Some(setting) => Ok(setting.value(&text).into()),
        None => Err(nothing(call)?),
    }
}

fn has(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, section, key) = (call.string(0)?, call.string(1)?, call.string(2)?);
    Ok((!IniFile::read(&text).settings(&section, &key).is_empty()).into())
}

/// Gives a key its value; makes the key at the end of its section, and the section at the end of the text, where they are
/// missing.
fn set(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, section, key) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let value = match call.argument(3) {
        Some(value) if value.is_int() || value.is_float() || value.is_bool() => value.to_string(),
        _ => call.text(3)?,
    };
    check_name(call, &section, &['[', ']'])?;
    check_name(call, &key, &['=', ':', '[', ';', '#'])?;
    if key.is_empty() {
        return Err(call.error(format!("{key:?} is no key")));
    }
    let file = IniFile::read(&text);
    let changed = match only(call, &file)? {
        Some(setting) => setting.replaced(&text, &value),
        None => file.added(&text, &section, &key, &value),
    };
    changed.map(Dynamic::from).ok_or_else(|| call.error(format!("{value:?} can't be a value of one line")))
}

fn remove(call: &Call<'_>) -> Result<Dynamic, Error> {
    let text = call.string(0)?;
    let file = IniFile::read(&text);
    let setting = only(call, &file)?.map_or_else(|| Err(nothing(call)?), Ok)?;
    Ok(format!("{}{}", &text[..setting.line.start], &text[setting.line.end..]).into())
}

/// The setting that the call names, which may be there once, on one line.
fn only<'f>(call: &Call<'_>, file: &'f IniFile) -> Result<Option<&'f Setting>, Error> {
    let (section, key) = (call.string(1)?, call.string(2)?);
    match file.settings(&section, &key).as_slice() {
        [] => Ok(None),
        [only] if only.goes_on => {
            Err(Error::conflict(format!("{}: the value of {key} goes on in the next line", call.name()))
                .hint("change it with the functions of text"))
        }
        [only] => Ok(Some(*only)),
        several => {
            let times = several.len();
            Err(Error::conflict(format!("{}: {key} stands {times} times in {}", call.name(), named(&section))))
        }
    }
}

fn nothing(call: &Call<'_>) -> Result<Error, Error> {
    let (section, key) = (call.string(1)?, call.string(2)?);
    Ok(Error::missing(format!("{}: there is no {key} in {}", call.name(), named(&section)))
        .hint("the file may have been changed locally; look with ini::has first"))
}

fn named(section: &str) -> String {
    if section.is_empty() { "the lines before the first section".to_owned() } else { format!("[{section}]") }
}

fn check_name(call: &Call<'_>, name: &str, without: &[char]) -> Result<(), Error> {
    if name.trim() == name && !name.contains(without) && !name.contains(char::is_control) {
        return Ok(());
    }
    Err(call.error(format!("{name:?} can't be the name of a section or key")))
}
