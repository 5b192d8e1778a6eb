//! Backups of etcd's data, and the order in which to try them.

use serde::{Deserialize, Serialize};

use super::MARGIN_SECS;
use super::config::stamp;
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::primitive::file::{self, FileKind, Stat};

/// One backup of etcd's data on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtcdBackup {
    /// The host it is on.
    pub host: String,
    /// Its directory, or the snapshot file itself.
    pub path: String,
    /// Why it was made, as its name tells: `pre-upgrade`, `post-3.0`, `pre-migrate`; `hand-made` where
    /// the name is not openshift-ansible's.
    pub tag: String,
    /// When it was made, seconds since 1970: by the directory's time, or by its name where the two
    /// are more than a day apart, which a later copy makes them.
    pub taken: i64,
    /// The directory's last change, seconds since 1970.
    pub modified: i64,
    /// Bytes of the v3 data; 0 if there is none.
    pub size: u64,
    /// The v3 data: `member/snap/db`, or `db` at the top of a hand-made backup.
    pub db_path: Option<String>,
}

/// A backup with what was decided about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranked {
    /// The backup.
    pub backup: EtcdBackup,
    /// Why it serves, or why it does not.
    pub reason: String,
}

/// The order in which to try the backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EtcdChoice {
    /// Those that hold 3.7's data, at most one a host, in the order of the hosts: the first that
    /// passes its trial restore is the one.
    pub order: Vec<Ranked>,
    /// All others, with the reason against each.
    pub rejected: Vec<Ranked>,
}

/// What openshift-ansible's names begin with.
const PREFIX: &str = "openshift-backup-";

/// The tag of a backup whose name is not openshift-ansible's: it is taken only if it is named.
const HAND_MADE: &str = "hand-made";

/// Every etcd backup of `host`, earliest first: `openshift-backup-*` in `dirs` and in `sources`, as
/// openshift-ansible names them, and whatever else in `sources` holds v3 data.
///
/// Symbolic links are followed: a backup is told by where it really is.
///
/// # Errors
/// `Command` if a directory cannot be read.
///
/// Source: OCP 3.9 Downgrading, Verifying backups.
pub fn etcd_candidates(host: &Host, dirs: &[&str], sources: &[&str]) -> Result<Vec<EtcdBackup>> {
    let all: Vec<&str> = dirs.iter().chain(sources).copied().collect();
    let mut patterns: Vec<String> = Vec::new();
    for (at, dir) in file::real_paths(host, &all)?.into_iter().enumerate() {
        let names = if at < dirs.len() { PREFIX } else { "" };
        let pattern = format!("{}/{names}*", dir.trim_end_matches('/'));
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    let listed = file::entries_many(host, &patterns)?.concat();
    let paths = listed.into_iter().map(|entry| (entry.path, entry.kind));
    let mut found = examine(host, &resolved(host, paths)?)?;
    found.retain(|one| one.tag != HAND_MADE || one.db_path.is_some());
    found.sort_by(|a, b| (a.taken, &a.path).cmp(&(b.taken, &b.path)));
    Ok(found)
}

/// The etcd backup at `path`, whoever made it: a directory with `member/snap/db` or `db`, or a
/// snapshot file.
///
/// # Errors
/// `State` if it is neither; `Command` if it cannot be looked at.
pub fn etcd_backup(host: &Host, path: &str) -> Result<EtcdBackup> {
    let itself = file::stat(host, path)?.map(|stat| (path.to_owned(), stat.kind));
    let found = examine(host, &resolved(host, itself.into_iter())?)?.pop();
    found.filter(|one| one.db_path.is_some()).ok_or_else(|| {
        let wanted = "a directory with `member/snap/db` or `db`, or a snapshot file";
        let subject = format!("the etcd backup `{path}`");
        Error::state(host.name(), subject, wanted, "none of them")
            .with_hint(format!("look at it: `ls -lR {path}` on `{}`", host.name()))
    })
}

/// Each of `paths`, with what it is, once: its own name, which tells whose it is, and where it really is.
fn resolved(
    host: &Host,
    paths: impl Iterator<Item = (String, FileKind)>,
) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (path, kind) in paths {
        let real = match kind {
            FileKind::Symlink => file::real_path(host, &path)?,
            _ => file::guard::plain(&path)?.to_owned(),
        };
        if !found.iter().any(|(_, known)| *known == real) {
            found.push((file::base(&path).to_owned(), real));
        }
    }
    Ok(found)
}

/// What is at each of `paths`: directories, and files that may be snapshots.
fn examine(host: &Host, paths: &[(String, String)]) -> Result<Vec<EtcdBackup>> {
    let mut asked = Vec::new();
    for (_, path) in paths {
        asked.extend([
            path.clone(),
            format!("{path}/member/snap/db"),
            format!("{path}/db"),
        ]);
    }
    let stats = file::stat_many(host, &asked)?;
    let mut found = Vec::new();
    for ((name, path), stats) in paths.iter().zip(stats.chunks(3)) {
        let Some(itself) = &stats[0] else { continue };
        let is_file = |stat: &&Stat| stat.kind == FileKind::File;
        let db = stats.iter().flatten().find(is_file);
        if itself.kind != FileKind::Directory && db.is_none() {
            continue;
        }
        let (tag, named) = match name.strip_prefix(PREFIX) {
            Some(name) => split_name(name),
            None => (HAND_MADE.to_owned(), None),
        };
        // The name is in the control machine's zone, up to 14 hours from UTC either way.
        let taken = match named {
            Some(named) if (named - itself.modified).abs() > 26 * 3600 => named,
            _ => itself.modified,
        };
        found.push(EtcdBackup {
            host: host.name().to_owned(),
            path: path.clone(),
            tag,
            taken,
            modified: itself.modified,
            size: db.map_or(0, |db| db.size),
            db_path: db.map(|db| db.path.clone()),
        });
    }
    Ok(found)
}

/// `pre-upgrade-20180405091502` as the tag and the time, read as UTC.
fn split_name(name: &str) -> (String, Option<i64>) {
    let at = name.len().saturating_sub(14);
    let time = name
        .get(at..)
        .filter(|digits| digits.len() == 14 && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits).ok())
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|time| time.timestamp().as_second());
    let tag = if time.is_some() { &name[..at] } else { name };
    (tag.trim_end_matches('-').to_owned(), time)
}

/// Whether `two` is the backup `one` in another place.
fn is_copy(one: &EtcdBackup, two: &EtcdBackup) -> bool {
    one.path != two.path && file::base(&one.path) == file::base(&two.path) && one.size == two.size
}

/// The order in which to try `candidates`, all those of all members, given in the order of the
/// hosts: of each host the first `pre-upgrade` of this upgrade, not the oldest on its disk.
///
/// `upgrade_started` is in seconds since 1970; a backup from [`MARGIN_SECS`] before it on belongs
/// to the upgrade. One taken after the host's first `post-3.0`, or, without such, more than five
/// minutes after the first of all hosts, holds 3.8's data; so does one taken after `installed`, when
/// the first package of 3.8 or 3.9 came onto any host, if that is known.
///
/// Source: OCP 3.9 Downgrading, Verifying backups: the first backup of the day of the upgrade.
pub fn choose_etcd(
    candidates: &[EtcdBackup],
    upgrade_started: i64,
    installed: Option<i64>,
) -> EtcdChoice {
    const SAME_ROUND_SECS: i64 = 300;
    let earliest = upgrade_started - MARGIN_SECS;
    let of_upgrade = |one: &&EtcdBackup| one.taken >= earliest;
    let first_round = candidates
        .iter()
        .filter(of_upgrade)
        .filter(|one| one.tag == "pre-upgrade")
        .map(|one| one.taken)
        .min();
    let first_of_host = |host: &str, tag: &str| {
        candidates
            .iter()
            .filter(of_upgrade)
            .filter(|one| one.host == host && one.tag == tag)
            .min_by_key(|one| one.taken)
    };
    let mut choice = EtcdChoice {
        order: Vec::new(),
        rejected: Vec::new(),
    };
    for one in candidates {
        let first = first_of_host(&one.host, "pre-upgrade");
        let later = match first_of_host(&one.host, "post-3.0") {
            Some(post) => one.taken > post.taken,
            None => first_round.is_some_and(|first| one.taken > first + SAME_ROUND_SECS),
        };
        let against = if one.tag == HAND_MADE {
            Some("hand-made: `--set etcd_backup=HOST:PATH` takes it".to_owned())
        } else if one.tag != "pre-upgrade" {
            Some(format!("made as `{}`, not before the upgrade", one.tag))
        } else if one.taken < earliest {
            Some(format!(
                "older than this upgrade, which began {}",
                stamp(upgrade_started)
            ))
        } else if let Some(first) = first.filter(|first| is_copy(first, one)) {
            Some(format!("a copy of `{}`", first.path))
        } else if first.is_some_and(|first| first.path != one.path) {
            Some("a later one of this upgrade: it holds 3.8's data".to_owned())
        } else if later {
            Some("taken after this host's etcd was upgraded: it holds 3.8's data".to_owned())
        } else if installed.is_some_and(|installed| one.taken > installed) {
            Some("taken after 3.8 was installed: it holds 3.8's data".to_owned())
        } else if one.db_path.is_none() {
            Some("holds no v3 data (`member/snap/db`)".to_owned())
        } else {
            None
        };
        let ranked = |reason: String| Ranked {
            backup: one.clone(),
            reason,
        };
        match against {
            Some(reason) => choice.rejected.push(ranked(reason)),
            None => choice
                .order
                .push(ranked("first backup of this upgrade".to_owned())),
        }
    }
    choice
}
