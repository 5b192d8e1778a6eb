//! A script's error as an operator reads it: the sentence, where in which file, the call trace.

use std::collections::BTreeMap;

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use super::convert;
use crate::error::{Error, Kind};
use crate::procedure::Describe;

/// An error on its way through native code: the script's own, with the source that it began in.
#[derive(Debug)]
pub struct ScriptError {
    inner: Box<EvalAltResult>,
    source: String,
}

impl ScriptError {
    /// `inner`, which came out of a closure called from `ctx`.
    pub fn at(ctx: &NativeCallContext, inner: Box<EvalAltResult>) -> Self {
        Self {
            inner,
            source: ctx.call_source().unwrap_or_default().to_owned(),
        }
    }

    /// `error`, which native code called from `ctx` met.
    pub fn new(ctx: &NativeCallContext, error: Error) -> Self {
        Self::at(ctx, convert::throw(error, ctx.call_position()))
    }

    /// The script's own error again.
    pub fn into_script(self) -> Box<EvalAltResult> {
        self.inner
    }

    /// What failed, or the script's own error if it is control flow.
    pub fn into_failure(self) -> Result<Error, Box<EvalAltResult>> {
        if self.is_control_flow() {
            Err(self.inner)
        } else {
            Ok(self.describe())
        }
    }
}

impl From<Error> for ScriptError {
    fn from(error: Error) -> Self {
        Self {
            inner: convert::throw(error, Position::NONE),
            source: String::new(),
        }
    }
}

impl Describe for ScriptError {
    fn describe(&self) -> Error {
        let trace = Trace::of(&self.inner, &self.source);
        let mut error = trace.error;
        if error.at.is_none() {
            error.at = trace.places.first().map(Place::to_string);
        }
        error
    }

    fn is_control_flow(&self) -> bool {
        self.inner.is_pseudo_error() || matches!(*self.inner, EvalAltResult::ErrorTerminated(..))
    }
}

/// A line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The script or module, as it was named when loaded.
    pub source: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1; 0 if unknown.
    pub column: usize,
    /// The function it is in, where it has a name.
    pub function: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// An error with the places it passed through, innermost first.
#[derive(Debug)]
pub struct Trace {
    /// What happened.
    pub error: Error,
    /// Where, innermost first.
    pub places: Vec<Place>,
}

impl Trace {
    /// The trace of `error`, raised by a script called `source`.
    pub fn of(error: &EvalAltResult, source: &str) -> Self {
        let mut places = Vec::new();
        let mut source = source.to_owned();
        let mut function = None;
        let mut error = error;
        loop {
            let position = error.position();
            if let (Some(line), false) = (position.line(), source.is_empty()) {
                places.push(Place {
                    source: source.clone(),
                    line,
                    column: position.position().unwrap_or_default(),
                    function: function.clone(),
                });
            }
            match error {
                EvalAltResult::ErrorInFunctionCall(name, module, inner, _) => {
                    if !module.is_empty() {
                        source.clone_from(module);
                    }
                    // Closures have made-up names.
                    function = Some(name.clone()).filter(|name| !name.contains('$'));
                    error = inner;
                }
                EvalAltResult::ErrorInModule(module, inner, _) => {
                    if !module.is_empty() {
                        source.clone_from(module);
                    }
                    error = inner;
                }
                _ => break,
            }
        }
        places.reverse();
        places.dedup_by(|a, b| a.line == b.line && a.source == b.source);
        Self {
            error: described(error),
            places,
        }
    }
}

/// The innermost error as an operator reads it.
fn described(error: &EvalAltResult) -> Error {
    match error {
        EvalAltResult::ErrorRuntime(thrown, _) => convert::caught(thrown).unwrap_or_else(|| {
            Error::new(Kind::Findings {
                summary: text_of(thrown),
                findings: Vec::new(),
            })
        }),
        EvalAltResult::ErrorTerminated(..) => Error::stopped("interrupted"),
        other => {
            let mut plain = other.clone_without_position();
            plain.retain(|c| c != '\n');
            Error::new(Kind::Invalid {
                subject: "script".to_owned(),
                reason: plain,
            })
        }
    }
}

/// What a script threw, as text.
fn text_of(thrown: &Dynamic) -> String {
    if let Some(map) = thrown.read_lock::<rhai::Map>()
        && let Some(message) = map.get("message")
    {
        return message.to_string();
    }
    thrown.to_string()
}

trait WithoutPosition {
    fn clone_without_position(&self) -> String;
}

impl WithoutPosition for EvalAltResult {
    /// Its sentence without `(line 1, position 2)`.
    fn clone_without_position(&self) -> String {
        let text = self.to_string();
        match text.rfind(" (line ") {
            Some(at) => text[..at].to_owned(),
            None => text,
        }
    }
}

/// The lines around `place`, with a caret under its column.
pub fn excerpt(sources: &BTreeMap<String, String>, place: &Place) -> Vec<String> {
    let Some(text) = sources.get(&place.source) else {
        return Vec::new();
    };
    let Some(line) = text.lines().nth(place.line - 1) else {
        return Vec::new();
    };
    let number = place.line.to_string();
    let gutter = " ".repeat(number.len());
    let mut lines = vec![format!("{gutter} |"), format!("{number} | {line}")];
    if place.column > 0 {
        lines.push(format!("{gutter} | {}^", " ".repeat(place.column - 1)));
    }
    lines
}
