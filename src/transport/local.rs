//! The machine that ocpdg runs on (`ansible_connection=local`).
//!
//! Holds the same conversation with a shell as the SSH transport does, over pipes instead of a
//! channel, so that both read statuses, signals and sudo's refusals alike.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::detached::{ByShell, Detached};
use super::dialogue::{Become, Dialogue, NoStatus};
use super::sys::{self, POLLIN, POLLOUT};
use super::{Command, Effect, Exit, Failure, Refusal, Stream, Streams, Transport, interrupt};

/// How often a wait looks at the interrupt flag.
const TICK: Duration = Duration::from_millis(200);
/// How long a command may take to obey a TERM before the KILL.
const GRACE: Duration = Duration::from_secs(2);
/// How long sudo may stay silent before its command starts.
const SUDO_PATIENCE: Duration = Duration::from_secs(30);
const CHUNK: usize = 64 * 1024;

/// A way to the machine that ocpdg runs on.
pub struct Local {
    name: String,
    become_root: bool,
    become_password: Option<String>,
}

impl Local {
    /// The local machine under its inventory `name`.
    ///
    /// `become_root` runs commands through sudo unless we are root already; `become_password` is
    /// sudo's, where it asks for one.
    pub fn new(name: &str, become_root: bool, become_password: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            become_root,
            become_password,
        }
    }
}

impl Transport for Local {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        // SAFETY: a plain system call that cannot fail.
        let root = unsafe { libc::geteuid() } == 0;
        let becoming = if command.privileged && self.become_root && !root {
            Become::Sudo(self.become_password.as_deref())
        } else {
            Become::No
        };
        let explain = |why: NoStatus| why.of(&self.name, command);
        let feed = Feed::new(streams.input).map_err(|error| explain(input_failed(&error)))?;
        let dialogue = Dialogue::new(command, feed.is_some(), becoming).map_err(explain)?;
        let mut process = Process::start(dialogue, feed, streams.output).map_err(explain)?;
        let started = Instant::now();
        let ended = process.converse(|waits_for_sudo| {
            let elapsed = started.elapsed();
            if waits_for_sudo && interrupt::requested() {
                return Some(Stop::NotYet);
            }
            if interrupt::gives_up(command.effect) {
                return Some(Stop::Interrupted);
            }
            if waits_for_sudo && elapsed > SUDO_PATIENCE {
                return Some(Stop::Sudo);
            }
            let limit = command.timeout?;
            (elapsed >= limit).then_some(Stop::Overdue(limit))
        });
        match ended {
            Ok(exit) => {
                process.collect();
                Ok(exit)
            }
            Err(End::Stopped(stop)) => {
                // What changes the machine is left, as one over SSH is, not killed half way.
                if !(matches!(stop, Stop::Interrupted) && command.effect == Effect::Changes) {
                    process.kill();
                }
                Err(match stop {
                    Stop::NotYet => explain(NoStatus::Refused(
                        Refusal::Interrupted,
                        "sudo had not started it yet".to_owned(),
                    )),
                    Stop::Interrupted => Failure::Interrupted {
                        host: self.name.clone(),
                        command: command.line(),
                    },
                    Stop::Overdue(limit) => Failure::TimedOut {
                        host: self.name.clone(),
                        command: command.line(),
                        limit_secs: limit.as_secs(),
                    },
                    Stop::Sudo => explain(NoStatus::Refused(
                        Refusal::Become,
                        format!(
                            "sudo did not start the command within {} s",
                            SUDO_PATIENCE.as_secs()
                        ),
                    )),
                })
            }
            Err(End::NoStatus(why)) => {
                process.kill();
                Err(explain(why))
            }
        }
    }

    fn detached(&self) -> Option<Box<dyn Detached + '_>> {
        Some(Box::new(ByShell::new(self, &self.name)))
    }
}

fn input_failed(error: &io::Error) -> NoStatus {
    NoStatus::Refused(Refusal::Start, format!("its input cannot be read: {error}"))
}

enum Stop {
    /// Interrupted before sudo started it.
    NotYet,
    Interrupted,
    Overdue(Duration),
    Sudo,
}

enum End {
    Stopped(Stop),
    NoStatus(NoStatus),
}

impl From<NoStatus> for End {
    fn from(why: NoStatus) -> Self {
        Self::NoStatus(why)
    }
}

fn unknown(what: &str, error: &io::Error) -> NoStatus {
    NoStatus::Unknown(format!("{what}: {error}"))
}

/// The command's input, read piece by piece.
struct Feed<'a> {
    source: &'a mut (dyn Read + Send),
    piece: Vec<u8>,
    sent: usize,
}

impl<'a> Feed<'a> {
    /// The feed, with its first piece read; `None` if there is no input at all.
    fn new(source: &'a mut (dyn Read + Send)) -> io::Result<Option<Self>> {
        let mut feed = Self {
            source,
            piece: Vec::new(),
            sent: 0,
        };
        Ok(feed.refill()?.then_some(feed))
    }

    /// Reads the next piece; false at the end.
    fn refill(&mut self) -> io::Result<bool> {
        self.piece.resize(CHUNK, 0);
        self.sent = 0;
        let count = loop {
            match self.source.read(&mut self.piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.piece.truncate(count);
        Ok(count > 0)
    }
}

struct Process<'a> {
    child: Child,
    dialogue: Dialogue,
    feed: Option<Feed<'a>>,
    /// Bytes that go before the feed: a password, the command itself.
    first: Vec<u8>,
    output: &'a mut (dyn FnMut(Stream, &[u8]) -> io::Result<()> + Send),
    buffer: Vec<u8>,
}

impl<'a> Process<'a> {
    fn start(
        dialogue: Dialogue,
        feed: Option<Feed<'a>>,
        output: &'a mut (dyn FnMut(Stream, &[u8]) -> io::Result<()> + Send),
    ) -> Result<Self, NoStatus> {
        let words = dialogue.words();
        let mut process = std::process::Command::new(words[0]);
        process
            .args(&words[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        super::sys::with_default_signals(&mut process);
        // As a login over SSH would, so that relative paths mean the same over both transports.
        if let Some(home) = std::env::home_dir().filter(|home| home.is_dir()) {
            process.current_dir(home);
        }
        let refused = |error: io::Error| {
            let refusal = if words[0] == "sudo" {
                Refusal::Become
            } else {
                Refusal::Start
            };
            NoStatus::Refused(
                refusal,
                format!("`{}` cannot be started: {error}", words[0]),
            )
        };
        let child = process.spawn().map_err(refused)?;
        let process = Self {
            child,
            dialogue,
            feed,
            first: Vec::new(),
            output,
            buffer: vec![0; CHUNK],
        };
        let nonblocking = || -> io::Result<()> {
            let child = &process.child;
            child.stdin.as_ref().map_or(Ok(()), sys::set_nonblocking)?;
            child.stdout.as_ref().map_or(Ok(()), sys::set_nonblocking)?;
            child.stderr.as_ref().map_or(Ok(()), sys::set_nonblocking)
        };
        nonblocking().map_err(|error| unknown("its pipes cannot be used", &error))?;
        Ok(process)
    }

    /// Passes bytes both ways until the shell reports a status, or `stop` says why not to wait.
    fn converse(&mut self, stop: impl Fn(bool) -> Option<Stop>) -> Result<Exit, End> {
        loop {
            if let Some(line) = self.dialogue.next_to_send()? {
                self.first.extend_from_slice(line.as_bytes());
            }
            self.send()?;
            if let Some(ended) = self.dialogue.ended() {
                return Ok(ended?);
            }
            if self.child.stdout.is_none() && self.child.stderr.is_none() {
                return Err(self.dialogue.cut_off().into());
            }
            if let Some(stop) = stop(self.dialogue.waits_for_sudo()) {
                return Err(End::Stopped(stop));
            }
            self.wait()?;
            self.receive(Stream::Stdout)?;
            self.receive(Stream::Stderr)?;
        }
    }

    fn wants_to_send(&self) -> bool {
        !self.first.is_empty() || (self.feed.is_some() && self.dialogue.takes_input())
    }

    fn wait(&mut self) -> Result<(), NoStatus> {
        let mut fds = Vec::with_capacity(3);
        if let Some(stdout) = &self.child.stdout {
            fds.push(sys::waits_for(stdout.as_raw_fd(), POLLIN));
        }
        if let Some(stderr) = &self.child.stderr {
            fds.push(sys::waits_for(stderr.as_raw_fd(), POLLIN));
        }
        if let Some(stdin) = self.child.stdin.as_ref().filter(|_| self.wants_to_send()) {
            fds.push(sys::waits_for(stdin.as_raw_fd(), POLLOUT));
        }
        sys::poll(&mut fds, Some(TICK)).map_err(|error| unknown("cannot wait for it", &error))?;
        Ok(())
    }

    fn send(&mut self) -> Result<(), NoStatus> {
        let lost = |error: io::Error| unknown("its input cannot be read", &error);
        while self.wants_to_send() {
            let Some(stdin) = &mut self.child.stdin else {
                self.first.clear();
                self.feed = None;
                break;
            };
            let bytes = match &self.feed {
                _ if !self.first.is_empty() => &self.first[..],
                Some(feed) => &feed.piece[feed.sent..],
                None => break,
            };
            match stdin.write(bytes) {
                Ok(count) if !self.first.is_empty() => {
                    self.first.drain(..count);
                }
                Ok(count) => {
                    let Some(feed) = &mut self.feed else { break };
                    feed.sent += count;
                    if feed.sent == feed.piece.len() && !feed.refill().map_err(lost)? {
                        self.feed = None;
                        self.child.stdin = None;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // It does not read its input any further, which is its own affair.
                Err(_) => self.child.stdin = None,
            }
        }
        Ok(())
    }

    fn receive(&mut self, stream: Stream) -> Result<(), NoStatus> {
        loop {
            let count = match stream {
                Stream::Stdout => self.child.stdout.as_mut().map(|s| s.read(&mut self.buffer)),
                Stream::Stderr => self.child.stderr.as_mut().map(|s| s.read(&mut self.buffer)),
            };
            match count {
                None => return Ok(()),
                Some(Ok(0)) => {
                    match stream {
                        Stream::Stdout => self.child.stdout = None,
                        Stream::Stderr => self.child.stderr = None,
                    }
                    return Ok(());
                }
                Some(Ok(count)) => {
                    let (output, mut taken) = (&mut *self.output, Ok(()));
                    let bytes = &self.buffer[..count];
                    self.dialogue.received(stream, bytes, &mut |stream, piece| {
                        if taken.is_ok() {
                            taken = output(stream, piece);
                        }
                    });
                    taken.map_err(|error| unknown("its output was not taken", &error))?;
                }
                Some(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Some(Err(error)) => return Err(unknown("its output cannot be read", &error)),
            }
        }
    }

    /// Waits for the shell, which has just said its last word.
    fn collect(&mut self) {
        self.child.stdin = None;
        // Only ECHILD could fail here, and then there is nothing to wait for.
        let _ = self.child.wait();
    }

    /// Ends the command: TERM to its process group, and KILL if that does not do.
    fn kill(&mut self) {
        self.child.stdin = None;
        let group = i32::try_from(self.child.id()).unwrap_or(i32::MAX);
        let deadline = Instant::now() + GRACE;
        sys::signal_group(group, libc::SIGTERM);
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Ok(Some(_)) | Err(_) => break,
            }
        }
        sys::signal_group(group, libc::SIGKILL);
        if let Ok(None) = self.child.try_wait() {
            // What sudo runs is not ours to kill; it is left, and its end is collected with ours.
            std::thread::sleep(Duration::from_millis(10));
            let _ = self.child.try_wait();
        }
    }
}
