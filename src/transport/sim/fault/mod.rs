//! Faults that a simulated cluster suffers, by plan: which host, at which command, what goes wrong.
//!
//! | file     | subject                                         |
//! |----------|-------------------------------------------------|
//! | `file`   | the file that describes a plan, read            |
//! | `text`   | a plan as such a file                           |
//! | `strike` | what each fault does around a command           |
//! | `random` | plans made from a seed                          |
//!
//! A plan is a TOML file for `ocpdg run --sim CLUSTER --fault FILE`:
//!
//! ```toml
//! version = 1
//! hours = 24                       # of simulated time, after which the run is ended
//!
//! [[fault]]                        # the second `yum` of this host fails
//! host = "master-2*"               # a shell pattern of its full or short name; any host unless told
//! command = "yum"                  # a part of the command, or a pattern of all of it; any unless told
//! occurrence = 2                   # the first unless told; or `every = true`
//! do = "exit"
//! status = 1                       # 1 unless told
//! stderr = "No space left on device"
//!
//! [[fault]]
//! command = "*snapshot restore*"
//! do = "hang"                      # to the command's time limit, or for an hour
//!
//! [[fault]]
//! command = "yum -y * remove *"
//! do = "drop"                      # the connection
//! when = "during"                  # before, during: the command does its work, or after
//! away = 90                        # seconds until the host can be reached again; 0 unless told
//!
//! [[fault]]
//! do = "reboot"                    # of the host
//! when = "before"                  # before unless told; during: the command does its work, then it reboots
//! away = 60                        # seconds until it is up again; 0 unless told
//!
//! [[fault]]
//! do = "kill-controller"           # ocpdg itself, by SIGKILL
//! when = "after"                   # before unless told; after: the command's work is done, and not on record
//!
//! [[fault]]
//! do = "fill-disk"                 # before the command, and for good
//! path = "/var/lib/ocpdg"          # the file system that this lies on
//! leave = "64K"                    # bytes; none unless told
//!
//! [[fault]]
//! do = "corrupt"                   # before the command
//! path = "/var/lib/etcd/*/snap/db" # a shell pattern of whole paths: each file that it matches
//! truncate = 4096                  # to so many bytes; or `flip = N`, all bits of the byte at N
//!
//! [[fault]]
//! do = "slow"
//! every = true
//! seconds = 20                     # more than the command takes anyway; its time limit counts them
//! ```
//!
//! Occurrences are counted per fault, over all hosts that it may strike. Faults that strike one command
//! do so in the order of the file.

mod file;
mod random;
mod strike;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) use strike::{due, strike, wake};

use super::cluster::{Cluster, State};
use super::malformed::Malformed;
use super::pattern::{self, Pattern};
use crate::transport::Failure;

/// What goes wrong in a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FaultPlan {
    /// The faults, in the order in which they strike one command.
    pub faults: Vec<Fault>,
    /// Hours of simulated time after which the run is ended, if the plan says so.
    pub hours: Option<u64>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A shell pattern of the host's full or short name; any host without one.
    pub host: Option<String>,
    /// A shell pattern of the whole command, or a part of it; any command without one.
    pub command: Option<String>,
    /// Which of the commands that match.
    pub times: Times,
    /// What happens.
    pub what: What,
    /// The line of its file that it begins at; 0 if it comes from none.
    pub line: usize,
}

/// Which of the commands that match a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The nth, from 1.
    Nth(u32),
    /// Each.
    Every,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before the command starts.
    Before,
    /// While it runs: it does its work, and the controller does not hear of it.
    During,
    /// After it ended.
    After,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The command does nothing but end with `status` and say `stderr`.
    Exit {
        /// The exit status.
        status: u8,
        /// What it says; empty for nothing.
        stderr: String,
    },
    /// The command does nothing, until its time is over.
    Hang,
    /// The connection drops, and the host cannot be reached for `away`.
    Drop {
        /// When.
        when: When,
        /// For so long.
        away: Duration,
    },
    /// The host reboots, and is up again after `away`.
    Reboot {
        /// When.
        when: When,
        /// After so long.
        away: Duration,
    },
    /// The controller is killed.
    KillController {
        /// `Before` or `After`.
        when: When,
    },
    /// The file system that `path` lies on has only `leave` bytes left from now on.
    FillDisk {
        /// A path on it.
        path: String,
        /// In bytes.
        leave: u64,
    },
    /// Each file that `path` matches is damaged.
    Corrupt {
        /// A shell pattern of whole paths.
        path: String,
        /// How.
        damage: Damage,
    },
    /// The command takes so much longer.
    Slow {
        /// The extra time.
        by: Duration,
    },
}

/// How a file is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It is cut to so many bytes.
    Truncate(u64),
    /// All bits of the byte at this place are flipped.
    Flip(u64),
}

impl Fault {
    /// A fault that strikes the first command on any host.
    pub fn new(what: What) -> Self {
        Self {
            host: None,
            command: None,
            times: Times::Nth(1),
            what,
            line: 0,
        }
    }

    /// The same fault, on hosts whose name matches `pattern`.
    #[must_use]
    pub fn on(mut self, pattern: &str) -> Self {
        self.host = Some(pattern.to_owned());
        self
    }

    /// The same fault, at commands that match `pattern` or have it as a part.
    #[must_use]
    pub fn at(mut self, pattern: &str) -> Self {
        self.command = Some(pattern.to_owned());
        self
    }

    /// The same fault, at the `nth` command that matches.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.times = Times::Nth(nth);
        self
    }

    /// The same fault, at every command that matches.
    #[must_use]
    pub fn every(mut self) -> Self {
        self.times = Times::Every;
        self
    }

    /// Which one it is, in words for a message.
    fn title(&self) -> String {
        let of = |name: &str, value: &Option<String>| {
            value
                .as_ref()
                .map_or(String::new(), |value| format!(", {name} `{value}`"))
        };
        let line = match self.line {
            0 => String::new(),
            line => format!(" of line {line}"),
        };
        format!(
            "the fault `{}`{line}{}{}",
            self.what.name(),
            of("host", &self.host),
            of("command", &self.command)
        )
    }
}

impl FaultPlan {
    /// A plan of `faults`.
    pub fn of(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self {
            faults: faults.into_iter().collect(),
            hours: None,
        }
    }
}

/// Ends the controller. It gets the host and the command at which it happens; what it returns, if it
/// does, is what becomes of the command.
pub type Kill = fn(host: &str, command: &str) -> Failure;

/// Ends this process as `kill -9` would.
fn kill_this_process(host: &str, command: &str) -> Failure {
    // SAFETY: a system call without memory; the process is its own.
    unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    Failure::Lost {
        host: host.to_owned(),
        command: command.to_owned(),
        reason: "the controller survived its own SIGKILL".to_owned(),
    }
}

/// The plan of a cluster, and what came of it so far.
#[derive(Clone)]
pub struct Faults {
    armed: Vec<Armed>,
    /// Until when, since 1970, a host cannot be reached.
    away: BTreeMap<usize, Duration>,
    /// When, since 1970, a host that was rebooted is up again.
    boots: BTreeMap<usize, Duration>,
    kill: Kill,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            armed: Vec::new(),
            away: BTreeMap::new(),
            boots: BTreeMap::new(),
            kill: kill_this_process,
        }
    }
}

/// A fault that waits for its command.
#[derive(Clone)]
struct Armed {
    fault: Arc<Fault>,
    host: Option<Pattern>,
    command: Text,
    /// How many commands matched.
    seen: u32,
    /// How often it had an effect.
    struck: u32,
}

/// What a command has to look like.
#[derive(Clone)]
enum Text {
    Any,
    Part(String),
    Whole(Pattern),
}

impl Armed {
    fn new(fault: &Fault) -> Self {
        Self {
            fault: Arc::new(fault.clone()),
            host: fault.host.as_deref().map(Pattern::new),
            command: match fault.command.as_deref() {
                None => Text::Any,
                Some(text) if pattern::is_pattern(text) => Text::Whole(Pattern::new(text)),
                Some(text) => Text::Part(text.to_owned()),
            },
            seen: 0,
            struck: 0,
        }
    }

    fn is_on(&self, host: &str) -> bool {
        let short = host.split('.').next().unwrap_or(host);
        let named = |pattern: &Pattern| pattern.matches(host) || pattern.matches(short);
        self.host.as_ref().is_none_or(named)
    }

    fn is_at(&self, line: &str) -> bool {
        match &self.command {
            Text::Any => true,
            Text::Part(part) => line.contains(part),
            Text::Whole(pattern) => pattern.matches(line),
        }
    }
}

impl Cluster {
    /// Lets `plan` happen from now on, in place of an earlier one.
    ///
    /// # Errors
    /// A fault for a host that there is not.
    pub fn suffer(&self, plan: &FaultPlan) -> Result<(), Malformed> {
        let armed = self.armed(plan)?;
        self.state().faults.armed = armed;
        Ok(())
    }

    /// Lets `plan` happen from now on, beside earlier ones.
    ///
    /// # Errors
    /// As [`Self::suffer`].
    pub fn suffer_also(&self, plan: &FaultPlan) -> Result<(), Malformed> {
        let armed = self.armed(plan)?;
        self.state().faults.armed.extend(armed);
        Ok(())
    }

    fn armed(&self, plan: &FaultPlan) -> Result<Vec<Armed>, Malformed> {
        let armed: Vec<Armed> = plan.faults.iter().map(Armed::new).collect();
        let state = self.state();
        for one in &armed {
            let known = state
                .machines
                .iter()
                .any(|machine| one.is_on(&machine.name));
            if !known {
                let names = state.machines.iter().map(|machine| machine.name.as_str());
                return Err(Malformed {
                    line: one.fault.line,
                    reason: format!(
                        "host `{}` is none of {}",
                        one.fault.host.as_deref().unwrap_or_default(),
                        names.collect::<Vec<_>>().join(", ")
                    ),
                });
            }
        }
        Ok(armed)
    }

    /// Has `kill` called in place of the end of this process: for tests of what a dead controller leaves.
    pub fn kill_by(&self, kill: Kill) {
        self.state().faults.kill = kill;
    }

    /// The faults that had no effect so far, a sentence each.
    pub fn unharmed(&self) -> Vec<String> {
        let state: &State = &self.state();
        let quiet = state.faults.armed.iter().filter(|one| one.struck == 0);
        quiet
            .map(|one| {
                let title = one.fault.title();
                match (one.fault.times, one.seen) {
                    (_, 0) => format!("{title} did not happen: no command matched"),
                    (Times::Nth(nth), seen) if seen < nth => {
                        format!("{title} did not happen: {seen} of {nth} commands matched")
                    }
                    _ => format!(
                        "{title} had no effect: no file matched its path, or none was that long"
                    ),
                }
            })
            .collect()
    }
}
