//! Which event may follow which, and what the events so far add up to.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::event::{Ending, Event, Record, StepId};
use super::operations::Operations;

/// The state that a sequence of events leads to.
#[derive(Debug, Default)]
pub struct History {
    records: u64,
    started: bool,
    ended: Option<Ending>,
    resumed: bool,
    /// What each step returned, by host.
    finished: HashMap<StepId, HashMap<String, Arc<Value>>>,
    /// Steps begun and not settled by the process that runs now, each with its hosts.
    open: HashMap<StepId, HashSet<String>>,
    /// Commands begun and not ended by the process that runs now.
    running: HashSet<u64>,
    last_operation: u64,
    operations: Operations,
    /// The questions answered with yes, each with the hosts that it was asked for.
    confirmed: HashMap<String, BTreeSet<String>>,
    left_out: HashSet<String>,
    phase: Option<String>,
}

impl History {
    /// Takes `record` in, or says why it cannot follow what was there.
    ///
    /// # Errors
    /// The reason, as a sentence without a subject.
    pub fn apply(&mut self, record: &Record) -> Result<(), String> {
        if record.number != self.records + 1 {
            return Err(format!(
                "has number {} after {}",
                record.number, self.records
            ));
        }
        self.may_follow(&record.event)?;
        self.records = record.number;
        self.take(&record.event);
        Ok(())
    }

    fn may_follow(&self, event: &Event) -> Result<(), String> {
        match event {
            Event::RunStarted { .. } if self.started => {
                return Err("starts a run that has started".to_owned());
            }
            Event::RunStarted { .. } => return Ok(()),
            _ if !self.started => return Err("comes before the start of the run".to_owned()),
            Event::Resumed { .. } => return Ok(()),
            _ if self.ended.is_some() => return Err("comes after the end of the run".to_owned()),
            _ => {}
        }
        match event {
            Event::PhaseStarted { title } => match &self.phase {
                Some(open) => Err(format!("starts phase `{title}` inside phase `{open}`")),
                None => Ok(()),
            },
            Event::PhaseFinished { title, .. } if self.phase.as_ref() != Some(title) => {
                Err(format!("finishes phase `{title}`, which is not open"))
            }
            Event::StepStarted { step, host } => {
                if self.finished(step, host).is_some() {
                    Err(format!(
                        "starts step `{step}` on `{host}`, which is finished"
                    ))
                } else if self.is_open(step, host) {
                    Err(format!("starts step `{step}` on `{host}`, which is open"))
                } else {
                    Ok(())
                }
            }
            Event::StepSkipped { step, host, .. } if self.finished(step, host).is_some() => Err(
                format!("skips step `{step}` on `{host}`, which is finished"),
            ),
            Event::StepFinished { step, host, .. } | Event::StepFailed { step, host, .. }
                if !self.is_open(step, host) =>
            {
                Err(format!(
                    "settles step `{step}` on `{host}`, which is not open"
                ))
            }
            Event::CommandStarted { operation, .. }
                if *operation == 0 || self.running.contains(operation) =>
            {
                Err(format!("starts command {operation} twice"))
            }
            Event::CommandEnded { operation, .. }
                if !self.running.contains(operation) && !self.operations.is_open(*operation) =>
            {
                Err(format!("ends command {operation}, which does not run"))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, event: &Event) {
        self.operations.take(event);
        match event {
            Event::RunStarted { .. } => self.started = true,
            Event::Resumed { .. } => {
                // Whatever the former process left open is open no more: it is done again.
                self.ended = None;
                self.resumed = true;
                self.phase = None;
                self.open.clear();
                self.running.clear();
                self.left_out.clear();
            }
            Event::LeftOut { host } => {
                self.left_out.insert(host.clone());
            }
            Event::PhaseStarted { title } => self.phase = Some(title.clone()),
            Event::PhaseFinished { .. } => self.phase = None,
            Event::StepStarted { step, host } => match self.open.get_mut(step) {
                Some(hosts) => drop(hosts.insert(host.clone())),
                None => drop(self.open.insert(step.clone(), [host.clone()].into())),
            },
            Event::StepFinished {
                step, host, value, ..
            } => self.settle(step, host, Arc::clone(value)),
            Event::StepSkipped { step, host, .. } => self.settle(step, host, Arc::default()),
            Event::StepFailed { step, host, .. } => self.close(step, host),
            Event::CommandStarted { operation, .. } => {
                self.running.insert(*operation);
                self.last_operation = self.last_operation.max(*operation);
            }
            Event::CommandEnded { operation, .. } => {
                self.running.remove(operation);
            }
            Event::Confirmed {
                question,
                hosts,
                answer,
                ..
            } => {
                if *answer {
                    let answered = self.confirmed.entry(question.clone()).or_default();
                    answered.extend(hosts.iter().cloned());
                } else {
                    self.confirmed.remove(question);
                }
            }
            Event::Noted { .. }
            | Event::Tabled { .. }
            | Event::PhaseLeftOut { .. }
            | Event::Waiting { .. }
            | Event::Asked { .. } => {}
            Event::RunEnded { ending, .. } => self.ended = Some(*ending),
        }
    }

    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The value of `step` on `host`, if it finished.
    pub fn finished(&self, step: &StepId, host: &str) -> Option<&Arc<Value>> {
        self.finished.get(step)?.get(host)
    }

    fn is_open(&self, step: &StepId, host: &str) -> bool {
        self.open
            .get(step)
            .is_some_and(|hosts| hosts.contains(host))
    }

    fn settle(&mut self, step: &StepId, host: &str, value: Arc<Value>) {
        self.close(step, host);
        if !self.finished.contains_key(step) {
            self.finished.insert(step.clone(), HashMap::new());
        }
        if let Some(hosts) = self.finished.get_mut(step) {
            hosts.insert(host.to_owned(), value);
        }
    }

    fn close(&mut self, step: &StepId, host: &str) {
        if let Some(hosts) = self.open.get_mut(step) {
            hosts.remove(host);
        }
    }

    /// The hosts for which `question` was answered with yes; `None` if it was not.
    pub fn confirmed(&self, question: &str) -> Option<&BTreeSet<String>> {
        self.confirmed.get(question)
    }

    /// The commands that outlive their connection.
    pub fn operations(&self) -> &Operations {
        &self.operations
    }

    /// The highest number of a command.
    pub fn last_operation(&self) -> u64 {
        self.last_operation
    }

    /// Whether more than one process worked on it.
    pub fn was_resumed(&self) -> bool {
        self.resumed
    }

    /// How it ended, if it did.
    pub fn ending(&self) -> Option<Ending> {
        self.ended
    }

    /// Whether it ran to its end on all its hosts.
    pub fn is_complete(&self) -> bool {
        self.ended == Some(Ending::Completed) && self.left_out.is_empty()
    }
}
