//! `xargs`.

use super::{command, run};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::options::Options;
use crate::transport::sim::stream::{Halt, Text};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("xargs", xargs)];

/// So many bytes of words go into one command.
const ROOM: usize = 128 << 10;

fn xargs(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table =
        "+0/null d:/delimiter: n:/max-args: I: r/no-run-if-empty P:/max-procs: L:/max-lines:";
    let options = Options::parse(process, table, argv)?;
    let number = |id: &str| -> Result<Option<usize>, Halt> {
        match options.value(id).map(str::parse::<usize>) {
            None => Ok(None),
            Some(Ok(number)) if number > 0 || id == "P" => Ok(Some(number)),
            Some(_) => process.unmodelled(format_args!("xargs -{id} without a number")),
        }
    };
    // Commands run one after the other anyway.
    number("P")?;
    let (most, lines) = (number("n")?, number("L")?);
    let mut words = command(&options);
    if words.is_empty() {
        words.push("echo".to_owned());
    }
    let input = process.read_all()?;
    let input = String::from_utf8_lossy(&input).into_owned();
    let items: Vec<String> = if options.has("0") {
        input.split_terminator('\0').map(str::to_owned).collect()
    } else if let Some(delimiter) = options.value("d") {
        let delimiter = super::super::file::unescaped(delimiter);
        input
            .split_terminator(&delimiter)
            .map(str::to_owned)
            .collect()
    } else {
        match split(&input, options.has("I") || lines.is_some()) {
            Ok(items) => items,
            Err(quote) => {
                let kind = if quote == '\'' { "single" } else { "double" };
                let text = format!(
                    "xargs: unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option"
                );
                return process.fail(1, text);
            }
        }
    };
    let mut inner = process.clone();
    inner.input = Text::shared("");
    let mut status = 0;
    let mut each = |argv: &[String]| -> Result<bool, Halt> {
        match run(&mut inner, "xargs", argv)? {
            0 => Ok(true),
            255 => {
                let name = &argv[0];
                status = inner.fail(
                    124,
                    format_args!("xargs: {name}: exited with status 255; aborting"),
                )?;
                Ok(false)
            }
            code @ (126 | 127) if super::super::which(&inner, &argv[0]).is_none() => {
                status = code;
                Ok(false)
            }
            code @ 129..=192 => {
                let name = &argv[0];
                status = inner.fail(
                    125,
                    format_args!("xargs: {name}: terminated by signal {}", code - 128),
                )?;
                Ok(false)
            }
            _ => {
                status = 123;
                Ok(true)
            }
        }
    };
    if let Some(mark) = options.value("I") {
        for item in &items {
            let argv: Vec<String> = words.iter().map(|word| word.replace(mark, item)).collect();
            if !each(&argv)? {
                break;
            }
        }
        return Ok(status);
    }
    let items: Vec<Vec<String>> = match lines {
        // A line is as many words as it has.
        Some(count) => items
            .chunks(count)
            .map(|lines| {
                lines
                    .join(" ")
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect()
            })
            .collect(),
        None => batches(items, most),
    };
    if items.is_empty() && !options.has("r") {
        each(&words)?;
    }
    for batch in items {
        let argv: Vec<String> = words.iter().cloned().chain(batch).collect();
        if !each(&argv)? {
            break;
        }
    }
    Ok(status)
}

fn batches(items: Vec<String>, most: Option<usize>) -> Vec<Vec<String>> {
    let (mut all, mut batch, mut size) = (Vec::new(), Vec::new(), 0);
    for item in items {
        if batch.len() == most.unwrap_or(usize::MAX) || size + item.len() > ROOM {
            all.push(std::mem::take(&mut batch));
            size = 0;
        }
        size += item.len() + 1;
        batch.push(item);
    }
    if !batch.is_empty() {
        all.push(batch);
    }
    all
}

/// Words at blanks, or lines, with quotes and backslashes; the quote that does not end.
fn split(text: &str, by_line: bool) -> Result<Vec<String>, char> {
    let (mut words, mut word, mut started) = (Vec::new(), String::new(), false);
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            '\'' | '"' => {
                started = true;
                loop {
                    match letters.next() {
                        Some(next) if next == c => break,
                        Some('\n') | None => return Err(c),
                        Some(next) => word.push(next),
                    }
                }
            }
            '\\' => {
                started = true;
                word.extend(letters.next());
            }
            c if c == '\n' || c.is_whitespace() && !(by_line && started) => {
                if std::mem::take(&mut started) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                started = true;
                word.push(c);
            }
        }
    }
    if started {
        words.push(word);
    }
    Ok(words)
}
