//! `ocpdg eval`: one input, and its value.

use clap::Args;

use super::Screen;
use super::attempt::wrong;
use super::repl::{ReplArguments, concealed, open, shown, values};

/// `ocpdg eval`.
#[derive(Debug, Clone, Args)]
pub struct EvalArguments {
    /// What to evaluate, as it is typed at the prompt of `ocpdg repl`
    pub code: String,
    /// Print the value as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub on: ReplArguments,
}

/// Evaluates it and prints its value.
pub fn eval(request: &EvalArguments) -> std::result::Result<(), Screen> {
    let seat = open(&request.on, "eval")?;
    for value in values(&request.code) {
        seat.assembled.journal.conceal(&value);
    }
    let mut console = seat.console.borrow_mut();
    console.record(&format!("typed: {}", concealed(&request.code)))?;
    let ended = console
        .eval(&request.code)
        .map_err(|failure| wrong(failure, 1));
    drop(console);
    let printed = ended.and_then(|answer| {
        if request.json {
            println!("{:#}", answer.json()?);
        } else if let Some(text) = shown(&answer) {
            println!("{text}");
        }
        Ok(())
    });
    seat.end(printed)
}
