//! The shell of a simulated host: text in, programs run.
//!
//! It is bash 4.2, which RHEL 7 has as `sh` too; the grammar is brush-parser's. What is not modelled
//! is refused by name ([`Halt::Unmodelled`]).
//!
//! | file         | subject                                                        |
//! |--------------|----------------------------------------------------------------|
//! | `parse`      | from text to a tree, and to the pieces of a word               |
//! | `start`      | `sh`, `bash`, scripts: how a shell begins and ends             |
//! | `state`      | what a shell knows, what a subshell is                         |
//! | `variables`  | variables, and which of them programs see                      |
//! | `run`        | lists, pipelines, compound commands                            |
//! | `simple`     | simple commands: assignments, functions, builtins, programs    |
//! | `job`        | what runs in the background                                    |
//! | `redirect`   | redirections; `descriptor` is what is open                     |
//! | `open`       | files as streams                                               |
//! | `expand`     | words to fields, which `fields` splits                         |
//! | `braces`     | one word that stands for several                               |
//! | `parameter`  | `${...}`: `held` finds what it holds, `edit` changes it        |
//! | `glob`       | names of files by pattern                                      |
//! | `arithmetic` | `$((...))` and `((...))`                                       |
//! | `condition`  | `[[ ... ]]`                                                    |
//! | `builtin`    | the builtins, a family a file                                  |
//!
//! Stages of a pipeline run one after the other, the first one first. A background job runs to its end
//! at once, on a line of time of its own (`job`).

mod arithmetic;
mod braces;
mod builtin;
mod condition;
mod descriptor;
mod edit;
mod expand;
mod fields;
mod glob;
mod held;
mod job;
mod open;
mod parameter;
mod parse;
mod quote;
mod redirect;
mod run;
mod simple;
mod start;
mod state;
mod variables;

pub use start::{PROGRAMS, run, script};

use super::stream::Halt;

/// Why a command did not go on to the next one.
#[derive(Debug)]
enum Stop {
    /// `break` out of so many loops.
    Break(usize),
    /// `continue` the loop that is so far out.
    Continue(usize),
    /// `return` from the function or file.
    Return,
    /// `exit`, with the status of the shell.
    Exit,
    /// An error that ends the command line, or the shell if it is a POSIX one.
    Abandon,
    /// The shell itself is ended.
    Halt(Halt),
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// What comes of a part of a command.
type Flow<T = ()> = Result<T, Stop>;
