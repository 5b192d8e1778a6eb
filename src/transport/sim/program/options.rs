//! Options as GNU's `getopt_long` reads them.
//!
//! A table is one line of words: `a/archive t:/target-directory preserve?`. Each word is one option and
//! its other names; `:` after a name means that it takes a value, `?` that it may take one. What a
//! table does not have is not modelled, and says so.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use foldhash::fast::FixedState;

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

/// An option of a table.
struct Known {
    name: &'static str,
    /// The first name of the same option.
    first: &'static str,
    value: Value,
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

/// Tables that were read, by where they begin and end: they are there as long as the program runs.
type Tables = HashMap<Range<*const u8>, Rc<[Known]>, FixedState>;

thread_local! {
    static READ: RefCell<Tables> = RefCell::default();
}

/// The option called `name` in `table`: its first name, and whether it takes a value.
fn find(table: &'static str, name: &str) -> Option<(&'static str, Value)> {
    let known = READ.with_borrow_mut(|read| {
        let known = read.entry(table.as_bytes().as_ptr_range());
        Rc::clone(known.or_insert_with(|| read_table(table)))
    });
    let found = known
        .iter()
        .find(|known| known.name == name && !name.is_empty())?;
    Some((found.first, found.value))
}

fn read_table(table: &'static str) -> Rc<[Known]> {
    let mut all: Vec<Known> = Vec::new();
    for word in table.split_ascii_whitespace() {
        let mut value = Value::No;
        let begin = all.len();
        for name in word.split('/') {
            let (name, takes) = match name.strip_suffix(':') {
                Some(name) => (name, Some(Value::Must)),
                None => match name.strip_suffix('?') {
                    Some(name) => (name, Some(Value::May)),
                    None => (name, None),
                },
            };
            value = takes.unwrap_or(value);
            let first = all.get(begin).map_or(name, |known| known.first);
            all.push(Known { name, first, value });
        }
        for known in &mut all[begin..] {
            known.value = value;
        }
    }
    all.into()
}

/// Says what is wrong with the call; the program ends with status 1.
pub fn usage(process: &Process<'_>, name: &str, text: &str) -> Halt {
    let said = process.complain(format!(
        "{name}: {text}\nTry '{name} --help' for more information.\n"
    ));
    said.err().unwrap_or(Halt::Exit(1))
}
