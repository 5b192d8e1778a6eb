//! POSIX regular expressions, basic and extended, as GNU's tools read them.
//!
//! They are translated for the `regex` crate. Two things differ, and both say so: a back-reference is
//! not modelled, and of alternatives the first that matches is taken, not the longest.

mod bracket;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use regex::bytes::{Regex, RegexBuilder};

use crate::transport::sim::kept::Kept;

/// Which kind of regular expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// As `grep` and `sed` have it.
    Basic,
    /// As `grep -E` and `sed -E` have it.
    Extended,
}

/// Why there is no such expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// In the words of the C library.
    Invalid(&'static str),
    /// What is not modelled.
    Unmodelled(String),
}

/// How to match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Manner {
    /// Letters of either case are the same.
    pub fold: bool,
    /// Characters are bytes, as in the C locale.
    pub bytes: bool,
    /// `^` and `$` match at each line.
    pub lines: bool,
}

type Compiled<R> = Kept<(Manner, String), R>;

/// What any thread compiled: a cluster is built by one and run by another.
static COMPILED: Mutex<Compiled<Regex>> = Mutex::new(Kept::new(256));

thread_local! {
    /// The same, as this thread has it: a thread that shares an expression with another one has to wait
    /// for the room that matching needs, and a clone has its own.
    static OWN: RefCell<Compiled<Rc<Regex>>> = const { RefCell::new(Kept::new(256)) };
}

/// Compiles what [`translate`] returned, or a part of it.
///
/// # Errors
/// [`Flaw`].
pub fn compile(pattern: &str, manner: Manner) -> Result<Rc<Regex>, Flaw> {
    let key = (manner, pattern.to_owned());
    if let Some(own) = OWN.with_borrow_mut(|kept| kept.get(&key)) {
        return Ok(own);
    }
    let all = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = all().get(&key);
    let compiled = match known {
        Some(known) => known,
        None => {
            let compiled = build(pattern, manner)?;
            all().insert(key.clone(), compiled.clone());
            compiled
        }
    };
    let compiled = Rc::new(compiled);
    OWN.with_borrow_mut(|kept| kept.insert(key, Rc::clone(&compiled)));
    Ok(compiled)
}

fn build(pattern: &str, manner: Manner) -> Result<Regex, Flaw> {
    RegexBuilder::new(pattern)
        .case_insensitive(manner.fold)
        .unicode(!manner.bytes)
        .multi_line(manner.lines)
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| Flaw::Unmodelled(format!("the regular expression {pattern}: {error}")))
}

/// `pattern` for the `regex` crate.
///
/// # Errors
/// [`Flaw`].
pub fn translate(pattern: &str, syntax: Syntax) -> Result<String, Flaw> {
    let mut reader = Reader {
        text: pattern.chars().collect(),
        at: 0,
        basic: syntax == Syntax::Basic,
        out: String::new(),
        atom: None,
        open: Vec::new(),
    };
    reader.read()?;
    Ok(reader.out)
}

struct Reader {
    text: Vec<char>,
    at: usize,
    basic: bool,
    out: String,
    /// Where the last thing that can be repeated begins in `out`, and whether it is repeated already.
    atom: Option<(usize, bool)>,
    /// Where the groups that are open begin in `out`.
    open: Vec<usize>,
}

/// What stands in the pattern.
enum Token {
    Open,
    Close,
    Or,
    /// Of the atom before: at least, at most.
    Repeat(u32, Option<u32>),
    Brace,
    Any,
    Bracket,
    Start,
    End,
    Escape(char),
    Plain(char),
}

impl Reader {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    /// Whether an atom could begin here: then `*` stands for itself and `^` is an anchor.
    fn at_start(&self) -> bool {
        self.out.is_empty()
            || self.out.ends_with('|') && !self.out.ends_with("\\|")
            || self.opened()
    }

    fn opened(&self) -> bool {
        self.open
            .last()
            .is_some_and(|start| self.out.len() == start + 1)
    }

    fn next(&mut self) -> Result<Option<Token>, Flaw> {
        let Some(c) = self.peek(0) else {
            return Ok(None);
        };
        self.at += 1;
        let basic = self.basic;
        Ok(Some(match c {
            '\\' => {
                let Some(next) = self.peek(0) else {
                    return Err(Flaw::Invalid("Trailing backslash"));
                };
                self.at += 1;
                match next {
                    '(' if basic => Token::Open,
                    ')' if basic => Token::Close,
                    '|' if basic => Token::Or,
                    '{' if basic => Token::Brace,
                    '+' if basic => Token::Repeat(1, None),
                    '?' if basic => Token::Repeat(0, Some(1)),
                    other => Token::Escape(other),
                }
            }
            '(' if !basic => Token::Open,
            ')' if !basic && !self.open.is_empty() => Token::Close,
            '|' if !basic => Token::Or,
            '{' if !basic && self.peek(0).is_some_and(|c| c.is_ascii_digit() || c == ',') => {
                Token::Brace
            }
            '+' if !basic => Token::Repeat(1, None),
            '?' if !basic => Token::Repeat(0, Some(1)),
            '*' => Token::Repeat(0, None),
            '.' => Token::Any,
            '[' => Token::Bracket,
            '^' if !basic || self.at_start() => Token::Start,
            '$' if !basic || self.at_end() => Token::End,
            other => Token::Plain(other),
        }))
    }

    /// Whether a `$` that was just read ends a basic expression.
    fn at_end(&self) -> bool {
        match (self.peek(0), self.peek(1)) {
            (None, _) => true,
            (Some('\\'), Some(')')) => !self.open.is_empty(),
            (Some('\\'), Some('|')) => true,
            _ => false,
        }
    }

    fn read(&mut self) -> Result<(), Flaw> {
        while let Some(token) = self.next()? {
            match token {
                Token::Open => {
                    self.open.push(self.out.len());
                    self.out.push('(');
                    self.atom = None;
                }
                Token::Close => {
                    let Some(start) = self.open.pop() else {
                        return Err(Flaw::Invalid("Unmatched ) or \\)"));
                    };
                    self.out.push(')');
                    self.atom = Some((start, false));
                }
                Token::Or => {
                    self.out.push('|');
                    self.atom = None;
                }
                Token::Repeat(least, most) => {
                    let sign = self.text[self.at - 1];
                    self.repeat(least, most, sign)?;
                }
                Token::Brace => {
                    let (least, most) = self.brace()?;
                    self.repeat(least, most, '{')?;
                }
                Token::Any => self.piece("."),
                Token::Bracket => {
                    let class = self.bracket()?;
                    self.piece(&class);
                }
                Token::Start => self.anchor("^"),
                Token::End => self.anchor("$"),
                Token::Escape(c) => self.escape(c)?,
                Token::Plain(c) => {
                    let plain = regex::escape(c.encode_utf8(&mut [0; 4]));
                    self.piece(&plain);
                }
            }
        }
        if self.open.is_empty() {
            return Ok(());
        }
        Err(Flaw::Invalid("Unmatched ( or \\("))
    }

    fn piece(&mut self, text: &str) {
        self.atom = Some((self.out.len(), false));
        self.out.push_str(text);
    }

    fn anchor(&mut self, text: &str) {
        self.out.push_str(text);
        self.atom = None;
    }

    fn repeat(&mut self, least: u32, most: Option<u32>, sign: char) -> Result<(), Flaw> {
        let Some((start, repeated)) = self.atom else {
            if !self.basic {
                return Err(Flaw::Unmodelled(format!("`{sign}` with nothing before it")));
            }
            // Nothing to repeat: the sign stands for itself.
            let plain = regex::escape(sign.encode_utf8(&mut [0; 4]));
            self.piece(&plain);
            return Ok(());
        };
        if repeated {
            self.out.insert_str(start, "(?:");
            self.out.push(')');
        }
        match (least, most) {
            (0, None) => self.out.push('*'),
            (1, None) => self.out.push('+'),
            (0, Some(1)) => self.out.push('?'),
            (least, None) => self.out.push_str(&format!("{{{least},}}")),
            (least, Some(most)) => self.out.push_str(&format!("{{{least},{most}}}")),
        }
        self.atom = Some((start, true));
        Ok(())
    }

    fn brace(&mut self) -> Result<(u32, Option<u32>), Flaw> {
        let end = if self.basic { "\\}" } else { "}" };
        let rest: String = self.text[self.at..].iter().collect();
        let Some((inner, _)) = rest.split_once(end) else {
            return Err(Flaw::Invalid(if self.basic {
                "Unmatched \\{"
            } else {
                "Unmatched { or \\{"
            }));
        };
        self.at += inner.chars().count() + end.len();
        let wrong = Flaw::Invalid("Invalid content of \\{\\}");
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong.clone());
        match inner.split_once(',') {
            None => number(inner).map(|n| (n, Some(n))),
            Some(("", most)) => Ok((0, Some(number(most)?))),
            Some((least, "")) => Ok((number(least)?, None)),
            Some((least, most)) => Ok((number(least)?, Some(number(most)?))),
        }
    }

    fn escape(&mut self, c: char) -> Result<(), Flaw> {
        match c {
            '1'..='9' => return Err(Flaw::Unmodelled(format!("the back-reference \\{c}"))),
            'w' => self.piece("[_[:alnum:]]"),
            'W' => self.piece("[^_[:alnum:]]"),
            's' => self.piece("[[:space:]]"),
            'S' => self.piece("[^[:space:]]"),
            '<' => self.anchor(r"\b{start-half}\b"),
            '>' => self.anchor(r"\b{end-half}\b"),
            'b' => self.anchor(r"\b"),
            'B' => self.anchor(r"\B"),
            '`' => self.anchor(r"\A"),
            '\'' => self.anchor(r"\z"),
            'n' => self.piece(r"\n"),
            't' => self.piece(r"\t"),
            other => {
                let plain = regex::escape(other.encode_utf8(&mut [0; 4]));
                self.piece(&plain);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
