//! `cut`.

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::slurp;
use crate::transport::sim::program::options::{Options, usage};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("cut", cut)];

/// `2,4-6,8-` as ranges of numbers from 1.
fn ranges(text: &str) -> Option<Vec<(usize, usize)>> {
    text.split([',', ' '])
        .map(|part| match part.split_once('-') {
            None => part.parse().ok().map(|n| (n, n)),
            Some(("", "")) => None,
            Some(("", to)) => Some((1, to.parse().ok()?)),
            Some((from, "")) => Some((from.parse().ok()?, usize::MAX)),
            Some((from, to)) => Some((from.parse().ok()?, to.parse().ok()?)),
        })
        .map(|range| range.filter(|(from, to)| *from > 0 && from <= to))
        .collect()
}

fn cut(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "b:/bytes: c:/characters: f:/fields: d:/delimiter: s/only-delimited complement output-delimiter: n";
    let options = Options::parse(process, table, argv)?;
    let Some(id) = options.last_of(&["b", "c", "f"]) else {
        let text = "you must specify a list of bytes, characters, or fields";
        return Err(usage(process, options.name, text));
    };
    let list = options.value(id).unwrap_or_default();
    let Some(ranges) = ranges(list) else {
        return process.unmodelled(format_args!("{} -{id} {list}", options.name));
    };
    let chosen = |n: usize| {
        ranges.iter().any(|(from, to)| (*from..=*to).contains(&n)) != options.has("complement")
    };
    let delimiter = options.value("d").unwrap_or("\t");
    if delimiter.chars().count() != 1 {
        let text = "the delimiter must be a single character";
        return Err(usage(process, options.name, text));
    }
    let (mut out, mut status) = (Vec::new(), 0);
    let inputs = if options.words.is_empty() {
        vec!["-"]
    } else {
        options.words.clone()
    };
    for file in inputs {
        let text = match slurp(process, file)? {
            Ok(text) => text,
            Err(errno) => {
                status = process.refused(options.name, file, errno)?;
                continue;
            }
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if id == "f" {
                let line = String::from_utf8_lossy(line);
                if !line.contains(delimiter) {
                    if !options.has("s") {
                        out.extend(line.bytes());
                        out.push(b'\n');
                    }
                    continue;
                }
                let kept: Vec<&str> = line
                    .split(delimiter)
                    .enumerate()
                    .filter(|(at, _)| chosen(at + 1))
                    .map(|(_, field)| field)
                    .collect();
                let between = options.value("output-delimiter").unwrap_or(delimiter);
                out.extend(kept.join(between).bytes());
            } else {
                // As GNU's, whose characters are bytes.
                out.extend(
                    line.iter()
                        .enumerate()
                        .filter(|(at, _)| chosen(at + 1))
                        .map(|(_, byte)| *byte),
                );
            }
            out.push(b'\n');
        }
    }
    process.write(out)?;
    Ok(status)
}
