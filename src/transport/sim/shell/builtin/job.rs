//! `wait`, `kill`, `trap` and `disown`.

use super::super::super::program::kill::{self, Order, SIGNALS};
use super::super::Flow;
use super::super::quote::quoted;
use super::super::state::Shell;
use super::Builtin;

pub(super) const BUILTINS: &[(&str, Builtin)] = &[
    ("wait", wait),
    ("kill", send),
    ("trap", trap),
    ("disown", |shell, argv| match argv.get(1) {
        None => Ok(0),
        Some(word) => Ok(shell.process.unmodelled(format!("disown {word}"))?),
    }),
];

fn wait(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    if argv.len() == 1 {
        for pid in shell.jobs.iter().map(|job| job.pid).collect::<Vec<_>>() {
            shell.wait_for(pid)?;
        }
        return Ok(0);
    }
    let mut status = 0;
    for word in &argv[1..] {
        let Ok(pid) = word.parse::<u32>() else {
            return Ok(shell.process.unmodelled(format!("wait {word}"))?);
        };
        status = match shell.wait_for(pid)? {
            Some(status) => status,
            None => {
                let text = format!("pid {pid} is not a child of this shell");
                shell.failed("wait", 127, text)?
            }
        };
    }
    Ok(status)
}

fn send(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let (signal, targets) = match kill::parse(&argv[1..]) {
        Ok(Order::Send(signal, targets)) => (signal, targets),
        Ok(Order::Print(text)) => {
            shell.process.line(text)?;
            return Ok(0);
        }
        Ok(Order::Unmodelled(what)) => return Ok(shell.process.unmodelled(what)?),
        Err(text) => return shell.failed("kill", 1, text),
    };
    let mut status = 0;
    for target in targets {
        match target.parse::<u32>() {
            Ok(pid) if pid == shell.process.pid => shell.signal(signal)?,
            Ok(pid) if pid == shell.pid => {
                // It dies as soon as it has its turn.
                if signal != 0 {
                    shell.doomed.set(Some(signal));
                }
            }
            Ok(pid) => {
                if let Err(errno) = kill::send(&shell.process, pid, signal)? {
                    status = shell.failed("kill", 1, format!("({pid}) - {errno}"))?;
                }
            }
            Err(_) if target.starts_with(['%', '-']) => {
                return Ok(shell.process.unmodelled(format!("kill {target}"))?);
            }
            Err(_) => {
                let text = format!("{target}: arguments must be process or job IDs");
                status = shell.failed("kill", 1, text)?;
            }
        }
    }
    Ok(status)
}

fn trap(shell: &mut Shell<'_>, argv: &[String]) -> Flow<u8> {
    let words = match argv.get(1).map(String::as_str) {
        Some("--") => &argv[2..],
        Some(option @ ("-p" | "-l")) => {
            return Ok(shell.process.unmodelled(format!("trap {option}"))?);
        }
        _ => &argv[1..],
    };
    let Some((command, names)) = words.split_first() else {
        let traps = shell.traps.clone();
        for (name, command) in traps {
            let name = if name == "EXIT" {
                name
            } else {
                format!("SIG{name}")
            };
            let command = format!("'{}'", command.replace('\'', r"'\''"));
            shell
                .process
                .line(format_args!("trap -- {command} {name}"))?;
        }
        return Ok(0);
    };
    // One word alone, or a number first, sets those back.
    let reset = command == "-" || names.is_empty() || command.parse::<u8>().is_ok();
    let names = if names.is_empty() || command.parse::<u8>().is_ok() {
        words
    } else {
        names
    };
    let mut status = 0;
    for name in names {
        let plain = name.to_uppercase();
        let plain = plain.strip_prefix("SIG").unwrap_or(&plain);
        let known = match plain {
            "0" | "EXIT" => Some("EXIT"),
            "ERR" | "DEBUG" | "RETURN" => {
                return Ok(shell
                    .process
                    .unmodelled(format!("trap {} {plain}", quoted(command)))?);
            }
            _ => SIGNALS
                .iter()
                .find(|(known, number)| *known == plain || number.to_string() == plain)
                .map(|(known, _)| *known),
        };
        match known {
            None => {
                status =
                    shell.failed("trap", 1, format!("{name}: invalid signal specification"))?;
            }
            Some(known) if reset => {
                shell.traps.remove(known);
            }
            Some(known) => {
                shell.traps.insert(known.to_owned(), command.clone());
            }
        }
    }
    Ok(status)
}
