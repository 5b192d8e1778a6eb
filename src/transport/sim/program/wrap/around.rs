//! `env`, `timeout`, `nohup`, `setsid`, `nice` and `ionice`: a command in other circumstances.

use super::wait::duration;
use super::{command, run};
use crate::transport::clock::Clock;
use crate::transport::sim::environment::Environment;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::quoted;
use crate::transport::sim::program::kill::signal;
use crate::transport::sim::program::options::{Options, usage};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("env", env),
    ("printenv", printenv),
    ("timeout", timeout),
    ("nohup", |process, argv| plain(process, argv, "+")),
    ("setsid", |process, argv| {
        plain(process, argv, "+w/wait c/ctty")
    }),
    ("nice", |process, argv| {
        plain(process, argv, "+n:/adjustment:")
    }),
    ("ionice", |process, argv| {
        plain(process, argv, "+c:/class: n:/classdata: t/ignore")
    }),
    ("stdbuf", |process, argv| {
        plain(process, argv, "+i:/input: o:/output: e:/error:")
    }),
];

fn env(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "+i/ignore-environment u:/unset: 0/null", argv)?;
    let mut words = command(&options);
    if words.first().is_some_and(|word| word == "-") {
        return process.unmodelled("env -");
    }
    let mut inner = process.clone();
    if options.has("i") {
        inner.environment = Environment::default();
    }
    for name in options.values("u") {
        inner.environment.remove(name);
    }
    while let Some((name, value)) = words.first().and_then(|word| word.split_once('=')) {
        inner.environment.insert(name.to_owned(), value.to_owned());
        words.remove(0);
    }
    if !words.is_empty() {
        return run(&mut inner, options.name, &words);
    }
    let end = if options.has("0") { '\0' } else { '\n' };
    let lines = inner
        .environment
        .iter()
        .map(|(name, value)| format!("{name}={value}{end}"));
    process.write(lines.collect::<String>())?;
    Ok(0)
}

fn printenv(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    let mut status = 0;
    let mut out = String::new();
    for (name, value) in process.environment.iter() {
        if options.words.is_empty() {
            out.push_str(&format!("{name}={value}\n"));
        }
    }
    for name in &options.words {
        match process.environment.get(name) {
            Some(value) => out.push_str(&format!("{value}\n")),
            None => status = 1,
        }
    }
    process.write(out)?;
    Ok(status)
}

fn timeout(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "+s:/signal: k:/kill-after: preserve-status foreground";
    let options = Options::parse(process, table, argv)?;
    let mut words = command(&options);
    if words.len() < 2 {
        return match usage(process, options.name, "missing operand") {
            Halt::Exit(_) => Ok(125),
            halt => Err(halt),
        };
    }
    let limit = words.remove(0);
    let Some(limit) = duration(&limit) else {
        let text = format!("invalid time interval {}", quoted(process, &limit));
        return match usage(process, options.name, &text) {
            Halt::Exit(_) => Ok(125),
            halt => Err(halt),
        };
    };
    if limit.is_zero() {
        return run(process, options.name, &words);
    }
    const SIGKILL: u8 = 9;
    const SIGTERM: u8 = 15;
    let number = options.value("s").map_or(Some(SIGTERM), signal);
    let Some(number) = number else {
        return process.unmodelled(format_args!("{} -s", options.name));
    };
    let ends = process.cluster.clock.reading() + limit;
    let mut inner = process.clone();
    // The command's own time may be over first.
    let first = process.deadline.is_none_or(|deadline| ends < deadline);
    if first {
        inner.deadline = Some(ends);
    }
    match run(&mut inner, options.name, &words) {
        Err(Halt::Overdue) if first => Ok(match number {
            SIGKILL => 128 + SIGKILL,
            number if options.has("preserve-status") => 128 + number,
            _ => 124,
        }),
        other => other,
    }
}

/// What changes nothing that is modelled.
fn plain(process: &mut Process<'_>, argv: &[String], table: &'static str) -> Ended {
    let options = Options::parse(process, table, argv)?;
    let words = command(&options);
    if words.is_empty() {
        return process.unmodelled(format_args!("{} without a command", options.name));
    }
    run(process, options.name, &words)
}
