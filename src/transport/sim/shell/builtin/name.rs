//! What a name is: `type`, `command`, `builtin`, `hash`.

use super::super::super::program;
use super::super::Flow;
use super::super::state::Shell;
use super::{Builtin, find, is_unmodelled};

pub(super) const BUILTINS: &[(&str, Builtin)] = &[
    ("type", kind),
    ("command", command),
    ("builtin", builtin),
    ("hash", hash),
];

/// The reserved words.
const WORDS: &[&str] = &[
    "!", "[[", "]]", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if",
    "in", "select", "then", "time", "until", "while", "{", "}",
];

enum Kind {
    Word,
    Function,
    Builtin,
    File(String),
}

fn look(shell: &Shell<'_>, name: &str) -> Option<Kind> {
    if WORDS.contains(&name) {
        return Some(Kind::Word);
    }
    if shell.functions.contains_key(name) {
        return Some(Kind::Function);
    }
    if name == "exec" || find(name).is_some() || is_unmodelled(name) {
        return Some(Kind::Builtin);
    }
    let found = program::find(&shell.process, name).ok()?;
    Some(Kind::File(if name.contains('/') {
        name.to_owned()
    } else {
        found.path
    }))
}

fn describe(shell: &mut Shell<'_>, name: &str) -> Flow<bool> {
    let text = match look(shell, name) {
        None => return Ok(false),
        Some(Kind::Word) => format!("{name} is a shell keyword"),
        Some(Kind::Function) => {
            return Ok(shell
                .process
                .unmodelled(format!("type {name}, which is a function"))?);
        }
        Some(Kind::Builtin) => format!("{name} is a shell builtin"),
        Some(Kind::File(path)) => format!("{name} is {path}"),
    };
    shell.process.line(text)?;
    Ok(true)
}

fn kind(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (option, names) = match argv.get(1).map(String::as_str) {
        Some(option @ ("-t" | "-p" | "-P")) => (option, &argv[2..]),
        Some("--") => ("", &argv[2..]),
        Some(option) if option.starts_with('-') => {
            return Ok(shell.process.unmodelled(format!("type {option}"))?);
        }
        _ => ("", &argv[1..]),
    };
    let mut status = 0;
    for name in names {
        let found = match (option, look(shell, name)) {
            ("", _) => {
                let found = describe(shell, name)?;
                if !found {
                    shell.complain("type", format!("{name}: not found"))?;
                }
                found
            }
            ("-t", Some(kind)) => {
                shell.process.line(match kind {
                    Kind::Word => "keyword",
                    Kind::Function => "function",
                    Kind::Builtin => "builtin",
                    Kind::File(_) => "file",
                })?;
                true
            }
            ("-P", _) => {
                let found = program::find(&shell.process, name).ok();
                if let Some(found) = &found {
                    shell.process.line(&found.path)?;
                }
                found.is_some()
            }
            (_, Some(Kind::File(path))) => {
                shell.process.line(path)?;
                true
            }
            (_, found) => found.is_some(),
        };
        status |= u8::from(!found);
    }
    Ok(status)
}

fn command(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut words = &argv[1..];
    let mut show = None;
    while let Some(option) = words
        .first()
        .filter(|word| word.len() > 1 && word.starts_with('-'))
    {
        words = &words[1..];
        match option.as_str() {
            "--" => break,
            "-v" | "-V" => show = Some(option == "-V"),
            // The usual PATH is the only one here.
            "-p" => {}
            other => return shell.failed("command", 2, format!("{other}: invalid option")),
        }
    }
    let Some(verbose) = show else {
        if words.is_empty() {
            return Ok(0);
        }
        if words[0] == "exec" {
            return Ok(shell.process.unmodelled("command exec")?);
        }
        shell.call(words, &[], false)?;
        return Ok(shell.status);
    };
    let mut status = u8::from(!words.is_empty());
    for name in words {
        let found = match look(shell, name) {
            None => false,
            _ if verbose => describe(shell, name)?,
            Some(Kind::File(path)) => {
                shell.process.line(path)?;
                true
            }
            Some(_) => {
                shell.process.line(name)?;
                true
            }
        };
        if found {
            status = 0;
        } else if verbose {
            shell.complain("command", format!("{name}: not found"))?;
        }
    }
    Ok(status)
}

fn builtin(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let Some(name) = argv.get(1) else {
        return Ok(0);
    };
    match find(name) {
        Some(builtin) => builtin(shell, &argv[1..]),
        None if is_unmodelled(name) => Ok(shell.process.unmodelled(name)?),
        None => shell.failed("builtin", 1, format!("{name}: not a shell builtin")),
    }
}

fn hash(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut status = 0;
    for name in argv[1..].iter().filter(|name| *name != "-r") {
        if name.starts_with('-') {
            return Ok(shell.process.unmodelled(format!("hash {name}"))?);
        }
        if look(shell, name).is_none() {
            status = shell.failed("hash", 1, format!("{name}: not found"))?;
        }
    }
    Ok(status)
}
