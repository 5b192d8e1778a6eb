//! What a member makes of its directory when it starts.

use std::collections::BTreeMap;

use super::data::{Log, Member, Store, decode, ids};
use super::group::{Group, Running, flush};
use super::{DB, WAL};
use crate::transport::sim::certificate::Certificate;
use crate::transport::sim::cluster::State;
use crate::transport::sim::files::{Actor, Errno, join};
use crate::transport::sim::openshift::Pods;

/// How a member was told to start.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `--name`.
    pub name: String,
    /// `--data-dir`, absolute.
    pub directory: String,
    /// `--listen-client-urls`.
    pub listen_clients: Vec<String>,
    /// `--advertise-client-urls`.
    pub client_urls: Vec<String>,
    /// `--initial-advertise-peer-urls`.
    pub peer_urls: Vec<String>,
    /// `--initial-cluster`.
    pub cluster: Vec<(String, Vec<String>)>,
    /// `--initial-cluster-state` is `existing`.
    pub existing: bool,
    /// `--initial-cluster-token`.
    pub token: String,
    /// `--force-new-cluster`.
    pub force: bool,
    /// The version of the program.
    pub version: String,
    /// `--cert-file`, if a certificate is in it.
    pub certificate: Option<Certificate>,
}

/// Starts the member on the host at `machine`; whether it is ready, that is whether it has a quorum.
///
/// # Errors
/// What it says before it ends, a line each.
pub fn start(
    state: &mut State,
    machine: usize,
    settings: &Settings,
    by: &Actor,
) -> Result<bool, String> {
    let files = &mut state.machines[machine].files;
    let directory = files
        .real(&settings.directory, true)
        .map_err(|errno| format!("cannot access data directory: {errno}"))?;
    let touch = |errno: Errno| {
        let reason = errno.to_string().to_lowercase();
        format!("cannot access data directory: open {directory}/.touch: {reason}")
    };
    match files.follow(&directory) {
        Ok(node) if !by.may(node, 2) => return Err(touch(Errno::Denied)),
        Ok(_) => {}
        Err(_) => files.make_directory(&directory, 0o700, by).map_err(touch)?,
    }
    let wal = join(&directory, WAL);
    let (mut log, store) = if files.exists(&join(&directory, "member")) {
        read(state, machine, &directory, by)?
    } else {
        let new = first(state, settings)?;
        let own = Actor {
            umask: 0o077,
            ..by.clone()
        };
        let files = &mut state.machines[machine].files;
        for below in ["member/snap", "member/wal"] {
            files
                .make_directories(&join(&directory, below), &own)
                .map_err(touch)?;
        }
        new
    };
    if let Some(wanted) = &log.version
        && older(&settings.version, wanted)
    {
        return Err(format!(
            "cluster cannot be downgraded (current version: {} is lower than determined cluster version: {wanted}).",
            settings.version
        ));
    }
    if settings.force {
        forced(&mut log, settings);
    }
    let running = Running {
        machine,
        directory,
        client_urls: settings.listen_clients.clone(),
        version: settings.version.clone(),
        certificate: settings.certificate.clone(),
    };
    let group = join_or_make(state, log, store, running, settings);
    publish(state, group, settings);
    match flush(state, group, by.now) {
        Ok(()) => {}
        Err(errno) => return Err(format!("cannot write {wal}: {errno}")),
    }
    Ok(state.etcd.groups.get(&group).is_some_and(Group::has_quorum))
}

/// What a directory that has been used holds.
fn read(
    state: &mut State,
    machine: usize,
    directory: &str,
    by: &Actor,
) -> Result<(Log, Store), String> {
    let files = &state.machines[machine].files;
    let open = |path: String| -> Result<Vec<u8>, String> {
        let node = files
            .follow(&path)
            .map_err(|errno| format!("open {path}: {}", errno.to_string().to_lowercase()))?;
        if !by.may(node, 4) {
            return Err(format!("open {path}: permission denied"));
        }
        Ok(node
            .content()
            .map(|content| content.to_vec())
            .unwrap_or_default())
    };
    for below in ["member", "member/snap", "member/wal"] {
        let path = join(directory, below);
        let node = files
            .follow(&path)
            .map_err(|errno| format!("open {path}: {}", errno.to_string().to_lowercase()))?;
        if !by.may(node, 2) {
            return Err(format!("open {path}: permission denied"));
        }
    }
    let wal = open(join(directory, WAL))?;
    let log: Log =
        decode(&wal).ok_or("read wal error (walpb: crc mismatch) and cannot be repaired")?;
    let path = join(directory, DB);
    if !files.exists(&path) {
        return Err(format!("database file ({path}) of the backend is missing"));
    }
    let store = Store::of_file(&open(path)?).map_err(|reason| format!("panic: {reason}"))?;
    Ok((log, store))
}

/// What a directory that was never used is filled with.
fn first(state: &mut State, settings: &Settings) -> Result<(Log, Store), String> {
    let own = settings
        .cluster
        .iter()
        .find(|(name, _)| *name == settings.name)
        .ok_or_else(|| {
            format!(
                "couldn't find local name \"{}\" in the initial cluster configuration",
                settings.name
            )
        })?;
    if settings.existing {
        return added(state, settings, own);
    }
    let (cluster, members) = ids(&settings.cluster, &settings.token);
    let members: Vec<Member> = settings
        .cluster
        .iter()
        .zip(members)
        .map(|((name, urls), id)| Member {
            id,
            name: name.clone(),
            peer_urls: urls.clone(),
            client_urls: Vec::new(),
        })
        .collect();
    let member = members
        .iter()
        .find(|one| one.name == settings.name)
        .map_or(0, |one| one.id);
    let log = Log {
        cluster,
        member,
        term: 1,
        index: members.len() as u64,
        members,
        v2: BTreeMap::new(),
        version: Some(minor(&settings.version)),
    };
    Ok((
        log,
        Store {
            revision: 1,
            ..Store::default()
        },
    ))
}

/// What a member that was added to a running cluster begins with.
fn added(
    state: &mut State,
    settings: &Settings,
    own: &(String, Vec<String>),
) -> Result<(Log, Store), String> {
    // Whoever is asked to come by localhost finds itself.
    let others: Vec<&String> = settings
        .cluster
        .iter()
        .filter(|(name, _)| *name != settings.name)
        .flat_map(|(_, urls)| urls)
        .filter(|url| !url.contains("//localhost:") && !url.contains("//127.0.0.1:"))
        .collect();
    let group = state.etcd.groups.values().find(|group| {
        group.log.members.iter().any(|member| {
            group.running.contains_key(&member.id)
                && member.peer_urls.iter().any(|url| others.contains(&url))
        })
    });
    let Some(group) = group else {
        return Err("cannot fetch cluster info from peer urls: could not retrieve cluster information from the given urls".to_owned());
    };
    let mut wanted: Vec<&String> = settings.cluster.iter().flat_map(|(_, urls)| urls).collect();
    let mut have: Vec<&String> = group
        .log
        .members
        .iter()
        .flat_map(|one| &one.peer_urls)
        .collect();
    wanted.sort();
    have.sort();
    if wanted.len() != have.len() {
        return Err("error validating peerURLs: member count is unequal".to_owned());
    }
    if wanted != have {
        return Err(
            "error validating peerURLs: unmatched member while checking PeerURLs".to_owned(),
        );
    }
    let member = group.log.members.iter().find(|one| one.peer_urls == own.1);
    let mut log = group.log.clone();
    log.member = member.map_or(0, |one| one.id);
    Ok((log, group.store.clone()))
}

/// Makes `log` that of a cluster of one. A member that is not in its own list, as a backup's invented ids
/// have it, adds itself, and knows no better peer URL than localhost.
fn forced(log: &mut Log, settings: &Settings) {
    log.members.retain(|member| member.id == log.member);
    if log.members.is_empty() {
        log.members.push(Member {
            id: log.member,
            name: settings.name.clone(),
            peer_urls: vec!["http://localhost:2380".to_owned()],
            client_urls: settings.client_urls.clone(),
        });
    }
    log.index += 1;
}

/// The group that the member belongs to from now on.
fn join_or_make(
    state: &mut State,
    log: Log,
    store: Store,
    running: Running,
    settings: &Settings,
) -> u64 {
    let found = state.etcd.groups.iter().find(|(_, group)| {
        let same = group.log.cluster == log.cluster && !settings.force;
        let knows_it = group.log.members.iter().any(|one| one.id == log.member);
        let it_knows = log
            .members
            .iter()
            .any(|one| group.running.contains_key(&one.id));
        same && knows_it && it_knows && !group.running.contains_key(&log.member)
    });
    let member = log.member;
    if let Some(key) = found.map(|(key, _)| *key) {
        if let Some(group) = state.etcd.groups.get_mut(&key) {
            // The one that is ahead brings the others up.
            if !group.has_quorum() && log.index > group.log.index {
                group.log = log;
                group.store = store;
                state.pods = Pods::default();
            }
            group.running.insert(member, running);
        }
        return key;
    }
    let key = state.number();
    let group = Group {
        log,
        store,
        running: [(member, running)].into(),
        alarms: Vec::new(),
        changes: BTreeMap::new(),
    };
    state.etcd.groups.insert(key, group);
    key
}

/// Once there is a quorum, the members that run tell their names and client URLs.
fn publish(state: &mut State, key: u64, settings: &Settings) {
    let Some(group) = state.etcd.groups.get_mut(&key) else {
        return;
    };
    if !group.has_quorum() {
        return;
    }
    let own = settings.peer_urls.clone();
    let by_id: Vec<u64> = group.running.keys().copied().collect();
    for member in &mut group.log.members {
        let is_own = member.peer_urls == own || (by_id.len() == 1 && by_id[0] == member.id);
        if is_own {
            member.name.clone_from(&settings.name);
            member.client_urls.clone_from(&settings.client_urls);
        } else if by_id.contains(&member.id) && member.client_urls.is_empty() {
            // It waited for this quorum.
            let running = &group.running[&member.id];
            member.client_urls.clone_from(&running.client_urls);
        }
    }
    group.log.term += 1;
    group.log.index += 1;
    raise_version(group);
}

/// Once all members run, the cluster's version is the lowest of theirs; it never falls.
fn raise_version(group: &mut Group) {
    let of = |member: &Member| group.running.get(&member.id).map(|one| minor(&one.version));
    let all: Option<Vec<String>> = group.log.members.iter().map(of).collect();
    let lowest = all.and_then(|all| {
        all.into_iter()
            .reduce(|low, one| if older(&one, &low) { one } else { low })
    });
    let Some(lowest) = lowest else {
        return;
    };
    let rises = group.log.version.as_ref();
    if rises.is_none_or(|have| older(have, &lowest)) {
        group.log.version = Some(lowest);
    }
}

/// `3.2` of `3.2.22`.
fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Whether `version` is below `wanted`, both as major and minor.
pub fn older(version: &str, wanted: &str) -> bool {
    let number = |text: &str| -> Vec<u32> {
        text.split('.')
            .take(2)
            .filter_map(|part| part.parse().ok())
            .collect()
    };
    number(version) < number(wanted)
}
