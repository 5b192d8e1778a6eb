//! A step: done once per host, recorded, and replayed from the record ever after.

use std::sync::Arc;

use serde_json::Value;

use super::run::Run;
use super::watch::{Decision, Ended, FailedStep};
use super::{context, fan};
use crate::error::{Error, Kind};
use crate::journal::{self, Event, StepId};
use crate::primitive::Host;
use crate::transport::interrupt;

/// The name that stands for the controller where a step has no hosts.
pub const CONTROLLER: &str = "-";

/// An error type that can be told to the journal.
pub trait Describe {
    /// The error as an operator sees it.
    fn describe(&self) -> Error;

    /// Whether it is no failure but control flow that has to travel on untouched.
    fn is_control_flow(&self) -> bool {
        false
    }
}

/// How a step failed.
#[derive(Debug)]
pub enum StepError<E> {
    /// The step itself could not be opened or recorded, or some of its hosts failed.
    Failed(Error),
    /// The caller's own: control flow, or what the work of a step without hosts failed with.
    Own(E),
}

impl<E: Describe> StepError<E> {
    /// What failed; the caller's own control flow again.
    fn failure(self) -> Result<Error, Self> {
        match self {
            Self::Failed(error) => Ok(error),
            Self::Own(own) if own.is_control_flow() => Err(Self::Own(own)),
            Self::Own(own) => Ok(own.describe()),
        }
    }
}

/// Whether a step that ended with `error` was cut off rather than failed: it goes on with what it has.
fn leaves_open<E: Describe>(error: &StepError<E>) -> bool {
    match error {
        StepError::Failed(error) => error.is_cut_off(),
        StepError::Own(own) => !own.is_control_flow() && own.describe().is_cut_off(),
    }
}

/// Puts `value` down as that of the host called `name`.
fn settle(hosts: &[Host], values: &mut [Option<Arc<Value>>], name: &str, value: Arc<Value>) {
    let mut pairs = hosts.iter().zip(values);
    if let Some((_, place)) = pairs.find(|(host, _)| host.name() == name) {
        *place = Some(value);
    }
}

impl<E> From<Error> for StepError<E> {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Run {
    /// Does `work` on each of `hosts` as the step `title`, unless the journal has it already, and
    /// returns each host's value in the order of `hosts`.
    ///
    /// Hosts run side by side, one after the other if `serial`. All of them finish; then every
    /// failure is reported at once. With `serial`, the first failure ends the step.
    ///
    /// # Errors
    /// [`Kind::Hosts`] with every failure; a step inside a step.
    pub fn step<E: Describe + Send>(
        &self,
        title: &str,
        hosts: &[Host],
        serial: bool,
        work: &(dyn Fn(&Host) -> Result<Value, E> + Sync),
    ) -> Result<Vec<(String, Arc<Value>)>, StepError<E>> {
        let step = self.open(title)?;
        let mut values: Vec<Option<Arc<Value>>> = hosts
            .iter()
            .map(|host| self.journal.finished(&step, host.name()))
            .collect();
        let named = |values: &[Option<Arc<Value>>], finished: bool| -> Vec<&str> {
            let pairs = hosts.iter().zip(values);
            pairs
                .filter(|(_, value)| value.is_some() == finished)
                .map(|(host, _)| host.name())
                .collect()
        };
        self.display
            .step(&step, &named(&values, false), &named(&values, true));
        while values.iter().any(Option::is_none) {
            let open: Vec<Host> = hosts
                .iter()
                .zip(&values)
                .filter(|(_, value)| value.is_none())
                .map(|(host, _)| host.clone())
                .collect();
            let mut failures = Vec::new();
            let results = self.attempt(&step, &open, serial, work);
            for (host, result) in open.iter().zip(results) {
                match result {
                    Ok(value) => settle(hosts, &mut values, host.name(), value),
                    Err(error) => match error.failure() {
                        Ok(error) => failures.push((host.name().to_owned(), error)),
                        Err(other) => {
                            self.display.step_ended();
                            return Err(other);
                        }
                    },
                }
            }
            if failures.is_empty() {
                continue;
            }
            if self.gives_up(&step, &failures)? {
                return Err(Error::new(Kind::Hosts {
                    action: format!("step `{}`", step.title),
                    failures,
                })
                .into());
            }
            // Those that were skipped have nothing on record now, as their value.
            for (host, _) in &failures {
                if let Some(value) = self.journal.finished(&step, host) {
                    settle(hosts, &mut values, host, value);
                }
            }
        }
        self.display.step_ended();
        let names = hosts.iter().map(|host| host.name().to_owned());
        Ok(names
            .zip(values.into_iter().map(Option::unwrap_or_default))
            .collect())
    }

    /// Does `work` on `open`, the hosts on which `step` is; as many results come back as were begun.
    fn attempt<E: Describe + Send>(
        &self,
        step: &Arc<StepId>,
        open: &[Host],
        serial: bool,
        work: &(dyn Fn(&Host) -> Result<Value, E> + Sync),
    ) -> Vec<Result<Arc<Value>, StepError<E>>> {
        let mut inner = context::current();
        inner.step = Some(Arc::clone(step));
        let one = |host: &Host| {
            let done = self.on_one(step, host.name(), || work(host));
            if !matches!(&done, Err(error) if leaves_open(error)) {
                host.release();
            }
            done
        };
        context::within(inner, || {
            if !serial {
                return fan::out(open, self.forks(), self.clock(), &one);
            }
            let mut results = Vec::new();
            for host in open {
                results.extend(fan::out(std::slice::from_ref(host), 1, self.clock(), &one));
                if matches!(results.last(), Some(Err(_))) {
                    break;
                }
            }
            results
        })
    }

    /// Whether the run stops because `step` failed with `failures`, as the operator decides; what counts as done
    /// instead is on record then.
    fn gives_up(&self, step: &Arc<StepId>, failures: &[(String, Error)]) -> Result<bool, Error> {
        self.display.step_ended();
        let stopped = failures.iter().any(|(_, error)| error.is_stop());
        if stopped || interrupt::requested() {
            return Ok(true);
        }
        let names: Vec<&str> = failures.iter().map(|(host, _)| host.as_str()).collect();
        match self.operator.decide(&FailedStep { step, failures })? {
            Decision::Stop => return Ok(true),
            Decision::Retry => {
                self.record(&format!("`{step}` is tried again on {}", names.join(", ")))?;
                for host in &names {
                    self.recorder.forget(step, host);
                }
            }
            Decision::Skip { reason } => {
                for host in &names {
                    self.journal.append(Event::StepSkipped {
                        step: (**step).clone(),
                        host: (*host).to_owned(),
                        operator: journal::operator(),
                        reason: reason.clone(),
                    })?;
                }
            }
        }
        Ok(false)
    }

    /// Does `work` once, as the step `title` of no host in particular, unless the journal has it.
    ///
    /// # Errors
    /// What `work` failed with, as it is; a step inside a step.
    pub fn controller_step<E: Describe>(
        &self,
        title: &str,
        work: impl Fn() -> Result<Value, E>,
    ) -> Result<Arc<Value>, StepError<E>> {
        let step = self.open(title)?;
        if let Some(value) = self.journal.finished(&step, CONTROLLER) {
            self.display.step(&step, &[], &[CONTROLLER]);
            return Ok(value);
        }
        self.display.step(&step, &[CONTROLLER], &[]);
        let mut inner = context::current();
        inner.step = Some(Arc::clone(&step));
        loop {
            let done = context::within(inner.clone(), || self.on_one(&step, CONTROLLER, &work));
            let own = match done {
                Err(StepError::Own(own)) if !own.is_control_flow() => own,
                settled => {
                    self.display.step_ended();
                    return settled;
                }
            };
            let failures = [(CONTROLLER.to_owned(), own.describe())];
            if self.gives_up(&step, &failures)? {
                return Err(StepError::Own(own));
            }
            if let Some(value) = self.journal.finished(&step, CONTROLLER) {
                return Ok(value);
            }
        }
    }

    /// Names the step `title` at this place of the procedure.
    fn open(&self, title: &str) -> Result<Arc<StepId>, Error> {
        let here = context::current();
        let refused = |reason: String| Error::invalid(format!("step `{title}`"), reason);
        self.may_go_on()?;
        if let Some(step) = &here.step {
            return Err(refused(format!(
                "begins inside step `{}`; a step is the unit that `resume` repeats and cannot hold another",
                step.title
            )));
        }
        if here.host.is_some() {
            return Err(refused(
                "begins inside a parallel branch; give the step its hosts instead".to_owned(),
            ));
        }
        let phase = here.phase.as_deref().unwrap_or_default().to_owned();
        let mut met = self.met.lock().expect("no panic while counting");
        let occurrence = met.entry((phase.clone(), title.to_owned())).or_default();
        *occurrence += 1;
        Ok(Arc::new(StepId {
            phase,
            title: title.to_owned(),
            occurrence: *occurrence,
        }))
    }

    /// Records the beginning, does `work`, records the end.
    fn on_one<E: Describe>(
        &self,
        step: &Arc<StepId>,
        host: &str,
        work: impl FnOnce() -> Result<Value, E>,
    ) -> Result<Arc<Value>, StepError<E>> {
        if interrupt::requested() {
            return Err(Error::stopped("interrupted before it began").into());
        }
        let started = self.clock.reading();
        self.journal.append(Event::StepStarted {
            step: (**step).clone(),
            host: host.to_owned(),
        })?;
        let inner = context::Context {
            branch: Some(host.into()),
            ..context::current()
        };
        match context::within(inner, work) {
            Ok(value) => {
                let value = Arc::new(value);
                let changes = self.recorder.changes_in(step, host);
                self.journal.append(Event::StepFinished {
                    step: (**step).clone(),
                    host: host.to_owned(),
                    value: Arc::clone(&value),
                    changed: changes > 0,
                })?;
                self.display.ended(
                    step,
                    host,
                    Ended::Done { changes },
                    self.clock.since(started),
                );
                Ok(value)
            }
            Err(flow) if flow.is_control_flow() => Err(StepError::Own(flow)),
            Err(own) => {
                let error = own.describe();
                self.journal.append(Event::StepFailed {
                    step: (**step).clone(),
                    host: host.to_owned(),
                    error: error.clone(),
                })?;
                self.display
                    .ended(step, host, Ended::Failed(&error), self.clock.since(started));
                Err(StepError::Own(own))
            }
        }
    }
}
