//! The only place that knows plugins: which step kinds and dialects the command can do.

use crate::handover::program::ThisProgram;
use crate::output::Output;
use crate::web::Http;
use patchwright_dialect_mysql::MySql;
use patchwright_dialect_postgres::Postgres;
use patchwright_dialect_sqlite::Sqlite;
use patchwright_engine::Engine;
use patchwright_engine::loader::{HostProgram, Loader};
use patchwright_hooks_api::statements::split;
use patchwright_hooks_api::{ConnectSpec, Dialect, Error, Level, Statement};
use patchwright_step_change::ChangeSteps;
use patchwright_step_files::FileSteps;
use patchwright_step_patcher::PatcherSteps;
use patchwright_step_script::ScriptSteps;
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

/// The engine with everything that is bundled, for the site that is looked for there.
pub(crate) fn engine(loader: &Loader, site: PathBuf) -> Engine {
    Engine::builder()
        .patcher(ThisProgram { site })
        .loader(loader.clone())
        .step_kind(FileSteps)
        .step_kind(TextSteps)
        .step_kind(SqlSteps)
        .step_kind(ChangeSteps)
        .step_kind(ScriptSteps)
        .step_kind(PatcherSteps)
        .dialect(Sqlite)
        .dialect(Postgres)
        .dialect(MySql)
        .web(Http)
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
