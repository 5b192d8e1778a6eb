//! `ocpdg doc`: the reference of what scripts can call, from the doc comments beside the code.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Screen;
use super::output;
use super::run::searched;
use crate::error::Error;
use crate::script::Runtime;

/// `ocpdg doc`.
#[derive(Debug, Clone, Args)]
#[command(after_long_help = AFTER)]
pub struct DocArguments {
    /// What to tell about: a tool, a verb, a function, a type, a library module; without it, what there is
    pub name: Option<String>,
    /// Print everything as one Markdown page
    #[arg(long, conflicts_with_all = ["name", "html"])]
    pub markdown: bool,
    /// Print everything as one HTML page that needs no other file
    #[arg(long, conflicts_with = "name")]
    pub html: bool,
    /// Write Rhai definition files into DIR (definitions unless told), for editors that read them
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "definitions",
        conflicts_with_all = ["name", "markdown", "html"])]
    pub definitions: Option<PathBuf>,
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
  ocpdg doc ocp/etcd               a library module and its functions
  ocpdg doc --html >ocpdg.html     everything, to be read in a browser";

/// What ends the list of everything.
const MORE: &str = "
`ocpdg doc NAME` tells more of each; `ocpdg doc --html` is all of it as a page.";

/// So wide is the text, whatever the terminal: a page looks the same everywhere.
const WIDTH: usize = 100;

/// Prints the reference, or what it says about one name.
pub fn show(request: &DocArguments) -> std::result::Result<(), Screen> {
    let runtime = Runtime::new(searched(&request.lib));
    if let Some(directory) = &request.definitions {
        let files = runtime.definitions();
        write(directory, &files).map_err(|error| {
            Error::controller(format!("write to `{}`", directory.display()), error)
        })?;
        println!("{}: {} definition files", directory.display(), files.len());
        return Ok(());
    }
    let reference = runtime.reference();
    if request.markdown {
        return Ok(output::print(&reference.markdown())?);
    }
    if request.html {
        return Ok(output::print(&reference.html())?);
    }
    let lines = match &request.name {
        Some(name) => reference.lines(name, WIDTH)?,
        None => [
            reference.overview(WIDTH),
            MORE.lines().map(str::to_owned).collect(),
        ]
        .concat(),
    };
    Ok(output::print(&(lines.join("\n") + "\n"))?)
}

/// Writes `files` below `directory`.
fn write(directory: &Path, files: &[(String, String)]) -> std::io::Result<()> {
    for (name, text) in files {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(directory))?;
        std::fs::write(path, text)?;
    }
    Ok(())
}
