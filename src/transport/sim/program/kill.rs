//! `kill`.

use super::super::files::Errno;
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::Program;

/// The programs of this file.
pub const PROGRAMS: &[(&str, Program)] = &[("kill", kill)];

/// The signals by name, as Linux numbers them.
pub const SIGNALS: &[(&str, u8)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];

/// What a `kill` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Send this signal to these.
    Send(u8, Vec<String>),
    /// Say this.
    Print(String),
    /// Something that is not modelled.
    Unmodelled(String),
}

/// The number of the signal `word`, such as `TERM`, `SIGTERM` or `15`.
pub fn signal(word: &str) -> Option<u8> {
    if let Ok(number) = word.parse::<u8>() {
        return (number <= 64).then_some(number);
    }
    let name = word.to_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    SIGNALS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, number)| *number)
}

/// What `words` ask for.
///
/// # Errors
/// What is wrong with them.
pub fn parse(words: &[String]) -> Result<Order, String> {
    const SIGTERM: u8 = 15;
    let unknown = |word: &str| format!("{word}: invalid signal specification");
    let (number, rest) = match words.first().map(String::as_str) {
        None => return Err("usage: kill [-s sigspec | -n signum | -sigspec] pid".to_owned()),
        Some("-l") => {
            let [_, word] = words else {
                return Ok(Order::Unmodelled(words_of(words)));
            };
            let Ok(number) = word.parse::<u8>() else {
                let number = signal(word).ok_or_else(|| unknown(word))?;
                return Ok(Order::Print(number.to_string()));
            };
            // A status tells the signal, too.
            let number = if number > 128 { number - 128 } else { number };
            let known = SIGNALS.iter().find(|(_, known)| *known == number);
            return match known {
                Some((name, _)) => Ok(Order::Print((*name).to_owned())),
                None => Err(unknown(word)),
            };
        }
        Some("-s" | "-n") => {
            let word = words.get(1).map_or("", String::as_str);
            (signal(word).ok_or_else(|| unknown(word))?, &words[2..])
        }
        Some("--") => (SIGTERM, &words[1..]),
        Some("-L" | "-p" | "-a" | "-q") => return Ok(Order::Unmodelled(words_of(words))),
        Some(word) => match word.strip_prefix('-') {
            None => (SIGTERM, words),
            Some(word) => (signal(word).ok_or_else(|| unknown(word))?, &words[1..]),
        },
    };
    let rest = match rest.first().map(String::as_str) {
        Some("--") => &rest[1..],
        _ => rest,
    };
    Ok(Order::Send(number, rest.to_vec()))
}

fn words_of(words: &[String]) -> String {
    format!("kill {}", words.join(" "))
}

/// Sends the signal `number` to the process `pid` of the host; 0 only looks whether it is there.
///
/// # Errors
/// What is not modelled; within, why the kernel refuses.
pub fn send(process: &Process<'_>, pid: u32, number: u8) -> Result<Result<(), Gone>, Halt> {
    let now = process.now();
    let mut here = process.here();
    here.reap(now);
    let Some(running) = here.processes.get(&pid) else {
        return Ok(Err(Gone::NoProcess));
    };
    if !process.is_root() && running.user != *process.user {
        return Ok(Err(Gone::NotPermitted));
    }
    const HARMLESS: &[u8] = &[0, 17, 18, 23, 28];
    if HARMLESS.contains(&number) {
        return Ok(Ok(()));
    }
    if let Some(unit) = running.unit.clone() {
        drop(here);
        return process.unmodelled(format!("kill -{number} {pid}, a process of {unit}"));
    }
    if (19..=22).contains(&number) {
        drop(here);
        return process.unmodelled(format!("kill -{number}, which stops a process"));
    }
    drop(here);
    let mut state = process.cluster.state();
    if let Some(running) = state.machines[process.machine].processes.remove(&pid) {
        super::ended(&mut state, process.machine, &running);
    }
    Ok(Ok(()))
}

/// Why a signal was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// There is no such process.
    NoProcess,
    /// It is somebody else's.
    NotPermitted,
}

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoProcess => f.write_str("No such process"),
            Self::NotPermitted => Errno::NotPermitted.fmt(f),
        }
    }
}

fn kill(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let (number, targets) = match parse(&argv[1..]) {
        Ok(Order::Send(number, targets)) => (number, targets),
        Ok(Order::Print(text)) => {
            process.line(text)?;
            return Ok(0);
        }
        Ok(Order::Unmodelled(what)) => return process.unmodelled(what),
        Err(text) => return process.fail(1, format_args!("kill: {text}")),
    };
    let mut status = 0;
    for target in targets {
        let Ok(pid) = target.parse::<u32>() else {
            return process.unmodelled(format!("kill {target}"));
        };
        if let Err(gone) = send(process, pid, number)? {
            status = process.fail(
                1,
                format_args!("kill: sending signal to {pid} failed: {gone}"),
            )?;
        }
    }
    Ok(status)
}
