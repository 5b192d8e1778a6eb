//! A script's error as an operator reads it: the sentence, where in which file, the call trace.

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use super::convert;
use super::explain::{Known, explain};
use crate::error::{Error, Kind};
use crate::procedure::Describe;

/// An error on its way through native code: the script's own, and what it means.
#[derive(Debug)]
pub struct ScriptError {
    inner: Box<EvalAltResult>,
    error: Error,
}

impl ScriptError {
    /// `inner`, which came out of a closure called from `ctx`.
    pub fn at(ctx: &NativeCallContext, inner: Box<EvalAltResult>) -> Self {
        let known = Known {
            engine: ctx.engine(),
            context: Some(ctx),
            ast: None,
            text: "",
        };
        let trace = Trace::of(&inner, ctx.call_source().unwrap_or_default(), &known);
        let mut error = trace.error;
        if error.at.is_none() {
            error.at = trace.places.first().map(Place::to_string);
        }
        Self { inner, error }
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
            Ok(self.error)
        }
    }
}

impl From<Error> for ScriptError {
    fn from(error: Error) -> Self {
        Self {
            inner: convert::throw(error.clone(), Position::NONE),
            error,
        }
    }
}

impl Describe for ScriptError {
    fn describe(&self) -> Error {
        self.error.clone()
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

impl From<Error> for Trace {
    fn from(error: Error) -> Self {
        Self {
            error,
            places: Vec::new(),
        }
    }
}

impl Trace {
    /// The trace of `error`, raised by a script called `source` where `known` can be called.
    pub fn of(error: &EvalAltResult, source: &str, known: &Known<'_>) -> Self {
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
            error: described(error, known),
            places,
        }
    }
}

/// The innermost error as an operator reads it.
fn described(error: &EvalAltResult, known: &Known<'_>) -> Error {
    match error {
        EvalAltResult::ErrorRuntime(thrown, _) => {
            convert::caught(thrown).unwrap_or_else(|| Error {
                hint: hint_of(thrown),
                ..spoken(&text_of(thrown))
            })
        }
        EvalAltResult::ErrorTerminated(..) => Error::stopped("interrupted"),
        other => explain(other, known),
    }
}

/// What a script threw in its own words: the first line is the sentence, further ones its findings.
fn spoken(text: &str) -> Error {
    let mut lines = text.lines().map(str::to_owned);
    Error::new(Kind::Findings {
        summary: lines.next().unwrap_or_default(),
        findings: lines.collect(),
    })
}

/// What a thrown map says to type next.
fn hint_of(thrown: &Dynamic) -> Option<String> {
    let map = thrown.read_lock::<rhai::Map>()?;
    let hint = map.get("hint")?.clone();
    hint.into_string().ok()
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
