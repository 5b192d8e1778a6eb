//! `etcdctl`, of both APIs: 2 unless `ETCDCTL_API` says 3, as up to etcd 3.3.

mod keys;
mod members;
mod offline;
mod v2;
mod v3;

use std::time::Duration;

use super::super::etcd::{Group, Member, locate};
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[("etcdctl", etcdctl)];

fn etcdctl(process: &mut Process<'_>, argv: &[String]) -> Ended {
    super::super::units::settle(process)?;
    match process.environment.get("ETCDCTL_API").map(String::as_str) {
        Some("3") => v3::run(process, &argv[1..]),
        None | Some("2" | "") => v2::run(process, &argv[1..]),
        Some(other) => process.fail(1, format_args!("unsupported API version: {other}")),
    }
}

/// How long a client waits for an answer that does not come.
const PATIENCE: Duration = Duration::from_secs(5);

/// Refuses TLS files that cannot be read.
///
/// # Errors
/// Ends the program with Go's words.
fn check_files(process: &Process<'_>, paths: &[&String]) -> Result<(), Halt> {
    for path in paths.iter().filter(|path| !path.is_empty()) {
        let by = process.actor();
        let readable = process
            .here()
            .files
            .follow(&process.path(path))
            .map(|node| by.may(node, 4));
        let reason = match readable {
            Ok(true) => continue,
            Ok(false) => "permission denied",
            Err(_) => "no such file or directory",
        };
        process.complain(format!("Error: open {path}: {reason}\n"))?;
        return Err(Halt::Exit(1));
    }
    Ok(())
}

/// The number of the group, and the member's id, that answer first of `endpoints`.
fn first(process: &Process<'_>, endpoints: &[String]) -> Result<(u64, u64), String> {
    let state = process.cluster.state();
    let mut reason = "no endpoints available".to_owned();
    for endpoint in endpoints {
        match locate(&state, process.machine, endpoint) {
            Ok(found) => return Ok(found),
            Err(other) => reason = other,
        }
    }
    Err(reason)
}

/// What `look` sees of the group `key`.
fn with_group<T>(process: &Process<'_>, key: u64, look: impl FnOnce(&mut Group) -> T) -> Option<T> {
    process.cluster.state().etcd.groups.get_mut(&key).map(look)
}

/// Writes the group's data to its members' disks.
fn flush(process: &Process<'_>, key: u64) -> Result<(), Halt> {
    let now = process.now();
    let done = super::super::etcd::flush(&mut process.cluster.state(), key, now);
    match done {
        Ok(()) => Ok(()),
        Err(errno) => {
            process.complain(format!("Error: etcdserver: {errno}\n"))?;
            Err(Halt::Exit(1))
        }
    }
}

/// The `name=url,...` of members, and of one to come.
fn initial_cluster(members: &[Member], name: &str, urls: &[String]) -> String {
    let mut parts: Vec<String> = members
        .iter()
        .filter(|member| member.peer_urls != urls)
        .flat_map(|member| {
            member
                .peer_urls
                .iter()
                .map(|url| format!("{}={url}", member.name))
        })
        .collect();
    parts.extend(urls.iter().map(|url| format!("{name}={url}")));
    parts.join(",")
}
