//! A run whose lines come one by one: what they declare stays from line to line.
//!
//! All lines together are one text, so that an error in a function that was typed earlier points to the
//! line where it stands. Modules are given to the engine as static ones, once a line names them: they are
//! then seen in functions and closures too, and cost nothing before.

mod answer;
mod editor;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use rhai::{AST, Dynamic, EvalAltResult, ParseErrorType, Position, Scope};

use super::bindings::{self, Cluster};
use super::hosts::{Group, HostRef};
use super::reference::Reference;
use super::runtime::{Failure, Runtime, deeply};
use super::scan::Scan;
use super::signature::nearest;
use super::vocabulary::Vocabulary;
use super::{captured, lexer, modules};
use crate::error::{Error, Result};
use crate::procedure::{Level, Run, fan};
use crate::transport::Output;

pub use answer::Answer;
pub use editor::Readiness;
use steps::Opened;

/// The name that the typed lines go by in errors, and the session in the journal.
const SOURCE: &str = "repl";
/// The variable that holds the hosts to work on.
const TARGET: &str = "target";
/// Positions have sixteen bits for a line.
const LINES: usize = 60_000;

/// A shell command's end on each host of the target.
pub type Shell = Vec<(String, Result<Output>)>;

/// The session: what was declared so far, and what can be.
pub struct Console {
    runtime: Runtime,
    run: Arc<Run>,
    cluster: Cluster,
    scope: Scope<'static>,
    functions: AST,
    /// All that was typed.
    text: String,
    lines: usize,
    /// Modules that the engine has.
    given: Vec<String>,
    /// Whether anything asks for constants by `global::`.
    global: bool,
    /// How the target is called.
    label: String,
    /// The target that this names.
    labelled: Group,
    vocabulary: Option<Vocabulary>,
    reference: Option<Reference>,
    opened: Option<Opened>,
}

impl Console {
    /// A session for `run` on `cluster`, which `runtime` is attached to; the target is the masters.
    pub fn new(runtime: Runtime, run: Arc<Run>, cluster: Cluster) -> Self {
        let mut console = Self {
            runtime,
            run,
            scope: Scope::new(),
            functions: AST::empty(),
            text: String::new(),
            lines: 0,
            given: Vec::new(),
            global: false,
            label: String::new(),
            labelled: Group::default(),
            vocabulary: None,
            reference: None,
            opened: None,
            cluster,
        };
        let masters = console.cluster.all.filtered(|host| host.is_in("masters"));
        console.aim("masters".to_owned(), masters);
        console
    }

    /// Takes up the way of the site, as a run does before its first line; returns the name of its file, if there is one.
    ///
    /// # Errors
    /// [`Failure`], as that of a script.
    pub fn follow_site(&self) -> std::result::Result<Option<String>, Failure> {
        self.runtime.follow_site()
    }

    /// Makes the hosts called `names` the target, where the step failed that is open: declares its variables, and the
    /// first host as `host`. Returns the names of the variables.
    pub fn at_failure(&mut self, names: &[&str]) -> Vec<String> {
        let mut declared = Vec::new();
        for (name, value) in captured::open() {
            self.scope.set_value(name.as_str(), value);
            declared.push(name);
        }
        self.at_hosts(names);
        declared
    }

    fn at_hosts(&mut self, names: &[&str]) {
        let all = &self.cluster.all;
        let found: Vec<HostRef> = names
            .iter()
            .filter_map(|name| all.named(name).cloned())
            .collect();
        let Some(first) = found.first().cloned() else {
            return;
        };
        self.scope.set_value("host", first);
        self.aim(names.join(" + "), Group::new(found));
    }

    /// The hosts that can be named.
    pub fn everyone(&self) -> &Group {
        &self.cluster.all
    }

    /// The name of the first master.
    pub fn first_master(&self) -> &str {
        &self.cluster.first_master
    }

    /// Makes `group` the target, called `label`.
    pub fn aim(&mut self, label: String, group: Group) {
        self.label = label;
        self.labelled = group.clone();
        self.scope.set_value(TARGET, group);
    }

    /// The target and how it is called: code may have assigned another one to its variable.
    pub fn target(&self) -> (String, Group) {
        let value = self
            .scope
            .get(TARGET)
            .map(Dynamic::flatten_clone)
            .unwrap_or_default();
        let group = match value.clone().try_cast::<HostRef>() {
            Some(host) => Group::new([host]),
            None => value
                .try_cast::<Group>()
                .unwrap_or_else(|| self.labelled.clone()),
        };
        if group.names().eq(self.labelled.names()) {
            return (self.label.clone(), group);
        }
        let label = match group.hosts() {
            [one] => one.name().to_owned(),
            many => format!("{} hosts", many.len()),
        };
        (label, group)
    }

    /// The clock of the hosts.
    pub fn reading(&self) -> Duration {
        self.run.clock().reading()
    }

    /// Puts `text` on record, without showing it.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn record(&self, text: &str) -> Result<()> {
        self.run.record(text)
    }

    /// Says `text` to the operator and to the journal.
    ///
    /// # Errors
    /// The journal's own failures.
    pub fn note(&self, text: &str) -> Result<()> {
        self.run.note(Level::Note, text)
    }

    /// Runs `text` in the shell of each host of the target, as `target.run(text)` does; another status than 0
    /// is no error.
    pub fn shell(&self, text: &str) -> Shell {
        let command = bindings::typed(text);
        let targets = self.target().1.targets();
        let ends = fan::out(&targets, self.run.forks(), self.run.clock(), &|host| {
            host.output(&command)
        });
        let names = targets.iter().map(|host| host.name().to_owned());
        names.zip(ends).collect()
    }

    /// Evaluates `text`, a whole input.
    ///
    /// # Errors
    /// [`Failure`], as that of a script.
    pub fn eval(&mut self, text: &str) -> std::result::Result<Answer, Failure> {
        if self.lines > LINES {
            self.text.clear();
            self.lines = 0;
        }
        let place = (self.lines + 1, 1);
        self.text.push_str(text);
        self.text.push('\n');
        self.lines += text.lines().count().max(1);
        let mut sources = self
            .runtime
            .sources
            .lock()
            .expect("no panic while holding it");
        sources.insert(SOURCE.to_owned(), self.text.clone());
        drop(sources);
        self.eval_at(SOURCE, text, place)
    }

    /// Evaluates `text`, which stands in the text called `source` at `line` and `column`.
    fn eval_at(
        &mut self,
        source: &str,
        text: &str,
        (line, column): (usize, usize),
    ) -> std::result::Result<Answer, Failure> {
        self.give(text)?;
        self.global |= text.contains("global::");
        let placed = format!("{}{}{text}", "\n".repeat(line - 1), " ".repeat(column - 1));
        let engine = &self.runtime.engine;
        let mut ast =
            deeply(|| engine.compile_with_scope(&self.scope, &placed)).map_err(|error| {
                let error = EvalAltResult::ErrorParsing(*error.0, error.1);
                let mut failure = self.runtime.failure(source, &error, Some(&self.functions));
                self.guess(&error, &mut failure.trace.error);
                failure
            })?;
        ast.set_source(source);
        let scan = self.check(source, &placed, &ast)?;
        let merged = match self.constants() {
            Some(constants) => self.functions.merge(&constants).merge(&ast),
            None => self.functions.merge(&ast),
        };
        self.functions = merged.clone_functions_only();
        if let Some(vocabulary) = &mut self.vocabulary {
            vocabulary.add_functions(text);
        }
        let scope = &mut self.scope;
        let value = deeply(|| engine.eval_ast_with_scope::<Dynamic>(scope, &merged))
            .map_err(|error| self.runtime.failure(source, &error, Some(&merged)));
        self.tidy();
        for import in &scan.imports {
            self.keep(&import.alias, &import.path)?;
        }
        value.map(|value| Answer::of(&value.flatten()))
    }

    /// Looks `ast` through, which was parsed from `text`, before any of it is executed.
    fn check(&self, source: &str, text: &str, ast: &AST) -> std::result::Result<Scan, Failure> {
        let scope = self.scope.iter_raw();
        let scope = scope.map(|(name, is_constant, _)| (name.to_owned(), is_constant));
        let examined =
            self.runtime
                .examine_piece(source, text, ast, &self.functions, scope.collect());
        match examined.first_error() {
            Some(failure) => Err(failure),
            None => Ok(Scan::of(ast)),
        }
    }

    /// The constants of earlier inputs, declared once more: functions ask for them by `global::`, and the engine
    /// knows only those of what it is evaluating.
    fn constants(&self) -> Option<AST> {
        if !self.global {
            return None;
        }
        let names = self.scope.iter_raw().filter(|(_, constant, _)| *constant);
        let text: String = names
            .map(|(name, _, _)| format!("const {name} = {name}; "))
            .collect();
        self.runtime
            .engine
            .compile_with_scope(&self.scope, text)
            .ok()
    }

    /// Leaves of each variable only what was declared last.
    fn tidy(&mut self) {
        let mut kept: Vec<(String, bool, Dynamic)> = Vec::new();
        for (name, constant, value) in self.scope.iter_raw() {
            kept.retain(|(known, _, _)| known != name);
            kept.push((name.to_owned(), constant, value.clone()));
        }
        let mut scope = Scope::new();
        for (name, constant, value) in kept {
            match constant {
                true => scope.push_constant_dynamic(name, value),
                false => scope.push_dynamic(name, value),
            };
        }
        self.scope = scope;
    }

    /// Gives the engine the shipped modules that `text` names.
    fn give(&mut self, text: &str) -> std::result::Result<(), Failure> {
        if !text.contains("::") {
            return Ok(());
        }
        for name in lexer::modules(&self.runtime.engine, text) {
            let shipped = modules::shipped().any(|(known, _)| known == name);
            if shipped && !self.given.contains(&name) {
                self.keep(&name, &format!("ocp/{name}"))?;
            }
        }
        Ok(())
    }

    /// Gives the engine the module `path` as `alias`.
    fn keep(&mut self, alias: &str, path: &str) -> std::result::Result<(), Failure> {
        if alias.is_empty() {
            return Ok(());
        }
        let engine = &self.runtime.engine;
        let resolver = &self.runtime.resolver;
        let module =
            deeply(|| rhai::ModuleResolver::resolve(resolver, engine, None, path, Position::NONE))
                .map_err(|error| self.runtime.failure(path, &error, None))?;
        self.runtime.engine.register_static_module(alias, module);
        if !self.given.iter().any(|known| known == alias) {
            self.given.push(alias.to_owned());
        }
        if let (Some(vocabulary), Ok(found)) =
            (&mut self.vocabulary, self.runtime.resolver.find(path))
        {
            vocabulary.add_module(alias, &found.text);
        }
        Ok(())
    }

    /// Offers the name that was meant for one that does not exist.
    fn guess(&self, error: &EvalAltResult, told: &mut Error) {
        let names = self.scope.iter_raw().map(|(name, _, _)| name);
        if let EvalAltResult::ErrorParsing(ParseErrorType::VariableUndefined(name), _) = error
            && let Some(near) = nearest(name, names)
        {
            told.hint = Some(format!("did you mean `{near}`?"));
        }
    }
}
