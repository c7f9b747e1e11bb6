//! A plugin in a process of its own: the same requests, over pipes.
//!
//! Each connection has its own process, so that a crash or a call that never ends costs one connection and nothing else. A
//! process whose engine has gone ends by itself, whatever its plugin is doing: with it go its connections and their locks.

use super::Log;
use super::checked::{CheckedFile, Pinned};
use super::library::Library;
use crate::site::config::DialectLibrary;
use patchwright_hooks_api::abi::Transport;
use patchwright_hooks_api::abi::import::Instance;
use patchwright_hooks_api::{Error, ErrorKind, Level};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest frame: a reply of the greatest size, and its head.
const MAX_FRAME_BYTES: usize = patchwright_hooks_api::abi::import::MAX_REPLY_BYTES + 16;
/// How long a process may take to load its plugin.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a plugin may take to end a statement that is cancelled, before its process is ended.
const CANCEL_GRACE: Duration = Duration::from_secs(5);
/// How often is looked whether it has.
const CANCEL_INTERVAL: Duration = Duration::from_millis(20);
/// A frame that is a request or its reply; the others from the process are messages for the operator, by their level.
const REPLY: u8 = b'=';
/// A frame to the process with a request that ends the one under way. It has no reply: the one under way has.
const CANCEL: u8 = b'!';

/// The program that runs an isolated plugin: it must call [`host`] with its standard input and output.
#[derive(Clone, Debug)]
pub struct HostProgram {
    /// The program, mostly this one.
    pub program: PathBuf,
    /// What tells it to be a host.
    pub arguments: Vec<String>,
}

/// What a host is told first.
#[derive(Serialize, Deserialize)]
struct Load {
    library: PathBuf,
    sha256: patchwright_hooks_api::Sha256,
}

/// A process with a plugin in it.
pub(super) struct Child {
    host: HostProgram,
    plugin: DialectLibrary,
    log: Log,
    /// Each is locked for a moment, so that a call that never ends can be ended.
    process: Mutex<std::process::Child>,
    requests: Mutex<ChildStdin>,
    /// Locked from a request to its reply: one at a time.
    talk: Mutex<Talk>,
    /// The number of the request that is under way: odd while one is.
    turn: AtomicU64,
    cancelled: AtomicBool,
}

struct Talk {
    replies: Receiver<Vec<u8>>,
    ended: bool,
}

impl Child {
    /// Starts the process, and has it load the plugin.
    pub(super) fn start(host: HostProgram, plugin: DialectLibrary, log: Log) -> Result<Self, Error> {
        let program = host.program.display();
        let of = |error: &io::Error| Error::new(ErrorKind::Io, format!("can't start {program} for a plugin: {error}"));
        let mut process = Command::new(&host.program)
            .args(&host.arguments)
            // Ctrl-C is for the engine, which still needs the connection to take back what it began.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| of(&error))?;
        let (Some(requests), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(of(&io::Error::other("it has no pipes")));
        };
        let (sender, replies) = mpsc::channel();
        let told = log.clone();
        thread::spawn(move || listen(output, &sender, &told));
        let load = Load { library: plugin.library.clone(), sha256: plugin.sha256 };
        let load = serde_json::to_vec(&load).expect("a path and a sum can be written");
        let child = Self {
            host,
            plugin,
            log,
            process: Mutex::new(process),
            requests: Mutex::new(requests),
            talk: Mutex::new(Talk { replies, ended: false }),
            turn: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
        };
        let reply = child.exchange(&load, START_TIMEOUT)?;
        // An empty reply says that it is loaded; any other is the error.
        match serde_json::from_slice::<Error>(&reply) {
            _ if reply.is_empty() => Ok(child),
            Ok(error) => Err(error),
            Err(_) => {
                Err(Error::new(ErrorKind::Internal, format!("{} is no host for plugins", child.host.program.display())))
            }
        }
    }

    fn exchange(&self, request: &[u8], timeout: Duration) -> Result<Vec<u8>, Error> {
        let mut talk = unpoisoned(&self.talk);
        if talk.ended {
            return Err(Error::new(ErrorKind::Internal, "the plugin's process has ended before"));
        }
        self.turn.fetch_add(1, Ordering::AcqRel);
        let written = write_frame(&mut *unpoisoned(&self.requests), REPLY, request);
        let answered = match written {
            Ok(()) => talk.replies.recv_timeout(timeout),
            // A pipe that takes nothing any more belongs to a process that has ended.
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        self.turn.fetch_add(1, Ordering::AcqRel);
        talk.ended = answered.is_err();
        match answered {
            Ok(reply) => Ok(reply),
            Err(RecvTimeoutError::Timeout) => {
                self.end();
                Err(Error::new(
                    ErrorKind::Limit,
                    format!("the plugin gave no answer for {} s and was stopped", timeout.as_secs()),
                )
                .hint("if it needs that long, set timeout in the site's configuration"))
            }
            Err(RecvTimeoutError::Disconnected) if self.cancelled.load(Ordering::Acquire) => {
                self.end();
                let grace = CANCEL_GRACE.as_secs();
                Err(Error::new(
                    ErrorKind::Cancelled,
                    format!("the plugin did not end the statement within {grace} s and was stopped"),
                ))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let how = self.end();
                Err(Error::new(ErrorKind::Internal, format!("the plugin's process has ended: {how}"))
                    .hint("this is a fault of the plugin: report it to its author"))
            }
        }
    }

    /// Ends the process, and says how it ended.
    fn end(&self) -> String {
        let mut process = unpoisoned(&self.process);
        // One that has ended by itself can't be killed, and needn't.
        let _ = process.kill();
        process.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

/// What one thread left in the middle of a frame, the next one finds broken and says so.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Transport for Child {
    fn call(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        self.exchange(request, self.plugin.timeout)
    }

    /// Asks the plugin, and ends its process if that does not help: it holds this one connection and nothing else.
    fn cancel(&self, request: &[u8]) -> Result<(), Error> {
        let turn = self.turn.load(Ordering::Acquire);
        if turn.is_multiple_of(2) {
            return Ok(());
        }
        let is_over = || self.turn.load(Ordering::Acquire) != turn;
        // A process that takes no request any more has ended, and with it the statement.
        let _ = write_frame(&mut *unpoisoned(&self.requests), CANCEL, request);
        for _ in 0..CANCEL_GRACE.as_millis() / CANCEL_INTERVAL.as_millis() {
            if is_over() {
                return Ok(());
            }
            thread::sleep(CANCEL_INTERVAL);
        }
        if !is_over() {
            self.cancelled.store(true, Ordering::Release);
            let _ = unpoisoned(&self.process).kill();
        }
        Ok(())
    }

    fn for_connection(self: Arc<Self>) -> Result<Arc<dyn Transport>, Error> {
        Ok(Arc::new(Self::start(self.host.clone(), self.plugin.clone(), self.log.clone())?))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads what a process says until it ends.
fn listen(mut output: ChildStdout, replies: &mpsc::Sender<Vec<u8>>, log: &Log) {
    while let Ok(Some((kind, frame))) = read_frame(&mut output) {
        let level = match kind {
            REPLY => match replies.send(frame) {
                Ok(()) => continue,
                Err(_) => return,
            },
            0 => Level::Debug,
            1 => Level::Info,
            _ => Level::Warn,
        };
        log(level, &String::from_utf8_lossy(&frame));
    }
}

/// Runs a plugin for the engine at the other end of `input` and `output`, until that ends.
///
/// It belongs into a process of its own, which ends when this returns: a plugin may be stuck in a call by then. What the plugin
/// itself writes to standard output must not get into `output`.
///
/// # Errors
/// When the pipes break.
pub fn host(mut input: impl Read, output: impl Write + Send + 'static) -> io::Result<()> {
    let output = Arc::new(Mutex::new(output));
    let (sender, requests) = mpsc::channel::<Vec<u8>>();
    let loaded = Arc::new(OnceLock::new());
    let opens = loaded.clone();
    thread::spawn(move || {
        let say = |kind: u8, frame: &[u8]| {
            // An engine that does not listen any more has gone, and this process with it.
            let _ = write_frame(&mut *output.lock().unwrap_or_else(PoisonError::into_inner), kind, frame);
        };
        let told = output.clone();
        let log = move |level: Level, message: &str| {
            let kind = match level {
                Level::Debug => 0,
                Level::Info => 1,
                Level::Warn => 2,
            };
            let _ = write_frame(&mut *told.lock().unwrap_or_else(PoisonError::into_inner), kind, message.as_bytes());
        };
        let Ok(load) = requests.recv() else { return };
        let instance = match opened(&load, Box::new(log)) {
            Ok(instance) => opens.get_or_init(|| Arc::new(instance)).clone(),
            Err(error) => return say(REPLY, &serde_json::to_vec(&error).unwrap_or_default()),
        };
        say(REPLY, &[]);
        while let Ok(request) = requests.recv() {
            match instance.call(&request) {
                Ok(reply) => say(REPLY, &reply),
                Err(error) => {
                    let reply = patchwright_hooks_api::abi::Reply::<()>::Error(error);
                    say(REPLY, &serde_json::to_vec(&reply).unwrap_or_default());
                }
            }
        }
    });
    while let Some((kind, frame)) = read_frame(&mut input)? {
        if kind == CANCEL {
            cancel(&loaded, frame);
        } else if sender.send(frame).is_err() {
            break;
        }
    }
    Ok(())
}

/// Cancels in a thread of its own: this one must see the end of the input, whatever the plugin is doing.
fn cancel(loaded: &OnceLock<Arc<Instance>>, request: Vec<u8>) {
    if let Some(instance) = loaded.get().cloned() {
        // If the plugin can't, the engine ends this process soon.
        thread::spawn(move || drop(instance.cancel(&request)));
    }
}

fn opened(load: &[u8], log: patchwright_hooks_api::abi::import::Log) -> Result<Instance, Error> {
    let load: Load = serde_json::from_slice(load)
        .map_err(|error| Error::invalid(format!("the first frame does not say what to load: {error}")))?;
    Library::load(&CheckedFile::open(Pinned::ByConfiguration, &load.library, Some(load.sha256))?)?.open(log)
}

/// A frame: its kind, its length in four bytes, the highest first, and its content.
fn write_frame(output: &mut dyn Write, kind: u8, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::Error::other("the frame is too long"))?;
    let mut head = [kind, 0, 0, 0, 0];
    head[1..].copy_from_slice(&length.to_be_bytes());
    output.write_all(&head)?;
    output.write_all(frame)?;
    output.flush()
}

/// The next frame, or `None` at the end.
fn read_frame(input: &mut dyn Read) -> io::Result<Option<(u8, Vec<u8>)>> {
    let mut head = [0; 5];
    match input.read_exact(&mut head) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let [kind, length @ ..] = head;
    let length = u32::from_be_bytes(length) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(io::Error::other("the frame is too long"));
    }
    let mut frame = Vec::new();
    // No memory is taken on a mere promise.
    input.take(length as u64).read_to_end(&mut frame)?;
    if frame.len() < length {
        return Ok(None);
    }
    Ok(Some((kind, frame)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_half_a_frame_is_the_end() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, REPLY, b"one").unwrap();
        write_frame(&mut pipe, 2, b"").unwrap();
        let whole = pipe.len();
        let mut input = pipe.as_slice();
        assert_eq!(read_frame(&mut input).unwrap(), Some((REPLY, b"one".to_vec())));
        assert_eq!(read_frame(&mut input).unwrap(), Some((2, Vec::new())));
        assert_eq!(read_frame(&mut input).unwrap(), None);
        for length in 1..whole - 5 {
            let mut half = &pipe[..length];
            assert_eq!(read_frame(&mut half).unwrap().is_some(), length >= 8);
        }
    }

    #[test]
    fn a_frame_that_promises_too_much_is_an_error() {
        assert!(read_frame(&mut [REPLY, 0xff, 0xff, 0xff, 0xff, 1].as_slice()).is_err());
    }

    #[test]
    fn a_host_that_is_told_nonsense_says_so_and_ends_with_its_input() {
        let mut input = Vec::new();
        write_frame(&mut input, REPLY, b"nonsense").unwrap();
        let (mut reader, writer) = io::pipe().unwrap();
        host(input.as_slice(), writer).unwrap();
        let (_, reply) = read_frame(&mut reader).unwrap().unwrap();
        let error: Error = serde_json::from_slice(&reply).unwrap();
        assert!(error.message.contains("does not say what to load"), "{error}");
    }
}
