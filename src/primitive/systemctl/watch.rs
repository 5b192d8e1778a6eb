//! Telling a service that runs from one that systemd keeps restarting.

use std::time::Duration;

use super::{UnitState, describe, show, with_journal};
use crate::error::{Error, Result};
use crate::primitive::Host;

/// How long it waits before it asks again, while one main process has to last for `for_secs`. A restart in
/// between shows in the main process and in the time since when the unit is active, so units that run are
/// asked again when the time is over; earlier once they were seen to restart.
fn pause(states: &[UnitState], for_secs: u64, restarts: u64) -> Duration {
    let share = match states.iter().all(UnitState::is_up) {
        true if restarts == 0 => 1,
        true => 3,
        false => 10,
    };
    Duration::from_secs((for_secs / share).clamp(1, 50 / share))
}

/// Waits until each of `units` has been active with one and the same main process for `for_secs`
/// seconds on end, and returns their states.
///
/// OpenShift's units say `Restart=always`: one that dies every few seconds is `active` most of the
/// time. Asks at the beginning and the end of `for_secs`, three times in it once one has restarted, ten times
/// while one is down; `timeout_secs` counts from the call.
///
/// # Errors
/// `State` with the end of the journal after `timeout_secs`, or at once for a unit that does not
/// exist; `Stopped` on Ctrl-C.
pub fn wait_stable(
    host: &Host,
    units: &[&str],
    for_secs: u64,
    timeout_secs: u64,
) -> Result<Vec<UnitState>> {
    let clock = host.clock();
    let started = clock.reading();
    let mut steady_since = started;
    let mut last = show(host, units)?;
    let mut restarts = 0_u64;
    loop {
        let missing: Vec<&UnitState> = last.iter().filter(|state| !state.exists()).collect();
        if !missing.is_empty() {
            return Err(Error::state(
                host.name(),
                super::names(&missing),
                "a running service",
                "no unit of that name",
            ));
        }
        if last.iter().any(|state| !state.is_up()) {
            steady_since = clock.reading();
        }
        if clock.since(steady_since) >= Duration::from_secs(for_secs)
            && last.iter().all(UnitState::is_up)
        {
            return Ok(last);
        }
        if clock.since(started) >= Duration::from_secs(timeout_secs) {
            return Err(unsteady(host, &last, for_secs, timeout_secs, restarts));
        }
        host.pause(pause(&last, for_secs, restarts))?;
        let now = show(host, units)?;
        let another = last
            .iter()
            .zip(&now)
            .filter(|(last, now)| run_of(last) != run_of(now))
            .count();
        if another > 0 {
            restarts += another as u64;
            steady_since = clock.reading();
        }
        last = now;
    }
}

/// What is another one after a restart.
fn run_of(state: &UnitState) -> (i64, Option<i64>, Option<i64>) {
    (state.main_pid, state.restarts, state.since)
}

fn unsteady(
    host: &Host,
    states: &[UnitState],
    for_secs: u64,
    timeout_secs: u64,
    restarts: u64,
) -> Error {
    let down: Vec<&UnitState> = states.iter().filter(|state| !state.is_up()).collect();
    let all: Vec<&UnitState> = states.iter().collect();
    let shown = if down.is_empty() { &all } else { &down };
    let found = format!(
        "{}, {restarts} changes of main process within {timeout_secs} s",
        describe(shown)
    );
    let error = Error::state(
        host.name(),
        format!("services {}", super::names(&all)),
        format!("active without a restart for {for_secs} s"),
        found,
    )
    .with_hint(format!(
        "see `journalctl -u {} --no-pager -n 200` on `{}`",
        shown.first().map_or("UNIT", |state| state.unit.as_str()),
        host.name()
    ));
    let units: Vec<&str> = shown.iter().map(|state| state.unit.as_str()).collect();
    with_journal(host, error, &units)
}
