//! Patterns of names: `*`, `?`, `[...]`, and a backslash before what stands for itself.

/// Whether all of `text` matches `pattern`; for a pattern that is used once.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some(plain) = pattern.find(['*', '?', '[', '\\']) else {
        return pattern == text;
    };
    // What stands before the first of these stands for itself.
    text.starts_with(&pattern[..plain]) && Pattern::new(pattern).matches(text)
}

/// Whether no character of `text` can mean anything but itself.
pub fn is_plain(text: &str) -> bool {
    !text.contains(['*', '?', '[', '\\'])
}

/// Whether `text` matches anything but itself.
pub fn is_pattern(text: &str) -> bool {
    !is_plain(text) && Pattern::new(text).literal().is_none()
}

/// A pattern, ready to match.
#[derive(Debug, Clone)]
pub struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    /// This character.
    One(char),
    /// Any character.
    Any,
    /// Any characters.
    Many,
    /// One of these, or none of them.
    Class {
        inverted: bool,
        members: Vec<Member>,
    },
}

#[derive(Debug, Clone)]
enum Member {
    Range(char, char),
    Named(fn(char) -> bool),
}

impl Pattern {
    /// The pattern that `text` is.
    pub fn new(text: &str) -> Self {
        let mut items = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            items.push(match c {
                '*' => Item::Many,
                '?' => Item::Any,
                '\\' => {
                    let escaped = rest.chars().next();
                    rest = &rest[escaped.map_or(0, char::len_utf8)..];
                    Item::One(escaped.unwrap_or('\\'))
                }
                '[' => match class(rest) {
                    Some((class, after)) => {
                        rest = after;
                        class
                    }
                    None => Item::One('['),
                },
                other => Item::One(other),
            });
        }
        Self { items }
    }

    /// Whether all of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        let items = &self.items;
        let (mut at, mut rest) = (0, text);
        // Where the last `*` stands, and the text that it did not take yet.
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let next = rest.chars().next();
            let step = match (items.get(at), next) {
                (Some(Item::Many), _) => {
                    retry = Some((at, rest));
                    at += 1;
                    continue;
                }
                (None, None) => return true,
                (Some(item), Some(c)) => item.takes(c).then_some(c),
                (None, Some(_)) | (Some(_), None) => None,
            };
            if let Some(c) = step {
                at += 1;
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let Some((star, from)) = retry else {
                return false;
            };
            let Some(skipped) = from.chars().next() else {
                return false;
            };
            rest = &from[skipped.len_utf8()..];
            retry = Some((star, rest));
            at = star + 1;
        }
    }

    /// How many characters all that it matches has; nothing if that differs.
    pub fn width(&self) -> Option<usize> {
        let fixed = |item: &Item| !matches!(item, Item::Many);
        self.items.iter().all(fixed).then_some(self.items.len())
    }

    /// The characters that it stands for, if it matches nothing else.
    pub fn literal(&self) -> Option<String> {
        self.items
            .iter()
            .map(|item| match item {
                Item::One(c) => Some(*c),
                _ => None,
            })
            .collect()
    }

    /// Whether it begins with a dot that is written out.
    pub fn begins_with_dot(&self) -> bool {
        matches!(self.items.first(), Some(Item::One('.')))
    }
}

impl Item {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::One(own) => *own == c,
            Self::Any => true,
            Self::Many => false,
            Self::Class { inverted, members } => {
                let within = members.iter().any(|member| match member {
                    Member::Range(from, to) => (*from..=*to).contains(&c),
                    Member::Named(is) => is(c),
                });
                within != *inverted
            }
        }
    }
}

/// The class that follows a `[`, and what comes after its `]`; `None` if it has no end.
fn class(text: &str) -> Option<(Item, &str)> {
    let mut rest = text;
    let inverted = rest.starts_with(['!', '^']);
    if inverted {
        rest = &rest[1..];
    }
    let mut members = Vec::new();
    let mut first = true;
    loop {
        if rest.starts_with(']') && !first {
            return Some((Item::Class { inverted, members }, &rest[1..]));
        }
        first = false;
        if let Some((name, after)) = rest
            .strip_prefix("[:")
            .and_then(|inner| inner.split_once(":]"))
        {
            members.push(Member::Named(named(name)?));
            rest = after;
            continue;
        }
        let (from, after) = character(rest)?;
        rest = after;
        match rest.strip_prefix('-') {
            Some(after) if !after.starts_with(']') => {
                let (to, after) = character(after)?;
                rest = after;
                members.push(Member::Range(from, to));
            }
            _ => members.push(Member::Range(from, from)),
        }
    }
}

/// The first character of `text`, without the backslash before it, and what follows.
fn character(text: &str) -> Option<(char, &str)> {
    let text = text.strip_prefix('\\').unwrap_or(text);
    let c = text.chars().next()?;
    Some((c, &text[c.len_utf8()..]))
}

fn named(name: &str) -> Option<fn(char) -> bool> {
    Some(match name {
        "alpha" => char::is_alphabetic,
        "digit" => |c| c.is_ascii_digit(),
        "alnum" => char::is_alphanumeric,
        "upper" => char::is_uppercase,
        "lower" => char::is_lowercase,
        "space" => char::is_whitespace,
        "blank" => |c| matches!(c, ' ' | '\t'),
        "punct" => |c| c.is_ascii_punctuation(),
        "cntrl" => char::is_control,
        "print" => |c| !c.is_control(),
        "graph" => |c| !c.is_control() && !c.is_whitespace(),
        "xdigit" => |c| c.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*b*c", "axxbyybzc", true),
            ("a*b*c", "axxbyybz", false),
            ("?", "ü", true),
            ("?", "", false),
            ("[a-c]*", "bx", true),
            ("[!a-c]*", "bx", false),
            ("[^a]", "b", true),
            ("[]a]", "]", true),
            ("[a-]", "-", true),
            ("[[:digit:]_]*", "7x", true),
            ("[[:digit:]]", "x", false),
            ("[a", "[a", true),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"[\]]", "]", true),
            ("*.rpm", "a.rpm.rpm", true),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
