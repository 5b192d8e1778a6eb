//! The marker on the first master: taken before the first command that changes anything.

use std::sync::{Arc, Mutex, OnceLock};

use super::context::{self, Context};
use super::recorder::{Aside, Recorder};
use super::watch::{Display, Level, Operator, Question};
use crate::error::{Error, Kind, Result};
use crate::journal::{self, Event, Holder, Journal};
use crate::primitive::marker::{self, Claim};
use crate::primitive::{Host, Observer, Started};
use crate::transport::{Command, Effect, Failure, Output, Stream, interrupt};

/// The eye on every command that lets none change anything before the cluster is marked.
///
/// A run that only looks marks nothing.
pub struct Marked {
    recorder: Arc<Recorder>,
    journal: Arc<Journal>,
    display: Arc<dyn Display>,
    operator: Arc<dyn Operator>,
    rules: Rules,
    /// The first master that is worked on.
    host: OnceLock<Host>,
    state: Mutex<State>,
}

/// How the marker is taken.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where it lies.
    pub path: String,
    /// Where the journals of this machine lie.
    pub root: std::path::PathBuf,
    /// Whether the operator wants it even if another has it.
    pub break_lock: bool,
}

enum State {
    Free,
    /// It says this.
    Taken(String),
    /// Another has it.
    Refused(Error),
}

impl Marked {
    /// An eye that takes the marker as `rules` say, in front of `recorder`.
    pub fn new(
        recorder: Arc<Recorder>,
        journal: Arc<Journal>,
        display: Arc<dyn Display>,
        operator: Arc<dyn Operator>,
        rules: Rules,
    ) -> Self {
        Self {
            recorder,
            journal,
            display,
            operator,
            rules,
            host: OnceLock::new(),
            state: Mutex::new(State::Free),
        }
    }

    /// The marker lies on `host`; the first answer holds.
    pub fn on(&self, host: &Host) {
        let aside = Arc::new(Aside(Arc::clone(&self.recorder)));
        self.host.get_or_init(|| host.observed_by(aside));
    }

    /// Takes the marker, unless this process has it.
    fn take(&self) -> Result<()> {
        let Some(host) = self.host.get() else {
            return Ok(());
        };
        let mut state = self.state.lock().expect("no panic while it is taken");
        match &*state {
            State::Taken(_) => return Ok(()),
            State::Refused(error) => return Err(error.clone()),
            State::Free => {}
        }
        match context::within(Context::default(), || self.claim(host)) {
            Ok(text) => {
                *state = State::Taken(text);
                Ok(())
            }
            Err(error) => {
                if matches!(*error.kind, Kind::Stopped { .. }) && !interrupt::requested() {
                    *state = State::Refused(error.clone());
                }
                Err(error)
            }
        }
    }

    fn claim(&self, host: &Host) -> Result<String> {
        let own = self.journal.holder();
        let text = serde_json::to_string(own)
            .map_err(|error| Error::controller("write the marker", error))?;
        let mut former: Option<String> = None;
        // Who has it may change while it is asked about.
        for _ in 0..4 {
            let claimed = marker::claim(host, &self.rules.path, &text, former.as_deref());
            match claimed.map_err(|error| self.unwritable(error))? {
                Claim::Taken => return Ok(text),
                Claim::Held(held) if former.as_ref() == Some(&held) => {
                    return Err(Error::state(
                        host.name(),
                        format!("marker `{}`", self.rules.path),
                        "to be replaced",
                        "what cannot be replaced",
                    )
                    .with_hint(format!(
                        "if nobody replaces it at this moment, remove it there: `rm -f {path} {path}.next`",
                        path = crate::transport::quote::quote(&self.rules.path)
                    )));
                }
                Claim::Held(held) => {
                    self.may_replace(host, &held)?;
                    former = Some(held);
                }
            }
        }
        Err(Error::stopped(format!(
            "others take the marker `{}` on `{}` again and again",
            self.rules.path,
            host.name()
        )))
    }

    fn unwritable(&self, error: Error) -> Error {
        if !matches!(*error.kind, Kind::Command { .. }) {
            return error;
        }
        let hint = format!(
            "before anything is changed, `{}` there says who works on the cluster: repair what keeps it from being \
             written, or name another place on that host with $OCPDG_MARKER, the same for everybody",
            self.rules.path
        );
        error.with_hint(hint)
    }

    /// Says whether the marker that says `held` may be replaced, and puts on record why.
    fn may_replace(&self, host: &Host, held: &str) -> Result<()> {
        let own = self.journal.holder();
        let holder = serde_json::from_str::<Holder>(held).ok();
        let who = match &holder {
            Some(holder) => plain(&holder.to_string()),
            None => format!("somebody who left `{}`", plain(held)),
        };
        if let Some(holder) = &holder
            && holder.controller == own.controller
            && holder.machine == own.machine
        {
            let lives = if holder.cluster == own.cluster {
                // This process has its lock.
                None
            } else if holder.cluster.chars().all(|c| c.is_ascii_hexdigit()) {
                journal::holder(&self.rules.root, &holder.cluster)?
            } else {
                Some(String::new())
            };
            if lives.is_none() && holder.run == own.run {
                // An earlier process of this run: that it is gone is why there is this one.
                return Ok(());
            }
            if lives.is_none() {
                let text = format!(
                    "the marker on {} is taken over: its process is gone ({who})",
                    host.name()
                );
                return self.note(&text);
            }
        }
        let look = match &holder {
            Some(holder) => format!(
                "to look whether it lives: `ocpdg status {}` or `ps -p {}`, on {}",
                plain(&holder.run),
                holder.process,
                plain(&holder.machine)
            ),
            None => format!(
                "to look at it: `ls -l {}` on {}",
                self.rules.path,
                host.name()
            ),
        };
        if !self.rules.break_lock {
            return Err(Error::stopped(format!(
                "another run works on this cluster: {who}, as `{}` on `{}` says",
                self.rules.path,
                host.name()
            ))
            .with_hint(format!(
                "{look}; if it is dead for certain, `--break-lock` goes on without it"
            )));
        }
        let question = Question {
            title: format!("Take the cluster from {who}?"),
            hosts: Vec::new(),
            details: vec![
                format!("`{}` on {} says so, and is replaced", self.rules.path, host.name()),
                "if it works still, two change the hosts at once: packages are removed while they are installed,".to_owned(),
                "and etcd is restored twice; it is not stopped by this, and does not notice".to_owned(),
                look,
            ],
        };
        let answer = self.operator.confirm(&question)?;
        self.journal.append(Event::Confirmed {
            question: question.title.clone(),
            hosts: question.hosts,
            details: question.details,
            answer,
        })?;
        match answer {
            true => Ok(()),
            false => Err(Error::stopped(format!(
                "the answer to `{}` was no",
                question.title
            ))),
        }
    }

    /// Takes the marker away, if this process has it: it is done, whatever came of it.
    ///
    /// # Errors
    /// The journal's own failures. A marker that stays is told: it stands in nobody's way on this machine.
    pub fn release(&self) -> Result<()> {
        let mut state = self.state.lock().expect("no panic while it is taken");
        let (State::Taken(text), Some(host)) = (&*state, self.host.get()) else {
            return Ok(());
        };
        // Whoever presses Ctrl-C twice does not want to wait.
        if interrupt::insisted() {
            return Ok(());
        }
        let path = &self.rules.path;
        let released = context::within(Context::default(), || {
            interrupt::aside(|| marker::release(host, path, text))
        });
        *state = State::Free;
        match released {
            Ok(true) => Ok(()),
            Ok(false) => self.note(&format!(
                "the marker `{path}` on {} is not that of this run any more: somebody took it",
                host.name()
            )),
            Err(error) => self.note(&format!(
                "the marker `{path}` on {} stays, and the next run from this machine takes it over: {error}",
                host.name()
            )),
        }
    }

    fn note(&self, text: &str) -> Result<()> {
        self.journal.append(Event::Noted {
            warning: true,
            host: None,
            text: text.to_owned(),
        })?;
        self.display.note(Level::Warning, None, text);
        Ok(())
    }
}

/// `text` of another controller, in one short line that moves no cursor.
fn plain(text: &str) -> String {
    let harmless = |c: char| if c.is_control() { '?' } else { c };
    text.chars().take(300).map(harmless).collect()
}

impl Observer for Marked {
    fn starting(&self, host: &str, command: &Command, detached: bool) -> Result<Started> {
        if command.effect == Effect::Changes && !interrupt::requested() {
            self.take()?;
        }
        self.recorder.starting(host, command, detached)
    }

    fn away(&self, number: u64, host: &str, why: &str) {
        self.recorder.away(number, host, why);
    }

    fn output(&self, number: u64, host: &str, stream: Stream, bytes: &[u8]) {
        self.recorder.output(number, host, stream, bytes);
    }

    fn ended(
        &self,
        command: &Started,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        self.recorder.ended(command, host, outcome)
    }
}
