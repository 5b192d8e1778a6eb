//! `wc` and `uniq`.

use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{facts, slurp};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, access};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("wc", wc), ("uniq", uniq)];

fn wc(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "l/lines w/words c/bytes m/chars L/max-line-length";
    let options = Options::parse(process, table, argv)?;
    let files: &[&str] = if options.words.is_empty() {
        &["-"]
    } else {
        &options.words
    };
    let mut shown: Vec<&str> = ["l", "w", "m", "c", "L"]
        .into_iter()
        .filter(|id| options.has(id))
        .collect();
    if shown.is_empty() {
        shown = vec!["l", "w", "c"];
    }
    let width = if files.len() == 1 && shown.len() == 1 {
        1
    } else {
        let (mut least, mut total) = (1, 0_u64);
        for file in files {
            match facts(process, file, true) {
                Ok(facts) if !facts.is_directory() => total += facts.size,
                Err(_) if *file != "-" => {}
                _ => least = 7,
            }
        }
        total.to_string().len().max(least)
    };
    let line = |counts: &[u64], name: &str| {
        let numbers: Vec<String> = counts.iter().map(|n| format!("{n:width$}")).collect();
        let gap = if name.is_empty() { "" } else { " " };
        format!("{}{gap}{name}\n", numbers.join(" "))
    };
    let mut totals = vec![0; shown.len()];
    let (mut out, mut status) = (String::new(), 0);
    for file in files {
        let text = match slurp(process, file)? {
            Ok(text) => text,
            Err(Errno::IsDirectory) => {
                status = process.refused(options.name, file, Errno::IsDirectory)?;
                out.push_str(&line(&vec![0; shown.len()], file));
                continue;
            }
            Err(errno) => {
                status = process.refused(options.name, file, errno)?;
                continue;
            }
        };
        let counts: Vec<u64> = shown.iter().map(|what| count(&text, what)).collect();
        for (at, count) in counts.iter().enumerate() {
            totals[at] = if shown[at] == "L" {
                totals[at].max(*count)
            } else {
                totals[at] + count
            };
        }
        let name = if options.words.is_empty() { "" } else { file };
        out.push_str(&line(&counts, name));
    }
    if files.len() > 1 {
        out.push_str(&line(&totals, "total"));
    }
    process.write(out)?;
    Ok(status)
}

fn count(text: &[u8], what: &str) -> u64 {
    let count = match what {
        "l" => text.iter().filter(|byte| **byte == b'\n').count(),
        "w" => text
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty())
            .count(),
        "m" => String::from_utf8_lossy(text).chars().count(),
        "L" => text
            .split(|byte| *byte == b'\n')
            .map(|line| String::from_utf8_lossy(line).chars().count())
            .max()
            .unwrap_or(0),
        _ => text.len(),
    };
    count as u64
}

fn uniq(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table =
        "c/count d/repeated u/unique i/ignore-case f:/skip-fields: s:/skip-chars: w:/check-chars:";
    let options = Options::parse(process, table, argv)?;
    let number = |id: &str| -> Result<Option<usize>, Halt> {
        match options.value(id).map(str::parse) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => {
                process.unmodelled(format_args!("{} -{id} without a number", options.name))
            }
        }
    };
    let (skip_fields, skip, most) = (
        number("f")?.unwrap_or(0),
        number("s")?.unwrap_or(0),
        number("w")?,
    );
    if options.words.len() > 2 {
        return process.unmodelled("uniq with three operands");
    }
    let input = options.words.first().copied().unwrap_or("-");
    let text = match slurp(process, input)? {
        Ok(text) => text,
        Err(errno) => return process.refused(options.name, input, errno),
    };
    let compared = |line: &[u8]| -> Vec<u8> {
        let mut rest = line;
        for _ in 0..skip_fields {
            rest = rest.trim_ascii_start();
            let end = rest
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(rest.len());
            rest = &rest[end..];
        }
        rest = &rest[skip.min(rest.len())..];
        rest = &rest[..most.unwrap_or(rest.len()).min(rest.len())];
        if options.has("i") {
            rest.to_ascii_lowercase()
        } else {
            rest.to_vec()
        }
    };
    let mut out = Vec::new();
    let mut put = |line: &[u8], count: usize| {
        if options.has("d") && count == 1 || options.has("u") && count > 1 {
            return;
        }
        if options.has("c") {
            out.extend(format!("{count:7} ").bytes());
        }
        out.extend_from_slice(line);
        out.push(b'\n');
    };
    let mut held: Option<(&[u8], Vec<u8>, usize)> = None;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let key = compared(line);
        match &mut held {
            Some((_, first, count)) if *first == key => *count += 1,
            _ => {
                if let Some((line, _, count)) = held.take() {
                    put(line, count);
                }
                held = Some((line, key, 1));
            }
        }
    }
    if let Some((line, _, count)) = held {
        put(line, count);
    }
    match options.words.get(1) {
        None | Some(&"-") => process.write(out)?,
        Some(path) => {
            if let Err(errno) = access::write(process, path, out) {
                return process.refused(options.name, path, errno);
            }
        }
    }
    Ok(0)
}
