//! The line of a script that a message is about, and which of its characters.

use std::collections::BTreeMap;

use serde::Serialize;

use super::report::Place;

/// Operators of more than one letter, the longest first.
const OPERATORS: [&str; 31] = [
    "...", "..=", "**=", "<<=", ">>=", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "+=", "-=",
    "*=", "/=", "%=", "&=", "|=", "^=", "=>", "::", "..", "**", "<<", ">>", "#{", "()", "//", "/*",
];

/// A line of a script, and the token in it that is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The number of the line, from 1.
    pub line: usize,
    /// Its text.
    pub text: String,
    /// The first column of the token, from 1; 0 if only the line is known.
    pub column: usize,
    /// How many columns the token takes.
    pub width: usize,
}

impl Excerpt {
    /// The line at `place`, where `sources` has its text.
    pub fn of(sources: &BTreeMap<String, String>, place: &Place) -> Option<Self> {
        let text = sources.get(&place.source)?;
        let text = text.lines().nth(place.line.checked_sub(1)?)?;
        Some(Self {
            line: place.line,
            text: text.to_owned(),
            column: place.column,
            width: width(text, place.column),
        })
    }

    /// What stands before the token, as blank as it can be: tabs stay, so that the mark is below the token
    /// however wide they are.
    pub fn indent(&self) -> String {
        let before = self.text.chars().chain(std::iter::repeat(' '));
        let blank = |c| if c == '\t' { '\t' } else { ' ' };
        before
            .take(self.column.saturating_sub(1))
            .map(blank)
            .collect()
    }
}

/// `place` in `text`; the end of the last line that says something where it is beyond the end: what is missing
/// there is missed by then.
pub fn within(text: &str, place: Place) -> Place {
    let lines = || text.lines().enumerate();
    let written = lines().filter(|(_, line)| !line.trim().is_empty()).last();
    match written {
        Some((number, line)) if place.line > lines().count() => Place {
            line: number + 1,
            column: line.trim_end().chars().count() + 1,
            ..place
        },
        _ => place,
    }
}

/// How many columns the token of `line` takes that begins at `column`; 1 where there is none.
fn width(line: &str, column: usize) -> usize {
    let from = column.saturating_sub(1);
    let rest: String = line.chars().skip(from).collect();
    let Some(first) = rest.chars().next() else {
        return 1;
    };
    let length = match first {
        '"' | '`' | '\'' => text(&rest),
        '|' => closure(&rest),
        c if c.is_ascii_digit() => number(&rest),
        c if is_name(c) => name(&rest),
        _ => None,
    };
    let operator = || OPERATORS.iter().find(|one| rest.starts_with(**one));
    length
        .or_else(|| operator().map(|one| one.len()))
        .unwrap_or(1)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A name, with the names that follow after `::`.
fn name(rest: &str) -> Option<usize> {
    let mut length = 0;
    for (number, part) in rest.split("::").enumerate() {
        let letters = part.chars().take_while(|c| is_name(*c)).count();
        if letters == 0 {
            break;
        }
        length += letters + if number > 0 { 2 } else { 0 };
        if letters < part.chars().count() {
            break;
        }
    }
    Some(length)
}

fn number(rest: &str) -> Option<usize> {
    let mut letters = rest.chars().peekable();
    let mut length = 0;
    while let Some(c) = letters.next() {
        let is_fraction = c == '.' && letters.peek().is_some_and(char::is_ascii_digit);
        if !is_name(c) && !is_fraction {
            break;
        }
        length += 1;
    }
    Some(length)
}

/// A text up to its closing quote, or to the end of the line.
fn text(rest: &str) -> Option<usize> {
    let mut letters = rest.chars();
    let quote = letters.next()?;
    let (mut length, mut escaped) = (1, false);
    for c in letters {
        length += 1;
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            c if c == quote => return Some(length),
            _ => {}
        }
    }
    Some(rest.trim_end().chars().count())
}

/// The parameters of a closure, with the strokes around them.
fn closure(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('|')?;
    let end = inner.find('|')?;
    let is_list = inner[..end]
        .chars()
        .all(|c| is_name(c) || c == ',' || c == ' ');
    is_list.then(|| inner[..end].chars().count() + 2)
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, width};

    #[test]
    fn the_whole_token_is_marked() {
        for (line, column, token) in [
            ("notte(\"x\");", 1, "notte"),
            ("note(cluster::msters.names)", 6, "cluster::msters"),
            ("let x = ;", 9, ";"),
            ("note(\"a \\\" b\", 1)", 6, "\"a \\\" b\""),
            ("note(`open", 6, "`open"),
            ("if a == 1.5 {", 6, "=="),
            ("if a == 1.5 {", 9, "1.5"),
            ("each(hosts, |a, b| a)", 13, "|a, b|"),
            ("step(\"x\", || 1)", 11, "||"),
            ("a | b", 3, "|"),
            ("#{ a: 1 }", 1, "#{"),
        ] {
            assert_eq!(
                width(line, column),
                token.chars().count(),
                "{token} in {line}"
            );
        }
        assert_eq!(width("end", 4), 1);
    }

    #[test]
    fn a_mark_is_below_its_token_behind_tabs() {
        let excerpt = Excerpt {
            line: 1,
            text: "\tif\tx".to_owned(),
            column: 5,
            width: 1,
        };
        assert_eq!(excerpt.indent(), "\t  \t");
    }
}
