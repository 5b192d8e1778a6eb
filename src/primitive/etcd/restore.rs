//! The data put in place.
//!
//! It is made complete in a directory beside the data, marked with the run, the way and the sha256 of
//! the copy, and takes the name `member` in one rename; the old `member` is set aside in another.
//! Killed anywhere, a second call finds either this very mark and is done, or begins again: the old
//! data is aside by then, not lost. What this run itself restored in another way, or from another
//! copy, is stopped and set aside as well; any other data is not touched while etcd runs. Nothing but
//! `member` is moved: backups and mount points stay.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::conf::EtcdConf;
use super::trial::{LOG_BYTES, Proof, RestoreArguments};
use super::{UNIT, health};
use crate::error::{Error, Result};
use crate::primitive::file::{self, Attributes, FileKind};
use crate::primitive::{Change, Host, systemctl};
use crate::transport::Command;

/// The file in `member` that says which run restored it, which way, from what. etcd reads only `snap`
/// and `wal`.
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
    put_in_place(host, conf, proof, options, "v3", proof.size, |staging| {
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
    put_in_place(host, conf, proof, options, "v2", size, |staging| {
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
    way: &str,
    size: u64,
    prepare: impl FnOnce(&str) -> Result<()>,
) -> Result<Change<Restored>> {
    check_token(&options.token)?;
    let token = &options.token;
    let member = conf.member_dir();
    let staging = conf.beside("restore", token);
    let own_mark = format!("run {token}\n");
    let wanted = format!("{own_mark}way {way}\nsha256 {}\n", proof.sha256);
    let state = |in_place| -> Result<Restored> {
        Ok(Restored {
            data_dir: conf.data_dir.clone(),
            in_place,
            kept: kept(host, conf, token)?,
            revision: proof.revision,
        })
    };
    let found = mark(host, conf)?;
    if found.as_ref() == Some(&wanted) {
        let done = state(true)?;
        if is_stopped(host)? {
            file::remove(host, &staging, true)?;
            own(host, conf)?;
        }
        return Ok(Change::between(done.clone(), done));
    }
    let action = format!("replace etcd's data in `{}`", conf.data_dir);
    conf.all_in_one_place(&action)?;
    // What this run put here itself it may stop; anything else that runs is somebody's data.
    let is_ours = match &found {
        Some(mark) => mark.starts_with(&own_mark),
        None => is_joined(host, conf, token)?,
    };
    if !is_ours {
        stopped(host, &action)?;
    }
    proof.verify(host, &action, &member)?;
    let before = state(false)?;
    if is_ours {
        systemctl::stop(host, &[UNIT])?;
    }
    super::undo_force_new_cluster(host, conf)?;

    file::remove(host, &staging, true)?;
    make_room(host, conf, options, size + LOG_BYTES)?;
    prepare(&staging)?;
    let staged = format!("{staging}/member");
    let attributes = Attributes::default();
    file::write(host, &format!("{staged}/{MARK}"), &wanted, &attributes)?;
    file::set_owner(host, &staging, "etcd:etcd", true)?;
    // Whole on the disk before it takes the place: a mark must not outlive its data.
    host.run(&Command::changes(["sync"]))?;
    let attributes = Attributes::new("etcd:etcd", "0700");
    file::mkdir(host, &conf.real_data_dir, &attributes)?;
    set_aside(host, conf, token)?;
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

/// What the mark in the data directory says, if there is one.
fn mark(host: &Host, conf: &EtcdConf) -> Result<Option<String>> {
    let path = format!("{}/{MARK}", conf.member_dir());
    if !file::exists(host, &path)? {
        return Ok(None);
    }
    file::read(host, &path).map(Some)
}

/// Moves `member` of a stopped etcd to its place aside, which exists afterwards even if there was
/// nothing to move: see [`is_cleared`].
pub(super) fn set_aside(host: &Host, conf: &EtcdConf, token: &str) -> Result<()> {
    let member = conf.member_dir();
    let aside = conf.beside("before", token);
    file::mkdir(host, &aside, &Attributes::new("root:root", "0700"))?;
    if file::exists(host, &member)? {
        let taken = file::list(host, &aside)?.len();
        // A second `member`, of an etcd started in between, goes beside the first.
        let name = if taken == 0 {
            "member".to_owned()
        } else {
            format!("member.{taken}")
        };
        rename(host, &member, &format!("{aside}/{name}"))?;
    }
    Ok(())
}

/// Whether the run `token` has set aside what was in the data directory: what is there now came since.
pub(super) fn is_cleared(host: &Host, conf: &EtcdConf, token: &str) -> Result<bool> {
    file::exists(host, &conf.beside("before", token))
}

/// Whether the data of this member came by joining a cluster that the run `token` restored.
pub(super) fn is_joined(host: &Host, conf: &EtcdConf, token: &str) -> Result<bool> {
    Ok(is_cleared(host, conf, token)?
        && mark(host, conf)?.is_none()
        && file::exists(host, &conf.member_dir())?)
}

/// Where the run `token` keeps the data of before, if there was any.
pub(super) fn kept(host: &Host, conf: &EtcdConf, token: &str) -> Result<Option<String>> {
    let aside = conf.beside("before", token);
    let is_used = !file::list(host, &aside)?.is_empty();
    Ok(is_used.then_some(aside))
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

/// Makes sure that the restored data fits beside the old, or removes the old where it is proven: under
/// another name, for half of it must never pass for data that was kept.
fn make_room(host: &Host, conf: &EtcdConf, options: &RestoreOptions, needed: u64) -> Result<()> {
    let doomed = conf.beside("removed", &options.token);
    file::remove(host, &doomed, true)?;
    let free = file::free_bytes(host, &conf.real_data_dir)?;
    if free >= needed {
        return Ok(());
    }
    let member = conf.member_dir();
    if let (Some(current), true) = (&options.current, file::exists(host, &member)?) {
        let action = format!("remove `{member}`, for want of room");
        current.verify(host, &action, &conf.real_data_dir)?;
        rename(host, &member, &doomed)?;
        file::remove(host, &doomed, true)?;
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

fn is_stopped(host: &Host) -> Result<bool> {
    let states = systemctl::show(host, &[UNIT])?;
    Ok(states.iter().all(systemctl::UnitState::is_stopped))
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
/// Refuses a data directory without `member`: etcd would make an empty, healthy cluster of it. Refuses
/// to start with `--force-new-cluster`, which throws members out: [`super::start_forced`] is for that.
///
/// # Errors
/// `Refused` without data, or with the flag; `State` with the end of its journal if it does not start
/// or is not healthy `within` the time.
///
/// Source: OCP 3.9 Restoring etcd v3 data, step 5.
pub fn start(
    host: &Host,
    conf: &EtcdConf,
    within: Duration,
) -> Result<Change<Vec<systemctl::UnitState>>> {
    if super::force::forced(host, conf)? != super::Forced::No {
        let reason = "it would throw out the other members, at every start";
        let action = "start etcd with `--force-new-cluster`";
        return Err(
            Error::refused(host.name(), action, reason).with_hint(format!(
                "see `systemctl cat etcd` and `{}` on `{}`, and take it out",
                conf.path,
                host.name()
            )),
        );
    }
    launch(host, conf, within)
}

/// As [`start`], with whatever flags there are.
pub(super) fn launch(
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
