//! A script that is worked through by hand, step by step.

use std::sync::Arc;

use rhai::Module;

use super::{Answer, Console};
use crate::error::Error;
use crate::script::lexer;
use crate::script::outline::{self, Part, PartKind};
use crate::script::runtime::Failure;
use crate::script::text::Script;

/// The script that `:load` loaded.
pub(super) struct Opened {
    pub(super) script: Script,
    /// Its steps and phases, in their order.
    parts: Vec<Part>,
    /// Where the call of each stands.
    places: Vec<(usize, usize)>,
}

/// The script that is worked through by hand.
impl Console {
    /// Loads `script`: its functions, imports and constants can be used, nothing else of it is executed. Returns
    /// its steps and phases.
    ///
    /// # Errors
    /// [`Failure`] for what is wrong with it.
    pub fn open(&mut self, script: Script) -> std::result::Result<&[Part], Failure> {
        let loaded = self.runtime.load(&script)?;
        if let Some(failure) = self.runtime.examine(&script).first_error() {
            return Err(failure);
        }
        let scan = loaded.scans.get(&script.name).cloned().unwrap_or_default();
        for import in &scan.imports {
            self.keep(&import.alias, &import.path)?;
        }
        let functions: &rhai::Shared<Module> = (*loaded.ast).as_ref();
        self.runtime
            .engine
            .register_global_module(Arc::clone(functions));
        self.global |= script.text.contains("global::");
        for (from, to) in lexer::constants(&self.runtime.engine, &script.text) {
            let place = place(&script.text, from);
            self.eval_at(&script.name, &script.text[from..to], place)?;
        }
        if let Some(vocabulary) = &mut self.vocabulary {
            vocabulary.add_functions(&script.text);
        }
        let all = outline::placed(&loaded.ast);
        let all = all
            .into_iter()
            .filter(|(part, _)| part.kind != PartKind::Function);
        let (parts, places) = all.unzip();
        let opened = self.opened.insert(Opened {
            script,
            parts,
            places,
        });
        Ok(&opened.parts)
    }

    /// Evaluates the step or phase with this number, from 1, of the loaded script in the current scope; returns
    /// its name, and what it came to.
    ///
    /// # Errors
    /// [`Failure`]; there is no script, or no such step.
    pub fn step(&mut self, number: usize) -> std::result::Result<(String, Answer), Failure> {
        let Some(opened) = &self.opened else {
            return Err(Error::invalid("`:step`", "no script is loaded")
                .with_hint("`:load FILE` loads one and lists its steps")
                .into());
        };
        let at = number.checked_sub(1).filter(|at| *at < opened.parts.len());
        let Some(at) = at else {
            let reason = format!("the script has {} steps and phases", opened.parts.len());
            return Err(Error::invalid(format!("`:step {number}`"), reason).into());
        };
        let (part, called) = (opened.parts[at].clone(), opened.places[at]);
        let (name, text) = (opened.script.name.clone(), opened.script.text.clone());
        let Some((from, to)) = lexer::statement(&self.runtime.engine, &text, called) else {
            let reason = format!("where `{}` stands cannot be made out", part.name);
            return Err(Error::invalid(format!("`:step {number}`"), reason).into());
        };
        let done = self.eval_at(&name, &text[from..to], place(&text, from));
        let answer = done.map_err(|mut failure| {
            let error = &mut failure.trace.error;
            if error.to_string().starts_with("variable `") {
                error.hint = Some(format!(
                    "`:step {number}` evaluates `{}` alone, with what was declared here: run the phase that \
                     declares it first, or give it a value with `let`",
                    part.name
                ));
            }
            failure
        })?;
        Ok((part.name, answer))
    }
}

/// Line and column, from 1, of the byte `at` of `text`.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |end| end + 1);
    (
        before.matches('\n').count() + 1,
        before[line..].chars().count() + 1,
    )
}
