//! `ocpdg repl`: the runtime of scripts with a line editor in front; everything typed is on record.

mod commands;
mod completion;
mod editor;
mod gather;
mod help;
mod highlight;
mod history;
mod input;
mod open;
mod reached;
mod secret;
mod show;
mod target;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::Screen;
use super::arguments::{Faults, InventoryFile, Manner, ResumeArguments};
use super::attempt::wrong;
use super::help::AFTER_REPL;
use super::signals::{Typing, before_the_end, typing};
use crate::error::{Error, Kind, Result};
use crate::journal::{Ending, Event, Journal};
use crate::script::{Console, Readiness};
use crate::transport::interrupt;
use commands::{Next, Took};
use editor::{Lines, Shared, Typed};
use input::Input;

pub use open::{Seat, open};
pub use reached::{Noticing, Reached};
pub use secret::{concealed, values};
pub use show::shown;

/// `ocpdg repl`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER_REPL)]
pub struct ReplArguments {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub inventory: InventoryFile,
    /// Work on a simulated cluster instead of a real one
    ///
    /// `aio`, `ha` or `external`, each also with `-failed-at-3.8`; `large:N` with N nodes; a file that
    /// describes one; or one that `ocpdg snapshot` wrote. It lives as long as the session.
    #[arg(long, value_name = "CLUSTER", conflicts_with = "inventory")]
    pub sim: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub faults: Faults,
    /// Set a parameter that the library asks for; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Work only on these hosts, as if the inventory had no others
    #[arg(long, value_name = "HOST", value_delimiter = ',')]
    pub limit: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub manner: Manner,
}

/// A dialogue with the operator, or with a file that is given on standard input.
pub struct Session {
    console: Shared,
    reached: Arc<Reached>,
    journal: Arc<Journal>,
    simulated: bool,
    /// Whether it is one within a run that waits for its end.
    within: bool,
    took: Took,
}

/// Opens the prompt, or works through what is piped to it.
pub fn repl(request: &ReplArguments) -> std::result::Result<(), Screen> {
    let seat = open(request, "repl")?;
    let mut session = Session::of(&seat, false);
    if !std::io::stdin().is_terminal() {
        let ended = session.piped();
        return seat.end(ended.map(|_| ()));
    }
    eprintln!(
        "run {}: all of this is on record; `help` tells what can be typed, Ctrl-D leaves",
        seat.assembled.journal.run()
    );
    // The journal is let go with the session: another run may follow in this process.
    let journal = Arc::downgrade(&seat.assembled.journal);
    let run = Arc::downgrade(&seat.assembled.run);
    let terminal = terminal::now();
    before_the_end(move || {
        terminal::restore(terminal);
        let (Some(journal), Some(run)) = (journal.upgrade(), run.upgrade()) else {
            return;
        };
        // The process ends whatever comes of it.
        let _ = journal.append(Event::RunEnded {
            ending: Ending::Stopped,
            changes: run.changes(),
            error: None,
        });
        journal.write_out();
    });
    let left = session.converse();
    typing(Typing::No);
    interrupt::withdraw();
    match left {
        Ok(Next::Resume(run)) => {
            drop(session);
            seat.end(Ok(()))?;
            super::resume::resume(&ResumeArguments {
                run: Some(run),
                inventory: request.inventory.clone(),
                set: request.set.clone(),
                skip: Vec::new(),
                reason: None,
                phases: Default::default(),
                manner: request.manner.clone(),
            })
        }
        Ok(_) => seat.end(Ok(())),
        Err(error) => seat.end(Err(error.into())),
    }
}

/// Opens the prompt within a run that waits for its end, on what `console` was given.
///
/// # Errors
/// A terminal that cannot be read.
pub fn within(
    console: Console,
    journal: Arc<Journal>,
    reached: Arc<Reached>,
    simulated: bool,
) -> Result<()> {
    let mut session = Session {
        console: Rc::new(RefCell::new(console)),
        reached,
        journal,
        simulated,
        within: true,
        took: Took::default(),
    };
    let outer = typing(Typing::AtWork);
    let left = session.converse();
    typing(outer);
    interrupt::withdraw();
    left.map(drop)
}

impl Session {
    fn of(seat: &Seat, within: bool) -> Self {
        Self {
            console: Rc::clone(&seat.console),
            reached: Arc::clone(&seat.reached),
            journal: Arc::clone(&seat.assembled.journal),
            simulated: seat.world.simulated.is_some(),
            within,
            took: Took::default(),
        }
    }

    /// Reads and does one input after the other, until the operator leaves.
    ///
    /// # Errors
    /// A terminal that cannot be read; a journal that cannot be written.
    fn converse(&mut self) -> Result<Next> {
        let mut lines = Lines::new(&self.console)?;
        loop {
            typing(Typing::Awaited);
            let line = match lines.next(&self.prompt())? {
                Typed::Input(line) => line,
                Typed::Cancelled => continue,
                Typed::End => return Ok(Next::Quit),
            };
            interrupt::withdraw();
            typing(Typing::AtWork);
            let done = self.take(&line);
            // What was stopped with the line is stopped; the next one begins anew.
            typing(Typing::Awaited);
            match done {
                Ok(Next::Line) => {}
                Ok(left) => return Ok(left),
                Err(screen) => screen.print(),
            }
            interrupt::withdraw();
        }
    }

    /// Does every input on standard input; the first error ends it.
    fn piped(&mut self) -> std::result::Result<(), Screen> {
        let mut input = String::new();
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| Error::controller("read standard input", error))?;
            if !input.is_empty() {
                input.push('\n');
            }
            input.push_str(&line);
            let is_code = matches!(self.kind(&input), Input::Code(_));
            if is_code && self.console.borrow_mut().readiness(&input) == Readiness::Incomplete {
                continue;
            }
            let Next::Line = self.take(&std::mem::take(&mut input))? else {
                return Ok(());
            };
        }
        match input.trim().is_empty() {
            true => Ok(()),
            // The engine says what is missing.
            false => self.take(&input).map(drop),
        }
    }

    fn kind<'l>(&self, line: &'l str) -> Input<'l> {
        let console = self.console.borrow();
        Input::of(line, |line| target::is_meant(line, &console))
    }

    fn prompt(&self) -> String {
        let (label, group) = self.console.borrow().target();
        let answered = self.reached.count(group.names());
        format!("{label} {answered}/{}> ", group.hosts().len())
    }

    /// Does what `line` says, and puts it on record before.
    fn take(&mut self, line: &str) -> std::result::Result<Next, Screen> {
        let kind = self.kind(line);
        if kind == Input::Empty {
            return Ok(Next::Line);
        }
        for value in values(line) {
            self.journal.conceal(&value);
        }
        self.console
            .borrow()
            .record(&format!("typed: {}", concealed(line.trim())))?;
        if let Input::Command(name, rest) = kind
            && name != "step"
        {
            return self.command(name, rest);
        }
        let (real, hosts) = (Instant::now(), self.console.borrow().reading());
        let done = self.work(&kind);
        self.took = Took {
            real: real.elapsed(),
            hosts: self.console.borrow().reading().saturating_sub(hosts),
        };
        done
    }

    fn work(&mut self, kind: &Input<'_>) -> std::result::Result<Next, Screen> {
        match *kind {
            Input::Empty => {}
            Input::Command(name, rest) => return self.command(name, rest),
            Input::Help(name) => self.help(name)?,
            Input::Target(line) => target::aim(line, &mut self.console.borrow_mut())?,
            Input::Shell("") => {
                let error = Error::invalid("`!`", "no command follows it");
                return Err(error
                    .with_hint("`!uptime` runs `uptime` on the target")
                    .into());
            }
            Input::Shell(command) => self.shell(command)?,
            Input::Code(text) => {
                let done = self.console.borrow_mut().eval(text);
                let answer = done.map_err(|failure| wrong(failure, 1))?;
                // As in a script, a semicolon ends a statement, whose value is of no interest.
                if let Some(text) = shown(&answer).filter(|_| !text.ends_with(';')) {
                    self.say(&text);
                }
            }
        }
        Ok(Next::Line)
    }

    /// Runs `command` on the target and shows what came of it; where nobody is there to read on, another status
    /// than 0 is an error.
    fn shell(&self, command: &str) -> Result<()> {
        let ends = self.console.borrow().shell(command);
        let text = gather::gathered(&ends);
        if !text.is_empty() {
            self.say(&text);
        }
        if std::io::stdin().is_terminal() {
            return Ok(());
        }
        let wrong = ends.iter().filter_map(|(host, end)| match end {
            Ok(output) if output.exit.success() => None,
            Ok(output) => Some(format!("{host}: {}", output.exit)),
            Err(error) => Some(format!("{host}: {error}")),
        });
        let findings: Vec<String> = wrong.collect();
        match findings.len() {
            0 => Ok(()),
            failed => Err(Error::new(Kind::Findings {
                summary: format!("`!{command}` failed on {failed} of {} hosts", ends.len()),
                findings,
            })),
        }
    }

    fn help(&self, name: &str) -> Result<()> {
        let mut console = self.console.borrow_mut();
        let text = match name {
            "" => help::overview(&mut console),
            name => help::help_text(name, &mut console)?,
        };
        drop(console);
        self.say(&text);
        Ok(())
    }

    /// Shows a result.
    fn say(&self, text: &str) {
        // Nobody may read on; what was done is on record.
        let _ = writeln!(anstream::stdout(), "{text}");
    }
}

/// The terminal's settings, to be put back when the process ends while a line is typed.
mod terminal {
    /// The settings of standard input now; `None` if it is no terminal.
    pub fn now() -> Option<libc::termios> {
        let mut settings = std::mem::MaybeUninit::uninit();
        // SAFETY: a plain system call, which fills the settings when it returns 0.
        unsafe {
            (libc::tcgetattr(libc::STDIN_FILENO, settings.as_mut_ptr()) == 0)
                .then(|| settings.assume_init())
        }
    }

    /// Puts `settings` back.
    pub fn restore(settings: Option<libc::termios>) {
        if let Some(settings) = settings {
            // SAFETY: a plain system call on settings that were read before.
            unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &raw const settings) };
        }
    }
}
