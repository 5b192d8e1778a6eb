//! The other members, one at a time.
//!
//! Between `member add` and the new member's start a cluster of two has lost its quorum. So
//! everything on the new member is made ready first, and every look comes before its act: called
//! again after a crash at any point, this goes on from there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answers::{Member, parse_member_add};
use super::client::{changing, v3};
use super::conf::{EtcdConf, initial_cluster};
use super::{UNIT, health, ready::ready, restore};
use crate::error::{Error, Kind, Result};
use crate::primitive::backup::Evidence;
use crate::primitive::{Change, Host, file, systemctl};

/// How to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinOptions {
    /// Names this run, as in [`super::RestoreOptions`].
    pub token: String,
    /// How long the new member may take to be healthy, in seconds.
    pub within_secs: u64,
    /// How long all members have to be connected before the next is added, in seconds; etcd
    /// itself refuses below 5.
    pub settle_secs: u64,
    /// How long to wait before `member add` is tried again, in seconds.
    pub retry_secs: u64,
}

impl JoinOptions {
    /// The usual times: healthy within 180 s, 6 s to settle, 10 s between tries.
    pub fn new(token: &str) -> Self {
        Self {
            token: token.to_owned(),
            within_secs: 180,
            settle_secs: 6,
            retry_secs: 10,
        }
    }
}

/// A member in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// All members of the cluster.
    pub members: Vec<Member>,
    /// Where the new member's old data is, if it had any.
    pub kept: Option<String>,
}

/// Joins the member `new` (configured as `new_conf`) to the cluster of `first`.
///
/// `evacuated` shows that what `new` had was copied away; its old data is set aside all the same.
/// Changes `ETCD_INITIAL_CLUSTER` and `ETCD_INITIAL_CLUSTER_STATE` in its `etcd.conf`, and unmasks and
/// enables etcd: it may stay masked until then, so that nothing starts it too early. Masters have to be
/// stopped.
///
/// # Errors
/// `Refused` if the evidence does not hold; `State` if `new` is not ready, cannot be reached from the
/// first member or does not reach it, another member has not started, or `new` is not healthy in
/// time, with the end of its journal; `Command` with what `member add` said last.
///
/// Source: OCP 3.9 Restoring etcd, Adding etcd nodes after restoring.
pub fn join(
    first: &Host,
    first_conf: &EtcdConf,
    new: &Host,
    new_conf: &EtcdConf,
    evacuated: &Evidence,
    options: &JoinOptions,
) -> Result<Change<Joined>> {
    restore::check_token(&options.token)?;
    let within = Duration::from_secs(options.within_secs);
    let before = match health::members(first, first_conf) {
        Ok(members) => members,
        Err(error) => match half_done(new, new_conf, options, within)? {
            // The member was added and never came up: etcd answers again once it does.
            true => health::members(first, first_conf)?,
            false => return Err(error),
        },
    };
    let is_new = |member: &&Member| shares(&member.peer_urls, &new_conf.peer_urls);
    let known = before.iter().find(is_new);
    let joined = |members: Vec<Member>| -> Result<Joined> {
        let kept = restore::kept(new, new_conf, &options.token)?;
        Ok(Joined { members, kept })
    };
    if known.is_some_and(|member| member.started)
        && healthy(new, new_conf)?
        && same_cluster(first, first_conf, new, new_conf)?
    {
        if enable(new)? {
            // A host that came up meanwhile did not start it.
            health::wait_healthy(new, new_conf, &[], within)?;
        }
        let state = joined(before)?;
        return Ok(Change::between(state.clone(), state));
    }
    let other = before
        .iter()
        .find(|member| !member.started && !is_new(member));
    if let Some(other) = other {
        let subject = format!("member {} ({})", other.id, other.peer_urls.join(","));
        return Err(
            Error::state(first.name(), subject, "started", "added, but never started")
                .with_hint("join that one first: members come one at a time"),
        );
    }
    let before_state = joined(before.clone())?;
    if !known.is_some_and(|member| member.started) {
        new_conf.all_in_one_place("join it to the others")?;
        ready(first, first_conf, new, new_conf, &before)?;
        let cleared = restore::is_cleared(new, new_conf, &options.token)?;
        if !(cleared && configured(new, new_conf, &before)?) {
            systemctl::stop(new, &[UNIT])?;
            evacuated.verify(new, &new_conf.member_dir())?;
            restore::set_aside(new, new_conf, &options.token)?;
        }
        // Before it is added: from then on the others may not answer until it runs, and only what is
        // written here tells a resume that it has to be started.
        configure(new, new_conf, &before)?;
        add(first, first_conf, new_conf, &before, options)?;
    }
    // Left behind by a run that restored this member as the first one.
    super::undo_force_new_cluster(new, new_conf)?;
    own_directory(new, new_conf)?;
    bring_up(first, first_conf, new, new_conf, within)?;
    new.pause(Duration::from_secs(options.settle_secs))?;
    Ok(Change {
        changed: true,
        before: before_state,
        after: joined(health::members(first, first_conf)?)?,
    })
}

pub(super) fn shares(ours: &[String], theirs: &[String]) -> bool {
    ours.iter().any(|url| theirs.contains(url))
}

/// Whether this member came into the restored cluster by joining it in the run `token`, and is well: if the
/// member that was restored is lost, the cluster goes on from such a one, with nothing to restore.
///
/// # Errors
/// The transport's failures.
pub fn has_joined(host: &Host, conf: &EtcdConf, token: &str) -> Result<bool> {
    Ok(restore::is_joined(host, conf, token)?
        && systemctl::is_active(host, UNIT)?
        && healthy(host, conf)?)
}

fn healthy(host: &Host, conf: &EtcdConf) -> Result<bool> {
    let all = health::endpoint_health(host, conf, &conf.client_urls)?;
    Ok(all.iter().all(|one| one.healthy))
}

/// Whether both answer as members of one cluster.
fn same_cluster(
    first: &Host,
    first_conf: &EtcdConf,
    new: &Host,
    new_conf: &EtcdConf,
) -> Result<bool> {
    let ours = health::statuses(first, first_conf, &first_conf.client_urls)?;
    let theirs = health::statuses(new, new_conf, &new_conf.client_urls)?;
    let mut ids = ours.iter().chain(&theirs).map(|status| &status.cluster_id);
    let first_id = ids.next();
    Ok(ids.all(|id| Some(id) == first_id))
}

/// Starts a member that this run configured to join and that never came up; whether there was one.
///
/// The setting alone does not tell: openshift-ansible leaves it on members that it added once, whose
/// data is that of the old cluster.
fn half_done(new: &Host, conf: &EtcdConf, options: &JoinOptions, within: Duration) -> Result<bool> {
    let state = conf.values.get("ETCD_INITIAL_CLUSTER_STATE");
    let joining = state.is_some_and(|state| state == "existing")
        && restore::is_cleared(new, conf, &options.token)?;
    if !joining || healthy(new, conf)? {
        return Ok(false);
    }
    super::undo_force_new_cluster(new, conf)?;
    own_directory(new, conf)?;
    start(new)?;
    health::wait_healthy(new, conf, &[], within)?;
    Ok(true)
}

/// The members that the new one has to be told of: all that have started, and itself.
fn wanted_cluster(conf: &EtcdConf, members: &[Member]) -> String {
    let others = members
        .iter()
        .filter(|member| !shares(&member.peer_urls, &conf.peer_urls))
        .map(|member| (member.name.as_str(), member.peer_urls.as_slice()));
    let own = (conf.name.as_str(), conf.peer_urls.as_slice());
    initial_cluster(others.chain(std::iter::once(own)))
}

/// Whether the new member was already added and its configuration says so: what lies in its data
/// directory then came with that.
fn configured(new: &Host, conf: &EtcdConf, members: &[Member]) -> Result<bool> {
    let added = members
        .iter()
        .any(|member| shares(&member.peer_urls, &conf.peer_urls));
    if !added {
        return Ok(false);
    }
    let values = super::conf::parse(&file::read(new, &conf.path)?);
    let value = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    Ok(value("ETCD_INITIAL_CLUSTER_STATE") == "existing"
        && value("ETCD_INITIAL_CLUSTER") == wanted_cluster(conf, members))
}

/// Adds the member to those of `before`, as its configuration has them, unless the list has it.
fn add(
    first: &Host,
    first_conf: &EtcdConf,
    conf: &EtcdConf,
    before: &[Member],
    options: &JoinOptions,
) -> Result<()> {
    const TRIES: u32 = 4;
    let urls = format!("--peer-urls={}", conf.peer_urls.join(","));
    let command = changing(v3(first_conf, &[], &["member", "add", &conf.name, &urls]));
    let mut tries = 0;
    loop {
        let members = health::members(first, first_conf)?;
        if members
            .iter()
            .any(|member| shares(&member.peer_urls, &conf.peer_urls))
        {
            return Ok(());
        }
        tries += 1;
        let output = first.output(&command)?;
        if output.exit.success() {
            // With two members the list is not to be had any more: what was printed has to do.
            let text = output.text();
            let added = parse_member_add(&text).ok_or_else(|| first.failed(&command, &output))?;
            let mut wanted: Vec<String> = wanted_cluster(conf, before)
                .split(',')
                .map(str::to_owned)
                .collect();
            wanted.sort();
            if wanted != added.initial_cluster {
                return Err(Error::state(
                    first.name(),
                    "the members that `member add` printed",
                    wanted.join(","),
                    added.initial_cluster.join(","),
                )
                .with_hint("another member was added at the same time: look at `member list`"));
            }
            return Ok(());
        }
        let error = first.failed(&command, &output);
        if tries == TRIES || !is_transient(&error) {
            return Err(error);
        }
        first.pause(Duration::from_secs(options.retry_secs))?;
    }
}

/// Whether `member add` says what it says for some seconds after another member has started.
fn is_transient(error: &Error) -> bool {
    let Kind::Command { stdout, stderr, .. } = &*error.kind else {
        return false;
    };
    let text = format!("{stdout}\n{stderr}");
    [
        "unhealthy cluster",
        "not enough started members",
        "has no leader",
        "no leader",
        "request timed out",
        "context deadline exceeded",
        "too many learner",
    ]
    .iter()
    .any(|answer| text.contains(answer))
}

/// Writes the list of members into the new one's configuration.
fn configure(new: &Host, conf: &EtcdConf, members: &[Member]) -> Result<()> {
    for (name, value) in [
        ("ETCD_INITIAL_CLUSTER", wanted_cluster(conf, members)),
        ("ETCD_INITIAL_CLUSTER_STATE", "existing".to_owned()),
    ] {
        let line = format!("{name}={value}");
        file::replace_line(new, &conf.path, &format!("^{name}="), Some(&line))?;
        file::append_line(new, &conf.path, &line)?;
    }
    Ok(())
}

fn own_directory(new: &Host, conf: &EtcdConf) -> Result<()> {
    let attributes = file::Attributes::new("etcd:etcd", "0700");
    file::mkdir(new, &conf.real_data_dir, &attributes)?;
    if file::exists(new, &conf.member_dir())? {
        file::set_owner(new, &conf.member_dir(), "etcd:etcd", true)?;
    }
    file::restorecon(new, &conf.real_data_dir)?;
    Ok(())
}

/// Enables etcd; says whether it was not.
fn enable(new: &Host) -> Result<bool> {
    Ok(systemctl::enable(new, &[UNIT])?.changed)
}

/// Starts etcd, enabled first: a host that reboots from here on starts it by itself.
fn start(new: &Host) -> Result<()> {
    systemctl::unmask(new, &[UNIT])?;
    systemctl::enable_now(new, &[UNIT])?;
    Ok(())
}

/// Enables and starts the new member and waits until it has started, is healthy and has caught up.
fn bring_up(
    first: &Host,
    first_conf: &EtcdConf,
    new: &Host,
    conf: &EtcdConf,
    within: Duration,
) -> Result<()> {
    let recipe = |error: Error| {
        error.with_hint(format!(
            "quorum is lost until `{}` starts: repair it and run again; if it never will, restore `{}` from the backup again and leave it out",
            new.name(),
            first.name()
        ))
    };
    let started = new.clock().reading();
    start(new).map_err(recipe)?;
    health::wait_healthy(new, conf, &[], within).map_err(recipe)?;
    loop {
        let members = health::members(first, first_conf)?;
        let listed = members
            .iter()
            .any(|member| member.started && shares(&member.peer_urls, &conf.peer_urls));
        let found = if !listed {
            "added, not started".to_owned()
        } else if !same_cluster(first, first_conf, new, conf)? {
            "started as a cluster of its own".to_owned()
        } else {
            let index = |statuses: Vec<super::Status>| statuses.iter().map(|s| s.raft_index).max();
            let ours = index(health::statuses(
                first,
                first_conf,
                &first_conf.client_urls,
            )?);
            let theirs = index(health::statuses(new, conf, &conf.client_urls)?);
            let behind = ours.unwrap_or(0).saturating_sub(theirs.unwrap_or(0));
            if behind <= 100 {
                return Ok(());
            }
            format!("{behind} log entries behind")
        };
        if new.clock().since(started) >= within {
            let subject = format!("member `{}`", conf.name);
            let wanted = format!("started and caught up within {} s", within.as_secs());
            let error = Error::state(new.name(), subject, wanted, found);
            return Err(recipe(error.with_evidence(health::journal_end(new))));
        }
        new.pause(Duration::from_secs(1))?;
    }
}
