//! Starting and stopping.

use std::time::Duration;

use super::enablement::{enable, mask_seen};
use super::{UnitState, describe, names, show, with_journal};
use crate::error::{Error, Kind, Result};
use crate::primitive::{Change, Host};
use crate::transport::{Command, Failure, Output};

/// Longer than the 3 minutes etcd may take, and than systemd's own limit of 90 s to stop.
const LIMIT: Duration = Duration::from_secs(300);

/// Stops `units` in one transaction; done when each is `inactive` or `failed`.
///
/// A unit that does not exist is stopped already. One that systemd keeps restarting is stopped too.
///
/// # Errors
/// `State` with the end of the journal when a unit does not come to rest within 300 s.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Shutting Down the Cluster.
pub fn stop(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    let running = select(&before, |state| !state.is_stopped());
    if running.is_empty() {
        return Ok(unchanged(before));
    }
    let output = systemctl(host, "stop", &running)?;
    let after = show(host, units)?;
    let left: Vec<&UnitState> = after.iter().filter(|state| !state.is_stopped()).collect();
    if left.is_empty() {
        return Ok(changed(before, after));
    }
    let error = state_error(host, &left, "stopped", output).with_hint(format!(
        "see `systemctl status {unit}` on `{host}`; as a last resort `systemctl kill -s KILL {unit}`",
        unit = left[0].unit,
        host = host.name(),
    ));
    Err(with_journal(host, error, &units_of(&left)))
}

/// Stops `units` as [`stop`] does, and keeps them from coming back as [`mask`](super::mask) does.
///
/// # Errors
/// As those two.
pub fn halt(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let stopped = stop(host, units)?;
    let masked = mask_seen(host, units, stopped.after)?;
    // A host that went down between the two has started them once more.
    let after = match masked.after.iter().any(UnitState::is_up) {
        true => stop(host, units)?.after,
        false => masked.after,
    };
    Ok(Change {
        changed: stopped.changed || masked.changed,
        before: stopped.before,
        after,
    })
}

/// Starts `units` in one transaction; done when each is `active`.
///
/// A unit that failed before gets a clean slate (`reset-failed`), or systemd might refuse it for
/// having been started too often. `active` is a moment's state: see [`super::wait_stable`].
///
/// # Errors
/// `State` when a unit does not exist, is masked, or is not active afterwards, the latter with the
/// end of its journal.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Bringing OpenShift Container Platform Services
/// Back Online.
pub fn start(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    start_seen(host, units, before)
}

/// Makes the host start `units` when it boots, and starts them now, as [`enable`] and
/// [`start`] do.
///
/// # Errors
/// As those two.
pub fn enable_now(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let enabled = enable(host, units)?;
    let started = start_seen(host, units, enabled.after)?;
    Ok(Change {
        changed: enabled.changed || started.changed,
        before: enabled.before,
        after: started.after,
    })
}

/// As [`start`], for `units` that were just seen to be as in `before`.
fn start_seen(
    host: &Host,
    units: &[&str],
    before: Vec<UnitState>,
) -> Result<Change<Vec<UnitState>>> {
    startable(host, &before)?;
    let down = select(&before, |state| !state.is_up());
    if down.is_empty() {
        return Ok(unchanged(before));
    }
    reset_failed(host, &before)?;
    let output = systemctl(host, "start", &down)?;
    let after = show(host, units)?;
    up(host, output, &after)?;
    Ok(changed(before, after))
}

/// Restarts `units` in one transaction, running or not; done when each is `active` again.
///
/// This one always acts: what it is for cannot be seen from outside.
///
/// # Errors
/// As [`start`].
pub fn restart(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    startable(host, &before)?;
    if units.is_empty() {
        return Ok(unchanged(before));
    }
    reset_failed(host, &before)?;
    let output = systemctl(host, "restart", units)?;
    let after = show(host, units)?;
    up(host, output, &after)?;
    for (before, after) in before.iter().zip(&after) {
        if before.main_pid != 0 && before.main_pid == after.main_pid {
            let error = Error::state(
                host.name(),
                format!("`{}`", after.unit),
                "a new main process",
                format!("process {} as before", after.main_pid),
            );
            return Err(with_journal(host, error, &[&after.unit]));
        }
    }
    Ok(changed(before, after))
}

fn startable(host: &Host, states: &[UnitState]) -> Result<()> {
    let missing: Vec<&UnitState> = states.iter().filter(|state| !state.exists()).collect();
    if !missing.is_empty() {
        return Err(
            Error::state(host.name(), names(&missing), "a unit to start", "none of that name")
                .with_hint(format!(
                    "see `systemctl list-unit-files` on `{}`; the package that brings the unit may be missing",
                    host.name()
                )),
        );
    }
    let masked: Vec<&UnitState> = states.iter().filter(|state| state.masked).collect();
    if !masked.is_empty() {
        return Err(Error::state(
            host.name(),
            names(&masked),
            "a unit that may be started",
            "it is masked",
        )
        .with_hint(format!(
            "unmask first: `host.systemctl.unmask([\"{}\"])` in the script",
            masked[0].unit
        )));
    }
    Ok(())
}

/// Checks that everything is up after a start that gave `output`.
fn up(
    host: &Host,
    output: std::result::Result<Output, Failure>,
    after: &[UnitState],
) -> Result<()> {
    // A oneshot service without RemainAfterExit is inactive again once it has done its work.
    let accepted = matches!(&output, Ok(output) if output.exit.success());
    let down: Vec<&UnitState> = after
        .iter()
        .filter(|state| {
            let done = accepted && state.service_type == "oneshot" && state.active == "inactive";
            !state.is_up() && !done
        })
        .collect();
    if down.is_empty() {
        return Ok(());
    }
    let error = state_error(host, &down, "active", output).with_hint(format!(
        "see `journalctl -u {unit} --no-pager -n 200` on `{host}`, repair it, then resume",
        unit = down[0].unit,
        host = host.name(),
    ));
    Err(with_journal(host, error, &units_of(&down)))
}

fn reset_failed(host: &Host, states: &[UnitState]) -> Result<()> {
    let failed = select(states, |state| state.active == "failed");
    if !failed.is_empty() {
        let argv = ["systemctl", "reset-failed", "--"]
            .into_iter()
            .chain(failed);
        host.run(&Command::changes(argv))?;
    }
    Ok(())
}

/// Runs `systemctl VERB`; a command that had to be given up is an outcome here, because the state
/// decides. All other failures of the transport are errors.
pub(super) fn systemctl(
    host: &Host,
    verb: &str,
    units: &[&str],
) -> Result<std::result::Result<Output, Failure>> {
    let mut argv = vec!["systemctl", verb, "--"];
    argv.extend(units);
    match host.output(&Command::changes(argv).env("LC_ALL", "C").timeout(LIMIT)) {
        Ok(output) => Ok(Ok(output)),
        Err(error) => match *error.kind {
            Kind::Transport {
                failure: failure @ Failure::TimedOut { .. },
            } => Ok(Err(failure)),
            _ => Err(error),
        },
    }
}

/// What is wrong with `states`, with what systemctl itself said.
pub(super) fn state_error(
    host: &Host,
    states: &[&UnitState],
    wanted: &str,
    output: std::result::Result<Output, Failure>,
) -> Error {
    let said = match output {
        Ok(output) => output.error_text().lines().next().unwrap_or("").to_owned(),
        Err(_) => format!("systemctl did not return within {} s", LIMIT.as_secs()),
    };
    let mut found = describe(states);
    if !said.is_empty() {
        found = format!("{found}; {}", said.escape_debug());
    }
    let subject = if states.len() == 1 {
        format!("service {}", names(states))
    } else {
        format!("services {}", names(states))
    };
    Error::state(host.name(), subject, wanted, found)
}

pub(super) fn select(states: &[UnitState], keep: impl Fn(&UnitState) -> bool) -> Vec<&str> {
    states
        .iter()
        .filter(|state| keep(state))
        .map(|state| state.unit.as_str())
        .collect()
}

fn units_of<'a>(states: &[&'a UnitState]) -> Vec<&'a str> {
    states.iter().map(|state| state.unit.as_str()).collect()
}

pub(super) fn unchanged(states: Vec<UnitState>) -> Change<Vec<UnitState>> {
    Change {
        changed: false,
        before: states.clone(),
        after: states,
    }
}

pub(super) fn changed(before: Vec<UnitState>, after: Vec<UnitState>) -> Change<Vec<UnitState>> {
    Change {
        changed: true,
        before,
        after,
    }
}
