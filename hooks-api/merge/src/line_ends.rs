//! Line ends: a local text that was saved with others was not changed in every line.

use std::borrow::Cow;

/// How all lines of a text end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Unix,
    Windows,
}

/// The text with the line ends of `mine`, if all lines of the vendor's texts end in the other way.
pub(crate) fn as_in<'a>(text: &'a [u8], mine: &[u8], base: &[u8]) -> Cow<'a, [u8]> {
    let (Some(wanted), Some(found), Some(vendors)) = (ends(mine), ends(text), ends(base)) else {
        return Cow::Borrowed(text);
    };
    if wanted == found || found != vendors {
        return Cow::Borrowed(text);
    }
    let mut converted = Vec::with_capacity(text.len() + text.len() / 16);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match (wanted, line.strip_suffix(b"\r\n"), line.strip_suffix(b"\n")) {
            (Ends::Unix, Some(line), _) => converted.extend_from_slice(&[line, b"\n"].concat()),
            (Ends::Windows, None, Some(line)) => converted.extend_from_slice(&[line, b"\r\n"].concat()),
            _ => converted.extend_from_slice(line),
        }
    }
    Cow::Owned(converted)
}

/// How the lines end, if all that end do so in one way.
fn ends(text: &[u8]) -> Option<Ends> {
    let mut lines = text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let of = |line: &[u8]| if line.ends_with(b"\r\n") { Ends::Windows } else { Ends::Unix };
    let first = of(lines.next()?);
    lines.all(|line| of(line) == first).then_some(first)
}
