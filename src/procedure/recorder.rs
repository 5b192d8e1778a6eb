//! The eye on every command: journal before the effect, display while it runs, journal after.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::context;
use super::watch::{Display, Level};
use crate::error::{Error, Result};
use crate::journal::{Event, Former, Journal, Outcome, StepId};
use crate::primitive::{Observer, Started, tail};
use crate::transport::detached::OperationId;
use crate::transport::{Command, Effect, Failure, Output, Stream, Survival, interrupt};

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
    /// How often each command that is started once was asked for, by step, the host on which that is, and its own.
    asked: HashMap<(Arc<StepId>, String, String, String), usize>,
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

    /// `step` is tried again on `host`: what it asks for now is what it asks for first.
    pub fn forget(&self, step: &Arc<StepId>, host: &str) {
        let mut changes = self.changes.lock().expect("no panic while counting");
        let asked = &mut changes.asked;
        asked.retain(|(of, branch, ..), _| of != step || branch != host);
    }

    /// How many changing commands ran in all.
    pub fn changes(&self) -> u64 {
        self.changes.lock().expect("no panic while counting").total
    }
}

impl Recorder {
    /// The start of `line` on `host`, in `step` on `branch`, that an earlier process made, if this is the same one.
    fn former(&self, step: &Arc<StepId>, branch: &str, host: &str, line: &str) -> Option<Former> {
        let mut changes = self.changes.lock().expect("no panic while counting");
        let key = (
            Arc::clone(step),
            branch.to_owned(),
            host.to_owned(),
            line.to_owned(),
        );
        let nth = changes.asked.entry(key).or_default();
        *nth += 1;
        self.journal.former(step, branch, host, line, *nth - 1)
    }

    /// `line` was started on `host` before, as `former`: its record is read.
    fn again(&self, step: &Arc<StepId>, host: &str, line: &str, former: Former) -> Result<Started> {
        if let Some(Outcome::CutOff { reason }) = former.outcome {
            return Err(Error::refused(
                host,
                format!("`{line}`"),
                format!("an earlier process of this run started it, and {reason}"),
            )
            .with_hint(format!(
                "look on `{host}` how far it came; the next `ocpdg resume` starts it anew"
            )));
        }
        let number = former.operation;
        self.count_in(Some(Arc::clone(step)), host);
        self.display.command(number, host, line, true);
        Ok(Started {
            number,
            operation: Some(OperationId::of(self.journal.mark(), number)),
            held: true,
            before: true,
        })
    }

    /// Counts a command that changes `host`, in `step` if one is open.
    fn count_in(&self, step: Option<Arc<StepId>>, host: &str) {
        let mut changes = self.changes.lock().expect("no panic while counting");
        changes.total += 1;
        if let Some(step) = step {
            *changes.by_step.entry((step, host.to_owned())).or_default() += 1;
        }
    }

    /// Puts the start of `command` on record; `counts` if it is part of the procedure.
    fn begin(
        &self,
        host: &str,
        command: &Command,
        detached: bool,
        counts: bool,
    ) -> Result<Started> {
        let line = command.line();
        if interrupt::requested() {
            return Err(Error::stopped(format!(
                "interrupted before `{line}` was started on `{host}`"
            )));
        }
        let context::Context { step, branch, .. } = context::current();
        let branch = branch.as_deref().unwrap_or(host);
        // Outside of steps nothing is gone on with.
        let once = detached && command.survival == Survival::Once && step.is_some();
        if let (true, Some(step)) = (once, &step)
            && let Some(former) = self.former(step, branch, host, &line)
        {
            return self.again(step, host, &line, former);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let changes = command.effect == Effect::Changes;
        self.journal.append(Event::CommandStarted {
            operation: number,
            step: step.as_deref().cloned(),
            host: host.to_owned(),
            command: line.clone(),
            // What is done for our own sake is nothing that a human would do by hand.
            changes: changes && counts,
            detached,
            once,
            branch: (once && branch != host).then(|| branch.to_owned()),
            aside: !counts,
        })?;
        if changes && counts {
            self.count_in(step, host);
        }
        self.display.command(number, host, &line, changes);
        Ok(Started {
            number,
            operation: detached.then(|| OperationId::of(self.journal.mark(), number)),
            held: once,
            before: false,
        })
    }
}

/// What a transport's failure tells of a command.
fn fate(failure: &Failure) -> Outcome {
    let reason = failure.to_string();
    match failure {
        Failure::NotStarted { .. } => Outcome::NotStarted { reason },
        Failure::CutOff { .. } => Outcome::CutOff { reason },
        _ => Outcome::Unknown { reason },
    }
}

/// Puts commands on record that are not part of the procedure: they are not counted.
pub struct Aside(pub Arc<Recorder>);

impl Observer for Aside {
    fn starting(&self, host: &str, command: &Command, detached: bool) -> Result<Started> {
        self.0.begin(host, command, detached, false)
    }

    fn ended(
        &self,
        command: &Started,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        self.0.ended(command, host, outcome)
    }
}

impl Observer for Recorder {
    fn starting(&self, host: &str, command: &Command, detached: bool) -> Result<Started> {
        self.begin(host, command, detached, true)
    }

    fn away(&self, _number: u64, host: &str, why: &str) {
        self.display.note(Level::Warning, Some(host), why);
    }

    fn output(&self, number: u64, host: &str, stream: Stream, bytes: &[u8]) {
        self.display.output(number, host, stream, bytes);
    }

    fn ended(
        &self,
        command: &Started,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        self.display.command_ended(command.number, host);
        if command.before {
            // Its end is on record.
            return Ok(());
        }
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
                fate(failure),
                String::new(),
                String::new(),
                std::time::Duration::ZERO,
            ),
        };
        self.journal.append(Event::CommandEnded {
            operation: command.number,
            outcome,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            stdout,
            stderr,
        })
    }
}
