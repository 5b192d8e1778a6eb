//! Numbers as coreutils read them.

/// `512`, `10K`, `3MB`, `2MiB`, `1b`: a count of bytes; `None` if it is not one.
pub fn size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, suffix) = text.split_at(digits);
    let number: u64 = if number.is_empty() && !suffix.is_empty() {
        1
    } else {
        number.parse().ok()?
    };
    number.checked_mul(factor(suffix)?)
}

fn factor(suffix: &str) -> Option<u64> {
    let mut letters = suffix.chars();
    let power = match letters.next() {
        None => return Some(1),
        Some('b') if suffix == "b" => return Some(512),
        Some('c') if suffix == "c" => return Some(1),
        Some('w') if suffix == "w" => return Some(2),
        Some('k' | 'K') => 1,
        Some('M') => 2,
        Some('G') => 3,
        Some('T') => 4,
        Some(_) => return None,
    };
    let base: u64 = match letters.as_str() {
        "" | "iB" => 1024,
        "B" => 1000,
        _ => return None,
    };
    Some(base.pow(power))
}

/// The last `n` of `-n`, `-n-`, `+n`: a sign, and a count.
pub fn signed(text: &str) -> Option<(Option<char>, u64)> {
    let sign = text.chars().next().filter(|c| matches!(c, '+' | '-'));
    Some((sign, size(text.trim_start_matches(['+', '-']))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_multiply() {
        for (text, expected) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("2K", Some(2048)),
            ("2kB", Some(2000)),
            ("1MiB", Some(1 << 20)),
            ("3b", Some(1536)),
            ("", None),
            ("x", None),
            ("1X", None),
            ("1Mx", None),
        ] {
            assert_eq!(size(text), expected, "{text}");
        }
    }
}
