//! `hostname`, `uname`, `arch`, `nproc`, `uptime`, `tty` and `which`.

use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::{Program, time};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("hostname", hostname),
    ("uname", uname),
    ("arch", |process, _| process.line("x86_64").map(|()| 0)),
    ("nproc", nproc),
    ("uptime", uptime),
    ("tty", |process, _| process.line("not a tty").map(|()| 1)),
    ("which", which),
];

/// The kernel of RHEL 7.5.
const RELEASE: &str = "3.10.0-862.el7.x86_64";

fn hostname(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "f/fqdn/long s/short d/domain i/ip-address I/all-ip-addresses A/all-fqdns";
    let options = Options::parse(process, table, argv)?;
    if !options.words.is_empty() {
        return process.unmodelled("hostname that sets the name");
    }
    let (name, address) = {
        let here = process.here();
        (here.name.clone(), here.address.clone())
    };
    let (short, domain) = name.split_once('.').unwrap_or((&name, ""));
    match options.last_of(&["f", "s", "d", "i", "I", "A"]) {
        Some("s") => process.line(short)?,
        Some("d") => process.line(domain)?,
        Some("i") => process.line(address)?,
        Some("I") => process.line(format_args!("{address} "))?,
        Some("A") => process.line(format_args!("{name} "))?,
        _ => process.line(name)?,
    }
    Ok(0)
}

fn uname(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let table = "a/all s/kernel-name n/nodename r/kernel-release v/kernel-version m/machine p/processor \
                 i/hardware-platform o/operating-system";
    let options = Options::parse(process, table, argv)?;
    let name = process.here().name.clone();
    let parts = [
        ("s", "Linux"),
        ("n", &name),
        ("r", RELEASE),
        ("v", "#1 SMP Wed Mar 21 18:14:51 EDT 2018"),
        ("m", "x86_64"),
        ("p", "x86_64"),
        ("i", "x86_64"),
        ("o", "GNU/Linux"),
    ];
    let all = options.has("a");
    let shown: Vec<&str> = parts
        .iter()
        .filter(|(id, _)| all || options.has(id) || *id == "s" && options.given.is_empty())
        .map(|(_, text)| *text)
        .collect();
    process.line(shown.join(" "))?;
    Ok(0)
}

fn nproc(process: &mut Process<'_>, argv: &[String]) -> Ended {
    Options::parse(process, "all", argv)?;
    process.line(2)?;
    Ok(0)
}

fn uptime(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "s/since p/pretty", argv)?;
    if options.has("p") {
        return process.unmodelled("uptime -p");
    }
    let zone = time::zone(process)?;
    let (booted, now) = (process.here().booted, process.now());
    if options.has("s") {
        process.line(time::zoned(booted, &zone).strftime("%Y-%m-%d %H:%M:%S"))?;
        return Ok(0);
    }
    let minutes = now.saturating_sub(booted).as_secs() / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let day = match days {
        0 => String::new(),
        1 => "1 day, ".to_owned(),
        days => format!("{days} days, "),
    };
    let up = if hours > 0 {
        format!("{hours:2}:{rest:02}")
    } else {
        format!("{rest} min")
    };
    let clock = time::zoned(now, &zone);
    process.line(format_args!(
        " {} up {day}{up},  0 users,  load average: 0.00, 0.01, 0.05",
        clock.strftime("%H:%M:%S")
    ))?;
    Ok(0)
}

fn which(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let options = Options::parse(process, "", argv)?;
    let mut status = 0;
    for word in &options.words {
        match crate::transport::sim::program::which(process, word) {
            Some(path) => process.line(path)?,
            None => {
                let path = process.environment.get("PATH").cloned().unwrap_or_default();
                status = process.fail(1, format_args!("/usr/bin/which: no {word} in ({path})"))?;
            }
        }
    }
    Ok(status)
}
