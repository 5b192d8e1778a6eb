//! `etcdctl` of API 2, as in etcd 3.2; what 3.3 does otherwise is said where it is.

use std::collections::BTreeSet;

use super::{check_files, first, flush, initial_cluster, offline, with_group};
use crate::transport::sim::etcd::{Member, ids, older};
use crate::transport::sim::process::{Ended, Process};

#[derive(Default)]
struct Request {
    endpoints: Vec<String>,
    files: Vec<String>,
    options: Vec<(String, String)>,
    words: Vec<String>,
}

/// Runs a command of API 2.
pub fn run(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut request = Request::default();
    let mut words = argv.iter();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            request.words.push(word.clone());
            continue;
        }
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, value.to_owned()),
            None if matches!(
                word.as_str(),
                "--no-sync" | "--debug" | "-p" | "--recursive" | "-r" | "--with-v3" | "--quorum"
            ) =>
            {
                request.options.push((word.clone(), "true".to_owned()));
                continue;
            }
            None => (word.as_str(), words.next().cloned().unwrap_or_default()),
        };
        match key {
            "-C" | "--endpoints" | "--peers" | "--endpoint" => {
                request.endpoints = value.split(',').map(str::to_owned).collect();
            }
            "--cert-file" | "--key-file" | "--ca-file" => request.files.push(value),
            "--timeout" | "--total-timeout" | "-o" | "--output" => {}
            "--data-dir" | "--backup-dir" => request.options.push((key.to_owned(), value)),
            other => return process.unmodelled(format_args!("etcdctl {other} (API 2)")),
        }
    }
    if request.endpoints.is_empty() {
        request.endpoints = vec![
            "http://127.0.0.1:2379".to_owned(),
            "http://127.0.0.1:4001".to_owned(),
        ];
    }
    let paths: Vec<&String> = request.files.iter().collect();
    check_files(process, &paths)?;
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["backup"] => {
            let option = |name: &str| {
                let found = request.options.iter().find(|(key, _)| key == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            let (from, to) = (option("--data-dir"), option("--backup-dir"));
            offline::backup(process, &from, &to, option("--with-v3") == "true")
        }
        ["cluster-health"] => health(process, &request),
        ["member", "list"] => list(process, &request),
        ["member", "add", name, url] => add(process, &request, name, url),
        ["member", "update", id, url] => update(process, &request, id, url),
        ["member", "remove", id] => remove(process, &request, id),
        ["ls"] => ls(process, &request, "/"),
        ["ls", directory] => ls(process, &request, directory),
        ["get", key] => get(process, &request, key),
        ["set" | "mk", key, value] => set(process, &request, key, value),
        ["rm", key] => rm(process, &request, key),
        other => process.unmodelled(format_args!("etcdctl {} (API 2)", other.join(" "))),
    }
}

/// The group that answers, with a quorum; or what the client says.
fn serving(process: &Process<'_>, request: &Request) -> Result<u64, String> {
    match first(process, &request.endpoints) {
        Ok((key, _)) if with_group(process, key, |group| group.has_quorum()) == Some(true) => {
            Ok(key)
        }
        Ok(_) => Err(format!(
            "client: etcd cluster is unavailable or misconfigured; error #0: client: etcd member {} has no leader",
            request.endpoints.first().map_or("", String::as_str)
        )),
        Err(reason) => Err(format!(
            "client: etcd cluster is unavailable or misconfigured; error #0: {reason}"
        )),
    }
}

fn health(process: &Process<'_>, request: &Request) -> Ended {
    let key = match first(process, &request.endpoints) {
        Ok((key, _)) => key,
        Err(reason) => return process.fail(4, format_args!("cluster may be unhealthy: failed to list members\nError:  client: etcd cluster is unavailable or misconfigured; error #0: {reason}")),
    };
    let members = with_group(process, key, |group| {
        let alive = group.has_quorum();
        let all = group.log.members.iter();
        let states: Vec<(Member, bool)> = all
            .map(|member| {
                (
                    member.clone(),
                    alive && group.running.contains_key(&member.id),
                )
            })
            .collect();
        states
    });
    let (mut any, mut all) = (false, true);
    for (member, healthy) in members.unwrap_or_default() {
        all &= healthy;
        let id = member.id;
        match member.client_urls.first() {
            _ if healthy => {
                any = true;
                let url = member.client_urls.first().cloned().unwrap_or_default();
                process.line(format_args!(
                    "member {id:x} is healthy: got healthy result from {url}"
                ))?;
            }
            None => process.line(format_args!(
                "member {id:x} is unreachable: no available published client urls"
            ))?,
            Some(url) => process.line(format_args!(
                "member {id:x} is unreachable: [{url}] are all unreachable"
            ))?,
        }
    }
    // From 3.3 on it tells whether all are.
    let tells = !older(&super::super::etcd::version(process), "3.3");
    if tells && (!any || !all) {
        process.line(if any {
            "cluster is degraded"
        } else {
            "cluster is unavailable"
        })?;
        return Ok(5);
    }
    // One healthy member is enough for it to say so.
    if any {
        process.line("cluster is healthy")?;
        return Ok(0);
    }
    process.line("cluster is unhealthy")?;
    Ok(5)
}

fn list(process: &Process<'_>, request: &Request) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(1, format_args!("Failed to get leader:  {reason}")),
    };
    let text = with_group(process, key, |group| {
        let leader = group.leader();
        let lines = group.log.members.iter().map(|member| {
            if member.name.is_empty() {
                return format!(
                    "{:x}[unstarted]: peerURLs={}\n",
                    member.id,
                    member.peer_urls.join(",")
                );
            }
            format!(
                "{:x}: name={} peerURLs={} clientURLs={} isLeader={}\n",
                member.id,
                member.name,
                member.peer_urls.join(","),
                member.client_urls.join(","),
                member.id == leader
            )
        });
        lines.collect::<String>()
    });
    process.write(text.unwrap_or_default())?;
    Ok(0)
}

fn add(process: &Process<'_>, request: &Request, name: &str, url: &str) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(1, reason),
    };
    let urls = vec![url.to_owned()];
    let added = with_group(process, key, |group| {
        let started = group
            .log
            .members
            .iter()
            .filter(|one| group.running.contains_key(&one.id))
            .count();
        if started < group.log.members.len() {
            return None;
        }
        let before = group.log.members.clone();
        let (_, own) = ids(
            &[(name.to_owned(), urls.clone())],
            &group.log.index.to_string(),
        );
        let id = own.first().copied().unwrap_or_default();
        group.change_members(|members| {
            members.push(Member {
                id,
                peer_urls: urls.clone(),
                ..Member::default()
            })
        });
        Some((id, before))
    });
    let Some(Some((id, before))) = added else {
        return process.fail(1, "client: etcd cluster is unavailable or misconfigured; error #0: client: etcd member has no leader");
    };
    flush(process, key)?;
    process.line(format_args!(
        "Added member named {name} with ID {id:x} to cluster\n\nETCD_NAME=\"{name}\"\nETCD_INITIAL_CLUSTER=\"{}\"\nETCD_INITIAL_CLUSTER_STATE=\"existing\"",
        initial_cluster(&before, name, &urls)
    ))?;
    Ok(0)
}

fn update(process: &Process<'_>, request: &Request, id: &str, url: &str) -> Ended {
    change(process, request, id, "Updated", |member| {
        member.peer_urls = vec![url.to_owned()];
        true
    })
}

fn remove(process: &Process<'_>, request: &Request, id: &str) -> Ended {
    change(process, request, id, "Removed", |_| false)
}

fn change(
    process: &Process<'_>,
    request: &Request,
    id: &str,
    word: &str,
    mut keep: impl FnMut(&mut Member) -> bool,
) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(1, reason),
    };
    let wanted = u64::from_str_radix(id, 16).unwrap_or_default();
    let known = with_group(process, key, |group| {
        let known = group.log.members.iter().any(|member| member.id == wanted);
        group.change_members(|members| {
            members.retain_mut(|member| member.id != wanted || keep(member))
        });
        known
    });
    if known != Some(true) {
        return process.fail(
            1,
            format_args!("Couldn't find a member in the cluster with an ID of {id}."),
        );
    }
    flush(process, key)?;
    let place = if word == "Updated" { "in" } else { "from" };
    process.line(format_args!("{word} member with ID {id} {place} cluster"))?;
    Ok(0)
}

/// What lies directly in `directory`.
fn ls(process: &Process<'_>, request: &Request, directory: &str) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(4, format_args!("Error:  {reason}")),
    };
    let has = |name: &str| request.options.iter().any(|(key, _)| key == name);
    let recursive = has("--recursive") || has("-r");
    let end = if has("-p") { "/" } else { "" };
    let base = format!("{}/", directory.trim_end_matches('/'));
    let names = with_group(process, key, |group| {
        let mut names: BTreeSet<String> = BTreeSet::new();
        for name in group.log.v2.keys() {
            let Some(rest) = name.strip_prefix(&base) else {
                continue;
            };
            let directories = rest.match_indices('/').map(|(at, _)| &rest[..at]);
            let shown = if recursive { usize::MAX } else { 1 };
            names.extend(
                directories
                    .take(shown)
                    .map(|directory| format!("{base}{directory}{end}")),
            );
            if recursive || !rest.contains('/') {
                names.insert(name.clone());
            }
        }
        names
    });
    for name in names.unwrap_or_default() {
        process.line(name)?;
    }
    Ok(0)
}

fn get(process: &Process<'_>, request: &Request, name: &str) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(4, format_args!("Error:  {reason}")),
    };
    let found = with_group(process, key, |group| {
        (group.log.v2.get(name).cloned(), group.log.index)
    });
    match found {
        Some((Some(value), _)) => {
            process.line(value)?;
            Ok(0)
        }
        other => {
            let index = other.map_or(0, |(_, index)| index);
            process.fail(
                4,
                format_args!("Error:  100: Key not found ({name}) [{index}]"),
            )
        }
    }
}

fn set(process: &Process<'_>, request: &Request, name: &str, value: &str) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(4, format_args!("Error:  {reason}")),
    };
    with_group(process, key, |group| {
        group.log.index += 1;
        group.log.v2.insert(name.to_owned(), value.to_owned());
    });
    flush(process, key)?;
    process.line(value)?;
    Ok(0)
}

fn rm(process: &Process<'_>, request: &Request, name: &str) -> Ended {
    let key = match serving(process, request) {
        Ok(key) => key,
        Err(reason) => return process.fail(4, format_args!("Error:  {reason}")),
    };
    let gone = with_group(process, key, |group| {
        group.log.index += 1;
        group.log.v2.remove(name)
    });
    flush(process, key)?;
    match gone.flatten() {
        Some(_) => Ok(0),
        None => process.fail(4, format_args!("Error:  100: Key not found ({name})")),
    }
}
