//! Text as the shell writes it so that it can read it again, and the escapes of `$'...'`.

/// `text` as `set -x` and `export` show it.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "@%_+=:,./-~^".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('~') {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `text` in double quotes, as `export -p` shows it.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '"' | '$' | '`' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted + "\""
}

/// What stands between the quotes of `$'...'`, read. `None` if it is no text.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let Some(kind) = rest.chars().next() else {
            bytes.push(b'\\');
            break;
        };
        rest = &rest[kind.len_utf8()..];
        let mut number = |radix: u32, most: usize| -> Option<u32> {
            let end = rest
                .char_indices()
                .take(most)
                .take_while(|(_, c)| c.is_digit(radix))
                .map(|(at, _)| at + 1)
                .last()?;
            let value = u32::from_str_radix(&rest[..end], radix).ok();
            rest = &rest[end..];
            value
        };
        match kind {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'e' | 'E' => bytes.push(27),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '\\' | '\'' | '"' | '?' => bytes.push(kind as u8),
            'x' => bytes.push(number(16, 2)? as u8),
            'u' | 'U' => {
                let c = number(16, if kind == 'u' { 4 } else { 8 }).and_then(char::from_u32)?;
                bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            '0'..='7' => {
                let first = kind as u32 - '0' as u32;
                let mut value = first;
                for _ in 0..2 {
                    let Some(digit) = number(8, 1) else { break };
                    value = value * 8 + digit;
                }
                bytes.push(value as u8);
            }
            other => {
                bytes.push(b'\\');
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    // A shell's text ends at a NUL.
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    bytes.truncate(end);
    String::from_utf8(bytes).ok()
}
