//! What the site's owner lets patches do beyond the site's files and database, once they are in force: run commands by name, and
//! ask origins on the web.

use super::Restarter;
use crate::operator::{Event, Operator};
use patchwright_hooks_api::{Error, ErrorKind, Version, WebAnswer, WebRequest};
use std::time::Duration;

/// How long an address may take to answer a script.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// What is granted on a site at a version, for one operator.
pub(crate) struct Granted<'a> {
    /// Who runs what is granted.
    pub restarter: &'a Restarter,
    /// The version that commands are told.
    pub version: &'a Version,
    /// Who is told.
    pub operator: &'a dyn Operator,
}

impl Granted<'_> {
    /// Runs a command, and gives what it said.
    ///
    /// # Errors
    /// When the owner grants no such command, or it fails.
    pub(crate) fn run_command(&self, name: &str) -> Result<String, Error> {
        let Restarter { settings, .. } = self.restarter;
        let granted = settings.commands.iter().find(|command| command.name == name).ok_or_else(|| {
            Error::refused(format!("the site's owner lets no patch run a command {name}"))
                .hint("grant it as [[command]] in the site's configuration")
        })?;
        self.operator.event(&Event::RunningCommand { name: name.to_owned() });
        let environment = self.restarter.environment(self.version);
        self.restarter.run_one("command", granted, &environment, &|| self.operator.cancelled())
    }

    /// Asks an address, and gives what it answered.
    ///
    /// # Errors
    /// When the owner doesn't let patches reach it, it does not answer in time, or says more than is taken in.
    pub(crate) fn request(&self, request: &WebRequest) -> Result<WebAnswer, Error> {
        let WebRequest { method, url, .. } = request;
        if !self.restarter.settings.origins.iter().any(|origin| origin.covers(url)) {
            return Err(Error::refused(format!("the site's owner lets no patch reach {url}"))
                .hint("grant its origin under origins in the site's configuration"));
        }
        self.operator.event(&Event::Requesting { method: method.to_string(), url: url.clone() });
        let answer = self.restarter.web()?.ask(request, ANSWER_TIME);
        let answer = answer.map_err(|error| error.while_doing(format!("{method} {url}")))?;
        if answer.is_whole {
            return Ok(answer);
        }
        let message =
            format!("{method} {url}: the answer broke off, or is too long ({} bytes of it came)", answer.text.len());
        Err(Error::new(ErrorKind::Limit, message))
    }
}
