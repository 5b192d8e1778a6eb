//! A restore into a scratch directory, and the proof that came of it.

use serde::{Deserialize, Serialize};

use super::answers::{SnapshotStatus, parse_snapshot_status};
use super::client::{changing, v3};
use super::conf::EtcdConf;
use super::content::{Identity, identity_of_file};
use super::pages;
use crate::error::{Error, Kind, Result};
use crate::primitive::Host;
use crate::primitive::file::{self, Attributes, FileKind, guard};
use crate::transport::Command;

/// Where trial restores happen.
pub const SCRATCH: &str = "/var/lib/ocpdg/trial";

/// What one more log file takes, in bytes: etcd allocates it at once.
pub(super) const LOG_BYTES: u64 = 128 << 20;

/// That a copy of etcd's data exists, opens, and could be restored: what every function that
/// removes data asks for. It is checked again each time it is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The host that the copy is on.
    pub host: String,
    /// The backup's directory, or the snapshot file itself.
    pub path: String,
    /// The file with the v3 data.
    pub db: String,
    /// Its sha256.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it carries its own hash, as `snapshot save` writes it; a copied `db` does not.
    pub hashed: bool,
    /// The last revision in it.
    pub revision: u64,
    /// How many entries it has, earlier versions of keys included.
    pub keys: u64,
    /// One sha256 over every file at `path`: the log and the v2 data too.
    pub tree: String,
    /// Whose data it is.
    pub identity: Identity,
}

impl Proof {
    /// Refuses to `action` unless the copy is on `host`, still has its sha256, and lies outside
    /// `doomed`, links resolved.
    ///
    /// # Errors
    /// `Refused` with what is wrong; `Command` if the host cannot be asked.
    pub fn verify(&self, host: &Host, action: &str, doomed: &str) -> Result<()> {
        let refuse = |reason: String| {
            Err(Error::refused(host.name(), action, reason)
                .with_hint("prove the backup again: run the step of its trial restore"))
        };
        if self.host != host.name() {
            return refuse(format!("the proof is about a copy on `{}`", self.host));
        }
        if !file::exists(host, &self.db)? {
            return refuse(format!("the copy `{}` is gone", self.db));
        }
        for path in [&self.db, &self.path] {
            let (real, doomed) = (file::real_path(host, path)?, file::real_path(host, doomed)?);
            if guard::within(&real, &doomed) {
                return refuse(format!("the copy `{path}` lies inside `{doomed}`"));
            }
        }
        let found = file::sha256(host, &self.db)?;
        if found != self.sha256 {
            return refuse(format!(
                "`{}` has sha256 {found}, not {} as proven",
                self.db, self.sha256
            ));
        }
        Ok(())
    }
}

/// Restores a copy of the backup at `path` (its directory, or a snapshot file) below `scratch`
/// (usually [`SCRATCH`]), to see that it can be restored, and removes what came of it.
///
/// The backup is only read: `etcdctl` 3.2 writes to the file whose status it tells. Takes three
/// times the size of the data and 128 MiB of disk while it runs.
///
/// # Errors
/// `State` if there is no v3 data in it, it is empty, holds no cluster or does not restore; `Refused`
/// if the disk is too small; `Command` with what `etcdctl` said about a damaged one.
///
/// Source: OCP 3.9 Downgrading, Verifying backups and Restoring etcd v3 data.
pub fn trial_restore(host: &Host, path: &str, scratch: &str) -> Result<Proof> {
    let proof = tried(host, path, scratch).map_err(|error| unfit(host, path, error))?;
    let found = match (proof.revision, proof.keys) {
        (0, _) | (_, 0) => format!("revision {}, {} entries", proof.revision, proof.keys),
        _ if proof.identity.is_cluster() => return Ok(proof),
        _ => "no namespaces, or no objects of OpenShift".to_owned(),
    };
    let subject = format!("the data in `{}`", proof.db);
    let wanted = "keys below /kubernetes.io/namespaces/ and /openshift.io/";
    let error = Error::state(host.name(), subject, wanted, found);
    Err(unfit(host, path, error))
}

/// `error` with the hint to take another backup, where it is about this one.
fn unfit(host: &Host, path: &str, error: Error) -> Error {
    let about_it = matches!(*error.kind, Kind::State { .. } | Kind::Command { .. });
    if !about_it || error.hint.is_some() {
        return error;
    }
    error.with_hint(format!(
        "this backup does not serve: take another member's (`{path}` on `{}` is left as it is)",
        host.name()
    ))
}

/// As [`trial_restore`], whatever the data holds.
fn tried(host: &Host, path: &str, scratch: &str) -> Result<Proof> {
    let path = guard::plain(path)?;
    let (db, size) = find_db(host, path)?;
    let sha256 = file::sha256(host, &db)?;
    let needed = size * 3 + LOG_BYTES;
    file::mkdir(host, scratch, &Attributes::new("root:root", "0700"))?;
    let free = file::free_bytes(host, scratch)?;
    if free < needed {
        let (free, needed) = (free >> 20, needed >> 20);
        let action = format!("restore `{path}` on trial");
        let reason = format!("`{scratch}` has {free} MiB free, {needed} MiB are needed");
        return Err(Error::refused(host.name(), action, reason)
            .with_hint(format!("make room there: `du -xsh {scratch}/../*`")));
    }
    let place = format!("{}/{}", scratch.trim_end_matches('/'), &sha256[..16]);
    file::remove(host, &place, true)?;
    file::mkdir(host, &place, &Attributes::new("root:root", "0700"))?;
    let tried = try_in(host, &db, &sha256, size, &place);
    let cleared = file::remove(host, &place, true);
    let (status, hashed) = tried?;
    cleared?;
    Ok(Proof {
        host: host.name().to_owned(),
        path: path.to_owned(),
        sha256,
        size,
        hashed,
        revision: status.revision,
        keys: status.keys,
        tree: file::manifest(host, path)?.sha256(),
        identity: identity_of_file(host, &db)?,
        db,
    })
}

/// The v3 data of the backup at `path`, and its size.
fn find_db(host: &Host, path: &str) -> Result<(String, u64)> {
    let asked = [
        path.to_owned(),
        format!("{path}/member/snap/db"),
        format!("{path}/db"),
    ];
    let stats = file::stat_many(host, &asked)?;
    stats
        .into_iter()
        .flatten()
        .find(|stat| stat.kind == FileKind::File)
        .map(|stat| (stat.path, stat.size))
        .ok_or_else(|| {
            let wanted = "`member/snap/db`, `db`, or to be a snapshot file";
            Error::state(
                host.name(),
                format!("backup `{path}`"),
                wanted,
                "none of them",
            )
        })
}

/// Whether a file of `size` bytes ends in its own sha256: pages are 512 bytes at least.
pub(super) fn is_hashed(size: u64) -> bool {
    size % 512 == 32
}

fn try_in(
    host: &Host,
    db: &str,
    sha256: &str,
    size: u64,
    place: &str,
) -> Result<(SnapshotStatus, bool)> {
    let copy = format!("{place}/db");
    let fresh_copy = || -> Result<()> {
        host.run(&Command::changes(["cp", "-T", "--", db, &copy]).timeout(file::LONG))?;
        let found = file::sha256(host, &copy)?;
        if found != sha256 {
            let subject = format!("the copy of `{db}`");
            return Err(Error::state(host.name(), subject, sha256, found));
        }
        Ok(())
    };
    fresh_copy()?;
    whole(host, db, size)?;
    let command = changing(offline(&["snapshot", "status", &copy, "-w", "json"]));
    let output = host.run(&command)?;
    let status = serde_json::from_slice(&output.stdout)
        .ok()
        .and_then(|answer| parse_snapshot_status(&answer))
        .ok_or_else(|| host.failed(&command, &output))?;
    fresh_copy()?;
    let hashed = is_hashed(size);
    let data = format!("{place}/data");
    let arguments = RestoreArguments {
        db: &copy,
        hashed,
        data_dir: &data,
        name: "trial",
        initial_cluster: "trial=http://127.0.0.1:2380",
        peer_urls: "http://127.0.0.1:2380",
        token: "ocpdg-trial",
    };
    host.run(&arguments.command())?;
    let restored = format!("{data}/member/snap/db");
    match file::stat(host, &restored)? {
        Some(stat) if stat.size > 0 => Ok((status, hashed)),
        _ => {
            let subject = format!("the trial restore of `{db}`");
            let (wanted, found) = ("`member/snap/db`", "none, or an empty one");
            Err(Error::state(host.name(), subject, wanted, found))
        }
    }
}

/// Refuses a database file of `size` bytes that is shorter than its own pages; it is only read.
///
/// # Errors
/// `State` with what it should be; `Command` if it cannot be read.
pub fn whole(host: &Host, db: &str, size: u64) -> Result<()> {
    let limit = pages::HEAD_BYTES.to_string();
    let head = host.run(&Command::reads(["head", "-c", &limit, "--", db]))?;
    let subject = format!("the data in `{db}`");
    match pages::needed_bytes(&head.stdout) {
        Some(needed) if needed <= size => Ok(()),
        Some(needed) => {
            let (wanted, found) = (
                format!("{needed} bytes or more"),
                format!("{size}: cut off"),
            );
            Err(Error::state(host.name(), subject, wanted, found))
        }
        None => Err(Error::state(
            host.name(),
            subject,
            "a database of etcd",
            "no valid meta page",
        )),
    }
}

/// An `etcdctl` command of the v3 API that asks no server.
fn offline(arguments: &[&str]) -> Command {
    let argv = std::iter::once("etcdctl").chain(arguments.iter().copied());
    Command::reads(argv)
        .env("ETCDCTL_API", "3")
        .timeout(file::LONG)
}

/// `snapshot restore` and its arguments.
pub(super) struct RestoreArguments<'a> {
    pub db: &'a str,
    pub hashed: bool,
    pub data_dir: &'a str,
    pub name: &'a str,
    pub initial_cluster: &'a str,
    pub peer_urls: &'a str,
    pub token: &'a str,
}

impl RestoreArguments<'_> {
    pub fn command(&self) -> Command {
        let mut arguments = vec![
            "snapshot",
            "restore",
            self.db,
            "--data-dir",
            self.data_dir,
            "--name",
            self.name,
            "--initial-cluster",
            self.initial_cluster,
            "--initial-cluster-token",
            self.token,
            "--initial-advertise-peer-urls",
            self.peer_urls,
        ];
        if !self.hashed {
            arguments.push("--skip-hash-check=true");
        }
        changing(offline(&arguments))
    }
}

/// Saves the data that etcd has now to the file `to`, and proves it by a trial restore below
/// `scratch`: the way back to 3.9. Nothing happens, but the proof is made anew, if `to` exists.
///
/// # Errors
/// `Command` if etcd does not answer; as [`trial_restore`]; `Refused` if `to` lies inside the data
/// directory.
pub fn current_snapshot(host: &Host, conf: &EtcdConf, to: &str, scratch: &str) -> Result<Proof> {
    conf.all_in_one_place("save etcd's present data")?;
    let to = guard::plain(to)?;
    if guard::within(&file::real_path(host, to)?, &conf.real_data_dir) {
        let reason = "what lies in the data directory may be cleared";
        return Err(
            Error::refused(host.name(), format!("save a snapshot to `{to}`"), reason)
                .with_hint("use a directory below `/var/lib/ocpdg`"),
        );
    }
    if !file::exists(host, to)? {
        file::mkdir(
            host,
            file::parent(to),
            &Attributes::new("root:root", "0700"),
        )?;
        let partial = format!("{to}.saving");
        file::remove(host, &partial, false)?;
        // One endpoint: a snapshot is one member's.
        let endpoint = conf.client_urls.first().map(std::slice::from_ref);
        let mut save = changing(v3(
            conf,
            endpoint.unwrap_or_default(),
            &["snapshot", "save", &partial],
        ));
        save.timeout = Some(file::LONG);
        if let crate::transport::Body::Argv(argv) = &mut save.body {
            // The limit is for an answer; gigabytes take longer.
            argv.retain(|word| !word.starts_with("--command-timeout"));
        }
        host.run(&save)?;
        file::set_mode(host, &partial, "0600")?;
        file::move_to(host, &partial, to)?;
    }
    let proof = tried(host, to, scratch)?;
    if !proof.hashed {
        let (wanted, found) = ("a snapshot that carries its hash", "none at its end");
        let hint = format!("move `{to}` aside and run again");
        return Err(Error::state(host.name(), format!("`{to}`"), wanted, found).with_hint(hint));
    }
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::is_hashed;

    #[test]
    fn a_saved_snapshot_ends_in_its_hash_and_a_copied_db_does_not() {
        assert!(is_hashed(20480 + 32));
        assert!(!is_hashed(20480));
    }
}
