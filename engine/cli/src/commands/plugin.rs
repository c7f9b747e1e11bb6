//! `plugin`: dialects from shared libraries, for who configures a site and for who writes one.

use crate::arguments::{Cli, Ended};
use crate::exit::Exit;
use crate::problem::Problem;
use clap::{Args, Subcommand};
use patchwright_engine::loader::{self, DialectLibrary};
use patchwright_engine::site::config::SiteConfig;
use patchwright_hooks_api::abi::import::Description;
use patchwright_hooks_api::{ConnectSpec, Dialect, DialectInfo, Error, ErrorKind, Sha256};
use serde_json::{Value, json};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a plugin that is tried may take for one answer.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// List, inspect and test dialects from shared libraries
#[derive(Debug, Args)]
pub(crate) struct Plugin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the dialects that this site can use
    List,
    /// Show what a library says of itself, and how to configure it; its code is loaded
    Inspect {
        /// The library
        library: PathBuf,
    },
    /// Check that a dialect keeps the contract, against a database of yours
    Test {
        /// The library
        library: PathBuf,
        /// A database that the checks may write to
        #[arg(long, value_name = "URL")]
        database: String,
    },
    /// Run a plugin for another process of this program
    #[command(hide = true)]
    Host,
}

impl Plugin {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        match &self.command {
            Command::List => list(cli),
            Command::Inspect { library } => inspect(cli, library),
            Command::Test { library, database } => test(cli, library, database),
            Command::Host => host(),
        }
    }
}

/// The bundled dialects and those of the site, if there is one here. A plugin that can't be loaded is listed with the reason.
fn list(cli: &Cli) -> Ended {
    let mut text = String::new();
    let mut rows = Vec::new();
    let mut add = |info: &DialectInfo, from: &str| {
        text.push_str(&format!("{:<12} {:<24} {from}\n", info.name, info.schemes.join(", ")));
        rows.push(json!({ "name": info.name, "schemes": info.schemes, "from": from }));
    };
    let configured = SiteConfig::find(cli.at()).and_then(|file| SiteConfig::read(&file)).map(|config| config.dialects);
    let mut broken = Vec::new();
    for library in configured.unwrap_or_default() {
        match cli.loader.dialect(&library) {
            Ok(dialect) => add(&dialect.info(), &library.library.display().to_string()),
            Err(error) => broken.push(error),
        }
    }
    for info in cli.engine.dialects() {
        add(&info, "bundled");
    }
    cli.output.result(text, json!({ "dialects": rows }));
    match broken.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(Exit::Done),
    }
}

fn inspect(cli: &Cli, library: &Path) -> Ended {
    let (description, sha256) = loader::inspect(library)?;
    let (major, minor) = description.abi;
    let path = std::path::absolute(library).unwrap_or_else(|_| library.to_owned());
    let text = configuration(&description, &path, sha256, !description.unwinds);
    let json = json!({
        "name": description.name,
        "version": description.version,
        "abi": format!("{major}.{minor}"),
        "unwinds": description.unwinds,
        "concurrent": description.concurrent,
        "library": path,
        "sha256": sha256,
    });
    cli.output.result(text, json);
    Ok(Exit::Done)
}

/// A library that runs in a process of its own.
pub(crate) fn isolated(name: String, library: &Path, sha256: Sha256) -> DialectLibrary {
    let library = std::path::absolute(library).unwrap_or_else(|_| library.to_owned());
    DialectLibrary { name, library, sha256, isolate: true, timeout: TEST_TIMEOUT }
}

/// The table of the site's configuration for a library.
pub(crate) fn configuration(description: &Description, path: &Path, sha256: Sha256, isolate: bool) -> String {
    let Description { name, version, abi: (major, minor), .. } = description;
    let isolate = if isolate { "isolate = true\n" } else { "" };
    format!(
        "# {name} {version}, for the plugin ABI {major}.{minor}\n[[dialect]]\nname = \"{name}\"\nlibrary = {path:?}\nsha256 = \
         \"{sha256}\"\n{isolate}"
    )
}

/// Runs the conformance suite in a process of the plugin's own.
fn test(cli: &Cli, library: &Path, database: &str) -> Ended {
    let (description, sha256) = loader::inspect(library)?;
    let library = isolated(description.name, library, sha256);
    let dialect = cli.loader.dialect(&library)?;
    let spec = ConnectSpec { url: database.to_owned(), create: false };
    let kept =
        keeps("the contract of connections", || patchwright_conformance::dialect::dialect(dialect.as_ref(), &spec));
    kept.map_err(Problem::from)?;
    cli.output.text("keeps the contract of connections\n");
    let unsupported = test_changes(&dialect, &spec)?;
    let text = match unsupported {
        None => "does no portable changes\n".to_owned(),
        Some(0) => "keeps the contract of portable changes\n".to_owned(),
        Some(count) => format!("keeps the contract of portable changes; {count} cases are unsupported\n"),
    };
    let changes = unsupported.map_or(Value::Null, |count| json!({ "unsupported": count }));
    cli.output.result(text, json!({ "name": library.name, "keeps-contract": true, "changes": changes }));
    Ok(Exit::Done)
}

/// How many cases are unsupported, or `None` if the dialect does not read schemas and so does no portable changes.
fn test_changes(dialect: &Arc<dyn Dialect>, spec: &ConnectSpec) -> Result<Option<usize>, Error> {
    match dialect.connect(spec)?.introspect(Some(&[])) {
        Err(error) if error.kind == ErrorKind::Unsupported => Ok(None),
        _ => keeps("the contract of portable changes", || patchwright_conformance::changes(dialect.as_ref(), spec))
            .map(Some),
    }
}

/// The suite is made for tests and panics with what is wrong.
fn keeps<T>(what: &str, suite: impl FnOnce() -> T) -> Result<T, Error> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(suite));
    panic::set_hook(hook);
    result.map_err(|panic| {
        let why = panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it doesn't say why".to_owned());
        Error::conflict(format!("it breaks {what}: {why}"))
    })
}

/// The protocol has the real standard output; what the plugin prints goes to standard error.
fn host() -> Ended {
    let io = |error: io::Error| Error::new(ErrorKind::Io, format!("a plugin can't be hosted: {error}"));
    let output = rustix::io::dup(io::stdout()).map_err(|error| io(error.into()))?;
    rustix::stdio::dup2_stdout(io::stderr()).map_err(|error| io(error.into()))?;
    loader::host(io::stdin(), std::fs::File::from(output)).map_err(io)?;
    Ok(Exit::Done)
}
