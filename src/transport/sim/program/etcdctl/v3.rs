//! `etcdctl` of API 3, as in etcd 3.2.

use serde_json::{Value, json};

use super::{PATIENCE, check_files, first, keys, members, offline, with_group};
use crate::transport::sim::etcd::{Group, locate};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::stream::Halt;

/// A command line.
#[derive(Default)]
pub struct Request {
    pub(super) endpoints: Vec<String>,
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
        ["member", "list"] => members::list(process, &request),
        ["member", "add", name] => members::add(process, &request, name),
        ["member", "update", id] => members::update(process, &request, id),
        ["member", "remove", id] => members::remove(process, &request, id),
        ["get", key] => keys::get(process, &request, key),
        ["put", key, value] => keys::put(process, &request, key, value),
        ["del", key] => keys::del(process, &request, key),
        ["alarm", "list"] => alarms(process, &request),
        ["snapshot", "save", path] => save(process, &request, path),
        other => process.unmodelled(format_args!("etcdctl {}", other.join(" "))),
    }
}

/// No answer within the client's time.
pub(super) fn silent(process: &Process<'_>) -> Ended {
    process.spend(PATIENCE)?;
    process.fail(1, "Error:  context deadline exceeded")
}

/// The group that the request's endpoints lead to, if it has a quorum.
pub(super) fn serving(process: &Process<'_>, request: &Request) -> Option<(u64, u64)> {
    let (key, id) = first(process, &request.endpoints).ok()?;
    with_group(process, key, |group| group.has_quorum())?.then_some((key, id))
}

pub(super) fn header(group: &Group, id: u64) -> Value {
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
