//! Brackets: `[a-z]`, `[^]x]`, `[[:digit:]]`. A backslash in them stands for itself.

use super::{Flaw, Reader};

impl Reader {
    /// A bracket whose `[` was just read.
    pub(super) fn bracket(&mut self) -> Result<String, Flaw> {
        let unmatched = Flaw::Invalid("Unmatched [ or [^");
        let mut out = String::from("[");
        if self.peek(0) == Some('^') {
            self.at += 1;
            out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.peek(0).ok_or(unmatched.clone())?;
            self.at += 1;
            match c {
                ']' if !first => {
                    out.push(']');
                    return Ok(out);
                }
                '[' if matches!(self.peek(0), Some(':')) => {
                    let rest: String = self.text[self.at + 1..].iter().collect();
                    let (name, _) = rest.split_once(":]").ok_or(unmatched.clone())?;
                    const NAMES: &[&str] = &[
                        "alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print",
                        "punct", "space", "upper", "xdigit",
                    ];
                    if !NAMES.contains(&name) {
                        return Err(Flaw::Invalid("Invalid character class name"));
                    }
                    out.push_str(&format!("[:{name}:]"));
                    self.at += name.chars().count() + 3;
                }
                '[' if matches!(self.peek(0), Some('.' | '=')) => {
                    return Err(Flaw::Unmodelled(
                        "a collating symbol in a bracket".to_owned(),
                    ));
                }
                low => {
                    push_in_class(&mut out, low);
                    if self.peek(0) == Some('-') && self.peek(1).is_some_and(|c| c != ']') {
                        let high = self.peek(1).unwrap_or('-');
                        if high < low {
                            return Err(Flaw::Invalid("Invalid range end"));
                        }
                        self.at += 2;
                        out.push('-');
                        push_in_class(&mut out, high);
                    }
                }
            }
            first = false;
        }
    }
}

/// A character inside of a bracket, where it stands for itself.
fn push_in_class(out: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}
