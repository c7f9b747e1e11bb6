//! Two changes of one text laid together.

use crate::call::Call;
use crate::limits;
use patchwright_hooks_api::{Error, ErrorKind};
use patchwright_merge::{Merged, Why, merge as merge_texts};
use rhai::Dynamic;

/// The text with both changes, which must go together.
pub(super) fn merge(call: &Call<'_>) -> Result<Dynamic, Error> {
    let (base, mine, theirs) = (call.string(0)?, call.string(1)?, call.string(2)?);
    // Comparing takes a time that grows with the product of the lines.
    if [&base, &mine, &theirs].into_iter().any(|text| text.lines().nth(limits::MERGED_LINES).is_some()) {
        let message = format!("text::merge: a text has more than {} lines", limits::MERGED_LINES);
        return Err(Error::new(ErrorKind::Limit, message));
    }
    match merge_texts(base.as_bytes(), mine.as_bytes(), theirs.as_bytes()) {
        Merged::Clean(clean) => match String::from_utf8(clean.bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Error::new(ErrorKind::Internal, "a merge of texts is no text")),
        },
        Merged::Conflict(_) => {
            Err(Error::conflict("text::merge: both texts changed the same lines, or neighbouring ones")
                .hint("let preflight() ask the operator which text to take"))
        }
        Merged::Unmergeable(Why::Binary) => {
            Err(Error::conflict("text::merge: one of the texts holds a zero character"))
        }
        Merged::Unmergeable(Why::TooLarge) => {
            Err(Error::new(ErrorKind::Limit, "text::merge: one of the texts is too long"))
        }
    }
}
