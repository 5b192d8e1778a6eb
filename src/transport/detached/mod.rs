//! Commands that outlive the connection that started them.
//!
//! A command that changes a host runs as an *operation*: under a supervisor of its own on the host,
//! which keeps the command's outputs and its end in a record that only its owner can read. The
//! connection only follows. When that is lost, the operation goes on, and whoever comes back, this
//! process or the next, follows it from the byte at which the view was lost. However often it is
//! asked for, it is started once.
//!
//! ```text
//! /var/lib/ocpdg/operations/ID/     (~/.ocpdg/operations/ID/ for who is not root)
//!   job                             all that was sent: exports, command, input; compared when sent again
//!   environment command input       its parts, where it is more than a command
//!   supervisor                      what runs it
//!   claim/                          made by the one supervisor that runs it
//!   state                           that one's process, when it began, its session, the boot of the host
//!   unstarted                       there: nobody began it, and nobody will
//!   out err                         the outputs so far
//!   end                             room for the exit status, and at last the status
//! ```
//!
//! | state on the host                       | verdict           |
//! |-----------------------------------------|-------------------|
//! | no record: it will not begin any more   | `absent`          |
//! | no supervisor, and there never will be  | `unstarted`       |
//! | its supervisor, or its session, lives   | `running`         |
//! | an exit status is there                 | `done STATUS`     |
//! | nothing of it lives, no status          | `lost killed`     |
//! | the same, and the host has booted since | `lost reboot`     |
//!
//! Needs `sh` and coreutils there; under systemd the operation has a scope of its own.

mod follow;
mod protocol;

use std::fmt;

use super::{Command, Exit, Failure, Stream};

pub use follow::{follow, look, settle};
pub use protocol::ByShell;

/// The name of an operation on its host, never given out twice: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(String);

impl OperationId {
    /// The operation `number` of the run `run`.
    pub fn of(run: &str, number: u64) -> Self {
        let mut name: String = run
            .chars()
            .map(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
                _ => '_',
            })
            .collect();
        name.push_str(&format!(".{number}"));
        Self(name)
    }

    /// `name`, as found on a host; `None` if it is no operation's.
    pub fn parse(name: &str) -> Option<Self> {
        let (run, number) = name.rsplit_once('.')?;
        let number = number.parse().ok()?;
        let id = Self::of(run, number);
        (!run.is_empty() && id.0 == name).then_some(id)
    }

    /// The run that it belongs to.
    pub fn run(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(run, _)| run)
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An operation to follow.
pub struct Operation<'a> {
    /// Its name.
    pub id: &'a OperationId,
    /// What it runs; to follow only what is there, its text for messages.
    pub command: &'a Command,
    /// Whether to start it if it was not started before.
    pub start: bool,
    /// Operations whose records nobody needs any more.
    pub spent: &'a [OperationId],
}

impl Operation<'_> {
    /// That the host has a record of this operation with the command `recorded`.
    pub(super) fn differs(&self, recorded: &str) -> String {
        format!(
            "operation {} is on record there with another command: `{recorded}`, not `{}`",
            self.id,
            self.command.line()
        )
    }
}

/// How much of an operation's outputs has come through, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Of its standard output.
    pub stdout: u64,
    /// Of its standard error.
    pub stderr: u64,
}

/// What became of an operation, or was found of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It runs.
    Running,
    /// It ended.
    Done(Exit),
    /// There was no record of it. Whoever asked without starting it has made sure that it will not begin.
    Absent,
    /// It was not begun, and will not be.
    Unstarted,
    /// It began, and something killed it before its end.
    Killed,
    /// It began, and the host went down before its end.
    Rebooted,
}

/// Takes pieces of output; an error abandons the view, not the operation.
pub type Taker<'a> = dyn FnMut(Stream, &[u8]) -> std::io::Result<()> + Send + 'a;

/// A way to a host on which commands outlive the connection.
pub trait Detached: Send + Sync {
    /// The host's inventory name.
    fn host(&self) -> &str;

    /// Starts `operation` if it is to be started and was not, and follows it to its end from what was
    /// `seen`, which grows with what `output` takes.
    ///
    /// # Errors
    /// [`Failure`]; after `Lost`, the operation may be followed again.
    fn attach(
        &self,
        operation: &Operation<'_>,
        seen: &mut Seen,
        output: &mut Taker<'_>,
    ) -> Result<Verdict, Failure>;

    /// Removes the records of `spent`.
    ///
    /// # Errors
    /// [`Failure`].
    fn forget(&self, spent: &[OperationId]) -> Result<(), Failure>;

    /// Removes all records of the run called `run`.
    ///
    /// # Errors
    /// [`Failure`].
    fn forget_run(&self, run: &str) -> Result<(), Failure>;

    /// The operations of which the host has a record, with what became of each.
    ///
    /// # Errors
    /// [`Failure`].
    fn leftovers(&self) -> Result<Vec<(OperationId, Verdict)>, Failure>;
}
