//! `--on-error ask`: what becomes of a step that failed, as the operator says.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use super::arguments::Manner;
use super::progress::harmless;
use super::prompt::{Terminal, typed};
use super::repl::{Reached, within};
use crate::error::{Error, Result};
use crate::journal::Journal;
use crate::procedure::{CONTROLLER, Decision, FailedStep, Operator, Question, Run};
use crate::script::{Assembled, Cluster, Console, Failure, Runtime};
use crate::transport::interrupt;

const ALERT: Style = AnsiColor::Yellow.on_default().bold();

/// What happens when a step fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// The run stops
    #[default]
    Stop,
    /// Ask: try again, skip, open the REPL there, or abort
    Ask,
}

impl OnError {
    /// Refuses to ask where nobody can answer.
    ///
    /// # Errors
    /// It is `ask`, and there is no terminal.
    pub fn possible(self) -> Result<()> {
        if self == Self::Stop || std::io::stdin().is_terminal() {
            return Ok(());
        }
        Err(
            Error::invalid("`--on-error ask`", "there is no terminal to ask on").with_hint(
                "leave it away: the run stops at the first failure, and `ocpdg resume` goes on",
            ),
        )
    }
}

/// An operator at the terminal who is asked when a step fails.
pub struct Asking {
    terminal: Terminal,
    libraries: Vec<PathBuf>,
    reached: Arc<Reached>,
    simulated: bool,
    /// What the prompt works on, once there is a run: it holds this in turn.
    there: OnceLock<(Weak<Run>, Weak<Journal>, Cluster)>,
}

impl Asking {
    /// Lets the prompt work for this run.
    pub fn begin(&self, assembled: &Assembled) {
        self.there.get_or_init(|| {
            let (run, journal) = (
                Arc::downgrade(&assembled.run),
                Arc::downgrade(&assembled.journal),
            );
            (run, journal, assembled.cluster.clone())
        });
    }

    /// Opens the prompt where the step failed.
    fn look(&self, failed: &FailedStep<'_>) -> Result<()> {
        let there = self.there.get().and_then(|(run, journal, cluster)| {
            Some((run.upgrade()?, journal.upgrade()?, cluster.clone()))
        });
        let Some((run, journal, cluster)) = there else {
            return Err(Error::controller("open the prompt", "there is no run"));
        };
        let mut runtime = Runtime::new(self.libraries.clone());
        runtime.attach(&run, &cluster);
        let mut console = Console::new(runtime, run, cluster);
        let hosts = failed.failures.iter().map(|(host, _)| host.as_str());
        let hosts: Vec<&str> = hosts.filter(|host| *host != CONTROLLER).collect();
        console.follow_site().map_err(Failure::into_error)?;
        let variables = console.at_failure(&hosts);
        let mut told = Vec::new();
        if let [first, ..] = hosts[..] {
            told.push(format!("`host` is {first}, the target is where it failed"));
        }
        if !variables.is_empty() {
            told.push(format!(
                "the step's variables are there: {}",
                variables.join(", ")
            ));
        }
        told.push("Ctrl-D comes back to the question".to_owned());
        eprintln!("{}", told.join("; "));
        within(console, journal, Arc::clone(&self.reached), self.simulated)
    }
}

/// Who answers as `manner` says; asked about failed steps too, if it says so.
pub fn operator(
    manner: &Manner,
    libraries: Vec<PathBuf>,
    reached: &Arc<Reached>,
    simulated: bool,
) -> (Arc<dyn Operator>, Option<Arc<Asking>>) {
    let terminal = Terminal { yes: manner.yes };
    match manner.on_error {
        OnError::Stop => (Arc::new(terminal), None),
        OnError::Ask => {
            let asking = Arc::new(Asking {
                terminal,
                libraries,
                reached: Arc::clone(reached),
                simulated,
                there: OnceLock::new(),
            });
            (Arc::clone(&asking) as _, Some(asking))
        }
    }
}

impl Operator for Asking {
    fn confirm(&self, question: &Question) -> Result<bool> {
        self.terminal.confirm(question)
    }

    fn decides(&self) -> bool {
        true
    }

    fn decide(&self, failed: &FailedStep<'_>) -> Result<Decision> {
        let title = format!("step `{}` failed", failed.step);
        let say = |line: String| {
            // The question below is asked all the same.
            let _ = writeln!(anstream::stderr(), "{line}");
        };
        say(format!("\n{ALERT}{}{ALERT:#}", harmless(&title)));
        for (host, error) in failed.failures {
            let host = if host == CONTROLLER {
                "controller"
            } else {
                host
            };
            say(format!("  {host}: {}", harmless(&error.to_string())));
            for line in error.details() {
                say(format!("    {}", harmless(&line)));
            }
            if let Some(hint) = &error.hint {
                say(format!("    hint: {}", harmless(hint)));
            }
        }
        let ask = |question: &str| -> Result<String> {
            let mut screen = anstream::stderr();
            let _ = write!(screen, "  {question}");
            let _ = screen.flush();
            typed(&title)
        };
        loop {
            let answer = ask("what now? retry, skip, repl, abort: ")?;
            match answer.trim() {
                "retry" | "r" => return Ok(Decision::Retry),
                "skip" | "s" => {
                    let reason = ask("why is it right to count it as done? ")?;
                    let reason = reason.trim().to_owned();
                    if reason.is_empty() {
                        say("  without a reason it is not skipped".to_owned());
                        continue;
                    }
                    return Ok(Decision::Skip { reason });
                }
                "repl" => {
                    self.look(failed)?;
                    interrupt::withdraw();
                }
                "abort" | "a" => return Ok(Decision::Stop),
                // The end of the input: nobody is there any more.
                _ if answer.is_empty() => return Ok(Decision::Stop),
                _ => say("  please type `retry`, `skip`, `repl` or `abort`".to_owned()),
            }
        }
    }
}
