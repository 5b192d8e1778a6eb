//! `cd`, `pwd` and `umask`.

use super::super::super::files::{Errno, join};
use super::super::Flow;
use super::super::state::Shell;
use super::Builtin;

pub(super) const BUILTINS: &[(&str, Builtin)] = &[("cd", change), ("pwd", show), ("umask", umask)];

fn change(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut words = &argv[1..];
    let mut physical = false;
    while let Some(option) = words
        .first()
        .filter(|word| word.len() > 1 && word.starts_with('-'))
    {
        words = &words[1..];
        match option.as_str() {
            "--" => break,
            "-P" => physical = true,
            "-L" => physical = false,
            other => return shell.failed("cd", 2, format!("{other}: invalid option")),
        }
    }
    if shell.get("CDPATH").is_some_and(|path| !path.is_empty()) {
        return Ok(shell.process.unmodelled("cd with CDPATH")?);
    }
    let (target, say) = match words {
        [] => match shell.get("HOME") {
            Some(home) => (home, false),
            None => return shell.failed("cd", 1, "HOME not set"),
        },
        [only] if only == "-" => match shell.get("OLDPWD") {
            Some(old) => (old, true),
            None => return shell.failed("cd", 1, "OLDPWD not set"),
        },
        [only] => (only.clone(), false),
        // As bash 4.2, which does not look at the others.
        [first, ..] => (first.clone(), false),
    };
    if target.is_empty() {
        return Ok(0);
    }
    let from = shell
        .get("PWD")
        .unwrap_or_else(|| shell.process.directory.clone());
    let whole = if target.starts_with('/') {
        target.clone()
    } else {
        join(&from, &target)
    };
    let directory = if physical {
        whole
    } else {
        without_dots(&whole)
    };
    let real = {
        let here = shell.process.here();
        let actor = shell.process.actor();
        here.files.follow(&directory).and_then(|node| {
            if !node.is_directory() {
                return Err(Errno::NotDirectory);
            }
            if !actor.may(node, 1) {
                return Err(Errno::Denied);
            }
            here.files.real(&directory, true)
        })
    };
    let directory = match real {
        Ok(real) if physical => real,
        Ok(_) => directory,
        Err(errno) => return shell.failed("cd", 1, format!("{target}: {errno}")),
    };
    shell.set("OLDPWD", &from);
    shell.export("OLDPWD");
    shell.set("PWD", &directory);
    shell.process.directory.clone_from(&directory);
    if say {
        shell.process.line(directory)?;
    }
    Ok(0)
}

/// `path` with `.` and `..` taken by their letters, as a shell takes them.
fn without_dots(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

fn show(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let directory = shell.process.directory.clone();
    let shown = match argv.get(1).map(String::as_str) {
        None | Some("-L") => directory,
        Some("-P") => shell
            .process
            .here()
            .files
            .real(&directory, true)
            .unwrap_or(directory),
        Some(other) => return shell.failed("pwd", 2, format!("{other}: invalid option")),
    };
    shell.process.line(shown)?;
    Ok(0)
}

fn umask(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let Some(word) = argv.get(1) else {
        shell
            .process
            .line(format_args!("{:04o}", shell.process.umask))?;
        return Ok(0);
    };
    match u16::from_str_radix(word, 8) {
        Ok(mask) if mask <= 0o777 => {
            shell.process.umask = mask;
            Ok(0)
        }
        _ if word.starts_with(|c: char| c.is_ascii_digit()) => {
            shell.failed("umask", 1, format!("{word}: octal number out of range"))
        }
        _ => Ok(shell.process.unmodelled(format!("umask {word}"))?),
    }
}
