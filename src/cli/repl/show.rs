//! Values as an operator reads them.

use serde_json::Value;

use crate::cli::progress::harmless;
use crate::script::Answer;

/// What fits here stays on one line.
const WIDTH: usize = 100;

/// `answer` as text, without a line break at its end; nothing for `()`.
pub fn shown(answer: &Answer) -> Option<String> {
    let text = match answer {
        Answer::Nothing => return None,
        Answer::Text(text) => text.clone(),
        Answer::Data(value) => pretty(value),
        Answer::Hosts(all) => {
            let lines = all.iter().map(|(host, value)| {
                format!("{host}: {}", change(value).unwrap_or_else(|| plain(value)))
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Answer::Other(name) => format!("({name})"),
    };
    Some(harmless(text.trim_end_matches('\n')))
}

fn pretty(value: &Value) -> String {
    if let Some(change) = change(value) {
        return change;
    }
    layout(value, 0)
}

/// `value` at `depth`, on one line where it fits there.
fn layout(value: &Value, depth: usize) -> String {
    let line = inner(value);
    let indent = "  ".repeat(depth + 1);
    let (open, lines, close): (_, Vec<String>, _) = match value {
        _ if line.chars().count() + indent.len() <= WIDTH => {
            return if depth == 0 { plain(value) } else { line };
        }
        Value::Array(list) => {
            let lines = list.iter().map(|value| layout(value, depth + 1));
            ('[', lines.collect(), ']')
        }
        Value::Object(map) => {
            let lines = map
                .iter()
                .map(|(key, value)| format!("{key}: {}", layout(value, depth + 1)));
            ('{', lines.collect(), '}')
        }
        _ => return line,
    };
    let outer = "  ".repeat(depth);
    format!(
        "{open}\n{indent}{}\n{outer}{close}",
        lines.join(&format!(",\n{indent}"))
    )
}

/// `value` on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "()".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!(
            "[{}]",
            list.iter().map(inner).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(map) => {
            let all = map
                .iter()
                .map(|(key, value)| format!("{key}: {}", inner(value)));
            format!("{{ {} }}", all.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// What a primitive that changes something returned, as what became different; `None` if `value` is none of
/// that kind. The whole of it is in `before` and `after`.
fn change(value: &Value) -> Option<String> {
    let map = value.as_object().filter(|map| map.len() == 3)?;
    let (changed, before, after) = (
        map.get("changed")?.as_bool()?,
        map.get("before")?,
        map.get("after")?,
    );
    if !changed {
        return Some("unchanged".to_owned());
    }
    let mut found = Vec::new();
    differences("", before, after, &mut found);
    let mut text = "changed".to_owned();
    for (count, one) in found.iter().enumerate() {
        text.push_str(if count == 0 { ": " } else { ", " });
        if text.chars().count() + one.chars().count() > 2 * WIDTH {
            text.push_str("...");
            break;
        }
        text.push_str(one);
    }
    Some(text)
}

/// What differs between `before` and `after`, each by its place.
fn differences(place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in b {
                let place = match place {
                    "" => key.clone(),
                    place => format!("{place}.{key}"),
                };
                differences(&place, a.get(key).unwrap_or(&Value::Null), value, found);
            }
        }
        (Value::Array(a), Value::Array(b))
            if a.len() == b.len() && a.iter().all(Value::is_object) =>
        {
            for (at, (before, after)) in a.iter().zip(b).enumerate() {
                let place = match a.len() {
                    1 => place.to_owned(),
                    _ => format!("{place}[{at}]"),
                };
                differences(&place, before, after, found);
            }
        }
        _ => {
            let colon = if place.is_empty() { "" } else { ": " };
            found.push(format!(
                "{place}{colon}{} -> {}",
                inner(before),
                inner(after)
            ));
        }
    }
}

/// `value` as a part of another.
fn inner(value: &Value) -> String {
    match value {
        Value::String(_) => value.to_string(),
        other => plain(other),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;
    use crate::script::Answer;
    use serde_json::json;

    #[test]
    fn short_values_take_one_line_and_long_ones_many() {
        let text = |value| shown(&Answer::Data(value)).unwrap_or_default();
        assert_eq!(
            text(json!({"a": 1, "b": ["x", null]})),
            "{ a: 1, b: [\"x\", ()] }"
        );
        let long = "x".repeat(80);
        assert_eq!(
            text(json!([{"a": long, "b": 1}, {"a": {"b": long, "c": long}}])),
            format!(
                "[\n  {{ a: \"{long}\", b: 1 }},\n  {{\n    a: {{\n      b: \"{long}\",\n      c: \"{long}\"\n    }}\n  }}\n]"
            )
        );
        let units = |state| json!([{"unit": "etcd", "active": state, "enabled": true}]);
        assert_eq!(
            text(json!({"changed": true, "before": units("active"), "after": units("inactive")})),
            "changed: active: \"active\" -> \"inactive\""
        );
        assert_eq!(
            text(json!({"changed": false, "before": 1, "after": 1})),
            "unchanged"
        );
        assert_eq!(shown(&Answer::Nothing), None);
        let hosts = vec![
            ("m-0".to_owned(), json!(true)),
            ("m-1".to_owned(), json!(null)),
        ];
        assert_eq!(
            shown(&Answer::Hosts(hosts)).as_deref(),
            Some("m-0: true\nm-1: ()")
        );
    }
}
