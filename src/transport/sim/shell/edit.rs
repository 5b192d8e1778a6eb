//! Changing what a parameter holds: parts of it, and other text in its place.

use brush_parser::word::SubstringMatchKind;

use super::held::Held;
use crate::transport::sim::pattern::Pattern;

/// Where characters of `text` begin, and its end.
fn bounds(text: &str) -> impl DoubleEndedIterator<Item = usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

/// `text` without the part at its beginning that matches `pattern`: the longest or the shortest.
pub(super) fn prefix<const LONG: bool>(text: &str, pattern: &Pattern) -> String {
    let is = |end: &usize| pattern.matches(&text[..*end]);
    let end = if LONG {
        bounds(text).rev().find(is)
    } else {
        bounds(text).find(is)
    };
    text[end.unwrap_or(0)..].to_owned()
}

/// As [`prefix`], at its end.
pub(super) fn suffix<const LONG: bool>(text: &str, pattern: &Pattern) -> String {
    let is = |start: &usize| pattern.matches(&text[*start..]);
    let start = if LONG {
        bounds(text).find(is)
    } else {
        bounds(text).rev().find(is)
    };
    text[..start.unwrap_or(text.len())].to_owned()
}

/// `text` with `by` for what matches `pattern`.
pub(super) fn replace(
    text: &str,
    pattern: &Pattern,
    by: &str,
    kind: &SubstringMatchKind,
) -> String {
    let width = pattern.width();
    let longest = |start: usize| {
        let is = |end: &usize| pattern.matches(&text[start..*end]);
        let mut ends = bounds(&text[start..]).map(|end| start + end);
        match width {
            Some(width) => ends.nth(width).filter(is),
            None => ends.rev().find(is),
        }
    };
    match kind {
        SubstringMatchKind::Prefix => match longest(0) {
            Some(end) => format!("{by}{}", &text[end..]),
            None => text.to_owned(),
        },
        SubstringMatchKind::Suffix => {
            match bounds(text).find(|start| pattern.matches(&text[*start..])) {
                Some(start) => format!("{}{by}", &text[..start]),
                None => text.to_owned(),
            }
        }
        SubstringMatchKind::FirstOccurrence | SubstringMatchKind::Anywhere => {
            let (mut replaced, mut at) = (String::new(), 0);
            while let Some(c) = text[at..].chars().next() {
                match longest(at).filter(|end| *end > at) {
                    Some(end) => {
                        replaced.push_str(by);
                        at = end;
                        if matches!(kind, SubstringMatchKind::FirstOccurrence) {
                            break;
                        }
                    }
                    None => {
                        replaced.push(c);
                        at += c.len_utf8();
                    }
                }
            }
            replaced + &text[at..]
        }
    }
}

/// The part of `held` from `offset` on; `None` if the length cannot be.
pub(super) fn part(held: &Held, offset: i64, length: Option<i64>) -> Option<Held> {
    let size = match held {
        Held::Nothing => return Some(Held::Nothing),
        Held::One(text) => text.chars().count(),
        Held::Many(all, _) => all.len(),
    };
    let size = i64::try_from(size).ok()?;
    let start = if offset < 0 {
        size + offset
    } else {
        offset.min(size)
    };
    if start < 0 {
        return Some(held.clone().map(|_| String::new()));
    }
    let end = match length {
        None => size,
        Some(length) if length < 0 => size + length,
        Some(length) => start.saturating_add(length).min(size),
    };
    let (start, count) = (
        usize::try_from(start).ok()?,
        usize::try_from(end - start).ok()?,
    );
    Some(match held {
        Held::Many(all, joined) => Held::Many(
            all.iter().skip(start).take(count).cloned().collect(),
            *joined,
        ),
        one => one
            .clone()
            .map(|text| text.chars().skip(start).take(count).collect()),
    })
}

/// `text` with its first character changed.
pub(super) fn first<I: Iterator<Item = char>>(text: &str, change: fn(char) -> I) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or_else(String::new, |c| change(c).chain(rest).collect())
}
