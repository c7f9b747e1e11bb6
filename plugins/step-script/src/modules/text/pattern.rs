//! Regular expressions, whose time grows with the length of the text and of the pattern alone: there is no backtracking.
//!
//! One search is bounded so; a pattern that is searched for again and again is stopped between two of its matches by the
//! script's own time.

use crate::call::Call;
use crate::limits;
use patchwright_hooks_api::{Error, ErrorKind};
use regex_lite::{Captures, Regex, RegexBuilder};
use rhai::{Array, Dynamic};

/// The longest pattern, in bytes.
const PATTERN_BYTES: usize = 1_000;
/// How large a pattern may become when its repetitions are written out, in bytes.
const COMPILED_BYTES: usize = 16 * 1024;
/// How deep groups may nest.
const NESTING: u32 = 32;

pub(super) fn matches_regex(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, pattern) = (call.string(0)?, pattern(call, 1)?);
    Ok(pattern.is_match(&text).into())
}

/// The first match and its groups as an array, or `()`.
pub(super) fn find_regex(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, pattern) = (call.string(0)?, pattern(call, 1)?);
    let Some(found) = pattern.captures(&text) else { return Ok(Dynamic::UNIT) };
    let group = |group: Option<regex_lite::Match<'_>>| match group {
        Some(group) => Dynamic::from(group.as_str().to_owned()),
        None => Dynamic::UNIT,
    };
    Ok(found.iter().map(group).collect::<Array>().into())
}

/// Replaces every match; there must be one, or as many as the script says.
pub(super) fn replace_regex(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (text, pattern, to) = (call.string(0)?, pattern(call, 1)?, call.string(2)?);
    let wanted = call.argument(3).map(|_| call.count(3)).transpose()?;
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut count) = (0, 0_usize);
    for found in pattern.captures_iter(&text) {
        call.run.within_own_time()?;
        let whole = whole_of(&found);
        out.push_str(&text[copied..whole.start]);
        found.expand(&to, &mut out);
        copied = whole.end;
        count += 1;
        if out.len() > limits::TEXT_BYTES {
            let message = format!("{}: the text would be longer than {} bytes", call.name(), limits::TEXT_BYTES);
            return Err(Error::new(ErrorKind::Limit, message));
        }
    }
    out.push_str(&text[copied..]);
    match wanted {
        None if count == 0 => Err(Error::conflict(format!("{}: nothing in the text matches {pattern}", call.name()))
            .hint("the file may have been changed locally; look with text::matches_regex first")),
        Some(wanted) if count != wanted => {
            Err(Error::conflict(format!("{}: {pattern} matches {count} times, not {wanted}", call.name())))
        }
        _ => Ok(out.into()),
    }
}

fn whole_of(found: &Captures<'_>) -> std::ops::Range<usize> {
    // The group 0 is the whole match.
    found.get(0).map_or(0..0, |whole| whole.range())
}

fn pattern(call: &Call<'_>, index: usize) -> Result<Regex, Error> {
    let pattern = call.string(index)?;
    if pattern.len() > PATTERN_BYTES {
        let message = format!("{}: a pattern has at most {PATTERN_BYTES} bytes", call.name());
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let built = RegexBuilder::new(&pattern).size_limit(COMPILED_BYTES).nest_limit(NESTING).build();
    built.map_err(|why| call.error(format!("the pattern {pattern} can't be used: {why}")))
}
