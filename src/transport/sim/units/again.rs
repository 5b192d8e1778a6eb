//! Services that fail or are not ready in time, and are started again by themselves.

use std::sync::Arc;
use std::time::Duration;

use super::file::Unit;
use super::run::{Begun, Job, begin, description, start, unit};
use super::state::Active;
use super::stop::end;
use crate::transport::clock::Clock;
use crate::transport::sim::process::Process;
use crate::transport::sim::stream::Halt;

/// How long a service may take to be ready, unless its file says otherwise.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(90);

/// Starts `name` on the other hosts where it is about to be started again; those that wait then.
pub(super) fn begin_waiting<'a>(
    process: &Process<'a>,
    name: &str,
) -> Result<Vec<(Process<'a>, Arc<Unit>, u32)>, Halt> {
    let machines: Vec<usize> = {
        let state = process.cluster.state();
        let all = state.machines.iter().enumerate();
        all.filter(|(at, machine)| *at != process.machine && machine.up)
            .filter(|(_, machine)| machine.units.state(name).again.is_some())
            .map(|(at, _)| at)
            .collect()
    };
    let mut waiting = Vec::new();
    for machine in machines {
        let there = Process {
            machine,
            user: "root".into(),
            deadline: None,
            ..process.clone()
        };
        let unit = unit(&there, name);
        if let Some(state) = there.here().units.states.get_mut(name) {
            state.restarts += 1;
            state.again = None;
        }
        if let Begun::Waits(pid) = begin(&there, &unit)? {
            waiting.push((there, unit, pid));
        }
    }
    Ok(waiting)
}

/// The job of a service that runs and does not become ready: it is ended when its time is over.
pub(super) fn overdue(process: &Process<'_>, unit: &Unit, pid: u32) -> Result<Job, Halt> {
    process.spend(READY_WITHIN)?;
    timed_out(process, unit, pid)
}

/// Ends what did not become ready in its time.
pub(super) fn timed_out(process: &Process<'_>, unit: &Unit, pid: u32) -> Result<Job, Halt> {
    end(process, pid);
    let job = failed(
        process,
        unit,
        pid,
        "timeout",
        "start operation timed out. Terminating.",
        true,
    )?;
    Ok(match job {
        Job::Failed(status, _) => Job::Failed(
            status,
            format!(
                "Job for {name} failed because a timeout was exceeded. See \"systemctl status {name}\" and \"journalctl -xe\" for details.",
                name = unit.name
            ),
        ),
        Job::Done => Job::Done,
    })
}

/// Puts a failure on record, and sets the time of the next try if the unit asks for one.
pub(super) fn failed(
    process: &Process<'_>,
    unit: &Unit,
    pid: u32,
    result: &'static str,
    text: &str,
    may_restart: bool,
) -> Result<Job, Halt> {
    let name = &unit.name;
    let mut here = process.here();
    let now = process.now();
    let restart = unit.get("Service", "Restart").unwrap_or("no");
    let again = may_restart
        && match restart {
            "always" | "on-failure" => true,
            "on-abnormal" => result == "timeout",
            _ => false,
        };
    here.units
        .say(now, name, "systemd", 1, &format!("{name}: {text}"));
    here.units.say(
        now,
        name,
        "systemd",
        1,
        &format!("Failed to start {}.", description(unit)),
    );
    here.units.say(
        now,
        name,
        "systemd",
        1,
        &format!("Unit {name} entered failed state."),
    );
    let wait = seconds(unit.get("Service", "RestartSec").unwrap_or("100ms"));
    let state = here.units.states.entry(name.clone()).or_default();
    state.active = if again {
        Active::AutoRestart
    } else {
        Active::Failed
    };
    state.again = again.then(|| now + wait);
    state.main_pid = 0;
    state.result = result;
    state.deactivated = Some(now);
    here.processes.remove(&pid);
    drop(here);
    if again {
        process.cluster.state().restarting.insert(process.machine);
    }
    Ok(Job::Failed(
        1,
        format!(
            "Job for {name} failed because the control process exited with error code. See \"systemctl status {name}\" and \"journalctl -xe\" for details."
        ),
    ))
}

/// A time span of systemd, of the forms that units use.
pub(super) fn seconds(text: &str) -> Duration {
    let text = text.trim();
    let number = |text: &str| text.trim().parse::<f64>().unwrap_or(0.1);
    if let Some(text) = text.strip_suffix("ms") {
        Duration::from_secs_f64(number(text) / 1000.0)
    } else if let Some(text) = text.strip_suffix("min") {
        Duration::from_secs_f64(number(text) * 60.0)
    } else {
        Duration::from_secs_f64(number(text.trim_end_matches('s')))
    }
}

/// Starts what is due to be started again by itself, on every host, in the order of time.
///
/// # Errors
/// [`Halt`] when a service needs what the simulation does not model.
pub fn settle(process: &Process<'_>) -> Result<(), Halt> {
    /// So often a service may fail between two looks: more would tell nothing new.
    const TRIES: u32 = 3;
    for _ in 0..TRIES {
        let now = process.now();
        let due: Vec<(usize, String)> = {
            let mut state = process.cluster.state();
            let state = &mut *state;
            let mut due: Vec<(Duration, usize, String)> = Vec::new();
            state.restarting.retain(|at| {
                let machine = &state.machines[*at];
                let units = machine.units.states.iter();
                let mut waiting = units
                    .filter_map(|(name, unit)| Some((unit.again?, *at, name)))
                    .peekable();
                let waits = waiting.peek().is_some();
                if machine.up {
                    due.extend(
                        waiting
                            .filter(|(again, ..)| *again <= now)
                            .map(|(again, at, name)| (again, at, name.clone())),
                    );
                }
                waits
            });
            due.sort();
            due.into_iter().map(|(_, at, name)| (at, name)).collect()
        };
        if due.is_empty() {
            return Ok(());
        }
        for (machine, name) in due {
            let there = Process {
                machine,
                user: "root".into(),
                deadline: None,
                ..process.clone()
            };
            {
                let mut here = there.here();
                let state = here.units.states.entry(name.clone()).or_default();
                state.restarts += 1;
                state.again = None;
            }
            // It takes the service's time, not that of whoever looks at it.
            let reading = process.cluster.clock.reading();
            start(&there, &name, false)?;
            process.cluster.clock.set(reading);
        }
    }
    Ok(())
}
