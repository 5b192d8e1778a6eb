//! `ps`, `pgrep` and `pkill`, of the processes that outlive the command that started them.

use std::time::Duration;

use crate::transport::sim::machine::Running;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::kill::{send, signal};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::regex::{Flaw, Manner, Syntax, compile, translate};
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::program::{Program, time};
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("ps", ps),
    ("pgrep", |process, argv| by_name(process, argv, false)),
    ("pkill", |process, argv| by_name(process, argv, true)),
    ("pidof", pidof),
];

type Row = (u32, Running);

/// What runs now.
fn running(process: &Process<'_>) -> Vec<Row> {
    let now = process.now();
    let mut here = process.here();
    here.reap(now);
    here.processes
        .iter()
        .map(|(pid, running)| (*pid, running.clone()))
        .collect()
}

fn ps(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut argv = argv.to_vec();
    // BSD's style, without a dash.
    let bsd = argv
        .get(1)
        .is_some_and(|word| matches!(word.as_str(), "aux" | "ax" | "auxw" | "auxww" | "axww"));
    let mut full = None;
    if bsd {
        full = Some(if argv[1].contains('u') { "aux" } else { "ax" });
        argv.remove(1);
    }
    let table = "e A f p:/pid: o:/format: C: u:/user: w ww no-headers/no-heading";
    let options = Options::parse(process, table, &argv)?;
    if !options.words.is_empty() {
        return process.unmodelled(format_args!("ps {}", argv[1..].join(" ")));
    }
    let pids: Option<Vec<&str>> = options.has("p").then(|| {
        options
            .values("p")
            .flat_map(|list| list.split(','))
            .collect()
    });
    let everything = bsd || options.has("e") || options.has("A");
    if !everything && pids.is_none() && !options.has("C") && !options.has("u") {
        return process.unmodelled("ps of a terminal");
    }
    let rows: Vec<Row> = running(process)
        .into_iter()
        .filter(|(pid, running)| {
            everything
                || pids
                    .as_ref()
                    .is_some_and(|pids| pids.contains(&pid.to_string().as_str()))
                || options.values("C").any(|name| running.command() == name)
                || options.values("u").any(|name| running.user == name)
        })
        .collect();
    let fields: Vec<(&str, Option<&str>)> = if options.has("o") {
        let mut fields = Vec::new();
        for list in options.values("o") {
            fields.extend(
                list.split([',', ' '])
                    .map(|item| match item.split_once('=') {
                        Some((name, title)) => (name, Some(title)),
                        None => (item, None),
                    }),
            );
        }
        fields
    } else {
        let list: &[&str] = match (full, options.has("f")) {
            (Some("aux"), _) => &[
                "user", "pid", "pcpu", "pmem", "vsz", "rss", "tty", "stat", "start", "time", "args",
            ],
            (Some(_), _) => &["pid", "tty", "stat", "time", "args"],
            (None, true) => &[
                "uid_name", "pid", "ppid", "c", "start", "tty", "time", "args",
            ],
            (None, false) => &["pid", "tty", "time", "comm"],
        };
        list.iter().map(|name| (*name, None)).collect()
    };
    let mut table: Vec<Vec<String>> = Vec::new();
    let mut titles = Vec::new();
    for (name, title) in &fields {
        let Some((known, _)) = column(name) else {
            return process.unmodelled(format_args!("ps -o {name}"));
        };
        titles.push((*title).unwrap_or(known).to_owned());
    }
    if titles.iter().any(|title| !title.is_empty()) && !options.has("no-headers") {
        table.push(titles);
    }
    for row in &rows {
        let cells = fields.iter().map(|(name, _)| cell(process, name, row));
        table.push(cells.collect::<Result<_, _>>()?);
    }
    let mut out = String::new();
    for row in &table {
        for (at, text) in row.iter().enumerate() {
            let (_, least) = column(fields[at].0).unwrap_or(("", 0));
            let width = table
                .iter()
                .map(|row| row[at].len())
                .max()
                .unwrap_or(0)
                .max(least.unsigned_abs() as usize);
            if at > 0 {
                out.push(' ');
            }
            if least < 0 && at + 1 == row.len() {
                out.push_str(text);
            } else if least < 0 {
                out.push_str(&format!("{text:<width$}"));
            } else {
                out.push_str(&format!("{text:>width$}"));
            }
        }
        out.push('\n');
    }
    process.write(out)?;
    Ok(u8::from(rows.is_empty()))
}

/// The title of a column, and its least width: negative where it is left-aligned.
fn column(name: &str) -> Option<(&'static str, i32)> {
    Some(match name {
        "pid" => ("PID", 5),
        "ppid" => ("PPID", 5),
        "user" | "euser" => ("USER", -8),
        "uid_name" => ("UID", -8),
        "uid" => ("UID", 5),
        "comm" | "ucmd" => ("COMMAND", -15),
        "args" | "command" => ("COMMAND", -27),
        "cmd" => ("CMD", -27),
        "c" => ("C", 2),
        "pcpu" | "%cpu" => ("%CPU", 4),
        "pmem" | "%mem" => ("%MEM", 4),
        "vsz" => ("VSZ", 6),
        "rss" => ("RSS", 5),
        "tty" | "tt" => ("TTY", -8),
        "stat" | "state" | "s" => ("STAT", -4),
        "start" => ("START", 5),
        "time" | "cputime" => ("TIME", 8),
        "etime" => ("ELAPSED", 11),
        "etimes" => ("ELAPSED", 7),
        "lstart" => ("STARTED", 24),
        _ => return None,
    })
}

fn cell(process: &Process<'_>, name: &str, (pid, running): &Row) -> Result<String, Halt> {
    let age = process.now().saturating_sub(running.started);
    Ok(match name {
        "pid" => pid.to_string(),
        "ppid" => "1".to_owned(),
        "user" | "euser" | "uid_name" => running.user.clone(),
        "uid" => Accounts::of(process).uid(&running.user).to_string(),
        "comm" | "ucmd" => running.command().to_owned(),
        "args" | "command" | "cmd" => running.argv.join(" "),
        "c" => "0".to_owned(),
        "pcpu" | "%cpu" | "pmem" | "%mem" => "0.0".to_owned(),
        "vsz" | "rss" => "0".to_owned(),
        "tty" | "tt" => "?".to_owned(),
        "stat" | "state" | "s" => "S".to_owned(),
        "time" | "cputime" => "00:00:00".to_owned(),
        "start" => {
            let zone = time::zone(process)?;
            let (then, now) = (
                time::zoned(running.started, &zone),
                time::zoned(process.now(), &zone),
            );
            let form = if then.date() == now.date() {
                "%H:%M"
            } else {
                "%b%d"
            };
            then.strftime(form).to_string()
        }
        "lstart" => time::zoned(running.started, &time::zone(process)?)
            .strftime("%a %b %e %H:%M:%S %Y")
            .to_string(),
        "etimes" => age.as_secs().to_string(),
        "etime" => elapsed(age),
        other => return process.unmodelled(format_args!("ps -o {other}")),
    })
}

/// `[[days-]hours:]minutes:seconds`.
fn elapsed(age: Duration) -> String {
    let seconds = age.as_secs();
    let (days, hours, minutes, rest) = (
        seconds / 86400,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
    );
    match (days, hours) {
        (0, 0) => format!("{minutes:02}:{rest:02}"),
        (0, _) => format!("{hours:02}:{minutes:02}:{rest:02}"),
        _ => format!("{days}-{hours:02}:{minutes:02}:{rest:02}"),
    }
}

fn by_name(process: &mut Process<'_>, argv: &[String], kill: bool) -> Ended {
    let mut argv = argv.to_vec();
    let mut number = 15;
    if kill
        && let Some(word) = argv.get(1).and_then(|word| word.strip_prefix('-'))
        && let Some(found) = signal(word)
    {
        number = found;
        argv.remove(1);
    }
    let table = "a/list-full l/list-name f/full o/oldest n/newest u:/euid: x/exact c/count d:/delimiter: v/inverse s:/signal: i";
    let options = Options::parse(process, table, &argv)?;
    if let Some(word) = options.value("s") {
        match signal(word) {
            Some(found) => number = found,
            None => return process.unmodelled(format_args!("{} -s {word}", options.name)),
        }
    }
    let pattern = match options.words[..] {
        [pattern] => pattern,
        [] if options.has("u") => "",
        _ => {
            return process.fail(
                2,
                format_args!("{}: only one pattern can be provided", options.name),
            );
        }
    };
    let translated = translate(pattern, Syntax::Extended).and_then(|text| {
        let text = if options.has("x") {
            format!("^(?:{text})$")
        } else {
            text
        };
        compile(
            &text,
            Manner {
                fold: options.has("i"),
                ..Manner::default()
            },
        )
    });
    let regex = match translated {
        Ok(regex) => regex,
        Err(Flaw::Invalid(text)) => {
            return process.fail(2, format_args!("{}: {text}", options.name));
        }
        Err(Flaw::Unmodelled(what)) => {
            return process.unmodelled(format_args!("{}: {what}", options.name));
        }
    };
    let mut found: Vec<Row> = running(process)
        .into_iter()
        .filter(|(_, running)| {
            let text = if options.has("f") {
                running.argv.join(" ")
            } else {
                running.command().to_owned()
            };
            let user = options
                .value("u")
                .is_none_or(|list| list.split(',').any(|name| name == running.user));
            user && regex.is_match(text.as_bytes()) != options.has("v")
        })
        .collect();
    if options.has("o") || options.has("n") {
        found.sort_by_key(|(pid, running)| (running.started, *pid));
        let kept = if options.has("o") {
            found.first().cloned()
        } else {
            found.last().cloned()
        };
        found = kept.into_iter().collect();
    }
    if options.has("c") {
        process.line(found.len())?;
        return Ok(u8::from(found.is_empty()));
    }
    for (pid, _) in found.iter().filter(|_| kill) {
        if let Err(gone) = send(process, *pid, number)? {
            process.complain(format!(
                "{}: killing pid {pid} failed: {gone}\n",
                options.name
            ))?;
        }
    }
    if !kill {
        let lines: Vec<String> = found
            .iter()
            .map(|(pid, running)| {
                if options.has("a") {
                    format!("{pid} {}", running.argv.join(" "))
                } else if options.has("l") {
                    format!("{pid} {}", running.command())
                } else {
                    pid.to_string()
                }
            })
            .collect();
        if !lines.is_empty() {
            process.line(lines.join(options.value("d").unwrap_or("\n")))?;
        }
    }
    Ok(u8::from(found.is_empty()))
}

fn pidof(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "s x", argv)?;
    let wanted = |running: &Running| {
        options.words.iter().any(|name| {
            running.command() == *name || running.argv.first().is_some_and(|own| own == name)
        })
    };
    let mut found: Vec<String> = running(process)
        .iter()
        .rev()
        .filter(|(_, running)| wanted(running))
        .map(|(pid, _)| pid.to_string())
        .collect();
    if options.has("s") {
        found.truncate(1);
    }
    if found.is_empty() {
        return Ok(1);
    }
    process.line(found.join(" "))?;
    Ok(0)
}
