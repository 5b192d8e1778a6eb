//! A script and everything it imports, looked through for mistakes without running it.

use std::collections::BTreeMap;

use rhai::{AST, Engine, EvalAltResult, ParseErrorType, Position, Shared};

use super::check::{Finding, Findings, Known, Unit, Whole, circles, missing};
use super::excerpt::Excerpt;
use super::report::Trace;
use super::runtime::{Failure, Runtime, deeply, speak};
use super::shipped;
use super::site;
use super::text::Script;
use crate::error::Error;

/// What a look through a script found.
#[derive(Debug)]
pub struct Examined {
    /// The mistakes: those of the script first, then those of each module, by line.
    pub findings: Vec<(Finding, Option<Excerpt>)>,
    /// How many modules were looked through beside the script.
    pub modules: usize,
}

impl Examined {
    /// The first mistake that is more than a warning.
    pub fn first_error(self) -> Option<Failure> {
        let mut found = self.findings.into_iter();
        let (finding, excerpt) = found.find(|(one, _)| !one.is_warning)?;
        Some(Failure {
            trace: Trace {
                error: finding.error,
                places: vec![finding.place],
            },
            excerpt: excerpt.map(Box::new),
        })
    }
}

impl Runtime {
    /// Looks `script` and everything it imports through, without running anything: all mistakes are told,
    /// not only the first.
    pub fn examine(&self, script: &Script) -> Examined {
        deeply(|| {
            let mut examination = Examination::of(self);
            examination.read(&script.name, &script.text);
            examination.read_site(script);
            examination.finish(&script.name)
        })
    }
}

impl Runtime {
    /// Looks `ast` through, which was parsed from `text`, a piece of a dialogue called `source`: `earlier` are the
    /// functions of the pieces before it, `scope` the variables that they left: name, and whether it is constant.
    pub(super) fn examine_piece(
        &self,
        source: &str,
        text: &str,
        ast: &AST,
        earlier: &AST,
        scope: Vec<(String, bool)>,
    ) -> Examined {
        deeply(|| {
            let mut examination = Examination::of(self);
            let mut unit = Unit::new(source, text, ast.clone().into(), &examination.known);
            unit.add_functions(earlier);
            for (name, is_constant) in scope {
                if is_constant {
                    // Functions reach it as `global::NAME`.
                    unit.constants.insert(name.clone());
                }
                unit.outer.insert(name);
            }
            examination.order.push(source.to_owned());
            let found = examination.take(unit);
            examination.read_all(found);
            examination.finish(source)
        })
    }
}

struct Examination<'a> {
    runtime: &'a Runtime,
    known: Known,
    units: BTreeMap<String, Unit>,
    /// The names of all files, in the order in which they are imported.
    order: Vec<String>,
    findings: Vec<Finding>,
    /// Where the parser missed a name: told only if nothing else tells it.
    refused: Vec<Finding>,
}

impl<'a> Examination<'a> {
    /// One that has not begun.
    fn of(runtime: &'a Runtime) -> Self {
        Self {
            runtime,
            known: Known::of(&runtime.engine),
            units: BTreeMap::new(),
            order: Vec::new(),
            findings: Vec::new(),
            refused: Vec::new(),
        }
    }
}

impl Examination<'_> {
    /// Reads the file `name`, and what it imports.
    fn read(&mut self, name: &str, text: &str) {
        self.order.push(name.to_owned());
        self.read_all(vec![(name.to_owned(), text.to_owned())]);
    }

    /// Reads the files `pending`, names and texts, and what they import.
    fn read_all(&mut self, mut pending: Vec<(String, String)>) {
        while let Some((name, text)) = pending.pop() {
            if let Some(unit) = self.unit(&name, &text) {
                pending.extend(self.take(unit));
            }
        }
    }

    /// Takes `unit`, and returns the files that it imports and that were not met before.
    fn take(&mut self, mut unit: Unit) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut found = Findings::new(&unit.name);
        for import in unit.scan.imports.clone() {
            let file = match self.runtime.resolver.find(&import.path) {
                Ok(file) => file,
                Err(reason) => {
                    let error = missing(&import.path, &reason, library());
                    found.error("module", import.position, error);
                    unit.import(&import.path, &import.alias, None);
                    continue;
                }
            };
            unit.import(&import.path, &import.alias, Some(&file.name));
            if !self.order.contains(&file.name) {
                self.order.push(file.name.clone());
                files.push((file.name, file.text));
            }
        }
        self.findings.extend(found.sorted());
        self.units.insert(unit.name.clone(), unit);
        files
    }

    /// Reads the site's own file, if there is one.
    fn read_site(&mut self, script: &Script) {
        let site = match self.runtime.has_site(script) {
            Ok(true) => self.runtime.resolver.find(site::MODULE),
            Ok(false) => return,
            Err(failure) => {
                self.findings.push(syntax(&script.name, failure));
                return;
            }
        };
        let Ok(site) = site else { return };
        if !self.order.contains(&site.name) {
            self.read(&site.name, &site.text);
        }
        if let Some(unit) = self.units.get(&site.name)
            && let Some((at, error)) = site::stranger(&unit.ast)
        {
            let mut found = Findings::new(&site.name);
            found.error("hook", at, error);
            self.findings.extend(found.sorted());
        }
    }

    /// The file `name`, unless it does not parse.
    fn unit(&mut self, name: &str, text: &str) -> Option<Unit> {
        let runtime = self.runtime;
        let told = |error: &EvalAltResult| syntax(name, runtime.failure(name, error, None));
        let engine = &runtime.engine;
        let error = match runtime.resolver.compile(engine, name, text) {
            Ok(ast) => return Some(self.parsed(name, text, ast)),
            Err(error) => error,
        };
        if !is_missing_name(&error) {
            self.findings.push(told(&error));
            return None;
        }
        // A name that is missing does not keep the others from being looked at.
        match lenient().compile(text) {
            Ok(ast) => {
                self.refused.push(told(&error));
                Some(self.parsed(name, text, ast.into()))
            }
            Err(next) => {
                self.findings.push(told(&error));
                self.findings.push(told(&next.into()));
                None
            }
        }
    }

    fn parsed(&mut self, name: &str, text: &str, ast: Shared<AST>) -> Unit {
        self.findings.extend(open_comment(name, text));
        Unit::new(name, text, ast, &self.known)
    }

    fn finish(mut self, script: &str) -> Examined {
        let whole = Whole::of(&self.units, &self.known);
        for unit in self.units.values() {
            self.findings.extend(whole.findings(unit));
        }
        self.findings.extend(circles(&self.units, script));
        for refused in self.refused {
            let is_told = |one: &Finding| one.place == refused.place;
            if !self.findings.iter().any(is_told) {
                self.findings.push(refused);
            }
        }
        let order = |name: &str| self.order.iter().position(|one| one == name);
        self.findings
            .sort_by_key(|one| (order(&one.place.source), one.place.line, one.place.column));
        let sources = self.runtime.sources.lock();
        let sources = sources.expect("no panic while holding it");
        let findings = self.findings.into_iter().map(|finding| {
            let excerpt = Excerpt::of(&sources, &finding.place);
            (finding, excerpt)
        });
        Examined {
            findings: findings.collect(),
            modules: self.order.len() - 1,
        }
    }
}

/// An engine that parses scripts whatever names they use.
fn lenient() -> Engine {
    let mut engine = Engine::new_raw();
    speak(&mut engine);
    engine
}

/// Whether the parser stopped at a name that is not there.
fn is_missing_name(error: &EvalAltResult) -> bool {
    use ParseErrorType::{ModuleUndefined, VariableUndefined};
    matches!(
        error,
        EvalAltResult::ErrorParsing(ModuleUndefined(_) | VariableUndefined(_), _)
    )
}

/// A comment that is not closed takes the rest of the file away, and the engine says nothing.
fn open_comment(name: &str, text: &str) -> Option<Finding> {
    let begin = text.rfind("/*")?;
    let is_closed = text[begin..].contains("*/");
    // What stands behind the end is taken away too, even if it is no script.
    if is_closed || lenient().compile(format!("{text}\n)")).is_err() {
        return None;
    }
    let before = &text[..begin];
    let line = u16::try_from(before.matches('\n').count() + 1).ok()?;
    let last = before.rsplit('\n').next().unwrap_or_default();
    let column = u16::try_from(last.chars().count() + 1).ok()?;
    let error = Error::invalid(
        "comment",
        "is not closed: the rest of the file is part of it",
    )
    .with_hint("close it with `*/`");
    let mut found = Findings::new(name);
    found.error("syntax", Position::new(line, column), error);
    found.sorted().pop()
}

/// What the parser said to the file `name`.
fn syntax(name: &str, failure: Failure) -> Finding {
    let mut found = Findings::new(name);
    let place = failure.trace.places.into_iter().next();
    found.error("syntax", Position::NONE, failure.trace.error);
    let mut finding = found.sorted().remove(0);
    if let Some(place) = place {
        finding.place = place;
    }
    finding
}

/// The modules of the shipped library, as `import` names them.
fn library() -> impl Iterator<Item = &'static str> {
    let files = shipped::FILES.iter();
    files.filter_map(|(name, _)| name.strip_prefix("stdlib/")?.strip_suffix(".rhai"))
}
