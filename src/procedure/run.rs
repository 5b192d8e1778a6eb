//! A run: its journal, its watchers, its answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value};

use super::context;
use super::phase::Way;
use super::recorder::Recorder;
use super::span::Span;
use super::watch::{Display, Level, Operator, Question};
use crate::error::{Error, Result};
use crate::journal::{Event, Journal};
use crate::transport::clock::Clock;

/// One execution of a procedure, new or resumed.
pub struct Run {
    pub(super) journal: Arc<Journal>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) display: Arc<dyn Display>,
    pub(super) operator: Arc<dyn Operator>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: Options,
    /// Parameters that the script itself set.
    settled: Mutex<Map<String, Value>>,
    /// How often each step title was met in each phase so far, so that each has a name of its own.
    pub(super) met: Mutex<HashMap<(String, String), u32>>,
    pub(super) way: Mutex<Way>,
}

/// What the operator chose for this run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Hosts worked on side by side, at most.
    pub forks: usize,
    /// Parameters given by name (`--set`); they stand over a script's defaults.
    pub parameters: Map<String, Value>,
    /// The names of all parameters that the script and its modules declare.
    pub known: Vec<String>,
    /// Which phases are executed.
    pub span: Span,
}

impl Run {
    /// A run that records in `journal` and is timed by `clock`.
    pub fn new(
        journal: Arc<Journal>,
        recorder: Arc<Recorder>,
        display: Arc<dyn Display>,
        operator: Arc<dyn Operator>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Self {
        Self {
            journal,
            recorder,
            display,
            operator,
            clock,
            options,
            settled: Mutex::default(),
            met: Mutex::default(),
            way: Mutex::default(),
        }
    }

    /// The id of this run.
    pub fn id(&self) -> &str {
        self.journal.run()
    }

    /// The directory on the controller where this run keeps copies of the hosts' files.
    pub fn files(&self) -> std::path::PathBuf {
        self.journal.files()
    }

    /// The clock of the hosts: the machine's own, or that of a simulated cluster.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Waits for `time`, and notices Ctrl-C at once.
    ///
    /// # Errors
    /// `Stopped` when the operator asked to stop.
    pub fn pause(&self, time: Duration) -> Result<()> {
        if self.clock.wait(time) {
            return Ok(());
        }
        Err(Error::stopped("interrupted while waiting"))
    }

    /// Hosts worked on side by side, at most.
    pub fn forks(&self) -> usize {
        self.options.forks.max(1)
    }

    /// Who shows what goes on.
    pub fn display(&self) -> &dyn Display {
        &*self.display
    }

    /// Puts on record that `what` is waited for from now on, for at most `limit`.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn begins_to_wait(&self, what: &str, limit: Duration) -> Result<()> {
        self.journal.append(Event::Waiting {
            host: context::current().host.as_deref().map(str::to_owned),
            what: what.to_owned(),
            limit_secs: limit.as_secs(),
        })
    }

    /// Shows that `what` has been waited for since `since`, for at most `limit`.
    pub fn waiting(&self, what: &str, since: Duration, limit: Duration) {
        let host = context::current().host;
        self.display.waiting(host.as_deref(), what, since, limit);
    }

    /// How many commands that change something this process ran.
    pub fn changes(&self) -> u64 {
        self.recorder.changes()
    }

    /// Asks `question` unless this run has a yes on record that was given for all of its hosts: one
    /// that was left out then is asked about when it is back.
    ///
    /// # Errors
    /// [`Error::stopped`] when the answer is no, or when there is nobody to ask.
    pub fn confirm(&self, question: &Question) -> Result<()> {
        let mut question = question.clone();
        if let Some(answered) = self.journal.confirmed(&question.title) {
            let further: Vec<&str> = question
                .hosts
                .iter()
                .filter(|host| !answered.contains(*host))
                .map(String::as_str)
                .collect();
            if further.is_empty() {
                return Ok(());
            }
            question.details.push(format!(
                "asked again: the answer of before was not given for {}",
                further.join(", ")
            ));
        }
        self.journal.append(Event::Asked {
            question: question.title.clone(),
        })?;
        let answer = self.operator.confirm(&question)?;
        self.journal.append(Event::Confirmed {
            question: question.title.clone(),
            hosts: question.hosts.clone(),
            details: question.details.clone(),
            answer,
        })?;
        if answer {
            return Ok(());
        }
        Err(Error::stopped(format!(
            "the answer to `{}` was no",
            question.title
        )))
    }

    /// Whether the operator is asked what becomes of a step that failed.
    pub fn asks_on_failure(&self) -> bool {
        self.operator.decides()
    }

    /// Says `text` to the operator and to the journal.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn note(&self, level: Level, text: &str) -> Result<()> {
        let host = context::current().host;
        self.journal.append(Event::Noted {
            warning: level == Level::Warning,
            host: host.as_deref().map(str::to_owned),
            text: text.to_owned(),
        })?;
        self.display.note(level, host.as_deref(), text);
        Ok(())
    }

    /// Puts `text` on record, without saying it.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn record(&self, text: &str) -> Result<()> {
        self.journal.append(Event::Noted {
            warning: false,
            host: None,
            text: text.to_owned(),
        })
    }

    /// Shows a table to the operator and puts it on record.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn table(&self, header: &[String], rows: &[Vec<String>]) -> Result<()> {
        self.journal.append(Event::Tabled {
            header: header.to_vec(),
            rows: rows.to_vec(),
        })?;
        self.display.table(header, rows);
        Ok(())
    }

    /// Sets parameters that the operator did not set.
    ///
    /// # Errors
    /// A name that no script of this run knows.
    pub fn settle(&self, values: Map<String, Value>) -> Result<()> {
        let known = &self.options.known;
        if let Some(name) = values.keys().find(|name| !known.contains(name)) {
            return Err(unknown_parameter(name, known));
        }
        self.way().settles = true;
        self.settled
            .lock()
            .expect("no panic while holding it")
            .extend(values);
        Ok(())
    }

    /// The value of parameter `name`: what the operator set, brought to the type of `default`, or
    /// `default`.
    ///
    /// # Errors
    /// A value that is not of that type.
    pub fn parameter(&self, name: &str, default: Value) -> Result<Value> {
        let Some(given) = self.options.parameters.get(name) else {
            let settled = self.settled.lock().expect("no panic while holding it");
            return match settled.get(name) {
                Some(value) if !alike(value, &default) => Err(Error::invalid(
                    format!("parameter `{name}`"),
                    format!("`settings` gives {value}, which is not like its default {default}"),
                )),
                Some(value) => Ok(value.clone()),
                None => Ok(default),
            };
        };
        typed(name, given, &default)
    }
}

/// Whether `a` and `b` are data of one type.
fn alike(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// The error for a parameter `name` that is not one of `known`, with the nearest of them.
pub fn unknown_parameter(name: &str, known: &[String]) -> Error {
    let nearest = known
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    let hint = nearest.map_or_else(
        || "the script has no parameters".to_owned(),
        |nearest| format!("did you mean `{nearest}`? there are: {}", known.join(", ")),
    );
    Error::invalid(format!("parameter `{name}`"), "the script does not have it").with_hint(hint)
}

/// The value `given` for parameter `name`, a text that is brought to the type of `default`.
///
/// # Errors
/// A text that is not of that type.
pub fn typed(name: &str, given: &Value, default: &Value) -> Result<Value> {
    let Value::String(text) = given else {
        return Ok(given.clone());
    };
    let refused = |wanted: &str| {
        Error::invalid(
            format!("parameter `{name}`"),
            format!("`{text}` is not {wanted}"),
        )
        .with_hint(format!("its default is `{default}`"))
    };
    match default {
        Value::Bool(_) => match text.as_str() {
            "true" | "yes" | "1" => Ok(true.into()),
            "false" | "no" | "0" => Ok(false.into()),
            _ => Err(refused("true or false")),
        },
        Value::Number(_) => text
            .parse::<i64>()
            .map(Value::from)
            .map_err(|_| refused("a whole number")),
        Value::Array(_) => Ok(text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect()),
        _ => Ok(given.clone()),
    }
}
