//! One process's work on a run, new or resumed, whoever looks on: put together, let go, put on record.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::bindings::Cluster;
use super::loaded::Loaded;
use super::runtime::{Failure, Runtime};
use super::text::Script;
use crate::error::{Error, Result};
use crate::journal::{Ending, Event, Journal};
use crate::primitive::Observer;
use crate::procedure::{Display, Marked, Operator, Options, Recorder, Rules, Run, Span};
use crate::transport::clock::Clock;
use crate::transport::interrupt;

/// What a process goes on with.
pub struct Session {
    /// The journal, with the event in it that this process begins with.
    pub journal: Journal,
    /// The runtime that its script was loaded by, or that its lines will be.
    pub runtime: Runtime,
    /// Parameters given by name.
    pub parameters: Map<String, Value>,
    /// The names of all parameters that there are.
    pub known: Vec<String>,
    /// Hosts worked on side by side, at most.
    pub forks: usize,
    /// Which phases are executed.
    pub span: Span,
    /// How the first master is marked before anything is changed; `None` if it is not.
    pub mark: Option<Rules>,
}

/// Who looks on, who answers, and what time it is.
pub struct Company {
    /// Shows what goes on.
    pub display: Arc<dyn Display>,
    /// Answers questions.
    pub operator: Arc<dyn Operator>,
    /// The clock of the hosts.
    pub clock: Arc<dyn Clock>,
}

/// How it went.
pub struct Outcome {
    /// The journal, with the end of the run in it.
    pub journal: Arc<Journal>,
    /// Whether the script reached its end.
    pub ended: std::result::Result<(), Failure>,
    /// The phase after which it stopped because that was wanted.
    pub halted: Option<String>,
    /// How many commands changed something.
    pub changes: u64,
}

/// A run that is put together: scripts can work for it, until it is ended. Cheap to copy.
#[derive(Clone)]
pub struct Assembled {
    /// Its journal.
    pub journal: Arc<Journal>,
    /// The run.
    pub run: Arc<Run>,
    /// The hosts that scripts can name.
    pub cluster: Cluster,
    marked: Option<Arc<Marked>>,
}

impl Session {
    /// Puts the run together, and lets the runtime work for it: on the hosts that `cluster` makes for the observer of
    /// their commands, but not on those `left_out`.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn assemble(
        self,
        company: Company,
        left_out: &[String],
        cluster: impl FnOnce(&Arc<dyn Observer>, &Journal) -> Cluster,
    ) -> Result<(Runtime, Assembled)> {
        let journal = Arc::new(self.journal);
        for host in left_out {
            journal.append(Event::LeftOut { host: host.clone() })?;
        }
        let recorder = Arc::new(Recorder::new(
            Arc::clone(&journal),
            Arc::clone(&company.display),
            journal.last_operation(),
        ));
        let options = Options {
            forks: self.forks,
            parameters: self.parameters,
            known: self.known,
            span: self.span,
        };
        let marked = self.mark.map(|rules| {
            Arc::new(Marked::new(
                Arc::clone(&recorder),
                Arc::clone(&journal),
                Arc::clone(&company.display),
                Arc::clone(&company.operator),
                rules,
            ))
        });
        let run = Arc::new(Run::new(
            Arc::clone(&journal),
            Arc::clone(&recorder),
            company.display,
            company.operator,
            company.clock,
            options,
        ));
        let observer = match &marked {
            Some(marked) => Arc::clone(marked) as Arc<dyn Observer>,
            None => recorder as Arc<dyn Observer>,
        };
        let mut runtime = self.runtime;
        let cluster = cluster(&observer, &journal);
        let master = cluster.all.named(&cluster.first_master);
        if let (Some(marked), Some(master)) = (&marked, master) {
            marked.on(master.host());
        }
        runtime.attach(&run, &cluster);
        let assembled = Assembled {
            journal,
            run,
            cluster,
            marked,
        };
        Ok((runtime, assembled))
    }
}

impl Assembled {
    /// Lets `runtime` run `script` to its end, once what earlier processes left under way is.
    ///
    /// # Errors
    /// [`Failure`] with the trace and the excerpt.
    pub fn play(
        &self,
        runtime: &Runtime,
        script: &Script,
        loaded: &Loaded,
    ) -> std::result::Result<(), Failure> {
        let hosts = self.cluster.all.targets();
        self.run
            .catch_up(&hosts)
            .map_err(Failure::from)
            .and_then(|()| runtime.run(script, loaded))?;
        match self.run.never_met() {
            None => Ok(()),
            Some(from) => Err(Failure::from(Error::invalid(
                format!("`--from {from}`"),
                "the script ended without coming to that phase: none was executed",
            ))),
        }
    }

    /// Puts on record how the run `ended`, and tidies the hosts up.
    ///
    /// # Errors
    /// The journal's own failures; those of the script are in the outcome.
    pub fn end(&self, ended: std::result::Result<(), Failure>) -> Result<Outcome> {
        if let Some(marked) = &self.marked {
            marked.release()?;
        }
        let changes = self.run.changes();
        let (ending, error) = match &ended {
            Ok(()) => (Ending::Completed, None),
            Err(failure) => {
                let ending = match failure.trace.error.is_stop() || interrupt::requested() {
                    true => Ending::Stopped,
                    false => Ending::Failed,
                };
                (ending, Some(failure.trace.error.clone()))
            }
        };
        self.journal.append(Event::RunEnded {
            ending,
            changes,
            error,
        })?;
        // Only now: what was on record of them is on disk.
        self.run.sweep(&self.cluster.all.targets(), ended.is_ok());
        Ok(Outcome {
            journal: Arc::clone(&self.journal),
            ended,
            halted: self.run.halted(),
            changes,
        })
    }
}
