//! Stopping, with what is bound to it.

use std::time::Duration;

use super::file::Load;
use super::run::{Job, description, unit};
use super::state::Active;
use crate::transport::sim::process::Process;
use crate::transport::sim::program;
use crate::transport::sim::stream::Halt;

/// What it takes to stop a service.
const STOPPING: Duration = Duration::from_millis(200);

/// Stops `name`, and what is bound to it.
///
/// # Errors
/// [`Halt`]
pub fn stop(process: &Process<'_>, name: &str) -> Result<Job, Halt> {
    stop_with(process, name, true, &mut Vec::new())
}

/// Stops `name`; `stopping` are those that are being stopped already, which may be bound to each other.
pub(super) fn stop_with(
    process: &Process<'_>,
    name: &str,
    manual: bool,
    stopping: &mut Vec<String>,
) -> Result<Job, Halt> {
    stopping.push(name.to_owned());
    let unit = unit(process, name);
    let state = process.here().units.state(name);
    if unit.load == Load::NotFound && state.active == Active::Inactive {
        return Ok(Job::Failed(
            5,
            format!("Failed to stop {name}: Unit {name} not loaded."),
        ));
    }
    if manual && unit.is("Unit", "RefuseManualStop") {
        return Ok(Job::Failed(
            1,
            format!(
                "Failed to stop {name}: Operation refused, unit {name} may be requested by dependency only."
            ),
        ));
    }
    for other in bound_to(process, name) {
        if !stopping.contains(&other) {
            stop_with(process, &other, false, stopping)?;
        }
    }
    if state.active == Active::Inactive {
        return Ok(Job::Done);
    }
    process.spend(STOPPING)?;
    end(process, state.main_pid);
    let mut here = process.here();
    let now = process.now();
    let entry = here.units.states.entry(name.to_owned()).or_default();
    // The master processes end with a status that is no success when they are told to end.
    let badly = name.starts_with("atomic-openshift-master") && state.active == Active::Active;
    entry.active = if badly {
        Active::Failed
    } else {
        Active::Inactive
    };
    entry.result = if badly { "exit-code" } else { "" };
    entry.main_pid = 0;
    entry.again = None;
    entry.deactivated = Some(now);
    let text = format!("Stopped {}.", description(&unit));
    here.units.say(now, name, "systemd", 1, &text);
    Ok(Job::Done)
}

/// Units that run and go down with `name`: what requires it or is part of it.
fn bound_to(process: &Process<'_>, name: &str) -> Vec<String> {
    let running: Vec<String> = {
        let here = process.here();
        let up = here
            .units
            .states
            .iter()
            .filter(|(_, state)| state.active != Active::Inactive);
        up.map(|(name, _)| name.clone()).collect()
    };
    running
        .into_iter()
        .filter(|other| other != name)
        .filter(|other| {
            let unit = unit(process, other);
            ["Requires", "BindsTo", "PartOf"]
                .iter()
                .any(|key| unit.names("Unit", key).iter().any(|one| one == name))
        })
        .collect()
}

/// Ends the process `pid` of the host, and what it served.
pub(super) fn end(process: &Process<'_>, pid: u32) {
    let mut state = process.cluster.state();
    let machine = process.machine;
    if let Some(running) = state.machines[machine].processes.remove(&pid) {
        program::ended(&mut state, machine, &running);
    }
}
