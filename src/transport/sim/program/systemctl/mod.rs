//! `systemctl`: what it is asked for, and the verbs that change something.

mod look;

use std::time::Duration;

use super::super::files::{Actor, Errno, Files};
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::super::units::{self, Active, Job, Load, Unit, enable, full_name};
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[("systemctl", systemctl)];

#[derive(Default)]
struct Asked {
    verb: String,
    units: Vec<String>,
    properties: Vec<String>,
    now: bool,
    quiet: bool,
    no_legend: bool,
    no_reload: bool,
    value: bool,
}

fn systemctl(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut asked = Asked::default();
    let mut words = argv[1..].iter();
    let mut only_names = false;
    while let Some(word) = words.next() {
        if only_names || !word.starts_with('-') {
            if asked.verb.is_empty() {
                asked.verb.clone_from(word);
            } else {
                asked.units.push(word.clone());
            }
            continue;
        }
        match word.as_str() {
            "--" => only_names = true,
            "-p" | "--property" => asked.add_properties(words.next().map_or("", String::as_str)),
            "--now" => asked.now = true,
            "-q" | "--quiet" => asked.quiet = true,
            "--no-legend" => asked.no_legend = true,
            "--no-reload" => asked.no_reload = true,
            "--value" => asked.value = true,
            "--no-pager" | "-l" | "--full" | "-a" | "--all" | "--no-ask-password" => {}
            _ => match word.split_once('=') {
                Some(("--property", value)) => asked.add_properties(value),
                Some(("--type", "service")) => {}
                _ => match word.strip_prefix("-p") {
                    Some(value) if !value.is_empty() => asked.add_properties(value),
                    _ => return process.unmodelled(format_args!("systemctl {word}")),
                },
            },
        }
    }
    units::settle(process)?;
    let names: Vec<String> = asked.units.iter().map(|name| full_name(name)).collect();
    match asked.verb.as_str() {
        "show" => look::show(process, &asked, &names),
        "is-active" => look::is_active(process, &asked, &names),
        "is-enabled" => look::is_enabled(process, &asked, &names),
        "is-failed" => {
            let state = names.first().map(|name| process.here().units.state(name));
            let failed = state.is_some_and(|state| state.active == Active::Failed);
            process.line(if failed { "failed" } else { "active" })?;
            Ok(u8::from(!failed))
        }
        "cat" => look::cat(process, &names),
        "status" => look::status(process, &names),
        "list-unit-files" => look::list(process, &asked),
        _ => change(process, &asked, &names),
    }
}

impl Asked {
    fn add_properties(&mut self, text: &str) {
        self.properties.extend(text.split(',').map(str::to_owned));
    }
}

/// The verbs that change something.
fn change(process: &mut Process<'_>, asked: &Asked, names: &[String]) -> Ended {
    if !process.is_root() {
        return process.fail(
            1,
            format_args!("Failed to {} unit: Access denied", asked.verb),
        );
    }
    match asked.verb.as_str() {
        "daemon-reload" => {
            process.here().units.reload();
            process.spend(Duration::from_millis(100))?;
            Ok(0)
        }
        "reset-failed" => {
            let mut here = process.here();
            for (name, state) in &mut here.units.states {
                let meant = names.is_empty() || names.contains(name);
                if meant && state.active == Active::Failed {
                    state.active = Active::Inactive;
                    state.result = "";
                    state.restarts = 0;
                }
            }
            Ok(0)
        }
        "start" | "stop" | "restart" | "try-restart" | "reload" | "reload-or-restart" => {
            jobs(process, &asked.verb, names)
        }
        "enable" | "disable" | "mask" | "unmask" | "preset" => links(process, asked, names),
        other => process.unmodelled(format_args!("systemctl {other}")),
    }
}

fn jobs(process: &mut Process<'_>, verb: &str, names: &[String]) -> Ended {
    if names.is_empty() {
        return process.fail(1, "Too few arguments.");
    }
    let mut worst = 0;
    for name in names {
        let was_up = process.here().units.state(name).active != Active::Inactive;
        let mut result = Job::Done;
        if matches!(verb, "stop" | "restart" | "reload-or-restart")
            || verb == "try-restart" && was_up
        {
            result = units::stop(process, name)?;
            if verb != "stop" {
                result = Job::Done;
            }
        }
        if matches!(verb, "start" | "restart" | "reload-or-restart")
            || verb == "try-restart" && was_up
        {
            result = units::start(process, name, true)?;
            if let (Job::Done, "restart") = (&result, verb) {
                restart_parts(process, name)?;
            }
        }
        if let Job::Failed(status, text) = result {
            process.complain(format!("{text}\n"))?;
            worst = worst.max(status);
        }
    }
    Ok(worst)
}

/// What went down with `name` because it requires it comes back with it.
fn restart_parts(process: &Process<'_>, name: &str) -> Result<(), Halt> {
    let parts: Vec<String> = {
        let mut here = process.here();
        let here = &mut *here;
        let known: Vec<String> = here.units.states.keys().cloned().collect();
        known
            .into_iter()
            .filter(|other| {
                let unit = here.units.get(&here.files, other).clone();
                unit.names("Unit", "PartOf").iter().any(|one| one == name)
                    && here.units.state(other).deactivated.is_some()
            })
            .collect()
    };
    for part in parts {
        units::start(process, &part, false)?;
    }
    Ok(())
}

fn links(process: &mut Process<'_>, asked: &Asked, names: &[String]) -> Ended {
    let by = process.actor();
    let mut worst = 0;
    for name in names {
        let unit = Unit::read(&process.here().files, name);
        let missing = unit.load == Load::NotFound;
        if missing && asked.verb != "unmask" {
            if asked.verb == "preset" || asked.verb == "disable" {
                continue;
            }
            process.complain("Failed to execute operation: No such file or directory\n")?;
            worst = 1;
            continue;
        }
        if unit.load == Load::Masked && asked.verb == "enable" {
            process.complain(
                "Failed to execute operation: Cannot send after transport endpoint shutdown\n",
            )?;
            worst = 1;
            continue;
        }
        let done = apply(&mut process.here().files, &asked.verb, &unit, &by);
        match done {
            Ok(lines) => {
                for line in lines.iter().filter(|_| !asked.quiet) {
                    process.complain(format!("{line}\n"))?;
                }
            }
            Err(errno) => {
                process.complain(format!("Failed to execute operation: {errno}\n"))?;
                worst = 1;
            }
        }
    }
    if !asked.no_reload {
        process.here().units.reload();
    }
    if asked.now {
        let verb = if asked.verb == "enable" {
            "start"
        } else {
            "stop"
        };
        return jobs(process, verb, names).map(|status| worst.max(status));
    }
    Ok(worst)
}

fn apply(files: &mut Files, verb: &str, unit: &Unit, by: &Actor) -> Result<Vec<String>, Errno> {
    match verb {
        "enable" => enable::enable(files, unit, by),
        // Red Hat's presets leave these services off.
        "disable" | "preset" => enable::disable(files, unit, by),
        "mask" => enable::mask(files, unit, by),
        _ => enable::unmask(files, unit, by),
    }
}
