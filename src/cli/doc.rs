//! `ocpdg doc`: the reference of what scripts can call, from the doc comments beside the code.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::Screen;
use super::run::searched;
use crate::error::Error;
use crate::script::Runtime;

/// `ocpdg doc`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER)]
pub struct DocArguments {
    /// What to tell about: a tool, a verb, a function, a type, a library module; without it, what there is
    pub name: Option<String>,
    /// Look for modules in this directory before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub lib: Vec<PathBuf>,
}

/// What ends `ocpdg doc --help`.
const AFTER: &str = "\
Examples:
  ocpdg doc                        everything by subject, a line each
  ocpdg doc yum                    a tool and its verbs
  ocpdg doc etcd.restore_snapshot  one verb
  ocpdg doc step                   a function
  ocpdg doc group                  what a group of hosts has
  ocpdg doc ocp/etcd               a library module and its functions";

/// So wide is the text, whatever the terminal: a page looks the same everywhere.
const WIDTH: usize = 100;

/// Prints the reference, or what it says about one name.
pub fn show(request: &DocArguments) -> std::result::Result<(), Screen> {
    let reference = Runtime::new(searched(&request.lib)).reference();
    let lines = match &request.name {
        Some(name) => reference.lines(name, WIDTH)?,
        None => reference.overview(WIDTH),
    };
    print(&lines.join("\n"))
}

/// Prints `text`, as far as anybody reads it: `ocpdg doc | head` is no error.
fn print(text: &str) -> std::result::Result<(), Screen> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Error::controller("print the reference", error).into())
        }
        _ => Ok(()),
    }
}
