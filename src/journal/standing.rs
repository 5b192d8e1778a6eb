//! How a run stands: what of its steps is done, what is open, what is under way.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::event::{Ending, Event, Record, StepId};

/// What the records of a run come to, for who looks at it.
#[derive(Debug, Default)]
pub struct Standing {
    /// Each step with its hosts, in the order they were met.
    pub steps: Vec<(StepId, Vec<OnHost>)>,
    /// The titles of its phases, in the order they were met, each once.
    pub phases: Vec<String>,
    /// The phase that is open.
    pub phase: Option<(String, jiff::Timestamp)>,
    /// The hosts that the last process left out.
    pub left_out: Vec<String>,
    /// Commands that began and did not end, by number.
    pub commands: BTreeMap<u64, UnderWay>,
    /// What is waited for, by the host that it is about; without one, the script waits.
    pub waits: BTreeMap<Option<String>, Wait>,
    /// The question that waits for its answer.
    pub asked: Option<(String, jiff::Timestamp)>,
    /// Who works on it, or did last, and since when.
    pub operator: String,
    /// When that began.
    pub since: Option<jiff::Timestamp>,
    /// When the last event was.
    pub last: Option<jiff::Timestamp>,
    /// How its last process ended it.
    pub ending: Option<Ending>,
    places: HashMap<StepId, usize>,
}

/// A step on one host.
#[derive(Debug, Clone)]
pub struct OnHost {
    /// The host.
    pub host: String,
    /// How far it is.
    pub state: State,
    /// Since when.
    pub since: jiff::Timestamp,
}

/// How far a step is on one host.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It began, and is at work, or was when its process died.
    Open,
    /// It failed.
    Failed(String),
    /// It is done, and returned this.
    Finished(Value),
    /// It counts as done by hand.
    Skipped,
}

impl State {
    /// Whether `resume` does it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Failed(_))
    }
}

/// A command that began and did not end.
#[derive(Debug, Clone)]
pub struct UnderWay {
    /// Where.
    pub host: String,
    /// The command.
    pub command: String,
    /// Whether it changes something.
    pub changes: bool,
    /// When it began.
    pub since: jiff::Timestamp,
}

/// Something that is waited for.
#[derive(Debug, Clone)]
pub struct Wait {
    /// What.
    pub what: String,
    /// For so long at most.
    pub limit_secs: u64,
    /// Since when.
    pub since: jiff::Timestamp,
}

impl Standing {
    /// What `records` come to.
    pub fn of(records: &[Record]) -> Self {
        let mut standing = Self::default();
        for record in records {
            standing.take(record);
        }
        standing
    }

    /// Takes the next record.
    pub fn take(&mut self, record: &Record) {
        let now = record.time;
        self.last = Some(now);
        match &record.event {
            Event::RunStarted { operator, .. } => self.begun(operator, now),
            Event::Resumed { operator, .. } => {
                self.ending = None;
                self.phase = None;
                self.left_out.clear();
                self.quiet();
                self.begun(operator, now);
            }
            Event::LeftOut { host } => self.left_out.push(host.clone()),
            Event::PhaseStarted { title } => {
                if !self.phases.contains(title) {
                    self.phases.push(title.clone());
                }
                self.phase = Some((title.clone(), now));
            }
            Event::PhaseLeftOut { title, .. } => {
                if !self.phases.contains(title) {
                    self.phases.push(title.clone());
                }
            }
            Event::PhaseFinished { .. } => {
                self.phase = None;
                self.waits.clear();
            }
            Event::StepStarted { step, host } => self.set(step, host, State::Open, now),
            Event::StepFinished {
                step, host, value, ..
            } => self.set(step, host, State::Finished(Value::clone(value)), now),
            Event::StepFailed { step, host, error } => {
                self.set(step, host, State::Failed(error.to_string()), now);
            }
            Event::StepSkipped { step, host, .. } => self.set(step, host, State::Skipped, now),
            Event::CommandStarted {
                operation,
                host,
                command,
                changes,
                ..
            } => {
                let under_way = UnderWay {
                    host: host.clone(),
                    command: command.clone(),
                    changes: *changes,
                    since: now,
                };
                self.commands.insert(*operation, under_way);
            }
            Event::CommandEnded { operation, .. } => drop(self.commands.remove(operation)),
            Event::Waiting {
                host,
                what,
                limit_secs,
            } => {
                let wait = Wait {
                    what: what.clone(),
                    limit_secs: *limit_secs,
                    since: now,
                };
                self.waits.insert(host.clone(), wait);
            }
            Event::Asked { question } => self.asked = Some((question.clone(), now)),
            Event::Confirmed { .. } => self.asked = None,
            Event::RunEnded { ending, .. } => {
                self.ending = Some(*ending);
                self.quiet();
            }
            Event::Noted { .. } | Event::Tabled { .. } => {}
        }
    }

    fn begun(&mut self, operator: &str, now: jiff::Timestamp) {
        operator.clone_into(&mut self.operator);
        self.since = Some(now);
    }

    fn quiet(&mut self) {
        self.commands.clear();
        self.waits.clear();
        self.asked = None;
    }

    fn set(&mut self, step: &StepId, host: &str, state: State, since: jiff::Timestamp) {
        self.waits.remove(&Some(host.to_owned()));
        self.waits.remove(&None);
        let place = match self.places.get(step) {
            Some(place) => *place,
            None => {
                self.places.insert(step.clone(), self.steps.len());
                self.steps.push((step.clone(), Vec::new()));
                self.steps.len() - 1
            }
        };
        let hosts = &mut self.steps[place].1;
        match hosts.iter_mut().find(|on| on.host == host) {
            Some(on) => (on.state, on.since) = (state, since),
            None => hosts.push(OnHost {
                host: host.to_owned(),
                state,
                since,
            }),
        }
    }

    /// The steps that are open, each with the hosts on which they are.
    pub fn open(&self) -> Vec<(&StepId, Vec<&OnHost>)> {
        let open = self.steps.iter().map(|(step, hosts)| {
            let hosts: Vec<&OnHost> = hosts.iter().filter(|on| on.state.is_open()).collect();
            (step, hosts)
        });
        open.filter(|(_, hosts)| !hosts.is_empty()).collect()
    }
}
