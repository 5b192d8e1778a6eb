//! Why a command has no exit status.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The failures of a transport. None of them is ever mistaken for an exit status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Failure {
    /// The command did not start: nothing happened on the host.
    NotStarted {
        /// The host's inventory name.
        host: String,
        /// Which door was shut.
        refusal: Refusal,
        /// What exactly was seen.
        reason: String,
    },
    /// The connection went away while the command ran: it may have finished, died, or still run.
    Lost {
        /// The host's inventory name.
        host: String,
        /// The command, as an operator would type it.
        command: String,
        /// What exactly was seen.
        reason: String,
    },
    /// The command began, and was cut off on the host before its end: killed, or the host went down.
    CutOff {
        /// The host's inventory name.
        host: String,
        /// The command, as an operator would type it.
        command: String,
        /// What was seen of it.
        reason: String,
    },
    /// The command was given up after its time limit; it may still run on the host.
    TimedOut {
        /// The host's inventory name.
        host: String,
        /// The command, as an operator would type it.
        command: String,
        /// The limit, in seconds.
        limit_secs: u64,
    },
    /// The operator interrupted; the command may still run on the host.
    Interrupted {
        /// The host's inventory name.
        host: String,
        /// The command, as an operator would type it.
        command: String,
    },
}

/// Why a command did not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No connection: name not found, no route, refused, timed out.
    Unreachable,
    /// The host key is not in known_hosts.
    UnknownHostKey,
    /// The host key differs from the one in known_hosts, or is revoked there.
    WrongHostKey,
    /// No way to log in was accepted.
    Login,
    /// Logged in, but could not become root.
    Become,
    /// The host refused to start a program.
    Start,
    /// The host cannot keep the record by which the command outlives the connection, or has another under
    /// its name.
    Record,
    /// The simulated cluster does not model what was asked of it.
    Unmodelled,
    /// The connection facts themselves are wrong (a key file that is missing, say).
    Configuration,
    /// The operator asked to stop before it could start.
    Interrupted,
}

impl Failure {
    /// The host's inventory name.
    pub fn host(&self) -> &str {
        match self {
            Self::NotStarted { host, .. }
            | Self::Lost { host, .. }
            | Self::CutOff { host, .. }
            | Self::TimedOut { host, .. }
            | Self::Interrupted { host, .. } => host,
        }
    }

    /// Whether it is the operator's interrupt.
    pub fn is_interrupt(&self) -> bool {
        matches!(
            self,
            Self::Interrupted { .. }
                | Self::NotStarted {
                    refusal: Refusal::Interrupted,
                    ..
                }
        )
    }

    /// What the operator can type next.
    pub fn hint(&self) -> Option<String> {
        let (host, refusal) = match self {
            Self::NotStarted { host, refusal, .. } => (host, refusal),
            Self::CutOff { .. } => {
                return Some(
                    "`ocpdg resume` looks how far it came, and does what is left".to_owned(),
                );
            }
            _ => return None,
        };
        Some(match refusal {
            Refusal::UnknownHostKey => format!(
                "compare the key with the host's own (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console), \
                 then `ssh {host}` once, or run again with `--accept-new-host-keys`"
            ),
            Refusal::WrongHostKey => format!(
                "if the host was reinstalled, remove its old key with `ssh-keygen -R {host}`; if not, somebody may be in between"
            ),
            Refusal::Become => {
                "give the login user sudo rights, set `ansible_become_pass`, or use `--ask-become-pass`".to_owned()
            }
            Refusal::Unreachable => {
                format!("repair the host, or go on without it: `--without {host}`")
            }
            Refusal::Unmodelled => {
                "a real host may well do it; the simulated one says what it does not know rather than guess".to_owned()
            }
            Refusal::Record => format!(
                "make room or put it right on `{host}`; `ocpdg clean` removes what earlier runs left there"
            ),
            Refusal::Login
            | Refusal::Start
            | Refusal::Configuration
            | Refusal::Interrupted => return None,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted {
                host,
                refusal,
                reason,
            } => {
                let what = match refusal {
                    Refusal::Unreachable => "cannot be reached",
                    Refusal::UnknownHostKey => "has a host key that is not in known_hosts",
                    Refusal::WrongHostKey => "has another host key than known_hosts says",
                    Refusal::Login => "does not let us log in",
                    Refusal::Become => "does not let us become root",
                    Refusal::Start => "does not start the command",
                    Refusal::Record => "cannot keep a record of the command, which was not started",
                    Refusal::Unmodelled => "is simulated, and does not model",
                    Refusal::Configuration => "cannot be dialled as configured",
                    Refusal::Interrupted => "was not given the command, because of the interrupt",
                };
                write!(f, "`{host}` {what}: {reason}")
            }
            Self::Lost {
                host,
                command,
                reason,
            } => write!(
                f,
                "the connection to `{host}` was lost while `{command}` ran, its fate is unknown: {reason}"
            ),
            Self::CutOff {
                host,
                command,
                reason,
            } => write!(f, "`{command}` on `{host}` was cut off: {reason}"),
            Self::TimedOut {
                host,
                command,
                limit_secs,
            } => write!(
                f,
                "`{command}` on `{host}` did not finish within {limit_secs} s; it may still be running there"
            ),
            Self::Interrupted { host, command } => write!(
                f,
                "interrupted while `{command}` ran on `{host}`; it may still be running there"
            ),
        }
    }
}

impl std::error::Error for Failure {}
