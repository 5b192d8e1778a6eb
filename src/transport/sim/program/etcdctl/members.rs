//! `etcdctl member` of API 3.

use serde_json::{Value, json};

use super::v3::{Request, header, serving, silent};
use super::{flush, initial_cluster, with_group};
use crate::transport::sim::etcd::{Member, ids};
use crate::transport::sim::process::{Ended, Process};

pub(super) fn list(process: &Process<'_>, request: &Request) -> Ended {
    let Some((key, id)) = serving(process, request) else {
        return silent(process);
    };
    let text = with_group(process, key, |group| {
        if request.is_json() {
            let members: Vec<Value> = group.log.members.iter().map(member_json).collect();
            return format!(
                "{}\n",
                json!({"header": header(group, id), "members": members})
            );
        }
        let lines = group.log.members.iter().map(|member| {
            let started = if member.name.is_empty() {
                "unstarted"
            } else {
                "started"
            };
            format!(
                "{:x}, {started}, {}, {}, {}\n",
                member.id,
                member.name,
                member.peer_urls.join(","),
                member.client_urls.join(",")
            )
        });
        lines.collect()
    });
    process.write(text.unwrap_or_default())?;
    Ok(0)
}

fn member_json(member: &Member) -> Value {
    let mut entry = json!({"ID": member.id, "peerURLs": member.peer_urls});
    if !member.name.is_empty() {
        entry["name"] = member.name.clone().into();
        entry["clientURLs"] = member.client_urls.clone().into();
    }
    entry
}

pub(super) fn add(process: &Process<'_>, request: &Request, name: &str) -> Ended {
    let urls: Vec<String> = request
        .option("--peer-urls")
        .unwrap_or_default()
        .split(',')
        .filter(|url| !url.is_empty())
        .map(str::to_owned)
        .collect();
    if urls.is_empty() {
        return process.fail(128, "Error: member peer urls not provided.");
    }
    let Some((key, _)) = serving(process, request) else {
        return silent(process);
    };
    let added = with_group(process, key, |group| {
        let taken = group
            .log
            .members
            .iter()
            .any(|one| one.peer_urls.iter().any(|url| urls.contains(url)));
        if taken {
            return Err("Error:  etcdserver: Peer URLs already exists");
        }
        // The strict check: all that there are have to run before another may come.
        let started = group
            .log
            .members
            .iter()
            .filter(|one| group.running.contains_key(&one.id))
            .count();
        if started < group.log.members.len() {
            return Err(
                "Error:  etcdserver: re-configuration failed due to not enough started members",
            );
        }
        let before = group.log.members.clone();
        let (_, own) = ids(
            &[(name.to_owned(), urls.clone())],
            &format!("{}", group.log.index),
        );
        let id = own.first().copied().unwrap_or_default();
        group.change_members(|members| {
            members.push(Member {
                id,
                peer_urls: urls.clone(),
                ..Member::default()
            });
        });
        Ok((id, group.log.cluster, before))
    });
    let (id, cluster, before) = match added {
        Some(Ok(added)) => added,
        Some(Err(message)) => return process.fail(1, message),
        None => return silent(process),
    };
    flush(process, key)?;
    process.line(format_args!(
        "Member {id:>16x} added to cluster {cluster:>16x}\n\nETCD_NAME=\"{name}\"\nETCD_INITIAL_CLUSTER=\"{}\"\nETCD_INITIAL_CLUSTER_STATE=\"existing\"",
        initial_cluster(&before, name, &urls)
    ))?;
    Ok(0)
}

pub(super) fn update(process: &Process<'_>, request: &Request, id: &str) -> Ended {
    let urls: Vec<String> = request
        .option("--peer-urls")
        .unwrap_or_default()
        .split(',')
        .map(str::to_owned)
        .collect();
    change(process, request, id, "updated in", |member| {
        member.peer_urls.clone_from(&urls);
        true
    })
}

pub(super) fn remove(process: &Process<'_>, request: &Request, id: &str) -> Ended {
    change(process, request, id, "removed from", |_| false)
}

/// Changes or removes the member `id`: `keep` says which.
fn change(
    process: &Process<'_>,
    request: &Request,
    id: &str,
    word: &str,
    mut keep: impl FnMut(&mut Member) -> bool,
) -> Ended {
    let Ok(id) = u64::from_str_radix(id, 16) else {
        return process.fail(128, format_args!("Error: bad member ID arg (strconv.ParseUint: parsing \"{id}\": invalid syntax), expecting ID in Hex"));
    };
    let Some((key, _)) = serving(process, request) else {
        return silent(process);
    };
    let done = with_group(process, key, |group| {
        let known = group.log.members.iter().any(|member| member.id == id);
        known.then(|| {
            group.change_members(|members| {
                members.retain_mut(|member| member.id != id || keep(member))
            });
            group.log.cluster
        })
    });
    let Some(Some(cluster)) = done else {
        return process.fail(1, "Error:  etcdserver: member not found");
    };
    flush(process, key)?;
    process.line(format_args!(
        "Member {id:>16x} {word} cluster {cluster:>16x}"
    ))?;
    Ok(0)
}
