//! Shell patterns against names: `*`, `?`, `[a-z]`, `[!a]`, `[[:digit:]]`, `\`.

/// Whether `text` matches `pattern`; a slash and a leading dot are characters like others.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if p < pattern.len() && pattern[p] == '*' {
            retry = Some((p, t));
            p += 1;
            continue;
        }
        if t == text.len() {
            return p == pattern.len();
        }
        match one(&pattern, p, text[t]) {
            Some(next) => (p, t) = (next, t + 1),
            None => match retry {
                Some((star, at)) => {
                    retry = Some((star, at + 1));
                    (p, t) = (star + 1, at + 1);
                }
                None => return false,
            },
        }
    }
}

/// Where the pattern goes on if its piece at `p` matches `letter`.
fn one(pattern: &[char], p: usize, letter: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' if p + 1 < pattern.len() => (pattern[p + 1] == letter).then_some(p + 2),
        '[' => match bracket(pattern, p, letter) {
            Some((true, next)) => Some(next),
            Some((false, _)) => None,
            None => (letter == '[').then_some(p + 1),
        },
        other => (*other == letter).then_some(p + 1),
    }
}

/// Whether the bracket at `p` holds `letter`, and where it ends; `None` if it does not end.
fn bracket(pattern: &[char], p: usize, letter: char) -> Option<(bool, usize)> {
    let mut at = p + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let first = at;
    let mut found = false;
    loop {
        let c = *pattern.get(at)?;
        if c == ']' && at > first {
            return Some((found != negated, at + 1));
        }
        if c == '[' && pattern.get(at + 1) == Some(&':') {
            let end = (at + 2..pattern.len().saturating_sub(1))
                .find(|end| pattern[*end] == ':' && pattern[end + 1] == ']')?;
            let name: String = pattern[at + 2..end].iter().collect();
            found |= class(&name, letter);
            at = end + 2;
            continue;
        }
        let (low, next) = match c {
            '\\' => (*pattern.get(at + 1)?, at + 2),
            c => (c, at + 1),
        };
        if pattern.get(next) == Some(&'-') && pattern.get(next + 1).is_some_and(|c| *c != ']') {
            let (high, end) = match pattern[next + 1] {
                '\\' => (*pattern.get(next + 2)?, next + 3),
                c => (c, next + 2),
            };
            found |= (low..=high).contains(&letter);
            at = end;
        } else {
            found |= low == letter;
            at = next;
        }
    }
}

fn class(name: &str, c: char) -> bool {
    match name {
        "alnum" => c.is_alphanumeric(),
        "alpha" => c.is_alphabetic(),
        "blank" => matches!(c, ' ' | '\t'),
        "cntrl" => c.is_control(),
        "digit" => c.is_ascii_digit(),
        "graph" => !c.is_control() && !c.is_whitespace(),
        "lower" => c.is_lowercase(),
        "print" => !c.is_control(),
        "punct" => c.is_ascii_punctuation(),
        "space" => c.is_whitespace(),
        "upper" => c.is_uppercase(),
        "xdigit" => c.is_ascii_hexdigit(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_fnmatch_does() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*.rpmsave", "etcd.conf.rpmsave", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]a]", "]", true),
            ("[^0-9]", "5", false),
            ("[[:digit:]]*", "20180405", true),
            ("[", "[", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("docker*1.13*", "docker-1.13.1", true),
            ("a[b", "a[b", true),
            ("*ü", "grün", false),
            ("gr?n", "grün", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} on {text}");
        }
    }
}
