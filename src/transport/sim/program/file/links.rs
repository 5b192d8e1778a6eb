//! `ln`, `readlink`, `realpath`, `basename` and `dirname`.

use super::copy::{inside, sources};
use crate::transport::sim::files::{Errno, Node, split};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{Is, facts, passable, quoted};
use crate::transport::sim::program::options::{Options, usage};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("ln", ln),
    ("readlink", readlink),
    ("realpath", realpath),
    ("basename", basename),
    ("dirname", dirname),
];

fn ln(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table =
        "s/symbolic f/force n/no-dereference T/no-target-directory t:/target-directory v/verbose";
    let mut options = Options::parse(process, table, argv)?;
    if !options.has("s") {
        return process.unmodelled(format_args!("{} without -s", options.name));
    }
    if options.words.len() == 1 && !options.has("t") {
        options.words.push(".");
    }
    let (targets, place) = sources(process, &options)?;
    let into = !options.has("T")
        && (options.has("t")
            || facts(process, place, !options.has("n")).is_ok_and(|facts| facts.is_directory()));
    let mut status = 0;
    for target in targets {
        let shown = if into {
            inside(place, target)
        } else {
            place.to_owned()
        };
        let (path, by) = (process.path(&shown), process.actor());
        let done = (|| {
            let mut here = process.here();
            let real = here.files.real(&path, false)?;
            passable(&here.files, &real, &by)?;
            if options.has("f") && here.files.get(&real).is_ok_and(|node| !node.is_directory()) {
                here.files.remove(&real, &by)?;
            }
            let link = Node {
                owner: by.user.clone(),
                group: by.group.clone(),
                ..Node::link(target, by.now)
            };
            here.files.insert(&real, link, &by)
        })();
        let shown = quoted(process, &shown);
        match done {
            Ok(()) if options.has("v") => {
                process.line(format_args!("{shown} -> {}", quoted(process, target)))?
            }
            Ok(()) => {}
            Err(errno) => {
                status = process.fail(
                    1,
                    format_args!(
                        "{}: failed to create symbolic link {shown}: {errno}",
                        options.name
                    ),
                )?;
            }
        }
    }
    Ok(status)
}

/// `path` without links, as far as `missing` allows it: nothing, the last component, or all may be
/// missing.
fn canonical(process: &Process<'_>, path: &str, missing: char) -> Result<String, Errno> {
    if path.is_empty() {
        return Err(Errno::NoEntry);
    }
    let (absolute, by) = (process.path(path), process.actor());
    let here = process.here();
    let whole = here.files.real(absolute.trim_end_matches('/'), true);
    match (whole, missing) {
        (Ok(real), 'e') => {
            passable(&here.files, &real, &by)?;
            here.files.get(&real)?;
            Ok(real)
        }
        (Ok(real), _) => Ok(real),
        (Err(_), 'm') => {
            // The longest part that is there, and the rest as it is written.
            let mut rest = Vec::new();
            let mut above = absolute.trim_end_matches('/');
            loop {
                let (outer, name) = split(above);
                rest.push(name);
                above = outer;
                if let Ok(real) = here.files.real(above, true) {
                    let mut real = real;
                    for name in rest.iter().rev() {
                        real = match *name {
                            "" | "." => real,
                            ".." => split(&real).0.to_owned(),
                            name => crate::transport::sim::files::join(&real, name),
                        };
                    }
                    return Ok(real);
                }
            }
        }
        (Err(errno), _) => Err(errno),
    }
}

fn readlink(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "f/canonicalize e/canonicalize-existing m/canonicalize-missing n/no-newline z/zero q/quiet s/silent v/verbose";
    let options = Options::parse(process, table, argv)?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    let (mut out, mut status) = (String::new(), 0);
    for word in &options.words {
        let found = match options.last_of(&["f", "e", "m"]) {
            Some(id) => canonical(process, word, id.chars().next().unwrap_or('f')),
            None => facts(process, word, false).and_then(|facts| match facts.is {
                Is::Link(target) => Ok(target.to_string()),
                _ => Err(Errno::Invalid),
            }),
        };
        match found {
            Ok(path) => {
                out.push_str(&path);
                if options.has("z") {
                    out.push('\0');
                } else if !options.has("n") || options.words.len() > 1 {
                    out.push('\n');
                }
            }
            Err(errno) => {
                status = 1;
                if options.has("v") {
                    process.refused(options.name, word, errno)?;
                }
            }
        }
    }
    process.write(out)?;
    Ok(status)
}

fn realpath(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "e/canonicalize-existing m/canonicalize-missing s/strip/no-symlinks z/zero q/quiet";
    let options = Options::parse(process, table, argv)?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    if options.has("s") {
        return process.unmodelled("realpath -s");
    }
    let (mut out, mut status) = (String::new(), 0);
    for word in &options.words {
        let id = options.last_of(&["e", "m"]).unwrap_or("f");
        match canonical(process, word, id.chars().next().unwrap_or('f')) {
            Ok(path) => {
                out.push_str(&path);
                out.push(if options.has("z") { '\0' } else { '\n' });
            }
            Err(errno) => {
                status = 1;
                if !options.has("q") {
                    process.refused(options.name, word, errno)?;
                }
            }
        }
    }
    process.write(out)?;
    Ok(status)
}

fn basename(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "+a/multiple s:/suffix: z/zero", argv)?;
    let mut words = options.words.clone();
    let mut suffix = options.value("s").unwrap_or("");
    if words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    if !options.has("a") && !options.has("s") {
        match words.len() {
            1 => {}
            2 => suffix = words.remove(1),
            _ => {
                let text = format!("extra operand {}", quoted(process, words[2]));
                return Err(usage(process, options.name, &text));
            }
        }
    }
    for word in words {
        let bare = word.trim_end_matches('/');
        let base = match bare.rsplit('/').next() {
            Some("") if word.is_empty() => "",
            Some("") => "/",
            Some(base) => base,
            None => "",
        };
        let base = base
            .strip_suffix(suffix)
            .filter(|rest| !rest.is_empty())
            .unwrap_or(base);
        let end = if options.has("z") { "\0" } else { "\n" };
        process.write(format!("{base}{end}"))?;
    }
    Ok(0)
}

fn dirname(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "z/zero", argv)?;
    if options.words.is_empty() {
        return Err(usage(process, options.name, "missing operand"));
    }
    for word in &options.words {
        let bare = word.trim_end_matches('/');
        let directory = match bare.rfind('/') {
            None if bare.is_empty() && !word.is_empty() => "/",
            None => ".",
            Some(at) => match bare[..at].trim_end_matches('/') {
                "" => "/",
                directory => directory,
            },
        };
        let end = if options.has("z") { "\0" } else { "\n" };
        process.write(format!("{directory}{end}"))?;
    }
    Ok(0)
}
