//! What the site's owner wants run once the site's code is another: restart commands, a probe, and what becomes of patches
//! whose site is not healthy. Read with the rest of the configuration.

use super::shell::line;
use jiff::SignedDuration;
use patchwright_hooks_api::{Error, Origin};
use serde::{Deserialize, Serialize, Serializer};
use std::path::PathBuf;
use std::time::Duration;

/// What stands for the version in what a probe expects.
pub const PLACEHOLDER: &str = "{version}";
/// How long a restart command may take, if the owner doesn't say.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// How long one try of a probe may take, if the owner doesn't say.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a probe is tried, if the owner doesn't say.
const PROBE_DEADLINE: Duration = Duration::from_secs(60);

/// What runs once the site's code is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    /// The site's folder, in which commands run: the one that holds the configuration.
    pub folder: PathBuf,
    /// The restart commands, in order.
    pub hooks: Vec<OwnCommand>,
    /// The commands that scripts of patches may run, by name.
    pub commands: Vec<OwnCommand>,
    /// What scripts of patches may reach on the web.
    pub origins: Vec<Origin>,
    /// How the site is asked whether it is healthy.
    pub probe: Option<Probe>,
    /// What becomes of the patches of a plan after which it is not.
    pub unhealthy: Unhealthy,
}

/// A command of the site's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnCommand {
    /// What it is called.
    pub name: String,
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// How long it may take.
    #[serde(serialize_with = "in_words")]
    pub timeout: Duration,
}

/// How a site is asked whether it is healthy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// What is asked.
    #[serde(flatten)]
    pub target: Target,
    /// What the answer must hold, with [`PLACEHOLDER`] for the version that the site is at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// How long one try may take.
    #[serde(serialize_with = "in_words")]
    pub timeout: Duration,
    /// How long it is tried: an application takes a while to come up.
    #[serde(serialize_with = "in_words")]
    pub deadline: Duration,
}

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// An address, whose answer must be a success.
    Url(String),
    /// A program and its arguments, which must end with 0.
    Command(Vec<String>),
}

/// What becomes of the patches of a plan after which the site is not healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unhealthy {
    /// The operator is asked; where nobody answers they stay.
    #[default]
    Ask,
    /// They are taken back.
    RollBack,
    /// They stay, and the operator is told.
    Keep,
}

impl Restarts {
    /// Whether there is nothing to run.
    pub fn is_empty(&self) -> bool {
        self.hooks.is_empty() && self.probe.is_none()
    }
}

impl Probe {
    /// What is asked, in words.
    pub fn target(&self) -> String {
        match &self.target {
            Target::Url(url) => url.clone(),
            Target::Command(words) => line(words),
        }
    }
}

/// A table `[[restart]]` or `[[command]]` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CommandTable {
    name: String,
    command: Vec<String>,
    timeout: Option<SignedDuration>,
}

/// The table `[probe]` of the configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ProbeTable {
    url: Option<String>,
    command: Option<Vec<String>>,
    expect: Option<String>,
    timeout: Option<SignedDuration>,
    deadline: Option<SignedDuration>,
}

impl CommandTable {
    /// The command of a table, which is `[[restart]]` or `[[command]]`.
    pub(super) fn resolve(self, table: &str) -> Result<OwnCommand, Error> {
        let Self { name, command, timeout } = self;
        if name.trim().is_empty() {
            return Err(Error::invalid(format!("a [[{table}]] has an empty name")));
        }
        check_command(&command, &format!("the {table} {name}"))?;
        let timeout = above_zero(timeout, COMMAND_TIMEOUT, &format!("the timeout of the {table} {name}"))?;
        Ok(OwnCommand { name, command, timeout })
    }
}

impl ProbeTable {
    pub(super) fn resolve(self) -> Result<Probe, Error> {
        let target = match (self.url, self.command) {
            (Some(url), None) => Target::Url(checked_url(url)?),
            (None, Some(command)) => {
                check_command(&command, "the probe")?;
                Target::Command(command)
            }
            _ => return Err(Error::invalid("[probe] needs a url or a command, and not both")),
        };
        if self.expect.as_ref().is_some_and(String::is_empty) {
            return Err(
                Error::invalid("what the probe expects is empty").hint("leave expect out where any success will do")
            );
        }
        let timeout = above_zero(self.timeout, PROBE_TIMEOUT, "the timeout of the probe")?;
        let deadline = above_zero(self.deadline, PROBE_DEADLINE, "the deadline of the probe")?;
        Ok(Probe { target, expect: self.expect, timeout, deadline })
    }
}

/// The duration, or the default; an error unless it is above zero.
pub(super) fn above_zero(given: Option<SignedDuration>, default: Duration, what: &str) -> Result<Duration, Error> {
    let Some(given) = given else { return Ok(default) };
    let positive = Duration::try_from(given).ok().filter(|duration| !duration.is_zero());
    positive.ok_or_else(|| Error::invalid(format!("{what} is not above zero")))
}

fn check_command(words: &[String], of: &str) -> Result<(), Error> {
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(Error::invalid(format!("the command of {of} names no program"))
            .hint("such as command = [\"systemctl\", \"reload\", \"php8.2-fpm\"]"));
    }
    match words.iter().any(|word| word.contains('\0')) {
        true => Err(Error::invalid(format!("the command of {of} holds a NUL"))),
        false => Ok(()),
    }
}

fn checked_url(url: String) -> Result<String, Error> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() {
        return Err(Error::invalid("the probe's url does not begin with http:// or https:// and a host"));
    }
    if host.contains('@') {
        // It is shown with every plan.
        return Err(Error::invalid("the probe's url holds a user or a password, and is shown with every plan")
            .hint("ask with a command of your own instead"));
    }
    Ok(url)
}

fn in_words<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{:#}", SignedDuration::try_from(*duration).unwrap_or(SignedDuration::MAX)))
}

#[cfg(test)]
mod tests {
    use super::super::config::SiteConfig;
    use super::*;
    use std::path::Path;

    fn parse(more: &str) -> Result<Restarts, Error> {
        let text = format!("product = 'acme'\nroot = 'public'\n{more}");
        SiteConfig::parse(&text, Path::new("/srv/acme")).map(|config| config.restarts)
    }

    #[test]
    fn restarts_and_a_probe_are_read_in_order_with_their_defaults() {
        // A44 B19
        let restarts = parse(
            "[[restart]]\nname = 'php'\ncommand = ['systemctl', 'reload', 'php-fpm']\ntimeout = '30s'\n\
             [[restart]]\nname = 'cache'\ncommand = ['bin/flush']\n\
             [probe]\nurl = 'https://cms.example/health'\nexpect = '{version}'\n\
             [policy]\nunhealthy = 'roll-back'\n",
        )
        .unwrap();
        assert_eq!(restarts.folder, Path::new("/srv/acme"));
        let hooks: Vec<_> = restarts.hooks.iter().map(|hook| (hook.name.as_str(), hook.timeout.as_secs())).collect();
        assert_eq!(hooks, [("php", 30), ("cache", 60)]);
        let probe = restarts.probe.unwrap();
        assert_eq!(probe.target, Target::Url("https://cms.example/health".into()));
        assert_eq!((probe.timeout.as_secs(), probe.deadline.as_secs()), (5, 60));
        assert_eq!(restarts.unhealthy, Unhealthy::RollBack);
    }

    #[test]
    fn a_site_without_them_has_nothing_to_run() {
        let restarts = parse("").unwrap();
        assert!(restarts.is_empty());
        assert_eq!(restarts.unhealthy, Unhealthy::Ask);
    }

    #[test]
    fn what_could_not_run_is_refused_when_it_is_read() {
        for (wrong, said) in [
            ("[[restart]]\nname = 'x'\ncommand = []", "names no program"),
            ("[[restart]]\nname = 'x'\ncommand = [' ']", "names no program"),
            ("[[restart]]\nname = ''\ncommand = ['true']", "empty name"),
            ("[[restart]]\nname = 'x'\ncommand = ['true']\ntimeout = '0s'", "the restart x is not above zero"),
            ("[[restart]]\nname = 'x'\ncommand = 'true'", "line 5"),
            ("[[restart]]\nname = 'x'\ncommand = ['true']\nshell = true", "shell"),
            ("[probe]\nexpect = 'ok'", "needs a url or a command"),
            ("[probe]\nurl = 'http://a/'\ncommand = ['true']", "and not both"),
            ("[probe]\nurl = 'ftp://a/'", "does not begin with http"),
            ("[probe]\nurl = 'http:///health'", "and a host"),
            ("[probe]\nurl = 'http://ann:secret@a/'", "a password"),
            ("[probe]\nurl = 'http://a/'\nexpect = ''", "is empty"),
            ("[probe]\nurl = 'http://a/'\ndeadline = '-1s'", "the deadline of the probe"),
            ("[policy]\nunhealthy = 'panic'", "unknown variant `panic`"),
        ] {
            let error = parse(wrong).unwrap_err();
            assert!(error.message.contains(said) || error.to_string().contains(said), "{wrong}: {error}");
        }
    }
}
