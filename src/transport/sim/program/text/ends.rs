//! `head` and `tail`.

use std::collections::VecDeque;

use super::cat::{CHUNK, CHUNK_TIME};
use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{open, quoted};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, number};
use crate::transport::sim::stream::{Halt, SharedSource};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("head", head), ("tail", tail)];

/// What to take of each file.
#[derive(Clone, Copy)]
struct Part {
    bytes: bool,
    sign: Option<char>,
    count: u64,
}

/// `-5` and `+5` in place of `-n 5`.
fn old_style(argv: &[String], plus: bool) -> Vec<String> {
    let mut argv = argv.to_vec();
    if let Some(first) = argv.get(1) {
        let digits = first
            .strip_prefix('-')
            .or(first.strip_prefix('+').filter(|_| plus));
        if digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit())) {
            argv[1] = format!("-n{}", first.strip_prefix('-').unwrap_or(first));
        }
    }
    argv
}

fn part(process: &Process<'_>, options: &Options<'_>) -> Result<Part, Halt> {
    let (bytes, text) = match options.last_of(&["n", "c"]) {
        None => (false, "10"),
        Some(id) => (id == "c", options.value(id).unwrap_or_default()),
    };
    let Some((sign, count)) = number::signed(text) else {
        let what = if bytes { "bytes" } else { "lines" };
        let text = format!("invalid number of {what}: {}", quoted(process, text));
        process.complain(format!("{}: {text}\n", options.name))?;
        return Err(Halt::Exit(1));
    };
    Ok(Part { bytes, sign, count })
}

/// Runs `each` on every file, with a headline where there are several.
fn over<'a>(
    process: &Process<'a>,
    options: &Options<'_>,
    each: impl Fn(SharedSource<'a>) -> Result<(), Halt>,
) -> Ended {
    let files: &[&str] = if options.words.is_empty() {
        &["-"]
    } else {
        &options.words
    };
    let titled = match options.last_of(&["q", "v"]) {
        Some(id) => id == "v",
        None => files.len() > 1,
    };
    let mut status = 0;
    let mut gap = "";
    for file in files {
        let (source, title) = match *file {
            "-" => (Ok(process.input.clone()), "standard input"),
            path => (open(process, path), path),
        };
        match source {
            Ok(source) => {
                if titled {
                    process.write(format!("{gap}==> {title} <==\n"))?;
                    gap = "\n";
                }
                each(source)?;
            }
            Err(errno) => {
                let doing = match errno {
                    Errno::IsDirectory => "error reading",
                    _ => "cannot open",
                };
                let reading = match errno {
                    Errno::IsDirectory => "",
                    _ => " for reading",
                };
                if titled && errno == Errno::IsDirectory {
                    process.write(format!("{gap}==> {title} <==\n"))?;
                    gap = "\n";
                }
                let name = options.name;
                let file = quoted(process, file);
                status =
                    process.fail(1, format_args!("{name}: {doing} {file}{reading}: {errno}"))?;
            }
        }
    }
    Ok(status)
}

fn head(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let argv = old_style(argv, false);
    let table = "n:/lines: c:/bytes: q/quiet/silent v/verbose";
    let options = Options::parse(process, table, &argv)?;
    let part = part(process, &options)?;
    over(process, &options, |source| {
        if part.sign == Some('-') {
            let all = everything(process, &source)?;
            let keep = if part.bytes {
                all.len().saturating_sub(part.count as usize)
            } else {
                start_of_last_lines(&all, part.count)
            };
            return process.write(&all[..keep]);
        }
        let mut left = part.count;
        while left > 0 {
            let most = if part.bytes {
                left.min(CHUNK as u64) as usize
            } else {
                CHUNK
            };
            let taken = source.borrow_mut().take(most)?;
            if taken.is_empty() {
                break;
            }
            process.spend(CHUNK_TIME)?;
            let mut end = taken.len();
            if part.bytes {
                left -= end as u64;
            } else {
                for (at, byte) in taken.iter().enumerate() {
                    if *byte == b'\n' {
                        left -= 1;
                        if left == 0 {
                            end = at + 1;
                            break;
                        }
                    }
                }
            }
            process.write(&taken[..end])?;
        }
        Ok(())
    })
}

fn tail(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let argv = old_style(argv, true);
    let table = "n:/lines: c:/bytes: q/quiet/silent v/verbose";
    let options = Options::parse(process, table, &argv)?;
    let part = part(process, &options)?;
    over(process, &options, |source| {
        let all = everything(process, &source)?;
        let start = match (part.bytes, part.sign) {
            (true, Some('+')) => (part.count.saturating_sub(1) as usize).min(all.len()),
            (true, _) => all.len().saturating_sub(part.count as usize),
            (false, Some('+')) => all
                .split_inclusive(|byte| *byte == b'\n')
                .take(part.count.saturating_sub(1) as usize)
                .map(<[u8]>::len)
                .sum(),
            (false, _) => start_of_last_lines(&all, part.count),
        };
        process.write(&all[start..])
    })
}

/// Where the last `count` lines of `text` begin.
fn start_of_last_lines(text: &[u8], count: u64) -> usize {
    let mut starts: VecDeque<usize> = VecDeque::new();
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        starts.push_back(at);
        if starts.len() as u64 > count {
            starts.pop_front();
        }
        at += line.len();
    }
    starts.front().copied().unwrap_or(text.len())
}

fn everything(process: &Process<'_>, source: &SharedSource<'_>) -> Result<Vec<u8>, Halt> {
    let mut all = Vec::new();
    loop {
        let taken = source.borrow_mut().take(CHUNK)?;
        if taken.is_empty() {
            return Ok(all);
        }
        process.spend(CHUNK_TIME)?;
        all.extend_from_slice(&taken);
    }
}
