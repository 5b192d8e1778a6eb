//! `cmp` and `diff`, in the words of diffutils 3.3.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::transport::sim::files::Bytes;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{Facts, facts, in_c, names, slurp};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::program::{Program, time};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("cmp", cmp), ("diff", diff)];

/// Trouble, as opposed to a difference.
const TROUBLE: u8 = 2;

fn cmp(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "s/silent/quiet n:/bytes:", argv)?;
    let [one, two] = options.words[..] else {
        return match usage(process, options.name, "missing operand") {
            Halt::Exit(_) => Ok(TROUBLE),
            halt => Err(halt),
        };
    };
    let silent = options.has("s");
    let mut both = Vec::new();
    for file in [one, two] {
        match slurp(process, file)? {
            Ok(bytes) => both.push(bytes),
            Err(_) if silent => return Ok(TROUBLE),
            Err(errno) => {
                return process.fail(TROUBLE, format_args!("{}: {file}: {errno}", options.name));
            }
        }
    }
    let most = match options.value("n").map(str::parse::<usize>) {
        None => usize::MAX,
        Some(Ok(most)) => most,
        Some(Err(_)) => return process.unmodelled("cmp -n without a number"),
    };
    let [a, b] = [0, 1].map(|at: usize| &both[at][..most.min(both[at].len())]);
    if a == b {
        return Ok(0);
    }
    if silent {
        return Ok(1);
    }
    match a.iter().zip(b).position(|(a, b)| a != b) {
        Some(at) => {
            let line = 1 + a[..at].iter().filter(|byte| **byte == b'\n').count();
            // As POSIX has it in its own locale.
            let unit = if in_c(process) { "char" } else { "byte" };
            process.line(format_args!(
                "{one} {two} differ: {unit} {}, line {line}",
                at + 1
            ))?;
            Ok(1)
        }
        None => {
            let shorter = if a.len() < b.len() { one } else { two };
            process.fail(1, format_args!("{}: EOF on {shorter}", options.name))
        }
    }
}

fn diff(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "u U:/unified: q/brief r/recursive N/new-file b/ignore-space-change w/ignore-all-space \
                 B/ignore-blank-lines s/report-identical-files i/ignore-case a/text";
    let options = Options::parse(process, table, argv)?;
    let [one, two] = options.words[..] else {
        return match usage(process, options.name, "missing operand") {
            Halt::Exit(_) => Ok(TROUBLE),
            halt => Err(halt),
        };
    };
    for id in ["B", "i"] {
        if options.has(id) {
            return process.unmodelled(format_args!("diff -{id}"));
        }
    }
    let (mut one, mut two) = (one.to_owned(), two.to_owned());
    let directory = |path: &str| {
        path != "-" && facts(process, path, true).is_ok_and(|facts| facts.is_directory())
    };
    match (directory(&one), directory(&two)) {
        (true, true) => return trees(process, &options, &one, &two),
        (true, false) => {
            one = format!(
                "{}/{}",
                one.trim_end_matches('/'),
                two.rsplit('/').next().unwrap_or(&two)
            )
        }
        (false, true) => {
            two = format!(
                "{}/{}",
                two.trim_end_matches('/'),
                one.rsplit('/').next().unwrap_or(&one)
            )
        }
        (false, false) => {}
    }
    pair(process, &options, &one, &two, None)
}

/// Compares two directories, name by name.
fn trees(process: &Process<'_>, options: &Options<'_>, one: &str, two: &str) -> Ended {
    let mut all: Vec<String> = Vec::new();
    for path in [one, two] {
        for name in names(process, path).unwrap_or_default() {
            all.push(name.to_string());
        }
    }
    all.sort();
    all.dedup();
    let mut status = 0;
    for name in all {
        let [a, b] = [one, two].map(|path| format!("{}/{name}", path.trim_end_matches('/')));
        let (left, right) = (facts(process, &a, true), facts(process, &b, true));
        status = status.max(match (left, right) {
            (Ok(left), Ok(right)) if left.is_directory() && right.is_directory() => {
                if options.has("r") {
                    trees(process, options, &a, &b)?
                } else {
                    process.line(format_args!("Common subdirectories: {a} and {b}"))?;
                    0
                }
            }
            (Ok(left), Ok(right)) if left.is_directory() || right.is_directory() => {
                let kind = |facts: &Facts| {
                    if facts.is_directory() {
                        "directory"
                    } else {
                        "regular file"
                    }
                };
                process.line(format_args!(
                    "File {a} is a {} while file {b} is a {}",
                    kind(&left),
                    kind(&right)
                ))?;
                1
            }
            (Ok(_), Err(_)) if !options.has("N") => {
                process.line(format_args!("Only in {one}: {name}"))?;
                1
            }
            (Err(_), Ok(_)) if !options.has("N") => {
                process.line(format_args!("Only in {two}: {name}"))?;
                1
            }
            _ => {
                let words: Vec<&str> = options.given.iter().map(|(id, _)| *id).collect();
                let shown: String = words.iter().map(|id| format!(" -{id}")).collect();
                pair(
                    process,
                    options,
                    &a,
                    &b,
                    Some(&format!("diff{shown} {a} {b}")),
                )?
            }
        });
    }
    Ok(status)
}

/// Compares two files; `title` goes before what differs.
fn pair(
    process: &Process<'_>,
    options: &Options<'_>,
    one: &str,
    two: &str,
    title: Option<&str>,
) -> Ended {
    let mut both: Vec<Bytes> = Vec::new();
    for file in [one, two] {
        match slurp(process, file)? {
            Ok(bytes) => both.push(bytes),
            Err(_) if options.has("N") => both.push(Bytes::default()),
            Err(errno) => {
                process.complain(format!("{}: {file}: {errno}\n", options.name))?;
            }
        }
    }
    let [a, b] = &both[..] else {
        return Ok(TROUBLE);
    };
    let [left, right] = [a, b].map(|bytes| lines(bytes));
    let key = |line: &&[u8]| folded(line, options.has("b"), options.has("w"));
    let same = if options.has("b") || options.has("w") {
        left.iter().map(key).eq(right.iter().map(key))
    } else {
        a == b
    };
    if same {
        if options.has("s") {
            process.line(format_args!("Files {one} and {two} are identical"))?;
        }
        return Ok(0);
    }
    if options.has("q") {
        process.line(format_args!("Files {one} and {two} differ"))?;
        return Ok(1);
    }
    if (a.contains(&0) || b.contains(&0)) && !options.has("a") {
        process.line(format_args!("Binary files {one} and {two} differ"))?;
        return Ok(1);
    }
    let (from, to): (Vec<_>, Vec<_>) = (
        left.iter().map(key).collect(),
        right.iter().map(key).collect(),
    );
    let changes = capture_diff_slices(Algorithm::Myers, &from, &to);
    let mut out = title
        .map(|title| format!("{title}\n").into_bytes())
        .unwrap_or_default();
    if options.has("u") || options.has("U") {
        let around = match options.value("U").map(str::parse) {
            None => 3,
            Some(Ok(around)) => around,
            Some(Err(_)) => return process.unmodelled("diff -U without a number"),
        };
        let zone = time::zone(process)?;
        for (sign, file) in [("---", one), ("+++", two)] {
            let when = facts(process, file, true).map_or(process.now(), |facts| facts.modified);
            out.extend(format!("{sign} {file}\t{}\n", time::long(when, &zone)).bytes());
        }
        unified(&changes, around, &left, &right, &mut out);
    } else {
        normal(&changes, &left, &right, &mut out);
    }
    process.write(out)?;
    Ok(1)
}

/// The lines, each with its end.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

/// What is compared of a line.
fn folded(line: &[u8], runs: bool, all: bool) -> Vec<u8> {
    if !runs && !all {
        return line.to_vec();
    }
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).collect();
    let kept: Vec<&[u8]> = words
        .iter()
        .enumerate()
        .filter(|(at, word)| *at == 0 || !word.is_empty())
        .map(|(_, word)| *word)
        .collect();
    kept.join(if all { b"".as_slice() } else { b" ".as_slice() })
}

fn put(out: &mut Vec<u8>, lead: &str, line: &[u8]) {
    out.extend(lead.bytes());
    out.extend_from_slice(line);
    if !line.ends_with(b"\n") {
        out.extend(b"\n\\ No newline at end of file\n");
    }
}

/// `3`, `3,5`: lines as `diff` counts them.
fn span(start: usize, length: usize) -> String {
    match length {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        _ => format!("{},{}", start + 1, start + length),
    }
}

fn normal(changes: &[DiffOp], left: &[&[u8]], right: &[&[u8]], out: &mut Vec<u8>) {
    for change in changes {
        let (old, new) = (change.old_range(), change.new_range());
        let letter = match change {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } => 'd',
            DiffOp::Insert { .. } => 'a',
            DiffOp::Replace { .. } => 'c',
        };
        out.extend(
            format!(
                "{}{letter}{}\n",
                span(old.start, old.len()),
                span(new.start, new.len())
            )
            .bytes(),
        );
        for line in &left[old.clone()] {
            put(out, "< ", line);
        }
        if letter == 'c' {
            out.extend(b"---\n");
        }
        for line in &right[new.clone()] {
            put(out, "> ", line);
        }
    }
}

fn unified(changes: &[DiffOp], around: usize, left: &[&[u8]], right: &[&[u8]], out: &mut Vec<u8>) {
    let part = |start: usize, length: usize| match length {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        _ => format!("{},{length}", start + 1),
    };
    for hunk in similar::group_diff_ops(changes.to_vec(), around) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
            continue;
        };
        let (old, new) = (
            first.old_range().start..last.old_range().end,
            first.new_range().start..last.new_range().end,
        );
        out.extend(
            format!(
                "@@ -{} +{} @@\n",
                part(old.start, old.len()),
                part(new.start, new.len())
            )
            .bytes(),
        );
        for change in hunk {
            if let DiffOp::Equal { .. } = change {
                for line in &left[change.old_range()] {
                    put(out, " ", line);
                }
                continue;
            }
            for line in &left[change.old_range()] {
                put(out, "-", line);
            }
            for line in &right[change.new_range()] {
                put(out, "+", line);
            }
        }
    }
}
