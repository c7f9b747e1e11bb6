//! Restarts and probes whose programs, answers and time the tests decide.

use super::*;
use crate::operator::{Answer, Asked, Silent};
use crate::site::real_disk::RealDisk;
use patchwright_hooks_api::{WebAnswer, WebRequest};
use std::collections::VecDeque;
use std::fs;
use std::sync::Mutex;
use tempfile::TempDir;

const HOOKS: &str = "[[restart]]\nname = 'php'\ncommand = ['reload', 'php-fpm']\ntimeout = '30s'\n\
                     [[restart]]\nname = 'cache'\ncommand = ['flush']\n";
const PROBE: &str = "[probe]\nurl = 'http://cms/health'\nexpect = '{version}'\ntimeout = '5s'\ndeadline = '20s'\n";

/// Programs that note what they were given, and end as they were told.
#[derive(Default)]
struct Told {
    ran: Mutex<Vec<String>>,
    ends: Mutex<VecDeque<(Ended, &'static str)>>,
}

impl Programs for Told {
    fn run(&self, program: &Program<'_>, called_off: &dyn Fn() -> bool) -> Result<Ran, Error> {
        let environment = program.environment.iter().map(|(name, value)| format!(" {name}={value}"));
        let line = format!("{}{}", program.words.join(" "), environment.collect::<String>());
        self.ran.lock().unwrap().push(format!("{line} in {}", program.folder.display()));
        let told = self.ends.lock().unwrap().pop_front();
        let (ended, output) = told.unwrap_or((Ended::Exited(0), ""));
        let ended = if called_off() { Ended::CalledOff } else { ended };
        Ok(Ran { ended, output: output.to_owned() })
    }

    fn check(&self, program: &Program<'_>) -> Result<(), Error> {
        match program.words[0].as_str() {
            "flush" => Err(Error::missing("there is no program flush in PATH")),
            _ => Ok(()),
        }
    }
}

/// A web that gives these answers, and then the last one again and again.
struct Answers(Mutex<Vec<Result<WebAnswer, Error>>>);

impl Web for Answers {
    fn ask(&self, _: &WebRequest, _: Duration) -> Result<WebAnswer, Error> {
        let mut answers = self.0.lock().unwrap();
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }

    fn check(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }
}

/// A clock that stands still but for who pauses.
#[derive(Default)]
struct Standing(Mutex<Duration>);

impl Clock for Standing {
    fn now(&self) -> jiff::Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn pause(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

/// Has called everything off from the beginning, or from the first probe on.
struct CallsOff {
    from: Mutex<bool>,
    at_the_probe: bool,
}

impl Operator for CallsOff {
    fn event(&self, event: &Event) {
        if self.at_the_probe && matches!(event, Event::Probing { .. }) {
            *self.from.lock().unwrap() = true;
        }
    }

    fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
        None
    }

    fn cancelled(&self) -> bool {
        *self.from.lock().unwrap()
    }
}

struct World {
    folder: TempDir,
    restarter: Restarter,
    gate: Gate,
    programs: Arc<Told>,
    clock: Arc<Standing>,
}

impl World {
    fn new(settings: &str, ends: &[(Ended, &'static str)], answers: Vec<Result<WebAnswer, Error>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["public", ".patchwright"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let text = format!("product = 'acme'\nroot = 'public'\n{settings}");
        let config = SiteConfig::parse(&text, folder.path()).unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(&config.root, &config.state).unwrap());
        let programs = Arc::new(Told { ends: Mutex::new(ends.iter().copied().collect()), ..Told::default() });
        let clock = Arc::new(Standing::default());
        let web = (!answers.is_empty()).then(|| Arc::new(Answers(Mutex::new(answers))) as Arc<dyn Web>);
        let restarter = Restarter::new(&config, disk.clone(), clock.clone(), programs.clone(), web);
        let gate = Gate::new(disk, clock.clone(), None);
        Self { folder, restarter, gate, programs, clock }
    }

    /// The same in the middle of a run of Ann's that has made a restart due.
    fn due(settings: &str, ends: &[(Ended, &'static str)], answers: Vec<Result<WebAnswer, Error>>) -> Self {
        let world = Self::new(settings, ends, answers);
        world.gate.shut_for_run("ann", "upgrading acme 1.0.0 to 1.0.1").unwrap();
        assert!(world.restarter.note_due(&world.gate).unwrap());
        world
    }

    fn restart(&self) -> Restarted {
        self.restarter.restart(&version(), &Silent)
    }

    fn ran(&self) -> Vec<String> {
        let ran = self.programs.ran.lock().unwrap();
        ran.iter().map(|line| line.split(" PATCHWRIGHT").next().unwrap().to_owned()).collect()
    }

    fn note(&self) -> PathBuf {
        self.folder.path().join(".patchwright/restart.json")
    }
}

fn version() -> Version {
    "1.0.1".parse().unwrap()
}

fn page(status: u16, text: &str) -> Result<WebAnswer, Error> {
    Ok(WebAnswer { status, text: text.to_owned(), is_whole: true })
}

fn unhealthy(restarted: Restarted) -> Error {
    let Restarted::Unhealthy(error) = restarted else { panic!("{restarted:?}") };
    error
}

fn failed(restarted: Restarted) -> Error {
    let Restarted::Failed(error) = restarted else { panic!("{restarted:?}") };
    error
}

#[test]
fn commands_run_in_order_in_the_site_s_folder_with_what_the_site_is_at_and_the_note_goes() {
    // A44 B19
    let world = World::due(HOOKS, &[], Vec::new());
    assert!(world.note().exists());
    assert!(matches!(world.restart(), Restarted::Done));
    assert_eq!(world.ran(), ["reload php-fpm", "flush"]);
    let folder = world.folder.path().display();
    let seen = format!(
        "flush PATCHWRIGHT_PRODUCT=acme PATCHWRIGHT_VERSION=1.0.1 PATCHWRIGHT_ROOT={folder}/public in {folder}"
    );
    assert_eq!(world.programs.ran.lock().unwrap()[1], seen);
    assert!(!world.note().exists());
    assert!(matches!(world.restart(), Restarted::NotDue));
    assert_eq!(world.ran().len(), 2);
}

#[test]
fn a_site_without_hooks_writes_no_note_and_looks_for_none() {
    let world = World::new("", &[], Vec::new());
    assert!(!world.restarter.note_due(&world.gate).unwrap());
    assert!(!world.note().exists());
    // One that is left from before the owner took the hooks out is nobody's concern.
    fs::write(world.note(), "{}").unwrap();
    assert_eq!(world.restarter.pending().unwrap(), None);
    assert!(matches!(world.restart(), Restarted::NotDue));
}

#[test]
fn a_command_that_fails_ends_the_restart_says_its_last_words_and_leaves_it_due() {
    let said = "one\n\u{1b}[31mtwo\n\nthree\n";
    let world = World::due(HOOKS, &[(Ended::Exited(3), said)], Vec::new());
    let error = failed(world.restart());
    let message = "the restart php (reload php-fpm) ended with exit code 3; the last that it said:\n    one\n    [31mtwo\n    three";
    assert_eq!(error.message, message);
    assert!(error.hint.unwrap().contains("`patchwright restart`"));
    assert_eq!(world.ran(), ["reload php-fpm"]);
    let pending = world.restarter.pending().unwrap().unwrap();
    assert_eq!((pending.by.as_str(), pending.message.as_str()), ("ann", "upgrading acme 1.0.0 to 1.0.1"));
    assert_eq!(pending.failed.unwrap(), "the restart php (reload php-fpm) ended with exit code 3");
    // Tried again, all commands run, since nobody knows what the first has left undone.
    assert!(matches!(world.restart(), Restarted::Done));
    assert_eq!(world.ran(), ["reload php-fpm", "reload php-fpm", "flush"]);
}

#[test]
fn one_that_takes_too_long_and_one_that_is_killed_fail_too() {
    for (ended, told) in
        [(Ended::TimedOut, "was still running after 30 s and was stopped"), (Ended::Killed(9), "was ended by signal 9")]
    {
        let error = failed(World::due(HOOKS, &[(ended, "")], Vec::new()).restart());
        assert!(error.message.contains(told), "{error}");
    }
}

#[test]
fn who_has_called_the_run_off_has_not_called_off_what_must_follow_it() {
    let operator = CallsOff { from: Mutex::new(true), at_the_probe: false };
    let world = World::due(&format!("{HOOKS}{PROBE}"), &[], vec![page(200, "1.0.1")]);
    assert!(matches!(world.restarter.restart(&version(), &operator), Restarted::Done));
}

#[test]
fn a_site_that_takes_a_while_to_come_up_is_asked_until_it_is_healthy() {
    let refused = Err(Error::new(ErrorKind::Io, "connection refused"));
    let answers = vec![refused, page(502, ""), page(200, "acme 1.0.0"), page(200, "acme 1.0.1")];
    let world = World::due(&format!("{HOOKS}{PROBE}"), &[], answers);
    assert!(matches!(world.restart(), Restarted::Done));
    assert!(world.clock.elapsed() < Duration::from_secs(1), "{:?}", world.clock.elapsed());
    assert!(!world.note().exists());
}

#[test]
fn one_that_does_not_come_up_is_unhealthy_at_the_deadline_and_still_to_be_looked_at() {
    for (answer, told) in [
        (
            Err(Error::new(ErrorKind::Io, "connection refused")),
            "(asked for 20 s): http://cms/health: connection refused",
        ),
        (page(500, "1.0.1"), "http://cms/health answered with status 500"),
        (page(200, "acme 1.0.0\n"), "the answer of http://cms/health does not hold \"1.0.1\", but: acme 1.0.0"),
    ] {
        let world = World::due(&format!("{HOOKS}{PROBE}"), &[], vec![answer]);
        let error = unhealthy(world.restart());
        assert!(
            error.message.starts_with("the site is not healthy (asked for 20 s): ") && error.message.contains(told),
            "{error}"
        );
        assert_eq!(world.clock.elapsed(), Duration::from_secs(20));
        assert!(world.restarter.pending().unwrap().unwrap().failed.unwrap().contains("not healthy"));
    }
}

#[test]
fn an_answer_that_the_gate_gave_says_so() {
    let error = unhealthy(World::due(PROBE, &[], vec![page(503, "")]).restart());
    assert!(error.hint.unwrap().contains("through the gate"));
}

#[test]
fn a_probe_may_be_a_command_whose_output_holds_what_is_expected() {
    let probe = "[probe]\ncommand = ['healthy']\nexpect = '{version}'\ndeadline = '1s'\n";
    let world = World::due(probe, &[(Ended::Exited(1), ""), (Ended::Exited(0), "up at 1.0.1")], Vec::new());
    assert!(matches!(world.restart(), Restarted::Done));
    assert_eq!(world.ran(), ["healthy", "healthy"]);
}

#[test]
fn a_probe_that_is_called_off_ends_at_once_and_nobody_takes_the_site_for_healthy() {
    let operator = CallsOff { from: Mutex::new(false), at_the_probe: true };
    let world = World::due(PROBE, &[], vec![page(500, "")]);
    let error = unhealthy(world.restarter.restart(&version(), &operator));
    assert!(error.kind == ErrorKind::Cancelled && error.message.contains("(called off while it was asked)"), "{error}");
    assert_eq!(world.clock.elapsed(), Duration::ZERO);
}

#[test]
fn recovery_does_what_somebody_was_killed_over_and_not_what_has_failed() {
    let recover = |world: &World| world.restarter.recover(|| Ok(version()), &Silent).unwrap();
    let world = World::due(HOOKS, &[(Ended::Exited(1), "")], Vec::new());
    assert!(matches!(recover(&world), Restarted::Failed(_)));
    assert!(matches!(recover(&world), Restarted::NotDue));
    assert_eq!(world.ran(), ["reload php-fpm"]);
    // The next run that changes the site makes it due once more.
    assert!(world.restarter.note_due(&world.gate).unwrap());
    assert!(matches!(recover(&world), Restarted::Done));
}

#[test]
fn a_note_whose_bytes_a_power_cut_took_counts() {
    let world = World::new(HOOKS, &[], Vec::new());
    fs::write(world.note(), "").unwrap();
    fs::write(world.folder.path().join(".patchwright/restart.json.new"), "{").unwrap();
    assert!(world.restarter.pending().unwrap().unwrap().message.contains("power cut"));
    assert!(matches!(world.restarter.recover(|| Ok(version()), &Silent), Ok(Restarted::Done)));
    assert_eq!(fs::read_dir(world.folder.path().join(".patchwright")).unwrap().count(), 0);
}

#[test]
fn what_could_not_run_is_found_before_it_is_wanted() {
    let world = World::new(&format!("{HOOKS}{PROBE}"), &[], Vec::new());
    let found: Vec<String> = world.restarter.examine().into_iter().map(|finding| finding.message).collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], "the restart cache: there is no program flush in PATH");
    assert!(found[1].starts_with("the probe: this program was built without a way to ask a url"), "{found:?}");
}

#[test]
fn where_nothing_of_a_run_stays_that_it_was_taken_back_is_what_counts() {
    let fault = || Restarted::Failed(Error::conflict("no restart"));
    let failure = || Failure::new(Error::conflict("no patch"), SiteState::TakenBack);
    assert_eq!(fault().after(Ok(()), true).unwrap_err().state, SiteState::RestartPending);
    let told = fault().after(Err(failure()), true).unwrap_err();
    assert_eq!((told.state, told.error.message.as_str()), (SiteState::RestartPending, "no patch"));
    let told = fault().after(Err(failure()), false).unwrap_err();
    assert_eq!((told.state, told.also.len()), (SiteState::TakenBack, 1));
}
