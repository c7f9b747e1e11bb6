//! Advisory locks that keep other engines out: taken by asking again and again, and never by waiting in the server, where a
//! waiter's snapshot would hold up the holder's own work.

use crate::bound;
use patchwright_hooks_api::{Error, ErrorKind, Rows};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::thread;
use std::time::{Duration, Instant};

/// How long to ask for: a server needs a few seconds at most to notice that a holder is gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause between two questions, and what chance adds to it so that two who ask don't ask in step.
const PAUSE: Duration = Duration::from_millis(20);
const JITTER_MS: u64 = 40;

/// What a transaction's lock is called. Names of other locks are never so short.
const TRANSACTION: &str = "patchwright";

/// The key of a lock, as an expression: a hash of its name, made by the server so that everybody who asks it makes the same.
pub(crate) fn key(name: &str) -> Result<String, Error> {
    Ok(format!("pg_catalog.hashtextextended({}, 0)", bound::quoted(&format!("{TRANSACTION}:{name}"))?))
}

/// The key of the lock that every transaction takes.
pub(crate) fn transaction_key() -> String {
    format!("pg_catalog.hashtextextended('{TRANSACTION}', 0)")
}

/// Asks until the answer is yes, or patience is at its end.
pub(crate) fn persist(mut ask: impl FnMut() -> Result<bool, Error>) -> Result<bool, Error> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if ask()? {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        let chance = RandomState::new().build_hasher().finish() % JITTER_MS;
        thread::sleep(PAUSE + Duration::from_millis(chance));
    }
}

/// Asks who holds the lock with this key.
pub(crate) fn ask_for_holder(key: &str) -> String {
    format!(
        "SELECT a.pid, coalesce(a.usename::text, 'an unknown user'), coalesce(pg_catalog.host(a.client_addr), 'this server'), \
         coalesce(nullif(a.application_name, ''), 'an unnamed program'), \
         coalesce(pg_catalog.to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS'), 'unknown') \
         FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid), (SELECT {key} AS hash) k \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         AND l.classid::bigint = (k.hash >> 32) & 4294967295 AND l.objid::bigint = k.hash & 4294967295"
    )
}

/// The refusal, with who is in the way.
pub(crate) fn refusal(holder: &Rows) -> Error {
    let hint = "wait until it has finished, and try again; if nobody runs it any more, end its session with \
                pg_terminate_backend";
    let told = match holder.rows.first().map(Vec::as_slice) {
        Some([pid, user, address, application, since]) => {
            format!(": {application} of {user} from {address}, connected since {since} UTC (server process {pid})")
        }
        // It has let go since.
        _ => String::new(),
    };
    Error::new(ErrorKind::Busy, format!("another engine holds the database{told}")).hint(hint)
}
