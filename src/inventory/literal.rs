//! Values of an INI inventory: Python literals, else text, as Ansible reads them.
//!
//! `True`, `3`, `"quoted"` and `{'region': 'infra'}` are literals; `yes`, `3.9.1`, `010` and whatever
//! else Python would not read as a literal stay the text they are.

use serde_json::{Map, Number, Value};

/// Nesting beyond this is text, so that no file can exhaust the stack.
const DEEPEST: usize = 64;

/// The value that `text` stands for.
pub(super) fn read(text: &str) -> Value {
    let mut reader = Reader {
        rest: text.trim_start_matches([' ', '\t']),
        depth: 0,
    };
    reader
        .whole()
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

/// What is still to be read; every method is `None` where Python would refuse.
struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    /// One literal, or several separated by commas, and nothing else but a comment.
    fn whole(&mut self) -> Option<Value> {
        let first = self.value()?;
        if !self.take(',') {
            return self.at_end().then_some(first);
        }
        let mut values = vec![first];
        while !self.at_end() {
            values.push(self.value()?);
            if !self.take(',') {
                break;
            }
        }
        self.at_end().then_some(Value::Array(values))
    }

    fn at_end(&mut self) -> bool {
        self.skip_blanks();
        self.rest.is_empty() || self.rest.starts_with('#')
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\x0c']);
    }

    /// Whether the next character was `wanted`, which is then behind us.
    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_blanks();
        match self.rest.chars().next()? {
            '[' => self
                .sequence('[', ']')
                .map(|(values, _)| Value::Array(values)),
            '(' => {
                let (mut values, commas) = self.sequence('(', ')')?;
                // `(x)` is x in brackets; `(x,)` and `()` are tuples
                match (values.len(), commas) {
                    (1, 0) => values.pop(),
                    _ => Some(Value::Array(values)),
                }
            }
            '{' => self.braces(),
            '\'' | '"' => self.strings(),
            c if c.is_ascii_digit() || "+-.".contains(c) => self.number(),
            _ => self.word(),
        }
    }

    /// The values between `open` and `close`, and how many commas stood there.
    fn sequence(&mut self, open: char, close: char) -> Option<(Vec<Value>, usize)> {
        self.enter(open)?;
        let (mut values, mut commas) = (Vec::new(), 0);
        while !self.take(close) {
            if commas < values.len() {
                return None;
            }
            values.push(self.value()?);
            commas += usize::from(self.take(','));
        }
        self.depth -= 1;
        Some((values, commas))
    }

    /// A dict or a set.
    fn braces(&mut self) -> Option<Value> {
        self.enter('{')?;
        let (mut entries, mut members) = (Map::new(), Vec::new());
        let mut separated = true;
        while !self.take('}') {
            if !separated {
                return None;
            }
            let key = self.value()?;
            if self.take(':') {
                let key = match key {
                    Value::String(key) => key,
                    Value::Array(_) | Value::Object(_) => return None,
                    other => other.to_string(),
                };
                entries.insert(key, self.value()?);
            } else {
                members.push(key);
            }
            separated = self.take(',');
        }
        self.depth -= 1;
        match (entries.is_empty(), members.is_empty()) {
            (_, true) => Some(Value::Object(entries)),
            (true, false) => Some(Value::Array(members)),
            (false, false) => None,
        }
    }

    fn enter(&mut self, open: char) -> Option<()> {
        self.depth += 1;
        (self.take(open) && self.depth <= DEEPEST).then_some(())
    }

    /// `None`, `True`, `False`, or a string with a prefix.
    fn word(&mut self) -> Option<Value> {
        let end = self
            .rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if rest.starts_with(['\'', '"']) {
            return self.strings();
        }
        self.rest = rest;
        match word {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::Null),
            _ => None,
        }
    }

    /// Adjacent strings, which Python joins; this also reads triple quotes of one line.
    fn strings(&mut self) -> Option<Value> {
        let mut joined = String::new();
        loop {
            let end = self.rest.find(['\'', '"'])?;
            let (prefix, rest) = self.rest.split_at(end);
            let raw = match prefix.to_ascii_lowercase().as_str() {
                "" | "u" | "b" => false,
                "r" | "br" | "rb" => true,
                _ => return None,
            };
            self.rest = rest;
            self.string(raw, &mut joined)?;
            self.skip_blanks();
            let letters = self
                .rest
                .trim_start_matches(|c: char| c.is_ascii_alphabetic());
            if !letters.starts_with(['\'', '"']) {
                return Some(Value::String(joined));
            }
        }
    }

    fn string(&mut self, raw: bool, into: &mut String) -> Option<()> {
        let mut characters = self.rest.chars();
        let quote = characters.next()?;
        loop {
            match characters.next()? {
                c if c == quote => break,
                '\\' if raw => into.extend(['\\', characters.next()?]),
                '\\' => escape(&mut characters, into)?,
                c => into.push(c),
            }
        }
        self.rest = characters.as_str();
        Some(())
    }

    fn number(&mut self) -> Option<Value> {
        let (negative, unsigned) = match self.rest.as_bytes().first()? {
            b'-' => (true, self.rest[1..].trim_start_matches([' ', '\t'])),
            b'+' => (false, self.rest[1..].trim_start_matches([' ', '\t'])),
            _ => (false, self.rest),
        };
        let mut end = 0;
        let mut before = ' ';
        for c in unsigned.chars() {
            let exponent_sign = matches!(c, '+' | '-')
                && matches!(before, 'e' | 'E')
                && !unsigned.starts_with("0x")
                && !unsigned.starts_with("0X");
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent_sign) {
                break;
            }
            end += c.len_utf8();
            before = c;
        }
        let (digits, rest) = unsigned.split_at(end);
        self.rest = rest;
        magnitude(digits, negative)
    }
}

/// The number that Python reads from `digits`; one too large for JSON stays text.
fn magnitude(digits: &str, negative: bool) -> Option<Value> {
    if digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return None;
    }
    let plain = digits.replace('_', "").to_ascii_lowercase();
    let radix = match plain.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    let whole = if radix == 10 { &plain } else { &plain[2..] };
    if whole.bytes().all(|b| (b as char).is_digit(radix)) {
        let octal_like = radix == 10 && whole.len() > 1 && whole.starts_with('0');
        if octal_like && whole.bytes().any(|b| b != b'0') {
            return None;
        }
        let value = i128::from_str_radix(whole, radix).ok()?;
        let value = if negative { -value } else { value };
        let small = i64::try_from(value).map(Number::from);
        let number = small.or_else(|_| u64::try_from(value).map(Number::from));
        return number.ok().map(Value::Number);
    }
    let float_like = plain
        .bytes()
        .all(|b| b.is_ascii_digit() || b"e+-.".contains(&b));
    if radix != 10 || !float_like {
        return None;
    }
    let value: f64 = plain.parse().ok()?;
    Number::from_f64(if negative { -value } else { value }).map(Value::Number)
}

/// Appends what the escape sequence after a backslash stands for.
fn escape(characters: &mut std::str::Chars<'_>, into: &mut String) -> Option<()> {
    let c = characters.next()?;
    let coded = |characters: &mut std::str::Chars<'_>, length: usize| {
        let digits: String = characters.by_ref().take(length).collect();
        let whole = digits.len() == length && digits.bytes().all(|b| b.is_ascii_hexdigit());
        whole.then(|| {
            u32::from_str_radix(&digits, 16)
                .ok()
                .and_then(char::from_u32)
        })?
    };
    let character = match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'v' => '\x0b',
        '\\' | '\'' | '"' => c,
        'x' => coded(characters, 2)?,
        'u' => coded(characters, 4)?,
        'U' => coded(characters, 8)?,
        'N' => return None,
        '0'..='7' => {
            let mut code = c.to_digit(8)?;
            for _ in 0..2 {
                let Some(digit) = characters
                    .as_str()
                    .chars()
                    .next()
                    .and_then(|c| c.to_digit(8))
                else {
                    break;
                };
                code = code * 8 + digit;
                characters.next();
            }
            char::from_u32(code)?
        }
        other => {
            into.push('\\');
            other
        }
    };
    into.push(character);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::read;
    use serde_json::json;

    #[test]
    fn literals_are_pythons() {
        for (text, wanted) in [
            ("True", json!(true)),
            ("None", json!(null)),
            ("42", json!(42)),
            ("-1", json!(-1)),
            ("0x1F", json!(31)),
            ("3.9", json!(3.9)),
            ("1e3", json!(1000.0)),
            ("5  # five", json!(5)),
            ("1, 2", json!([1, 2])),
            ("(1)", json!(1)),
            ("(1,)", json!([1])),
            ("()", json!([])),
            ("'a' \"b\"", json!("ab")),
            ("'''a'''", json!("a")),
            (r"'\x41\u00e9\101\d'", json!("AéA\\d")),
            (r"r'\n'", json!("\\n")),
            ("u'a'", json!("a")),
            (
                "{'a': [1, {'b': None}], 2: 'c',}",
                json!({"a": [1, {"b": null}], "2": "c"}),
            ),
            ("{'a', 'b'}", json!(["a", "b"])),
            ("[]", json!([])),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }

    #[test]
    fn everything_else_is_text() {
        let deep = "[".repeat(100_000);
        let huge = "9".repeat(30);
        for text in [
            "",
            "yes",
            "true",
            "v3.9",
            "3.9.1",
            "-3.9.0",
            "010",
            "1_",
            "0x",
            "abc # kept",
            "'open",
            "'a' b",
            "[1, 2",
            "[1 2]",
            "[,]",
            "{'a': 1, 'b'}",
            "{[1]: 2}",
            "f'a'",
            "1-2",
            "1e999",
            "{{ jinja }}",
            "10.0.0.1",
            "-",
            ".",
            "é",
            "\\",
            "'\\",
            "'\\x4'",
            &deep,
            &huge,
        ] {
            assert_eq!(read(text), json!(text), "{text:.40}");
        }
    }
}
