//! Which patches are meant: archives by name, and all archives in folders.

use crate::part::{PartVersion, apart};
use crate::problem::Problem;
use clap::Args;
use patchwright_engine::planning::order::Wanted;
use std::path::{Path, PathBuf};

/// How the names of archives end, for folders that hold other files too. What a file is, its content decides.
const ENDINGS: [&str; 3] = [".tar", ".tar.gz", ".tgz"];

/// The patches to choose from.
#[derive(Debug, Args)]
pub(crate) struct Offered {
    /// Patch archives, and folders whose archives (.tar, .tar.gz, .tgz) are all offered
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<PathBuf>,
}

/// The patches to choose from, and how far to go.
#[derive(Debug, Args)]
pub(crate) struct Archives {
    #[command(flatten)]
    offered: Offered,
    /// Pick this patch, with what it requires; may be repeated [default: all that lead on]
    #[arg(long, value_name = "ID")]
    pick: Vec<String>,
    /// The version to reach, of a component with its name before it (forum=2.1); may be repeated. What is not named moves as far
    /// as that requires [default: the last that the patches lead to]
    #[arg(long, value_name = "[COMPONENT=]VERSION")]
    to: Vec<PartVersion>,
}

impl Offered {
    /// All archives that are meant, sorted within each folder. A folder may hold none.
    ///
    /// # Errors
    /// When a path does not exist.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, Problem> {
        Ok(self.paths.iter().map(|path| files_at(path)).collect::<Result<Vec<_>, _>>()?.concat())
    }
}

impl Archives {
    /// All archives that are meant, sorted within each folder.
    ///
    /// # Errors
    /// When a path does not exist, or a folder holds no archive.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, Problem> {
        let mut files = Vec::new();
        for path in &self.offered.paths {
            let found = files_at(path)?;
            if found.is_empty() {
                let message = format!("the folder {} holds no archive", path.display());
                return Err(Problem::wrong_use(message, "make one of a patch's folder with `patchwright pack`"));
            }
            files.extend(found);
        }
        Ok(files)
    }

    /// What to reach with them (A38).
    ///
    /// # Errors
    /// When two versions of one part are to be reached.
    pub(crate) fn wanted(&self) -> Result<Wanted, Problem> {
        let (to, components) = apart(&self.to)?;
        Ok(Wanted { ids: self.pick.clone(), to, components })
    }
}

fn files_at(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    match path.is_dir() {
        true => in_folder(path),
        false if path.exists() => Ok(vec![path.to_owned()]),
        false => Err(Problem::wrong_use(format!("there is no {}", path.display()), "check its name")),
    }
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let is_archive = |path: &PathBuf| {
        let name = path.to_string_lossy();
        path.is_file() && ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    let mut archives: Vec<PathBuf> = entries?.into_iter().filter(is_archive).collect();
    archives.sort();
    Ok(archives)
}
