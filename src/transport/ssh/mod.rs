//! A host reached over SSH, by libssh2.
//!
//! ```text
//!   caller's thread                   session (one per connection)          host
//!   execute(): command, input  -->  channels, framing, keepalive  <-- SSH -->  sshd
//!              output, status  <--  (bounded: a slow caller slows its own channel only)
//! ```
//!
//! A libssh2 session is one lock, and a blocking call holds it: so one thread at a time owns the
//! session, never blocks in it, and sleeps in `poll` on the socket and on a bell that others ring.
//! Dialling and logging in happen on the caller's thread, which may ask the operator for a
//! passphrase.
//!
//! What each part knows: `target` who is meant and how to get there, `config` the OpenSSH client
//! files, `dial` sockets and handshake, `known_hosts` whom to trust, `auth` how to log in, `jump`
//! ways through other hosts, `link` whose turn it is, `owner` the connection's life, `running` one
//! command's, `intake` the bytes that arrive.

mod auth;
mod config;
mod dial;
mod intake;
mod jump;
mod known_hosts;
mod link;
mod owner;
mod running;
mod target;

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::detached::{ByShell, Detached};
use super::dialogue::{Become, Dialogue, NoStatus};
use super::{Command, Connection, Exit, Failure, Refusal, Streams, Transport, interrupt, sys};
use link::{Ending, Event, Link};
use target::Target;

/// How often a wait looks at the interrupt flag.
const TICK: Duration = Duration::from_millis(200);
/// How long sudo may stay silent before its command starts.
const SUDO_PATIENCE: Duration = Duration::from_secs(30);
/// The pieces in which input is read.
const CHUNK: usize = 128 * 1024;

/// Answers for what only the operator knows.
pub trait Prompt: Send + Sync {
    /// The secret called `what`, such as "passphrase of `/root/.ssh/id_rsa`"; `None` if the
    /// operator has none, or nobody is there to ask.
    ///
    /// Called from several threads at once, and with the same `what` once per host that needs it:
    /// see [`Remembered`].
    fn secret(&self, what: &str) -> Option<String>;
}

/// A [`Prompt`] that never has an answer.
pub struct NoPrompt;

impl Prompt for NoPrompt {
    fn secret(&self, _what: &str) -> Option<String> {
        None
    }
}

/// A [`Prompt`] that asks another one only once for each thing, one question at a time.
pub struct Remembered<P> {
    inner: P,
    answers: Mutex<std::collections::HashMap<String, Option<String>>>,
}

impl<P: Prompt> Remembered<P> {
    /// Remembers the answers of `inner`.
    pub fn new(inner: P) -> Self {
        Self {
            inner,
            answers: Mutex::default(),
        }
    }
}

impl<P: Prompt> Prompt for Remembered<P> {
    fn secret(&self, what: &str) -> Option<String> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers
            .entry(what.to_owned())
            .or_insert_with(|| self.inner.secret(what))
            .clone()
    }
}

/// What holds for all connections of a run.
#[derive(Clone)]
pub struct Options {
    /// Write the key of a host that is not in known_hosts there, and go on. A changed or revoked
    /// key is refused all the same.
    pub accept_new_host_keys: bool,
    /// How long dialling, the handshake and logging in may take, in all, for each hop.
    pub connect_timeout: Duration,
    /// How long a command may take that sets no limit itself; `None`: as long as it needs.
    pub command_timeout: Option<Duration>,
    /// How long a command may stay without any output; `None`: as long as it needs.
    pub idle_timeout: Option<Duration>,
    /// Asked for passphrases and passwords.
    pub ask: Arc<dyn Prompt>,
    /// Read, and added to, instead of the known_hosts files that the configuration names.
    pub known_hosts: Option<PathBuf>,
    /// Read instead of `~/.ssh/config` and `/etc/ssh/ssh_config`.
    pub ssh_config: Option<PathBuf>,
}

impl Default for Options {
    /// Strict host keys, 10 s to connect, no other limit, nobody to ask.
    fn default() -> Self {
        Self {
            accept_new_host_keys: false,
            connect_timeout: Duration::from_secs(10),
            command_timeout: None,
            idle_timeout: None,
            ask: Arc::new(NoPrompt),
            known_hosts: None,
            ssh_config: None,
        }
    }
}

/// A host reached over SSH. Dropping it closes the connection.
pub struct Ssh {
    target: Target,
    options: Options,
    become_root: bool,
    become_password: Option<String>,
    link: Mutex<Option<Arc<Link>>>,
    next: AtomicU64,
}

/// Connects to the host that `connection` describes, checks its key and logs in.
///
/// The connection is kept. Should it die, the next command makes a new one.
///
/// # Errors
/// [`Failure::NotStarted`], whose refusal says which door was shut.
pub fn connect(connection: &Connection, options: &Options) -> Result<Ssh, Failure> {
    sys::raise_open_files_limit();
    let target =
        Target::resolve(connection, options).map_err(|why| why.into_failure(&connection.name))?;
    let ssh = Ssh {
        // Root needs no sudo, and a minimal host may have none.
        become_root: connection.become_root && target.user != "root",
        become_password: connection.become_password.clone(),
        target,
        options: options.clone(),
        link: Mutex::new(None),
        next: AtomicU64::new(0),
    };
    ssh.link()?;
    Ok(ssh)
}

/// Why there is no connection.
#[derive(Debug)]
struct NoWay {
    refusal: Refusal,
    reason: String,
}

impl NoWay {
    fn new(refusal: Refusal, reason: impl Into<String>) -> Self {
        Self {
            refusal,
            reason: reason.into(),
        }
    }

    fn into_failure(self, host: &str) -> Failure {
        Failure::NotStarted {
            host: host.to_owned(),
            refusal: self.refusal,
            reason: self.reason,
        }
    }
}

impl Ssh {
    /// The living connection; a new one if there is none.
    fn link(&self) -> Result<Arc<Link>, Failure> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = link.as_ref().filter(|link| link.alive()) {
            return Ok(Arc::clone(link));
        }
        let again = link.take().is_some();
        let dial = || dial::login(&self.target, &self.options);
        let mut way = dial();
        // A host whose connection has just died may be about to come back.
        if again && matches!(&way, Err(why) if why.refusal == Refusal::Unreachable) {
            std::thread::sleep(Duration::from_secs(1));
            way = dial();
        }
        let way = way.map_err(|why| {
            if interrupt::requested() {
                return self.not_started(Refusal::Interrupted, "there was no connection yet");
            }
            why.into_failure(&self.target.name)
        })?;
        let fresh = Link::start(way, &self.target.name).map_err(|error| {
            NoWay::new(Refusal::Unreachable, format!("cannot serve it: {error}"))
                .into_failure(&self.target.name)
        })?;
        let fresh = Arc::new(fresh);
        *link = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    fn not_started(&self, refusal: Refusal, reason: impl Into<String>) -> Failure {
        NoWay::new(refusal, reason).into_failure(&self.target.name)
    }

    fn lost(&self, command: &Command, reason: String) -> Failure {
        Failure::Lost {
            host: self.target.name.clone(),
            command: command.line(),
            reason,
        }
    }

    fn explain(&self, command: &Command, why: NoStatus) -> Failure {
        why.of(&self.target.name, command)
    }

    /// Why not to wait for `command` any longer, if so. One that is `running` and changes the host is
    /// let to its end.
    fn overdue(&self, command: &Command, running: bool, clock: &Clock) -> Option<Failure> {
        let timed_out = |limit: Duration| Failure::TimedOut {
            host: self.target.name.clone(),
            command: command.line(),
            limit_secs: limit.as_secs(),
        };
        if !running && interrupt::requested() {
            return Some(self.not_started(Refusal::Interrupted, "sudo had not started it yet"));
        }
        if interrupt::gives_up(command.effect) {
            return Some(Failure::Interrupted {
                host: self.target.name.clone(),
                command: command.line(),
            });
        }
        if let Some(limit) = clock
            .limit
            .filter(|limit| clock.started.elapsed() >= *limit)
        {
            return Some(timed_out(limit));
        }
        let idle = self.options.idle_timeout;
        if let Some(limit) = idle.filter(|limit| clock.heard.elapsed() >= *limit) {
            return Some(timed_out(limit));
        }
        None
    }
}

struct Clock {
    started: Instant,
    heard: Instant,
    limit: Option<Duration>,
}

impl Transport for Ssh {
    fn execute(&self, command: &Command, mut streams: Streams<'_>) -> Result<Exit, Failure> {
        // Read first: most commands have no input, and their shells are told so.
        let piece = read_piece(streams.input).map_err(|error| {
            self.not_started(Refusal::Start, format!("its input cannot be read: {error}"))
        })?;
        let becoming = if command.privileged && self.become_root {
            Become::Sudo(self.become_password.as_deref())
        } else {
            Become::No
        };
        // A connection that died unnoticed is replaced, once, if nothing was sent over it.
        for last in [false, true] {
            let dialogue = Dialogue::new(command, !piece.is_empty(), becoming)
                .map_err(|why| self.explain(command, why))?;
            let link = self.link()?;
            match self.run(&link, command, dialogue, &piece, &mut streams)? {
                Some(exit) => return Ok(exit),
                None if last => break,
                None => {}
            }
        }
        Err(self.not_started(
            Refusal::Unreachable,
            "the connection broke twice before the command could be sent",
        ))
    }

    fn detached(&self) -> Option<Box<dyn Detached + '_>> {
        Some(Box::new(ByShell::new(self, &self.target.name)))
    }
}

impl Ssh {
    /// Runs one command; `None` if the connection died before anything of it was sent.
    fn run(
        &self,
        link: &Link,
        command: &Command,
        dialogue: Dialogue,
        piece: &[u8],
        streams: &mut Streams<'_>,
    ) -> Result<Option<Exit>, Failure> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let sudo = dialogue.waits_for_sudo();
        let mut events = link.start_command(id, dialogue, piece.to_vec());
        let mut clock = Clock {
            started: Instant::now(),
            heard: Instant::now(),
            limit: command.timeout.or(self.options.command_timeout),
        };
        let mut running = !sudo;
        loop {
            let event = match events.next(TICK) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(failure) = self.overdue(command, running, &clock) {
                        events.abandon();
                        return Err(failure);
                    }
                    if !running && clock.started.elapsed() > SUDO_PATIENCE {
                        events.abandon();
                        return Err(self.not_started(
                            Refusal::Become,
                            format!(
                                "sudo did not start the command within {} s",
                                SUDO_PATIENCE.as_secs()
                            ),
                        ));
                    }
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => Event::Ended(Ending::Lost(
                    "the connection broke down on our side".to_owned(),
                )),
            };
            clock.heard = Instant::now();
            match event {
                Event::Started => running = true,
                Event::Output(stream, bytes) => {
                    running = true;
                    if let Err(error) = (streams.output)(stream, &bytes) {
                        events.abandon();
                        return Err(
                            self.lost(command, format!("its output was not taken: {error}"))
                        );
                    }
                    // Output without a pause must not outrun the limits.
                    if let Some(failure) = self.overdue(command, running, &clock) {
                        events.abandon();
                        return Err(failure);
                    }
                }
                Event::WantsInput => match read_piece(streams.input) {
                    Ok(bytes) => events.input(bytes),
                    Err(error) => {
                        events.abandon();
                        return Err(
                            self.lost(command, format!("its input cannot be read: {error}"))
                        );
                    }
                },
                Event::Ended(Ending::Exit(exit)) => return Ok(Some(exit)),
                Event::Ended(Ending::NotSent) => return Ok(None),
                Event::Ended(Ending::NoStatus(why)) => return Err(self.explain(command, why)),
                Event::Ended(Ending::Lost(reason)) => return Err(self.lost(command, reason)),
            }
        }
    }
}

/// The next piece of `input`; empty at its end.
fn read_piece(input: &mut (dyn Read + Send)) -> io::Result<Vec<u8>> {
    // Nothing is allocated for the many commands without input.
    let mut first = [0; 512];
    let count = read(input, &mut first)?;
    let mut piece = first[..count].to_vec();
    if count == first.len() {
        piece.resize(CHUNK, 0);
        let more = read(input, &mut piece[count..])?;
        piece.truncate(count + more);
    }
    Ok(piece)
}

fn read(input: &mut (dyn Read + Send), buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
