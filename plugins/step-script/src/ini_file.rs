//! The lines of a file of settings, by their places in its text.
//!
//! A line is a section (`[name]`), a setting (`key = value`, `key: value` or a key alone), or something else that is left alone.
//! A comment behind a value begins with a blank and `;` or `#`, outside of quotes.

use crate::layout::line_end;
use std::ops::Range;

/// A file of settings.
pub(crate) struct IniFile {
    settings: Vec<Setting>,
    sections: Vec<Section>,
}

/// One setting.
pub(crate) struct Setting {
    section: String,
    key: String,
    /// Where the key ends, and what stands between it and the value.
    separator: Range<usize>,
    /// The value with its quotes, without the comment behind it.
    value: Range<usize>,
    /// The whole line with its end.
    pub(crate) line: Range<usize>,
    /// Whether the next line is indented and no setting of its own.
    pub(crate) goes_on: bool,
}

/// One stretch of lines under the same heading; the first has none and the empty name.
struct Section {
    name: String,
    /// Where a further setting is put: behind its last setting.
    end: usize,
}

impl IniFile {
    /// Reads the lines. Every text is one: what is no setting is left alone.
    pub(crate) fn read(text: &str) -> Self {
        let mut file = Self { settings: Vec::new(), sections: vec![Section { name: String::new(), end: 0 }] };
        let mut at = 0;
        // A mark that some editors write is no part of the first key.
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        for line in text.split_inclusive('\n') {
            let range = at + if at == 0 { mark } else { 0 }..at + line.len();
            at = range.end;
            file.take(text, range);
        }
        file
    }

    fn take(&mut self, text: &str, range: Range<usize>) {
        let line = text[range.clone()].trim_end_matches(['\n', '\r']);
        let content = line.trim();
        if content.is_empty() {
            return;
        }
        let is_comment = content.starts_with([';', '#']);
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
            self.sections.push(Section { name: name.trim().to_owned(), end: range.end });
            return;
        }
        let separator = line.find(['=', ':']);
        if let (Some(last), true, None) =
            (self.settings.last_mut(), line.starts_with([' ', '\t']) && !is_comment, separator)
            && last.line.end == range.start
        {
            last.goes_on = true;
        } else if is_comment {
            // It may be about what comes next.
            return;
        } else {
            self.settings.push(setting(line, separator, range.clone(), self.name()));
        }
        if let Some(section) = self.sections.last_mut() {
            section.end = range.end;
        }
    }

    fn name(&self) -> String {
        self.sections.last().map_or_else(String::new, |section| section.name.clone())
    }

    /// The settings of this key in all parts of the section.
    pub(crate) fn settings(&self, section: &str, key: &str) -> Vec<&Setting> {
        self.settings.iter().filter(|setting| setting.section == section && setting.key == key).collect()
    }

    /// The text with a further setting, written as the one before it; `None` if a line can't hold the value.
    pub(crate) fn added(&self, text: &str, section: &str, key: &str, value: &str) -> Option<String> {
        let line_end = line_end(text);
        let like = self.settings.iter().rev().find(|setting| setting.section == section).or(self.settings.last());
        let between = like.map_or(" = ", |setting| &text[setting.separator.clone()]);
        let between = if between.trim().is_empty() { " = " } else { between };
        let indent = like.filter(|setting| setting.section == section).map_or("", |setting| {
            let line = &text[setting.line.clone()];
            &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
        });
        let line = format!("{indent}{key}{between}{}{line_end}", worded(value, None)?);
        let (at, heading) = match self.sections.iter().rev().find(|known| known.name == section) {
            Some(known) => (known.end, String::new()),
            None => {
                let gap = if text.trim().is_empty() { "" } else { line_end };
                (text.len(), format!("{gap}[{section}]{line_end}"))
            }
        };
        let before = &text[..at];
        let broken = if before.is_empty() || before.ends_with('\n') { "" } else { line_end };
        Some(format!("{before}{broken}{heading}{line}{}", &text[at..]))
    }
}

fn setting(line: &str, separator: Option<usize>, range: Range<usize>, section: String) -> Setting {
    let end = range.start + line.len();
    let behind = separator.map_or(line.len(), |at| at + 1);
    let key = line[..separator.unwrap_or(line.len())].trim();
    let key_end = line.len() - line.trim_start().len() + key.len();
    let start = behind + line[behind..].len() - line[behind..].trim_start().len();
    let value = value_within(&line[start..]);
    let separator = range.start + key_end..(range.start + start).min(end);
    let value = range.start + start..range.start + start + value;
    Setting { section, key: key.to_owned(), separator, value, line: range, goes_on: false }
}

/// How long the value is that this rest of a line begins with.
fn value_within(rest: &str) -> usize {
    if let Some(quote) = rest.chars().next().filter(|first| matches!(first, '"' | '\''))
        && let Some(close) = rest[1..].find(quote)
    {
        return close + 2;
    }
    let comment = rest
        .char_indices()
        .find(|(at, character)| matches!(character, ';' | '#') && rest[..*at].ends_with([' ', '\t']));
    let starts_with_comment = rest.starts_with([';', '#']);
    let end = if starts_with_comment { 0 } else { comment.map_or(rest.len(), |(at, _)| at) };
    rest[..end].trim_end().len()
}

impl Setting {
    /// The value, without quotes around it.
    pub(crate) fn value(&self, text: &str) -> String {
        let value = &text[self.value.clone()];
        quote_of(value).map_or(value, |_| &value[1..value.len() - 1]).to_owned()
    }

    /// The text with another value; `None` if a line can't hold it.
    pub(crate) fn replaced(&self, text: &str, value: &str) -> Option<String> {
        let worded = worded(value, quote_of(&text[self.value.clone()]))?;
        let has_separator = text[self.separator.clone()].contains(['=', ':']);
        let between = if has_separator { "" } else { " = " };
        Some(format!("{}{between}{worded}{}", &text[..self.value.start], &text[self.value.end..]))
    }
}

fn quote_of(value: &str) -> Option<char> {
    let first = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    (value.len() > 1 && value.ends_with(first)).then_some(first)
}

/// The value as it is written, in the quotes that were there or those that it needs.
fn worded(value: &str, quote: Option<char>) -> Option<String> {
    if value.contains(['\n', '\r', '\0']) {
        return None;
    }
    let needs_quotes =
        value.trim() != value || value.starts_with(['"', '\'', ';', '#']) || value_within(value) != value.len();
    if quote.is_none() && !needs_quotes {
        return Some(value.to_owned());
    }
    let suits = |quote: &char| !value.contains(*quote);
    let quote = quote.into_iter().chain(['"', '\'']).find(suits)?;
    Some(format!("{quote}{value}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "; top\r\nname=cms\r\n\r\n[cache] ; how long\r\n  ttl = 60 ; seconds\r\n  path: \"/a ; b\"\r\nbare\r\n\r\n; end\r\n";

    fn value(text: &str, section: &str, key: &str) -> Vec<String> {
        IniFile::read(text).settings(section, key).iter().map(|setting| setting.value(text)).collect()
    }

    #[test]
    fn settings_are_found_in_their_sections() {
        for (section, key, wanted) in
            [("", "name", "cms"), ("cache", "ttl", "60"), ("cache", "path", "/a ; b"), ("cache", "bare", "")]
        {
            assert_eq!(value(TEXT, section, key), [wanted], "{key}");
        }
        assert!(value(TEXT, "", "ttl").is_empty());
        assert!(value(TEXT, "", "; top").is_empty());
    }

    #[test]
    fn another_value_leaves_everything_else_as_it_stands() {
        let changed =
            |section: &str, key: &str, value: &str| IniFile::read(TEXT).settings(section, key)[0].replaced(TEXT, value);
        assert_eq!(changed("cache", "ttl", "90").unwrap(), TEXT.replace("60", "90"));
        assert_eq!(changed("cache", "path", "/c").unwrap(), TEXT.replace("/a ; b", "/c"));
        assert_eq!(changed("cache", "path", "\"").unwrap(), TEXT.replace("\"/a ; b\"", "'\"'"));
        assert_eq!(changed("", "name", " x # y").unwrap(), TEXT.replace("=cms", "=\" x # y\""));
        assert_eq!(changed("cache", "bare", "1").unwrap(), TEXT.replace("bare", "bare = 1"));
        assert_eq!(changed("", "name", "a\nb"), None);
    }

    #[test]
    fn a_new_setting_stands_at_the_end_of_its_section_and_looks_like_the_one_before_it() {
        let added = |text: &str, section: &str| IniFile::read(text).added(text, section, "k", "v").unwrap();
        assert_eq!(added(TEXT, ""), TEXT.replace("name=cms\r\n", "name=cms\r\nk=v\r\n"));
        assert_eq!(added(TEXT, "new"), format!("{TEXT}\r\n[new]\r\nk = v\r\n"));
        assert_eq!(added("[a]\nb : c", "a"), "[a]\nb : c\nk : v\n");
        assert_eq!(added("[a]\nx=1\n\n[b]\ny=1\n", "a"), "[a]\nx=1\nk=v\n\n[b]\ny=1\n");
        assert_eq!(added("", "a"), "[a]\nk = v\n");
    }

    #[test]
    fn a_value_that_goes_on_in_the_next_line_is_known() {
        let text = "a = 1\n  2\nb = 3\n";
        let file = IniFile::read(text);
        assert!(file.settings("", "a")[0].goes_on && !file.settings("", "b")[0].goes_on);
    }
}
