//! When the upgrade began: what tells this upgrade's backups from older ones.

use super::etcd::EtcdBackup;
use crate::error::Result;
use crate::primitive::Host;
use crate::transport::Command;

/// When the first package of OpenShift 3.8 or later that `host` has was installed, in seconds since
/// 1970; nothing if it has none.
///
/// rpm knows the last installation only: the 3.8 pass and the backups before it are earlier.
///
/// # Errors
/// `Command` if `rpm` fails.
pub fn first_upgraded(host: &Host) -> Result<Option<i64>> {
    let format = r"%{INSTALLTIME} %{VERSION}\n";
    let command = Command::reads(["rpm", "-qa", "--qf", format, "atomic-openshift*", "origin*"]);
    let text = host.run(&command)?.text();
    let installed = text.lines().filter_map(|line| {
        let (time, version) = line.split_once(' ')?;
        let minor: u32 = version
            .strip_prefix("3.")?
            .split('.')
            .next()?
            .parse()
            .ok()?;
        (minor >= 8).then(|| time.parse().ok()).flatten()
    });
    Ok(installed.min())
}

/// When the upgrade began, in seconds since 1970: the first etcd backup that it made within a day
/// before `first_upgraded`, the earliest of all hosts; `first_upgraded` itself where there is none.
///
/// Source: OCP 3.9 Downgrading, Verifying backups: the day of the upgrade.
pub fn upgrade_started(first_upgraded: i64, backups: &[EtcdBackup]) -> i64 {
    const DAY: i64 = 86_400;
    backups
        .iter()
        .filter(|one| one.tag == "pre-upgrade" || one.tag == "post-3.0")
        .map(|one| one.taken)
        .filter(|taken| (first_upgraded - DAY..=first_upgraded).contains(taken))
        .min()
        .unwrap_or(first_upgraded)
}
