//! The programs of the machine: each in a process group of its own, which ends with it when it takes too long.

use super::clock::{Clock, SystemClock};
use super::programs::{Ended, Program, Programs, Ran};
use patchwright_hooks_api::{Error, ErrorKind};
use rustix::process::{Pid, Signal, kill_process_group};
use std::env;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// What a program takes over from the engine's environment: the rest may hold passwords, such as the database's.
const TAKEN_OVER: [&str; 8] =
    ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"];
/// Where programs are looked for when the engine's environment doesn't say.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// The shortest and the longest pause between two looks at a program that runs.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(25));
/// So much of the end of what a program says is kept.
const KEPT_BYTES: u64 = 4096;

/// The programs of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemPrograms;

impl Programs for SystemPrograms {
    fn run(&self, program: &Program<'_>, called_off: &dyn Fn() -> bool) -> Result<Ran, Error> {
        let path = find(program)?;
        let failed = |error: io::Error| Error::new(ErrorKind::Io, format!("can't start {}: {error}", path.display()));
        // A file, not a pipe: what the program leaves running may hold it open, and write to it, for as long as it likes.
        let output = tempfile::tempfile().map_err(failed)?;
        let (out, err) = (output.try_clone().map_err(failed)?, output.try_clone().map_err(failed)?);
        let mut child = Command::new(&path)
            .args(&program.words[1..])
            .current_dir(program.folder)
            .env_clear()
            .envs(taken_over())
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            // Ctrl-C is for the engine, which decides what becomes of it.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn()
            .map_err(failed)?;
        let ended = wait(&mut child, program.timeout, called_off).map_err(failed)?;
        Ok(Ran { ended, output: end_of(output) })
    }

    fn check(&self, program: &Program<'_>) -> Result<(), Error> {
        find(program).map(drop)
    }
}

/// Waits for the end of a process that leads a group, and brings about the end of all of it where that takes too long or is called off.
///
/// # Errors
/// When it can't be waited for.
pub fn wait(child: &mut Child, timeout: Duration, called_off: &dyn Fn() -> bool) -> io::Result<Ended> {
    let (clock, mut pause) = (SystemClock, PAUSES.0);
    let began = clock.elapsed();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(how(status));
        }
        let early = match clock.elapsed().saturating_sub(began) {
            taken if taken >= timeout => Some(Ended::TimedOut),
            _ if called_off() => Some(Ended::CalledOff),
            _ => None,
        };
        if let Some(ended) = early {
            // It has not been waited for, so nobody else has its number.
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            child.wait()?;
            return Ok(ended);
        }
        clock.pause(pause);
        pause = (pause * 2).min(PAUSES.1);
    }
}

fn how(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exited(code),
        (None, signal) => Ended::Killed(signal.unwrap_or_default()),
    }
}

/// The end of what was written; what can't be read is nothing.
fn end_of(mut output: File) -> String {
    let mut bytes = Vec::new();
    let length = output.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    let read = output
        .seek(SeekFrom::Start(length.saturating_sub(KEPT_BYTES)))
        .and_then(|_| output.take(KEPT_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    }
}

fn taken_over() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    TAKEN_OVER.into_iter().filter_map(|name| Some((name, env::var_os(name)?)))
}

/// The file of a program.
fn find(program: &Program<'_>) -> Result<PathBuf, Error> {
    let name = program.words.first().map_or("", String::as_str);
    if name.contains('/') {
        let path = program.folder.join(name.strip_prefix("./").unwrap_or(name));
        return match is_executable(&path) {
            true => Ok(path),
            false if path.exists() => Err(Error::missing(format!("{} may not be executed", path.display()))
                .hint("make it executable with chmod +x")),
            false => Err(Error::missing(format!("there is no program {}", path.display()))),
        };
    }
    let path = env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_executable(path));
    found.ok_or_else(|| {
        Error::missing(format!("there is no program {name} in PATH")).hint("name it with its path, such as /usr/sbin/…")
    })
}

fn is_executable(path: &Path) -> bool {
    let executes = rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    executes && path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_in(folder: &Path, words: &[&str], timeout: Duration, called_off: bool) -> Result<Ran, Error> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let environment = [("PATCHWRIGHT_VERSION", "1.0.1".to_owned())];
        let program = Program { words: &words, folder, environment: &environment, timeout };
        SystemPrograms.run(&program, &|| called_off)
    }

    fn run(words: &[&str], timeout: Duration) -> Result<Ran, Error> {
        run_in(Path::new("/"), words, timeout, false)
    }

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn a_program_s_exit_code_and_all_that_it_says_come_back() {
        let ran = run(&["sh", "-c", "echo out; echo err >&2; exit 3"], LONG).unwrap();
        assert_eq!((ran.ended, ran.output.as_str()), (Ended::Exited(3), "out\nerr\n"));
        let ran = run(&["sh", "-c", "kill -TERM $$"], LONG).unwrap();
        assert_eq!(ran.ended, Ended::Killed(15));
    }

    #[test]
    fn no_shell_reads_the_words() {
        assert_eq!(run(&["echo", "$HOME; exit 1", "*"], LONG).unwrap().output, "$HOME; exit 1 *\n");
    }

    #[test]
    fn it_runs_in_the_folder_with_a_small_environment_and_no_input() {
        let folder = tempfile::tempdir().unwrap();
        let seen = run_in(folder.path(), &["sh", "-c", "pwd; cat; env"], LONG, false).unwrap().output;
        let mut lines = seen.lines();
        assert_eq!(lines.next().map(PathBuf::from), Some(folder.path().canonicalize().unwrap()));
        assert!(seen.contains("PATCHWRIGHT_VERSION=1.0.1"), "{seen}");
        // Cargo sets it for tests, and a program of the owner's has nothing to do with it.
        assert!(!seen.contains("CARGO_MANIFEST_DIR"), "{seen}");
    }

    #[test]
    fn a_program_with_a_slash_counts_from_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("restart.sh");
        std::fs::write(&script, "#!/bin/sh\necho here\n").unwrap();
        let error = run_in(folder.path(), &["./restart.sh"], LONG, false).unwrap_err();
        assert!(error.message.contains("may not be executed"), "{error}");
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(run_in(folder.path(), &["./restart.sh"], LONG, false).unwrap().output, "here\n");
    }

    #[test]
    fn one_that_is_not_there_is_named() {
        for words in [["no-such-program-here"], ["./no/such"]] {
            let error = run(&words, LONG).unwrap_err();
            assert!(error.message.contains("there is no program"), "{error}");
        }
    }

    #[test]
    fn one_that_takes_too_long_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let script = "sleep 60 & echo $! > child; wait";
        let began = SystemClock.elapsed();
        let ran = run_in(folder.path(), &["sh", "-c", script], Duration::from_millis(300), false).unwrap();
        assert_eq!(ran.ended, Ended::TimedOut);
        assert!(SystemClock.elapsed() - began < Duration::from_secs(10));
        let child: i32 = std::fs::read_to_string(folder.path().join("child")).unwrap().trim().parse().unwrap();
        // Once killed, it is at most a zombie that nobody has waited for yet.
        let is_gone = || match std::fs::read_to_string(format!("/proc/{child}/stat")) {
            Ok(stat) => stat.contains(") Z "),
            Err(_) => true,
        };
        let mut looks = (0..500).map(|_| {
            SystemClock.pause(Duration::from_millis(10));
            is_gone()
        });
        assert!(looks.any(|gone| gone), "the process {child} lives on");
    }

    #[test]
    fn one_that_is_called_off_ends_at_once() {
        let ran = run_in(Path::new("/"), &["sleep", "60"], LONG, true).unwrap();
        assert_eq!(ran.ended, Ended::CalledOff);
    }

    #[test]
    fn what_it_leaves_running_is_not_waited_for() {
        let began = SystemClock.elapsed();
        let ran = run(&["sh", "-c", "sleep 5 & echo started"], LONG).unwrap();
        assert_eq!((ran.ended, ran.output.as_str()), (Ended::Exited(0), "started\n"));
        assert!(SystemClock.elapsed() - began < Duration::from_secs(4));
    }

    #[test]
    fn of_much_output_the_end_is_kept() {
        let output = run(&["sh", "-c", "seq 100000"], LONG).unwrap().output;
        assert!(output.len() <= 4096 && output.ends_with("100000\n"), "{}", output.len());
    }
}
