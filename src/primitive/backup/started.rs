//! When the upgrade began: what tells this upgrade's backups from older ones.

use serde::{Deserialize, Serialize};

use super::config::{Candidate, Maker};
use super::etcd::EtcdBackup;

/// When the upgrade began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Seconds since 1970.
    pub time: i64,
    /// What says so, as a half-sentence.
    pub evidence: String,
}

/// When the upgrade began: with the first etcd backup that it made within a day before `installed`;
/// else with the first copy of a configuration file; else at `installed` itself.
///
/// `installed` is when the first package of 3.8 or 3.9 came onto any host, in seconds since 1970. The
/// playbooks begin with the etcd backup, so a copy of a configuration that is older belongs to
/// something else; and hours may pass between the backup and the packages.
///
/// Source: OCP 3.9 Downgrading, Verifying backups: the day of the upgrade.
pub fn upgrade_started(
    installed: i64,
    backups: &[EtcdBackup],
    configurations: &[Candidate],
) -> Started {
    const DAY: i64 = 86_400;
    let of_the_day = |time: i64| (installed - DAY..=installed).contains(&time);
    let backup = backups
        .iter()
        .filter(|one| one.tag == "pre-upgrade" || one.tag == "post-3.0")
        .filter(|one| of_the_day(one.taken))
        .min_by_key(|one| (one.taken, one.tag != "pre-upgrade"))
        .map(|one| Started {
            time: one.taken,
            evidence: format!("with the etcd backup `{}` of `{}`", one.path, one.host),
        });
    let copy = || {
        configurations
            .iter()
            .filter(|one| matches!(one.maker, Maker::Yedit | Maker::Ansible))
            .filter(|one| of_the_day(one.taken))
            .min_by_key(|one| one.taken)
            .map(|one| Started {
                time: one.taken,
                evidence: format!("with the copy `{}`", one.path),
            })
    };
    backup.or_else(copy).unwrap_or_else(|| Started {
        time: installed,
        evidence: "with the first package of 3.8 or 3.9".to_owned(),
    })
}
