//! One run of one hook: its line to the site, what it has used up of its limits, and what failed on the way.

use crate::conversation::{Line, Site};
use crate::hook::Hook;
use crate::limits;
use crate::script_element::Grants;
use patchwright_hooks_api::{Error, ErrorKind, Level, Position, SiteEditor, SiteView};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One run of one hook, shared by everything that the script can call.
pub(crate) struct Run {
    pub(crate) hook: Hook,
    /// The script's name within the patch.
    pub(crate) script: String,
    /// The payload members that the script may install.
    grants: Grants,
    line: Line,
    began: Instant,
    own_time: Duration,
    record: Mutex<Record>,
}

/// What happened so far.
#[derive(Default)]
struct Record {
    questions: u64,
    written: u64,
    log_lines: u64,
    requests: u64,
    /// How far the operator was last told that the script has come: of how many things, how many hundredths, with what.
    progress: Option<(u64, u64, String)>,
    last_call: Option<(&'static str, Position)>,
    failures: Vec<Error>,
    more_failures: usize,
}

impl Run {
    pub(crate) fn new(line: Line, hook: Hook, script: &str, grants: &Grants, own_time: Duration) -> Self {
        Self {
            hook,
            script: script.to_owned(),
            grants: grants.clone(),
            line,
            began: Instant::now(),
            own_time,
            record: Mutex::default(),
        }
    }

    /// Looks at the site.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&dyn SiteView) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.count_question()?;
        self.line.ask(move |site| look(site.view()))?
    }

    /// Changes the site, if the hook may. `verb` names what is done, such as `fs::write`.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        verb: &'static str,
        change: impl FnOnce(&mut dyn SiteEditor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.count_question()?;
        let hook = self.hook;
        if hook == Hook::Downgrade && (verb.starts_with("fs::") || verb.starts_with("patcher::")) {
            return Err(Error::refused(format!("{verb} is not allowed in downgrade()"))
                .hint("files and the patcher go back by themselves; downgrade() is for the database"));
        }
        self.line.ask(move |site| match site {
            Site::Edited(editor) => change(&mut **editor),
            Site::Shown(_) => Err(Error::refused(format!("{verb} is not allowed in {}()", hook.name()))
                .hint("preflight() and verify() only look; change the site in upgrade() or after()")),
        })?
    }

    /// Counts bytes that are about to be written into a file.
    pub(crate) fn count_written(&self, bytes: u64) -> Result<(), Error> {
        let mut record = self.record();
        record.written = record.written.saturating_add(bytes);
        within(record.written, limits::WRITTEN_BYTES, "bytes written into files")
    }

    /// Refuses a member of the archive that the script doesn't declare.
    ///
    /// # Errors
    /// When it is one.
    pub(crate) fn check_uses(&self, function: &str, member: &str) -> Result<(), Error> {
        let is_declared = self.grants.uses.iter().any(|declared| declared == member);
        declared(is_declared, function, "uses", member, &format!("<uses payload=\"{member}\"/>"))
    }

    /// Refuses a command that the script doesn't declare.
    ///
    /// # Errors
    /// When it is one.
    pub(crate) fn check_runs(&self, function: &str, command: &str) -> Result<(), Error> {
        let is_declared = self.grants.runs.iter().any(|declared| declared == command);
        declared(is_declared, function, "runs", command, &format!("<runs command=\"{command}\"/>"))
    }

    /// Refuses an address whose origin the script doesn't declare.
    ///
    /// # Errors
    /// When it is one.
    pub(crate) fn check_reaches(&self, function: &str, url: &str) -> Result<(), Error> {
        let is_declared = self.grants.reaches.iter().any(|declared| declared.covers(url));
        declared(
            is_declared,
            function,
            "reaches",
            url,
            "<reaches origin=\"…\"/>, with scheme, host and port as the address has them,",
        )
    }

    /// Counts a request to the web.
    ///
    /// # Errors
    /// When there were too many.
    pub(crate) fn count_request(&self) -> Result<(), Error> {
        let mut record = self.record();
        record.requests += 1;
        within(record.requests, limits::REQUESTS, "requests to the web")
    }

    /// A message for the operator, counted and not too long. What a terminal would obey is not passed on to one.
    ///
    /// # Errors
    /// When there were too many.
    pub(crate) fn counted(&self, message: &str) -> Result<String, Error> {
        let mut record = self.record();
        record.log_lines += 1;
        within(record.log_lines, limits::LOG_LINES, "lines logged")?;
        Ok(plain(message))
    }

    /// Tells the operator how far the script has come. Only what is a hundredth further is passed on, so that a script may call it for
    /// each of many rows.
    ///
    /// # Errors
    /// When more was told than a hook may log.
    pub(crate) fn progress(&self, done: u64, of: u64, doing: &str) -> Result<(), Error> {
        let hundredths = done.saturating_mul(100).checked_div(of).unwrap_or(100);
        let told = (of, hundredths, doing.to_owned());
        if self.record().progress.as_ref() == Some(&told) {
            return Ok(());
        }
        let doing = self.counted(doing)?;
        self.record().progress = Some(told);
        self.look(move |site| {
            site.progress(done, of, &doing);
            Ok(())
        })
    }

    /// Tells the operator something.
    pub(crate) fn log(&self, level: Level, message: &str) -> Result<(), Error> {
        let message = self.counted(message)?;
        self.look(move |site| {
            site.log(level, &message);
            Ok(())
        })
    }

    /// Counts further calls to the site that one call of a function comes to.
    pub(crate) fn count_questions(&self, more: usize) -> Result<(), Error> {
        let mut record = self.record();
        record.questions = record.questions.saturating_add(more as u64);
        within(record.questions, limits::QUESTIONS, "calls to the site")
    }

    /// Ends the script when its own time is over: a function of a module may take long, and is one operation.
    pub(crate) fn within_own_time(&self) -> Result<(), Error> {
        if !self.is_overdue() {
            return Ok(());
        }
        Err(out_of_time())
    }

    /// Whether the script has used up its own time.
    pub(crate) fn is_overdue(&self) -> bool {
        self.began.elapsed().saturating_sub(self.line.waited()) > self.own_time
    }

    /// Notes where the script is, for faults to which the script engine gives no place.
    pub(crate) fn note_call(&self, function: &'static str, position: &Position) {
        self.record().last_call = Some((function, position.clone()));
    }

    /// The last function of a module that was called, and where.
    pub(crate) fn last_call(&self) -> Option<(&'static str, Position)> {
        self.record().last_call.clone()
    }

    /// Notes a call that failed: it is told even if the script catches the failure.
    pub(crate) fn note_failure(&self, error: &Error) {
        let mut record = self.record();
        if record.failures.len() < limits::CAUGHT_FAILURES {
            record.failures.push(error.clone());
        } else {
            record.more_failures += 1;
        }
    }

    /// Tells the operator of every failure but `ended_by`, the one that ended the run.
    pub(crate) fn tell_caught_failures(&self, ended_by: Option<&Error>) {
        let (failures, more) = {
            let mut record = self.record();
            (std::mem::take(&mut record.failures), record.more_failures)
        };
        let told = |error: &Error| {
            ended_by.is_some_and(|end| end.position == error.position && end.message.ends_with(&error.message))
        };
        let mut messages: Vec<String> = failures
            .iter()
            .filter(|error| !told(error))
            .map(|error| format!("{error} (caught by the script)"))
            .collect();
        if more > 0 {
            messages.push(format!("{}: {more} more calls failed", self.script));
        }
        // The end of the conversation is reported by the run itself; there is nobody to tell here.
        drop(self.line.ask(move |site| messages.iter().for_each(|message| site.view().log(Level::Warn, message))));
    }

    fn count_question(&self) -> Result<(), Error> {
        self.count_questions(1)
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The script has used up its own time.
pub(crate) fn out_of_time() -> Error {
    let message = format!("the script ran for more than {} seconds of its own time", limits::OWN_TIME.as_secs());
    Error::new(ErrorKind::Limit, message)
}

/// An error unless the script declares what one of its functions is to have besides the site.
fn declared(is_declared: bool, function: &str, verb: &str, what: &str, element: &str) -> Result<(), Error> {
    if is_declared {
        return Ok(());
    }
    Err(Error::refused(format!("{function}: the script doesn't declare that it {verb} {what}"))
        .hint(format!("put {element} into its <script> element")))
}

fn within(count: u64, limit: u64, of_what: &str) -> Result<(), Error> {
    if count <= limit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Limit, format!("a hook has a limit of {limit} {of_what}")))
}

fn plain(message: &str) -> String {
    let (message, end) = match message.char_indices().nth(limits::LOG_LINE_CHARS) {
        Some((end, _)) => (&message[..end], "…"),
        None => (message, ""),
    };
    let is_plain = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    message.chars().map(|letter| if is_plain(letter) { letter } else { ' ' }).chain(end.chars()).collect()
}
