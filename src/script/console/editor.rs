//! What the line editor asks.

use rhai::{Dynamic, ParseErrorType};

use super::Console;
use crate::script::hosts::{Group, HostRef, Outcomes};
use crate::script::lexer::{self, Piece};
use crate::script::reference::Reference;
use crate::script::runtime::deeply;
use crate::script::vocabulary::Vocabulary;

/// Whether an input can be evaluated as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It can, or it never will.
    Complete,
    /// More has to follow.
    Incomplete,
}

impl Console {
    /// Whether `text` can be evaluated as it is.
    pub fn readiness(&mut self, text: &str) -> Readiness {
        // What is wrong with a module is told when it is evaluated.
        let _ = self.give(text);
        let engine = &self.runtime.engine;
        if lexer::ends_in_comment(engine, text) {
            return Readiness::Incomplete;
        }
        let compiled = deeply(|| engine.compile_with_scope(&self.scope, text));
        let Err(error) = compiled else {
            return Readiness::Complete;
        };
        let at_end = || {
            let at = error.position();
            let line = text.trim_end().lines().count();
            match (at.line(), at.position()) {
                (Some(on), _) if on > line => true,
                (Some(on), Some(column)) if on == line => {
                    let last = text.trim_end().lines().next_back().unwrap_or_default();
                    column > last.chars().count()
                }
                (Some(_), _) => false,
                (None, _) => true,
            }
        };
        let open = match error.err_type() {
            ParseErrorType::UnexpectedEOF => true,
            ParseErrorType::BadInput(rhai::LexError::UnterminatedString) => true,
            ParseErrorType::MissingToken(..)
            | ParseErrorType::ExprExpected(..)
            | ParseErrorType::VariableExpected
            | ParseErrorType::FnMissingBody(..)
            | ParseErrorType::FnMissingParams(..) => at_end(),
            _ => false,
        };
        match open {
            true => Readiness::Incomplete,
            false => Readiness::Complete,
        }
    }

    /// The pieces of `text`, for highlighting.
    pub fn pieces(&self, text: &str) -> Vec<Piece> {
        lexer::pieces(&self.runtime.engine, text)
    }

    /// What can be typed; put together when first asked.
    pub fn vocabulary(&mut self) -> &Vocabulary {
        let engine = &self.runtime.engine;
        self.vocabulary.get_or_insert_with(|| {
            let mut vocabulary = Vocabulary::of(engine);
            vocabulary.add_functions(&self.text);
            if let Some(opened) = &self.opened {
                vocabulary.add_functions(&opened.script.text);
            }
            vocabulary
        })
    }

    /// What scripts can call; put together when first asked.
    pub fn reference(&mut self) -> &Reference {
        let runtime = &self.runtime;
        self.reference.get_or_insert_with(|| runtime.reference())
    }

    /// The variables that there are.
    pub fn variables(&self) -> Vec<String> {
        let all = self.scope.iter_raw();
        all.map(|(name, _, _)| name.to_owned()).collect()
    }

    /// The type of the variable `name`, as [`Vocabulary::members`] takes it.
    pub fn type_of(&self, name: &str) -> Option<&'static str> {
        let value = self.scope.get(name)?.flatten_clone();
        Some(if value.is::<HostRef>() {
            "host"
        } else if value.is::<Group>() {
            "group"
        } else if value.is::<Outcomes>() {
            "outcomes"
        } else if value.is_map() {
            "map"
        } else if value.is_array() {
            "array"
        } else if value.is_string() {
            "string"
        } else {
            ""
        })
    }

    /// The keys of the variable `name`, if it is a map.
    pub fn keys_of(&self, name: &str) -> Vec<String> {
        let value = self.scope.get(name).map(Dynamic::flatten_clone);
        let map = value
            .and_then(Dynamic::try_cast::<rhai::Map>)
            .unwrap_or_default();
        map.keys().map(ToString::to_string).collect()
    }
}
