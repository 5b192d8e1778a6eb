//! Options as GNU's `getopt_long` reads them.
//!
//! A table is one line of words: `a/archive t:/target-directory preserve?`. Each word is one option and
//! its other names; `:` after a name means that it takes a value, `?` that it may take one. What a
//! table does not have is not modelled, and says so.

use crate::transport::sim::process::Process;
use crate::transport::sim::stream::Halt;

/// The options and operands of one call.
#[derive(Debug)]
pub struct Options<'a> {
    /// The program, as it was called.
    pub name: &'a str,
    /// The options as they came: the first name in the table, and the value or nothing.
    pub given: Vec<(&'static str, &'a str)>,
    /// The operands.
    pub words: Vec<&'a str>,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    No,
    Must,
    May,
}

impl<'a> Options<'a> {
    /// Reads `argv` by `table`. Options may follow operands, unless the table begins with `+`.
    ///
    /// # Errors
    /// [`Halt::Unmodelled`] for an option that the table does not have; a missing value ends the
    /// program with status 1.
    pub fn parse(
        process: &Process<'_>,
        table: &'static str,
        argv: &'a [String],
    ) -> Result<Self, Halt> {
        let (in_order, table) = match table.strip_prefix('+') {
            Some(table) => (true, table),
            None => (false, table),
        };
        let name = argv.first().map_or("", String::as_str);
        let (mut given, mut words) = (Vec::new(), Vec::new());
        let mut rest = argv.iter().skip(1).map(String::as_str);
        while let Some(word) = rest.next() {
            if word == "--" {
                words.extend(rest);
                break;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (option, value) = match long.split_once('=') {
                    Some((option, value)) => (option, Some(value)),
                    None => (long, None),
                };
                match (find(table, option), value) {
                    (Some((id, Value::No)), None) | (Some((id, Value::May)), None) => {
                        given.push((id, ""));
                    }
                    (Some((id, Value::Must | Value::May)), Some(value)) => given.push((id, value)),
                    (Some((id, Value::Must)), None) => match rest.next() {
                        Some(value) => given.push((id, value)),
                        None => {
                            let text = format!("option '--{option}' requires an argument");
                            return Err(usage(process, name, &text));
                        }
                    },
                    _ => return process.unmodelled(format_args!("{name} {word}")),
                }
                continue;
            }
            let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                words.push(word);
                if in_order {
                    words.extend(rest);
                    break;
                }
                continue;
            };
            for (at, letter) in letters.char_indices() {
                let after = at + letter.len_utf8();
                let attached = Some(&letters[after..]).filter(|rest| !rest.is_empty());
                match find(table, &letters[at..after]) {
                    Some((id, Value::No)) => given.push((id, "")),
                    Some((id, Value::May)) => {
                        given.push((id, attached.unwrap_or("")));
                        break;
                    }
                    Some((id, Value::Must)) => match attached.or_else(|| rest.next()) {
                        Some(value) => {
                            given.push((id, value));
                            break;
                        }
                        None => {
                            let text = format!("option requires an argument -- '{letter}'");
                            return Err(usage(process, name, &text));
                        }
                    },
                    None => return process.unmodelled(format_args!("{name} -{letter}")),
                }
            }
        }
        Ok(Self { name, given, words })
    }

    /// Whether `option` was given.
    pub fn has(&self, option: &str) -> bool {
        self.given.iter().any(|(id, _)| *id == option)
    }

    /// The last value of `option`.
    pub fn value(&self, option: &str) -> Option<&'a str> {
        self.values(option).last()
    }

    /// All values of `option`.
    pub fn values<'b>(&'b self, option: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        self.given
            .iter()
            .filter(move |(id, _)| *id == option)
            .map(|(_, value)| *value)
    }

    /// Which of `options` was given last.
    pub fn last_of(&self, options: &[&str]) -> Option<&'static str> {
        self.given
            .iter()
            .rev()
            .map(|(id, _)| *id)
            .find(|id| options.contains(id))
    }
}

/// The option called `name` in `table`: its first name, and whether it takes a value.
fn find(table: &'static str, name: &str) -> Option<(&'static str, Value)> {
    if name.is_empty() {
        return None;
    }
    table.split_whitespace().find_map(|word| {
        let mut value = Value::No;
        let mut first = None;
        let mut found = false;
        for known in word.split('/') {
            let bare = known.trim_end_matches([':', '?']);
            match &known[bare.len()..] {
                ":" => value = Value::Must,
                "?" => value = Value::May,
                _ => {}
            }
            first.get_or_insert(bare);
            found |= bare == name;
        }
        found.then_some((first?, value))
    })
}

/// Says what is wrong with the call; the program ends with status 1.
pub fn usage(process: &Process<'_>, name: &str, text: &str) -> Halt {
    let said = process.complain(format!(
        "{name}: {text}\nTry '{name} --help' for more information.\n"
    ));
    said.err().unwrap_or(Halt::Exit(1))
}
