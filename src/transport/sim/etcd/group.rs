//! Members that run as one cluster: quorum, writes, changes of members.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::data::{Log, Member, Store, encode};
use super::{DB, WAL};
use crate::transport::sim::certificate::Certificate;
use crate::transport::sim::cluster::State;
use crate::transport::sim::files::{Actor, Errno, join};

/// All etcd clusters there are: one, if nothing went wrong.
#[derive(Debug, Clone, Default)]
pub struct Etcd {
    /// By a number that no other group ever has.
    pub groups: BTreeMap<u64, Group>,
    /// The groups whose files lag behind, and since when, since 1970.
    pub unwritten: BTreeMap<u64, Duration>,
}

/// Members that run and found each other.
#[derive(Debug, Clone)]
pub struct Group {
    /// What they agreed on.
    pub log: Log,
    /// Their data.
    pub store: Store,
    /// Those that run, by member id.
    pub running: BTreeMap<u64, Running>,
    /// Alarms, by member id.
    pub alarms: Vec<(u64, String)>,
    /// How often a key below each directory of two names, as `/kubernetes.io/pods`, was changed.
    pub changes: BTreeMap<String, u64>,
}

/// A member that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The place of its host.
    pub machine: usize,
    /// Its data directory, without links.
    pub directory: String,
    /// Where it listens for clients.
    pub client_urls: Vec<String>,
    /// Its version.
    pub version: String,
    /// What it shows to clients that come by `https`.
    pub certificate: Option<Certificate>,
}

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is there, at this revision; a removal took so many keys.
    Kept {
        /// The revision.
        revision: u64,
        /// Keys removed.
        removed: u64,
    },
    /// The members agreed on it, and their data passed it over: nobody answers the client.
    PassedOver,
    /// There is no quorum.
    NoQuorum,
}

impl Group {
    /// Whether enough members run.
    pub fn has_quorum(&self) -> bool {
        let running = self
            .log
            .members
            .iter()
            .filter(|member| self.running.contains_key(&member.id))
            .count();
        running > self.log.members.len() / 2
    }

    /// The member that leads: the first one that runs, while there is a quorum.
    pub fn leader(&self) -> u64 {
        let first = self.running.keys().next().copied();
        first.filter(|_| self.has_quorum()).unwrap_or(0)
    }

    /// The member that runs on the host at `machine`.
    pub fn on(&self, machine: usize) -> Option<(u64, &Running)> {
        self.running
            .iter()
            .find(|(_, running)| running.machine == machine)
            .map(|(id, running)| (*id, running))
    }

    /// Writes `value` to `key`.
    pub fn put(&mut self, key: &str, value: &str) -> Written {
        if !self.has_quorum() {
            return Written::NoQuorum;
        }
        self.log.index += 1;
        self.changed(key);
        match self.store.put(self.log.index, key, value) {
            true => self.kept(0),
            false => Written::PassedOver,
        }
    }

    /// Removes `key`, or all keys that begin with it.
    pub fn remove(&mut self, key: &str, prefix: bool) -> Written {
        if !self.has_quorum() {
            return Written::NoQuorum;
        }
        self.log.index += 1;
        let keys: Vec<String> = self
            .store
            .range(key, prefix)
            .map(|(key, _)| key.clone())
            .collect();
        keys.iter().for_each(|key| self.changed(key));
        match self.store.remove(self.log.index, &keys) {
            Some(removed) => self.kept(removed),
            None => Written::PassedOver,
        }
    }

    fn changed(&mut self, key: &str) {
        let directory = directory(key);
        match self.changes.get_mut(directory) {
            Some(count) => *count += 1,
            None => drop(self.changes.insert(directory.to_owned(), 1)),
        }
    }

    fn kept(&self, removed: u64) -> Written {
        Written::Kept {
            revision: self.store.revision,
            removed,
        }
    }

    /// Changes the list of members; false without a quorum.
    pub fn change_members(&mut self, change: impl FnOnce(&mut Vec<Member>)) -> bool {
        if !self.has_quorum() {
            return false;
        }
        self.log.index += 1;
        change(&mut self.log.members);
        true
    }
}

/// The first two names of `key`.
fn directory(key: &str) -> &str {
    let end = key
        .match_indices('/')
        .nth(2)
        .map_or(key.len(), |(at, _)| at);
    &key[..end]
}

/// The group and member that answers at `url`, asked from the host at `from`.
///
/// # Errors
/// Why nobody does, in the words of a Go program.
pub fn locate(state: &State, from: usize, url: &str) -> Result<(u64, u64), String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let (host, port) = rest
        .trim_end_matches('/')
        .rsplit_once(':')
        .unwrap_or((rest, "2379"));
    let refused = || format!("dial tcp {host}:{port}: connect: connection refused");
    let machine = if matches!(host, "localhost" | "127.0.0.1") {
        from
    } else {
        state
            .find(host)
            .ok_or_else(|| format!("dial tcp: lookup {host}: no such host"))?
    };
    if !state.machines[machine].up {
        return Err(format!("dial tcp {host}:{port}: connect: no route to host"));
    }
    let local = matches!(host, "localhost" | "127.0.0.1");
    for (group, members) in &state.etcd.groups {
        let Some((id, running)) = members.on(machine) else {
            continue;
        };
        for listening in &running.client_urls {
            let (its_scheme, its_rest) = listening.split_once("://").unwrap_or(("http", listening));
            let (its_host, its_port) = its_rest.rsplit_once(':').unwrap_or((its_rest, "2379"));
            let hears = its_port == port
                && (local == matches!(its_host, "localhost" | "127.0.0.1")
                    || its_host == "0.0.0.0");
            if hears && its_scheme == scheme {
                return match &running.certificate {
                    Some(certificate) if scheme == "https" && !certificate.covers(host) => {
                        Err(not_valid(certificate, host))
                    }
                    _ => Ok((*group, id)),
                };
            }
            if hears {
                return Err("malformed HTTP response".to_owned());
            }
        }
    }
    Err(refused())
}

/// What Go says of a certificate that is for others than `host`.
fn not_valid(certificate: &Certificate, host: &str) -> String {
    let names = certificate.names.iter();
    let names: Vec<&str> = names.filter_map(|name| name.strip_prefix("DNS:")).collect();
    format!(
        "x509: certificate is valid for {}, not {host}",
        names.join(", ")
    )
}

/// Writes what the files of the members on the host at `machine` lack: somebody is about to look at them.
pub fn write_back(state: &mut State, machine: usize) {
    if state.etcd.unwritten.is_empty() {
        return;
    }
    for (group, since) in state.etcd.unwritten.clone() {
        let members = state.etcd.groups.get(&group);
        if members.is_none_or(|members| members.on(machine).is_some()) {
            // A member whose disk is full keeps what it has in memory.
            let _ = flush(state, group, since);
        }
    }
}

/// Writes the data of a group to the files of all members that run.
///
/// # Errors
/// As the kernel has them: a disk may be full.
pub fn flush(state: &mut State, group: u64, now: Duration) -> Result<(), Errno> {
    state.etcd.unwritten.remove(&group);
    let Some(members) = state.etcd.groups.get(&group) else {
        return Ok(());
    };
    let db = Arc::new(members.store.file());
    let by = Actor {
        user: "etcd".into(),
        group: "etcd".into(),
        umask: 0o077,
        now,
    };
    for (id, running) in &members.running {
        let mut log = members.log.clone();
        log.member = *id;
        let files = &mut state.machines[running.machine].files;
        files.write(&join(&running.directory, DB), Arc::clone(&db), &by)?;
        files.write(&join(&running.directory, WAL), Arc::new(encode(&log)), &by)?;
    }
    Ok(())
}

/// The member on the host at `machine` runs no more.
pub fn stopped(state: &mut State, machine: usize) {
    write_back(state, machine);
    for members in state.etcd.groups.values_mut() {
        members
            .running
            .retain(|_, running| running.machine != machine);
    }
    state
        .etcd
        .groups
        .retain(|_, members| !members.running.is_empty());
}
