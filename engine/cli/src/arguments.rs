//! What can be said on the command line, and which file deals with it.

use crate::commands::{
    apply, baseline, build, completions, demo, doctor, ensure, gc, history, init, lint, maintenance, man, message,
    pack, plan, plugin, ready, recover, restart, retire, rollback, script, self_test, show, status, take_over,
    uninstall, verify,
};
use crate::exit::{self, Exit};
use crate::output::Output;
use crate::problem::Problem;
use crate::terminal::Terminal;
use crate::{handover, version, wiring};
use clap::{Args, Parser, Subcommand};
use patchwright_engine::loader::Loader;
use patchwright_engine::{Engine, Operator, Session, Site, SiteState};
use patchwright_hooks_api::Version;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Applies patches to an installed application and its database as one unit: in force, or taken back.
///
/// Whoever may write to a site's state folder may change the site; everybody else is refused. Results go to standard output,
/// progress and errors to standard error.
#[derive(Debug, Parser)]
#[command(name = "patchwright", version = version::text(), max_term_width = 100, after_help = exit::table(), infer_subcommands = false)]
pub(crate) struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What can be said with every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The site: its folder or its patchwright.toml [default: found upwards from here]
    #[arg(long, global = true, value_name = "DIR|FILE")]
    site: Option<PathBuf>,
    /// Print results and errors as JSON, and ask nothing
    #[arg(long, global = true)]
    json: bool,
    /// Approve, and ask nothing
    #[arg(long, short, global = true)]
    pub(crate) yes: bool,
    /// No colours; the environment variable NO_COLOR says the same
    #[arg(long, global = true)]
    no_color: bool,
    /// Tell more
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// Tell nothing but results and errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// The version of the patchwright that started this one in its place
    #[arg(long, global = true, value_name = "VERSION", hide = true)]
    pub(crate) started_by: Option<Version>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Status(status::Status),
    Ready(ready::Ready),
    Baseline(baseline::Baseline),
    Doctor(doctor::Doctor),
    Verify(verify::Verify),
    History(history::History),
    Plan(plan::Plan),
    Apply(apply::Apply),
    Ensure(ensure::Ensure),
    Message(message::Message),
    Rollback(rollback::Rollback),
    Uninstall(uninstall::Uninstall),
    Retire(retire::Retire),
    Gc(gc::Gc),
    Recover(recover::Recover),
    Restart(restart::Restart),
    Maintenance(maintenance::Maintenance),
    Show(show::Show),
    Lint(lint::Lint),
    Script(script::Script),
    Pack(pack::Pack),
    Build(build::Build),
    Plugin(plugin::Plugin),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
    SelfTest(self_test::SelfTest),
    TakeOver(take_over::TakeOver),
}

/// What every command is given: the engine, what was said globally, and where to print.
pub(crate) struct Cli {
    /// What was said with the command.
    pub(crate) global: Global,
    /// The engine with all that is bundled.
    pub(crate) engine: Engine,
    /// What plugins are loaded with.
    pub(crate) loader: Loader,
    /// Where to print.
    pub(crate) output: Output,
}

/// How a command ends.
pub(crate) type Ended = Result<Exit, Problem>;

/// Does what the command line says.
pub(crate) fn main() -> Exit {
    let Arguments { global, command } = Arguments::parse();
    let plain = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    console::set_colors_enabled(!plain && std::io::stdout().is_terminal());
    console::set_colors_enabled_stderr(!plain && std::io::stderr().is_terminal());
    let output = Output { json: global.json, quiet: global.quiet };
    let loader = wiring::loader(output);
    let at = global.site.clone().unwrap_or_else(|| PathBuf::from("."));
    let cli = Cli { global, engine: wiring::engine(&loader, at), loader, output };
    if command.is_about_a_site() {
        handover::launch::give_way(&cli);
    }
    command.run(&cli).unwrap_or_else(|problem| {
        output.problem(&problem);
        problem.exit
    })
}

impl Command {
    /// Whether the site's own patchwright is to do it, where the site has one.
    fn is_about_a_site(&self) -> bool {
        !matches!(
            self,
            Self::Init(_)
                | Self::Show(_)
                | Self::Lint(_)
                | Self::Pack(_)
                | Self::Build(_)
                | Self::Plugin(_)
                | Self::Demo(_)
                | Self::Completions(_)
                | Self::Man(_)
                | Self::SelfTest(_)
        )
    }

    fn run(&self, cli: &Cli) -> Ended {
        match self {
            Self::Init(command) => command.run(cli),
            Self::Status(command) => command.run(cli),
            Self::Ready(command) => command.run(cli),
            Self::Baseline(command) => command.run(cli),
            Self::Doctor(command) => command.run(cli),
            Self::Verify(command) => command.run(cli),
            Self::History(command) => command.run(cli),
            Self::Plan(command) => command.run(cli),
            Self::Apply(command) => command.run(cli),
            Self::Ensure(command) => command.run(cli),
            Self::Message(command) => command.run(cli),
            Self::Rollback(command) => command.run(cli),
            Self::Uninstall(command) => command.run(cli),
            Self::Retire(command) => command.run(cli),
            Self::Gc(command) => command.run(cli),
            Self::Recover(command) => command.run(cli),
            Self::Restart(command) => command.run(cli),
            Self::Maintenance(command) => command.run(cli),
            Self::Show(command) => command.run(cli),
            Self::Lint(command) => command.run(cli),
            Self::Script(command) => command.run(cli),
            Self::Pack(command) => command.run(cli),
            Self::Build(command) => command.run(cli),
            Self::Plugin(command) => command.run(cli),
            Self::Demo(command) => command.run(cli),
            Self::Completions(command) => command.run(cli),
            Self::Man(command) => command.run(cli),
            Self::SelfTest(command) => command.run(cli),
            Self::TakeOver(command) => command.run(cli),
        }
    }
}

impl Cli {
    /// Where the site is looked for.
    pub(crate) fn at(&self) -> &Path {
        self.global.site.as_deref().unwrap_or(Path::new("."))
    }

    /// Whether a site was named, and not only looked for.
    pub(crate) fn names_site(&self) -> bool {
        self.global.site.is_some()
    }

    /// The site that the command is about.
    pub(crate) fn site(&self) -> Result<Site, Problem> {
        Ok(self.engine.open(self.at())?)
    }

    /// The site, to be changed: what a crash cut off is ended first.
    pub(crate) fn begin<'a>(&self, site: &'a Site, operator: &dyn Operator) -> Result<Session<'a>, Problem> {
        let session = site.begin(operator)?;
        if let Some(failed) = session.given_up_successor()? {
            let what = format!("patchwright {}, which {} brought, did not start", failed.version, failed.patch);
            match session.take_back_successor(&failed, &approver(), operator) {
                Ok(()) => self.output.note(format_args!("{what}; the patch was taken back")),
                Err(failure) if failure.state == SiteState::NeedsRecovery => return Err(failure.into()),
                // The site is whole, and this program can work on it.
                Err(failure) => {
                    self.output
                        .note(format_args!("warning: {what}, and the patch can't be taken back: {}", failure.error));
                }
            }
        }
        Ok(session)
    }

    /// Who decides and is told.
    pub(crate) fn terminal(&self) -> Terminal {
        Terminal::new(self.output, self.global.verbose, !self.global.yes)
    }

    /// Who is told, and never asked.
    pub(crate) fn unattended(&self) -> Terminal {
        Terminal::new(self.output, self.global.verbose, false)
    }
}

impl Global {
    /// The same words for another patchwright that goes on in this one's place.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let flags = [("--json", self.json), ("--yes", self.yes), ("--no-color", self.no_color)];
        let more = [("--verbose", self.verbose), ("--quiet", self.quiet)];
        let said = flags.into_iter().chain(more).filter(|(_, is_said)| *is_said).map(|(flag, _)| OsString::from(flag));
        let site = self.site.iter().flat_map(|site| [OsString::from("--site"), site.clone().into()]);
        site.chain(said).collect()
    }
}

/// Who approves: the person behind `sudo`, the user's name, or at least the number.
pub(crate) fn approver() -> String {
    let named = ["SUDO_USER", "USER"].into_iter().filter_map(|name| std::env::var(name).ok());
    let mut named = named.filter(|name| !name.is_empty());
    named.next().unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_and_every_argument_says_what_it_is_for() {
        for command in Arguments::command().get_subcommands() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {}", command.get_name(), argument.get_id());
            }
        }
    }
}
