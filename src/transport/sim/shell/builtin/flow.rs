//! Where a shell goes on: `exit`, `return`, `break`, `eval`, `.` and their like.

use super::super::super::files::Errno;
use super::super::parse::lines;
use super::super::state::Shell;
use super::super::{Flow, Stop};
use super::Builtin;

pub(super) const BUILTINS: &[(&str, Builtin)] = &[
    (":", |_, _| Ok(0)),
    ("true", |_, _| Ok(0)),
    ("false", |_, _| Ok(1)),
    ("exit", exit),
    ("return", leave),
    ("break", |shell, argv| jump(shell, argv, Stop::Break)),
    ("continue", |shell, argv| jump(shell, argv, Stop::Continue)),
    ("eval", eval),
    (".", source),
    ("source", source),
];

/// The status that the words ask for; the one at hand without any.
fn wanted(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let Some(word) = argv.get(1) else {
        return Ok(shell.status);
    };
    match word.parse::<i64>() {
        // As the kernel cuts it.
        Ok(number) => Ok(number as u8),
        Err(_) => shell.failed(&argv[0], 2, format!("{word}: numeric argument required")),
    }
}

fn exit(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    shell.status = wanted(shell, argv)?;
    Err(Stop::Exit)
}

fn leave(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    if shell.calls == 0 {
        return shell.failed(
            "return",
            2,
            "can only `return' from a function or sourced script",
        );
    }
    shell.status = wanted(shell, argv)?;
    Err(Stop::Return)
}

fn jump(shell: &mut Shell<'_>, argv: &[String], stop: fn(usize) -> Stop) -> Flow<u8> {
    if shell.loops == 0 {
        let text = "only meaningful in a `for', `while', or `until' loop";
        return shell.failed(&argv[0], 0, text);
    }
    let count = match argv.get(1) {
        None => 1,
        Some(word) => match word.parse::<usize>() {
            Ok(count) if count > 0 => count,
            Ok(_) => return shell.failed(&argv[0], 1, format!("{word}: loop count out of range")),
            Err(_) => {
                shell.complain(&argv[0], format!("{word}: numeric argument required"))?;
                shell.status = 128;
                return Err(Stop::Exit);
            }
        },
    };
    shell.status = 0;
    Err(stop(count.min(shell.loops)))
}

fn eval(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let text = argv[1..].join(" ");
    shell.status = 0;
    run(shell, &text)?;
    Ok(shell.status)
}

/// Runs `text` in this shell, one level deeper.
fn run(shell: &mut Shell<'_>, text: &str) -> Flow {
    let (program, error) = lines(text);
    shell.deeper(|shell| {
        for command in &program.complete_commands {
            shell.list(command)?;
        }
        match error {
            None => Ok(()),
            Some(error) => {
                shell.syntax_error(&error)?;
                if shell.options.posix {
                    return Err(Stop::Exit);
                }
                Ok(())
            }
        }
    })
}

fn source(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let Some(name) = argv.get(1) else {
        return shell.failed(&argv[0], 2, "filename argument required");
    };
    let text = {
        let here = shell.process.here();
        let path = if name.contains('/') {
            None
        } else {
            let path = shell.process.environment.get("PATH");
            path.map_or("", String::as_str)
                .split(':')
                .map(|directory| format!("{directory}/{name}"))
                .find(|path| here.files.follow(path).is_ok_and(|node| node.is_file()))
        };
        let own = !shell.options.posix || name.contains('/');
        let path = path.or_else(|| own.then(|| shell.process.path(name)));
        match path {
            None => Err(Errno::NoEntry),
            Some(path) => here.files.follow(&path).and_then(|node| {
                if node.is_directory() {
                    return Err(Errno::IsDirectory);
                }
                if !shell.process.actor().may(node, 4) {
                    return Err(Errno::Denied);
                }
                Ok(node.content().cloned().unwrap_or_default())
            }),
        }
    };
    let text = match text {
        Ok(text) => String::from_utf8_lossy(&text).into_owned(),
        Err(errno) => {
            shell.error(format!("{name}: {errno}"))?;
            shell.status = 1;
            return if shell.options.posix {
                Err(Stop::Exit)
            } else {
                Ok(1)
            };
        }
    };
    let outer =
        (argv.len() > 2).then(|| std::mem::replace(&mut shell.arguments, argv[2..].to_vec()));
    shell.calls += 1;
    shell.status = 0;
    let done = run(shell, &text);
    shell.calls -= 1;
    if let Some(outer) = outer {
        shell.arguments = outer;
    }
    match done {
        Ok(()) | Err(Stop::Return) => Ok(shell.status),
        Err(other) => Err(other),
    }
}
