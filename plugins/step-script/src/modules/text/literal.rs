//! Texts that are looked for as they stand.

use crate::call::Call;
use crate::layout::whole_lines;
use crate::limits;
use patchwright_hooks_api::{Error, ErrorKind};
use rhai::{Array, Dynamic};

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

/// Replaces `from`, which must stand in the text so many times.
pub(super) fn replace(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, from, to, wanted) = (call.string(0)?, call.string(1)?, call.string(2)?, call.count(3)?);
    not_empty(call, &from)?;
    let count = text.matches(from.as_str()).count();
    if count != wanted {
        let message = format!("{}: the text holds {} {count} times, not {wanted}", call.name(), quoted(&from));
        return Err(Error::conflict(message).hint("the file may have been changed locally"));
    }
    replaced(&text, &from, &to).map(Dynamic::from)
}

pub(super) fn replace_once(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, from, to) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let at = only_place(call, &text, &from)?;
    Ok(format!("{}{to}{}", &text[..at], &text[at + from.len()..]).into())
}

pub(super) fn replace_all(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, from, to) = (call.string(0)?, call.string(1)?, call.string(2)?);
    not_empty(call, &from)?;
    replaced(&text, &from, &to).map(Dynamic::from)
}

pub(super) fn insert_before(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, anchor, addition) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let at = only_place(call, &text, &anchor)?;
    Ok(format!("{}{addition}{}", &text[..at], &text[at..]).into())
}

pub(super) fn insert_after(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, anchor, addition) = (call.string(0)?, call.string(1)?, call.string(2)?);
    let at = only_place(call, &text, &anchor)? + anchor.len();
    Ok(format!("{}{addition}{}", &text[..at], &text[at..]).into())
}

/// Removes what stands from `begin` to the next `end`, both included. Lines that are then left blank go with it.
pub(super) fn remove_block(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, begin, end) = (call.string(0)?, call.string(1)?, call.string(2)?);
    not_empty(call, &end)?;
    let start = only_place(call, &text, &begin)?;
    let inside = start + begin.len();
    let Some(length) = text[inside..].find(end.as_str()) else {
        let message = format!("{}: no {} stands behind {}", call.name(), quoted(&end), quoted(&begin));
        return Err(Error::conflict(message));
    };
    let whole = whole_lines(&text, start..inside + length + end.len());
    Ok(format!("{}{}", &text[..whole.start], &text[whole.end..]).into())
}

pub(super) fn count(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, part) = (call.string(0)?, call.string(1)?);
    not_empty(call, &part)?;
    let count = text.matches(part.as_str()).count();
    Ok(i64::try_from(count).unwrap_or(i64::MAX).into())
}

pub(super) fn lines(call: &Call<'_>) -> Result<Dynamic, Error> {
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
