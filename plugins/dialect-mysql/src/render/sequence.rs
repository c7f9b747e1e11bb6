//! Sequences, which MariaDB keeps as tables of a kind of their own, and MySQL doesn't have.

use super::{Words, unsupported};
use patchwright_hooks_api::change::sql::{self, Spelling};
use patchwright_hooks_api::{Change, Error, Statement};

/// The statement of a change of a sequence; `None` if it is another change.
pub(super) fn render(words: Words, change: &Change) -> Result<Option<Statement>, Error> {
    let quoted = |name: &String| words.quoted(name);
    let statement = match change {
        Change::CreateSequence(sequence) => sql::create_sequence(&words, sequence),
        Change::DropSequence { sequence } => Statement::new(format!("DROP SEQUENCE {}", quoted(sequence))),
        Change::RenameSequence { sequence, to } => {
            Statement::new(format!("RENAME TABLE {} TO {}", quoted(sequence), quoted(to)))
        }
        Change::RestartSequence { sequence, at } => {
            let name = quoted(sequence);
            Statement {
                // The structure doesn't show it.
                probe: Some(format!("SELECT next_not_cached_value FROM {name}")),
                ..Statement::new(format!("ALTER SEQUENCE {name} RESTART WITH {at}"))
            }
        }
        _ => return Ok(None),
    };
    if words.server.has_sequences() {
        return Ok(Some(statement));
    }
    Err(unsupported("this server has no sequences")
        .hint("let the column number its rows (auto), or say by if-server for which database the sequence is"))
}
