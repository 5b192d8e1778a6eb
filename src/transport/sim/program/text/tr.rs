//! `tr`, on bytes as GNU's.

use super::cat::{CHUNK, CHUNK_TIME};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("tr", tr)];

fn tr(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "+d/delete s/squeeze-repeats c/complement/C t/truncate-set1",
        argv,
    )?;
    let (delete, squeeze) = (options.has("d"), options.has("s"));
    let wanted = match (delete, squeeze) {
        (true, true) => 2..=2,
        (true, false) => 1..=1,
        (false, true) => 1..=2,
        (false, false) => 2..=2,
    };
    if options.words.len() < *wanted.start() {
        let text = match options.words.last() {
            None => "missing operand".to_owned(),
            Some(last) => {
                let both = if delete {
                    "Two strings must be given when both deleting and squeezing repeats."
                } else {
                    "Two strings must be given when translating."
                };
                format!("missing operand after '{last}'\n{both}")
            }
        };
        return Err(usage(process, options.name, &text));
    }
    if options.words.len() > *wanted.end() {
        let text = format!("extra operand '{}'", options.words[*wanted.end()]);
        return Err(usage(process, options.name, &text));
    }
    let set = |text: &str| -> Result<Set, Halt> {
        match Set::parse(text) {
            Ok(set) => Ok(set),
            Err(what) => process.unmodelled(format_args!("{} {what}", options.name)),
        }
    };
    let mut first = set(options.words[0])?.bytes(None);
    if options.has("c") {
        first = (0..=255).filter(|byte| !first.contains(byte)).collect();
    }
    let second = match options.words.get(1) {
        Some(text) => Some(set(text)?),
        None => None,
    };
    let mut table: [u8; 256] = std::array::from_fn(|at| at as u8);
    let mut squeezed = [false; 256];
    if !delete && let Some(second) = &second {
        let mut to = second.bytes(Some(first.len()));
        if options.has("t") {
            first.truncate(to.len());
        } else if let Some(last) = to.last().copied() {
            to.resize(first.len().max(to.len()), last);
        }
        for (from, to) in first.iter().zip(&to) {
            table[usize::from(*from)] = *to;
        }
    }
    if squeeze {
        let last = second.map_or(first.clone(), |set| set.bytes(Some(first.len())));
        for byte in last {
            squeezed[usize::from(byte)] = true;
        }
    }
    let mut dropped = [false; 256];
    if delete {
        for byte in &first {
            dropped[usize::from(*byte)] = true;
        }
    }
    let mut before = None;
    loop {
        let taken = process.take(CHUNK)?;
        if taken.is_empty() {
            return Ok(0);
        }
        process.spend(CHUNK_TIME)?;
        let mut out = Vec::with_capacity(taken.len());
        for byte in &taken {
            if dropped[usize::from(*byte)] {
                continue;
            }
            let byte = table[usize::from(*byte)];
            if squeezed[usize::from(byte)] && before == Some(byte) {
                continue;
            }
            before = Some(byte);
            out.push(byte);
        }
        process.write(out)?;
    }
}

/// A set of characters in order, and where `[x*]` fills it up.
struct Set {
    bytes: Vec<u8>,
    fill: Option<(usize, u8)>,
}

impl Set {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.as_bytes();
        let (mut bytes, mut fill, mut at) = (Vec::new(), None, 0);
        while at < text.len() {
            if text[at..].starts_with(b"[:")
                && let Some(end) = text[at..].windows(2).position(|pair| pair == b":]")
            {
                let name = String::from_utf8_lossy(&text[at + 2..at + end]).into_owned();
                bytes.extend(class(&name).ok_or_else(|| format!("[:{name}:]"))?);
                at += end + 2;
                continue;
            }
            if text[at] == b'['
                && text.get(at + 2) == Some(&b'*')
                && let Some(end) = text[at + 3..].iter().position(|byte| *byte == b']')
            {
                let count = String::from_utf8_lossy(&text[at + 3..at + 3 + end]).into_owned();
                if count.is_empty() {
                    fill = Some((bytes.len(), text[at + 1]));
                } else if let Ok(count) = count.parse::<usize>() {
                    bytes.extend(std::iter::repeat_n(text[at + 1], count));
                } else {
                    return Err(format!("[x*{count}]"));
                }
                at += end + 4;
                continue;
            }
            let (from, next) = one(text, at);
            at = next;
            if text.get(at) == Some(&b'-') && at + 1 < text.len() {
                let (to, next) = one(text, at + 1);
                at = next;
                if to < from {
                    return Err("with a range in reverse order".to_owned());
                }
                bytes.extend(from..=to);
            } else {
                bytes.push(from);
            }
        }
        Ok(Self { bytes, fill })
    }

    /// The bytes, filled up to `size` where a repeat without a number says so.
    fn bytes(&self, size: Option<usize>) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        if let (Some((at, byte)), Some(size)) = (self.fill, size) {
            let missing = size.saturating_sub(bytes.len());
            bytes.splice(at..at, std::iter::repeat_n(byte, missing));
        }
        bytes
    }
}

/// The character at `at`, escapes resolved, and where the next one is.
fn one(text: &[u8], at: usize) -> (u8, usize) {
    if text[at] != b'\\' || at + 1 == text.len() {
        return (text[at], at + 1);
    }
    let next = text[at + 1];
    let plain = match next {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        b'0'..=b'7' => {
            let digits = text[at + 1..]
                .iter()
                .take(3)
                .take_while(|byte| (b'0'..=b'7').contains(byte));
            let (value, count) = digits.fold((0_u32, 0), |(value, count), digit| {
                (value * 8 + u32::from(digit - b'0'), count + 1)
            });
            return (value as u8, at + 1 + count);
        }
        other => other,
    };
    (plain, at + 2)
}

fn class(name: &str) -> Option<Vec<u8>> {
    let test: fn(&u8) -> bool = match name {
        "alnum" => u8::is_ascii_alphanumeric,
        "alpha" => u8::is_ascii_alphabetic,
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => u8::is_ascii_control,
        "digit" => u8::is_ascii_digit,
        "graph" => u8::is_ascii_graphic,
        "lower" => u8::is_ascii_lowercase,
        "print" => |byte| byte.is_ascii_graphic() || *byte == b' ',
        "punct" => u8::is_ascii_punctuation,
        "space" => |byte| byte.is_ascii_whitespace() || *byte == 11,
        "upper" => u8::is_ascii_uppercase,
        "xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    };
    Some((0..=255).filter(test).collect())
}
