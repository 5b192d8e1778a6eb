//! From text to a script.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use regex::bytes::Regex;

use super::script::{Address, Command, Script, Until, What};
use crate::transport::sim::kept::Kept;
use crate::transport::sim::program::regex::{Flaw, Manner, Syntax, compile, translate};

thread_local! {
    /// The scripts that were read, basic and extended ones: packages bring the same ones to each host.
    static READ: [RefCell<Kept<Box<str>, Rc<Script>>>; 2] =
        const { [const { RefCell::new(Kept::new(256)) }; 2] };
}

/// Reads a script, or remembers it.
///
/// # Errors
/// What is wrong with it, or not modelled.
pub(super) fn known(text: &str, syntax: Syntax) -> Result<Rc<Script>, String> {
    READ.with(|read| {
        let read = &read[usize::from(syntax == Syntax::Extended)];
        if let Some(known) = read.borrow_mut().get(text) {
            return Ok(known);
        }
        let script = Rc::new(script(text, syntax)?);
        read.borrow_mut().insert(text.into(), Rc::clone(&script));
        Ok(script)
    })
}

fn script(text: &str, syntax: Syntax) -> Result<Script, String> {
    let mut parser = Parser {
        text: text.chars().collect(),
        at: 0,
        syntax,
        commands: Vec::new(),
        open: Vec::new(),
        labels: BTreeMap::new(),
        jumps: Vec::new(),
    };
    let quiet = text == "#n" || text.starts_with("#n\n");
    parser.all()?;
    if !parser.open.is_empty() {
        return Err("unmatched `{'".to_owned());
    }
    let end = parser.commands.len();
    for (at, label) in std::mem::take(&mut parser.jumps) {
        let target = match label.as_str() {
            "" => end,
            label => *parser
                .labels
                .get(label)
                .ok_or_else(|| format!("can't find label for jump to `{label}'"))?,
        };
        match &mut parser.commands[at].what {
            What::Branch(to) | What::BranchIf(to) | What::BranchUnless(to) => *to = target,
            _ => {}
        }
    }
    Ok(Script {
        commands: parser.commands,
        quiet,
    })
}

pub(super) struct Parser {
    pub(super) text: Vec<char>,
    pub(super) at: usize,
    syntax: Syntax,
    commands: Vec<Command>,
    open: Vec<usize>,
    labels: BTreeMap<String, usize>,
    jumps: Vec<(usize, String)>,
}

impl Parser {
    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn skip(&mut self, also: &[char]) {
        while self
            .peek()
            .is_some_and(|c| c.is_whitespace() && c != '\n' || also.contains(&c))
        {
            self.at += 1;
        }
    }

    pub(super) fn number(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.text[start..self.at]
            .iter()
            .collect::<String>()
            .parse()
            .ok()
    }

    /// To the end of the line, which is taken too.
    fn rest_of_line(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c != '\n') {
            self.at += 1;
        }
        self.text[start..self.at].iter().collect()
    }

    fn all(&mut self) -> Result<(), String> {
        loop {
            self.skip(&[';', '\n']);
            match self.peek() {
                None => return Ok(()),
                Some('#') => {
                    self.rest_of_line();
                }
                Some(_) => self.command()?,
            }
        }
    }

    fn command(&mut self) -> Result<(), String> {
        let from = self.address()?;
        let mut to = None;
        self.skip(&[]);
        if from.is_some() && self.peek() == Some(',') {
            self.at += 1;
            self.skip(&[]);
            to = Some(match self.peek() {
                Some('+') => {
                    self.at += 1;
                    Until::More(self.number().ok_or("expected a number after `+'")?)
                }
                Some('~') => {
                    self.at += 1;
                    Until::Multiple(self.number().ok_or("expected a number after `~'")?)
                }
                _ => Until::Address(self.address()?.ok_or("unexpected `,'")?),
            });
        }
        self.skip(&[]);
        let mut negated = false;
        while self.peek() == Some('!') {
            self.at += 1;
            negated = true;
            self.skip(&[]);
        }
        let letter = self.take().ok_or("missing command")?;
        let what = self.what(letter)?;
        self.commands.push(Command {
            from,
            to,
            negated,
            what,
        });
        if !matches!(letter, '{' | 'a' | 'i' | 'c' | ':' | 'b' | 't' | 'T' | 'r') {
            self.skip(&[]);
            match self.peek() {
                None | Some(';' | '\n' | '}' | '#') => {}
                Some(_) => return Err(format!("extra characters after command `{letter}'")),
            }
        }
        Ok(())
    }

    fn address(&mut self) -> Result<Option<Address>, String> {
        Ok(match self.peek() {
            Some('$') => {
                self.at += 1;
                Some(Address::Last)
            }
            Some(c) if c.is_ascii_digit() => {
                let first = self.number().unwrap_or(0);
                if self.peek() == Some('~') {
                    self.at += 1;
                    Some(Address::Step(first, self.number().unwrap_or(0)))
                } else {
                    Some(Address::Line(first))
                }
            }
            Some('/' | '\\') => {
                if self.peek() == Some('\\') {
                    self.at += 1;
                }
                let end = self.take().ok_or("unterminated address regex")?;
                let text = self.until(end, true).ok_or("unterminated address regex")?;
                let mut manner = Manner::default();
                while let Some(flag) = self.peek().filter(|c| matches!(c, 'I' | 'M')) {
                    self.at += 1;
                    manner.fold |= flag == 'I';
                    manner.lines |= flag == 'M';
                }
                Some(Address::Match(self.regex(&text, manner)?))
            }
            _ => None,
        })
    }

    /// The text up to `end`, which is taken too; an `end` after a backslash stands for itself.
    pub(super) fn until(&mut self, end: char, brackets: bool) -> Option<String> {
        let mut out = String::new();
        let mut inside = false;
        loop {
            let c = self.take()?;
            if c == '\\' && !inside {
                let next = self.take()?;
                if next == end {
                    // The delimiter loses its own meaning, but keeps none of the expression's.
                    if end != '\\' && brackets && ".*[]^$".contains(end) {
                        out.push('\\');
                    }
                    out.push(next);
                } else {
                    out.push('\\');
                    out.push(next);
                }
                continue;
            }
            if c == end && !inside {
                return Some(out);
            }
            if brackets && c == '[' && !inside {
                inside = true;
                out.push(c);
                // A bracket that stands first is a member, after a `^` too.
                if self.peek() == Some('^') {
                    out.push(self.take()?);
                }
                if self.peek() == Some(']') {
                    out.push(self.take()?);
                }
                continue;
            }
            if inside && c == '[' && self.peek() == Some(':') {
                out.push(c);
                while let Some(next) = self.take() {
                    out.push(next);
                    if next == ']' && out.ends_with(":]") {
                        break;
                    }
                }
                continue;
            }
            if inside && c == '\\' && self.peek() == Some('n') {
                self.at += 1;
                out.push('\n');
                continue;
            }
            if inside && c == ']' {
                inside = false;
            }
            out.push(c);
        }
    }

    pub(super) fn regex(&self, text: &str, manner: Manner) -> Result<Option<Rc<Regex>>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let said = |flaw| match flaw {
            Flaw::Invalid(text) => text.to_owned(),
            Flaw::Unmodelled(what) => what,
        };
        let pattern = translate(text, self.syntax).map_err(said)?;
        compile(&pattern, manner).map(Some).map_err(said)
    }

    fn what(&mut self, letter: char) -> Result<What, String> {
        Ok(match letter {
            '{' => {
                self.open.push(self.commands.len());
                What::Open(0)
            }
            '}' => {
                let start = self.open.pop().ok_or("unexpected `}'")?;
                self.commands[start].what = What::Open(self.commands.len());
                What::Close
            }
            '=' => What::Number,
            'a' => What::Append(self.text()?),
            'i' => What::Insert(self.text()?),
            'c' => What::Change(self.text()?),
            'd' => What::Delete,
            'D' => What::DeleteFirst,
            'p' => What::Print,
            'P' => What::PrintFirst,
            'q' | 'Q' => {
                self.skip(&[]);
                let status = self.number().unwrap_or(0) as u8;
                if letter == 'q' {
                    What::Quit(status)
                } else {
                    What::QuitQuietly(status)
                }
            }
            'n' => What::Next,
            'N' => What::NextToo,
            'h' => What::Hold,
            'H' => What::HoldToo,
            'g' => What::Get,
            'G' => What::GetToo,
            'x' => What::Exchange,
            'r' => {
                self.skip(&[]);
                What::Read(self.rest_of_line())
            }
            's' => What::Substitute(self.substitution()?),
            'y' => What::Translate(self.translation()?),
            ':' => {
                self.skip(&[]);
                let start = self.at;
                while self.peek().is_some_and(|c| !c.is_whitespace() && c != ';') {
                    self.at += 1;
                }
                let label = self.text[start..self.at].iter().collect();
                self.labels.insert(label, self.commands.len());
                What::Label
            }
            'b' | 't' | 'T' => {
                self.skip(&[]);
                let start = self.at;
                while self.peek().is_some_and(|c| !matches!(c, ';' | '\n' | '}')) {
                    self.at += 1;
                }
                let label: String = self.text[start..self.at].iter().collect();
                self.jumps
                    .push((self.commands.len(), label.trim().to_owned()));
                match letter {
                    'b' => What::Branch(0),
                    't' => What::BranchIf(0),
                    _ => What::BranchUnless(0),
                }
            }
            other => return Err(format!("the command `{other}'")),
        })
    }

    /// The text of `a`, `i`, `c`: on the same line, or after a backslash on the next ones.
    fn text(&mut self) -> Result<Vec<u8>, String> {
        self.skip(&[]);
        if self.peek() == Some('\\') {
            self.at += 1;
            self.skip(&[]);
            if self.peek() == Some('\n') {
                self.at += 1;
            }
        }
        let mut out = String::new();
        loop {
            match self.take() {
                None | Some('\n') => break,
                Some('\\') => match self.take() {
                    None => break,
                    Some(next) => out.push(next),
                },
                Some(c) => out.push(c),
            }
        }
        if out.is_empty() {
            return Err("expected \\ after `a', `c' or `i'".to_owned());
        }
        out.push('\n');
        Ok(out.into_bytes())
    }
}
