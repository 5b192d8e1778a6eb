//! `etcdctl` of API 3, as in etcd 3.2.

use base64::Engine as _;
use serde_json::{Value, json};

use super::{PATIENCE, check_files, first, flush, initial_cluster, offline, with_group};
use crate::transport::sim::etcd::{Group, Member, Written, ids, locate};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::stream::Halt;

/// A command line.
#[derive(Default)]
pub struct Request {
    endpoints: Vec<String>,
    cert: String,
    key: String,
    cacert: String,
    json: bool,
    /// Options that belong to a command, with their values.
    options: Vec<(String, String)>,
    words: Vec<String>,
}

impl Request {
    fn read(process: &Process<'_>, argv: &[String]) -> Result<Self, Halt> {
        let mut request = Self {
            endpoints: vec!["127.0.0.1:2379".to_owned()],
            ..Self::default()
        };
        let mut words = argv.iter();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                request.words.push(word.clone());
                continue;
            }
            let (key, mut value) = match word.split_once('=') {
                Some((key, value)) => (key, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            // These stand alone.
            if matches!(
                key,
                "--prefix"
                    | "--keys-only"
                    | "--count-only"
                    | "--skip-hash-check"
                    | "--print-value-only"
                    | "--insecure-skip-tls-verify"
            ) {
                let set = value.unwrap_or_else(|| "true".to_owned());
                request.options.push((key.to_owned(), set));
                continue;
            }
            if value.is_none() {
                value = words.next().cloned();
            }
            let value = value.unwrap_or_default();
            match key {
                "--endpoints" => request.endpoints = value.split(',').map(str::to_owned).collect(),
                "--cert" => request.cert = value,
                "--key" => request.key = value,
                "--cacert" => request.cacert = value,
                "-w" | "--write-out" => request.json = value == "json",
                "--dial-timeout" | "--command-timeout" | "--consistency" => {}
                "--limit"
                | "--peer-urls"
                | "--data-dir"
                | "--name"
                | "--initial-cluster"
                | "--initial-cluster-token"
                | "--initial-advertise-peer-urls" => {
                    request.options.push((key.to_owned(), value));
                }
                other => return process.unmodelled(format_args!("etcdctl {other}")),
            }
        }
        Ok(request)
    }

    /// The value of an option of the command.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether an option of the command is set.
    pub fn has(&self, name: &str) -> bool {
        self.option(name) == Some("true")
    }

    /// Whether JSON is wanted.
    pub fn is_json(&self) -> bool {
        self.json
    }
}

/// Runs a command of API 3.
pub fn run(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let request = Request::read(process, argv)?;
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    if let ["snapshot", "status" | "restore", ..] = words.as_slice() {
        return offline::snapshot(process, &request, &words[1..]);
    }
    if words.first() == Some(&"version") {
        process.line(format_args!(
            "etcdctl version: {}\nAPI version: 3.2",
            super::super::etcd::version(process)
        ))?;
        return Ok(0);
    }
    check_files(process, &[&request.cert, &request.key, &request.cacert])?;
    match words.as_slice() {
        ["endpoint", "health"] => health(process, &request),
        ["endpoint", "status"] => status(process, &request),
        ["member", "list"] => list(process, &request),
        ["member", "add", name] => add(process, &request, name),
        ["member", "update", id] => update(process, &request, id),
        ["member", "remove", id] => remove(process, &request, id),
        ["get", key] => get(process, &request, key),
        ["put", key, value] => put(process, &request, key, value),
        ["del", key] => del(process, &request, key),
        ["alarm", "list"] => alarms(process, &request),
        ["snapshot", "save", path] => save(process, &request, path),
        other => process.unmodelled(format_args!("etcdctl {}", other.join(" "))),
    }
}

/// No answer within the client's time.
fn silent(process: &Process<'_>) -> Ended {
    process.spend(PATIENCE)?;
    process.fail(1, "Error:  context deadline exceeded")
}

/// The group that the request's endpoints lead to, if it has a quorum.
fn serving(process: &Process<'_>, request: &Request) -> Option<(u64, u64)> {
    let (key, id) = first(process, &request.endpoints).ok()?;
    with_group(process, key, |group| group.has_quorum())?.then_some((key, id))
}

fn header(group: &Group, id: u64) -> Value {
    json!({"cluster_id": group.log.cluster, "member_id": id, "revision": group.store.revision, "raft_term": group.log.term})
}

fn health(process: &Process<'_>, request: &Request) -> Ended {
    let mut sick = false;
    for endpoint in &request.endpoints {
        let found = locate(&process.cluster.state(), process.machine, endpoint);
        let reason = match found {
            Ok((key, _)) if with_group(process, key, |group| group.has_quorum()) == Some(true) => {
                None
            }
            Ok(_) => Some("failed to commit proposal: context deadline exceeded".to_owned()),
            Err(_) => Some("failed to connect: context deadline exceeded".to_owned()),
        };
        match reason {
            None => process.line(format_args!(
                "{endpoint} is healthy: successfully committed proposal: took = 1.423459ms"
            ))?,
            Some(reason) => {
                process.spend(PATIENCE)?;
                process.line(format_args!("{endpoint} is unhealthy: {reason}"))?;
                sick = true;
            }
        }
    }
    if sick {
        return process.fail(1, "Error:  unhealthy cluster");
    }
    Ok(0)
}

fn status(process: &Process<'_>, request: &Request) -> Ended {
    let (mut all, mut text, mut failed) = (Vec::new(), String::new(), false);
    for endpoint in &request.endpoints {
        let found = locate(&process.cluster.state(), process.machine, endpoint);
        let Ok((key, id)) = found else {
            process.spend(PATIENCE)?;
            process.complain(format!(
                "Failed to get the status of endpoint {endpoint} (context deadline exceeded)\n"
            ))?;
            failed = true;
            continue;
        };
        with_group(process, key, |group| {
            let version = group
                .running
                .get(&id)
                .map_or("", |running| running.version.as_str());
            let size = group.store.file().len();
            all.push(json!({"Endpoint": endpoint, "Status": {
                "header": header(group, id), "version": version, "dbSize": size,
                "leader": group.leader(), "raftIndex": group.log.index, "raftTerm": group.log.term,
            }}));
            text.push_str(&format!(
                "{endpoint}, {id:x}, {version}, {} kB, {}, {}, {}\n",
                size / 1000,
                group.leader() == id,
                group.log.term,
                group.log.index
            ));
        });
    }
    if request.json {
        process.line(Value::from(all))?;
    } else {
        process.write(text)?;
    }
    Ok(u8::from(failed))
}

fn list(process: &Process<'_>, request: &Request) -> Ended {
    let Some((key, id)) = serving(process, request) else {
        return silent(process);
    };
    let text = with_group(process, key, |group| {
        if request.json {
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

fn add(process: &Process<'_>, request: &Request, name: &str) -> Ended {
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

fn update(process: &Process<'_>, request: &Request, id: &str) -> Ended {
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

fn remove(process: &Process<'_>, request: &Request, id: &str) -> Ended {
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

fn get(process: &Process<'_>, request: &Request, key: &str) -> Ended {
    let Some((group_key, id)) = serving(process, request) else {
        return silent(process);
    };
    let limit = request
        .option("--limit")
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|limit| *limit > 0);
    let keys_only = request.has("--keys-only");
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let text = with_group(process, group_key, |group| {
        let all: Vec<_> = group.store.range(key, request.has("--prefix")).collect();
        let shown = &all[..limit.map_or(all.len(), |limit| limit.min(all.len()))];
        if request.has("--count-only") || request.json {
            let kvs: Vec<Value> = shown
                .iter()
                .map(|(key, value)| {
                    let mut entry = json!({"key": encode(key), "create_revision": value.created, "mod_revision": value.modified, "version": value.version});
                    if !keys_only {
                        entry["value"] = encode(&value.value).into();
                    }
                    entry
                })
                .collect();
            let mut answer = json!({"header": header(group, id)});
            if !kvs.is_empty() && !request.has("--count-only") {
                answer["kvs"] = kvs.into();
            }
            if all.len() > shown.len() {
                answer["more"] = true.into();
            }
            // A count of 0 is left out.
            if !all.is_empty() {
                answer["count"] = all.len().into();
            }
            return format!("{answer}\n");
        }
        let mut text = String::new();
        for (key, value) in shown {
            if keys_only {
                text.push_str(&format!("{key}\n\n"));
            } else if request.has("--print-value-only") {
                text.push_str(&format!("{}\n", value.value));
            } else {
                text.push_str(&format!("{key}\n{}\n", value.value));
            }
        }
        text
    });
    process.write(text.unwrap_or_default())?;
    Ok(0)
}

fn put(process: &Process<'_>, request: &Request, key: &str, value: &str) -> Ended {
    write(process, request, "OK", |group| group.put(key, value))
}

fn del(process: &Process<'_>, request: &Request, key: &str) -> Ended {
    let prefix = request.has("--prefix");
    write(process, request, "", |group| group.remove(key, prefix))
}

fn write(
    process: &Process<'_>,
    request: &Request,
    said: &str,
    change: impl FnOnce(&mut Group) -> Written,
) -> Ended {
    let Some((key, id)) = serving(process, request) else {
        return silent(process);
    };
    let done = with_group(process, key, |group| (change(group), header(group, id)));
    flush(process, key)?;
    match done {
        Some((Written::Kept { removed, .. }, header)) => {
            if request.json {
                let mut answer = json!({"header": header});
                if removed > 0 {
                    answer["deleted"] = removed.into();
                }
                process.line(answer)?;
            } else if said.is_empty() {
                process.line(removed)?;
            } else {
                process.line(said)?;
            }
            Ok(0)
        }
        // The log has it, the data does not: nobody answers.
        _ => silent(process),
    }
}

fn alarms(process: &Process<'_>, request: &Request) -> Ended {
    let Some((key, id)) = serving(process, request) else {
        return silent(process);
    };
    let alarms = with_group(process, key, |group| group.alarms.clone()).unwrap_or_default();
    if request.json {
        let header = with_group(process, key, |group| header(group, id));
        let all: Vec<Value> = alarms
            .iter()
            .map(|(id, _)| json!({"memberID": id, "alarm": 1}))
            .collect();
        let mut answer = json!({"header": header});
        if !all.is_empty() {
            answer["alarms"] = all.into();
        }
        process.line(answer)?;
        return Ok(0);
    }
    for (id, alarm) in alarms {
        process.line(format_args!("memberID:{id} alarm:{alarm} "))?;
    }
    Ok(0)
}

fn save(process: &Process<'_>, request: &Request, path: &str) -> Ended {
    let Ok((key, _)) = first(process, &request.endpoints) else {
        return silent(process);
    };
    let file = with_group(process, key, |group| {
        crate::transport::sim::etcd::save(&group.store)
    });
    let by = process.actor();
    let target = process.path(path);
    let done =
        process
            .here()
            .files
            .write(&target, std::sync::Arc::new(file.unwrap_or_default()), &by);
    match done {
        Ok(()) => {
            process.line(format_args!("Snapshot saved at {path}"))?;
            Ok(0)
        }
        Err(errno) => {
            let reason = errno.to_string().to_lowercase();
            process.fail(
                6,
                format_args!("Error:  could not open {path}.part ({reason})"),
            )
        }
    }
}
