//! Docker's storage options, and a restart that is known to have brought the wanted daemon up.

use crate::error::{Error, Result};
use crate::primitive::file::{self, Attributes};
use crate::primitive::systemctl::{self, UnitState};
use crate::primitive::yum::matching_version;
use crate::primitive::{Change, Host};
use crate::transport::{Command, Effect};

use super::{DockerVersion, version};

const STORAGE: &str = "/etc/sysconfig/docker-storage";
const DEFERRED_DELETION: &str = "--storage-opt dm.use_deferred_deletion=true";

/// Takes `dm.use_deferred_deletion` out of docker's storage options, which docker 1.12 refuses to
/// start with; before and after are the file's content, `None` where there is no such file.
///
/// `dm.use_deferred_removal` stays. Nothing to do with overlay2.
///
/// # Errors
/// `Command` when the file cannot be read or written; `State` when the option is still there.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Downgrading Docker, step 4.
pub fn remove_deferred_deletion(host: &Host) -> Result<Change<Option<String>>> {
    let before = storage(host)?;
    let Some(text) = before
        .as_deref()
        .filter(|text| text.contains(DEFERRED_DELETION))
    else {
        return Ok(Change::between(before.clone(), before));
    };
    let new: String = text
        .split_inclusive('\n')
        .map(|line| line.replace(DEFERRED_DELETION, ""))
        .collect();
    // The file has been read again when it has been written.
    file::write(host, STORAGE, &new, &Attributes::default())?;
    if new.contains(DEFERRED_DELETION) {
        return Err(Error::state(
            host.name(),
            format!("`{STORAGE}`"),
            format!("without `{DEFERRED_DELETION}`"),
            "still with it",
        ));
    }
    Ok(Change::between(before, Some(new)))
}

/// Whether docker's storage options hold what docker 1.12 refuses to start with.
pub(super) fn holds_deferred_deletion(host: &Host) -> Result<bool> {
    Ok(storage(host)?.is_some_and(|text| text.contains(DEFERRED_DELETION)))
}

fn storage(host: &Host) -> Result<Option<String>> {
    // Root can read any file that is there: a status of 3 is ours and means that there is none.
    let script = format!("[ -e {STORAGE} ] || exit 3; cat {STORAGE}");
    let command = Command::shell(script, Effect::Reads);
    let output = host.output(&command)?;
    match output.exit.code() {
        0 => Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned())),
        3 => Ok(None),
        _ => Err(host.failed(&command, &output)),
    }
}

/// Restarts docker if its daemon is not up, is not `wanted`, or is older than its configuration;
/// before and after are the versions.
///
/// # Errors
/// As [`systemctl::restart`]; `State` when the daemon that answers is not `wanted`, or when docker
/// was enabled and no longer is.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Downgrading Docker, steps 5 and 6.
pub fn restart(host: &Host, wanted: Option<&str>) -> Result<Change<DockerVersion>> {
    let before = version(host)?;
    let right = |version: &DockerVersion| match (&version.server, wanted) {
        (Some(server), Some(wanted)) => matching_version(server, wanted),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if right(&before) && is_fresh(host)? {
        return Ok(Change::between(before.clone(), before));
    }
    systemctl::daemon_reload(host)?;
    let restarted = systemctl::restart(host, &["docker"])?;
    let after = version(host)?;
    if !right(&after) {
        return Err(Error::state(
            host.name(),
            "docker's daemon",
            wanted.unwrap_or("an answer"),
            after.server.as_deref().unwrap_or("none that answers"),
        )
        .with_hint(format!(
            "`docker version` and `rpm -q docker` on `{}`: the package decides what the daemon is",
            host.name()
        )));
    }
    let enabled = |states: &[UnitState]| states.iter().all(|state| state.enabled == "enabled");
    if enabled(&restarted.before) && !enabled(&restarted.after) {
        systemctl::enable(host, &["docker"])?;
    }
    Ok(Change {
        changed: true,
        before,
        after,
    })
}

/// Whether docker's service runs, and since its configuration was last touched.
fn is_fresh(host: &Host) -> Result<bool> {
    let states = systemctl::show(host, &["docker"])?;
    let changed_at = changed_at(host)?;
    Ok(states.iter().all(|state| {
        let since = state.since.is_some_and(|since| since >= changed_at);
        state.active == "active" && since && !state.needs_reload
    }))
}

/// When docker's configuration was last touched, in seconds since 1970; 0 where there is none.
fn changed_at(host: &Host) -> Result<i64> {
    let script = "stat -c %Z /etc/sysconfig/docker* /etc/docker/daemon.json 2>/dev/null; :";
    let text = host.run(&Command::shell(script, Effect::Reads))?.text();
    Ok(text
        .lines()
        .filter_map(|line| line.trim().parse().ok())
        .max()
        .unwrap_or(0))
}
