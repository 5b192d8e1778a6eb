//! Fields in the making: what is quoted stays whole, the rest is split.

use std::borrow::Cow;
use std::ops::Range;

/// What separates fields unless a script says otherwise.
pub(super) const USUAL: &str = " \t\n";

/// One field: its text, and which parts of it were quoted.
#[derive(Debug, Default, Clone)]
pub(super) struct Field {
    pub text: String,
    quoted: Vec<Range<usize>>,
}

impl Field {
    fn push_quoted(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        match self.quoted.last_mut() {
            _ if start == end => {}
            Some(last) if last.end == start => last.end = end,
            _ => self.quoted.push(start..end),
        }
    }

    /// Whether it holds an unquoted character that patterns are made of.
    pub fn is_pattern(&self) -> bool {
        if matches!(self.quoted.as_slice(), [all] if *all == (0..self.text.len())) {
            return false;
        }
        self.text.bytes().enumerate().any(|(at, byte)| {
            matches!(byte, b'*' | b'?' | b'[') && !self.quoted.iter().any(|part| part.contains(&at))
        })
    }

    /// It as a pattern: what was quoted stands for itself.
    pub fn pattern(&self) -> String {
        let mut pattern = String::with_capacity(self.text.len() + 8);
        let mut done = 0;
        for part in &self.quoted {
            pattern.push_str(&self.text[done..part.start]);
            for c in self.text[part.clone()].chars() {
                if matches!(c, '*' | '?' | '[' | ']' | '\\' | '-' | '!' | '^') {
                    pattern.push('\\');
                }
                pattern.push(c);
            }
            done = part.end;
        }
        pattern.push_str(&self.text[done..]);
        pattern
    }

    /// It as a regular expression: what was quoted stands for itself.
    pub fn regex(&self) -> String {
        let mut pattern = String::new();
        let mut done = 0;
        for part in &self.quoted {
            pattern.push_str(&self.text[done..part.start]);
            pattern.push_str(&regex::escape(&self.text[part.clone()]));
            done = part.end;
        }
        pattern.push_str(&self.text[done..]);
        pattern
    }
}

/// Fields in the making.
pub(super) struct Fields {
    done: Vec<Field>,
    current: Option<Field>,
    /// What separates fields; `None` where nothing is split.
    separators: Option<Cow<'static, str>>,
    /// Whether text that stands there literally is split too: the word of `${x:-word}`.
    pub split_literals: bool,
}

impl Fields {
    /// Fields that `separators` split; without any, all is one field.
    pub fn new(separators: Option<Cow<'static, str>>) -> Self {
        Self {
            done: Vec::new(),
            current: None,
            separators,
            split_literals: false,
        }
    }

    /// Whether all is one field.
    pub fn is_one(&self) -> bool {
        self.separators.is_none()
    }

    pub fn quoted(&mut self, text: &str) {
        self.current.get_or_insert_default().push_quoted(text);
    }

    pub fn literal(&mut self, text: &str) {
        if self.split_literals {
            self.split(text);
        } else {
            self.current.get_or_insert_default().text.push_str(text);
        }
    }

    /// The value of an expansion.
    pub fn value(&mut self, text: &str, quoted: bool) {
        if quoted {
            self.quoted(text);
        } else {
            self.split(text);
        }
    }

    /// Ends the field at work, if there is one.
    pub fn cut(&mut self) {
        self.done.extend(self.current.take());
    }

    fn split(&mut self, text: &str) {
        let Some(separators) = self.separators.clone() else {
            self.current.get_or_insert_default().text.push_str(text);
            return;
        };
        let usual = separators == USUAL;
        let space = |c: char| matches!(c, ' ' | '\t' | '\n') && (usual || separators.contains(c));
        let separates = |c: char| {
            if usual {
                space(c)
            } else {
                separators.contains(c)
            }
        };
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if !separates(first) {
                let end = rest.find(separates).unwrap_or(rest.len());
                let field = self.current.get_or_insert_default();
                field.text.push_str(&rest[..end]);
                rest = &rest[end..];
                continue;
            }
            // Spaces around another separator are part of it.
            rest = rest.trim_start_matches(space);
            let hard = rest.chars().next().filter(|c| separates(*c));
            if let Some(hard) = hard {
                self.current.get_or_insert_default();
                rest = rest[hard.len_utf8()..].trim_start_matches(space);
            }
            self.cut();
        }
    }

    pub fn finish(self) -> impl Iterator<Item = Field> {
        self.done.into_iter().chain(self.current)
    }

    /// All of it as one field.
    pub fn finish_one(mut self) -> Field {
        self.current.take().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_split_as_posix_says() {
        for (separators, text, expected) in [
            (" \t\n", "  a b  ", vec!["a", "b"]),
            (":", "a::b:", vec!["a", "", "b"]),
            (":", ":a", vec!["", "a"]),
            (" :", " a : b ", vec!["a", "b"]),
            (" :", "a b::c", vec!["a", "b", "", "c"]),
            ("", "a b", vec!["a b"]),
            (" ", "", vec![]),
        ] {
            let mut fields = Fields::new(Some(separators.into()));
            fields.value(text, false);
            let got: Vec<String> = fields.finish().map(|field| field.text).collect();
            assert_eq!(got, expected, "{text:?} by {separators:?}");
        }
    }

    #[test]
    fn what_is_quoted_is_no_pattern() {
        let mut fields = Fields::new(None);
        fields.literal("a*");
        fields.quoted("[b]*");
        let field = fields.finish_one();
        assert!(field.is_pattern());
        assert_eq!(field.pattern(), r"a*\[b\]\*");
    }
}
