//! A phase: executed in its turn, or left out with what it returned on record.

use std::collections::HashMap;
use std::sync::MutexGuard;

use serde_json::Value;

use super::context;
use super::run::Run;
use super::watch::Level;
use crate::error::{Error, Result};
use crate::journal::Event;

/// How a phase was gone through.
#[derive(Debug)]
pub enum Passage<T> {
    /// It was executed.
    Done(T),
    /// It was not: it returned this when it was.
    Recorded(Value),
}

/// How far a run has come through its phases.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// How often each title was met.
    phases: HashMap<String, u32>,
    /// Whether the first one that is executed was met.
    reached: bool,
    /// Whether the open one set parameters.
    pub(super) settles: bool,
    /// The last one that is executed, once it is at its end.
    halted: Option<String>,
}

impl Run {
    /// Runs `body` as the phase `title`, unless it comes before the first one that is to be executed;
    /// `keep` turns what it returns into what is put on record.
    ///
    /// # Errors
    /// Whatever `body` returns; a phase inside a phase; one that would be left out and whose value is on
    /// no record; a stop after the last one that is to be executed; the journal's own failures.
    pub fn phase<T, E: From<Error>>(
        &self,
        title: &str,
        body: impl FnOnce() -> std::result::Result<T, E>,
        keep: impl FnOnce(&T) -> std::result::Result<Value, String>,
    ) -> std::result::Result<Passage<T>, E> {
        let outer = context::current();
        if let Some(open) = &outer.phase {
            return Err(Error::invalid(
                format!("phase `{title}`"),
                format!("begins inside phase `{open}`; phases stand one after the other"),
            )
            .into());
        }
        self.may_go_on()?;
        if let Some(value) = self.left_out(title)? {
            return Ok(Passage::Recorded(value));
        }
        self.journal.append(Event::PhaseStarted {
            title: title.to_owned(),
        })?;
        self.display.phase(title);
        let inner = context::Context {
            phase: Some(title.into()),
            ..outer
        };
        self.way().settles = false;
        let done = context::within(inner, body)?;
        let kept = match self.way().settles {
            true => Err("it sets parameters, with `settings`".to_owned()),
            false => keep(&done),
        };
        let (value, lacking) = match kept {
            Ok(value) => (Some(value), None),
            Err(why) => (None, Some(why)),
        };
        self.journal.append(Event::PhaseFinished {
            title: title.to_owned(),
            value,
            lacking,
        })?;
        if self.options.span.to.as_deref() == Some(title) {
            self.way().halted = Some(title.to_owned());
        }
        self.may_go_on()?;
        Ok(Passage::Done(done))
    }

    /// What the phase `title` returned earlier, if it comes before the first one that is executed.
    fn left_out(&self, title: &str) -> Result<Option<Value>> {
        let span = &self.options.span;
        let number = {
            let mut way = self.way();
            let number = way.phases.entry(title.to_owned()).or_default();
            *number += 1;
            let number = *number;
            way.reached |= span.from.as_deref().is_none_or(|from| from == title);
            if way.reached {
                return Ok(None);
            }
            number
        };
        if span.to.as_deref() == Some(title) {
            return Err(Error::invalid(
                format!("`--to {title}`"),
                format!(
                    "comes before `--from {}`",
                    span.from.as_deref().unwrap_or_default()
                ),
            ));
        }
        let value = span.recorded(title, number)?;
        self.journal.append(Event::PhaseLeftOut {
            title: title.to_owned(),
            value: value.clone(),
        })?;
        self.display.phase(title);
        let text = "not executed, as `--from` says: what it returned is on record";
        self.display.note(Level::Note, None, text);
        Ok(Some(value))
    }

    /// Refuses to go on after the last phase that is to be executed.
    pub(super) fn may_go_on(&self) -> Result<()> {
        match self.halted() {
            Some(title) => Err(Error::stopped(format!(
                "after phase `{title}`, as `--to` says"
            ))),
            None => Ok(()),
        }
    }

    /// The last phase that was to be executed, if it was.
    pub fn halted(&self) -> Option<String> {
        self.way().halted.clone()
    }

    /// The first phase that was to be executed, if the script never came to it.
    pub fn never_met(&self) -> Option<&str> {
        let from = self.options.span.from.as_deref()?;
        (!self.way().reached).then_some(from)
    }

    pub(super) fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().expect("no panic while holding it")
    }
}
