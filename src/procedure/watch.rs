//! Who looks on while a procedure runs, and who answers its questions.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::journal::StepId;
use crate::transport::Stream;

/// Shows the operator what goes on. Called from every thread that works.
pub trait Display: Send + Sync {
    /// A phase begins.
    fn phase(&self, title: &str);
    /// A step begins on `hosts`; `done` are those whose record is replayed.
    fn step(&self, step: &StepId, hosts: &[&str], done: &[&str]);
    /// A step ended on `host`.
    fn ended(&self, step: &StepId, host: &str, how: Ended<'_>, took: Duration);
    /// The step is over on all its hosts.
    fn step_ended(&self);
    /// A command starts; `changes` if it changes the host.
    fn command(&self, number: u64, host: &str, line: &str, changes: bool);
    /// A piece of a command's output.
    fn output(&self, number: u64, host: &str, stream: Stream, bytes: &[u8]);
    /// A command ended.
    fn command_ended(&self, number: u64, host: &str);
    /// Something the script says.
    fn note(&self, level: Level, host: Option<&str>, text: &str);
    /// A table the script shows.
    fn table(&self, header: &[String], rows: &[Vec<String>]);
    /// Something is waited for, on `host` where it is one; called at each try.
    fn waiting(&self, host: Option<&str>, what: &str, since: Duration, limit: Duration);
}

/// How a step ended on one host.
#[derive(Debug, Clone, Copy)]
pub enum Ended<'a> {
    /// It was done, with this many changing commands.
    Done {
        /// Commands with an effect that it ran.
        changes: u64,
    },
    /// It failed.
    Failed(&'a Error),
}

/// How loud a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the record.
    Note,
    /// The operator has to know.
    Warning,
}

/// Answers what the procedure asks before it goes on.
pub trait Operator: Send + Sync {
    /// Asks `question`; false is a no.
    ///
    /// # Errors
    /// [`Error::stopped`] when there is nobody to ask.
    fn confirm(&self, question: &Question) -> Result<bool>;

    /// Whether there is somebody who wants to decide what becomes of a step that failed.
    fn decides(&self) -> bool {
        false
    }

    /// Decides what becomes of a step that failed; unless there is somebody who wants to be asked, the run stops.
    ///
    /// # Errors
    /// [`Error::stopped`] when the operator asked to stop meanwhile.
    fn decide(&self, _failed: &FailedStep<'_>) -> Result<Decision> {
        Ok(Decision::Stop)
    }
}

/// A step that failed on some of its hosts; all others are done with it, or have not begun.
#[derive(Debug, Clone, Copy)]
pub struct FailedStep<'a> {
    /// The step.
    pub step: &'a StepId,
    /// The hosts that it failed on, in inventory order, each with its error.
    pub failures: &'a [(String, Error)],
}

/// What becomes of a step that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is done again on the hosts that it failed on.
    Retry,
    /// It counts as done there, and returned nothing.
    Skip {
        /// Why.
        reason: String,
    },
    /// The run stops with its failures.
    Stop,
}

/// A question before a point of no return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is about to happen, in one sentence.
    pub title: String,
    /// The hosts that it concerns; the answer holds for these. Empty for no host in particular.
    pub hosts: Vec<String>,
    /// What will be destroyed, where the copies are, what cannot be undone: one line each.
    pub details: Vec<String>,
}
