//! Escapes with a backslash, as `printf` and `echo -e` read them.

/// `text` with its escapes read, and whether a `\c` ended it. With `zero`, octal numbers begin with a
/// 0 that does not count: as `echo -e` and `%b` have them.
pub fn unescape(text: &[u8], zero: bool) -> (Vec<u8>, bool) {
    let (mut bytes, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at).copied() {
        at += 1;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (size, ended) = escape(&text[at..], zero, &mut bytes);
        at += size;
        if ended {
            return (bytes, true);
        }
    }
    (bytes, false)
}

/// Reads what follows a backslash: how much of it, and whether it ends the output.
pub fn escape(text: &[u8], zero: bool, into: &mut Vec<u8>) -> (usize, bool) {
    let digits = |from: usize, radix: u32, most: usize| -> (u32, usize) {
        let (mut value, mut count) = (0, 0);
        for byte in text.iter().skip(from).take(most) {
            let Some(digit) = char::from(*byte).to_digit(radix) else {
                break;
            };
            value = value * radix + digit;
            count += 1;
        }
        (value, count)
    };
    let Some(kind) = text.first() else {
        into.push(b'\\');
        return (0, false);
    };
    let byte = match kind {
        b'a' => 7,
        b'b' => 8,
        b'c' => return (1, true),
        b'e' | b'E' => 27,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'"' if !zero => b'"',
        b'\'' if !zero => b'\'',
        b'0' if zero => {
            let (value, count) = digits(1, 8, 3);
            into.push(value as u8);
            return (1 + count, false);
        }
        b'0'..=b'7' if !zero => {
            let (value, count) = digits(0, 8, 3);
            into.push(value as u8);
            return (count, false);
        }
        b'x' | b'u' | b'U' => {
            let most = match kind {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            match digits(1, 16, most) {
                (_, 0) => into.extend([b'\\', *kind]),
                (value, count) => {
                    match char::from_u32(value) {
                        Some(c) if *kind != b'x' => {
                            into.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        }
                        _ => into.push(value as u8),
                    }
                    return (1 + count, false);
                }
            }
            return (1, false);
        }
        other => {
            into.extend([b'\\', *other]);
            return (1, false);
        }
    };
    into.push(byte);
    (1, false)
}
