//! `test` and `[`.

use super::super::files::{Device, Kind};
use super::super::process::{Ended, Process};
use super::Program;

/// The programs of this file.
pub const PROGRAMS: &[(&str, Program)] = &[("test", test), ("[", test)];

fn test(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let name = argv[0].rsplit('/').next().unwrap_or_default();
    let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
    match evaluate(process, name, &words) {
        Ok(is) => Ok(u8::from(!is)),
        Err(Wrong::Text(text)) => process.fail(2, format_args!("{name}: {text}")),
        Err(Wrong::Unmodelled(what)) => process.unmodelled(what),
    }
}

/// Why words are no test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// They make no sense: the words for it.
    Text(String),
    /// They ask for what is not modelled.
    Unmodelled(String),
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// How two files are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `-nt`
    Newer,
    /// `-ot`
    Older,
    /// `-ef`
    Same,
}

/// Whether the test that `words` are holds; `name` is `[` or `test`.
///
/// # Errors
/// [`Wrong`]
pub fn evaluate(process: &Process<'_>, name: &str, words: &[&str]) -> Result<bool, Wrong> {
    let words = if name.ends_with('[') {
        match words.split_last() {
            Some((&"]", words)) => words,
            _ => return Err("missing `]'".to_owned().into()),
        }
    } else {
        words
    };
    let test = Test { process };
    test.by_count(words)
}

struct Test<'t, 'p> {
    process: &'t Process<'p>,
}

impl Test<'_, '_> {
    /// As POSIX says, by the number of words.
    fn by_count(&self, words: &[&str]) -> Result<bool, Wrong> {
        match words {
            [] => Ok(false),
            [only] => Ok(!only.is_empty()),
            ["!", only] => Ok(only.is_empty()),
            [operator, word] => match self.unary(operator, word)? {
                Some(is) => Ok(is),
                None => Err(format!("{operator}: unary operator expected").into()),
            },
            [left, operator, right] => match self.binary(left, operator, right)? {
                Some(is) => Ok(is),
                None if *operator == "-a" => Ok(!left.is_empty() && !right.is_empty()),
                None if *operator == "-o" => Ok(!left.is_empty() || !right.is_empty()),
                None if *left == "!" => Ok(!self.by_count(&words[1..])?),
                None if *left == "(" && *right == ")" => self.by_count(&[operator]),
                None => Err(format!("{operator}: binary operator expected").into()),
            },
            ["!", rest @ ..] if rest.len() == 3 => Ok(!self.by_count(rest)?),
            ["(", inner @ .., ")"] if inner.len() == 2 => self.by_count(inner),
            _ => {
                let mut rest = words;
                let is = self.or(&mut rest)?;
                if rest.is_empty() {
                    return Ok(is);
                }
                Err("too many arguments".to_owned().into())
            }
        }
    }

    fn or(&self, rest: &mut &[&str]) -> Result<bool, Wrong> {
        let mut is = self.and(rest)?;
        while let ["-o", after @ ..] = *rest {
            *rest = after;
            is |= self.and(rest)?;
        }
        Ok(is)
    }

    fn and(&self, rest: &mut &[&str]) -> Result<bool, Wrong> {
        let mut is = self.not(rest)?;
        while let ["-a", after @ ..] = *rest {
            *rest = after;
            is &= self.not(rest)?;
        }
        Ok(is)
    }

    fn not(&self, rest: &mut &[&str]) -> Result<bool, Wrong> {
        match *rest {
            ["!", after @ ..] => {
                *rest = after;
                Ok(!self.not(rest)?)
            }
            ["(", after @ ..] => {
                *rest = after;
                let is = self.or(rest)?;
                let [")", after @ ..] = *rest else {
                    return Err("`)' expected".to_owned().into());
                };
                *rest = after;
                Ok(is)
            }
            [left, operator, right, after @ ..] => {
                if let Some(is) = self.binary(left, operator, right)? {
                    *rest = after;
                    return Ok(is);
                }
                self.short(rest)
            }
            _ => self.short(rest),
        }
    }

    fn short(&self, rest: &mut &[&str]) -> Result<bool, Wrong> {
        if let [operator, word, after @ ..] = *rest
            && let Some(is) = self.unary(operator, word)?
        {
            *rest = after;
            return Ok(is);
        }
        let [word, after @ ..] = *rest else {
            return Err("argument expected".to_owned().into());
        };
        *rest = after;
        Ok(!word.is_empty())
    }

    fn unary(&self, operator: &str, word: &str) -> Result<Option<bool>, Wrong> {
        match operator {
            "-z" => Ok(Some(word.is_empty())),
            "-n" => Ok(Some(!word.is_empty())),
            "-N" | "-o" | "-v" | "-R" => Err(Wrong::Unmodelled(format!("test {operator} {word}"))),
            _ => Ok(operator
                .strip_prefix('-')
                .and_then(|operator| holds(self.process, operator, word))),
        }
    }

    fn binary(&self, left: &str, operator: &str, right: &str) -> Result<Option<bool>, Wrong> {
        let numbers = || -> Result<(i64, i64), Wrong> {
            let number = |word: &str| {
                let wrong = || Wrong::Text(format!("{word}: integer expression expected"));
                word.trim().parse::<i64>().map_err(|_| wrong())
            };
            Ok((number(left)?, number(right)?))
        };
        Ok(Some(match operator {
            "=" | "==" => left == right,
            "!=" => left != right,
            "<" => left < right,
            ">" => left > right,
            "-eq" => numbers()?.0 == numbers()?.1,
            "-ne" => numbers()?.0 != numbers()?.1,
            "-lt" => numbers()?.0 < numbers()?.1,
            "-le" => numbers()?.0 <= numbers()?.1,
            "-gt" => numbers()?.0 > numbers()?.1,
            "-ge" => numbers()?.0 >= numbers()?.1,
            "-nt" => compare(self.process, Order::Newer, left, right),
            "-ot" => compare(self.process, Order::Older, left, right),
            "-ef" => compare(self.process, Order::Same, left, right),
            _ => return Ok(None),
        }))
    }
}

/// Whether `operator`, a letter such as `f`, holds of the file `path`; `None` if there is no such one.
pub fn holds(process: &Process<'_>, operator: &str, path: &str) -> Option<bool> {
    let here = process.here();
    let full = process.path(path);
    let node = match operator {
        "L" | "h" => here.files.get(&full),
        _ => here.files.follow(&full),
    };
    let node = node.ok().filter(|_| !path.is_empty());
    let is = |holds: bool| Some(node.is_some() && holds);
    let Some(node) = node else {
        let known = "abcdefghkprstuwxGLOSN".contains(operator) && operator.len() == 1;
        return known.then_some(false);
    };
    let by = process.actor();
    match operator {
        "a" | "e" => is(true),
        "f" => is(node.is_file()),
        "d" => is(node.is_directory()),
        "h" | "L" => is(matches!(node.kind, Kind::Link(_))),
        "c" => is(matches!(
            node.kind,
            Kind::Device(Device::Null | Device::Zero | Device::Full | Device::Random)
        )),
        "s" => is(node.size() > 0),
        "r" => is(by.may(node, 4)),
        "w" => is(by.may(node, 2)),
        "x" => is(by.may(node, 1)),
        "u" => is(node.mode & 0o4000 != 0),
        "g" => is(node.mode & 0o2000 != 0),
        "k" => is(node.mode & 0o1000 != 0),
        "O" => is(node.owner == by.user),
        "G" => is(node.group == by.group),
        // Nothing of the kind is on a simulated host; nothing is a terminal.
        "b" | "p" | "S" | "t" => Some(false),
        _ => None,
    }
}

/// Whether the files `left` and `right` stand in `order`.
pub fn compare(process: &Process<'_>, order: Order, left: &str, right: &str) -> bool {
    let here = process.here();
    let (left, right) = (process.path(left), process.path(right));
    if order == Order::Same {
        let both = here.files.exists(&left) && here.files.exists(&right);
        return both && here.files.real(&left, true) == here.files.real(&right, true);
    }
    let time = |path: &str| here.files.follow(path).ok().map(|node| node.modified);
    let (left, right) = (time(&left), time(&right));
    match order {
        Order::Newer => left > right,
        Order::Older => left < right,
        Order::Same => false,
    }
}
