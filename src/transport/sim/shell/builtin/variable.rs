//! Variables: `export`, `readonly`, `local`, `declare`, `unset`, `shift`, `let`, `getopts`.

use std::rc::Rc;

use super::super::Flow;
use super::super::quote::double_quoted;
use super::super::state::Shell;
use super::super::variables::Value;
use super::{Builtin, is_name};

pub(super) const BUILTINS: &[(&str, Builtin)] = &[
    ("export", export),
    ("readonly", readonly),
    ("local", local),
    ("declare", declare),
    ("typeset", declare),
    ("unset", unset),
    ("shift", shift),
    ("let", calculate),
    ("getopts", getopts),
];

/// What a declaration does to each variable.
#[derive(Default, Clone, Copy)]
struct Marks {
    export: Option<bool>,
    readonly: bool,
    local: bool,
    list: bool,
}

/// Declares the `words`, each `NAME` or `NAME=VALUE`.
fn mark(shell: &mut Shell<'_>, builtin: &str, words: &[String], marks: Marks) -> Flow<u8> {
    let mut status = 0;
    for word in words {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word.as_str(), None),
        };
        if !is_name(name) {
            status = shell.failed(builtin, 1, format!("`{word}': not a valid identifier"))?;
            continue;
        }
        if marks.local {
            shell.hide(name);
        }
        if let Some(value) = value {
            shell.assign(name, value)?;
        }
        shell.change(name, |variable| {
            if marks.list && matches!(variable.value, Value::None) {
                variable.value = Value::List(std::collections::BTreeMap::new());
            }
            variable.exported = marks.export.unwrap_or(variable.exported);
            variable.readonly |= marks.readonly;
        });
    }
    Ok(status)
}

fn export(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut marks = Marks {
        export: Some(true),
        ..Marks::default()
    };
    let words = match argv.get(1).map(String::as_str) {
        None | Some("-p") if argv.len() <= 2 => return show(shell, 'x'),
        Some("-n") => {
            marks.export = Some(false);
            &argv[2..]
        }
        Some("--") => &argv[2..],
        Some(option) if option.starts_with('-') => {
            return Ok(shell.process.unmodelled(format!("export {option}"))?);
        }
        _ => &argv[1..],
    };
    mark(shell, "export", words, marks)
}

fn readonly(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    match argv.get(1).map(String::as_str) {
        None | Some("-p") => show(shell, 'r'),
        Some(option) if option.starts_with('-') => {
            Ok(shell.process.unmodelled(format!("readonly {option}"))?)
        }
        _ => mark(
            shell,
            "readonly",
            &argv[1..],
            Marks {
                readonly: true,
                ..Marks::default()
            },
        ),
    }
}

/// The variables that are exported, or readonly, as they would be declared.
fn show(shell: &mut Shell<'_>, letter: char) -> Flow<u8> {
    for name in shell.names() {
        let Some(variable) = shell.variable(&name) else {
            continue;
        };
        if !(if letter == 'x' {
            variable.exported
        } else {
            variable.readonly
        }) {
            continue;
        }
        let value = match &variable.value {
            Value::Text(text) => format!("={}", double_quoted(text)),
            Value::None => String::new(),
            Value::List(_) => return Ok(shell.process.unmodelled("readonly -p with a list")?),
        };
        let command = match (shell.options.posix, letter) {
            (true, 'x') => "export".to_owned(),
            (true, _) => "readonly".to_owned(),
            (false, letter) => format!("declare -{letter}"),
        };
        shell
            .process
            .line(format_args!("{command} {name}{value}"))?;
    }
    Ok(0)
}

fn local(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    if !shell.in_function() {
        return shell.failed("local", 1, "can only be used in a function");
    }
    declared(
        shell,
        argv,
        Marks {
            local: true,
            ..Marks::default()
        },
    )
}

fn declare(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let local = shell.in_function();
    declared(
        shell,
        argv,
        Marks {
            local,
            ..Marks::default()
        },
    )
}

fn declared(shell: &mut Shell<'_>, argv: &[String], mut marks: Marks) -> Flow<u8> {
    let mut words = &argv[1..];
    while let Some(option) = words
        .first()
        .filter(|word| word.len() > 1 && word.starts_with(['-', '+']))
    {
        words = &words[1..];
        if option == "--" {
            break;
        }
        let on = option.starts_with('-');
        for letter in option.chars().skip(1) {
            match letter {
                'x' => marks.export = Some(on),
                'r' if on => marks.readonly = true,
                'a' if on => marks.list = true,
                'g' if on => marks.local = false,
                _ => return Ok(shell.process.unmodelled(format!("{} {option}", argv[0]))?),
            }
        }
    }
    if words.is_empty() {
        return Ok(shell
            .process
            .unmodelled(format!("{} without names", argv[0]))?);
    }
    mark(shell, &argv[0], words, marks)
}

fn unset(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (variables, functions, names) = match argv.get(1).map(String::as_str) {
        Some("-v") => (true, false, &argv[2..]),
        Some("-f") => (false, true, &argv[2..]),
        Some("--") => (true, true, &argv[2..]),
        Some(option) if option.starts_with('-') => {
            return shell.failed("unset", 2, format!("{option}: invalid option"));
        }
        _ => (true, true, &argv[1..]),
    };
    let mut status = 0;
    for name in names {
        if let Some((list, index)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            let index = shell.arithmetic(index)?;
            shell.change(list, |variable| {
                if let (Value::List(list), Ok(index)) =
                    (&mut variable.value, usize::try_from(index))
                {
                    list.remove(&index);
                }
            });
            continue;
        }
        if !is_name(name) && !functions {
            status = shell.failed("unset", 1, format!("`{name}': not a valid identifier"))?;
        } else if variables && shell.is_declared(name) {
            if shell
                .variable(name)
                .is_some_and(|variable| variable.readonly)
            {
                let text = format!("{name}: cannot unset: readonly variable");
                status = shell.failed("unset", 1, text)?;
            } else {
                shell.forget(name);
            }
        } else if functions {
            Rc::make_mut(&mut shell.functions).remove(name);
        }
    }
    Ok(status)
}

fn shift(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let count = match argv.get(1) {
        None => 1,
        Some(word) => match word.parse::<usize>() {
            Ok(count) => count,
            Err(_) => {
                return shell.failed("shift", 1, format!("{word}: numeric argument required"));
            }
        },
    };
    if count > shell.arguments.len() {
        // As bash: without a word.
        return Ok(1);
    }
    shell.arguments.drain(..count);
    Ok(0)
}

fn calculate(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let mut value = 0;
    for word in &argv[1..] {
        value = shell.arithmetic(word)?;
    }
    Ok(u8::from(value == 0))
}

fn getopts(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (Some(options), Some(name)) = (argv.get(1), argv.get(2)) else {
        return shell.failed("getopts", 2, "usage: getopts optstring name [arg]");
    };
    let words = if argv.len() > 3 {
        argv[3..].to_vec()
    } else {
        shell.arguments.clone()
    };
    let index = shell
        .get("OPTIND")
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(1)
        .max(1);
    if index == 1 && shell.option_index != 1 {
        shell.option_at = 0;
    }
    let silent = options.starts_with(':');
    let finish =
        |shell: &mut Shell<'_>, index: usize, letter: &str, argument: Option<&str>| -> Flow {
            shell.option_index = index;
            shell.assign("OPTIND", &index.to_string())?;
            match argument {
                Some(argument) => shell.assign("OPTARG", argument)?,
                None => shell.forget("OPTARG"),
            }
            shell.assign(name, letter)
        };
    let word = words.get(index - 1).map_or("", String::as_str);
    if shell.option_at == 0 && (word.len() < 2 || !word.starts_with('-') || word == "--") {
        let index = index + usize::from(word == "--");
        finish(shell, index, "?", None)?;
        return Ok(1);
    }
    let at = shell.option_at.max(1);
    let letter = word[at..].chars().next().unwrap_or('?');
    let rest = &word[at + letter.len_utf8()..];
    let (mut next, mut argument) = (index, None);
    shell.option_at = if rest.is_empty() {
        next += 1;
        0
    } else {
        at + letter.len_utf8()
    };
    let known = (letter != ':').then(|| options.find(letter)).flatten();
    let Some(known) = known else {
        if !silent {
            shell.error(format!("illegal option -- {letter}"))?;
        }
        let shown = letter.to_string();
        finish(shell, next, "?", silent.then_some(shown.as_str()))?;
        return Ok(0);
    };
    if options[known + letter.len_utf8()..].starts_with(':') {
        shell.option_at = 0;
        next = index + 1;
        if rest.is_empty() {
            argument = words.get(next - 1).cloned();
            next += 1;
        } else {
            argument = Some(rest.to_owned());
        }
        if argument.is_none() {
            let shown = letter.to_string();
            if silent {
                finish(shell, next - 1, ":", Some(&shown))?;
            } else {
                shell.error(format!("option requires an argument -- {letter}"))?;
                finish(shell, next - 1, "?", None)?;
            }
            return Ok(0);
        }
    }
    finish(shell, next, &letter.to_string(), argument.as_deref())?;
    Ok(0)
}
