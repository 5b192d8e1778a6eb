//! The verbs that only look.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::Asked;
use crate::transport::sim::files::Files;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::time::utc;
use crate::transport::sim::units::{Active, Load, Places, State, Unit, enable};

/// The properties of a unit, in systemd's order of printing.
const PROPERTIES: [&str; 18] = [
    "Type",
    "Restart",
    "MainPID",
    "NRestarts",
    "Result",
    "ExecStart",
    "Id",
    "Names",
    "Requires",
    "LoadState",
    "ActiveState",
    "SubState",
    "FragmentPath",
    "DropInPaths",
    "UnitFileState",
    "InactiveEnterTimestamp",
    "ActiveEnterTimestamp",
    "NeedDaemonReload",
];

pub(super) fn show(process: &Process<'_>, asked: &Asked, names: &[String]) -> Ended {
    let is_asked = |key: &&str| {
        asked.properties.is_empty() || asked.properties.iter().any(|asked| asked == key)
    };
    let keys: Vec<&str> = PROPERTIES.into_iter().filter(is_asked).collect();
    let mut text = String::new();
    {
        let mut here = process.here();
        let here = &mut *here;
        let places = Places::of(&here.files);
        for (at, name) in names.iter().enumerate() {
            if at > 0 {
                text.push('\n');
            }
            let is_stale = here.units.is_stale(&places, name);
            let shown = Shown {
                unit: Arc::clone(here.units.get(&here.files, name)),
                state: here.units.state(name),
                is_stale,
            };
            for key in &keys {
                let Some(value) = shown.property(key, &here.files) else {
                    continue;
                };
                if !asked.value {
                    text.push_str(key);
                    text.push('=');
                }
                text.push_str(&value);
                text.push('\n');
            }
        }
    }
    process.write(text)?;
    Ok(0)
}

/// A unit whose properties are shown.
struct Shown {
    unit: Arc<Unit>,
    state: State,
    is_stale: bool,
}

impl Shown {
    /// The value of the property `key`; nothing where the unit has none such.
    fn property(&self, key: &str, files: &Files) -> Option<Cow<'_, str>> {
        let Self { unit, state, .. } = self;
        let (active, sub) = state.active.words();
        Some(match key {
            // Only a service has one.
            "Type" if unit.load != Load::Loaded => return None,
            "Type" => unit.kind().into(),
            "Restart" => unit.get("Service", "Restart").unwrap_or("no").into(),
            "MainPID" => state.main_pid.to_string().into(),
            "NRestarts" => state.restarts.to_string().into(),
            "Result" if state.result.is_empty() => "success".into(),
            "Result" => state.result.into(),
            "ExecStart" if !unit.has_command() => return None,
            "ExecStart" => {
                let commands = unit.all("Service", "ExecStart").iter();
                let commands: Vec<String> = commands.map(|one| executed(one)).collect();
                commands.join(" ").into()
            }
            "Id" | "Names" => unit.name.as_str().into(),
            "Requires" => unit.names("Unit", "Requires").join(" ").into(),
            "LoadState" => unit.load.word().into(),
            "ActiveState" => active.into(),
            "SubState" => sub.into(),
            "FragmentPath" => unit.path.as_str().into(),
            "DropInPaths" => unit.drop_ins.join(" ").into(),
            "UnitFileState" => enable::state_of(files, unit).into(),
            "InactiveEnterTimestamp" => timestamp(state.deactivated).into(),
            "ActiveEnterTimestamp" => timestamp(state.activated).into(),
            "NeedDaemonReload" => if self.is_stale { "yes" } else { "no" }.into(),
            _ => return None,
        })
    }
}

/// A command to start a unit, as it is shown.
fn executed(command: &str) -> String {
    let path = command.split_whitespace().next().unwrap_or_default();
    format!(
        "{{ path={path} ; argv[]={command} ; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }}"
    )
}

fn timestamp(time: Option<Duration>) -> String {
    time.map_or_else(String::new, |time| utc(time, "%a %Y-%m-%d %H:%M:%S UTC"))
}

pub(super) fn is_active(process: &Process<'_>, asked: &Asked, names: &[String]) -> Ended {
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

pub(super) fn is_enabled(process: &Process<'_>, asked: &Asked, names: &[String]) -> Ended {
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

pub(super) fn cat(process: &Process<'_>, names: &[String]) -> Ended {
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

pub(super) fn status(process: &Process<'_>, names: &[String]) -> Ended {
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

pub(super) fn list(process: &Process<'_>, asked: &Asked) -> Ended {
    let mut text = String::new();
    if !asked.no_legend {
        text.push_str("UNIT FILE                                     STATE\n");
    }
    {
        let here = process.here();
        let places = Places::of(&here.files);
        for name in enable::unit_files(&here.files) {
            let state = enable::state_of(&here.files, &Unit::in_places(&places, &name));
            text.push_str(&format!("{name:<45} {state}\n"));
        }
    }
    process.write(text)?;
    Ok(0)
}
