//! Commands that outlive their connection: which of them may still run, and which must not run twice.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::event::{Event, Outcome, StepId};

/// A command that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The step it belongs to.
    pub step: Option<StepId>,
    /// The host.
    pub host: String,
    /// The command, as an operator would type it.
    pub command: String,
    /// Whether it is started once: its step may ask for its record on the host after its end.
    pub once: bool,
    /// The host on which its step is.
    branch: String,
}

/// What is known of a command that is started once in its step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Its number.
    pub operation: u64,
    host: String,
    command: String,
    /// How it ended; `None` while that is not on record.
    pub outcome: Option<Outcome>,
}

/// The commands that outlive their connection, as the events so far leave them.
#[derive(Debug, Default)]
pub struct Operations {
    /// Begun by the process that runs now, and not ended.
    running: HashMap<u64, Begun>,
    /// The same of earlier processes, and those that were lost sight of.
    adrift: BTreeMap<u64, Begun>,
    /// Those that are started once, by step and the host on which that is, while it is not settled there.
    once: HashMap<(StepId, String), Vec<Former>>,
    /// The hosts that any of them ran on.
    hosts: HashSet<String>,
}

impl Operations {
    /// Takes `event` in.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::CommandStarted {
                operation,
                step,
                host,
                command,
                detached: true,
                once,
                branch,
                ..
            } => {
                let begun = Begun {
                    step: step.clone(),
                    host: host.clone(),
                    command: command.clone(),
                    once: *once,
                    branch: branch.as_ref().unwrap_or(host).clone(),
                };
                if let (true, Some(step)) = (once, step) {
                    let branch = branch.as_ref().unwrap_or(host);
                    let all = self.once.entry((step.clone(), branch.clone())).or_default();
                    all.push(Former {
                        operation: *operation,
                        host: host.clone(),
                        command: command.clone(),
                        outcome: None,
                    });
                }
                if !self.hosts.contains(host) {
                    self.hosts.insert(host.clone());
                }
                self.running.insert(*operation, begun);
            }
            Event::CommandEnded {
                operation, outcome, ..
            } => self.ended(*operation, outcome),
            Event::Resumed { .. } => self.adrift.extend(self.running.drain()),
            Event::StepFinished { step, host, .. } => self.settled(step, host),
            // What failed is tried again as a whole, what was cut off goes on.
            Event::StepFailed { step, host, error } if !error.is_cut_off() => {
                self.settled(step, host);
            }
            _ => {}
        }
    }

    fn ended(&mut self, operation: u64, outcome: &Outcome) {
        let Some(begun) = self
            .running
            .remove(&operation)
            .or_else(|| self.adrift.remove(&operation))
        else {
            return;
        };
        if let (true, Some(step)) = (begun.once, &begun.step)
            && let Some(all) = self.once.get_mut(&(step.clone(), begun.branch.clone()))
            && let Some(former) = all.iter_mut().find(|one| one.operation == operation)
        {
            former.outcome = Some(outcome.clone());
        }
        if matches!(outcome, Outcome::Unknown { .. }) {
            self.adrift.insert(operation, begun);
        }
    }

    fn settled(&mut self, step: &StepId, host: &str) {
        if !self.once.is_empty() {
            self.once.remove(&(step.clone(), host.to_owned()));
        }
    }

    /// Whether any of them ran on `host`.
    pub fn were_on(&self, host: &str) -> bool {
        self.hosts.contains(host)
    }

    /// Whether the command `operation` may still end.
    pub fn is_open(&self, operation: u64) -> bool {
        self.adrift.contains_key(&operation)
    }

    /// The commands that may still run though nobody follows them, by number.
    pub fn adrift(&self) -> &BTreeMap<u64, Begun> {
        &self.adrift
    }

    /// The `nth` start, from 0, of `command` on `host`, in `step` on `branch`, if it is on record.
    pub fn former(
        &self,
        step: &StepId,
        branch: &str,
        host: &str,
        command: &str,
        nth: usize,
    ) -> Option<&Former> {
        let all = self.once.get(&(step.clone(), branch.to_owned()))?;
        let mut same = all.iter().filter(|one| {
            one.host == host
                && one.command == command
                && !matches!(one.outcome, Some(Outcome::NotStarted { .. }))
        });
        same.nth(nth)
    }
}
