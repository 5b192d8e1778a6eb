//! The events of a run, and their form on disk.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// The format that this version writes: one more for each change that an earlier version cannot read.
///
/// Journals without a number are of format 1.
pub const FORMAT: u32 = 1;

fn first_format() -> u32 {
    1
}

/// The name of a step: its phase, its title, and which one of that title it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StepId {
    /// The title of its phase; empty outside of phases.
    pub phase: String,
    /// Its title.
    pub title: String,
    /// 1 for the first step of this title in this phase, 2 for the second.
    pub occurrence: u32,
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.phase.is_empty() {
            write!(f, "{} › ", self.phase)?;
        }
        write!(f, "{}", self.title)?;
        if self.occurrence > 1 {
            write!(f, " ({})", self.occurrence)?;
        }
        Ok(())
    }
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With this exit status; 128 + n for signal n.
    Ended {
        /// The status.
        status: i64,
    },
    /// Nobody knows.
    Unknown {
        /// What the transport saw.
        reason: String,
    },
    /// It was not started: nothing happened.
    NotStarted {
        /// What the transport saw.
        reason: String,
    },
    /// It was started, and cut off on the host before its end.
    CutOff {
        /// By what.
        reason: String,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The script reached its end.
    Completed,
    /// A step or the script failed.
    Failed,
    /// The operator, or the absence of one, stopped it.
    Stopped,
}

/// What can happen in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The first event of every journal.
    RunStarted {
        /// The format of what follows, [`FORMAT`] of its version.
        #[serde(default = "first_format")]
        format: u32,
        /// The run's id.
        run: String,
        /// The identity of the cluster.
        cluster: String,
        /// The inventory file, absolute.
        inventory: String,
        /// The script, as the operator named it; absolute where it is a file.
        script: String,
        /// SHA-256 of the script and every module, by name.
        sources: BTreeMap<String, String>,
        /// What `--set` said.
        parameters: serde_json::Map<String, Value>,
        /// Further directories that modules came from.
        libraries: Vec<String>,
        /// What `--limit` said; empty for all hosts.
        limit: Vec<String>,
        /// The title of the phase that it begins with, if it is not the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        /// The hosts of the inventory.
        hosts: Vec<String>,
        /// Who runs it: user, machine and process.
        operator: String,
        /// The version of ocpdg.
        version: String,
    },
    /// The run goes on in another process.
    Resumed {
        /// The format of what follows.
        #[serde(default = "first_format")]
        format: u32,
        /// The version of ocpdg.
        #[serde(default)]
        version: String,
        /// Who resumed it.
        operator: String,
        /// SHA-256 of the script and every module, by name.
        sources: BTreeMap<String, String>,
        /// What `--set` said; it wins over what was said before.
        #[serde(default)]
        parameters: serde_json::Map<String, Value>,
    },
    /// A host is not worked on; its steps stay open.
    LeftOut {
        /// Its name.
        host: String,
    },
    /// A phase begins.
    PhaseStarted {
        /// Its title.
        title: String,
    },
    /// A phase reached its end.
    PhaseFinished {
        /// Its title.
        title: String,
        /// What it returned, where that can be kept.
        #[serde(default)]
        value: Option<Value>,
        /// Why it cannot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lacking: Option<String>,
    },
    /// A phase is not executed: it was, and returned this.
    PhaseLeftOut {
        /// Its title.
        title: String,
        /// What it returned.
        value: Value,
    },
    /// A step begins on a host.
    StepStarted {
        /// The step.
        step: StepId,
        /// The host.
        host: String,
    },
    /// A step is done on a host, never to be done again.
    StepFinished {
        /// The step.
        step: StepId,
        /// The host.
        host: String,
        /// What it returned.
        value: Arc<Value>,
        /// Whether it ran a command that changes something.
        changed: bool,
    },
    /// A step failed on a host.
    StepFailed {
        /// The step.
        step: StepId,
        /// The host.
        host: String,
        /// Why.
        error: Error,
    },
    /// A step counts as done on a host, because somebody did it by hand; its value is nothing.
    StepSkipped {
        /// The step.
        step: StepId,
        /// The host.
        host: String,
        /// Who says so.
        operator: String,
        /// Why.
        reason: String,
    },
    /// A command is about to start.
    CommandStarted {
        /// Its number in this run, from 1.
        operation: u64,
        /// The step it belongs to.
        step: Option<StepId>,
        /// The host.
        host: String,
        /// The command, as an operator would type it.
        command: String,
        /// Whether it changes something.
        changes: bool,
        /// Whether it outlives the connection: its end can be asked for.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        detached: bool,
        /// Whether it is not started a second time while its step is not settled.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        once: bool,
        /// The host on which the step is that it belongs to, where it runs on another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        branch: Option<String>,
        /// Whether it is none of the procedure's, but of our own housekeeping.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        aside: bool,
    },
    /// A command ended.
    CommandEnded {
        /// Its number.
        operation: u64,
        /// How.
        outcome: Outcome,
        /// From start to end.
        duration_ms: u64,
        /// The end of its standard output.
        stdout: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// Something is waited for.
    Waiting {
        /// The host that it is about.
        host: Option<String>,
        /// What.
        what: String,
        /// For so long at most.
        limit_secs: u64,
    },
    /// A question is asked, and not answered yet.
    Asked {
        /// The question.
        question: String,
    },
    /// A question before a point of no return was answered.
    Confirmed {
        /// The question.
        question: String,
        /// The hosts that it was asked for.
        #[serde(default)]
        hosts: Vec<String>,
        /// What stood below it.
        details: Vec<String>,
        /// The answer.
        answer: bool,
    },
    /// The script said something.
    Noted {
        /// Whether it is a warning.
        warning: bool,
        /// The host it is about.
        host: Option<String>,
        /// What it said.
        text: String,
    },
    /// The script showed a table.
    Tabled {
        /// The titles of its columns.
        header: Vec<String>,
        /// Its rows.
        rows: Vec<Vec<String>>,
    },
    /// The process that ran it is done with it.
    RunEnded {
        /// How.
        ending: Ending,
        /// Commands that changed something, in this process.
        changes: u64,
        /// Why it did not complete.
        error: Option<Error>,
    },
}

impl Event {
    /// Whether it has to be on disk before anything else happens: what announces an effect, and what
    /// settles one. A look is repeated freely.
    pub fn is_durable(&self) -> bool {
        !matches!(
            self,
            Self::CommandStarted { changes: false, .. }
                | Self::CommandEnded { .. }
                | Self::Waiting { .. }
                | Self::Asked { .. }
                | Self::Noted { .. }
                | Self::Tabled { .. }
        )
    }
}

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1 without a gap.
    pub number: u64,
    /// When, in RFC 3339 with the controller's zone offset as UTC.
    pub time: jiff::Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}
