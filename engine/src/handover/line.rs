//! Which program is to be the patcher now: the newest of the line that is not known to fail.

use super::succession::{Successor, current, in_force, is_pending, next};
use crate::loader::{CheckedFile, Pinned};
use crate::site::config::{DialectLibrary, SiteConfig};
use crate::site::disk::Disk;
use crate::site::real_disk::RealDisk;
use crate::site::{layout, note};
use patchwright_hooks_api::{Error, Version};
use serde::{Deserialize, Serialize};

/// How often a program is started that has not proved itself.
const MAX_TRIES: u32 = 3;

/// A program that is to go on in the caller's place.
pub struct Heir {
    /// What it is.
    pub successor: Successor,
    /// Its file, which is what the patch brought.
    pub program: CheckedFile,
}

#[derive(Serialize, Deserialize)]
struct Tries {
    run: String,
    tries: u32,
}

/// Whether a run was cut off that was about to change the line. Who can't look into the state folder can't tell, and need not.
pub fn is_unsettled(config: &SiteConfig) -> bool {
    let disk = RealDisk::open(&config.root, &config.state);
    disk.is_ok_and(|disk| matches!(is_pending(&disk), Ok(true)))
}

/// The program that is to be the patcher of this site in place of the caller, which has version `own`. One that has not proved itself
/// is counted as tried, durably, before it is given.
///
/// # Errors
/// When the state folder can't be read or written, or the program's file is not the one that the patch brought.
pub fn heir(config: &SiteConfig, own: &Version) -> Result<Option<Heir>, Error> {
    let disk = RealDisk::open(&config.root, &config.state)?;
    // The newest may be plugins alone, for the program that goes on.
    if let Some(last) = in_force(&disk)?.pop().filter(|last| last.program.is_none()) {
        count_unproved(&disk, &last)?;
    }
    let Some(successor) = newest(&disk, own)? else { return Ok(None) };
    let Some((file, sum)) = successor.program_file() else { return Ok(None) };
    count_unproved(&disk, &successor)?;
    let of =
        |error: Error| error.while_doing(format!("the patcher {} that {} brought", successor.version, successor.patch));
    let program = CheckedFile::open(Pinned::ByPatch, &config.state.join(file.as_str()), Some(sum)).map_err(of)?;
    Ok(Some(Heir { successor, program }))
}

/// The programs that patches in force put in the patcher's place, oldest first.
///
/// # Errors
/// When the state folder can't be read.
pub fn line(config: &SiteConfig) -> Result<Vec<Successor>, Error> {
    in_force(&RealDisk::open(&config.root, &config.state)?)
}

/// The program that a patch brought, that was started as often as may be, and in whose place the caller, which has version `own`, goes
/// on.
///
/// # Errors
/// When the state folder can't be read.
pub(crate) fn given_up(disk: &dyn Disk, own: &Version) -> Result<Option<Successor>, Error> {
    match in_force(disk)?.pop() {
        Some(last) if last.program.is_none() => Ok(Some(last).filter(|last| is_given_up(disk, last))),
        Some(last) if !last.proved && last.version > *own && tries(disk, &last.run)? >= MAX_TRIES => Ok(Some(last)),
        _ => Ok(None),
    }
}

/// Gives up plugins that a patch brought and with which no program has proved itself: from now on the site has those before them, so
/// that the patch can be taken back. A program needs no such thing: the one before it does the work.
///
/// # Errors
/// When the state folder can't be read or written.
pub fn give_up(config: &SiteConfig) -> Result<(), Error> {
    let disk = RealDisk::open(&config.root, &config.state)?;
    match in_force(&disk)?.pop() {
        Some(last) if last.program.is_none() && !last.proved => note_tries(&disk, &last.run, MAX_TRIES),
        _ => Ok(()),
    }
}

/// Whether these are plugins alone that were given up. Who can't read the note of it goes on with them.
fn is_given_up(disk: &dyn Disk, successor: &Successor) -> bool {
    successor.program.is_none()
        && !successor.proved
        && tries(disk, &successor.run).is_ok_and(|tries| tries >= MAX_TRIES)
}

/// The newest successor with a program that is newer than `own` and not known to fail.
fn newest(disk: &dyn Disk, own: &Version) -> Result<Option<Successor>, Error> {
    let is_newer = |successor: &Successor| successor.version > *own && successor.program.is_some();
    for successor in in_force(disk)?.into_iter().rev().filter(is_newer) {
        if successor.proved || tries(disk, &successor.run)? < MAX_TRIES {
            return Ok(Some(successor));
        }
    }
    Ok(None)
}

fn tries(disk: &dyn Disk, run: &str) -> Result<u32, Error> {
    let noted: Option<Tries> = note::read(disk, &layout::tries())?;
    Ok(noted.filter(|noted| noted.run == run).map_or(0, |noted| noted.tries))
}

fn count_unproved(disk: &dyn Disk, successor: &Successor) -> Result<(), Error> {
    if successor.proved {
        return Ok(());
    }
    note_tries(disk, &successor.run, tries(disk, &successor.run)?.saturating_add(1))
}

fn note_tries(disk: &dyn Disk, run: &str, tries: u32) -> Result<(), Error> {
    let noted = Tries { run: run.to_owned(), tries };
    let bytes = serde_json::to_vec(&noted).expect("an id and a number hold nothing that JSON can't");
    note::write(disk, &layout::tries(), &bytes)?;
    Ok(disk.barrier()?)
}

/// Forgets how often a program was started.
///
/// # Errors
/// When the disk fails.
pub(super) fn count_anew(disk: &dyn Disk) -> Result<(), Error> {
    Ok(note::forget(disk, &layout::tries())?)
}

/// Notes that the caller, which has version `own` and holds the site's locks, has proved itself.
///
/// # Errors
/// When the disk fails, or the note is damaged or of a later engine.
pub(crate) fn prove(disk: &dyn Disk, own: &Version) -> Result<(), Error> {
    let mut line = current(disk)?;
    match line.successors.last_mut() {
        Some(last) if last.is_shown_by(own) && !is_given_up(disk, last) => last.proved = true,
        _ => return Ok(()),
    }
    line.note(disk)?;
    disk.barrier()?;
    count_anew(disk)
}

/// The libraries of the site's dialects, where a patch brought the caller, which has version `own`, with other ones.
///
/// # Errors
/// When the state folder can't be read.
pub(crate) fn plugins_of(config: &SiteConfig, own: &Version) -> Result<Vec<DialectLibrary>, Error> {
    let mut libraries = config.dialects.clone();
    if libraries.is_empty() {
        return Ok(libraries);
    }
    let disk = RealDisk::open(&config.root, &config.state)?;
    let mut line = in_force(&disk)?;
    // A program that is being tried out is not in force yet.
    line.extend(next(&disk)?.into_iter().flat_map(|next| next.successors));
    for library in &mut libraries {
        let known = line.iter().rev().filter(|successor| successor.version <= *own && !is_given_up(&disk, successor));
        let mut brought = known.filter_map(|successor| {
            Some((successor.plugin_file(&library.name)?, *successor.plugins.get(&library.name)?))
        });
        if let Some((file, sum)) = brought.next() {
            (library.library, library.sha256) = (config.state.join(file.as_str()), sum);
        }
    }
    Ok(libraries)
}

#[cfg(test)]
mod tests {
    use super::super::succession::Succession;
    use super::*;
    use crate::site::tree::sha256_of;
    use patchwright_hooks_api::Sha256;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    /// A site with one dialect, whose patchers have these versions and are proved or not. Each is a text, and brought a plugin.
    fn site(patchers: &[(&str, bool)]) -> (tempfile::TempDir, SiteConfig) {
        let folder = tempfile::tempdir().unwrap();
        let sum = "0".repeat(64);
        let text = format!(
            "product = \"acme\"\nroot = \"public\"\n[[dialect]]\nname = \"firebird\"\nlibrary = \"own.so\"\nsha256 = \"{sum}\"\n"
        );
        let config = SiteConfig::parse(&text, folder.path()).unwrap();
        fs::create_dir(&config.root).unwrap();
        fs::create_dir(&config.state).unwrap();
        let successor = |(version, proved): &(&str, bool)| {
            let run = format!("run-{version}");
            let program = config.state.join("patchers").join(&run);
            fs::create_dir_all(&program).unwrap();
            fs::write(program.join("patchwright"), version).unwrap();
            fs::set_permissions(program.join("patchwright"), fs::Permissions::from_mode(0o755)).unwrap();
            Successor {
                patch: format!("acme-{version}"),
                version: version.parse().unwrap(),
                program: Some(sha256_of(version.as_bytes())),
                plugins: [("firebird".to_owned(), sum_of(version))].into(),
                proved: *proved,
                run,
            }
        };
        let disk = RealDisk::open(&config.root, &config.state).unwrap();
        Succession::of("r", patchers.iter().map(successor).collect()).note(&disk).unwrap();
        (folder, config)
    }

    fn sum_of(version: &str) -> Sha256 {
        sha256_of(format!("plugin of {version}").as_bytes())
    }

    fn heir_of(config: &SiteConfig, own: &str) -> Option<String> {
        heir(config, &own.parse().unwrap()).unwrap().map(|heir| heir.successor.version.to_string())
    }

    #[test]
    fn the_newest_program_is_the_patcher_if_it_is_newer_than_the_caller() {
        // A18
        let (_folder, config) = site(&[("0.2.0", true), ("0.3.0", true)]);
        for (own, expected) in [("0.1.0", Some("0.3.0")), ("0.2.0", Some("0.3.0")), ("0.3.0", None), ("1.0", None)] {
            assert_eq!(heir_of(&config, own).as_deref(), expected, "{own}");
        }
    }

    #[test]
    fn a_program_that_has_not_proved_itself_is_started_three_times_and_then_the_one_before_it() {
        // A18
        let (_folder, config) = site(&[("0.2.0", true), ("0.3.0", false)]);
        let disk = RealDisk::open(&config.root, &config.state).unwrap();
        let given_up = || given_up(&disk, &"0.2.0".parse().unwrap()).unwrap().map(|last| last.version.to_string());
        for _ in 0..MAX_TRIES {
            assert_eq!(given_up(), None);
            assert_eq!(heir_of(&config, "0.1.0").as_deref(), Some("0.3.0"));
        }
        assert_eq!(heir_of(&config, "0.1.0").as_deref(), Some("0.2.0"));
        assert_eq!(given_up().as_deref(), Some("0.3.0"));
        prove(&disk, &"0.3.0".parse().unwrap()).unwrap();
        assert_eq!((heir_of(&config, "0.1.0").as_deref(), given_up()), (Some("0.3.0"), None));
    }

    #[test]
    fn a_program_whose_file_was_changed_is_not_started() {
        let (_folder, config) = site(&[("0.2.0", true)]);
        fs::write(config.state.join("patchers/run-0.2.0/patchwright"), "another").unwrap();
        let error = heir(&config, &"0.1.0".parse().unwrap()).map(drop).unwrap_err();
        assert!(error.message.starts_with("the patcher 0.2.0 that acme-0.2.0 brought: "), "{error}");
    }

    #[test]
    fn a_program_has_the_plugins_that_it_came_with_and_the_owners_otherwise() {
        // A18
        let (_folder, config) = site(&[("0.2.0", true), ("0.3.0", false)]);
        for (own, library, sum) in [
            ("0.1.0", "own.so".to_owned(), config.dialects[0].sha256),
            ("0.2.0", ".patchwright/patchers/run-0.2.0/firebird.so".to_owned(), sum_of("0.2.0")),
            ("0.3.0", ".patchwright/patchers/run-0.3.0/firebird.so".to_owned(), sum_of("0.3.0")),
        ] {
            let [found] = plugins_of(&config, &own.parse().unwrap()).unwrap().try_into().unwrap();
            assert!(found.library.ends_with(&library), "{own}: {}", found.library.display());
            assert_eq!(found.sha256, sum, "{own}");
        }
    }

    /// Lets plugins alone follow for the newest of the site's patchers.
    fn bring_plugins(config: &SiteConfig, version: &str) -> RealDisk {
        let disk = RealDisk::open(&config.root, &config.state).unwrap();
        let mut line = current(&disk).unwrap();
        line.successors.push(Successor {
            run: "run-plugins".to_owned(),
            patch: "acme-plugins".to_owned(),
            version: version.parse().unwrap(),
            program: None,
            plugins: [("firebird".to_owned(), sum_of("plugins"))].into(),
            proved: false,
        });
        line.note(&disk).unwrap();
        disk
    }

    fn plugin_of(config: &SiteConfig, own: &str) -> Sha256 {
        plugins_of(config, &own.parse().unwrap()).unwrap()[0].sha256
    }

    #[test]
    fn plugins_alone_are_those_of_the_program_that_was_there_until_they_are_given_up() {
        // A18
        let (_folder, config) = site(&[("0.2.0", true)]);
        let disk = bring_plugins(&config, "0.2.0");
        let own = "0.2.0".parse().unwrap();
        for _ in 0..2 {
            assert_eq!(heir_of(&config, "0.1.0").as_deref(), Some("0.2.0"), "its program is still the patcher");
            assert_eq!(plugin_of(&config, "0.2.0"), sum_of("plugins"));
            assert!(given_up(&disk, &own).unwrap().is_none());
        }
        assert_eq!(heir_of(&config, "0.2.0"), None);
        assert_eq!(
            plugin_of(&config, "0.2.0"),
            sum_of("0.2.0"),
            "started three times without having proved themselves"
        );
        assert_eq!(given_up(&disk, &own).unwrap().unwrap().patch, "acme-plugins");
        prove(&disk, &own).unwrap();
        assert!(given_up(&disk, &own).unwrap().is_some(), "the program works with others");
    }

    #[test]
    fn plugins_that_a_program_works_with_stay() {
        // A18
        for own in ["0.2.0", "0.3.0"] {
            // A later program may have been installed by hand meanwhile.
            let (_folder, config) = site(&[("0.2.0", true)]);
            let disk = bring_plugins(&config, "0.2.0");
            prove(&disk, &own.parse().unwrap()).unwrap();
            give_up(&config).unwrap();
            assert_eq!(plugin_of(&config, own), sum_of("plugins"), "{own}");
        }
    }

    #[test]
    fn plugins_that_are_given_up_are_left_at_once() {
        // A18
        let (_folder, config) = site(&[]);
        bring_plugins(&config, "0.1.0");
        assert_eq!(plugin_of(&config, "0.1.0"), sum_of("plugins"));
        give_up(&config).unwrap();
        assert_eq!(plugin_of(&config, "0.1.0"), config.dialects[0].sha256);
    }
}
