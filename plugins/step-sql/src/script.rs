//! A script: its text, where it stands, and what of it may run inside the engine's transaction.

use patchwright_hooks_api::element::Content;
use patchwright_hooks_api::statements::{PREFIX_PLACEHOLDER, Piece, split, substitute, transaction_control};
use patchwright_hooks_api::{DialectInfo, Element, Error, ErrorKind, Finding, Payload, Position, SiteFacts, Statement};

/// The largest script, in bytes: its text and all its statements are held in memory.
const MAX_SCRIPT_BYTES: u64 = 16 * 1024 * 1024;

/// The text of a script and the place where it begins.
#[derive(Debug)]
pub(crate) struct Script {
    text: String,
    start: Position,
}

/// What a script comes to on one site.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// The statements to run, in order.
    pub(crate) statements: Vec<Statement>,
    /// The statements left out since the engine does what they ask for.
    pub(crate) left_out: Vec<Finding>,
    /// Why the script can't run.
    pub(crate) refused: Vec<Error>,
}

/// What is to be done with a statement.
enum Role {
    Run,
    LeaveOut,
    Refuse(String),
}

impl Script {
    /// Reads an element's own text, or the member of the archive that its attribute `src` names.
    pub(crate) fn parse(element: &Element, payload: &dyn Payload) -> Result<Self, Error> {
        let mut texts = element.content.iter().filter_map(|content| match content {
            Content::Text(text, position) if !text.trim().is_empty() => Some((text, position)),
            _ => None,
        });
        match (element.attribute("src"), texts.next(), texts.next()) {
            (Some(src), None, _) => Self::from_payload(src, payload).map_err(|error| error.at(&element.position)),
            (Some(src), Some((_, position)), _) => {
                Err(Error::invalid(format!("<{}> takes its statements from {src} and can't hold any", element.name))
                    .at(position))
            }
            (None, _, Some((_, position))) => {
                Err(Error::invalid(format!("the statements of <{}> must stand in one piece", element.name))
                    .at(position)
                    .hint("put <undo> after all of them"))
            }
            (None, Some((text, position)), None) => Ok(Self { text: text.clone(), start: position.clone() }),
            (None, None, None) => Ok(Self { text: String::new(), start: element.position.clone() }),
        }
    }

    /// The text as the author wrote it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing but blanks is in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Cuts the script for this site and sorts its statements.
    pub(crate) fn prepare(&self, facts: &SiteFacts) -> Prepared {
        let dialect = &facts.dialect;
        let mut prepared = Prepared::default();
        let pieces = match split(&self.text, &dialect.lexical) {
            Ok(pieces) => pieces,
            Err(error) => {
                let position = self.place(error.line, error.column);
                prepared.refused.push(Error::invalid(error.fault.to_string()).at(&position));
                return prepared;
            }
        };
        for Piece { text, line, column, .. } in pieces {
            let position = self.place(line, column);
            match role(text, dialect) {
                Role::Run => {
                    let text = substitute(text, &dialect.lexical, PREFIX_PLACEHOLDER, &facts.table_prefix);
                    prepared.statements.push(Statement::new(text).at(position));
                }
                Role::LeaveOut => {
                    let message =
                        format!("line {}: {text} is left out, the engine owns the transaction", position.line);
                    prepared.left_out.push(Finding::notice(message).at(&position));
                }
                Role::Refuse(why) => prepared.refused.push(Error::refused(why).at(&position)),
            }
        }
        prepared
    }

    fn from_payload(src: &str, payload: &dyn Payload) -> Result<Self, Error> {
        let Some(entry) = payload.entry(src) else {
            return Err(Error::missing(format!("the patch's archive has no member {src}")));
        };
        if entry.size > MAX_SCRIPT_BYTES {
            let limit = MAX_SCRIPT_BYTES / 1024 / 1024;
            return Err(Error::new(ErrorKind::Limit, format!("the script {src} is larger than {limit} MB")));
        }
        let start = Position::new(src, 1, 1);
        let text = String::from_utf8(payload.read(src)?).map_err(|error| {
            let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            let last_line = valid.rsplit('\n').next().unwrap_or_default();
            let (line, column) = (valid.matches('\n').count() + 1, last_line.chars().count() + 1);
            Error::invalid("the script is not UTF-8").at(&start.offset_by(count(line), count(column)))
        })?;
        let text = text.strip_prefix('\u{feff}').map(ToOwned::to_owned).unwrap_or(text);
        Ok(Self { text, start })
    }

    fn place(&self, line: usize, column: usize) -> Position {
        self.start.offset_by(count(line), count(column))
    }
}

/// What a statement's first words say: transactions are the engine's, and some things no transaction can hold.
fn role(statement: &str, dialect: &DialectInfo) -> Role {
    match transaction_control(statement, &dialect.lexical) {
        Some("BEGIN" | "START TRANSACTION" | "COMMIT" | "END") => return Role::LeaveOut,
        Some(words) => return Role::Refuse(format!("{words} is refused: the engine owns the transaction")),
        None => {}
    }
    match dialect.refuses(statement) {
        Some(refused) => Role::Refuse(format!("{refused} is refused in patches for {}", dialect.name)),
        None => Role::Run,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
