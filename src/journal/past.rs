//! The runs on record, seen together: which did not complete, and which of them to go on with.

use std::path::Path;

use super::event::{Ending, Event, Record};
use super::history::History;
use super::runs::{self, Summary};
use crate::error::{Error, Result};

/// What stands for the script in runs whose lines were typed; scripts are absolute, or below `scripts/`.
pub const TYPED: [&str; 2] = ["repl", "eval"];

/// A run, as far as it matters for those after it.
#[derive(Debug, Clone)]
pub struct Past {
    /// Where it is.
    pub summary: Summary,
    /// Its script, as the operator named it; absolute where it is a file.
    pub script: String,
    /// What its `--limit` said; empty for all hosts.
    pub limit: Vec<String>,
    /// How the process that worked on it last ended; `None` if it was killed, or works still.
    pub ending: Option<Ending>,
    /// Whether it ran to its end on all its hosts.
    pub complete: bool,
    /// Whether it ran a command that changes a host.
    pub changed: bool,
    /// When its last event was.
    pub last: jiff::Timestamp,
}

impl Past {
    /// What `records`, the whole journal of `summary`, come to.
    fn of(summary: Summary, records: &[Record]) -> Option<Self> {
        let Event::RunStarted { script, limit, .. } = &records.first()?.event else {
            return None;
        };
        let mut history = History::default();
        for record in records {
            // They were checked when they were read back.
            history.apply(record).ok()?;
        }
        Some(Self {
            summary,
            script: script.clone(),
            limit: limit.clone(),
            ending: history.ending(),
            complete: history.is_complete(),
            changed: records
                .iter()
                .any(|record| matches!(record.event, Event::CommandStarted { changes: true, .. })),
            last: records.last()?.time,
        })
    }

    /// Its state in a word or two.
    pub fn state(&self) -> &'static str {
        match self.ending {
            Some(Ending::Completed) if self.complete => "completed",
            Some(Ending::Completed) => "hosts left out",
            Some(Ending::Failed) => "failed",
            Some(Ending::Stopped) => "stopped",
            None => "unfinished",
        }
    }

    /// Whether its lines were typed: there is nothing that could be gone on with.
    pub fn is_typed(&self) -> bool {
        TYPED.contains(&self.script.as_str())
    }

    /// Itself in one line: id, script, state.
    pub fn line(&self) -> String {
        let changed = if self.changed {
            ""
        } else {
            ", changed nothing"
        };
        let Self {
            summary, script, ..
        } = self;
        format!("{} ({script}, {}{changed})", summary.run, self.state())
    }

    /// Whether a later run of the same script completed on the same hosts, so that nothing of this one is left to do.
    fn is_made_good(&self, all: &[Self]) -> bool {
        all.iter().any(|other| {
            other.complete
                && other.script == self.script
                && (other.limit.is_empty() || other.limit == self.limit)
                && other.summary.cluster == self.summary.cluster
                && other.summary.run > self.summary.run
        })
    }
}

/// All runs on record, the oldest first.
#[derive(Debug, Default)]
pub struct Pasts {
    /// Those that can be read.
    pub runs: Vec<Past>,
    /// The others, and why they cannot.
    pub damaged: Vec<(Summary, Error)>,
}

impl Pasts {
    /// Reads all runs below `root`; of one cluster if `cluster` is given.
    ///
    /// # Errors
    /// If a directory cannot be read.
    pub fn read(root: &Path, cluster: Option<&str>) -> Result<Self> {
        let mut pasts = Self::default();
        for summary in runs::list(root, cluster)? {
            match summary.read() {
                Ok((records, _)) => pasts.runs.extend(Past::of(summary, &records)),
                Err(error) => pasts.damaged.push((summary, error)),
            }
        }
        Ok(pasts)
    }

    /// The runs that did not complete, the one to go on with first: one that changed something
    /// before one that only looked, then the latest.
    ///
    /// A run is left out when a later one of the same script completed: to go on with it would do
    /// again what is done.
    pub fn open(&self) -> Vec<&Past> {
        let mut open: Vec<&Past> = self
            .runs
            .iter()
            .filter(|run| !run.complete && !run.is_typed() && !run.is_made_good(&self.runs))
            .collect();
        open.sort_by_key(|run| std::cmp::Reverse((run.changed, &run.summary.run)));
        open
    }

    /// The runs that changed `run`'s cluster after it did anything last.
    pub fn changed_since(&self, run: &Past) -> Vec<&Past> {
        self.runs
            .iter()
            .filter(|other| {
                other.changed
                    && other.summary.cluster == run.summary.cluster
                    && other.last > run.last
            })
            .collect()
    }

    /// The run that was at work last.
    pub fn latest(&self) -> Option<&Past> {
        self.runs.iter().max_by_key(|run| run.last)
    }

    /// The run called `wanted`, or the only one whose id begins so.
    ///
    /// # Errors
    /// If there is none, or several begin with `wanted`; if it is damaged.
    pub fn named(&self, wanted: &str) -> Result<&Past> {
        let ids = |run: &&Past| run.summary.run.starts_with(wanted);
        let found: Vec<&Past> = self.runs.iter().filter(ids).collect();
        if let Some(exact) = found.iter().find(|run| run.summary.run == wanted) {
            return Ok(exact);
        }
        match found[..] {
            [one] => Ok(one),
            [] if let Some((_, error)) = self
                .damaged
                .iter()
                .find(|(it, _)| it.run.starts_with(wanted)) =>
            {
                Err(error.clone())
            }
            [] => Err(
                Error::invalid(format!("run `{wanted}`"), "there is none of that name")
                    .with_hint("`ocpdg log --list` shows the runs"),
            ),
            _ => {
                let names: Vec<&str> = found.iter().map(|run| run.summary.run.as_str()).collect();
                let names = names.join(", ");
                Err(Error::invalid(
                    format!("run `{wanted}`"),
                    format!("could be any of {names}"),
                ))
            }
        }
    }
}
