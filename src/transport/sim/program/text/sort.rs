//! `sort`, in the order of bytes: a simulated host collates as `LC_ALL=C` does.

use std::cmp::Ordering;

use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::slurp;
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, access};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("sort", sort)];

/// A key of `sort`.
struct Key {
    from: (usize, usize),
    to: Option<(usize, usize)>,
    order: Order,
}

#[derive(Clone, Copy, Default)]
struct Order {
    numeric: bool,
    human: bool,
    version: bool,
    fold: bool,
    blanks: bool,
    reverse: bool,
}

impl Order {
    fn set(&mut self, letter: char) -> bool {
        match letter {
            'n' => self.numeric = true,
            'h' => self.human = true,
            'V' => self.version = true,
            'f' => self.fold = true,
            'b' => self.blanks = true,
            'r' => self.reverse = true,
            _ => return false,
        }
        true
    }

    fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.numeric || self.human {
            return value(a, self.human).total_cmp(&value(b, self.human));
        }
        if self.version {
            return version(a, b);
        }
        if self.fold {
            return a.to_ascii_uppercase().cmp(&b.to_ascii_uppercase());
        }
        a.cmp(b)
    }
}

/// The number that `text` begins with; 0 if there is none.
fn value(text: &[u8], human: bool) -> f64 {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || *c == '-' && *at == 0))
        .map_or(text.len(), |(at, _)| at);
    let number: f64 = text[..end].parse().unwrap_or(0.0);
    if !human {
        return number;
    }
    let power = text[end..]
        .chars()
        .next()
        .and_then(|c| "KMGTP".find(c.to_ascii_uppercase()));
    number * 1024_f64.powi(power.map_or(0, |power| power as i32 + 1))
}

/// Runs of digits by their value, the rest by byte.
fn version(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while let (Some(x), Some(y)) = (a.first(), b.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let digits = |text: &[u8]| text.iter().take_while(|c| c.is_ascii_digit()).count();
            let (one, two) = (a.split_at(digits(a)), b.split_at(digits(b)));
            let bare = |text: &[u8]| {
                text.iter()
                    .skip_while(|c| **c == b'0')
                    .copied()
                    .collect::<Vec<_>>()
            };
            let (m, n) = (bare(one.0), bare(two.0));
            let order = m.len().cmp(&n.len()).then(m.cmp(&n));
            if order.is_ne() {
                return order;
            }
            (a, b) = (one.1, two.1);
        } else if x == y {
            (a, b) = (&a[1..], &b[1..]);
        } else {
            let rank = |c: u8| match c {
                b'~' => 0,
                c if c.is_ascii_alphanumeric() => u16::from(c),
                c => 256 + u16::from(c),
            };
            return rank(*x).cmp(&rank(*y));
        }
    }
    a.len().cmp(&b.len())
}

impl Key {
    fn parse(text: &str, outer: Order) -> Option<Self> {
        let mut order = Order::default();
        let mut ordered = false;
        let mut place = |text: &str| -> Option<(usize, usize)> {
            let letters = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            for letter in letters.chars() {
                ordered |= order.set(letter);
                if !ordered {
                    return None;
                }
            }
            let numbers = &text[..text.len() - letters.len()];
            let (field, at) = numbers.split_once('.').unwrap_or((numbers, "0"));
            Some((field.parse().ok()?, at.parse().ok()?))
        };
        let (from, to) = match text.split_once(',') {
            Some((from, to)) => (place(from)?, Some(place(to)?)),
            None => (place(text)?, None),
        };
        Some(Self {
            from,
            to,
            order: if ordered { order } else { outer },
        })
    }

    /// The part of `line` that it means.
    fn of<'b>(&self, line: &'b [u8], separator: Option<u8>) -> &'b [u8] {
        let fields = fields(line, separator);
        let blank = |mut at: usize, end: usize| {
            while at < end && matches!(line[at], b' ' | b'\t') {
                at += 1;
            }
            at
        };
        let start = fields
            .get(self.from.0.saturating_sub(1))
            .map_or(line.len(), |(start, end)| {
                let start = if self.order.blanks || self.order.numeric {
                    blank(*start, *end)
                } else {
                    *start
                };
                (start + self.from.1.saturating_sub(1)).min(*end)
            });
        let end = self.to.map_or(line.len(), |(field, at)| {
            fields
                .get(field.saturating_sub(1))
                .map_or(line.len(), |(start, end)| {
                    if at == 0 {
                        *end
                    } else {
                        (start + at).min(*end)
                    }
                })
        });
        &line[start..end.max(start)]
    }
}

/// Where the fields of `line` begin and end; without a separator blanks lead each field.
fn fields(line: &[u8], separator: Option<u8>) -> Vec<(usize, usize)> {
    let (mut found, mut start) = (Vec::new(), 0);
    for at in 0..line.len() {
        let ends = match separator {
            Some(separator) => line[at] == separator,
            None => {
                matches!(line[at], b' ' | b'\t') && at > 0 && !matches!(line[at - 1], b' ' | b'\t')
            }
        };
        if ends {
            found.push((start, at));
            start = if separator.is_some() { at + 1 } else { at };
        }
    }
    found.push((start, line.len()));
    found
}

fn sort(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "n/numeric-sort h/human-numeric-sort V/version-sort f/ignore-case b/ignore-leading-blanks \
                 r/reverse u/unique s/stable k:/key: t:/field-separator: o:/output: c/check C z/zero-terminated";
    let options = Options::parse(process, table, argv)?;
    let mut order = Order::default();
    for (id, _) in &options.given {
        if let Some(letter) = id.chars().next() {
            order.set(letter);
        }
    }
    let separator = match options.value("t") {
        None => None,
        Some("\\0") => Some(0),
        Some(text) if text.len() == 1 => Some(text.as_bytes()[0]),
        Some(text) => return process.unmodelled(format_args!("{} -t {text}", options.name)),
    };
    let mut keys = Vec::new();
    for text in options.values("k") {
        match Key::parse(text, order) {
            Some(key) => keys.push(key),
            None => return process.unmodelled(format_args!("{} -k {text}", options.name)),
        }
    }
    let end = if options.has("z") { 0 } else { b'\n' };
    let mut all = Vec::new();
    let inputs = if options.words.is_empty() {
        vec!["-"]
    } else {
        options.words.clone()
    };
    for file in inputs {
        match slurp(process, file)? {
            Ok(text) => {
                all.extend_from_slice(&text);
                if text.last().is_some_and(|last| *last != end) {
                    all.push(end);
                }
            }
            Err(errno) => {
                let said = match errno {
                    Errno::IsDirectory => "read failed",
                    _ => "cannot read",
                };
                return process.fail(2, format_args!("{}: {said}: {file}: {errno}", options.name));
            }
        }
    }
    let mut lines: Vec<&[u8]> = all
        .split_inclusive(|byte| *byte == end)
        .map(|line| &line[..line.len() - 1])
        .collect();
    let by_keys = |a: &&[u8], b: &&[u8]| -> Ordering {
        if keys.is_empty() {
            let (a, b) = if order.blanks {
                (a.trim_ascii_start(), b.trim_ascii_start())
            } else {
                (*a, *b)
            };
            let found = order.compare(a, b);
            return if order.reverse {
                found.reverse()
            } else {
                found
            };
        }
        for key in &keys {
            let found = key
                .order
                .compare(key.of(a, separator), key.of(b, separator));
            if found.is_ne() {
                return if key.order.reverse {
                    found.reverse()
                } else {
                    found
                };
            }
        }
        Ordering::Equal
    };
    let whole = |a: &&[u8], b: &&[u8]| -> Ordering {
        let found = by_keys(a, b);
        if found.is_ne() || options.has("s") || options.has("u") {
            return found;
        }
        if order.reverse { b.cmp(a) } else { a.cmp(b) }
    };
    if options.has("c") || options.has("C") {
        let file = options.words.first().copied().unwrap_or("-");
        for (at, pair) in lines.windows(2).enumerate() {
            let found = whole(&pair[0], &pair[1]);
            if found.is_gt() || found.is_eq() && options.has("u") {
                if options.has("C") {
                    return Ok(1);
                }
                let line = String::from_utf8_lossy(pair[1]);
                return process.fail(
                    1,
                    format_args!("{}: {file}:{}: disorder: {line}", options.name, at + 2),
                );
            }
        }
        return Ok(0);
    }
    lines.sort_by(whole);
    if options.has("u") {
        lines.dedup_by(|b, a| by_keys(a, b).is_eq());
    }
    let mut out = Vec::with_capacity(all.len());
    for line in lines {
        out.extend_from_slice(line);
        out.push(end);
    }
    match options.value("o") {
        None => process.write(out)?,
        Some(path) => {
            if let Err(errno) = access::write(process, path, out) {
                return process.fail(
                    2,
                    format_args!("{}: open failed: {path}: {errno}", options.name),
                );
            }
        }
    }
    Ok(0)
}
