//! Single lines of small text files.

use super::content::{Attributes, read, write};
use crate::error::Result;
use crate::primitive::{Change, Host};

/// Replaces every line of `path` that matches `pattern` by `line`, or removes it for `None`.
///
/// In a pattern `^` at the start, `$` at the end and `.*` have their usual meaning; all other
/// characters stand for themselves. Nothing happens if no line matches. Before and after are the
/// matching lines.
///
/// # Errors
/// As [`read`] and [`write()`].
pub fn replace_line(
    host: &Host,
    path: &str,
    pattern: &str,
    line: Option<&str>,
) -> Result<Change<Vec<String>>> {
    let text = read(host, path)?;
    let before: Vec<String> = text
        .lines()
        .filter(|l| matches(pattern, l))
        .map(str::to_owned)
        .collect();
    let after: Vec<String> = before
        .iter()
        .filter_map(|_| line.map(str::to_owned))
        .collect();
    if before != after {
        let mut new = String::new();
        for old in text.split_inclusive('\n') {
            let bare = old.strip_suffix('\n').unwrap_or(old);
            if !matches(pattern, bare) {
                new.push_str(old);
            } else if let Some(line) = line {
                new.push_str(line);
                new.push_str(&old[bare.len()..]);
            }
        }
        write(host, path, &new, &Attributes::default())?;
    }
    Ok(Change::between(before, after))
}

/// Adds `line` at the end of `path`, unless a line is equal to it already.
///
/// # Errors
/// As [`read`] and [`write()`].
pub fn append_line(host: &Host, path: &str, line: &str) -> Result<Change<bool>> {
    let mut text = read(host, path)?;
    if text.lines().any(|l| l == line) {
        return Ok(Change::between(true, true));
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(line);
    text.push('\n');
    write(host, path, &text, &Attributes::default())?;
    Ok(Change::between(false, true))
}

/// Whether `line` matches `pattern`, as [`replace_line`] reads it.
fn matches(pattern: &str, line: &str) -> bool {
    let (start, pattern) = match pattern.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (end, pattern) = match pattern.strip_suffix('$') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let pieces: Vec<&str> = pattern.split(".*").collect();
    let mut rest = line;
    let last = pieces.len() - 1;
    for (at, piece) in pieces.iter().enumerate() {
        if at == last && end {
            // The only piece of `^x$` has to be the whole line.
            return if at == 0 && start {
                rest == *piece
            } else {
                rest.ends_with(piece)
            };
        }
        match rest.find(piece) {
            Some(found) if !(at == 0 && start) || found == 0 => rest = &rest[found + piece.len()..],
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_know_anchors_and_anything() {
        for (pattern, line, expected) in [
            ("ETCD_NAME", "ETCD_NAME=m0", true),
            ("^ETCD_NAME=", "#ETCD_NAME=m0", false),
            ("^ETCD_NAME=.*$", "ETCD_NAME=m0", true),
            ("m0$", "ETCD_NAME=m01", false),
            ("m0$", "m0 ETCD_NAME=m0", true),
            ("^a$", "aa", false),
            ("^a.*b.*c$", "a-b-cc", true),
            ("^a.*b.*c$", "a-c-b", false),
            ("a[1]", "a1", false),
            ("", "x", true),
            ("^$", "", true),
            ("^$", "x", false),
        ] {
            assert_eq!(matches(pattern, line), expected, "{pattern} on {line}");
        }
    }
}
