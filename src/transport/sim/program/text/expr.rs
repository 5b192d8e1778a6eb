//! `expr`.

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::usage;
use crate::transport::sim::program::regex::{Flaw, Manner, Syntax, compile, translate};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("expr", expr)];

/// The operators, those that bind least first.
const LEVELS: &[&[&str]] = &[
    &["|"],
    &["&"],
    &["<", "<=", "=", "==", "!=", ">=", ">"],
    &["+", "-"],
    &["*", "/", "%"],
    &[":"],
];

fn expr(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
    if words.is_empty() {
        return match usage(process, &argv[0], "missing operand") {
            Halt::Exit(_) => Err(Halt::Exit(2)),
            halt => Err(halt),
        };
    }
    let mut reader = Reader {
        process,
        name: &argv[0],
        words,
        at: 0,
    };
    let value = reader.level(0)?;
    if reader.at < reader.words.len() {
        return reader.wrong("syntax error");
    }
    process.line(&value)?;
    Ok(u8::from(is_nothing(&value)))
}

fn is_nothing(value: &str) -> bool {
    value.is_empty() || value.parse::<i64>() == Ok(0)
}

struct Reader<'r, 'a> {
    process: &'r Process<'a>,
    name: &'r str,
    words: Vec<&'r str>,
    at: usize,
}

impl Reader<'_, '_> {
    fn wrong<T>(&self, text: &str) -> Result<T, Halt> {
        let status = self
            .process
            .fail(2, format_args!("{}: {text}", self.name))?;
        Err(Halt::Exit(status))
    }

    fn level(&mut self, level: usize) -> Result<String, Halt> {
        let Some(operators) = LEVELS.get(level) else {
            return self.single();
        };
        let mut left = self.level(level + 1)?;
        while let Some(operator) = self
            .words
            .get(self.at)
            .copied()
            .filter(|word| operators.contains(word))
        {
            self.at += 1;
            let right = self.level(level + 1)?;
            left = self.apply(operator, left, right)?;
        }
        Ok(left)
    }

    fn number(&self, text: &str) -> Result<i64, Halt> {
        match text.parse() {
            Ok(number) => Ok(number),
            Err(_) => self.wrong("non-integer argument"),
        }
    }

    fn apply(&self, operator: &str, left: String, right: String) -> Result<String, Halt> {
        let truth = |is: bool| if is { "1" } else { "0" }.to_owned();
        let order = match (left.parse::<i64>(), right.parse::<i64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            _ => left.cmp(&right),
        };
        let numbers = || Ok::<_, Halt>((self.number(&left)?, self.number(&right)?));
        Ok(match operator {
            "|" if !is_nothing(&left) => left,
            "|" if !is_nothing(&right) => right,
            "&" if !is_nothing(&left) && !is_nothing(&right) => left,
            "|" | "&" => "0".to_owned(),
            "<" => truth(order.is_lt()),
            "<=" => truth(order.is_le()),
            "=" | "==" => truth(order.is_eq()),
            "!=" => truth(order.is_ne()),
            ">=" => truth(order.is_ge()),
            ">" => truth(order.is_gt()),
            ":" => self.matched(&left, &right)?,
            _ => {
                let (left, right) = numbers()?;
                let value = match operator {
                    "+" => left.checked_add(right),
                    "-" => left.checked_sub(right),
                    "*" => left.checked_mul(right),
                    _ if right == 0 => return self.wrong("division by zero"),
                    "/" => left.checked_div(right),
                    _ => left.checked_rem(right),
                };
                match value {
                    Some(value) => value.to_string(),
                    None => return self.wrong("Numerical result out of range"),
                }
            }
        })
    }

    fn matched(&self, text: &str, pattern: &str) -> Result<String, Halt> {
        let compiled = translate(pattern, Syntax::Basic)
            .and_then(|pattern| compile(&format!("^(?:{pattern})"), Manner::default()));
        let regex = match compiled {
            Ok(regex) => regex,
            Err(Flaw::Invalid(text)) => return self.wrong(text),
            Err(Flaw::Unmodelled(what)) => {
                return self.process.unmodelled(format_args!("expr: {what}"));
            }
        };
        let found = regex.captures(text.as_bytes());
        let groups = regex.captures_len() > 1;
        Ok(match found {
            None if groups => String::new(),
            None => "0".to_owned(),
            Some(found) if groups => {
                let group = found
                    .get(1)
                    .map_or(b"".as_slice(), |group| group.as_bytes());
                String::from_utf8_lossy(group).into_owned()
            }
            Some(found) => String::from_utf8_lossy(&found[0])
                .chars()
                .count()
                .to_string(),
        })
    }

    fn single(&mut self) -> Result<String, Halt> {
        let Some(word) = self.words.get(self.at).copied() else {
            return self.wrong("syntax error");
        };
        self.at += 1;
        let more = self.at < self.words.len();
        match word {
            "(" if more => {
                let value = self.level(0)?;
                if self.words.get(self.at) != Some(&")") {
                    return self.wrong("syntax error");
                }
                self.at += 1;
                Ok(value)
            }
            ")" => self.wrong("syntax error"),
            "+" if more => {
                self.at += 1;
                Ok(self.words[self.at - 1].to_owned())
            }
            "length" if more => Ok(self.single()?.chars().count().to_string()),
            "match" if more => {
                let (text, pattern) = (self.single()?, self.single()?);
                self.matched(&text, &pattern)
            }
            "index" if more => {
                let (text, any) = (self.single()?, self.single()?);
                let found = text.chars().position(|c| any.contains(c));
                Ok(found.map_or(0, |at| at + 1).to_string())
            }
            "substr" if more => {
                let text = self.single()?;
                let (from, count) = (self.single()?, self.single()?);
                let (from, count) = (
                    from.parse::<usize>().unwrap_or(0),
                    count.parse::<usize>().unwrap_or(0),
                );
                if from == 0 {
                    return Ok(String::new());
                }
                Ok(text.chars().skip(from - 1).take(count).collect())
            }
            word => Ok(word.to_owned()),
        }
    }
}
