//! This program as the patcher of a site, and the trial of another that is to take its place.

use super::{command_of, own_program};
use patchwright_engine::handover::{Patcher, Trial};
use patchwright_engine::loader::{CheckedFile, Pinned};
use patchwright_engine::site::programs::Ended;
use patchwright_engine::site::real_programs::wait;
use patchwright_hooks_api::{Error, ErrorKind, PatcherFacts, Version};
use serde::Deserialize;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a new program may take to show that it works here.
const TRIAL: Duration = Duration::from_secs(30);
/// How much of what a program says is read.
const MAX_SAID: u64 = 64 * 1024;

/// This program, for the site that is looked for there.
pub(crate) struct ThisProgram {
    /// The site's folder or configuration, or a folder below.
    pub(crate) site: PathBuf,
}

/// What a program answers that is tried out.
#[derive(Deserialize)]
struct Answer {
    version: Version,
}

impl Patcher for ThisProgram {
    fn facts(&self) -> PatcherFacts {
        PatcherFacts::of_this_platform(crate::version::own())
    }

    fn try_out(&self, trial: &Trial<'_>) -> Result<(), Error> {
        let program = match trial.program {
            Some((program, sum)) => CheckedFile::open(Pinned::ByPatch, program, Some(sum))?,
            None => own_program()?,
        };
        let mut command = command_of(&program);
        command.arg("--site").arg(&self.site).args(["--json", "self-test", "--journal"]).arg(trial.journal);
        let Said { ended, output, errors } = run_for(&mut command, TRIAL)?;
        if ended != Ended::Exited(0) {
            let last: Vec<&str> = errors.lines().chain(output.lines()).filter(|line| !line.is_empty()).collect();
            let said = last[last.len().saturating_sub(3)..].join(" / ");
            return Err(Error::refused(format!("its trial {}: {said}", ended.words(TRIAL))));
        }
        let says: Answer = serde_json::from_str(&output)
            .map_err(|error| Error::refused(format!("what it says in its trial is not understood: {error}")))?;
        if says.version != *trial.version {
            return Err(Error::refused(format!(
                "it says that it is {}, and the patch that it is {}",
                says.version, trial.version
            )));
        }
        Ok(())
    }
}

/// How a program ended, and what it said.
struct Said {
    ended: Ended,
    output: String,
    errors: String,
}

/// Runs a program, and stops it with all that it started when it takes too long.
fn run_for(command: &mut Command, patience: Duration) -> Result<Said, Error> {
    let io = |error: std::io::Error| Error::new(ErrorKind::Io, format!("it can't be started: {error}"));
    let (mut output, mut errors) = (tempfile::tempfile().map_err(io)?, tempfile::tempfile().map_err(io)?);
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(io)?)
        .stderr(errors.try_clone().map_err(io)?);
    let ended = wait(&mut command.spawn().map_err(io)?, patience, &|| false).map_err(io)?;
    let text = |file: &mut File| {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.take(MAX_SAID).read_to_end(&mut bytes)).map_err(io)?;
        Ok::<_, Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Said { ended, output: text(&mut output)?, errors: text(&mut errors)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_says_and_how_it_ends_is_known() {
        let said = run_for(&mut shell("echo out; echo err >&2; exit 3"), TRIAL).unwrap();
        assert_eq!((said.output.as_str(), said.errors.as_str(), said.ended), ("out\n", "err\n", Ended::Exited(3)));
    }

    #[test]
    fn a_program_that_hangs_is_stopped_with_all_that_it_started() {
        let began = Instant::now();
        let said = run_for(&mut shell("sleep 60 & sleep 60"), Duration::from_millis(100)).unwrap();
        assert_eq!(said.ended, Ended::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_program_that_is_none_can_not_be_started() {
        let error = run_for(&mut Command::new("/nowhere/patchwright"), TRIAL).map(drop).unwrap_err();
        assert!(error.message.contains("can't be started"), "{error}");
    }
}
