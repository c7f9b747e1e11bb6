//! What can't be taken back if the run fails after it: one question each, before anything is changed.

use crate::database::Database;
use crate::ledger::{Executed, shortened};
use crate::operator::Answers;
use crate::progress::final_statements;
use patchwright_hooks_api::Finding;

const STOP: &str = "stop";
const GO_ON: &str = "go-on";

/// What the operator is to decide about these statements, or has decided.
pub(super) fn ask(database: &Database, executed: &[Executed], answers: &Answers) -> Vec<Finding> {
    let dialect = &database.info().name;
    let finding = |(at, executed): (usize, &Executed)| {
        let id = format!("final:{}", at + 1);
        let message =
            format!("if the run fails later, {dialect} can't take this back: {}", shortened(&executed.statement.text));
        let finding = match answers.get(&id) {
            None => Finding::question(
                &id,
                message,
                &[(STOP, "don't apply the patch"), (GO_ON, "apply it; should it fail, this alone stays")],
            ),
            Some(GO_ON) => Finding::notice(format!("{message}; as chosen: it stays then")),
            Some(_) => Finding::blocker(format!("{message}, and the operator chose to stop"))
                .hint(format!("answer {id} with {GO_ON}, or ask the vendor for an undo")),
        };
        match &executed.statement.position {
            Some(position) => finding.at(position),
            None => finding,
        }
    };
    match final_statements(database, executed) {
        Ok(statements) => statements.into_iter().map(finding).collect(),
        Err(error) => vec![Finding::from(error)],
    }
}
