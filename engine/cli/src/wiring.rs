//! The only place that knows plugins: which step kinds and dialects the command can do.

use crate::handover::program::ThisProgram;
use crate::output::Output;
use crate::web::Http;
use patchwright_dialect_mysql::MySql;
use patchwright_dialect_postgres::Postgres;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::loader::{HostProgram, Loader};
use patchwright_engine::{Engine, EngineBuilder};
use patchwright_hooks_api::statements::split;
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, Level, Statement, StepKind};
use patchwright_step_change::ChangeSteps;
use patchwright_step_files::FileSteps;
use patchwright_step_patcher::PatcherSteps;
use patchwright_step_script::{ScriptInspections, ScriptSteps};
use patchwright_step_sql::SqlSteps;
use patchwright_step_text::TextSteps;
use std::path::{Path, PathBuf};
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

pub(crate) use patchwright_step_script::{HOOKS, Inspection, OneHook as Hook, inspect as inspect_script};

/// The engine with everything that is bundled, for the site that is looked for there.
pub(crate) fn engine(loader: &Loader, site: PathBuf) -> Engine {
    engine_with(loader, ScriptSteps).patcher(ThisProgram { site }).build()
}

/// The engine for which scripts are only looked at, and where what is to be said of them is then found.
pub(crate) fn inspecting_engine(loader: &Loader) -> (Engine, ScriptInspections) {
    let inspections = ScriptInspections::default();
    (engine_with(loader, inspections.clone()).build(), inspections)
}

/// The engine for which a script is one hook of it alone.
pub(crate) fn rehearsing_engine(loader: &Loader, hook: Hook) -> Engine {
    engine_with(loader, hook).build()
}

fn engine_with(loader: &Loader, scripts: impl StepKind + 'static) -> EngineBuilder {
    Engine::builder()
        .loader(loader.clone())
        .step_kind(FileSteps)
        .step_kind(TextSteps)
        .step_kind(SqlSteps)
        .step_kind(ChangeSteps)
        .step_kind(scripts)
        .step_kind(PatcherSteps)
        .dialect(Sqlite)
        .dialect(Postgres)
        .dialect(MySql)
        .web(Http)
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
