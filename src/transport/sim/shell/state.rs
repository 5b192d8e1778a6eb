//! What a shell knows: variables, options, functions; and what a subshell is.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use brush_parser::ast::FunctionBody;

use super::super::process::Process;
use super::super::stream::Halt;
use super::Stop;
use super::descriptor::Descriptors;
use super::job::Job;
use super::variables::{Variable, Variables};

/// A shell at work. Cloning it is how a subshell begins.
#[derive(Clone)]
pub(super) struct Shell<'a> {
    /// Its process; the exported variables are in its environment.
    pub process: Process<'a>,
    /// All open descriptors.
    pub open: Descriptors<'a>,
    /// `$0`.
    pub name: String,
    /// `$1` and so on.
    pub arguments: Vec<String>,
    pub variables: Variables,
    /// What `local` hides, of each function that runs.
    pub hidden: Vec<HashMap<String, Option<Variable>>>,
    pub functions: Rc<BTreeMap<String, Rc<FunctionBody>>>,
    pub options: Options,
    /// `$?`.
    pub status: u8,
    /// The status of the last command substitution of the command at work.
    pub substituted: Option<u8>,
    /// `$$`, which subshells do not change.
    pub pid: u32,
    /// The signal that a subshell sent to `$$`.
    pub doomed: Rc<Cell<Option<u8>>>,
    /// Commands by signal, or `EXIT`.
    pub traps: BTreeMap<String, String>,
    pub jobs: Vec<Job>,
    /// `$!`.
    pub last_job: Option<u32>,
    /// Whether failures are looked at by what is around: `set -e` does not count then.
    pub tested: u32,
    /// The loops around.
    pub loops: usize,
    /// The functions and files around, which `return` leaves.
    pub calls: usize,
    /// Whether it is a subshell.
    pub inner: bool,
    /// Commands that may still run before it is taken to go on for ever.
    pub left: Option<u32>,
    /// The words of the last program, in what runs in the background.
    pub last_program: Option<Vec<String>>,
    /// The line at work, as messages count.
    pub line: usize,
    pub started: Duration,
    /// Where `getopts` is within an argument.
    pub option_at: usize,
    /// What it set `OPTIND` to.
    pub option_index: usize,
    /// The files of process substitutions that are in use.
    pub substitutions: Vec<String>,
}

/// What `set` switches, and a little more.
#[derive(Clone, Copy, Default)]
pub(super) struct Options {
    pub exit_on_error: bool,
    pub unset_is_error: bool,
    pub trace: bool,
    pub no_globs: bool,
    pub no_clobber: bool,
    pub export_all: bool,
    pub pipe_fails: bool,
    pub null_globs: bool,
    pub dot_globs: bool,
    /// It is `sh`.
    pub posix: bool,
    /// It was started with `-c`.
    pub text: bool,
}

impl<'a> Shell<'a> {
    pub fn new(process: &Process<'a>, name: &str, options: Options) -> Self {
        let mut shell = Self {
            open: Descriptors::of(process),
            name: name.to_owned(),
            arguments: Vec::new(),
            variables: Variables::new(),
            hidden: Vec::new(),
            functions: Rc::default(),
            options,
            status: 0,
            substituted: None,
            pid: process.pid,
            doomed: Rc::default(),
            traps: BTreeMap::new(),
            jobs: Vec::new(),
            last_job: None,
            tested: 0,
            loops: 0,
            calls: 0,
            inner: false,
            left: None,
            last_program: None,
            line: 0,
            started: process.now(),
            option_at: 0,
            option_index: 1,
            substitutions: Vec::new(),
            process: process.clone(),
        };
        shell.begin_variables();
        // Both are always exported.
        let environment = &shell.process.environment;
        let level = environment.get("SHLVL");
        let level = level.and_then(|level| level.parse::<u32>().ok());
        let directory = &shell.process.directory;
        let moved = environment
            .get("PWD")
            .is_none_or(|known| !shell.same_directory(known, directory));
        let directory = moved.then(|| directory.clone());
        let environment = &mut shell.process.environment;
        environment.insert("SHLVL", (level.unwrap_or(0) + 1).to_string());
        if let Some(directory) = directory {
            environment.insert("PWD", directory);
        }
        shell
    }

    fn same_directory(&self, one: &str, other: &str) -> bool {
        if one == other {
            return true;
        }
        let here = self.process.here();
        here.files.real(one, true).ok() == here.files.real(other, true).ok()
    }

    /// Says `text` as the shell does: its name, and the line if it is known.
    pub fn error(&self, text: impl std::fmt::Display) -> Result<(), Halt> {
        let name = &self.name;
        self.process.complain(match self.line {
            0 => format!("{name}: {text}\n"),
            line => format!("{name}: line {line}: {text}\n"),
        })
    }

    /// What ends the command line after an error: a POSIX shell ends altogether.
    pub fn abandon(&mut self) -> Stop {
        if self.options.posix || self.inner {
            return self.fatal();
        }
        self.status = 1;
        Stop::Abandon
    }

    /// What ends the shell after an error that no script survives.
    pub fn fatal(&mut self) -> Stop {
        let ends_text = self.options.text && !self.inner && !self.options.exit_on_error;
        self.status = if ends_text { 127 } else { 1 };
        Stop::Exit
    }
}
