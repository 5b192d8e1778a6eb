//! `seq` and `yes`: output from nothing.

use super::cat::{CHUNK, CHUNK_TIME};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::{Options, usage};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("seq", seq), ("yes", yes)];

fn yes(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    let line = if options.words.is_empty() {
        "y\n".to_owned()
    } else {
        format!("{}\n", options.words.join(" "))
    };
    let chunk = line.repeat((CHUNK / line.len()).max(1));
    loop {
        process.spend(CHUNK_TIME)?;
        process.write(&chunk)?;
    }
}

/// A decimal number as a count of its smallest units, and how many decimals it has.
fn decimal(text: &str) -> Option<(i128, usize)> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.starts_with(['+', '-']) {
        return None;
    }
    Some((format!("{whole}{decimals}").parse().ok()?, decimals.len()))
}

fn seq(process: &mut Process<'_>, argv: &[String]) -> Ended {
    // Negative numbers are no options.
    let (mut before, mut numbers) = (Vec::new(), Vec::new());
    for (at, word) in argv.iter().enumerate() {
        if at > 0
            && decimal(word).is_some()
            && !matches!(before.last().map(String::as_str), Some("-s"))
        {
            numbers.push(word.clone());
        } else {
            before.push(word.clone());
        }
    }
    let options = Options::parse(process, "w/equal-width s:/separator:", &before)?;
    if let Some(word) = options.words.first() {
        let text = format!("invalid floating point argument: '{word}'");
        return Err(usage(process, options.name, &text));
    }
    let (first, step, last) = match &numbers[..] {
        [last] => ("1", "1", last.as_str()),
        [first, last] => (first.as_str(), "1", last.as_str()),
        [first, step, last] => (first.as_str(), step.as_str(), last.as_str()),
        _ => return Err(usage(process, options.name, "missing operand")),
    };
    let read = [first, step, last].map(|text| decimal(text).unwrap_or((0, 0)));
    let shown = read[0].1.max(read[1].1);
    let scale = shown.max(read[2].1);
    let [mut value, step, last] =
        read.map(|(value, decimals)| value * 10_i128.pow((scale - decimals) as u32));
    if step == 0 {
        return process.fail(
            1,
            format_args!("{}: invalid Zero increment value: '0'", options.name),
        );
    }
    let text = |value: i128| {
        let value = value / 10_i128.pow((scale - shown) as u32);
        let unit = 10_i128.pow(shown as u32);
        let sign = if value < 0 { "-" } else { "" };
        let (whole, rest) = (value.abs() / unit, value.abs() % unit);
        if shown == 0 {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{rest:0shown$}")
        }
    };
    let width = if options.has("w") {
        text(value).len().max(text(last).len())
    } else {
        0
    };
    let separator = options.value("s").unwrap_or("\n");
    let mut out = String::new();
    let mut empty = true;
    while if step > 0 {
        value <= last
    } else {
        value >= last
    } {
        if !empty {
            out.push_str(separator);
        }
        empty = false;
        let number = text(value);
        match number.strip_prefix('-') {
            Some(bare) => out.push_str(&format!("-{bare:0>w$}", w = width.saturating_sub(1))),
            None => out.push_str(&format!("{number:0>width$}")),
        }
        value += step;
        if out.len() > CHUNK {
            process.spend(CHUNK_TIME)?;
            process.write(std::mem::take(&mut out))?;
        }
    }
    if !empty {
        out.push('\n');
    }
    process.write(out)?;
    Ok(0)
}
