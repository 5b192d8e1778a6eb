//! What `chmod` makes of its first word.

/// The mode that `text`, octal or symbolic, makes of `mode`; `None` if it is no mode.
pub(super) fn change(text: &str, mode: u16, directory: bool, umask: u16) -> Option<u16> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let new = u16::from_str_radix(text, 8)
            .ok()
            .filter(|new| *new <= 0o7777)?;
        // A short number leaves the special bits of a directory alone.
        let kept = if directory && text.len() < 5 {
            mode & 0o6000
        } else {
            0
        };
        return (!text.is_empty()).then_some(new | kept);
    }
    let mut mode = mode;
    for clause in text.split(',') {
        let at = clause.find(['+', '-', '='])?;
        let (who, mut rest) = clause.split_at(at);
        let mut whom = 0;
        for letter in who.chars() {
            whom |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => 0o7777,
                _ => return None,
            };
        }
        let masked = if who.is_empty() { !umask } else { !0 };
        if who.is_empty() {
            whom = 0o7777;
        }
        while let Some(sign) = rest.chars().next() {
            rest = &rest[1..];
            let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
            let (letters, after) = rest.split_at(end);
            rest = after;
            let mut bits = 0;
            for letter in letters.chars() {
                bits |= match letter {
                    'r' => 0o444,
                    'w' => 0o222,
                    'x' => 0o111,
                    'X' if directory || mode & 0o111 != 0 => 0o111,
                    'X' => 0,
                    's' => 0o6000,
                    't' => 0o1000,
                    'u' => (mode >> 6 & 7) * 0o111,
                    'g' => (mode >> 3 & 7) * 0o111,
                    'o' => (mode & 7) * 0o111,
                    _ => return None,
                };
            }
            let bits = bits & whom & masked;
            match sign {
                '+' => mode |= bits,
                '-' => mode &= !bits,
                '=' => {
                    let kept = if directory { 0o6000 } else { 0 };
                    mode = mode & !(whom & !kept) | bits;
                }
                _ => return None,
            }
        }
    }
    Some(mode)
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn octal_and_symbolic_modes() {
        for (text, mode, directory, expected) in [
            ("644", 0o600, false, Some(0o644)),
            ("0700", 0o2755, true, Some(0o2700)),
            ("u+x", 0o644, false, Some(0o744)),
            ("go=", 0o777, false, Some(0o700)),
            ("a+rX", 0o600, false, Some(0o644)),
            ("a+rX", 0o600, true, Some(0o755)),
            ("+w", 0o444, false, Some(0o644)),
            ("u=rw,g=u-w", 0o000, false, Some(0o640)),
            ("+t", 0o777, true, Some(0o1777)),
            ("u+s,g+s", 0o755, false, Some(0o6755)),
            ("8", 0, false, None),
            ("u?x", 0, false, None),
            ("", 0, false, None),
        ] {
            assert_eq!(change(text, mode, directory, 0o022), expected, "{text}");
        }
    }
}
