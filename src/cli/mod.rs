//! The command line: flags in, results and errors out. The only room that names clap and rustyline.

mod arguments;
mod attempt;
mod changes;
mod clean;
mod eval;
mod failure;
mod help;
mod inventory;
mod log;
mod phases;
mod plan;
mod progress;
mod prompt;
mod rehearse;
mod repl;
mod resume;
mod run;
mod signals;
mod skip;
mod snapshot;
mod status;
mod work;
mod world;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Verb};

use crate::error::{Error, Kind};
use crate::transport::{Failure, interrupt};

/// Parses the command line, does what it says, prints the error, and returns the exit status.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.verb {
        Verb::Run(request) => run::run(&request),
        Verb::Resume(request) => resume::resume(&request),
        Verb::Log(request) => log::show(&request),
        Verb::Status(request) => match status::show(&request) {
            Ok(code) => return ExitCode::from(code),
            Err(screen) => Err(screen),
        },
        Verb::Inventory(request) => inventory::show(&request),
        Verb::Rehearse(request) => rehearse::rehearse(&request),
        Verb::Clean(request) => clean::clean(&request),
        Verb::Snapshot(request) => snapshot::write(&request),
        Verb::Repl(request) => repl::repl(&request),
        Verb::Eval(request) => eval::eval(&request),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(screen) => {
            screen.print();
            ExitCode::from(screen.status())
        }
    }
}

/// An error with all that is shown beside it.
struct Screen {
    error: Box<Error>,
    places: Vec<String>,
    excerpt: Vec<String>,
    /// The command that goes on from here.
    next: Option<String>,
    /// The exit status, where the error alone does not tell it.
    status: Option<u8>,
}

impl From<Error> for Screen {
    fn from(error: Error) -> Self {
        Self {
            error: error.into(),
            places: Vec::new(),
            excerpt: Vec::new(),
            next: None,
            status: None,
        }
    }
}

impl Screen {
    fn print(&self) {
        progress::error_screen(
            &self.error,
            &self.places,
            &self.excerpt,
            self.next.as_deref(),
        );
    }

    /// The exit status that `ocpdg --help` lists.
    fn status(&self) -> u8 {
        let interrupted = interrupt::requested()
            || matches!(
                &*self.error.kind,
                Kind::Transport {
                    failure: Failure::Interrupted { .. }
                }
            );
        if let (Some(status), false) = (self.status, interrupted) {
            return status;
        }
        match &*self.error.kind {
            _ if interrupted => 130,
            Kind::Invalid { .. } => 2,
            Kind::Stopped { .. } => 3,
            _ => 1,
        }
    }
}
