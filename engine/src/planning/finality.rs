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
    let words =
        Words { run: "the run", stop: "don't apply the patch", go_on: "apply it; should it fail, this alone stays" };
    match final_statements(database, executed) {
        Ok(statements) => {
            let finding = |(at, executed)| words.finding(database, &format!("final:{}", at + 1), executed, answers);
            statements.into_iter().map(finding).collect()
        }
        Err(error) => vec![Finding::from(error)],
    }
}

/// The same about a statement of a patch's `downgrade` hook, with its place among all.
pub(crate) fn ask_going_back(
    database: &Database,
    (patch, at): (&str, usize),
    executed: &Executed,
    answers: &Answers,
) -> Finding {
    let words = Words {
        run: "going back",
        stop: "leave the patch in force",
        go_on: "take it back; should that fail, this alone stays",
    };
    words.finding(database, &format!("final:{patch}:{}", at + 1), executed, answers)
}

/// What is said of a run that may fail.
struct Words {
    run: &'static str,
    stop: &'static str,
    go_on: &'static str,
}

impl Words {
    fn finding(&self, database: &Database, id: &str, executed: &Executed, answers: &Answers) -> Finding {
        let (run, dialect) = (self.run, &database.info().name);
        let text = shortened(&executed.statement.text);
        let message = format!("if {run} fails later, {dialect} can't take this back: {text}");
        let finding = match answers.get(id) {
            None => Finding::question(id, message, &[(STOP, self.stop), (GO_ON, self.go_on)]),
            Some(GO_ON) => Finding::notice(format!("{message}; as chosen: it stays then")),
            Some(_) => Finding::blocker(format!("{message}, and the operator chose to stop"))
                .hint(format!("answer {id} with {GO_ON}, or ask the vendor for an undo")),
        };
        match &executed.statement.position {
            Some(position) => finding.at(position),
            None => finding,
        }
    }
}
