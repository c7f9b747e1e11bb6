//! A text file taken apart so that text can be found in it whatever its encoding and line endings, and put together
//! again without a byte changed that nobody edited.

use std::ops::Range;

const UTF_16_LE_MARK: &[u8] = &[0xFF, 0xFE];
const UTF_16_BE_MARK: &[u8] = &[0xFE, 0xFF];

/// A file's text with a `\n` for every line ending, and the endings apart.
#[derive(Debug)]
pub(crate) struct Document {
    encoding: Encoding,
    text: Vec<u8>,
    /// One for every `\n` of `text`, in order.
    endings: Vec<Ending>,
    dominant: Ending,
}

/// How a file's characters are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    /// Not UTF-8: the bytes are taken as they are, and looked at as Latin-1 where a chunk holds more than ASCII.
    Bytes,
    /// With a byte order mark; held as UTF-8 meanwhile.
    Utf16Le,
    /// With a byte order mark; held as UTF-8 meanwhile.
    Utf16Be,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Lf,
    CrLf,
    Cr,
}

impl Document {
    /// Takes a file apart.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let (encoding, bytes) = decode(bytes);
        let (text, endings) = normalise(&bytes);
        let count = |ending| endings.iter().filter(|other| **other == ending).count();
        let dominant =
            *[Ending::Cr, Ending::CrLf, Ending::Lf].iter().max_by_key(|ending| count(**ending)).unwrap_or(&Ending::Lf);
        Self { encoding, text, endings, dominant }
    }

    /// The bytes of the text, each line ending a `\n`.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The forms that a chunk can have in this file, the likelier first; each with its line endings made `\n`.
    pub(crate) fn forms_of(&self, chunk: &str) -> Vec<Form> {
        let utf_8 = Form { bytes: normalise(chunk.as_bytes()).0, single_byte: false };
        if self.encoding != Encoding::Bytes {
            return vec![utf_8];
        }
        match latin_1(chunk) {
            // The bytes are the same in both; what is put in their place had better fit the rest of the file.
            Some(_) if chunk.is_ascii() => vec![Form { single_byte: true, ..utf_8 }],
            Some(bytes) => vec![utf_8, Form { bytes: normalise(&bytes).0, single_byte: true }],
            None => vec![utf_8],
        }
    }

    /// Puts text in place of these ranges, which are in order and don't overlap. A line ending that is put in takes the
    /// place of one that goes, or else is as most of the file's are.
    pub(crate) fn replace(&mut self, ranges: &[Range<usize>], with: &[u8]) {
        let mut text = Vec::with_capacity(self.text.len());
        let mut endings = Vec::with_capacity(self.endings.len());
        let mut old = std::mem::take(&mut self.endings).into_iter();
        let mut reached = 0;
        let added = newlines(with);
        for range in ranges {
            let kept = &self.text[reached..range.start];
            text.extend_from_slice(kept);
            endings.extend(old.by_ref().take(newlines(kept)));
            let removed: Vec<_> = old.by_ref().take(newlines(&self.text[range.clone()])).collect();
            text.extend_from_slice(with);
            endings.extend((0..added).map(|at| removed.get(at).copied().unwrap_or(self.dominant)));
            reached = range.end;
        }
        text.extend_from_slice(&self.text[reached..]);
        endings.extend(old);
        self.text = text;
        self.endings = endings;
    }

    /// Puts the file together again.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.text.len() + self.endings.len());
        let mut lines = self.text.split(|byte| *byte == b'\n');
        bytes.extend_from_slice(lines.next().unwrap_or_default());
        for (line, ending) in lines.zip(&self.endings) {
            bytes.extend_from_slice(ending.bytes());
            bytes.extend_from_slice(line);
        }
        encode(self.encoding, bytes)
    }
}

/// A chunk as the bytes that it may be in a file.
#[derive(Debug)]
pub(crate) struct Form {
    /// What to look for.
    pub(crate) bytes: Vec<u8>,
    single_byte: bool,
}

impl Form {
    /// The bytes of a text that stands beside this form, or `None` if the encoding has no way to write it.
    pub(crate) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let bytes = if self.single_byte { latin_1(text)? } else { text.as_bytes().to_vec() };
        Some(normalise(&bytes).0)
    }
}

impl Ending {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::Lf => b"\n",
            Self::CrLf => b"\r\n",
            Self::Cr => b"\r",
        }
    }
}

/// How many line endings a text has whose endings are all `\n`.
pub(crate) fn newlines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

fn normalise(bytes: &[u8]) -> (Vec<u8>, Vec<Ending>) {
    let mut text = Vec::with_capacity(bytes.len());
    let mut endings = Vec::new();
    let mut reached = 0;
    for at in memchr::memchr2_iter(b'\r', b'\n', bytes) {
        // The second half of a CRLF that was read with its first.
        if at < reached {
            continue;
        }
        let ending = match &bytes[at..] {
            [b'\r', b'\n', ..] => Ending::CrLf,
            [b'\r', ..] => Ending::Cr,
            _ => Ending::Lf,
        };
        text.extend_from_slice(&bytes[reached..at]);
        text.push(b'\n');
        endings.push(ending);
        reached = at + ending.bytes().len();
    }
    text.extend_from_slice(&bytes[reached..]);
    (text, endings)
}

fn decode(bytes: &[u8]) -> (Encoding, Vec<u8>) {
    for (mark, encoding) in [(UTF_16_LE_MARK, Encoding::Utf16Le), (UTF_16_BE_MARK, Encoding::Utf16Be)] {
        if let Some(text) = bytes.strip_prefix(mark).and_then(|bytes| utf_16(bytes, encoding)) {
            return (encoding, text.into_bytes());
        }
    }
    let encoding = if std::str::from_utf8(bytes).is_ok() { Encoding::Utf8 } else { Encoding::Bytes };
    (encoding, bytes.to_vec())
}

fn encode(encoding: Encoding, bytes: Vec<u8>) -> Vec<u8> {
    let (mark, unit): (_, fn(u16) -> [u8; 2]) = match encoding {
        Encoding::Utf8 | Encoding::Bytes => return bytes,
        Encoding::Utf16Le => (UTF_16_LE_MARK, u16::to_le_bytes),
        Encoding::Utf16Be => (UTF_16_BE_MARK, u16::to_be_bytes),
    };
    // UTF-8 in which whole characters were exchanged for whole characters is UTF-8 still.
    let text = String::from_utf8_lossy(&bytes);
    mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect()
}

/// The text, if all of it is well formed.
fn utf_16(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let unit = if encoding == Encoding::Utf16Le { u16::from_le_bytes } else { u16::from_be_bytes };
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().ok()
}

fn latin_1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_file_is_put_together_again_as_it_was(bytes: Vec<u8>) {
            prop_assert_eq!(Document::new(&bytes).into_bytes(), bytes);
        }

        #[test]
        fn any_utf_16_file_is_put_together_again_as_it_was(text: String, big: bool) {
            let (mark, unit): (_, fn(u16) -> [u8; 2]) =
                if big { (UTF_16_BE_MARK, u16::to_be_bytes) } else { (UTF_16_LE_MARK, u16::to_le_bytes) };
            let bytes: Vec<u8> = mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect();
            prop_assert_eq!(Document::new(&bytes).into_bytes(), bytes);
        }

        #[test]
        fn files_of_nothing_but_line_endings_are_kept(bytes in "[\r\na]{0,12}") {
            prop_assert_eq!(Document::new(bytes.as_bytes()).into_bytes(), bytes.into_bytes());
        }
    }
}
