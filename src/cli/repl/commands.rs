//! The commands that begin with a colon.

use std::path::Path;
use std::time::Duration;

use super::Session;
use super::completion::outline;
use super::show::shown;
use crate::cli::Screen;
use crate::cli::attempt::wrong;
use crate::cli::progress::harmless;
use crate::error::Error;
use crate::journal::{self, Filter, Pasts, Summary};
use crate::script::Script;

/// Each command: its name, what follows it, what it does.
pub const NAMES: [(&str, &str, &str); 8] = [
    ("help", "NAME", "as `help NAME`"),
    ("hosts", "", "the hosts, and which of them answered"),
    (
        "load",
        "FILE",
        "load a script and list its steps; nothing of it is executed",
    ),
    ("log", "", "what is on record of this session"),
    ("quit", "", "leave; so does Ctrl-D"),
    (
        "resume",
        "",
        "leave, and go on with the run that did not complete",
    ),
    (
        "step",
        "N",
        "execute one step of the loaded script, in the current scope",
    ),
    ("time", "", "how long the last line took"),
];

/// Whether the session goes on.
pub enum Next {
    /// It does.
    Line,
    /// The operator leaves it.
    Quit,
    /// The operator leaves it, to go on with this run.
    Resume(String),
}

/// How long a line took.
#[derive(Default, Clone, Copy)]
pub struct Took {
    /// On the clock of this machine.
    pub real: Duration,
    /// On the clock of the hosts.
    pub hosts: Duration,
}

impl Session {
    /// Does the command `name` with `rest`.
    ///
    /// # Errors
    /// One that there is not, or that fails.
    pub fn command(&mut self, name: &str, rest: &str) -> Result<Next, Screen> {
        match name {
            "help" => self.help(rest)?,
            "hosts" => self.say(&self.hosts()),
            "load" => self.load(rest)?,
            "log" => self.log()?,
            "quit" | "q" => return Ok(Next::Quit),
            "resume" => return self.resume(),
            "step" => self.step(rest)?,
            "time" => self.say(&self.time()),
            _ => {
                let names: Vec<String> =
                    NAMES.iter().map(|(name, ..)| format!(":{name}")).collect();
                let error = Error::invalid(format!("`:{name}`"), "there is no such command");
                return Err(error
                    .with_hint(format!("there are {}", names.join(", ")))
                    .into());
            }
        }
        Ok(Next::Line)
    }

    fn hosts(&self) -> String {
        let console = self.console.borrow();
        let (_, target) = console.target();
        let lines = console.everyone().hosts().iter().map(|host| {
            let mark = if target.named(host.name()).is_some() {
                "*"
            } else {
                " "
            };
            let groups: Vec<&str> = host.groups().collect();
            format!(
                "{mark} {:24} {:16} {}",
                host.name(),
                harmless(&self.reached.of(host.name())),
                groups.join(" ")
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn load(&self, file: &str) -> Result<(), Screen> {
        if file.is_empty() {
            let error = Error::invalid("`:load`", "no script was named");
            return Err(error
                .with_hint("`:load FILE`, or the name of a shipped one")
                .into());
        }
        let script = Script::load(Path::new(file))?;
        let mut console = self.console.borrow_mut();
        let parts = console.open(script).map_err(|failure| wrong(failure, 2))?;
        let text = match parts {
            [] => "it has no step and no phase whose title is a literal".to_owned(),
            parts => format!("{}\n`:step N` executes one of them", outline(parts)),
        };
        self.say(&text);
        Ok(())
    }

    fn step(&self, number: &str) -> Result<(), Screen> {
        let number = number.parse().map_err(|_| {
            Error::invalid(format!("`:step {number}`"), "wants a number")
                .with_hint("`:load FILE` lists the steps with their numbers")
        })?;
        let done = self.console.borrow_mut().step(number);
        let (_, answer) = done.map_err(|failure| wrong(failure, 1))?;
        if let Some(text) = shown(&answer) {
            self.say(&text);
        }
        Ok(())
    }

    fn log(&self) -> Result<(), Screen> {
        self.journal.write_out();
        let directory = self.journal.directory().to_owned();
        let summary = Summary {
            run: self.journal.run().to_owned(),
            cluster: self.journal.holder().cluster.clone(),
            directory,
        };
        let (records, _) = summary.read()?;
        let filter = Filter {
            host: None,
            failures: false,
            commands: true,
        };
        self.say(harmless(&journal::render(&records, &filter)).trim_end());
        Ok(())
    }

    fn time(&self) -> String {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        match self.simulated {
            true => format!(
                "{} of simulated time, {} of real time",
                seconds(self.took.hosts),
                seconds(self.took.real)
            ),
            false => seconds(self.took.real),
        }
    }

    /// The run to go on with, once the session is left.
    fn resume(&self) -> Result<Next, Screen> {
        let refused = |why: &str| Error::invalid("`:resume`", why);
        if self.within {
            return Err(refused("this run waits for you")
                .with_hint("leave with `:quit`, then answer `retry`")
                .into());
        }
        if self.simulated {
            return Err(refused("a run on simulated hosts ends with its process").into());
        }
        let root = journal::root()?;
        let pasts = Pasts::read(&root, Some(&self.journal.holder().cluster))?;
        let open = pasts.open();
        let Some(run) = open.first() else {
            return Err(refused("no run of this cluster is left to go on with").into());
        };
        eprintln!("leaving, to go on with run {}", harmless(&run.line()));
        Ok(Next::Resume(run.summary.run.clone()))
    }
}
