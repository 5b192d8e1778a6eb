//! What a step does on a host, in plain Rust over [`Transport`].
//!
//! Every primitive that changes something looks first, acts only if needed, verifies after, and
//! returns a [`Change`]: running it again is safe. It decides by the state of the system (`rpm -q`,
//! `systemctl show`, `stat`), never by a tool's exit status or text alone.
//!
//! One subject per module, free functions that take the [`Host`] first.

pub mod backup;
pub mod conceal;
mod detached;
pub mod docker;
pub mod etcd;
pub mod file;
pub mod marker;
pub mod oc;
pub mod openssl;
pub mod port;
pub mod ports;
pub mod repos;
pub mod snapshot;
pub mod systemctl;
pub mod yum;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::transport::clock::Clock;
use crate::transport::detached::OperationId;
use crate::transport::{Command, Effect, Failure, Output, Stream, Streams, Survival, Transport};
use detached::Records;

/// One host of the cluster, reachable.
#[derive(Clone)]
pub struct Host {
    name: Arc<str>,
    transport: Arc<dyn Transport>,
    observer: Arc<dyn Observer>,
    records: Arc<Records>,
}

/// Sees every command before it starts and after it ended: the journal's and the display's eye.
pub trait Observer: Send + Sync {
    /// `command` is about to start on `host`, `detached` if it will outlive the connection there.
    ///
    /// # Errors
    /// When it cannot be put on record; the command is then not started.
    fn starting(&self, host: &str, command: &Command, detached: bool) -> Result<Started>;

    /// A piece of its output arrived.
    fn output(&self, _command: u64, _host: &str, _stream: Stream, _bytes: &[u8]) {}

    /// The connection to its host was lost, as `why` says; it goes on there, and is asked for again.
    fn away(&self, _command: u64, _host: &str, _why: &str) {}

    /// It ended.
    ///
    /// # Errors
    /// When it cannot be put on record.
    fn ended(
        &self,
        command: &Started,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()>;
}

/// What an [`Observer`] says of a command that is about to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Started {
    /// The number that it goes by.
    pub number: u64,
    /// The name that it goes by on the host; without one it cannot outlive the connection.
    pub operation: Option<OperationId>,
    /// Whether its record is needed until its step is over.
    pub held: bool,
    /// Whether it was started before, so that only its record is to be read.
    pub before: bool,
}

/// An [`Observer`] that keeps nothing.
pub struct Unobserved;

impl Observer for Unobserved {
    fn starting(&self, _host: &str, _command: &Command, _detached: bool) -> Result<Started> {
        Ok(Started::default())
    }

    fn ended(
        &self,
        _command: &Started,
        _host: &str,
        _outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        Ok(())
    }
}

/// What a primitive found, and what it left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Whether anything was done.
    pub changed: bool,
    /// The state before.
    pub before: T,
    /// The state after, as verified.
    pub after: T,
}

impl<T: PartialEq> Change<T> {
    /// A change from `before` to `after`; unchanged if they are equal.
    pub fn between(before: T, after: T) -> Self {
        Self {
            changed: before != after,
            before,
            after,
        }
    }
}

impl Host {
    /// A host called `name`, reached over `transport`, its commands shown to `observer`.
    pub fn new(name: &str, transport: Arc<dyn Transport>, observer: Arc<dyn Observer>) -> Self {
        Self {
            name: name.into(),
            transport,
            observer,
            records: Arc::default(),
        }
    }

    /// The same host over the same transport, its commands shown to `observer` instead.
    #[must_use]
    pub fn observed_by(&self, observer: Arc<dyn Observer>) -> Self {
        Self {
            observer,
            ..self.clone()
        }
    }

    /// The host's inventory name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The clock that work on this host is timed by.
    pub fn clock(&self) -> &dyn Clock {
        self.transport.clock()
    }

    /// Waits for `time` on the host's clock, and notices Ctrl-C at once.
    ///
    /// # Errors
    /// `Stopped` when the operator asked to stop.
    pub fn pause(&self, time: Duration) -> Result<()> {
        if self.clock().wait(time) {
            return Ok(());
        }
        Err(Error::stopped("interrupted while waiting"))
    }

    /// Runs `command` and returns its whole output, whatever its exit status.
    ///
    /// # Errors
    /// The transport's failures.
    pub fn output(&self, command: &Command) -> Result<Output> {
        let way = self.transport.detached();
        let detached = way.is_some() && command.survival != Survival::None;
        let begun = self.observer.starting(&self.name, command, detached)?;
        let started = self.clock().reading();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut take = |stream, bytes: &[u8]| {
            self.observer
                .output(begun.number, &self.name, stream, bytes);
            match stream {
                Stream::Stdout => &mut stdout,
                Stream::Stderr => &mut stderr,
            }
            .extend_from_slice(bytes);
            Ok(())
        };
        let outcome = match (&way, &begun.operation) {
            (Some(way), Some(_)) => self.follow(&**way, command, &begun, &mut take),
            (Some(_), None) if command.effect == Effect::Reads => {
                self.look(command, &begun, &mut stdout, &mut stderr)
            }
            _ => self.transport.execute(
                command,
                Streams {
                    input: &mut command.stdin.as_deref().unwrap_or_default(),
                    output: &mut take,
                },
            ),
        };
        let outcome = outcome.map(|exit| Output {
            exit,
            stdout,
            stderr,
            duration: self.clock().since(started),
        });
        self.observer.ended(&begun, &self.name, outcome.as_ref())?;
        self.records.ended(begun, &outcome);
        Ok(outcome?)
    }

    /// Runs `command` with `input` as its standard input, and hands each piece of its standard
    /// output to `take`; returns how it ended with standard error kept, standard output not.
    ///
    /// For files too large to hold: the observer sees the command, not the bytes that pass, and the command
    /// ends with the connection.
    ///
    /// # Errors
    /// The transport's failures; an error from `take` abandons the command.
    pub fn stream(
        &self,
        command: &Command,
        input: &mut (dyn std::io::Read + Send),
        take: &mut (dyn FnMut(&[u8]) -> std::io::Result<()> + Send),
    ) -> Result<Output> {
        let begun = self.observer.starting(&self.name, command, false)?;
        let number = begun.number;
        let started = self.clock().reading();
        let mut stderr = Vec::new();
        let outcome = self.transport.execute(
            command,
            Streams {
                input,
                output: &mut |stream, bytes| match stream {
                    Stream::Stdout => take(bytes),
                    Stream::Stderr => {
                        self.observer.output(number, &self.name, stream, bytes);
                        stderr.extend_from_slice(bytes);
                        Ok(())
                    }
                },
            },
        );
        let outcome = outcome.map(|exit| Output {
            exit,
            stdout: Vec::new(),
            stderr,
            duration: self.clock().since(started),
        });
        self.observer.ended(&begun, &self.name, outcome.as_ref())?;
        Ok(outcome?)
    }

    /// Runs `command` and returns its output; any other exit status than 0 is an error.
    ///
    /// # Errors
    /// [`Kind::Command`] with the end of the output; the transport's failures.
    pub fn run(&self, command: &Command) -> Result<Output> {
        let output = self.output(command)?;
        if output.exit.success() {
            return Ok(output);
        }
        Err(self.failed(command, &output))
    }

    /// The error that says `command` ended with `output`.
    pub fn failed(&self, command: &Command, output: &Output) -> Error {
        Error::new(Kind::Command {
            host: self.name.to_string(),
            command: command.line(),
            exit: output.exit,
            stdout: tail(&output.stdout),
            stderr: tail(&output.stderr),
        })
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Host({})", self.name)
    }
}

/// The last lines of `bytes` as printable text: at most 20 lines and 4 KiB, control characters shown
/// as `?`, because what a host prints is untrusted. Secrets are concealed: it ends up in the journal and on
/// error screens.
pub fn tail(bytes: &[u8]) -> String {
    const LINES: usize = 20;
    const BYTES: usize = 4096;
    // The name of a secret, or the beginning of a key, may stand well before it.
    const AROUND: usize = 64 << 10;
    let around = &bytes[bytes.len().saturating_sub(AROUND)..];
    // Most output is text, which is quickly seen.
    let text = match str::from_utf8(around) {
        Ok(text) => Cow::Borrowed(text),
        // An archive, a database: what they hold is nobody's to read here.
        Err(_) if around.contains(&0) => {
            return format!("({} bytes that are no text)", bytes.len());
        }
        Err(_) => String::from_utf8_lossy(around),
    };
    let text = match conceal::may_hold_secrets(text.as_bytes()) {
        true => conceal::conceal(&text).into(),
        false => text,
    };
    let start = text.ceil_char_boundary(text.len().saturating_sub(BYTES));
    let mut text = Cow::Borrowed(&text[start..]);
    let is_plain = |byte: &u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    if !text.as_bytes().iter().all(is_plain) {
        let untrusted = |c: char| c.is_control() && c != '\n' && c != '\t';
        text = text.replace(untrusted, "?").into();
    }
    let text = text.trim_end();
    let before = text.rmatch_indices('\n').nth(LINES - 1);
    text[before.map_or(0, |(at, _)| at + 1)..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn a_tail_is_text_without_secrets() {
        assert_eq!(tail(b"a\x1b[0m\nb\n"), "a?[0m\nb");
        assert_eq!(tail(b"one\0password: pw\n"), "one?password: concealed");
        assert_eq!(
            tail(b"password: pw\0\xff\xfe"),
            "(15 bytes that are no text)"
        );
        let key = format!("-----BEGIN PRIVATE KEY-----\n{}", "pw\n".repeat(5000));
        assert!(!tail(key.as_bytes()).contains("pw"));
    }
}
