//! Script values to Rust types and back.
//!
//! JSON values are the hub: what a primitive returns, what the journal keeps, and what a script
//! reads are the same shapes.

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Map, Position};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::accepts;
use super::hosts::{Group, HostRef, Outcomes};
use crate::error::Error;

/// What a call from a script ends in.
pub type ScriptResult<T = Dynamic> = Result<T, Box<EvalAltResult>>;

/// The key under which an error map keeps the whole [`Error`].
const WHOLE: &str = "error";

/// `value` as plain data; a host becomes its name, a group the list of its names.
///
/// # Errors
/// A value that is not data, such as a function pointer.
pub fn to_value(value: &Dynamic) -> Result<Value, Error> {
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Ok(text.as_str().into());
    }
    if let Some(host) = value.read_lock::<HostRef>() {
        return Ok(host.name().into());
    }
    if let Some(group) = value.read_lock::<Group>() {
        return Ok(group.names().collect());
    }
    if let Some(outcomes) = value.read_lock::<Outcomes>() {
        return outcomes
            .all()
            .iter()
            .map(|(host, value)| Ok((host.clone(), to_value(value)?)))
            .collect::<Result<serde_json::Map<_, _>, Error>>()
            .map(Value::Object);
    }
    if let Some(list) = value.read_lock::<Array>() {
        return list.iter().map(to_value).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map
            .iter()
            .filter(|(_, value)| !is_untold(value))
            .map(|(key, value)| Ok((key.to_string(), to_value(value)?)))
            .collect::<Result<serde_json::Map<_, _>, Error>>()
            .map(Value::Object);
    }
    if value.is_fnptr() || value.is_variant() {
        return Err(Error::invalid(
            format!("a value of type `{}`", value.type_name()),
            "is not data: use texts, numbers, booleans, lists, maps, hosts or groups",
        ));
    }
    serde_json::to_value(value).map_err(|error| Error::invalid("a script value", error))
}

/// Whether `value`, in a map, is for our own sake and nothing that a script put there.
pub fn is_untold(value: &Dynamic) -> bool {
    value.is::<Whole>()
}

/// Plain data as a script value; `null` is `()`.
pub fn from_value(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, Some(float)) if !number.is_u64() => float.into(),
            // Above what a script's integer holds, such as an etcd member id: keep every digit.
            _ => number.to_string().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => list.iter().map(from_value).collect::<Array>().into(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.as_str().into(), from_value(value)))
            .collect::<Map>()
            .into(),
    }
}

/// What a primitive returned, as a script value.
///
/// # Errors
/// Only if the type cannot be serialised, which is a mistake in the primitive.
pub fn result<T: Serialize>(value: &T) -> Result<Dynamic, Error> {
    serde_json::to_value(value)
        .map(|value| from_value(&value))
        .map_err(|error| Error::invalid("a primitive's result", error))
}

/// An argument of a call as the Rust type that the primitive takes; unknown option keys are refused
/// by the type itself.
///
/// # Errors
/// [`Error::invalid`] naming `call` and `parameter`.
pub fn argument<T: DeserializeOwned>(
    call: &str,
    parameter: &str,
    value: &Dynamic,
) -> Result<T, Error> {
    let data = to_value(value)?;
    T::deserialize(&data).map_err(|error| {
        accepts::refused::<T>(call, &data)
            .unwrap_or_else(|| Error::invalid(format!("argument `{parameter}` of `{call}`"), error))
    })
}

/// `error` as what a script's `catch` receives: a map with the facts, and the whole error inside.
pub fn throw(error: Error, position: Position) -> Box<EvalAltResult> {
    let mut map = Map::new();
    map.insert("message".into(), error.to_string().into());
    if let Ok(Value::Object(facts)) = serde_json::to_value(&*error.kind) {
        for (key, value) in facts {
            if key != "failures" && key != "failure" {
                map.insert(key.into(), from_value(&value));
            }
        }
    }
    if let crate::error::Kind::Command { exit, .. } = &*error.kind {
        map.insert("rc".into(), exit.code().into());
    }
    if let Some(host) = error.host() {
        map.insert("host".into(), host.to_owned().into());
    }
    if let Some(hint) = &error.hint {
        map.insert("hint".into(), hint.clone().into());
    }
    map.insert(WHOLE.into(), Dynamic::from(Whole(error)));
    Box::new(EvalAltResult::ErrorRuntime(map.into(), position))
}

/// The whole error inside a thrown map.
#[derive(Debug, Clone)]
struct Whole(Error);

/// The error that `thrown` carries, if it is one of ours.
pub fn caught(thrown: &Dynamic) -> Option<Error> {
    let map = thrown.read_lock::<Map>()?;
    map.get(WHOLE)?
        .read_lock::<Whole>()
        .map(|whole| whole.0.clone())
}
