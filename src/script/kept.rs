//! What a phase returned, on record: unlike what a step returned, it comes back as the same types.

use rhai::{Array, Dynamic, Map};
use serde_json::Value;

use super::convert;
use super::hosts::{Group, HostRef, Outcomes};

/// `value` with the types that it is made of.
///
/// # Errors
/// Why it cannot be kept, as a sentence: it holds something that is no data.
pub fn keep(value: &Dynamic) -> Result<Value, String> {
    if value.is_unit() || value.is_bool() || value.is_int() || value.is_float() || value.is_string()
    {
        return convert::to_value(value).map_err(|error| error.to_string());
    }
    if let Some(host) = value.read_lock::<HostRef>() {
        return Ok(typed("host", host.name().into()));
    }
    if let Some(group) = value.read_lock::<Group>() {
        return Ok(typed("group", group.names().collect()));
    }
    if let Some(outcomes) = value.read_lock::<Outcomes>() {
        let all = outcomes.all().iter();
        let pair = |(host, value): &(String, Dynamic)| {
            Ok(Value::Array(vec![host.as_str().into(), keep(value)?]))
        };
        let all: Result<Vec<Value>, String> = all.map(pair).collect();
        return Ok(typed("outcomes", all?.into()));
    }
    if let Some(list) = value.read_lock::<Array>() {
        return list.iter().map(keep).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        let all = map.iter();
        let all = all.map(|(key, value)| Ok((key.to_string(), keep(value)?)));
        let all: Result<serde_json::Map<_, _>, String> = all.collect();
        return Ok(typed("map", all?.into()));
    }
    Err(format!("it holds a value of type `{}`", value.type_name()))
}

/// `value`, which is of another type than its own.
fn typed(kind: &str, value: Value) -> Value {
    serde_json::Map::from_iter([(kind.to_owned(), value)]).into()
}

/// Whether `one` and `other` are equal; what is no data is equal to nothing.
pub fn same(one: &Dynamic, other: &Dynamic) -> bool {
    if let (Some(one), Some(other)) = (one.read_lock::<Outcomes>(), other.read_lock::<Outcomes>()) {
        // What hosts answered does not change any more.
        return one.is(&other);
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Group>(), other.read_lock::<Group>()) {
        return one.names().eq(other.names());
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Array>(), other.read_lock::<Array>()) {
        let mut pairs = one.iter().zip(other.iter());
        return one.len() == other.len() && pairs.all(|(one, other)| same(one, other));
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Map>(), other.read_lock::<Map>()) {
        let told = |(_, value): &(_, &Dynamic)| !convert::is_untold(value);
        let mut pairs = one.iter().filter(told).zip(other.iter().filter(told));
        return one.len() == other.len()
            && pairs.all(|((key, one), (name, other))| key == name && same(one, other));
    }
    match (keep(one), keep(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// What [`keep`] was given; hosts are those of `all`.
///
/// # Errors
/// A host that is not worked on; what `keep` does not write.
pub fn restore(value: Value, all: &Group) -> Result<Dynamic, String> {
    let host = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        let found = all.named(name).cloned();
        found.ok_or_else(|| format!("`{name}` is not worked on"))
    };
    let map = match value {
        Value::Array(list) => {
            let list = list.into_iter().map(|value| restore(value, all));
            return Ok(list.collect::<Result<Array, String>>()?.into());
        }
        Value::Object(map) => map,
        plain => return Ok(convert::from_value(&plain)),
    };
    match map.into_iter().next() {
        Some((kind, Value::Object(map))) if kind == "map" => {
            let map = map.into_iter();
            let map = map.map(|(key, value)| Ok((key.into(), restore(value, all)?)));
            Ok(map.collect::<Result<Map, String>>()?.into())
        }
        Some((kind, Value::Array(list))) if kind == "group" => {
            let hosts = list.iter().map(host).collect::<Result<Vec<_>, String>>()?;
            Ok(Dynamic::from(Group::new(hosts)))
        }
        Some((kind, Value::Array(list))) if kind == "outcomes" => {
            let one = |pair: Value| match pair {
                Value::Array(pair) => match <[Value; 2]>::try_from(pair) {
                    Ok([Value::String(host), value]) => Ok((host, restore(value, all)?)),
                    _ => Err("it is damaged".to_owned()),
                },
                _ => Err("it is damaged".to_owned()),
            };
            let answers = list
                .into_iter()
                .map(one)
                .collect::<Result<Vec<_>, String>>()?;
            Ok(Dynamic::from(Outcomes::from(answers)))
        }
        Some((kind, name)) if kind == "host" => host(&name).map(Dynamic::from),
        _ => Err("it is damaged".to_owned()),
    }
}
