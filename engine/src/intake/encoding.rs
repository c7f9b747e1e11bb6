//! The manifest's bytes as text, by its byte-order mark and its declaration (C32).
//!
//! Bytes that don't fit what is declared are an error: better a patch refused than one that writes mojibake.

use super::MANIFEST;
use patchwright_hooks_api::Error;
use patchwright_xml::{Cursor, is_xml_character};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::borrow::Cow;

/// How far the declaration may reach; real ones take some 60 bytes.
const MAX_DECLARATION_BYTES: usize = 256;
const KNOWN: &str = "known encodings: UTF-8, UTF-16, US-ASCII, ISO-8859-1, windows-1252";

/// Decodes a manifest; a byte-order mark is left out.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let text = match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => with_mark("UTF-8", &["utf-8"], utf8(rest)?),
        [0xff, 0xfe, rest @ ..] => with_mark("UTF-16", &["utf-16", "utf-16le"], utf16(rest, u16::from_le_bytes)?),
        [0xfe, 0xff, rest @ ..] => with_mark("UTF-16", &["utf-16", "utf-16be"], utf16(rest, u16::from_be_bytes)?),
        [0, b'<', ..] | [b'<', 0, ..] => {
            Err(at_start("it seems to be UTF-16 without a byte-order mark").hint("write it with one, or as UTF-8"))
        }
        _ => as_declared(bytes),
    }?;
    check_characters(&text)?;
    Ok(text)
}

fn as_declared(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    let Some(declared) = declared_encoding(bytes)? else { return utf8(bytes) };
    match declared.to_ascii_lowercase().as_str() {
        "utf-8" => utf8(bytes),
        "us-ascii" | "ascii" => match bytes.iter().position(|byte| !byte.is_ascii()) {
            Some(at) => Err(misfit("US-ASCII", &String::from_utf8_lossy(&bytes[..at]), bytes[at])),
            None => utf8(bytes),
        },
        "iso-8859-1" | "latin1" => latin1(bytes),
        "windows-1252" => windows_1252(bytes),
        "utf-16" | "utf-16le" | "utf-16be" => {
            Err(at_start("it is declared as UTF-16 but its bytes are not").hint("declare the encoding it is saved in"))
        }
        _ => Err(at_start(&format!("its encoding {declared:?} is not known")).hint(KNOWN)),
    }
}

fn with_mark<'a>(mark: &str, fitting: &[&str], text: Cow<'a, str>) -> Result<Cow<'a, str>, Error> {
    match declared_encoding(text.as_bytes())? {
        Some(declared) if !fitting.contains(&declared.to_ascii_lowercase().as_str()) => {
            Err(at_start(&format!("it is declared as {declared} but begins with the byte-order mark of {mark}"))
                .hint("declare the encoding it is saved in"))
        }
        _ => Ok(text),
    }
}

/// The encoding that the XML declaration names, if there is a declaration and it names one.
fn declared_encoding(bytes: &[u8]) -> Result<Option<String>, Error> {
    if !bytes.starts_with(b"<?xml") {
        return Ok(None);
    }
    let head = &bytes[..bytes.len().min(MAX_DECLARATION_BYTES)];
    let unreadable = || at_start("its XML declaration can't be read").hint("write it like <?xml version=\"1.0\"?>");
    let end = head.windows(2).position(|pair| pair == b"?>").ok_or_else(unreadable)? + 2;
    let declaration = str::from_utf8(&head[..end]).map_err(|_| unreadable())?;
    let Ok(Event::Decl(declaration)) = Reader::from_str(declaration).read_event() else { return Err(unreadable()) };
    if !declaration.version().is_ok_and(|version| version == "1.0") {
        return Err(at_start("it is not declared as XML 1.0"));
    }
    declaration.encoding().transpose().map(|name| name.map(Cow::into_owned)).map_err(|_| unreadable())
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let at = error.valid_up_to();
            Err(misfit("UTF-8", &String::from_utf8_lossy(&bytes[..at]), bytes[at]))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, Error> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len());
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => return Err(after(&text, "half of a UTF-16 character stands alone")),
        }
    }
    if bytes.len() % 2 == 1 {
        return Err(after(&text, "half of a UTF-16 unit stands at its end"));
    }
    Ok(Cow::Owned(text))
}

/// ISO-8859-1 proper. Its control characters 0x80 to 0x9F stand in no text: bytes in that range come from another
/// encoding. So does a file whose every non-ASCII byte is part of a well-formed UTF-8 sequence.
fn latin1(bytes: &[u8]) -> Result<Cow<'_, str>, Error> {
    if !bytes.is_ascii() && str::from_utf8(bytes).is_ok() {
        return Err(at_start("it is declared as ISO-8859-1 but saved as UTF-8").hint("declare it as UTF-8"));
    }
    let decode = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    match bytes.iter().position(|byte| (0x80..0xa0).contains(byte)) {
        Some(at) => Err(misfit("ISO-8859-1", &decode(&bytes[..at]), bytes[at])),
        None => Ok(Cow::Owned(decode(bytes))),
    }
}

fn windows_1252<'a>(bytes: &'a [u8]) -> Result<Cow<'a, str>, Error> {
    // The five bytes that windows-1252 leaves free would be decoded to control characters.
    const FREE: [u8; 5] = [0x81, 0x8d, 0x8f, 0x90, 0x9d];
    let decode = |bytes: &'a [u8]| encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
    match bytes.iter().position(|byte| FREE.contains(byte)) {
        Some(at) => Err(misfit("windows-1252", &decode(&bytes[..at]), bytes[at])),
        None => Ok(decode(bytes)),
    }
}

fn check_characters(text: &str) -> Result<(), Error> {
    match text.char_indices().find(|(_, character)| !is_xml_character(*character)) {
        Some((at, character)) => {
            Err(after(&text[..at], &format!("the character U+{:04X} is not allowed in XML", u32::from(character))))
        }
        None => Ok(()),
    }
}

fn misfit(encoding: &str, before: &str, byte: u8) -> Error {
    after(before, &format!("the byte 0x{byte:02X} is not {encoding}, which the text must be by its declaration"))
        .hint("declare the encoding that the file is saved in, in its first line; without one it is UTF-8")
}

fn after(text: &str, message: &str) -> Error {
    Error::invalid(message).at(&place(text))
}

fn at_start(message: &str) -> Error {
    Error::invalid(message).at(&place(""))
}

fn place(before: &str) -> patchwright_hooks_api::Position {
    Cursor::new(MANIFEST).advance(before, before.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<a>Grüße</a>";

    fn declared(encoding: &str) -> String {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n{TEXT}")
    }

    fn utf16_of(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(unit).collect()
    }

    fn latin1_of(text: &str) -> Vec<u8> {
        text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
    }

    // C32
    #[test]
    fn every_known_encoding_gives_the_same_text() {
        let cases: Vec<(String, Vec<u8>)> = vec![
            (TEXT.into(), TEXT.into()),
            (declared("UTF-8"), declared("UTF-8").into()),
            (declared("utf-8"), [b"\xef\xbb\xbf", declared("utf-8").as_bytes()].concat()),
            (declared("UTF-16"), utf16_of(&declared("UTF-16"), u16::to_le_bytes)),
            (declared("UTF-16BE"), utf16_of(&declared("UTF-16BE"), u16::to_be_bytes)),
            (TEXT.into(), utf16_of(TEXT, u16::to_be_bytes)),
            (declared("ISO-8859-1"), latin1_of(&declared("ISO-8859-1"))),
            (declared("windows-1252").replace('ß', "€"), latin1_of(&declared("windows-1252").replace('ß', "\u{80}"))),
            (
                "<?xml version='1.0' encoding='US-ASCII'?><a/>".into(),
                b"<?xml version='1.0' encoding='US-ASCII'?><a/>".into(),
            ),
        ];
        for (text, bytes) in cases {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
    }

    // C32
    #[test]
    fn bytes_that_do_not_fit_the_declaration_are_refused_with_their_place() {
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (latin1_of(&declared("UTF-8")), "patch.xml:2:6: the byte 0xFC is not UTF-8"),
            (latin1_of(TEXT), "patch.xml:1:6: the byte 0xFC is not UTF-8"),
            (declared("ISO-8859-1").into(), "declared as ISO-8859-1 but saved as UTF-8"),
            (
                b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4\x80</a>".into(),
                "patch.xml:1:48: the byte 0x80 is not ISO-8859-1",
            ),
            ([b"\xef\xbb\xbf", declared("ISO-8859-1").as_bytes()].concat(), "begins with the byte-order mark of UTF-8"),
            (utf16_of(&declared("UTF-8"), u16::to_le_bytes), "begins with the byte-order mark of UTF-16"),
            (utf16_of(&declared("UTF-16LE"), u16::to_be_bytes), "begins with the byte-order mark of UTF-16"),
            (declared("UTF-16").into(), "declared as UTF-16 but its bytes are not"),
            (utf16_of(TEXT, u16::to_le_bytes)[2..].into(), "UTF-16 without a byte-order mark"),
            (utf16_of("<a/>", u16::to_le_bytes)[..9].into(), "half of a UTF-16 unit"),
            (b"\xff\xfe<\0\0\xd8a\0".into(), "patch.xml:1:2: half of a UTF-16 character"),
            (declared("US-ASCII").into(), "is not US-ASCII"),
            (b"<?xml version='1.0' encoding='windows-1252'?>\x81".into(), "0x81 is not windows-1252"),
            (declared("KOI8-R").into(), "\"KOI8-R\" is not known"),
            (b"<?xml version='1.1'?><a/>".into(), "not declared as XML 1.0"),
            (b"<?xml encoding='utf-8'".into(), "declaration can't be read"),
            (b"<a>\x07</a>".into(), "patch.xml:1:4: the character U+0007 is not allowed in XML"),
        ];
        for (bytes, message) in cases {
            let error = decode(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{error:?} does not say {message:?}");
        }
    }
}
