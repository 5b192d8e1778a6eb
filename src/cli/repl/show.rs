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
            let lines = all
                .iter()
                .map(|(host, value)| format!("{host}: {}", plain(value)));
            lines.collect::<Vec<_>>().join("\n")
        }
        Answer::Other(name) => format!("({name})"),
    };
    Some(harmless(text.trim_end_matches('\n')))
}

fn pretty(value: &Value) -> String {
    let line = plain(value);
    match line.chars().count() > WIDTH {
        true => format!("{value:#}"),
        false => line,
    }
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
        assert_eq!(text(json!({"a": "x".repeat(120)})).lines().count(), 3);
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
