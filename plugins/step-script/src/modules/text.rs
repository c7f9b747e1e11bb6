//! The module `text`: careful changes of text, where Rhai's own would pass silently over what was not found.

use crate::call::{Call, Function};
use crate::limits;
use patchwright_hooks_api::{Error, ErrorKind};
use rhai::{Array, Dynamic};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function { name: "text::replace_once", required: &["text", "from", "to"], optional: &[], run: replace_once },
    Function { name: "text::replace_all", required: &["text", "from", "to"], optional: &[], run: replace_all },
    Function {
        name: "text::insert_before",
        required: &["text", "anchor", "addition"],
        optional: &[],
        run: insert_before,
    },
    Function {
        name: "text::insert_after",
        required: &["text", "anchor", "addition"],
        optional: &[],
        run: insert_after,
    },
    Function { name: "text::count", required: &["text", "part"], optional: &[], run: count },
    Function { name: "text::lines", required: &["text"], optional: &[], run: lines },
];

/// Every `from` of the text replaced by `to`; the size of the result is known before it is made.
///
/// # Errors
/// When the result would be longer than a text may be.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> Result<String, Error> {
    let growth = to.len().saturating_sub(from.len());
    let length = text.matches(from).count().saturating_mul(growth).saturating_add(text.len());
    if growth > 0 && length > limits::TEXT_BYTES {
        let message = format!("the replaced text would be longer than {} bytes", limits::TEXT_BYTES);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    Ok(text.replace(from, to))
}

fn replace_once(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, from, to) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let at = only_place(call, &text, &from)?;
    Ok(format!("{}{to}{}", &text[..at], &text[at + from.len()..]).into())
}

fn replace_all(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, from, to) = (call.string(0)?, call.string(1)?, call.string(2)?);
    not_empty(call, &from)?;
    replaced(&text, &from, &to).map(Dynamic::from)
}

fn insert_before(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, anchor, addition) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let at = only_place(call, &text, &anchor)?;
    Ok(format!("{}{addition}{}", &text[..at], &text[at..]).into())
}

fn insert_after(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, anchor, addition) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let at = only_place(call, &text, &anchor)? + anchor.len();
    Ok(format!("{}{addition}{}", &text[..at], &text[at..]).into())
}

fn count(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, part) = (call.string(0)?, call.string(1)?);
    not_empty(call, &part)?;
    let count = text.matches(part.as_str()).count();
    Ok(i64::try_from(count).unwrap_or(i64::MAX).into())
}

fn lines(call: &Call<'_>) -> Result<Dynamic, Error> {
    let text = call.string(0)?;
    let lines: Array =
        text.lines().take(limits::ARRAY_ELEMENTS + 1).map(|line| Dynamic::from(line.to_owned())).collect();
    Ok(lines.into())
}

/// Where `part` begins in `text`, in which it stands exactly once.
fn only_place(call: &Call<'_>, text: &str, part: &str) -> Result<usize, Error> {
    not_empty(call, part)?;
    let Some(at) = text.find(part) else {
        return Err(Error::conflict(format!("{}: the text doesn't hold {}", call.name(), quoted(part)))
            .hint("the file may have been changed locally; look with text::count first"));
    };
    // From the next character on: a second place may overlap the first.
    let next = at + part.chars().next().map_or(1, char::len_utf8);
    if text[next..].contains(part) {
        return Err(Error::conflict(format!("{}: the text holds {} more than once", call.name(), quoted(part)))
            .hint("take in more of the text around it until it is unique"));
    }
    Ok(at)
}

fn not_empty(call: &Call<'_>, part: &str) -> Result<(), Error> {
    if part.is_empty() { Err(call.error("an empty text stands everywhere")) } else { Ok(()) }
}

/// The beginning of a text, for a message.
fn quoted(part: &str) -> String {
    const SHOWN: usize = 60;
    match part.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}…", &part[..end]),
        None => format!("{part:?}"),
    }
}
