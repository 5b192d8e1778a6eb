//! The error an operator sees: what happened, where, why, and what to type next.
//!
//! Every layer below the command line returns [`Error`]. Its sentence is composed here and nowhere
//! else, so that all errors read alike.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::transport::{Exit, Failure};

/// The result of everything that can fail in front of an operator.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with the hint that says what to type next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Error {
    /// What happened, with named facts.
    pub kind: Box<Kind>,
    /// What the operator can do about it, as a sentence naming a command to type.
    pub hint: Option<String>,
    /// The script line it came from, as `file:line`, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// The kinds of failure, each with the facts that its sentence needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Kind {
    /// A command finished on the host, but not with status 0.
    Command {
        /// The host's inventory name.
        host: String,
        /// The command as an operator would type it.
        command: String,
        /// How it ended.
        exit: Exit,
        /// The end of its standard output.
        stdout: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// The host could not be reached, or the connection went away.
    Transport {
        /// The failure, which says whether the command started.
        failure: Failure,
    },
    /// The state of the host is not what it must be, before or after an action.
    State {
        /// The host's inventory name.
        host: String,
        /// What was looked at, such as "`etcd` service" or "`/etc/etcd/etcd.conf`".
        subject: String,
        /// What it has to be.
        wanted: String,
        /// What was found instead.
        found: String,
        /// Evidence, such as the end of a service's journal; may be empty.
        evidence: String,
    },
    /// A destructive action was refused because its precondition does not hold.
    Refused {
        /// The host's inventory name.
        host: String,
        /// The action that was refused.
        action: String,
        /// Why.
        reason: String,
    },
    /// An argument, option, parameter or input file is wrong.
    Invalid {
        /// What is wrong, such as "option `timeout` of `run`" or "`hosts.ini:12`".
        subject: String,
        /// Why.
        reason: String,
    },
    /// Several hosts failed in the same action; in inventory order.
    Hosts {
        /// What was being done.
        action: String,
        /// Each host's own error.
        failures: Vec<(String, Error)>,
    },
    /// A look at the cluster found things that are not as they must be.
    Findings {
        /// What was found, in one sentence.
        summary: String,
        /// Each finding, one line.
        findings: Vec<String>,
    },
    /// The operator said no, or pressed Ctrl-C, or there was nobody to ask.
    Stopped {
        /// Why the run stopped.
        reason: String,
    },
    /// Something on the controller failed, such as writing a file.
    Controller {
        /// What was being done.
        action: String,
        /// Why it failed.
        reason: String,
    },
}

impl Error {
    /// Wraps `kind`, without a hint.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind: Box::new(kind),
            hint: None,
            at: None,
        }
    }

    /// A wrong argument, option, parameter or input file.
    pub fn invalid(subject: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::new(Kind::Invalid {
            subject: subject.into(),
            reason: reason.to_string(),
        })
    }

    /// A state on `host` that is not what it has to be.
    pub fn state(
        host: impl Into<String>,
        subject: impl Into<String>,
        wanted: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self::new(Kind::State {
            host: host.into(),
            subject: subject.into(),
            wanted: wanted.into(),
            found: found.into(),
            evidence: String::new(),
        })
    }

    /// A destructive `action` on `host` that was refused.
    pub fn refused(
        host: impl Into<String>,
        action: impl Into<String>,
        reason: impl fmt::Display,
    ) -> Self {
        Self::new(Kind::Refused {
            host: host.into(),
            action: action.into(),
            reason: reason.to_string(),
        })
    }

    /// A failure on the controller itself.
    pub fn controller(action: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::new(Kind::Controller {
            action: action.into(),
            reason: reason.to_string(),
        })
    }

    /// A stop that the operator, or the absence of one, decided.
    pub fn stopped(reason: impl Into<String>) -> Self {
        Self::new(Kind::Stopped {
            reason: reason.into(),
        })
    }

    /// The same error with `hint`, which replaces an earlier one.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with `text` as evidence, where its kind has room for it.
    #[must_use]
    pub fn with_evidence(mut self, text: impl Into<String>) -> Self {
        if let Kind::State { evidence, .. } = &mut *self.kind {
            *evidence = text.into();
        }
        self
    }

    /// Whether it is no failure: the operator stopped it, or nobody was there to answer.
    pub fn is_stop(&self) -> bool {
        match &*self.kind {
            Kind::Stopped { .. } => true,
            Kind::Transport { failure } => failure.is_interrupt(),
            Kind::Hosts { failures, .. } => failures.iter().all(|(_, error)| error.is_stop()),
            _ => false,
        }
    }

    /// Whether work was cut off rather than found wrong: by the operator, or by a host that is away.
    pub fn is_cut_off(&self) -> bool {
        match &*self.kind {
            Kind::Stopped { .. } | Kind::Transport { .. } => true,
            Kind::Hosts { failures, .. } => failures.iter().all(|(_, error)| error.is_cut_off()),
            _ => false,
        }
    }

    /// The host it happened on, where it is one.
    pub fn host(&self) -> Option<&str> {
        match &*self.kind {
            Kind::Command { host, .. } | Kind::State { host, .. } | Kind::Refused { host, .. } => {
                Some(host)
            }
            Kind::Transport { failure } => Some(failure.host()),
            _ => None,
        }
    }

    /// The lines below the sentence: causes and evidence, oldest last.
    pub fn details(&self) -> Vec<String> {
        match &*self.kind {
            Kind::Command { stdout, stderr, .. } => {
                let shown = if stderr.trim().is_empty() {
                    stdout
                } else {
                    stderr
                };
                shown.trim_end().lines().map(str::to_owned).collect()
            }
            Kind::State { evidence, .. } => {
                evidence.trim_end().lines().map(str::to_owned).collect()
            }
            Kind::Findings { findings, .. } => findings.clone(),
            Kind::Hosts { failures, .. } => failures
                .iter()
                .flat_map(|(host, error)| {
                    std::iter::once(format!("{host}: {error}"))
                        .chain(error.at.iter().map(|at| format!("  at {at}")))
                        .chain(error.details().into_iter().map(|line| format!("  {line}")))
                        .chain(error.hint.iter().map(|hint| format!("  hint: {hint}")))
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Command {
                host,
                command,
                exit,
                ..
            } => write!(f, "`{command}` on `{host}` {exit}"),
            Kind::Transport { failure } => write!(f, "{failure}"),
            Kind::State {
                host,
                subject,
                wanted,
                found,
                ..
            } => write!(f, "{subject} on `{host}`: wanted {wanted}, found {found}"),
            Kind::Refused {
                host,
                action,
                reason,
            } => write!(f, "refused to {action} on `{host}`: {reason}"),
            Kind::Invalid { subject, reason } => write!(f, "{subject}: {reason}"),
            Kind::Hosts { action, failures } => {
                let hosts = failures.len();
                let plural = if hosts == 1 { "host" } else { "hosts" };
                let verb = if self.is_stop() { "stopped" } else { "failed" };
                write!(f, "{action} {verb} on {hosts} {plural}")
            }
            Kind::Findings { summary, .. } => write!(f, "{summary}"),
            Kind::Stopped { reason } => write!(f, "stopped: {reason}"),
            Kind::Controller { action, reason } => write!(f, "cannot {action}: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let hint = failure.hint();
        Self {
            kind: Box::new(Kind::Transport { failure }),
            hint,
            at: None,
        }
    }
}
