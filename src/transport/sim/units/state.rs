//! What systemd remembers of each unit, and the journal.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::file::{Places, Unit};
use crate::transport::sim::files::Files;

/// systemd of one host.
#[derive(Debug, Clone, Default)]
pub struct Units {
    /// Units as last read: a file that changed since then takes a `daemon-reload`.
    read: BTreeMap<String, Arc<Unit>>,
    /// States, of units that were ever started.
    pub states: BTreeMap<String, State>,
    /// The journal, the oldest line first.
    pub journal: Vec<Arc<Line>>,
}

/// The state of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Its state.
    pub active: Active,
    /// When it last became active, since 1970.
    pub activated: Option<Duration>,
    /// When it last became inactive, since 1970.
    pub deactivated: Option<Duration>,
    /// Its main process; 0 if none runs.
    pub main_pid: u32,
    /// How often it was started again by itself.
    pub restarts: u32,
    /// Why it failed: `exit-code`, `timeout`, `signal`; empty for a success.
    pub result: &'static str,
    /// When it will be started again by itself.
    pub again: Option<Duration>,
}

/// The states that matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "these are systemd's names")]
pub enum Active {
    #[default]
    Inactive,
    Active,
    Exited,
    Failed,
    AutoRestart,
}

impl Active {
    /// `ActiveState` and `SubState`.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Inactive => ("inactive", "dead"),
            Self::Active => ("active", "running"),
            Self::Exited => ("active", "exited"),
            Self::Failed => ("failed", "failed"),
            Self::AutoRestart => ("activating", "auto-restart"),
        }
    }

    /// Whether it counts as active.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Active | Self::Exited)
    }
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When, since 1970.
    pub time: Duration,
    /// The unit that it is about.
    pub unit: String,
    /// Who says it, such as `etcd` or `systemd`.
    pub by: String,
    /// The process that says it.
    pub pid: u32,
    /// What it says.
    pub text: String,
}

impl Units {
    /// The unit `name` as systemd knows it: read now if it never was.
    pub fn get(&mut self, files: &Files, name: &str) -> &Arc<Unit> {
        self.read
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Unit::read(files, name)))
    }

    /// Whether the files of `name` differ from what was read of them.
    pub fn is_stale(&self, places: &Places<'_>, name: &str) -> bool {
        self.read
            .get(name)
            .is_some_and(|unit| !unit.is_fresh(places))
    }

    /// `systemctl daemon-reload`.
    pub fn reload(&mut self) {
        self.read.clear();
    }

    /// The state of `name`.
    pub fn state(&self, name: &str) -> State {
        self.states.get(name).cloned().unwrap_or_default()
    }

    /// Adds lines to the journal.
    pub fn say(&mut self, time: Duration, unit: &str, by: &str, pid: u32, text: &str) {
        for text in text.lines() {
            self.journal.push(Arc::new(Line {
                time,
                unit: unit.to_owned(),
                by: by.to_owned(),
                pid,
                text: text.to_owned(),
            }));
        }
    }
}
