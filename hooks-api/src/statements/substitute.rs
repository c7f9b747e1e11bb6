//! Puts a site's table prefix where a script has a placeholder for it.

use super::rules::LexicalRules;
use super::scan::{Scanner, TokenKind, dollar_tag, is_word_start};

/// Replaces `placeholder` (`#__`, `/*_*/`, `{prefix}`) by `replacement` in a whole script or in one statement.
///
/// It is replaced in identifiers, quoted or not, in comments and in dollar-quoted code, but not in string literals,
/// inside dollar-quoted code neither: those are data. A placeholder that begins like a word is found only where a
/// word begins. From a string or comment that never ends on, the text is left as it is, and [`super::split`] reports
/// it; lines stay what they were if neither placeholder nor replacement holds a line break.
pub fn substitute(text: &str, rules: &LexicalRules, placeholder: &str, replacement: &str) -> String {
    if placeholder.is_empty() {
        return text.to_owned();
    }
    let substitution = Substitution { rules, placeholder, replacement };
    let mut out = String::with_capacity(text.len());
    substitution.write_script(text, &mut out);
    out
}

struct Substitution<'s> {
    rules: &'s LexicalRules,
    placeholder: &'s str,
    replacement: &'s str,
}

impl Substitution<'_> {
    fn write_script(&self, text: &str, out: &mut String) {
        let mut scanner = Scanner::with_placeholder(text, self.rules, self.placeholder);
        while let Ok(Some(token)) = scanner.next() {
            match token.kind {
                TokenKind::Placeholder => out.push_str(self.replacement),
                TokenKind::Comment | TokenKind::QuotedIdentifier => self.write_plain(token.text, out),
                TokenKind::DollarQuoted => self.write_code(token.text, out),
                _ => out.push_str(token.text),
            }
        }
        out.push_str(scanner.rest());
    }

    /// Dollar quotes inside dollar quotes are not followed further down: their tags are symbols here.
    fn write_code(&self, quoted: &str, out: &mut String) {
        let tag = dollar_tag(quoted).unwrap_or_default();
        let rules = LexicalRules { dollar_quotes: false, ..self.rules.clone() };
        out.push_str(tag);
        Substitution { rules: &rules, ..*self }.write_script(&quoted[tag.len()..quoted.len() - tag.len()], out);
        out.push_str(tag);
    }

    fn write_plain(&self, text: &str, out: &mut String) {
        let begins_like_word = self.placeholder.starts_with(is_word_start);
        let mut written = 0;
        for (at, _) in text.match_indices(self.placeholder) {
            let inside_word = text[..at].ends_with(|c: char| is_word_start(c) || c.is_ascii_digit());
            if begins_like_word && inside_word {
                continue;
            }
            out.push_str(&text[written..at]);
            out.push_str(self.replacement);
            written = at + self.placeholder.len();
        }
        out.push_str(&text[written..]);
    }
}
