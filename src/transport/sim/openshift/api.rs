//! Who answers at an API's address, and what it has.

use serde_json::{Value, json};

use crate::transport::sim::cluster::State;
use crate::transport::sim::etcd;

/// An API that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// The place of its host.
    pub machine: usize,
    /// Its version, as `3.7.23`.
    pub version: String,
    /// The etcd group that it reads and writes.
    pub group: u64,
}

/// Why an API gives no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody listens there.
    NotConnected(String),
    /// It listens, and etcd does not answer it.
    NoStorage(String),
}

/// The environment variable in which the API's process keeps where its etcd is.
pub const ETCD_URLS: &str = "SIMULATED_ETCD_URLS";

/// The API at `host` and `port`, asked from the host at `from`; of a name with several addresses, the first
/// that answers.
///
/// # Errors
/// Why there is none.
pub fn locate(state: &State, from: usize, host: &str, port: u16) -> Result<Api, Refusal> {
    let candidates = if matches!(host, "localhost" | "127.0.0.1") {
        vec![from]
    } else {
        state.find_all(host)
    };
    if candidates.is_empty() {
        return Err(Refusal::NotConnected(format!(
            "lookup {host}: no such host"
        )));
    }
    let mut refusal = Refusal::NotConnected("connection refused".to_owned());
    for machine in candidates {
        match on(state, machine, port) {
            Ok(api) => return Ok(api),
            Err(Refusal::NoStorage(reason)) => refusal = Refusal::NoStorage(reason),
            Err(Refusal::NotConnected(_)) => {}
        }
    }
    Err(refusal)
}

/// The API on the host at `machine`.
fn on(state: &State, machine: usize, port: u16) -> Result<Api, Refusal> {
    let host = &state.machines[machine];
    let running = host.processes.values().find(|one| {
        host.up && one.program.starts_with("openshift-") && one.listens.contains(&port)
    });
    let Some(running) = running else {
        return Err(Refusal::NotConnected("connection refused".to_owned()));
    };
    let version = running.program.trim_start_matches("openshift-").to_owned();
    let urls = running
        .environment
        .get(ETCD_URLS)
        .map_or("", String::as_str);
    let mut reason = "no endpoints available".to_owned();
    for url in urls.split(',') {
        match etcd::locate(state, machine, url) {
            Ok((group, _)) if state.etcd.groups[&group].has_quorum() => {
                return Ok(Api {
                    machine,
                    version,
                    group,
                });
            }
            Ok(_) => reason = "etcdserver: request timed out".to_owned(),
            Err(other) => reason = other,
        }
    }
    Err(Refusal::NoStorage(reason))
}

/// What the API answers to a `GET` of `path`: an object, a list, or nothing if there is none.
pub fn object(state: &State, api: &Api, path: &str) -> Option<Value> {
    let (key, kind) = key_of(path)?;
    let store = &state.etcd.groups.get(&api.group)?.store;
    match kind {
        None => store
            .keys
            .get(&key)
            .and_then(|value| serde_json::from_str(&value.value).ok()),
        Some(kind) => {
            let items: Vec<Value> = store
                .range(&key, true)
                .filter_map(|(_, value)| serde_json::from_str(&value.value).ok())
                .collect();
            Some(json!({"kind": kind, "apiVersion": "v1", "items": items}))
        }
    }
}

/// The etcd key, or the prefix and the list's kind, that a path of the API stands for.
fn key_of(path: &str) -> Option<(String, Option<&'static str>)> {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let rest = match words.as_slice() {
        ["api" | "oapi", "v1", rest @ ..] => rest,
        _ => return None,
    };
    let spaced = |kind: &str| match kind {
        "pods" => Some(("/kubernetes.io/pods/", "PodList")),
        "deploymentconfigs" => Some(("/openshift.io/deploymentconfigs/", "DeploymentConfigList")),
        _ => None,
    };
    let whole = |kind: &str| match kind {
        "nodes" => Some(("/kubernetes.io/minions/", "NodeList")),
        "namespaces" => Some(("/kubernetes.io/namespaces/", "NamespaceList")),
        other => spaced(other),
    };
    match rest {
        ["namespaces", space, kind] => {
            let (prefix, list) = spaced(kind)?;
            Some((format!("{prefix}{space}/"), Some(list)))
        }
        ["namespaces", space, kind, name] => {
            let (prefix, _) = spaced(kind)?;
            Some((format!("{prefix}{space}/{name}"), None))
        }
        [kind] => whole(kind).map(|(prefix, list)| (prefix.to_owned(), Some(list))),
        [kind, name] => whole(kind).map(|(prefix, _)| (format!("{prefix}{name}"), None)),
        _ => None,
    }
}
