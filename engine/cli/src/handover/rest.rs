//! Handing the rest of a plan over to the patchwright that its last patch brought, and taking that patch back if it doesn't go on.

use super::{command_of, own_program};
use crate::arguments::{Cli, approver};
use crate::exit::Exit;
use crate::problem::Problem;
use patchwright_engine::handover::{give_up, heir, line};
use patchwright_engine::planning::Plan;
use patchwright_engine::site::config::SiteConfig;
use patchwright_engine::{Answer, Failure, HandedOver, Receipt, SiteState};
use patchwright_hooks_api::{Error, ErrorKind, Sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How often is looked whether a program has proved itself.
const LOOK: Duration = Duration::from_millis(10);
/// How long a new program may take until it holds the site's locks.
const PROOF: Duration = Duration::from_secs(60);

/// What the new program is to go on with: the patches that were approved and are not in force yet.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Rest {
    /// Where their archives are, among others.
    pub(crate) archives: Vec<PathBuf>,
    /// The patches, in the order of application.
    pub(crate) patches: Vec<String>,
    /// The sums of their archives, in that order.
    pub(crate) approved: Vec<Sha256>,
    /// A file with what was decided about them.
    pub(crate) decisions: Option<PathBuf>,
}

impl Rest {
    /// What is left of a plan after a patch.
    ///
    /// # Errors
    /// When the decisions can't be written into the folder.
    pub(crate) fn of(plan: &Plan, after: &str, archives: &[PathBuf], folder: &Path) -> anyhow::Result<Self> {
        let mut left = plan.patches.iter().skip_while(|planned| planned.patch.manifest.id != after).skip(1).peekable();
        if left.peek().is_none() {
            return Ok(Self::default());
        }
        let (mut patches, mut approved, mut decisions) = (Vec::new(), Vec::new(), BTreeMap::new());
        for planned in left {
            patches.push(planned.patch.manifest.id.clone());
            approved.push(planned.patch.sha256);
            let mut answers = serde_json::Map::new();
            for question in planned.answers.words().keys() {
                let answer = match planned.answers.given(question) {
                    Some(Answer::Content(bytes)) => {
                        let file = folder.join(format!("{}-{}", approved.len(), answers.len()));
                        std::fs::write(&file, bytes)?;
                        json!({ "use": file })
                    }
                    Some(Answer::Word(word)) => json!(word),
                    None => continue,
                };
                answers.insert(question.clone(), answer);
            }
            decisions.insert(planned.patch.manifest.id.clone(), answers);
        }
        let file = folder.join("decisions.json");
        std::fs::write(&file, serde_json::to_vec(&decisions)?)?;
        let archives = archives.iter().map(std::path::absolute).collect::<Result<_, _>>()?;
        Ok(Self { archives, patches, approved, decisions: Some(file) })
    }
}

/// Starts the new program, waits until it has proved itself and come to its end, and ends as it does. The site's locks must be free.
/// What the two need to tell each other lies in the folder. Gives also what is to be said to programs, all receipts in it.
pub(crate) fn hand_over(
    cli: &Cli,
    HandedOver { patch, version }: &HandedOver,
    rest: &Rest,
    folder: &Path,
    receipts: Vec<Receipt>,
) -> Result<(Exit, Value), Problem> {
    cli.output.note(format_args!("patchwright {version} goes on, as {patch} brought it"));
    let ran = SiteConfig::find(cli.at())
        .and_then(|file| SiteConfig::read(&file))
        .and_then(|config| wait(&config, start(cli, &config, rest, folder)?));
    match ran {
        Ok(Ran { proved: true, code }) => Ok((Exit::of_code(code), with_receipts(said(cli, folder), receipts))),
        Ok(Ran { code, .. }) => {
            let why = format!("it ended with exit code {code} before it held the site's locks");
            Err(take_back(cli, &Error::refused(why), receipts))
        }
        Err(error) => Err(take_back(cli, &error, receipts)),
    }
}

/// How the new program ended.
struct Ran {
    proved: bool,
    code: u8,
}

fn start(cli: &Cli, config: &SiteConfig, rest: &Rest, folder: &Path) -> Result<Child, Error> {
    let io = |error: std::io::Error| Error::new(ErrorKind::Io, format!("it can't be started: {error}"));
    // Where the patch brought plugins alone, this program is the one that goes on with them.
    let stays = line(config)?.last().is_some_and(|last| last.program.is_none());
    let heir = heir(config, &crate::version::own())?.map(|heir| heir.program);
    let program = match heir {
        Some(program) => program,
        None if stays => own_program()?,
        None => return Err(Error::missing("it is not the site's patcher any more")),
    };
    let file = folder.join("rest.json");
    let rest = serde_json::to_vec(rest).expect("paths and sums hold nothing that JSON can't");
    std::fs::write(&file, rest).map_err(io)?;
    let mut command = command_of(&program);
    command.args(cli.global.arguments()).arg("take-over").arg("--rest").arg(&file).stdin(Stdio::null());
    if cli.output.json {
        command.stdout(File::create(output_file(folder)).map_err(io)?);
    }
    command.spawn().map_err(io)
}

/// Waits for the end of the program, and stops it where it does not prove itself in time.
fn wait(config: &SiteConfig, mut child: Child) -> Result<Ran, Error> {
    let io = |error: std::io::Error| Error::new(ErrorKind::Io, format!("its end can't be waited for: {error}"));
    let has_proved = || line(config).is_ok_and(|line| line.last().is_some_and(|last| last.proved));
    let began = Instant::now();
    loop {
        let ended = child.try_wait().map_err(io)?;
        // It may end as soon as it has proved itself, so that is looked at after its end.
        let proved = has_proved();
        let status = match ended {
            Some(status) => status,
            None if proved => child.wait().map_err(io)?,
            None if began.elapsed() < PROOF => {
                std::thread::sleep(LOOK);
                continue;
            }
            None => {
                // It holds no lock, and has changed nothing.
                let _ = child.kill();
                child.wait().map_err(io)?;
                let seconds = PROOF.as_secs();
                let why = format!("it did not hold the site's locks within {seconds} s, and was stopped");
                return Err(Error::new(ErrorKind::Limit, why));
            }
        };
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(Ran { proved, code: code.unwrap_or(Exit::Internal.code_and_meaning().0) });
    }
}

fn output_file(folder: &Path) -> PathBuf {
    folder.join("output.json")
}

/// What the program said to programs, where it was to.
fn said(cli: &Cli, folder: &Path) -> Value {
    let bytes = if cli.output.json { std::fs::read(output_file(folder)).ok() } else { None };
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_else(|| json!({}))
}

/// What the new program said, with what was in force before it.
fn with_receipts(mut said: Value, receipts: Vec<Receipt>) -> Value {
    let mut all: Vec<Value> = receipts.into_iter().map(|receipt| json!(receipt)).collect();
    all.extend(said["receipts"].as_array().cloned().unwrap_or_default());
    said["receipts"] = all.into();
    said
}

/// Takes back the patch whose program did not go on, and says why.
fn take_back(cli: &Cli, why: &Error, mut receipts: Vec<Receipt>) -> Problem {
    let operator = cli.unattended();
    let ended = (|| {
        let config = SiteConfig::find(cli.at()).and_then(|file| SiteConfig::read(&file)).map_err(Failure::untouched)?;
        give_up(&config).map_err(Failure::untouched)?;
        let site = cli.engine.open(cli.at()).map_err(Failure::untouched)?;
        let session = site.begin(&operator)?;
        let failed = session.unproved_successor().map_err(Failure::untouched)?;
        let failed =
            failed.ok_or_else(|| Failure::untouched(Error::missing("it is not the site's patcher any more")))?;
        session.take_back_successor(&failed, &approver(), &operator)?;
        Ok::<_, Failure>(failed)
    })();
    let failure = match ended {
        Ok(failed) => {
            receipts.retain(|receipt| receipt.run != failed.run);
            let why = format!("patchwright {}, which {} brought, does not go on: {why}", failed.version, failed.patch);
            let hint = "the patch was taken back; ask its vendor for one with a patcher that works here";
            Failure::new(Error::refused(why).hint(hint), SiteState::TakenBack)
        }
        Err(failure) => {
            let why = Error::refused(format!("the patcher that the last patch brought does not go on: {why}"))
                .hint("take the patch back with `patchwright rollback`");
            Failure::new(why, SiteState::InForce).and(failure.error)
        }
    };
    Problem::of_run(failure, receipts, None)
}
