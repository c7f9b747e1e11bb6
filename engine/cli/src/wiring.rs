//! The only place that knows plugins: which step kinds and dialects the command can do.

use crate::output::Output;
use patchwright_dialect_mysql::MySql;
use patchwright_dialect_postgres::Postgres;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::Engine;
use patchwright_engine::loader::{HostProgram, Loader};
use patchwright_hooks_api::statements::split;
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, Level, Statement, StepKind};
use patchwright_step_change::ChangeSteps;
use patchwright_step_files::FileSteps;
use patchwright_step_script::{ScriptInspections, ScriptSteps};
use patchwright_step_sql::SqlSteps;
use patchwright_step_text::TextSteps;
use std::path::Path;
use std::sync::Arc;

/// How dialects from libraries are loaded: isolated ones into another process of this program.
pub(crate) fn loader(output: Output) -> Loader {
    let host = |program| HostProgram { program, arguments: vec!["plugin".to_owned(), "host".to_owned()] };
    Loader {
        host: std::env::current_exe().ok().map(host),
        log: Arc::new(move |level, message| {
            if level > Level::Debug {
                output.note(message);
            }
        }),
    }
}

pub(crate) use patchwright_step_script::{
    HOOKS, Inspection, OneHook as Hook, excerpt as script_excerpt, inspect as inspect_script,
};

/// The engine with everything that is bundled.
pub(crate) fn engine(loader: &Loader) -> Engine {
    engine_with(loader, ScriptSteps)
}

/// The engine for which scripts are only looked at, and where what is to be said of them is then found.
pub(crate) fn inspecting_engine(loader: &Loader) -> (Engine, ScriptInspections) {
    let inspections = ScriptInspections::default();
    (engine_with(loader, inspections.clone()), inspections)
}

/// The engine for which a script is one hook of it alone.
pub(crate) fn rehearsing_engine(loader: &Loader, hook: Hook) -> Engine {
    engine_with(loader, hook)
}

fn engine_with(loader: &Loader, scripts: impl StepKind + 'static) -> Engine {
    Engine::builder()
        .loader(loader.clone())
        .step_kind(FileSteps)
        .step_kind(TextSteps)
        .step_kind(SqlSteps)
        .step_kind(ChangeSteps)
        .step_kind(scripts)
        .dialect(Sqlite)
        .dialect(Postgres)
        .dialect(MySql)
        .build()
}

/// Makes an SQLite database by a script.
///
/// # Errors
/// When the script can't be split, or the database refuses a statement.
pub(crate) fn make_database(file: &Path, script: &str) -> Result<(), Error> {
    let pieces = split(script, &Sqlite.info().lexical).map_err(|error| Error::invalid(error.to_string()))?;
    let mut connection = Sqlite.connect(&ConnectSpec { url: format!("sqlite:{}", file.display()), create: true })?;
    for piece in pieces {
        connection.execute(&Statement::new(piece.text))?;
    }
    Ok(())
}
