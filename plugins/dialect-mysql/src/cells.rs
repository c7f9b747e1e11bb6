//! The rows of `information_schema`, read cell by cell.

use patchwright_hooks_api::schema::OnTarget;
use patchwright_hooks_api::{Error, ErrorKind, Value};

/// The values of a row, one after the other.
pub(crate) struct Cells(std::vec::IntoIter<Value>);

impl Cells {
    pub(crate) fn of(row: Vec<Value>) -> Self {
        Self(row.into_iter())
    }

    pub(crate) fn optional(&mut self) -> Option<String> {
        match self.0.next() {
            None | Some(Value::Null) => None,
            Some(Value::Text(text)) => Some(text),
            Some(Value::Bytes(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Some(other) => Some(other.to_string()),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.optional().ok_or_else(|| unreadable("nothing"))
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Error> {
        let text = self.text()?;
        text.parse().map_err(|_| unreadable(&text))
    }

    pub(crate) fn rule(&mut self) -> Result<OnTarget, Error> {
        let words = self.text()?;
        OnTarget::from_sql(&words).ok_or_else(|| unreadable(&words))
    }
}

fn unreadable(what: &str) -> Error {
    Error::new(
        ErrorKind::Database,
        format!("the server's catalog can't be read: it says {what} where something else belongs"),
    )
}

/// What `EXTRA` says of a column that nothing else does, such as `ON UPDATE CURRENT_TIMESTAMP`.
pub(crate) fn words_of(extra: &str) -> String {
    const KNOWN: [&str; 7] =
        ["AUTO_INCREMENT", "DEFAULT_GENERATED", "VIRTUAL", "STORED", "PERSISTENT", "GENERATED", ","];
    let words = extra.split_whitespace().map(|word| word.trim_end_matches(',').to_uppercase());
    words.filter(|word| !KNOWN.contains(&word.as_str())).collect::<Vec<_>>().join(" ")
}
