//! `script`: upgrade scripts, for who writes them: checked without any site, and rehearsed on one.

use crate::arguments::{Cli, Ended};
use crate::authoring::pack::{Sums, pack};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::script;
use crate::wiring::{self, Hook, Inspection};
use clap::{Args, Subcommand};
use patchwright_engine::intake::IntakeError;
use quick_xml::escape::escape;
use std::fs;
use std::path::{Path, PathBuf};

/// What the file of a script ends with.
const SCRIPT_ENDING: &str = "rhai";

/// Check upgrade scripts, or rehearse one on a site
#[derive(Debug, Args)]
pub(crate) struct Script {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Tell all that is wrong with a script, or with those of a patch, without any site
    Check {
        /// A script (.rhai), a patch's archive, or the folder that it is made of
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
    },
    /// Show which files a script would change on the site and which statements it would run; nothing is changed
    Run {
        /// The script
        file: PathBuf,
        /// Nothing is changed: a script comes into force as a part of a patch alone
        #[arg(long, required = true)]
        rehearse: bool,
        /// The hook to run
        #[arg(long, default_value = "upgrade", value_parser = wiring::HOOKS)]
        hook: String,
    },
}

impl Script {
    pub(crate) fn run(&self, cli: &Cli) -> Ended {
        match &self.command {
            Command::Check { path } => check(cli, path),
            // Without --rehearse the command line is refused.
            Command::Run { file, hook, .. } => rehearse(cli, file, hook),
        }
    }
}

fn check(cli: &Cli, path: &Path) -> Ended {
    let inspections = match path.extension() {
        Some(ending) if ending == SCRIPT_ENDING && path.is_file() => {
            vec![wiring::inspect_script(&name_of(path), &source_of(path)?)]
        }
        _ => of_patch(cli, path)?,
    };
    cli.output.result(script::inspected(&inspections), script::inspected_json(&inspections));
    let is_faulty = inspections.iter().any(|inspection| !inspection.faults.is_empty());
    Ok(if is_faulty { Exit::BadPatch } else { Exit::Done })
}

/// What is to be said of a patch's scripts; the patch itself must be one.
fn of_patch(cli: &Cli, path: &Path) -> Result<Vec<Inspection>, Problem> {
    let (engine, inspections) = wiring::inspecting_engine(&cli.loader);
    if !path.is_dir() {
        engine.read_patch(path).map_err(Problem::bad_patch)?;
        return Ok(inspections.take());
    }
    let temporary = tempfile::tempdir()?;
    let archive = temporary.path().join("patch.tar.gz");
    pack(path, &archive, Sums::Possible).map_err(|error| Problem { exit: Exit::BadPatch, ..error.into() })?;
    // Its author knows the folder, not the archive that was made of it for a moment.
    let of_folder = |error| Problem::bad_patch(IntakeError { archive: path.to_owned(), ..error });
    engine.read_patch(&archive).map_err(of_folder)?;
    Ok(inspections.take())
}

fn rehearse(cli: &Cli, file: &Path, hook: &str) -> Ended {
    let (name, source) = (name_of(file), source_of(file)?);
    let hook = hook_of(wiring::inspect_script(&name, &source), hook)?;
    let site = cli.site()?;
    let version = site.status()?.version.to_string();
    // A version of its own, which nothing will ever be at.
    let to = format!("{version}{}rehearsal", if version.contains('+') { '.' } else { '+' });
    let manifest = format!(
        "<patch format=\"1\" product=\"{}\" id=\"script-rehearsal\" from=\"{}\" to=\"{}\" severity=\"optional\"><title>a script alone</title>\
         <steps><script src=\"{}\"/></steps></patch>\n",
        escape(site.config().product.as_str()),
        escape(version.as_str()),
        escape(to.as_str()),
        escape(name.as_str()),
    );
    let temporary = tempfile::tempdir()?;
    let (folder, archive) = (temporary.path().join("patch"), temporary.path().join("patch.tar.gz"));
    fs::create_dir(&folder)?;
    fs::write(folder.join("patch.xml"), manifest)?;
    fs::write(folder.join(&name), &source)?;
    pack(&folder, &archive, Sums::Possible)?;
    let patch = wiring::rehearsing_engine(&cli.loader, hook).read_patch(&archive).map_err(Problem::bad_patch)?;
    let rehearsed = site.rehearse(&patch, &cli.unattended())?;
    cli.output.text(script::rehearsed(&name, &rehearsed));
    match rehearsed.outcome {
        Ok(()) => {
            cli.output.json(script::rehearsed_json(&name, &rehearsed));
            Ok(Exit::Done)
        }
        Err(error) => Err(Problem { exit: Exit::Refused, ..error.into() }),
    }
}

/// The hook of that name, which the script must have.
fn hook_of(inspection: Inspection, hook: &str) -> Result<Hook, Problem> {
    let Inspection { name, hooks, faults } = inspection;
    if let Some(fault) = faults.into_iter().next() {
        return Err(Problem { exit: Exit::BadPatch, ..fault.into() });
    }
    Hook::named(hook)
        .filter(|_| hooks.contains(&format!("{hook}()")))
        .ok_or_else(|| Problem::wrong_use(format!("{name} has no {hook}()"), format!("it has {}", hooks.join(", "))))
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn source_of(file: &Path) -> Result<String, Problem> {
    fs::read_to_string(file)
        .map_err(|error| Problem::wrong_use(format!("can't read {}: {error}", file.display()), "name a script"))
}
