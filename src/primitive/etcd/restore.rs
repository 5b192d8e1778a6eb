//! The data put in place.
//!
//! It is made complete in a directory beside the data, marked with the run's token, and takes the
//! name `member` in one rename; the old `member` is set aside in another. Killed anywhere, a second
//! call finds either the mark and is done, or no mark and begins again: the old data is aside by
//! then, not lost. Nothing but `member` is touched: backups and mount points stay.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::conf::EtcdConf;
use super::trial::{LOG_BYTES, Proof, RestoreArguments};
use super::{UNIT, health};
use crate::error::{Error, Result};
use crate::primitive::file::{self, Attributes, FileKind};
use crate::primitive::{Change, Host, systemctl};
use crate::transport::Command;

/// The file in `member` that says which run restored it from what. etcd reads only `snap` and `wal`.
const MARK: &str = "ocpdg-restored";

/// How to restore.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreOptions {
    /// Names this run, letters, digits and `-`: part of the new cluster's id and of the directory
    /// that the old data is set aside in. Another run needs another one.
    pub token: String,
    /// Proof of a fresh snapshot of the data that is there now: with it the old data may be removed
    /// where the disk has no room for both.
    pub current: Option<Proof>,
}

/// What was put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// The data directory.
    pub data_dir: String,
    /// Whether the data in it comes from this run and this copy.
    pub in_place: bool,
    /// Where the data of before is, if there is any.
    pub kept: Option<String>,
    /// The revision of the copy.
    pub revision: u64,
}

/// Path B: restores the v3 data of `proof` as a new one-member cluster, ready to be started.
///
/// # Errors
/// `Refused` if etcd runs, the proof does not hold, or the copy lies where the data goes; `State`
/// if the disk is too small; `Command` with what `etcdctl` said.
///
/// Source: OCP 3.9 Restoring etcd v3 data, steps 2 to 4.
pub fn restore_snapshot(
    host: &Host,
    conf: &EtcdConf,
    proof: &Proof,
    options: &RestoreOptions,
) -> Result<Change<Restored>> {
    put_in_place(host, conf, proof, options, proof.size, |staging| {
        let arguments = RestoreArguments {
            db: &proof.db,
            hashed: proof.hashed,
            data_dir: staging,
            name: &conf.name,
            initial_cluster: &conf.initial_cluster(),
            peer_urls: &conf.peer_urls.join(","),
            token: &format!("ocpdg-{}", options.token),
        };
        host.run(&arguments.command())?;
        Ok(())
    })
}

/// Path A: copies the v2 and v3 files of the backup of `proof`, to be started once with
/// `--force-new-cluster` ([`super::force_new_cluster`]).
///
/// A `db` at the top of a hand-made backup goes to its place in `member/snap`.
///
/// # Errors
/// As [`restore_snapshot`]; `State` if the backup has no log (`member/wal`); `Refused` if any file of
/// it has changed since it was proven.
///
/// Source: OCP 3.9 Restoring etcd v2 data, steps 2 and 3.
pub fn restore_data(
    host: &Host,
    conf: &EtcdConf,
    proof: &Proof,
    options: &RestoreOptions,
) -> Result<Change<Restored>> {
    let logs = file::list(host, &format!("{}/member/wal/*.wal", proof.path))?;
    if logs.is_empty() {
        return Err(Error::state(
            host.name(),
            format!("backup `{}`", proof.path),
            "v2 data: a log in `member/wal`",
            "none",
        )
        .with_hint("restore the v3 data alone: `etcd_restore=v3`"));
    }
    let tree = file::manifest(host, &proof.path)?.sha256();
    if tree != proof.tree {
        let action = format!("restore the data of `{}`", proof.path);
        let reason = "a file in it has changed since it was proven";
        return Err(Error::refused(host.name(), action, reason)
            .with_hint("prove the backup again: run the step of its trial restore"));
    }
    // The log is 64 MiB and more whatever it holds.
    let size = proof.size + logs.len() as u64 * (64 << 20);
    put_in_place(host, conf, proof, options, size, |staging| {
        file::mkdir(host, staging, &Attributes::new("root:root", "0700"))?;
        let from = format!("{}/member", proof.path);
        let to = format!("{staging}/member");
        file::copy(host, &from, &to)?;
        let db = format!("{to}/snap/db");
        if !file::exists(host, &db)? {
            file::mkdir(host, &format!("{to}/snap"), &Attributes::default())?;
            file::copy(host, &proof.db, &db)?;
        }
        let found = file::sha256(host, &db)?;
        if found != proof.sha256 {
            let subject = format!("the v3 data `{db}`");
            return Err(Error::state(host.name(), subject, &proof.sha256, found));
        }
        Ok(())
    })
}

fn put_in_place(
    host: &Host,
    conf: &EtcdConf,
    proof: &Proof,
    options: &RestoreOptions,
    size: u64,
    prepare: impl FnOnce(&str) -> Result<()>,
) -> Result<Change<Restored>> {
    check_token(&options.token)?;
    let member = conf.member_dir();
    let mark = format!("{member}/{MARK}");
    let content = format!("run {}\nsha256 {}\n", options.token, proof.sha256);
    let kept = conf.beside("before", &options.token);
    let state = |in_place| -> Result<Restored> {
        Ok(Restored {
            data_dir: conf.data_dir.clone(),
            in_place,
            kept: file::exists(host, &kept)?.then(|| kept.clone()),
            revision: proof.revision,
        })
    };
    if file::exists(host, &mark)? && file::read(host, &mark)? == content {
        let done = state(true)?;
        if systemctl::show(host, &[UNIT])?
            .iter()
            .all(systemctl::UnitState::is_stopped)
        {
            own(host, conf)?;
        }
        return Ok(Change::between(done.clone(), done));
    }
    let action = format!("replace etcd's data in `{}`", conf.data_dir);
    stopped(host, &action)?;
    proof.verify(host, &action, &member)?;
    let before = state(false)?;

    let staging = conf.beside("restore", &options.token);
    file::remove(host, &staging, true)?;
    make_room(host, conf, options, size + LOG_BYTES)?;
    prepare(&staging)?;
    let staged = format!("{staging}/member");
    file::write(
        host,
        &format!("{staged}/{MARK}"),
        &content,
        &Attributes::default(),
    )?;
    file::set_owner(host, &staging, "etcd:etcd", true)?;
    let attributes = Attributes::new("etcd:etcd", "0700");
    file::mkdir(host, &conf.real_data_dir, &attributes)?;
    set_aside(host, conf, &options.token)?;
    rename(host, &staged, &member)?;
    file::remove(host, &staging, true)?;
    own(host, conf)?;
    host.run(&Command::changes(["sync"]))?;
    Ok(Change {
        changed: true,
        before,
        after: state(true)?,
    })
}

/// Moves `member` of a stopped etcd to its place aside; returns that, if there is anything.
pub(super) fn set_aside(host: &Host, conf: &EtcdConf, token: &str) -> Result<Option<String>> {
    let member = conf.member_dir();
    let kept = conf.beside("before", token);
    if file::exists(host, &member)? {
        file::mkdir(host, &kept, &Attributes::new("root:root", "0700"))?;
        let taken = file::list(host, &kept)?.len();
        // A second `member`, of an etcd started in between, goes beside the first.
        let name = if taken == 0 {
            "member".to_owned()
        } else {
            format!("member.{taken}")
        };
        rename(host, &member, &format!("{kept}/{name}"))?;
    }
    Ok(file::exists(host, &kept)?.then_some(kept))
}

/// Renames on one file system; `mv` across two would copy and remove.
fn rename(host: &Host, from: &str, to: &str) -> Result<()> {
    let command = Command::reads(["stat", "-c", "%d", "--", from, file::parent(to)]);
    let text = host.run(&command)?.text();
    let mut devices = text.lines();
    if devices.next() != devices.next() {
        let (subject, wanted) = (format!("`{from}` and `{to}`"), "one file system");
        return Err(
            Error::state(host.name(), subject, wanted, "two").with_hint(format!(
                "`{from}` is a mount point or a link of its own: make it a plain directory"
            )),
        );
    }
    host.run(&Command::changes(["mv", "-T", "-n", "--", from, to]))?;
    if file::exists(host, from)? || !file::exists(host, to)? {
        let subject = format!("`{from}` renamed to `{to}`");
        return Err(Error::state(host.name(), subject, "done", "not done"));
    }
    Ok(())
}

/// Makes sure that the restored data fits beside the old, or removes the old where it is proven.
fn make_room(host: &Host, conf: &EtcdConf, options: &RestoreOptions, needed: u64) -> Result<()> {
    let free = file::free_bytes(host, &conf.real_data_dir)?;
    if free >= needed {
        return Ok(());
    }
    let member = conf.member_dir();
    if let Some(current) = &options.current {
        let action = format!("remove `{member}`, for want of room");
        current.verify(host, &action, &conf.real_data_dir)?;
        host.run(&Command::changes([
            "rm",
            "-rf",
            "--one-file-system",
            "--",
            &member,
        ]))?;
        let freed = file::free_bytes(host, &conf.real_data_dir)?;
        if freed >= needed {
            return Ok(());
        }
    }
    Err(Error::state(
        host.name(),
        format!("free space at `{}`", conf.data_dir),
        format!("{} MiB for the restored data", needed >> 20),
        format!("{} MiB", free >> 20),
    )
    .with_hint("move old `openshift-backup-*` directories elsewhere, then run again"))
}

/// The data belongs to etcd, with the labels of the policy.
fn own(host: &Host, conf: &EtcdConf) -> Result<()> {
    file::set_owner(host, &conf.real_data_dir, "etcd:etcd", false)?;
    file::set_owner(host, &conf.member_dir(), "etcd:etcd", true)?;
    file::set_mode(host, &conf.real_data_dir, "0700")?;
    file::restorecon(host, &conf.real_data_dir)?;
    Ok(())
}

/// Refuses to `action` while etcd runs.
pub(super) fn stopped(host: &Host, action: &str) -> Result<()> {
    let running = systemctl::show(host, &[UNIT])?
        .into_iter()
        .find(|unit| !unit.is_stopped());
    match running {
        None => Ok(()),
        Some(unit) => Err(
            Error::refused(host.name(), action, format!("etcd is {}", unit.active))
                .with_hint(format!("`systemctl stop etcd` on `{}` first", host.name())),
        ),
    }
}

/// A token is part of paths and of a command.
pub(super) fn check_token(token: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if token.is_empty() || token.len() > 64 || !token.bytes().all(plain) || token.starts_with('-') {
        return Err(Error::invalid(
            format!("token `{}`", token.escape_debug()),
            "wanted up to 64 letters, digits and `-`",
        ));
    }
    Ok(())
}

/// Takes away the mark by which a restore that was cut off is recognised: nothing but etcd's own files
/// stays in its directory. For when every member is in its place.
///
/// Before and after are whether the mark is there.
///
/// # Errors
/// As [`file::remove`].
pub fn settle(host: &Host, conf: &EtcdConf) -> Result<Change<bool>> {
    let mark = format!("{}/{MARK}", conf.member_dir());
    let before = file::remove(host, &mark, false)?.changed;
    Ok(Change::between(before, false))
}

/// Starts etcd on data that is in place, and waits until its own endpoint is healthy.
///
/// Refuses a data directory without `member`: etcd would make an empty, healthy cluster of it.
///
/// # Errors
/// `Refused` without data; `State` with the end of its journal if it does not start or is not
/// healthy `within` the time.
///
/// Source: OCP 3.9 Restoring etcd v3 data, step 5.
pub fn start(
    host: &Host,
    conf: &EtcdConf,
    within: Duration,
) -> Result<Change<Vec<systemctl::UnitState>>> {
    let data = file::stat(host, &conf.member_dir())?;
    if data.is_none_or(|data| data.kind != FileKind::Directory) {
        let reason = format!("`{}` is missing: it would start empty", conf.member_dir());
        return Err(Error::refused(host.name(), "start etcd", reason)
            .with_hint("restore the data first, or join this member to the others"));
    }
    let change = systemctl::start(host, &[UNIT])?;
    health::wait_healthy(host, conf, &[], within)?;
    Ok(change)
}
