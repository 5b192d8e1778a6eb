//! Shell patterns: `*`, `?`, `[...]`, and a backslash before what is to be itself.

/// Whether all of `text` matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when what follows the last `*` does not fit: one character later.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, t));
            p += 1;
            continue;
        }
        if p == pattern.len() && t == text.len() {
            return true;
        }
        if let Some(&c) = text.get(t)
            && let Some(next) = one(&pattern, p, c)
        {
            p = next;
            t += 1;
            continue;
        }
        match retry {
            Some((after, from)) if from < text.len() => {
                retry = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

/// Whether `text` holds a character that makes it a pattern.
pub fn is_pattern(text: &str) -> bool {
    let mut escaped = false;
    text.chars().any(|c| {
        let special = !escaped && matches!(c, '*' | '?' | '[');
        escaped = !escaped && c == '\\';
        special
    })
}

/// The place after the element at `p`, if that element matches `c`.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' if p + 1 < pattern.len() => (pattern[p + 1] == c).then_some(p + 2),
        '[' => match set(pattern, p) {
            Some((end, negated, members)) => {
                let within = members
                    .iter()
                    .any(|(low, high)| (*low..=*high).contains(&c));
                (within != negated).then_some(end)
            }
            None => (c == '[').then_some(p + 1),
        },
        literal => (*literal == c).then_some(p + 1),
    }
}

/// The set that begins at `p`: the place after it, whether it is negated, its ranges.
fn set(pattern: &[char], p: usize) -> Option<(usize, bool, Vec<(char, char)>)> {
    let mut at = p + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let first = at;
    let mut members = Vec::new();
    loop {
        let c = *pattern.get(at)?;
        if c == ']' && at > first {
            return Some((at + 1, negated, members));
        }
        if c == '[' && pattern.get(at + 1) == Some(&':') {
            let rest: String = pattern[at + 2..].iter().collect();
            let (class, _) = rest.split_once(":]")?;
            members.extend(ranges(class)?);
            at += 4 + class.chars().count();
            continue;
        }
        let c = if c == '\\' {
            at += 1;
            *pattern.get(at)?
        } else {
            c
        };
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(high)) if *high != ']' => {
                members.push((c, *high));
                at += 3;
            }
            _ => {
                members.push((c, c));
                at += 1;
            }
        }
    }
}

/// The ranges of a character class.
fn ranges(class: &str) -> Option<Vec<(char, char)>> {
    Some(match class {
        "digit" => vec![('0', '9')],
        "alpha" => vec![('a', 'z'), ('A', 'Z')],
        "alnum" => vec![('a', 'z'), ('A', 'Z'), ('0', '9')],
        "lower" => vec![('a', 'z')],
        "upper" => vec![('A', 'Z')],
        "space" => vec![(' ', ' '), ('\t', '\r')],
        "xdigit" => vec![('0', '9'), ('a', 'f'), ('A', 'F')],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_the_shells_do() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXbYY", false),
            ("docker*1.13*", "docker-1.13.1-58.el7", true),
            ("docker*1.13*", "docker-2:1.13.1-58.el7", true),
            ("?", "ab", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[[:digit:]]*", "3.7", true),
            ("*.rpm", "x.rpm", true),
            ("***", "x", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
        assert!(is_pattern("a*") && !is_pattern("a\\*") && !is_pattern("a"));
    }
}
