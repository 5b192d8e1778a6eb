//! The eye on every command: journal before the effect, display while it runs, journal after.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::context;
use super::watch::Display;
use crate::error::{Error, Result};
use crate::journal::{Event, Journal, Outcome, StepId};
use crate::primitive::{Observer, tail};
use crate::transport::{Command, Effect, Failure, Output, Stream, interrupt};

/// Puts commands on record.
pub struct Recorder {
    journal: Arc<Journal>,
    display: Arc<dyn Display>,
    next: AtomicU64,
    /// Changing commands so far, per step and host, and in all.
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    total: u64,
    by_step: HashMap<(Arc<StepId>, String), u64>,
}

impl Recorder {
    /// A recorder that writes to `journal` and shows on `display`; operation numbers go on from
    /// `last`, the highest in the journal.
    pub fn new(journal: Arc<Journal>, display: Arc<dyn Display>, last: u64) -> Self {
        Self {
            journal,
            display,
            next: AtomicU64::new(last + 1),
            changes: Mutex::default(),
        }
    }

    /// How many changing commands ran in `step` on `host`.
    pub fn changes_in(&self, step: &Arc<StepId>, host: &str) -> u64 {
        self.changes
            .lock()
            .expect("no panic while counting")
            .by_step
            .get(&(Arc::clone(step), host.to_owned()))
            .copied()
            .unwrap_or_default()
    }

    /// How many changing commands ran in all.
    pub fn changes(&self) -> u64 {
        self.changes.lock().expect("no panic while counting").total
    }
}

impl Recorder {
    /// Puts the start of `command` on record; `counts` if it is part of the procedure.
    fn begin(&self, host: &str, command: &Command, counts: bool) -> Result<u64> {
        let line = command.line();
        if interrupt::requested() {
            return Err(Error::stopped(format!(
                "interrupted before `{line}` was started on `{host}`"
            )));
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let step = context::current().step;
        let changes = command.effect == Effect::Changes;
        self.journal.append(Event::CommandStarted {
            operation: number,
            step: step.as_deref().cloned(),
            host: host.to_owned(),
            command: line.clone(),
            changes,
        })?;
        if changes && counts {
            let mut changes = self.changes.lock().expect("no panic while counting");
            changes.total += 1;
            if let Some(step) = step {
                *changes.by_step.entry((step, host.to_owned())).or_default() += 1;
            }
        }
        self.display.command(number, host, &line, changes);
        Ok(number)
    }
}

/// Puts commands on record that are not part of the procedure: they are not counted.
pub struct Aside(pub Arc<Recorder>);

impl Observer for Aside {
    fn starting(&self, host: &str, command: &Command) -> Result<u64> {
        self.0.begin(host, command, false)
    }

    fn ended(
        &self,
        number: u64,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        self.0.ended(number, host, outcome)
    }
}

impl Observer for Recorder {
    fn starting(&self, host: &str, command: &Command) -> Result<u64> {
        self.begin(host, command, true)
    }

    fn output(&self, number: u64, host: &str, stream: Stream, bytes: &[u8]) {
        self.display.output(number, host, stream, bytes);
    }

    fn ended(
        &self,
        number: u64,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        self.display.command_ended(number, host);
        let (outcome, stdout, stderr, took) = match outcome {
            Ok(output) => (
                Outcome::Ended {
                    status: output.exit.code(),
                },
                tail(&output.stdout),
                tail(&output.stderr),
                output.duration,
            ),
            Err(failure) => (
                Outcome::Unknown {
                    reason: failure.to_string(),
                },
                String::new(),
                String::new(),
                std::time::Duration::ZERO,
            ),
        };
        self.journal.append(Event::CommandEnded {
            operation: number,
            outcome,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            stdout,
            stderr,
        })
    }
}
