//! The command line: flags in, results and errors out. The only room that names clap and rustyline.

mod arguments;
mod attempt;
mod changes;
mod check;
mod clean;
mod doc;
mod eject;
mod eval;
mod failure;
mod help;
mod inventory;
mod log;
mod output;
mod phases;
mod plan;
mod progress;
mod prompt;
mod rehearse;
mod remarks;
mod repl;
mod resume;
mod run;
mod screen;
mod show;
mod signals;
mod skip;
mod snapshot;
mod status;
mod test;
mod work;
mod world;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Verb};
use screen::Screen;

/// Parses the command line, does what it says, prints the error, and returns the exit status.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.verb {
        Verb::Run(request) => run::run(&request),
        Verb::Check(request) => match check::check(&request) {
            Ok(code) => return ExitCode::from(code),
            Err(screen) => Err(screen),
        },
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
        Verb::Show(request) => show::show(&request),
        Verb::Eject(request) => eject::eject(&request),
        Verb::Test(request) => match test::test(&request) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::FAILURE,
            Err(screen) => Err(screen),
        },
        Verb::Doc(request) => doc::show(&request),
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
