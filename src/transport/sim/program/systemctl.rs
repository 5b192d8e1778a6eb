//! `systemctl`.

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
        "show" => show(process, &asked, &names),
        "is-active" => is_active(process, &asked, &names),
        "is-enabled" => is_enabled(process, &asked, &names),
        "is-failed" => {
            let state = names.first().map(|name| process.here().units.state(name));
            let failed = state.is_some_and(|state| state.active == Active::Failed);
            process.line(if failed { "failed" } else { "active" })?;
            Ok(u8::from(!failed))
        }
        "cat" => cat(process, &names),
        "status" => status(process, &names),
        "list-unit-files" => list(process, &asked),
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

fn show(process: &Process<'_>, asked: &Asked, names: &[String]) -> Ended {
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        for (key, value) in properties(process, name) {
            if asked.properties.is_empty() || asked.properties.iter().any(|one| one == key) {
                if asked.value {
                    text.push_str(&format!("{value}\n"));
                } else {
                    text.push_str(&format!("{key}={value}\n"));
                }
            }
        }
    }
    process.write(text)?;
    Ok(0)
}

/// The properties of a unit, in systemd's order of printing.
fn properties(process: &Process<'_>, name: &str) -> Vec<(&'static str, String)> {
    let mut here = process.here();
    let here = &mut *here;
    let stale = here.units.is_stale(&here.files, name);
    let unit = here.units.get(&here.files, name).clone();
    let state = here.units.state(name);
    let (active, sub) = state.active.words();
    let commands: Vec<String> = unit
        .all("Service", "ExecStart")
        .iter()
        .map(|command| {
            let path = command.split_whitespace().next().unwrap_or_default();
            format!("{{ path={path} ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}")
        })
        .collect();
    let mut all = vec![("Type", unit.kind().to_owned())];
    all.push((
        "Restart",
        unit.get("Service", "Restart").unwrap_or("no").to_owned(),
    ));
    all.push(("MainPID", state.main_pid.to_string()));
    all.push(("NRestarts", state.restarts.to_string()));
    let result = if state.result.is_empty() {
        "success"
    } else {
        state.result
    };
    all.push(("Result", result.to_owned()));
    if !commands.is_empty() {
        all.push(("ExecStart", commands.join(" ")));
    }
    all.push(("Id", name.to_owned()));
    all.push(("Names", name.to_owned()));
    all.push(("Requires", unit.names("Unit", "Requires").join(" ")));
    all.push(("LoadState", unit.load.word().to_owned()));
    all.push(("ActiveState", active.to_owned()));
    all.push(("SubState", sub.to_owned()));
    all.push(("FragmentPath", unit.path.clone()));
    all.push(("DropInPaths", unit.drop_ins.join(" ")));
    all.push((
        "UnitFileState",
        enable::state_of(&here.files, &unit).to_owned(),
    ));
    all.push(("InactiveEnterTimestamp", timestamp(state.deactivated)));
    all.push(("ActiveEnterTimestamp", timestamp(state.activated)));
    all.push((
        "NeedDaemonReload",
        if stale { "yes" } else { "no" }.to_owned(),
    ));
    // Only a service has these.
    if unit.load != Load::Loaded {
        all.retain(|(key, _)| *key != "Type");
    }
    all
}

fn timestamp(time: Option<Duration>) -> String {
    time.map_or_else(String::new, |time| {
        format_time(time, "%a %Y-%m-%d %H:%M:%S UTC")
    })
}

pub(super) fn format_time(time: Duration, format: &str) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or_default();
    jiff::Timestamp::from_second(seconds)
        .map(|time| {
            time.to_zoned(jiff::tz::TimeZone::UTC)
                .strftime(format)
                .to_string()
        })
        .unwrap_or_default()
}

fn is_active(process: &Process<'_>, asked: &Asked, names: &[String]) -> Ended {
    let mut any = false;
    for name in names {
        let (word, up) = {
            let mut here = process.here();
            let here = &mut *here;
            let state = here.units.state(name);
            let unknown = state.active == Active::Inactive
                && here.units.get(&here.files, name).load == Load::NotFound;
            let word = if unknown {
                "unknown"
            } else {
                state.active.words().0
            };
            (word, state.active.is_up())
        };
        any |= up;
        if !asked.quiet {
            process.line(word)?;
        }
    }
    Ok(if any { 0 } else { 3 })
}

fn is_enabled(process: &Process<'_>, asked: &Asked, names: &[String]) -> Ended {
    let mut any = false;
    for name in names {
        let word = {
            let here = process.here();
            enable::state_of(&here.files, &Unit::read(&here.files, name))
        };
        if word.is_empty() {
            process.complain(format!(
                "Failed to get unit file state for {name}: No such file or directory\n"
            ))?;
            continue;
        }
        any |= matches!(word, "enabled" | "static");
        if !asked.quiet {
            process.line(word)?;
        }
    }
    Ok(u8::from(!any))
}

fn cat(process: &Process<'_>, names: &[String]) -> Ended {
    let mut text = String::new();
    for name in names {
        let here = process.here();
        let unit = Unit::read(&here.files, name);
        if unit.load == Load::NotFound {
            drop(here);
            return process.fail(1, format_args!("No files found for {name}."));
        }
        for path in std::iter::once(&unit.path).chain(&unit.drop_ins) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&format!(
                "# {path}\n{}",
                here.files.text(path).unwrap_or_default()
            ));
        }
    }
    process.write(text)?;
    Ok(0)
}

fn status(process: &Process<'_>, names: &[String]) -> Ended {
    let mut text = String::new();
    let mut all_up = true;
    for name in names {
        let (unit, state, enabled) = {
            let mut here = process.here();
            let here = &mut *here;
            let unit = here.units.get(&here.files, name).clone();
            let enabled = enable::state_of(&here.files, &unit);
            (unit, here.units.state(name), enabled)
        };
        if unit.load == Load::NotFound {
            return process.fail(4, format_args!("Unit {name} could not be found."));
        }
        all_up &= state.active.is_up();
        let (active, sub) = state.active.words();
        text.push_str(&format!(
            "● {name} - {}\n   Loaded: {} ({}; {enabled}; vendor preset: disabled)\n   Active: {active} ({sub})\n",
            unit.get("Unit", "Description").unwrap_or(name),
            unit.load.word(),
            unit.path,
        ));
        if state.main_pid > 0 {
            text.push_str(&format!(" Main PID: {}\n", state.main_pid));
        }
    }
    process.write(text)?;
    Ok(if all_up { 0 } else { 3 })
}

fn list(process: &Process<'_>, asked: &Asked) -> Ended {
    let mut text = String::new();
    if !asked.no_legend {
        text.push_str("UNIT FILE                                     STATE\n");
    }
    {
        let here = process.here();
        for name in enable::unit_files(&here.files) {
            let state = enable::state_of(&here.files, &Unit::read(&here.files, &name));
            text.push_str(&format!("{name:<45} {state}\n"));
        }
    }
    process.write(text)?;
    Ok(0)
}
