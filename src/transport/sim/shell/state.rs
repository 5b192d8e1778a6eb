//! What a shell knows: variables, options, functions; and what a subshell is.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use brush_parser::ast::FunctionBody;

use super::super::process::Process;
use super::super::stream::Halt;
use super::job::Job;
use super::redirect::Descriptors;
use super::{Flow, Stop};

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
    variables: Rc<HashMap<String, Variable>>,
    /// What `local` hides, of each function that runs.
    hidden: Vec<HashMap<String, Option<Variable>>>,
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
    /// The words of the last program, for what runs in the background.
    pub last_program: Vec<String>,
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

/// A variable.
#[derive(Clone, Default)]
pub(super) struct Variable {
    pub value: Value,
    pub exported: bool,
    pub readonly: bool,
}

/// What a variable holds.
#[derive(Clone, Default)]
pub(super) enum Value {
    /// Nothing: it is only declared.
    #[default]
    None,
    Text(String),
    List(BTreeMap<usize, String>),
}

/// Variables of bash that are not modelled: most change by themselves.
const UNMODELLED: &[&str] = &[
    "BASH_ARGC",
    "BASH_ARGV",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SOURCE",
    "DIRSTACK",
    "FUNCNAME",
    "GROUPS",
    "RANDOM",
];

impl<'a> Shell<'a> {
    pub fn new(process: &Process<'a>, name: &str, options: Options) -> Self {
        let mut shell = Self {
            open: Descriptors::of(process),
            name: name.to_owned(),
            arguments: Vec::new(),
            variables: Rc::default(),
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
            last_program: Vec::new(),
            line: 0,
            started: process.now(),
            option_at: 0,
            option_index: 1,
            substitutions: Vec::new(),
            process: process.clone(),
        };
        let is_name = |name: &str| {
            !name.starts_with(|c: char| c.is_ascii_digit())
                && name
                    .bytes()
                    .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        };
        let mut variables = HashMap::new();
        for (name, value) in process.environment.iter().filter(|(name, _)| is_name(name)) {
            let exported = Variable {
                value: Value::Text(value.clone()),
                exported: true,
                readonly: false,
            };
            variables.insert(name.clone(), exported);
        }
        shell.variables = Rc::new(variables);
        for (name, value) in [
            ("IFS", " \t\n"),
            ("OPTIND", "1"),
            ("PS4", "+ "),
            ("BASH", "/bin/bash"),
            ("BASH_VERSION", "4.2.46(2)-release"),
        ] {
            shell.set(name, value);
        }
        let level = shell
            .get("SHLVL")
            .and_then(|level| level.parse::<u32>().ok());
        shell.set("SHLVL", &(level.unwrap_or(0) + 1).to_string());
        let directory = shell.process.directory.clone();
        if shell
            .get("PWD")
            .is_none_or(|known| !shell.same_directory(&known, &directory))
        {
            shell.set("PWD", &directory);
        }
        for name in ["PWD", "SHLVL"] {
            shell.export(name);
        }
        shell
    }

    fn same_directory(&self, one: &str, other: &str) -> bool {
        let here = self.process.here();
        one == other || (here.files.real(one, true).ok() == here.files.real(other, true).ok())
    }

    /// The value of the variable `name`, or of its first element.
    pub fn get(&self, name: &str) -> Option<String> {
        match &self.variables.get(name)?.value {
            Value::None => None,
            Value::Text(text) => Some(text.clone()),
            Value::List(list) => list.get(&0).cloned(),
        }
    }

    /// As [`Shell::get`], for those variables too that the shell makes up.
    pub fn look_up(&self, name: &str) -> Flow<Option<String>> {
        if let Some(value) = self.get(name) {
            return Ok(Some(value));
        }
        if self.variables.contains_key(name) {
            return Ok(None);
        }
        Ok(match name {
            "SECONDS" => Some((self.process.now() - self.started).as_secs().to_string()),
            "BASHPID" => Some(self.process.pid.to_string()),
            "LINENO" => Some(self.line.to_string()),
            "HOSTNAME" => Some(self.process.here().name.clone()),
            "UID" | "EUID" => self.user_id(),
            "PPID" => Some("1".to_owned()),
            _ if UNMODELLED.contains(&name) => self.process.unmodelled(format!("${name}"))?,
            _ => None,
        })
    }

    fn user_id(&self) -> Option<String> {
        let users = self.process.here().files.text("/etc/passwd")?;
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(&*self.process.user))
                .then(|| fields.nth(1))?
                .map(str::to_owned)
        })
    }

    pub fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.variables.keys().cloned().collect();
        names.sort();
        names
    }

    /// Changes the variable `name`, which is made if need be, whether it is readonly or not.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Variable)) {
        let variables = Rc::make_mut(&mut self.variables);
        let variable = match variables.get_mut(name) {
            Some(variable) => variable,
            None => variables.entry(name.to_owned()).or_default(),
        };
        change(variable);
        variable.exported |= self.options.export_all && !matches!(variable.value, Value::List(_));
        match &variable.value {
            Value::Text(text) if variable.exported => {
                self.process
                    .environment
                    .insert(name.to_owned(), text.clone());
            }
            _ => {
                self.process.environment.remove(name);
            }
        }
    }

    /// Sets `name`, or the first element of the list that it is.
    pub fn set(&mut self, name: &str, value: &str) {
        self.change(name, |variable| match &mut variable.value {
            Value::List(list) => {
                list.insert(0, value.to_owned());
            }
            other => *other = Value::Text(value.to_owned()),
        });
    }

    pub fn export(&mut self, name: &str) {
        self.change(name, |variable| variable.exported = true);
    }

    /// Sets `name` for a command that asks for it.
    ///
    /// # Errors
    /// When it is readonly.
    pub fn assign(&mut self, name: &str, value: &str) -> Flow {
        self.writable(name)?;
        self.set(name, value);
        Ok(())
    }

    pub fn assign_list(&mut self, name: &str, values: impl IntoIterator<Item = String>) -> Flow {
        self.writable(name)?;
        let list = values.into_iter().enumerate().collect();
        self.change(name, |variable| variable.value = Value::List(list));
        Ok(())
    }

    pub fn writable(&mut self, name: &str) -> Flow {
        if !self
            .variables
            .get(name)
            .is_some_and(|variable| variable.readonly)
        {
            return Ok(());
        }
        self.error(format!("{name}: readonly variable"))?;
        self.status = 1;
        Err(self.abandon())
    }

    pub fn forget(&mut self, name: &str) {
        if self.variables.contains_key(name) {
            Rc::make_mut(&mut self.variables).remove(name);
        }
        self.process.environment.remove(name);
    }

    /// The variable as it is, to be given to [`Shell::restore`] later.
    pub fn keep(&self, name: &str) -> Option<Variable> {
        self.variables.get(name).cloned()
    }

    pub fn restore(&mut self, name: &str, kept: Option<Variable>) {
        match kept {
            Some(kept) => self.change(name, |variable| *variable = kept),
            None => self.forget(name),
        }
    }

    /// Hides `name` until the function at work returns.
    pub fn hide(&mut self, name: &str) {
        let kept = self.keep(name);
        let Some(hidden) = self.hidden.last_mut() else {
            return;
        };
        if !hidden.contains_key(name) {
            let exported = kept.as_ref().is_some_and(|kept| kept.exported);
            hidden.insert(name.to_owned(), kept);
            self.restore(
                name,
                Some(Variable {
                    exported,
                    ..Variable::default()
                }),
            );
        }
    }

    pub fn enter_function(&mut self) {
        self.hidden.push(HashMap::new());
    }

    pub fn leave_function(&mut self) {
        for (name, kept) in self.hidden.pop().unwrap_or_default() {
            self.restore(&name, kept);
        }
    }

    pub fn in_function(&self) -> bool {
        !self.hidden.is_empty()
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
        self.status = if self.options.text && !self.inner {
            127
        } else {
            1
        };
        Stop::Exit
    }
}
