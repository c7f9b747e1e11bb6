//! A site whose database's server may not be up yet: who starts together with it waits for it (B18).

use super::patience::Patience;
use super::{Connected, Engine, Seams, Site};
use crate::failure::Failure;
use crate::operator::{Event, Operator};
use crate::site::config::SiteConfig;
use patchwright_hooks_api::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

impl Engine {
    /// As [`Engine::open`], for who starts together with the database's server: one that can't be reached, or has no time yet, is
    /// waited for. One that refuses is not.
    ///
    /// # Errors
    /// As [`Engine::open`]; with [`SiteState::Busy`](crate::SiteState::Busy) when the server was waited for in vain, or the wait
    /// was called off.
    pub fn open_when_up(&self, at: &Path, patience: Duration, operator: &dyn Operator) -> Result<Site, Failure> {
        let found = SiteConfig::find(at).and_then(|file| SiteConfig::read(&file));
        let config = found.map_err(Failure::untouched)?;
        let seams = Seams::of_the_machine(&config).map_err(Failure::untouched)?;
        self.open_with_when_up(config, seams, patience, operator)
    }

    /// The same on a disk, by a clock and with a chance of the caller's own.
    ///
    /// # Errors
    /// As [`Engine::open_when_up`].
    pub fn open_with_when_up(
        &self,
        config: SiteConfig,
        seams: Seams,
        patience: Duration,
        operator: &dyn Operator,
    ) -> Result<Site, Failure> {
        let mut patience = Patience::new(seams.clock.as_ref(), seams.chance.as_ref(), operator, patience);
        let connected = self.connect_when_up(&config, &mut patience, operator)?;
        Ok(self.site(config, seams, connected))
    }

    fn connect_when_up(
        &self,
        config: &SiteConfig,
        patience: &mut Patience<'_>,
        operator: &dyn Operator,
    ) -> Result<Connected, Failure> {
        let mut told = String::new();
        loop {
            let error = match self.connect(config, false) {
                Ok(connected) => return Ok(connected),
                Err(error) if may_come_up(&error) => error,
                Err(error) => return Err(Failure::untouched(error)),
            };
            let left = patience.left(&error, "the site's database can't be used")?;
            if error.message != told {
                operator.event(&Event::WaitingForDatabase { reason: error.message.clone() });
                told.clone_from(&error.message);
            }
            patience.rest(left, &error)?;
        }
    }
}

/// Whether the next attempt may fare better.
fn may_come_up(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Io | ErrorKind::Busy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::SiteState;
    use crate::operator::{Answer, Asked};
    use crate::site::chance::Chance;
    use crate::site::clock::Clock;
    use patchwright_dialect_sqlite::Sqlite;
    use patchwright_hooks_api::{ConnectSpec, Connection, Dialect, DialectInfo};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use tempfile::TempDir;

    /// A database whose server is not up at first.
    struct Late {
        refusals: AtomicUsize,
        kind: ErrorKind,
    }

    impl Dialect for Late {
        fn info(&self) -> DialectInfo {
            Sqlite.info()
        }

        fn connect(&self, to: &ConnectSpec) -> Result<Box<dyn Connection>, Error> {
            let left = self.refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            match left {
                Ok(_) => Err(Error::new(self.kind, "connection refused").hint("see that the server runs")),
                Err(_) => Sqlite.connect(&ConnectSpec { create: true, ..to.clone() }),
            }
        }
    }

    /// A clock that stands still but for who pauses, and a chance that always decides the same.
    #[derive(Default)]
    struct Standing(Mutex<Duration>);

    impl Clock for Standing {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn elapsed(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn pause(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    impl Chance for Standing {
        fn number(&self) -> u64 {
            u64::MAX
        }
    }

    /// Notes what is waited for, and may call it off.
    #[derive(Default)]
    struct Listener {
        told: Mutex<Vec<Event>>,
        calls_off: bool,
    }

    impl Operator for Listener {
        fn event(&self, event: &Event) {
            self.told.lock().unwrap().push(event.clone());
        }

        fn answer(&self, _: &Asked<'_>) -> Option<Answer> {
            None
        }

        fn cancelled(&self) -> bool {
            self.calls_off && !self.told.lock().unwrap().is_empty()
        }
    }

    /// Opens a site whose database refuses so often, with a minute's patience. Gives how long that took, too.
    fn open(refusals: usize, kind: ErrorKind, listener: &Listener) -> (Option<Failure>, Duration) {
        let folder = TempDir::new().unwrap();
        for name in ["public", ".patchwright"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let config = SiteConfig::parse("product = 'acme'\nroot = 'public'\n", folder.path()).unwrap();
        let clock = Arc::new(Standing::default());
        let seams = Seams { clock: clock.clone(), chance: clock.clone(), ..Seams::of_the_machine(&config).unwrap() };
        let engine = Engine::builder().dialect(Late { refusals: refusals.into(), kind }).build();
        let opened = engine.open_with_when_up(config, seams, Duration::from_secs(60), listener);
        (opened.err(), clock.elapsed())
    }

    #[test]
    fn a_server_that_comes_up_late_is_waited_for_and_that_is_told_once() {
        // B18
        for kind in [ErrorKind::Io, ErrorKind::Busy] {
            let listener = Listener::default();
            let (failure, waited) = open(9, kind, &listener);
            assert_eq!(failure, None);
            assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(7), "{waited:?}");
            let told = Event::WaitingForDatabase { reason: "connection refused".into() };
            assert_eq!(*listener.told.lock().unwrap(), [told]);
        }
    }

    #[test]
    fn one_that_does_not_come_up_is_told_when_patience_ends() {
        // B18
        let (failure, waited) = open(usize::MAX, ErrorKind::Io, &Listener::default());
        let failure = failure.unwrap();
        assert_eq!((failure.state, waited), (SiteState::Busy, Duration::from_secs(60)));
        assert_eq!(failure.error.message, "waited for 60 s, and the site's database can't be used: connection refused");
        assert!(failure.error.hint.is_some());
    }

    #[test]
    fn one_that_refuses_is_not_waited_for() {
        // B18
        let (failure, waited) = open(1, ErrorKind::Database, &Listener::default());
        assert_eq!((failure.unwrap().state, waited), (SiteState::Untouched, Duration::ZERO));
    }

    #[test]
    fn the_wait_is_called_off_at_once() {
        // B18
        let (failure, waited) = open(usize::MAX, ErrorKind::Io, &Listener { calls_off: true, ..Listener::default() });
        assert_eq!(failure.unwrap().error.kind, ErrorKind::Cancelled);
        assert!(waited < Duration::from_millis(100), "{waited:?}");
    }
}
