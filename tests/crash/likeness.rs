//! What is different between two states of a cluster, times and process ids left out.
//!
//! Two moments of one run are compared byte by byte. Two runs, of which one lost time on its way, do not write the
//! same: [`Eyes::Mild`] passes over what tells the time, or how often something was done.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::sim::cluster::{Cluster, State};
use ocpdg::transport::sim::etcd::{self, Group, Log, Store};
use ocpdg::transport::sim::files::{Kind, Name, Node, join};
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::sim::openshift;
use ocpdg::transport::sim::process::Process;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// Every byte counts.
    Sharp,
    /// Not counted are the records of commands, containers that ended, the revisions of etcd's keys, the heartbeats of
    /// nodes in them, the ids of members, the order of yum's excludes, and [`TIMES`].
    Mild,
    /// Nor which member was restored first, and so what the others were told when they joined it.
    Far,
}

/// Files that tell which member was the first one.
const FIRST: &[&str] = &[
    "/etc/etcd/etcd.conf",
    "/var/lib/etcd/member/snap",
    "/first-member",
];

/// Files that hold the time at which they were written.
const TIMES: &[&str] = &["/first-member"];

/// Parts of the paths where the data that etcd had before the restore is kept.
const AS_IT_WAS: &[&str] = &["/etcd.ocpdg-before-", "/.ocpdg-before-", "/current/"];

/// What no file on disk is.
const NO_FILES: &[&str] = &["/proc", "/dev"];

/// The state of `cluster` now, with all that its members of etcd would write to their disks written.
pub fn state(cluster: &Cluster) -> State {
    let mut state = cluster.state().clone();
    for machine in 0..state.machines.len() {
        etcd::write_back(&mut state, machine);
    }
    state
}

/// The state of `cluster` when its hosts have had the time for what they do by themselves: one that reboots comes up, a
/// node starts its pods.
pub fn rested(cluster: &Cluster) -> State {
    let cluster = cluster.fork();
    cluster.clock.spend(Duration::from_secs(1200));
    let machines = cluster.state().machines.len();
    for machine in 0..machines {
        cluster.wake(machine).expect("what runs is modelled");
        openshift::settle(&Process::of_system(&cluster, machine)).expect("what runs is modelled");
    }
    state(&cluster)
}

/// What is different between `one` and `other`, a line each.
pub fn differences(one: &State, other: &State, eyes: Eyes) -> Vec<String> {
    let mut found = Vec::new();
    for (one, other) in one.machines.iter().zip(&other.machines) {
        let mut here = Vec::new();
        machine(one, other, eyes, &mut here);
        found.extend(here.into_iter().map(|line| format!("{}: {line}", one.name)));
    }
    clusters(one, other, eyes, &mut found);
    found
}

fn machine(one: &Machine, other: &Machine, eyes: Eyes, found: &mut Vec<String>) {
    let mut unlike = |what: &str, one: &dyn Debug, other: &dyn Debug| {
        let (one, other) = (format!("{one:?}"), format!("{other:?}"));
        if one != other {
            found.push(format!("{what}: {one} / {other}"));
        }
    };
    unlike("up", &one.up, &other.up);
    // A host that is away when the run ends keeps them, which the run says.
    let records = |of: &Machine| -> Vec<String> {
        let all = of.operations.keys().cloned();
        all.filter(|_| eyes == Eyes::Sharp).collect()
    };
    unlike("records of commands", &records(one), &records(other));
    let packages = |of: &Machine| -> Vec<String> {
        of.packages
            .packages()
            .map(|one| one.nevra().to_owned())
            .collect()
    };
    unlike("packages", &packages(one), &packages(other));
    let counts = |of: &Machine| {
        let all = &of.docker.containers;
        let running = all.iter().filter(|one| one.running);
        // What holds a pod together stays as its node started it, were it with 3.8 before the shutdown.
        let images = running.map(|one| match one.image.split_once("/ose-pod:") {
            Some((registry, _)) if eyes != Eyes::Sharp => format!("{registry}/ose-pod"),
            _ => one.image.clone(),
        });
        let mut images: Vec<String> = images.collect();
        images.sort();
        // What a reboot ended stays, as anywhere: the node starts others in its place, and pulls what they need.
        let others = (eyes == Eyes::Sharp).then_some((all.len(), of.docker.images.len()));
        (format!("{images:?}"), others)
    };
    unlike("docker", &counts(one), &counts(other));
    let lost: Vec<_> = one
        .docker
        .images
        .iter()
        .filter(|it| !other.docker.images.contains(it))
        .collect();
    unlike("images that are lost", &Vec::<u8>::new(), &lost);
    let units = |of: &Machine| -> BTreeMap<String, String> {
        let states = of.units.states.iter();
        states
            .map(|(name, state)| (name.clone(), state.active.words().0.to_owned()))
            .filter(|(_, words)| words != "inactive")
            .collect()
    };
    unlike("units", &units(one), &units(other));
    let processes = |of: &Machine| -> BTreeMap<String, Vec<u16>> {
        let all = of.processes.values();
        all.map(|one| (one.argv.join(" "), one.listens.clone()))
            .collect()
    };
    unlike("processes", &processes(one), &processes(other));
    if let (Ok(one), Ok(other)) = (one.files.get("/"), other.files.get("/")) {
        nodes("/", one, other, eyes, found);
    }
}

/// What is different about `path`, and below it.
fn nodes(path: &str, one: &Node, other: &Node, eyes: Eyes, found: &mut Vec<String>) {
    if NO_FILES.contains(&path) {
        return;
    }
    let told = |of: &Node| {
        let label = of.context.as_deref().unwrap_or("by policy");
        format!("{}:{} {:o} {label}", of.owner, of.group, of.mode)
    };
    if (&one.owner, &one.group, one.mode, &one.context)
        != (&other.owner, &other.group, other.mode, &other.context)
    {
        found.push(format!("{path} is {} / {}", told(one), told(other)));
    }
    match (&one.kind, &other.kind) {
        (Kind::Directory(one), Kind::Directory(other)) => {
            if Arc::ptr_eq(one, other) {
                return;
            }
            for name in one
                .keys()
                .chain(other.keys().filter(|it| !one.contains_key(it)))
            {
                entry(path, name, one.get(name), other.get(name), eyes, found);
            }
        }
        (Kind::File(one), Kind::File(other)) if Arc::ptr_eq(one, other) || one == other => {}
        (Kind::File(one), Kind::File(other))
            if eyes != Eyes::Sharp && tell_the_same(path, one, other) => {}
        (Kind::File(one), Kind::File(other)) => {
            found.push(format!("{path} has another content{}", first(one, other)));
        }
        (one, other) if one == other => {}
        _ => found.push(format!("{path} is another kind of file")),
    }
}

fn entry(
    directory: &str,
    name: &Name,
    one: Option<&Node>,
    other: Option<&Node>,
    eyes: Eyes,
    found: &mut Vec<String>,
) {
    let path = join(directory, name);
    let tells_first =
        |of: &str| path == of || path.starts_with("/var/lib/ocpdg/") && path.ends_with(of);
    if eyes == Eyes::Far && FIRST.iter().any(|of| tells_first(of)) {
        return;
    }
    match (one, other) {
        (Some(one), Some(other)) => nodes(&path, one, other, eyes, found),
        (Some(_), None) => found.push(format!("{path} is there / is not")),
        _ => found.push(format!("{path} is not there / is")),
    }
}

/// The first line in which two texts differ.
fn first(one: &[u8], other: &[u8]) -> String {
    let (Ok(one), Ok(other)) = (std::str::from_utf8(one), std::str::from_utf8(other)) else {
        return String::new();
    };
    let mut lines = one.lines().zip(other.lines());
    match lines.find(|(one, other)| one != other) {
        Some((one, other)) => format!(": {one:?} / {other:?}"),
        None => ": one is longer".to_owned(),
    }
}

/// Whether the files at `path` say the same but for times.
fn tell_the_same(path: &str, one: &[u8], other: &[u8]) -> bool {
    if TIMES.iter().any(|name| path.ends_with(name)) {
        return true;
    }
    if path == "/etc/yum.conf" {
        return excludes(one) == excludes(other);
    }
    if let (Ok(one), Ok(other)) = (Store::of_file(one), Store::of_file(other)) {
        let (mut one, mut other) = (keys(&one), keys(&other));
        // A node that came up anew before its cluster was shut down said more of itself.
        if AS_IT_WAS.iter().any(|part| path.contains(part)) {
            for keys in [&mut one, &mut other] {
                keys.retain(|key, _| !key.starts_with("/kubernetes.io/minions/"));
            }
        }
        return one == other;
    }
    let log = |bytes: &[u8]| {
        etcd::decode::<Log>(bytes).map(|log| {
            let members = log.members.into_iter();
            // The ids of members that were added are chance.
            let mut members: Vec<_> = members
                .map(|it| (it.name, it.peer_urls, it.client_urls))
                .collect();
            members.sort();
            (members, log.v2)
        })
    };
    let told = log(one);
    told.is_some() && told == log(other)
}

/// The lines of yum's configuration, its excludes without an order: each excluder puts its own in front.
fn excludes(text: &[u8]) -> Vec<Vec<String>> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().map(|line| {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        if line.starts_with("exclude=") {
            words.sort();
        }
        words
    });
    lines.collect()
}

/// What each key of `store` holds, heartbeats left out.
fn keys(store: &Store) -> BTreeMap<String, String> {
    let all = store.keys.iter();
    all.map(|(key, held)| {
        let mark = "\"lastHeartbeatEpoch\":";
        let value = match held.value.split_once(mark) {
            Some((before, after)) => {
                let after = after.trim_start_matches(|it: char| it.is_ascii_digit());
                format!("{before}{mark}{after}")
            }
            None => held.value.clone(),
        };
        (key.clone(), value)
    })
    .collect()
}

fn clusters(one: &State, other: &State, eyes: Eyes, found: &mut Vec<String>) {
    let groups = |of: &State| -> Vec<Group> { of.etcd.groups.values().cloned().collect() };
    let (one, other) = (groups(one), groups(other));
    if one.len() != other.len() {
        found.push(format!("{} / {} etcd clusters run", one.len(), other.len()));
    }
    for (one, other) in one.iter().zip(&other) {
        let members = |of: &Group| -> Vec<(String, Vec<String>, Option<usize>)> {
            let mut all: Vec<_> = of
                .log
                .members
                .iter()
                .map(|member| {
                    let machine = of.running.get(&member.id).map(|one| one.machine);
                    (member.name.clone(), member.peer_urls.clone(), machine)
                })
                .collect();
            all.sort();
            all
        };
        if members(one) != members(other) {
            found.push(format!(
                "etcd members: {:?} / {:?}",
                members(one),
                members(other)
            ));
        }
        if eyes == Eyes::Sharp && (&one.store, &one.log) != (&other.store, &other.log) {
            found.push("etcd's data is different".to_owned());
        }
        let (one, other) = (keys(&one.store), keys(&other.store));
        for key in one
            .keys()
            .chain(other.keys().filter(|it| !one.contains_key(*it)))
        {
            if one.get(key) != other.get(key) {
                found.push(format!(
                    "etcd key {key}: {:?} / {:?}",
                    one.get(key),
                    other.get(key)
                ));
            }
        }
    }
}
