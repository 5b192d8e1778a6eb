//! One process's work on a run, new or resumed, whoever looks on: put together, let go, put on record.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::bindings::Cluster;
use super::runtime::{Failure, Loaded, Runtime, Script};
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
    /// The script.
    pub script: Script,
    /// The runtime that loaded it.
    pub runtime: Runtime,
    /// The script as loaded.
    pub loaded: Loaded,
    /// Parameters given by name.
    pub parameters: Map<String, Value>,
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

impl Session {
    /// Runs the script on the hosts that `cluster` makes for the observer of their commands, but not on those
    /// `left_out`; `judge` may say otherwise how it ended, before that is put on record.
    ///
    /// # Errors
    /// The journal's own failures; those of the script are in the outcome.
    pub fn go(
        self,
        company: Company,
        left_out: &[String],
        cluster: impl FnOnce(&Arc<dyn Observer>, &Journal) -> Cluster,
        judge: impl FnOnce(std::result::Result<(), Failure>) -> std::result::Result<(), Failure>,
    ) -> Result<Outcome> {
        let journal = Arc::new(self.journal);
        for host in left_out {
            journal.append(Event::LeftOut { host: host.clone() })?;
        }
        let recorder = Arc::new(Recorder::new(
            Arc::clone(&journal),
            Arc::clone(&company.display),
            journal.last_operation(),
        ));
        let names = self.loaded.parameters.iter().map(|one| one.name.clone());
        let options = Options {
            forks: self.forks,
            parameters: self.parameters,
            known: names.collect(),
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
        let hosts = cluster.all.targets();
        let master = cluster.all.named(&cluster.first_master);
        if let (Some(marked), Some(master)) = (&marked, master) {
            marked.on(master.host());
        }
        runtime.attach(&run, &cluster);
        let ended = run
            .catch_up(&hosts)
            .map_err(Failure::from)
            .and_then(|()| runtime.run(&self.script, &self.loaded));
        let ended = judge(ended).and_then(|()| match run.never_met() {
            None => Ok(()),
            Some(from) => Err(Failure::from(Error::invalid(
                format!("`--from {from}`"),
                "the script ended without coming to that phase: none was executed",
            ))),
        });
        if let Some(marked) = &marked {
            marked.release()?;
        }
        let changes = run.changes();
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
        journal.append(Event::RunEnded {
            ending,
            changes,
            error,
        })?;
        // Only now: what was on record of them is on disk.
        run.sweep(&hosts, ended.is_ok());
        Ok(Outcome {
            journal,
            ended,
            halted: run.halted(),
            changes,
        })
    }
}
