//! `mkdir`, `touch`, `mktemp`, `truncate`, `fallocate` and `sync`.

use std::time::Duration;

use super::mode;
use crate::transport::sim::files::{Errno, Node};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{content, facts, passable, quoted, write};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::program::{Program, number};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("mkdir", mkdir),
    ("touch", touch),
    ("mktemp", mktemp),
    ("truncate", truncate),
    ("fallocate", fallocate),
    ("sync", sync),
];

/// Files larger than this are not kept: a host's content lies in memory.
pub(super) const LARGEST: u64 = 256 << 20;

fn mkdir(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "p/parents m:/mode: v/verbose", argv)?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    let umask = process.umask;
    let wanted = match options.value("m") {
        None => None,
        Some(text) => match mode::change(text, 0o777, true, umask) {
            Some(mode) => Some(mode),
            None => {
                let text = quoted(process, text);
                return process.fail(1, format_args!("{}: invalid mode {text}", options.name));
            }
        },
    };
    let mut status = 0;
    for word in &options.words {
        let (path, by) = (process.path(word), process.actor());
        let there = facts(process, word, true);
        if options.has("p") && there.as_ref().is_ok_and(|facts| facts.is_directory()) {
            continue;
        }
        let done = (|| {
            let mut here = process.here();
            if options.has("p") {
                let above = crate::transport::sim::files::split(&path).0.to_owned();
                here.files.make_directories(&above, &by)?;
            }
            let real = here.files.real(path.trim_end_matches('/'), false)?;
            passable(&here.files, &real, &by)?;
            here.files
                .make_directory(&real, wanted.unwrap_or(0o777 & !umask), &by)
        })();
        match done {
            Ok(()) if options.has("v") => {
                process.line(format_args!(
                    "{}: created directory {}",
                    options.name,
                    quoted(process, word)
                ))?;
            }
            Ok(()) => {}
            Err(errno) => {
                let word = quoted(process, word);
                let name = options.name;
                status = process.fail(
                    1,
                    format_args!("{name}: cannot create directory {word}: {errno}"),
                )?;
            }
        }
    }
    Ok(status)
}

fn touch(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "c/no-create d:/date: r:/reference: t: m h/no-dereference",
        argv,
    )?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing file operand"));
    }
    let mut time = process.now();
    if let Some(text) = options.value("r") {
        match facts(process, text, true) {
            Ok(facts) => time = facts.modified,
            Err(errno) => {
                let text = quoted(process, text);
                return process.fail(
                    1,
                    format_args!(
                        "{}: failed to get attributes of {text}: {errno}",
                        options.name
                    ),
                );
            }
        }
    }
    if let Some(text) = options.value("d").or(options.value("t")) {
        let stamp = options.value("d").is_none();
        match crate::transport::sim::program::time::read(process, text, stamp)? {
            Some(read) => time = read,
            None => {
                let text = quoted(process, text);
                return process.fail(
                    1,
                    format_args!("{}: invalid date format {text}", options.name),
                );
            }
        }
    }
    let mut status = 0;
    for word in &options.words {
        let (path, by) = (process.path(word), process.actor());
        let done = (|| -> Result<(), Errno> {
            let mut here = process.here();
            let real = here.files.real(&path, !options.has("h"))?;
            passable(&here.files, &real, &by)?;
            if here.files.get(&real).is_err() {
                if options.has("c") {
                    return Ok(());
                }
                let node = Node {
                    owner: by.user.clone(),
                    group: by.group.clone(),
                    ..Node::file("", by.now)
                };
                here.files
                    .insert(&real, node.mode(0o666 & !by.umask), &by)?;
            }
            here.files
                .alter(&real, false, &by, |node| node.modified = time)
        })();
        if let Err(errno) = done {
            let word = quoted(process, word);
            status = process.fail(
                1,
                format_args!("{}: cannot touch {word}: {errno}", options.name),
            )?;
        }
    }
    Ok(status)
}

fn mktemp(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(
        process,
        "d/directory u/dry-run q/quiet p:/tmpdir? t suffix:",
        argv,
    )?;
    let given = options.words.first().copied();
    let template = given.unwrap_or("tmp.XXXXXXXXXX");
    let directory = options.has("p") || options.has("t") || given.is_none();
    let base = match options.value("p") {
        Some(base) if !base.is_empty() => base.to_owned(),
        _ => process
            .environment
            .get("TMPDIR")
            .cloned()
            .unwrap_or_else(|| "/tmp".to_owned()),
    };
    let suffix = options.value("suffix").unwrap_or("");
    let end = template.rfind('X').map_or(0, |at| at + 1);
    let start = template[..end].trim_end_matches('X').len();
    if end - start < 3 {
        let template = quoted(process, template);
        return process.fail(
            1,
            format_args!("{}: too few X's in template {template}", options.name),
        );
    }
    let number = process.cluster.state().number();
    // Letters that say nothing and never come twice.
    let mut letters = String::new();
    let mut rest = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 4;
    for _ in start..end {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        letters.push(char::from(LETTERS[(rest % 62) as usize]));
        rest = (rest / 62) ^ number;
    }
    let name = format!(
        "{}{letters}{}{suffix}",
        &template[..start],
        &template[end..]
    );
    let shown = if directory {
        super::copy::join_shown(&base, &name)
    } else {
        name
    };
    let (path, by) = (process.path(&shown), process.actor());
    if !options.has("u") {
        let done = (|| {
            let mut here = process.here();
            let real = here.files.real(&path, false)?;
            passable(&here.files, &real, &by)?;
            if options.has("d") {
                return here.files.make_directory(&real, 0o700, &by);
            }
            let node = Node {
                owner: by.user.clone(),
                group: by.group.clone(),
                ..Node::file("", by.now)
            };
            here.files.insert(&real, node.mode(0o600), &by)
        })();
        if let Err(errno) = done {
            let what = if options.has("d") {
                "directory"
            } else {
                "file"
            };
            let template = if directory {
                super::copy::join_shown(&base, template)
            } else {
                template.to_owned()
            };
            let template = quoted(process, &template);
            return process.fail(
                1,
                format_args!(
                    "{}: failed to create {what} via template {template}: {errno}",
                    options.name
                ),
            );
        }
    }
    process.line(shown)?;
    Ok(0)
}

/// Gives the file `path` the size `size`.
fn resize(
    process: &Process<'_>,
    path: &str,
    size: u64,
    name: &str,
) -> Result<Result<(), Errno>, Halt> {
    if size > LARGEST {
        return process.unmodelled(format_args!("{name} with a file of {size} bytes"));
    }
    let mut bytes = match content(process, path) {
        Ok(there) => there.to_vec(),
        Err(Errno::NoEntry) => Vec::new(),
        Err(errno) => return Ok(Err(errno)),
    };
    bytes.resize(size as usize, 0);
    Ok(write(process, path, bytes))
}

fn truncate(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "s:/size: c/no-create r:/reference:", argv)?;
    let mut status = 0;
    for word in &options.words {
        let there = facts(process, word, true);
        if there.is_err() && options.has("c") {
            continue;
        }
        let now = there.map_or(0, |facts| facts.size);
        let wanted = match (options.value("s"), options.value("r")) {
            (Some(text), None) => number::signed(text).map(|(sign, amount)| match sign {
                Some('+') => now + amount,
                Some(_) => now.saturating_sub(amount),
                None => amount,
            }),
            (None, Some(path)) => facts(process, path, true).ok().map(|facts| facts.size),
            _ => {
                return Err(usage(
                    process,
                    options.name,
                    "you must specify either '--size' or '--reference'",
                ));
            }
        };
        let Some(wanted) = wanted else {
            return process.unmodelled(format_args!("{} {}", options.name, argv[1..].join(" ")));
        };
        if let Err(errno) = resize(process, word, wanted, options.name)? {
            let word = quoted(process, word);
            let name = options.name;
            status = process.fail(
                1,
                format_args!("{name}: cannot open {word} for writing: {errno}"),
            )?;
        }
    }
    Ok(status)
}

fn fallocate(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "l:/length:", argv)?;
    let (Some(length), [path]) = (
        options.value("l").and_then(number::size),
        &options.words[..],
    ) else {
        return process.unmodelled(format_args!("{} {}", options.name, argv[1..].join(" ")));
    };
    let absolute = process.path(path);
    let now = facts(process, path, true).map_or(0, |facts| facts.size);
    let free = {
        let here = process.here();
        here.files
            .real(&absolute, true)
            .map(|real| here.files.mount_of(&real).free())
    };
    let done = match free {
        Ok(free) if length.saturating_sub(now) > free => {
            if facts(process, path, true).is_err() {
                // The file is there, and empty.
                let _ = write(process, path, "");
            }
            return process.fail(
                1,
                format_args!("{}: fallocate failed: {}", options.name, Errno::NoSpace),
            );
        }
        Ok(_) => resize(process, path, length.max(now), options.name)?,
        Err(errno) => Err(errno),
    };
    match done {
        Ok(()) => Ok(0),
        Err(errno) => process.fail(
            1,
            format_args!("{}: cannot open {path}: {errno}", options.name),
        ),
    }
}

fn sync(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    process.spend(Duration::from_millis(5))?;
    if !options.words.is_empty() {
        // RHEL 7's takes no file.
        process.complain(format!("{}: ignoring all arguments\n", options.name))?;
    }
    Ok(0)
}
