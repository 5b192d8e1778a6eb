//! Reaching a host: run a command there, with its input and its output.
//!
//! [`Transport`] has one method. Copying files is a command too (`primitive::file`), because that way
//! it works under sudo and behaves alike over every transport.
//!
//! Remote work has three outcomes, and they never share a variant: it did not start, it finished
//! with an [`Exit`], or the connection went away and its fate is unknown ([`Failure`]).

pub mod clock;
mod command;
mod connection;
pub mod detached;
mod dialogue;
mod failure;
mod framing;
pub mod interrupt;
pub mod local;
pub mod quote;
mod reach;
pub mod sim;
pub mod ssh;
mod sys;

use std::io::Read;
use std::time::Duration;

use clock::{Clock, SystemClock};
pub use command::{Body, Command, Effect, Survival};
pub use connection::{Connection, Method};
pub use failure::{Failure, Refusal};
pub use reach::reach;
use serde::{Deserialize, Serialize};

/// A way to one host.
pub trait Transport: Send + Sync {
    /// Runs `command`, feeding it `streams.input` and handing on its output as it arrives.
    ///
    /// Returns how the command ended, whatever its status. One call runs one command; calls from
    /// several threads run side by side.
    ///
    /// # Errors
    /// [`Failure`], which tells "did not start" from "fate unknown".
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure>;

    /// The way on which commands outlive the connection, where there is one.
    fn detached(&self) -> Option<Box<dyn detached::Detached + '_>> {
        None
    }

    /// The clock that the host's work is timed by.
    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    /// Runs `command` without input and returns its whole output.
    ///
    /// # Errors
    /// As [`Transport::execute`].
    fn output(&self, command: &Command) -> Result<Output, Failure> {
        let started = self.clock().reading();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut stdin = command.stdin.as_deref().unwrap_or_default();
        let exit = self.execute(
            command,
            Streams {
                input: &mut stdin,
                output: &mut |stream, bytes| {
                    match stream {
                        Stream::Stdout => &mut stdout,
                        Stream::Stderr => &mut stderr,
                    }
                    .extend_from_slice(bytes);
                    Ok(())
                },
            },
        )?;
        Ok(Output {
            exit,
            stdout,
            stderr,
            duration: self.clock().since(started),
        })
    }
}

/// The input of a running command and the taker of its output.
pub struct Streams<'a> {
    /// Standard input, read to its end; empty means no input.
    pub input: &'a mut (dyn Read + Send),
    /// Called with each piece of output; an error from it abandons the command.
    pub output: &'a mut (dyn FnMut(Stream, &[u8]) -> std::io::Result<()> + Send),
}

/// Which of a command's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a command that ran ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It exited with this status, 0 to 255.
    Status(u8),
    /// A signal killed it.
    Signal(u8),
}

impl Exit {
    /// Whether it exited with status 0.
    pub fn success(self) -> bool {
        self == Self::Status(0)
    }

    /// The status a shell would report: 128 + n for signal n.
    pub fn code(self) -> i64 {
        match self {
            Self::Status(status) => status.into(),
            Self::Signal(signal) => 128 + i64::from(signal),
        }
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "exited with status {status}"),
            Self::Signal(signal) => write!(f, "was killed by signal {signal}"),
        }
    }
}

/// The whole of what a finished command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub exit: Exit,
    /// Standard output, byte for byte.
    pub stdout: Vec<u8>,
    /// Standard error, byte for byte.
    pub stderr: Vec<u8>,
    /// From the request to the end.
    pub duration: Duration,
}

impl Output {
    /// Standard output as text, without the final newline; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        text(&self.stdout)
    }

    /// Standard error as text, without the final newline; bytes that are not UTF-8 are replaced.
    pub fn error_text(&self) -> String {
        text(&self.stderr)
    }
}

/// `bytes` as text, without the final newline; what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        // Replacing looks at each character, which most output can be spared.
        Ok(text) => text.trim_end_matches('\n').to_owned(),
        Err(_) => String::from_utf8_lossy(bytes)
            .trim_end_matches('\n')
            .to_owned(),
    }
}
