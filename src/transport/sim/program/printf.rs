//! `printf`.

use super::super::process::{Ended, Process};
use super::Program;

/// The programs of this file.
pub const PROGRAMS: &[(&str, Program)] = &[("printf", printf)];

fn printf(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let words = match argv.get(1).map(String::as_str) {
        Some("--") => &argv[2..],
        _ => &argv[1..],
    };
    let Some((text, words)) = words.split_first() else {
        return process.fail(1, "printf: missing operand");
    };
    match format(text, words) {
        Ok(printed) => {
            process.write(&printed.bytes)?;
            for complaint in &printed.complaints {
                process.complain(format!("printf: {complaint}\n"))?;
            }
            Ok(u8::from(!printed.complaints.is_empty()))
        }
        Err(what) => process.unmodelled(what),
    }
}

/// What `printf` makes of its words.
#[derive(Debug, Default)]
pub struct Printed {
    /// What it prints.
    pub bytes: Vec<u8>,
    /// What it says about words that are not what the format wants.
    pub complaints: Vec<String>,
    ended: bool,
}

/// What stands between a `%` and its letter.
#[derive(Debug, Default, Clone)]
struct Shape {
    left: bool,
    zeros: bool,
    plus: bool,
    space: bool,
    alternative: bool,
    width: usize,
    precision: Option<usize>,
}

/// Prints `words` by the format `text`, which is used again while there are words left.
///
/// # Errors
/// The name of what is not modelled.
pub fn format(text: &str, words: &[String]) -> Result<Printed, String> {
    let mut printed = Printed::default();
    let mut rest = words.iter();
    loop {
        let before = rest.len();
        once(text.as_bytes(), &mut rest, &mut printed)?;
        if rest.len() == 0 || rest.len() == before || printed.ended {
            return Ok(printed);
        }
    }
}

fn once(
    text: &[u8],
    words: &mut std::slice::Iter<'_, String>,
    printed: &mut Printed,
) -> Result<(), String> {
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        at += 1;
        match byte {
            b'\\' => {
                let (size, ended) = escape(&text[at..], false, &mut printed.bytes);
                at += size;
                if ended {
                    printed.ended = true;
                    return Ok(());
                }
            }
            b'%' if text.get(at) == Some(&b'%') => {
                printed.bytes.push(b'%');
                at += 1;
            }
            b'%' => {
                let mut shape = Shape::default();
                at += flags(&text[at..], &mut shape);
                if let Some(width) = count(text, &mut at, words, printed) {
                    shape.left |= width < 0;
                    shape.width = width.unsigned_abs() as usize;
                }
                if text.get(at) == Some(&b'.') {
                    at += 1;
                    let precision = count(text, &mut at, words, printed).unwrap_or(0);
                    shape.precision = usize::try_from(precision).ok();
                }
                while text
                    .get(at)
                    .is_some_and(|byte| b"hlLqjzt".contains(byte) && *byte != b'q')
                {
                    at += 1;
                }
                let Some(letter) = text.get(at).copied() else {
                    printed
                        .complaints
                        .push("`%': missing format character".to_owned());
                    return Ok(());
                };
                at += 1;
                convert(letter, &shape, words.next().map(String::as_str), printed)?;
                if printed.ended {
                    return Ok(());
                }
            }
            byte => printed.bytes.push(byte),
        }
    }
    Ok(())
}

fn flags(text: &[u8], shape: &mut Shape) -> usize {
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'-' => shape.left = true,
            b'0' => shape.zeros = true,
            b'+' => shape.plus = true,
            b' ' => shape.space = true,
            b'#' => shape.alternative = true,
            _ => return at,
        }
    }
    text.len()
}

/// A width or precision: digits, or `*` for the next word.
fn count(
    text: &[u8],
    at: &mut usize,
    words: &mut std::slice::Iter<'_, String>,
    printed: &mut Printed,
) -> Option<i64> {
    if text.get(*at) == Some(&b'*') {
        *at += 1;
        return Some(integer(words.next().map_or("", String::as_str), printed) as i64);
    }
    let start = *at;
    while text.get(*at).is_some_and(u8::is_ascii_digit) {
        *at += 1;
    }
    std::str::from_utf8(&text[start..*at]).ok()?.parse().ok()
}

fn convert(
    letter: u8,
    shape: &Shape,
    word: Option<&str>,
    printed: &mut Printed,
) -> Result<(), String> {
    let word = word.unwrap_or_default();
    let number = |digits: String, negative: bool| -> String {
        let digits = match shape.precision {
            Some(least) => format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len()))),
            None => digits,
        };
        let sign = match (negative, shape.plus, shape.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        let missing = shape.width.saturating_sub(sign.len() + digits.len());
        if shape.zeros && !shape.left && shape.precision.is_none() {
            format!("{sign}{}{digits}", "0".repeat(missing))
        } else {
            format!("{sign}{digits}")
        }
    };
    let text: Vec<u8> = match letter {
        b's' => cut(word.as_bytes(), shape.precision),
        b'b' => {
            let (bytes, ended) = unescape(word.as_bytes(), true);
            printed.ended = ended;
            cut(&bytes, shape.precision)
        }
        b'c' => word
            .chars()
            .next()
            .map(String::from)
            .unwrap_or_default()
            .into_bytes(),
        b'q' => quoted(word).into_bytes(),
        b'd' | b'i' => {
            let value = integer(word, printed) as i64;
            number(value.unsigned_abs().to_string(), value < 0).into_bytes()
        }
        b'u' => number((integer(word, printed) as u64).to_string(), false).into_bytes(),
        b'o' | b'x' | b'X' => {
            let value = integer(word, printed) as u64;
            let (digits, prefix) = match letter {
                b'o' => (format!("{value:o}"), "0"),
                b'x' => (format!("{value:x}"), "0x"),
                _ => (format!("{value:X}"), "0X"),
            };
            let prefix = if shape.alternative && value != 0 {
                prefix
            } else {
                ""
            };
            number(format!("{prefix}{digits}"), false).into_bytes()
        }
        b'f' | b'F' | b'e' | b'E' | b'g' | b'G' => {
            let value = real(word, printed);
            let precision = shape.precision.unwrap_or(6);
            let digits = match letter {
                b'f' | b'F' => format!("{:.precision$}", value.abs()),
                b'e' | b'E' => scientific(value.abs(), precision),
                _ => general(value.abs(), precision),
            };
            let digits = if letter.is_ascii_uppercase() {
                digits.to_uppercase()
            } else {
                digits
            };
            let shape = Shape {
                precision: None,
                ..shape.clone()
            };
            let sign = if value.is_sign_negative() {
                "-"
            } else if shape.plus {
                "+"
            } else {
                ""
            };
            let missing = shape.width.saturating_sub(sign.len() + digits.len());
            let zeros = if shape.zeros && !shape.left {
                missing
            } else {
                0
            };
            format!("{sign}{}{digits}", "0".repeat(zeros)).into_bytes()
        }
        other => return Err(format!("printf %{}", char::from(other))),
    };
    let missing = vec![b' '; shape.width.saturating_sub(text.len())];
    if shape.left {
        printed.bytes.extend(text);
        printed.bytes.extend(missing);
    } else {
        printed.bytes.extend(missing);
        printed.bytes.extend(text);
    }
    Ok(())
}

fn cut(bytes: &[u8], precision: Option<usize>) -> Vec<u8> {
    bytes[..precision.unwrap_or(usize::MAX).min(bytes.len())].to_vec()
}

/// The number that `word` is; what is wrong with it is a complaint.
fn integer(word: &str, printed: &mut Printed) -> i128 {
    if let Some(c) = word
        .strip_prefix(['\'', '"'])
        .and_then(|rest| rest.chars().next())
    {
        return i128::from(u32::from(c));
    }
    let trimmed = word.trim_start();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let (radix, digits) = if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X"))
    {
        (16, hex)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    if end < digits.len() || (digits.is_empty() && !word.is_empty()) {
        printed.complaints.push(format!("{word}: invalid number"));
    }
    let value = i128::from_str_radix(&digits[..end], radix).unwrap_or(0);
    let value = if negative { -value } else { value };
    value.clamp(i128::from(i64::MIN), i128::from(u64::MAX))
}

fn real(word: &str, printed: &mut Printed) -> f64 {
    let word = word.trim();
    match word.parse() {
        Ok(value) => value,
        Err(_) if word.is_empty() => 0.0,
        Err(_) => {
            printed.complaints.push(format!("{word}: invalid number"));
            0.0
        }
    }
}

fn scientific(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn general(value: f64, precision: usize) -> String {
    let precision = precision.max(1);
    let written = format!("{value:.*e}", precision - 1);
    let exponent: i32 = written
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or(0);
    let most = i32::try_from(precision).unwrap_or(i32::MAX);
    let plain = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    if (-4..most).contains(&exponent) {
        let after = usize::try_from(most - 1 - exponent).unwrap_or(0);
        return plain(&format!("{value:.after$}"));
    }
    let text = scientific(value, precision - 1);
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", plain(mantissa)),
        None => text,
    }
}

/// `%q`: `word` so that a shell reads it again.
fn quoted(word: &str) -> String {
    if word.is_empty() {
        return "''".to_owned();
    }
    if word.contains(|c: char| c.is_control()) {
        let mut text = String::from("$'");
        for c in word.chars() {
            match c {
                '\n' => text.push_str("\\n"),
                '\t' => text.push_str("\\t"),
                '\r' => text.push_str("\\r"),
                '\'' | '\\' => text.extend(['\\', c]),
                c if c.is_control() => text.push_str(&format!("\\{:03o}", u32::from(c))),
                c => text.push(c),
            }
        }
        return text + "'";
    }
    let mut text = String::new();
    for (at, c) in word.char_indices() {
        let special = " !\"#$&'()*,;<>?[\\]^`{|}".contains(c) && (c != '#' || at == 0);
        if special || c == '~' && at == 0 {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

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
fn escape(text: &[u8], zero: bool, into: &mut Vec<u8>) -> (usize, bool) {
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
