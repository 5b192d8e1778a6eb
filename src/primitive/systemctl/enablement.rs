//! What outlasts a reboot: enabled, disabled, masked.

use super::drop_in;
use super::verbs::{changed, select, state_error, systemctl, unchanged};
use super::{UnitState, describe, names, show};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::quote::quote;
use crate::transport::{Command, Effect};

/// The drop-in that holds a unit which cannot be masked.
const HOLD: &str = "00-ocpdg-held.conf";
pub(super) const HOLD_SUFFIX: &str = ".d/00-ocpdg-held.conf";

/// Makes the host start `units` when it boots.
///
/// # Errors
/// `State` when a unit does not exist, is masked, has no way to be enabled (`static`), or is not
/// enabled afterwards.
pub fn enable(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    let refused: Vec<&UnitState> = before
        .iter()
        .filter(|state| {
            !state.exists()
                || state.load == "masked"
                || matches!(
                    state.enabled.as_str(),
                    "static" | "indirect" | "generated" | "transient"
                )
        })
        .collect();
    if !refused.is_empty() {
        let found: Vec<String> = refused
            .iter()
            .map(|state| match state.enabled.as_str() {
                "" => format!("`{}` {}", state.unit, state.load),
                enabled => format!("`{}` {enabled}", state.unit),
            })
            .collect();
        return Err(Error::state(
            host.name(),
            names(&refused),
            "a unit that can be enabled",
            found.join(", "),
        )
        .with_hint("a masked unit must be unmasked first; a static one is started by others"));
    }
    let wanted = select(&before, |state| state.enabled != "enabled");
    settle(host, units, before.clone(), "enable", wanted, |state| {
        state.enabled == "enabled"
    })
}

/// Keeps the host from starting `units` when it boots. Nothing to do for units that do not exist or
/// are masked.
///
/// # Errors
/// `State` when a unit is still enabled afterwards.
pub fn disable(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    let wanted = select(&before, |state| state.enabled.starts_with("enabled"));
    settle(host, units, before.clone(), "disable", wanted, |state| {
        !state.enabled.starts_with("enabled")
    })
}

/// Keeps `units` from being started at all: by hand, by a dependency, or at boot. One that runs
/// goes on running.
///
/// Where the unit's file lies in `/etc/systemd/system` itself, systemd cannot mask it (the link
/// would have to be put where the file is: OpenShift's node is such a unit). It is then held by a
/// drop-in that refuses a start by hand and skips one by dependency. Both count as
/// [`UnitState::masked`], and [`unmask`] undoes both.
///
/// # Errors
/// `State` when a unit can still be started afterwards.
pub fn mask(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    mask_seen(host, units, before)
}

/// As [`mask`], for `units` that were just seen to be as in `before`.
pub(super) fn mask_seen(
    host: &Host,
    units: &[&str],
    before: Vec<UnitState>,
) -> Result<Change<Vec<UnitState>>> {
    let open: Vec<&UnitState> = before.iter().filter(|state| !state.masked).collect();
    if open.is_empty() {
        return Ok(unchanged(before));
    }
    let (held, plain): (Vec<&UnitState>, Vec<&UnitState>) = open
        .into_iter()
        .partition(|state| state.path.starts_with("/etc/systemd/system/"));
    for state in held {
        let path = format!("{}/{HOLD}", directory(&state.unit));
        let text = format!(
            "# Written by ocpdg: this unit must not be started now. `unmask` removes this file.\n\
             [Unit]\nRefuseManualStart=yes\nConditionPathExists=!{path}\n"
        );
        drop_in::put(host, &state.unit, &path, &text)?;
    }
    let plain: Vec<&str> = plain.iter().map(|state| state.unit.as_str()).collect();
    let output = match plain.as_slice() {
        [] => None,
        plain => Some(systemctl(host, "mask", plain)?),
    };
    let after = show(host, units)?;
    let left: Vec<&UnitState> = after.iter().filter(|state| !state.masked).collect();
    if left.is_empty() {
        return Ok(changed(before, after));
    }
    Err(match output {
        Some(output) => state_error(host, &left, "masked", output),
        None => Error::state(host.name(), names(&left), "masked", describe(&left)),
    })
}

/// Lets `units` be started again; undoes [`mask`] in both its forms.
///
/// # Errors
/// `State` when a unit is still masked afterwards.
pub fn unmask(host: &Host, units: &[&str]) -> Result<Change<Vec<UnitState>>> {
    let before = show(host, units)?;
    let held = before.iter().filter(|state| state.masked).filter(|state| {
        state
            .drop_in_paths
            .iter()
            .any(|path| path.ends_with(HOLD_SUFFIX))
    });
    for state in held {
        let directory = directory(&state.unit);
        host.run(&Command::shell(
            format!(
                "rm -f -- {file} && {{ rmdir -- {directory} 2>/dev/null || :; }} && systemctl daemon-reload",
                file = quote(&format!("{directory}/{HOLD}")),
                directory = quote(&directory),
            ),
            Effect::Changes,
        ))?;
    }
    let masked = select(&before, |state| state.load == "masked");
    let output = match masked.as_slice() {
        [] => None,
        masked => Some(systemctl(host, "unmask", masked)?),
    };
    if before.iter().all(|state| !state.masked) {
        return Ok(unchanged(before));
    }
    let after = show(host, units)?;
    let left: Vec<&UnitState> = after.iter().filter(|state| state.masked).collect();
    if left.is_empty() {
        return Ok(changed(before, after));
    }
    let error = match output {
        Some(output) => state_error(host, &left, "unmasked", output),
        None => Error::state(host.name(), names(&left), "unmasked", "still masked"),
    };
    Err(error.with_hint(format!(
        "see `systemctl cat {}` on `{}` for what masks it",
        left[0].unit,
        host.name()
    )))
}

/// The directory of the drop-ins that the administrator's side keeps for `unit`.
pub(super) fn directory(unit: &str) -> String {
    format!("/etc/systemd/system/{}.d", full_name(unit))
}

/// `etcd` as `etcd.service`; names that say their kind stay.
fn full_name(unit: &str) -> String {
    const KINDS: [&str; 11] = [
        ".service",
        ".socket",
        ".device",
        ".mount",
        ".automount",
        ".swap",
        ".target",
        ".path",
        ".timer",
        ".slice",
        ".scope",
    ];
    if KINDS.iter().any(|kind| unit.ends_with(kind)) {
        unit.to_owned()
    } else {
        format!("{unit}.service")
    }
}

fn settle(
    host: &Host,
    units: &[&str],
    before: Vec<UnitState>,
    verb: &str,
    wanted: Vec<&str>,
    settled: impl Fn(&UnitState) -> bool,
) -> Result<Change<Vec<UnitState>>> {
    if wanted.is_empty() {
        return Ok(unchanged(before));
    }
    let output = systemctl(host, verb, &wanted)?;
    let after = show(host, units)?;
    let left: Vec<&UnitState> = after.iter().filter(|state| !settled(state)).collect();
    if left.is_empty() {
        return Ok(changed(before, after));
    }
    Err(
        state_error(host, &left, &format!("{verb}d"), output).with_hint(format!(
            "see `systemctl status {}` on `{}`",
            left[0].unit,
            host.name()
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_a_service() {
        assert_eq!(directory("etcd"), "/etc/systemd/system/etcd.service.d");
        assert_eq!(full_name("docker.socket"), "docker.socket");
    }
}
