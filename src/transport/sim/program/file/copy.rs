//! `cp`.

use super::copier::{Copier, Manner};
use crate::transport::sim::files::{join, split};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{facts, quoted};
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("cp", cp)];

fn cp(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "a/archive r/recursive R d p f/force n/no-clobber T/no-target-directory t:/target-directory \
                 L/dereference P/no-dereference H v/verbose x/one-file-system preserve? no-preserve: parents";
    let options = Options::parse(process, table, argv)?;
    let archive = options.has("a");
    let mut manner = Manner {
        recursive: archive || options.has("r") || options.has("R"),
        force: options.has("f"),
        keep: options.has("n"),
        verbose: options.has("v"),
        one_system: options.has("x"),
        ..Manner::default()
    };
    let mut preserve = |list: &str, on: bool| -> Result<(), Halt> {
        for what in list.split(',') {
            match what {
                "mode" => manner.mode = on,
                "ownership" => manner.owner = on,
                "timestamps" => manner.times = on,
                "context" => manner.context = on,
                "links" | "xattr" => {}
                "all" => {
                    (manner.mode, manner.owner, manner.times, manner.context) = (on, on, on, on);
                }
                _ => return process.unmodelled(format_args!("cp --preserve={what}")),
            }
        }
        Ok(())
    };
    for (id, value) in &options.given {
        match (*id, *value) {
            ("a", _) => preserve("all", true)?,
            ("p", _) | ("preserve", "") => preserve("mode,ownership,timestamps", true)?,
            ("preserve", list) => preserve(list, true)?,
            ("no-preserve", list) => preserve(list, false)?,
            _ => {}
        }
    }
    let links = options.last_of(&["L", "P", "H", "d", "a"]);
    manner.follow = links == Some("L") || links.is_none() && !manner.recursive;
    manner.follow_named = manner.follow || links == Some("H");
    let (sources, target) = sources(process, &options)?;
    let into = !options.has("T")
        && (options.has("t")
            || options.has("parents")
            || facts(process, target, true).is_ok_and(|facts| facts.is_directory()));
    let mut failed = false;
    if into && !facts(process, target, true).is_ok_and(|facts| facts.is_directory()) {
        let target = quoted(process, target);
        return process.fail(
            1,
            format_args!("{}: target {target} is not a directory", options.name),
        );
    }
    for source in sources {
        let to = if !into {
            target.to_owned()
        } else if options.has("parents") {
            if !lead(process, &options, source, target, manner)? {
                failed = true;
                continue;
            }
            join(target, source.trim_matches('/'))
        } else {
            inside(target, source)
        };
        failed |= !Copier {
            process,
            manner,
            name: options.name,
        }
        .copy(source, &to, true)?;
    }
    Ok(u8::from(failed))
}

/// The operands of `cp` and `mv`: what, and where to.
pub(super) fn sources<'a>(
    process: &Process<'_>,
    options: &Options<'a>,
) -> Result<(Vec<&'a str>, &'a str), Halt> {
    let mut words = options.words.clone();
    if words.is_empty() {
        return Err(usage(process, options.name, "missing file operand"));
    }
    if let Some(target) = options.value("t") {
        return Ok((words, target));
    }
    let target = words.pop().unwrap_or_default();
    if words.is_empty() {
        let text = format!(
            "missing destination file operand after {}",
            quoted(process, target)
        );
        return Err(usage(process, options.name, &text));
    }
    if words.len() > 1 {
        let directory = facts(process, target, true).is_ok_and(|facts| facts.is_directory());
        if options.has("T") {
            let text = format!("extra operand {}", quoted(process, target));
            return Err(usage(process, options.name, &text));
        }
        if !directory {
            let target = quoted(process, target);
            let status = process.fail(
                1,
                format_args!("{}: target {target} is not a directory", options.name),
            )?;
            return Err(Halt::Exit(status));
        }
    }
    Ok((words, target))
}

/// The place of `source` in the directory `target`.
pub(super) fn inside(target: &str, source: &str) -> String {
    join_shown(target, split(source).1)
}

/// `name` in `directory`, as messages show it.
pub(super) fn join_shown(directory: &str, name: &str) -> String {
    if directory.ends_with('/') {
        format!("{directory}{name}")
    } else {
        format!("{directory}/{name}")
    }
}

/// Makes the directories of `--parents`, with the attributes of the originals.
fn lead(
    process: &Process<'_>,
    options: &Options<'_>,
    source: &str,
    target: &str,
    manner: Manner,
) -> Result<bool, Halt> {
    let mut so_far = if source.starts_with('/') {
        "/".to_owned()
    } else {
        String::new()
    };
    let names: Vec<&str> = source.trim_matches('/').split('/').collect();
    for name in &names[..names.len() - 1] {
        so_far.push_str(name);
        let copy = join_shown(target, so_far.trim_start_matches('/'));
        let found = match facts(process, &so_far, true) {
            Ok(found) => found,
            Err(errno) => {
                let what = quoted(process, source);
                process.complain(format!("{}: cannot stat {what}: {errno}\n", options.name))?;
                return Ok(false);
            }
        };
        if facts(process, &copy, true).is_err() {
            let (path, by) = (process.path(&copy), process.actor());
            let made = process
                .here()
                .files
                .make_directory(&path, found.mode & !process.umask, &by);
            if let Err(errno) = made {
                let copy = quoted(process, &copy);
                process.complain(format!(
                    "{}: cannot make directory {copy}: {errno}\n",
                    options.name
                ))?;
                return Ok(false);
            }
            let copier = Copier {
                process,
                manner,
                name: options.name,
            };
            copier.finish(&found, &path);
        }
        so_far.push('/');
    }
    Ok(true)
}
