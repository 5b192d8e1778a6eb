//! `s` and `y`: what stands between their delimiters.

use super::parse::Parser;
use super::script::{Piece, Substitution};
use crate::transport::sim::program::regex::Manner;

impl Parser {
    pub(super) fn substitution(&mut self) -> Result<Substitution, String> {
        let unterminated = "unterminated `s' command";
        let end = self.take().ok_or(unterminated)?;
        let pattern = self.until(end, true).ok_or(unterminated)?;
        let with = self.replacement(end).ok_or(unterminated)??;
        let (mut all, mut nth, mut print) = (false, 1, false);
        let mut manner = Manner::default();
        while let Some(flag) = self.peek() {
            match flag {
                'g' => all = true,
                'p' => print = true,
                'i' | 'I' => manner.fold = true,
                'm' | 'M' => manner.lines = true,
                c if c.is_ascii_digit() => {
                    nth = self
                        .number()
                        .filter(|n| *n > 0)
                        .ok_or("number option to `s' command may not be zero")?;
                    continue;
                }
                'w' | 'e' => return Err(format!("the flag `{flag}' of `s'")),
                _ => break,
            }
            self.at += 1;
        }
        Ok(Substitution {
            regex: self.regex(&pattern, manner)?,
            with,
            all,
            nth,
            print,
        })
    }

    /// The replacement up to `end`; nothing if it does not end.
    fn replacement(&mut self, end: char) -> Option<Result<Vec<Piece>, String>> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut group = |text: &mut String, number: Option<usize>| {
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(text).into_bytes()));
            }
            if let Some(number) = number {
                pieces.push(Piece::Group(number));
            }
        };
        loop {
            match self.take()? {
                c if c == end => break,
                '&' => group(&mut text, Some(0)),
                '\\' => match self.take()? {
                    c @ '0'..='9' => group(&mut text, c.to_digit(10).map(|digit| digit as usize)),
                    c if c == end => text.push(c),
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    c @ ('L' | 'U' | 'E' | 'l' | 'u') => {
                        return Some(Err(format!("`\\{c}' in a replacement")));
                    }
                    c => text.push(c),
                },
                c => text.push(c),
            }
        }
        group(&mut text, None);
        Some(Ok(pieces))
    }

    pub(super) fn translation(&mut self) -> Result<Vec<(char, char)>, String> {
        let unterminated = "unterminated `y' command";
        let end = self.take().ok_or(unterminated)?;
        let mut side = || -> Result<Vec<char>, String> {
            let text = self.until(end, false).ok_or(unterminated)?;
            let mut letters = text.chars();
            let mut out = Vec::new();
            while let Some(c) = letters.next() {
                out.push(match c {
                    '\\' => match letters.next() {
                        Some('n') => '\n',
                        Some('\\') | None => '\\',
                        Some(other) => other,
                    },
                    c => c,
                });
            }
            Ok(out)
        };
        let (from, to) = (side()?, side()?);
        if from.len() != to.len() {
            return Err("strings for `y' command are different lengths".to_owned());
        }
        Ok(from.into_iter().zip(to).collect())
    }
}
