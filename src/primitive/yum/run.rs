//! Running yum: without a terminal, without waiting for ever, and reading what went wrong.

use std::time::Duration;

use super::lock::{LockHolder, describe, lock};
use crate::error::{Error, Result};
use crate::primitive::{Host, tail};
use crate::transport::{Command, Output};

/// How long one yum command may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);
const EVERY: Duration = Duration::from_secs(5);

/// A yum command that only looks.
pub(crate) fn reads(args: impl IntoIterator<Item = String>) -> Command {
    Command::reads(["yum".to_owned()].into_iter().chain(args))
        .env("LC_ALL", "C")
        .timeout(LIMIT)
}

/// Runs `yum -y ARGS` and returns its output, whatever its status: the caller asks rpm.
///
/// While another yum holds the lock, waits up to `lock_wait_secs` seconds for it; yum alone would
/// wait for ever and hold the connection.
///
/// # Errors
/// `State` naming the holder when the lock stays held; the transport's failures.
pub(crate) fn run(host: &Host, args: &[String], lock_wait_secs: u64) -> Result<Output> {
    let started = host.clock().reading();
    let limit = Duration::from_secs(lock_wait_secs);
    let fixed = ["yum", "-y", "--setopt=exit_on_lock=1"].map(str::to_owned);
    let command = Command::changes(fixed.into_iter().chain(args.iter().cloned()))
        .env("LC_ALL", "C")
        .timeout(LIMIT);
    loop {
        let output = host.output(&command)?;
        if !is_locked(&output) {
            return Ok(output);
        }
        loop {
            let holder = lock(host)?;
            let left = limit.saturating_sub(host.clock().since(started));
            if left.is_zero() {
                return Err(locked(
                    host,
                    holder.as_ref(),
                    lock_wait_secs,
                    &said(&output),
                ));
            }
            host.pause(EVERY.min(left))?;
            if holder.is_none() {
                break;
            }
        }
    }
}

fn locked(host: &Host, holder: Option<&LockHolder>, waited_secs: u64, said: &str) -> Error {
    let (found, hint) = match holder {
        Some(holder) => (
            describe(holder),
            format!(
                "waited {waited_secs} s: let it finish (`ps -fp {}` on `{}`), or stop what starts it, then resume",
                holder.pid,
                host.name()
            ),
        ),
        None => (
            "a lock without a living holder".to_owned(),
            format!(
                "make sure that no yum runs on `{}`, remove the lock file named above, then resume",
                host.name()
            ),
        ),
    };
    Error::state(host.name(), "the yum lock", "free", found)
        .with_evidence(said)
        .with_hint(hint)
}

fn is_locked(output: &Output) -> bool {
    let text = both(output);
    let named = [
        "holding the yum lock",
        "exit_on_lock",
        "Existing lock ",
        "Failed to obtain the transaction lock",
        ".rpm.lock",
    ];
    !output.exit.success()
        && (output.exit.code() == 200 || named.iter().any(|words| text.contains(words)))
}

fn both(output: &Output) -> String {
    format!("{}\n{}", output.text(), output.error_text())
}

/// The end of what yum said, both streams.
pub(crate) fn said(output: &Output) -> String {
    let (out, err) = (tail(&output.stdout), tail(&output.stderr));
    [out, err]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The error that a transaction did not reach `wanted`: `found` instead, with what yum said.
pub(crate) fn failed(
    host: &Host,
    wanted: impl Into<String>,
    found: impl Into<String>,
    outputs: &[Output],
) -> Error {
    let evidence = outputs.iter().map(said).collect::<Vec<_>>().join("\n");
    let text = outputs.iter().map(both).collect::<Vec<_>>().join("\n");
    Error::state(host.name(), "packages", wanted, found)
        .with_evidence(evidence)
        .with_hint(explain(host.name(), &text))
}

/// What to do about the trouble that yum's words tell of.
fn explain(host: &str, text: &str) -> String {
    let has = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if has(&[
        "No space left on device",
        "Disk Requirements",
        "more space needed on",
    ]) {
        format!("the disk is full: `df -h / /var /usr` on `{host}`, free some space, then resume")
    } else if has(&[
        "DB_RUNRECOVERY",
        "Thread died in Berkeley DB",
        "rpmdb open failed",
    ]) {
        format!(
            "the rpm database is damaged: `rm -f /var/lib/rpm/__db.*; rpm --rebuilddb` on `{host}`, then resume"
        )
    } else if has(&[
        "Cannot retrieve",
        "Cannot find a valid baseurl",
        "Could not resolve host",
        "Cannot download",
        "Failed to download metadata",
        "Failed to synchronize cache",
        "No more mirrors to try",
    ]) {
        format!("a repository cannot be reached: `yum repolist -v` on `{host}`")
    } else if has(&[
        "conflicts with file",
        "conflicts between attempted installs",
    ]) {
        format!(
            "packages hold the same files: remove the older ones first, see the lines above (`{host}`)"
        )
    } else if has(&[
        "No package ",
        "Unable to find a match",
        "No match for argument",
        "Nothing to do",
        "filtered out by exclude",
    ]) {
        format!(
            "not in any enabled repository, or excluded: `yum -q repolist enabled` and \
             `grep ^exclude /etc/yum.conf` on `{host}`"
        )
    } else {
        format!("see the lines above; try `yum` by hand on `{host}`, then resume")
    }
}
