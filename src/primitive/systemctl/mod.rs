//! Services: what systemd says about them, and bringing them into a wanted state.
//!
//! Everything is decided by `systemctl show`, whose answer has the same form whether a unit runs,
//! failed, is masked or does not exist. The verbs are in [`verbs`], what outlasts them (enabled,
//! masked) in [`enablement`], drop-ins in [`drop_in`].

pub mod drop_in;
pub mod enablement;
pub mod verbs;
mod watch;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::primitive::{Host, tail};
use crate::transport::Command;

pub use drop_in::{DropIn, drop_ins, remove_drop_in, write_drop_in};
pub use enablement::{disable, enable, mask, unmask};
pub use verbs::{enable_now, halt, restart, start, stop};
pub use watch::wait_stable;

/// One unit, in systemd's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitState {
    /// The name as asked for.
    pub unit: String,
    /// `loaded`, `not-found`, `masked`, `error`.
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`.
    pub active: String,
    /// The finer state, such as `running`, `exited`, `dead`, `auto-restart`.
    pub sub: String,
    /// `enabled`, `disabled`, `static`, `masked`...; empty where there is no unit file.
    pub enabled: String,
    /// Whether it is kept from being started: masked, or held as [`mask`] tells.
    pub masked: bool,
    /// The service's type, such as `notify` or `oneshot`; empty for other kinds of unit.
    pub service_type: String,
    /// The process id of the main process; 0 if none runs.
    pub main_pid: i64,
    /// How often systemd restarted it by itself; unknown to RHEL 7's systemd 219.
    pub restarts: Option<i64>,
    /// How its last run ended: `success`, `exit-code`, `timeout`, `start-limit`...
    pub result: String,
    /// Since when it is active, or inactive: seconds since 1970.
    pub since: Option<i64>,
    /// The unit file.
    pub path: String,
    /// The drop-ins that systemd has read for it.
    pub drop_in_paths: Vec<String>,
    /// Whether its files changed since systemd read them.
    pub needs_reload: bool,
}

impl UnitState {
    /// Whether systemd knows the unit at all.
    pub fn exists(&self) -> bool {
        self.load != "not-found"
    }

    /// Whether it has come to rest without running: `failed` is a normal end of a stopped service.
    pub fn is_stopped(&self) -> bool {
        matches!(self.active.as_str(), "inactive" | "failed" | "unknown")
    }

    fn is_up(&self) -> bool {
        self.active == "active"
    }
}

const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,UnitFileState,Type,MainPID,NRestarts,Result,\
                          ActiveEnterTimestamp,InactiveEnterTimestamp,FragmentPath,DropInPaths,NeedDaemonReload";

/// The states of `units`, in the order asked for; one round trip.
///
/// A unit that does not exist is a state too: `load` is `not-found`.
///
/// # Errors
/// `Invalid` for what cannot be a unit's name; `Command` when systemd does not answer.
pub fn show(host: &Host, units: &[&str]) -> Result<Vec<UnitState>> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    check_names(units)?;
    let mut argv = vec!["systemctl", "show", "-p", PROPERTIES, "--"];
    argv.extend(units);
    // systemctl formats times itself: in UTC they can be read back without the host's zone.
    let command = Command::reads(argv).env("LC_ALL", "C").env("TZ", "UTC");
    let output = host.run(&command)?;
    parse_show(units, &output.text())
        .ok_or_else(|| host.failed(&command, &output).with_hint(format!(
            "`systemctl show` did not answer for each of the {} units; see `systemctl status` on `{}`",
            units.len(),
            host.name()
        )))
}

/// Refuses what systemd would read as an option or a pattern.
pub(crate) fn check_names(units: &[&str]) -> Result<()> {
    for unit in units {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.@\\-".contains(&byte);
        if unit.is_empty() || unit.starts_with('-') || !unit.bytes().all(plain) {
            return Err(Error::invalid(
                format!("unit `{}`", unit.escape_debug()),
                "a unit's name has letters, digits and `:-_.@\\` only",
            ));
        }
    }
    Ok(())
}

fn parse_show(units: &[&str], text: &str) -> Option<Vec<UnitState>> {
    let blocks: Vec<&str> = text
        .split("\n\n")
        .map(|block| block.trim_matches('\n'))
        .filter(|block| !block.is_empty())
        .collect();
    if blocks.len() != units.len() {
        return None;
    }
    units
        .iter()
        .zip(blocks)
        .map(|(unit, block)| parse_block(unit, block))
        .collect()
}

fn parse_block(unit: &str, block: &str) -> Option<UnitState> {
    let fields: Vec<(&str, &str)> = block
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect();
    let value = |name: &str| {
        let mut named = fields.iter().filter(|(key, _)| *key == name);
        named.next().map(|(_, value)| value.trim().to_owned())
    };
    let text = |name: &str| value(name).unwrap_or_default();
    let (load, active) = (value("LoadState")?, value("ActiveState")?);
    let entered = if active == "active" {
        text("ActiveEnterTimestamp")
    } else {
        text("InactiveEnterTimestamp")
    };
    let drop_in_paths: Vec<String> = text("DropInPaths")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let held = drop_in_paths
        .iter()
        .any(|path| path.ends_with(enablement::HOLD_SUFFIX));
    Some(UnitState {
        unit: unit.to_owned(),
        masked: load == "masked" || held,
        load,
        active,
        sub: text("SubState"),
        enabled: text("UnitFileState"),
        service_type: text("Type"),
        main_pid: text("MainPID").parse().unwrap_or(0),
        restarts: value("NRestarts").and_then(|count| count.parse().ok()),
        result: text("Result"),
        since: epoch(&entered),
        path: text("FragmentPath"),
        drop_in_paths,
        needs_reload: text("NeedDaemonReload") == "yes",
    })
}

/// `Thu 2018-04-05 09:31:10 UTC` as seconds since 1970.
fn epoch(text: &str) -> Option<i64> {
    let text = text.strip_suffix(" UTC")?;
    let (_weekday, text) = text.split_once(' ')?;
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

/// Whether `unit` is active at this moment.
///
/// # Errors
/// As [`show`].
pub fn is_active(host: &Host, unit: &str) -> Result<bool> {
    Ok(show(host, &[unit])?.iter().all(UnitState::is_up))
}

/// Whether `unit` is enabled, so that the host starts it when it boots.
///
/// # Errors
/// As [`show`].
pub fn is_enabled(host: &Host, unit: &str) -> Result<bool> {
    Ok(show(host, &[unit])?
        .iter()
        .all(|state| state.enabled == "enabled"))
}

/// Makes systemd read its unit files again.
///
/// # Errors
/// `Command` when it fails.
pub fn daemon_reload(host: &Host) -> Result<()> {
    host.run(&Command::changes(["systemctl", "daemon-reload"]))?;
    Ok(())
}

/// Which part of a unit's journal to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The last lines.
    Lines(u32),
    /// Everything since this many seconds after 1970.
    Since(i64),
}

/// The journal of `unit`, oldest line first. Never follows, never pages.
///
/// # Errors
/// `Invalid` for what cannot be a unit's name; `Command` when the journal cannot be read.
pub fn journal(host: &Host, unit: &str, part: Part) -> Result<String> {
    check_names(&[unit])?;
    let mut argv = vec!["journalctl".to_owned(), "-u".to_owned(), unit.to_owned()];
    argv.push("--no-pager".to_owned());
    match part {
        Part::Lines(lines) => argv.extend(["-n".to_owned(), lines.to_string()]),
        Part::Since(epoch) => argv.push(format!("--since=@{epoch}")),
    }
    Ok(host.run(&Command::reads(argv))?.text())
}

/// An error about `units`, with the end of each one's journal as evidence.
///
/// The evidence is an aid: where it cannot be read, the reason stands in its place.
fn with_journal(host: &Host, error: Error, units: &[&str]) -> Error {
    let evidence: Vec<String> = units
        .iter()
        .map(|unit| match journal(host, unit, Part::Lines(30)) {
            Ok(text) => tail(text.as_bytes()),
            Err(error) => format!("the journal of `{unit}` cannot be read: {error}"),
        })
        .collect();
    error.with_evidence(evidence.join("\n"))
}

/// "`etcd` failed (failed, exit-code)" for every one of `states`.
fn describe(states: &[&UnitState]) -> String {
    states
        .iter()
        .map(|state| {
            let mut words = vec![state.sub.as_str()];
            if !matches!(state.result.as_str(), "" | "success") {
                words.push(&state.result);
            }
            format!("`{}` {} ({})", state.unit, state.active, words.join(", "))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// "`a`, `b`" for error messages.
fn names(states: &[&UnitState]) -> String {
    states
        .iter()
        .map(|state| format!("`{}`", state.unit))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_utc() {
        assert_eq!(epoch("Thu 2018-04-05 09:31:10 UTC"), Some(1_522_920_670));
        assert_eq!(epoch(""), None);
        assert_eq!(epoch("Thu 2018-04-05 09:31:10 CEST"), None);
    }

    #[test]
    fn an_answer_for_fewer_units_is_none() {
        assert_eq!(
            parse_show(&["a", "b"], "LoadState=loaded\nActiveState=active"),
            None
        );
        assert_eq!(parse_show(&["a"], "garbage\n\0\n"), None);
    }
}
