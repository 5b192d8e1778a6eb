//! `{a,b}` and `{1..3}`: one word that stands for several.

use std::cell::RefCell;
use std::rc::Rc;

use brush_parser::word::{BraceExpressionMember, BraceExpressionOrText, parse_brace_expansions};

use super::Flow;
use super::state::Shell;
use crate::transport::sim::kept::Kept;

/// What the braces of a word make.
#[derive(Clone)]
enum Braces {
    /// Nothing: it is one word.
    None,
    /// A range with zeros before its numbers.
    Padded,
    Words(Rc<Vec<String>>),
}

thread_local! {
    static KNOWN: RefCell<Kept<Box<str>, Braces>> = const { RefCell::new(Kept::new(256)) };
}

impl Shell<'_> {
    /// The words that the braces of `text` make; nothing if it stays one word.
    pub(super) fn braces(&self, text: &str) -> Flow<Option<Rc<Vec<String>>>> {
        if !text.contains('{') || !(text.contains(',') || text.contains("..")) {
            return Ok(None);
        }
        let known = KNOWN.with_borrow_mut(|known| known.get(text));
        let braces = known.unwrap_or_else(|| {
            let braces = read(text);
            KNOWN.with_borrow_mut(|known| known.insert(text.into(), braces.clone()));
            braces
        });
        match braces {
            Braces::None => Ok(None),
            Braces::Words(words) => Ok(Some(words)),
            Braces::Padded => Ok(self.process.unmodelled(format!("{text}: a padded range"))?),
        }
    }
}

fn read(text: &str) -> Braces {
    match parse_brace_expansions(text, &brush_parser::ParserOptions::default()) {
        Ok(Some(parts)) if has_braces(&parts) => {
            let padded = |mark: &str| {
                text.match_indices(mark).any(|(at, _)| {
                    let rest = text[at + mark.len()..].trim_start_matches('-');
                    rest.starts_with('0') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
                })
            };
            if padded("{") || padded("..") {
                return Braces::Padded;
            }
            Braces::Words(Rc::new(combine(&parts)))
        }
        _ => Braces::None,
    }
}

fn has_braces(parts: &[BraceExpressionOrText]) -> bool {
    parts
        .iter()
        .any(|part| matches!(part, BraceExpressionOrText::Expr(_)))
}

/// Each way to choose one member of each brace expression, in order.
fn combine(parts: &[BraceExpressionOrText]) -> Vec<String> {
    let mut words = vec![String::new()];
    for part in parts {
        let choices = match part {
            BraceExpressionOrText::Text(text) => vec![text.clone()],
            BraceExpressionOrText::Expr(members) => members.iter().flat_map(choices).collect(),
        };
        words = words
            .iter()
            .flat_map(|word| choices.iter().map(move |choice| format!("{word}{choice}")))
            .collect();
    }
    words
}

fn choices(member: &BraceExpressionMember) -> Vec<String> {
    fn range(start: i64, end: i64, step: i64) -> impl Iterator<Item = i64> {
        let step = step.abs().max(1);
        let count = (start - end).abs() / step;
        (0..=count).map(move |at| start + at * step * (end - start).signum())
    }
    match member {
        BraceExpressionMember::NumberSequence {
            start,
            end,
            increment,
        } => range(*start, *end, *increment)
            .map(|number| number.to_string())
            .collect(),
        BraceExpressionMember::CharSequence {
            start,
            end,
            increment,
        } => range(
            i64::from(u32::from(*start)),
            i64::from(u32::from(*end)),
            *increment,
        )
        .filter_map(|code| char::from_u32(code as u32))
        .map(String::from)
        .collect(),
        BraceExpressionMember::Child(parts) => combine(parts),
    }
}
