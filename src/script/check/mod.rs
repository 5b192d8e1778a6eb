//! Mistakes in scripts that are found without running them; one file per kind of mistake.
//!
//! Values have no types before they are there, so only what is wrong whatever the values are is an error:
//! a finding is never a guess.

mod calls;
mod closures;
mod known;
mod modules;
mod names;
mod options;
mod receiver;
mod traps;
mod unit;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use rhai::{ASTNode, Position, ScriptFuncDef};

use super::report::Place;
use super::signature::nearest;
use crate::error::Error;

pub use known::Known;
pub use modules::{circles, missing};
pub use unit::Unit;

/// A mistake in a script.
#[derive(Debug)]
pub struct Finding {
    /// Its kind: a word that stays the same in every version.
    pub kind: &'static str,
    /// Whether the script runs all the same.
    pub is_warning: bool,
    /// Where it is.
    pub place: Place,
    /// What is wrong, and the nearest known name.
    pub error: Error,
}

/// The files of a script, and what they can call.
pub struct Whole<'a> {
    /// The files, by name.
    pub units: &'a BTreeMap<String, Unit>,
    /// What the engine offers.
    pub known: &'a Known,
    /// The properties that any of the files writes: they may hold anything.
    written: BTreeSet<&'a str>,
}

impl<'a> Whole<'a> {
    /// The whole of `units`.
    pub fn of(units: &'a BTreeMap<String, Unit>, known: &'a Known) -> Self {
        let written = units.values().flat_map(|unit| &unit.written);
        Self {
            written: written.map(String::as_str).collect(),
            units,
            known,
        }
    }

    /// The mistakes in `unit`, in the order of its lines.
    pub fn findings(&self, unit: &'a Unit) -> Vec<Finding> {
        let mut found = Findings::new(&unit.name);
        names::functions(self, unit, &mut found);
        walk::walk(&unit.ast, &mut |path, within| {
            let node = Node {
                whole: self,
                unit,
                within,
                path,
            };
            calls::look(&node, &mut found);
            closures::look(&node, &mut found);
            modules::look(&node, &mut found);
            names::look(&node, &mut found);
            options::look(&node, &mut found);
            receiver::look(&node, &mut found);
            traps::look(&node, &mut found);
        });
        found.sorted()
    }
}

/// A node of a file, and what is around it.
struct Node<'a, 'n> {
    whole: &'a Whole<'a>,
    unit: &'a Unit,
    /// The function or closure around it.
    within: Option<&'n ScriptFuncDef>,
    /// From the outermost node to this one.
    path: &'n [ASTNode<'n>],
}

impl<'n> Node<'_, 'n> {
    fn itself(&self) -> ASTNode<'n> {
        self.path[self.path.len() - 1]
    }
}

/// The mistakes found so far in one file.
pub struct Findings {
    source: String,
    found: Vec<Finding>,
}

impl Findings {
    /// None yet, in the file `source`.
    pub fn new(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            found: Vec::new(),
        }
    }

    /// A mistake at `at`.
    pub fn error(&mut self, kind: &'static str, at: Position, error: Error) {
        self.add(kind, false, at, error);
    }

    /// Something at `at` that is rarely meant.
    pub fn warning(&mut self, kind: &'static str, at: Position, error: Error) {
        self.add(kind, true, at, error);
    }

    fn add(&mut self, kind: &'static str, is_warning: bool, at: Position, error: Error) {
        self.found.push(Finding {
            kind,
            is_warning,
            place: Place {
                source: self.source.clone(),
                line: at.line().unwrap_or(1),
                column: at.position().unwrap_or_default(),
                function: None,
            },
            error,
        });
    }

    /// All of them in the order of the lines, each once.
    pub fn sorted(mut self) -> Vec<Finding> {
        self.found
            .sort_by_key(|one| (one.place.line, one.place.column));
        self.found
            .dedup_by(|a, b| a.place == b.place && a.error == b.error);
        self.found
    }
}

/// `subject` does not exist; offers the nearest of `names`, after `prefix`.
fn unknown<'a>(
    subject: String,
    name: &str,
    prefix: &str,
    names: impl Iterator<Item = &'a str>,
) -> Error {
    let error = Error::invalid(subject, "does not exist");
    match nearest(name, names) {
        Some(near) => error.with_hint(format!("did you mean `{prefix}{near}`?")),
        None => error,
    }
}
