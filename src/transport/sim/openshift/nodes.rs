//! Heartbeats, the containers of pods, and nodes that fall silent.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, locate};
use super::config::minor;
use crate::transport::sim::cluster::State;
use crate::transport::sim::files::{Actor, Node};
use crate::transport::sim::process::Process;
use crate::transport::sim::stream::Halt;
use crate::transport::sim::units;

/// How often a node tells that it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// After so long a silence a node is not Ready any more.
const SILENCE: Duration = Duration::from_secs(40);

/// The environment variables in which a node's process keeps its name and its API.
pub const NODE_NAME: &str = "SIMULATED_NODE_NAME";
/// See [`NODE_NAME`].
pub const NODE_API: &str = "SIMULATED_NODE_API";

/// The kubelet of an OpenShift version.
pub fn kubelet(version: &str) -> &'static str {
    match minor(version) {
        7 => "v1.7.6+a08f5eeb62",
        8 => "v1.8.5+440f8d36da",
        _ => "v1.9.1+a0ce1bc657",
    }
}

/// Brings the cluster to where it is by now: services that start again, heartbeats, silence.
///
/// # Errors
/// [`Halt`] when a service needs what the simulation does not model.
pub fn settle(process: &Process<'_>) -> Result<(), Halt> {
    units::settle(process)?;
    let now = process.now();
    let mut state = process.cluster.state();
    for machine in 0..state.machines.len() {
        beat(&mut state, machine, now);
    }
    silence(&mut state, now);
    Ok(())
}

/// As [`settle`], as far as the host of `process` can tell.
///
/// # Errors
/// As [`settle`].
pub fn settle_here(process: &Process<'_>) -> Result<(), Halt> {
    units::settle(process)?;
    beat(&mut process.cluster.state(), process.machine, process.now());
    Ok(())
}

/// The node of the host at `machine`, if it runs: its name, its version, its API.
fn running(state: &State, machine: usize) -> Option<(String, String, Api)> {
    let host = &state.machines[machine];
    let process = host.processes.values().find(|one| {
        host.up && one.program.starts_with("openshift-") && one.environment.contains_key(NODE_NAME)
    })?;
    let version = process.program.trim_start_matches("openshift-").to_owned();
    let name = process.environment[NODE_NAME].clone();
    let server = process.environment.get(NODE_API)?;
    let (host, port) = server.trim_start_matches("https://").rsplit_once(':')?;
    let api = locate(state, machine, host, port.parse().ok()?).ok()?;
    Some((name, version, api))
}

/// What a heartbeat told, as far as the next one wants to know.
#[derive(Default, Deserialize)]
struct Told {
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    conditions: Vec<Condition>,
    node_info: NodeInfo,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Condition {
    status: String,
    last_heartbeat_epoch: u64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo {
    kubelet_version: String,
}

impl Told {
    /// Whether all of it, from a node with this kubelet, still holds.
    fn is_fresh(&self, kubelet: &str, now: Duration) -> bool {
        let now = now.as_secs();
        let is_recent = |ready: &Condition| {
            let last = ready.last_heartbeat_epoch;
            ready.status == "True" && last <= now && now - last < HEARTBEAT.as_secs()
        };
        self.status.node_info.kubelet_version == kubelet
            && self.status.conditions.first().is_some_and(is_recent)
    }
}

/// One heartbeat, if it is due and there is a node that can tell.
fn beat(state: &mut State, machine: usize, now: Duration) -> Option<()> {
    let (name, version, api) = running(state, machine)?;
    let docker = state.machines[machine]
        .processes
        .values()
        .find_map(|one| one.program.strip_prefix("dockerd-").map(str::to_owned))?;
    let key = format!("/kubernetes.io/minions/{name}");
    let group = state.etcd.groups.get(&api.group)?;
    let known = group.store.keys.get(&key).map(|value| value.value.clone());
    let told: Told = known
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let is_fresh = told.is_fresh(kubelet(&version), now);
    start_containers(state, machine, (&name, &version), &api, now);
    if is_fresh {
        return None;
    }
    let mut node: Value = known
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_else(|| json!({"kind": "Node", "apiVersion": "v1", "metadata": {"name": name, "labels": {}}, "spec": {}}));
    node["status"] = json!({
        "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "lastHeartbeatEpoch": now.as_secs()}],
        "nodeInfo": {"kubeletVersion": kubelet(&version), "kubeProxyVersion": kubelet(&version),
            "containerRuntimeVersion": format!("docker://{docker}"), "osImage": "OpenShift Enterprise"},
    });
    let group = state.etcd.groups.get_mut(&api.group)?;
    group.put(&key, &node.to_string());
    state.etcd.unwritten.insert(api.group, now);
    Some(())
}

/// The pods of one state of an etcd group, by the node that has to run them: each one's name and image.
#[derive(Debug, Clone, Default)]
pub struct Pods {
    /// Which group, and how often its pods had changed.
    of: Option<(u64, u64)>,
    by_node: HashMap<String, Vec<(String, String)>>,
}

/// The pods that `group` has for the node called `name`.
fn pods<'a>(state: &'a mut State, group: u64, name: &str) -> &'a [(String, String)] {
    let Some(members) = state.etcd.groups.get(&group) else {
        return &[];
    };
    let changes = members.changes.get("/kubernetes.io/pods").copied();
    let of = Some((group, changes.unwrap_or(0)));
    if state.pods.of != of {
        let mut by_node: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (_, value) in members.store.range("/kubernetes.io/pods/", true) {
            let Ok(pod) = serde_json::from_str::<Value>(&value.value) else {
                continue;
            };
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            by_node
                .entry(text(&pod["spec"]["nodeName"]))
                .or_default()
                .push((
                    text(&pod["metadata"]["name"]),
                    text(&pod["spec"]["containers"][0]["image"]),
                ));
        }
        state.pods = Pods { of, by_node };
    }
    state.pods.by_node.get(name).map_or(&[], Vec::as_slice)
}

/// Starts the containers of the pods that the API has for this node.
fn start_containers(
    state: &mut State,
    machine: usize,
    (name, version): (&str, &str),
    api: &Api,
    now: Duration,
) {
    let by = Actor::root(now);
    for (pod, image) in pods(state, api.group, name).to_vec() {
        // Those of an earlier boot stay, and do not run any more.
        let containers = state.machines[machine].docker.containers.iter();
        // On real hosts the name of the container stands before that of the pod.
        let own = containers.filter(|one| {
            let mut parts = one.name.split('_');
            parts.next() == Some("k8s")
                && !one.name.starts_with("k8s_POD_")
                && parts.any(|part| part == pod)
        });
        if own.clone().any(|one| one.running) {
            continue;
        }
        let attempt = own.count();
        let there = format!("k8s_{pod}_{attempt}");
        let number = state.number();
        let host = &mut state.machines[machine];
        let pause = format!("registry.access.redhat.com/openshift3/ose-pod:v{version}");
        host.docker
            .add(&format!("k8s_POD_{pod}_{attempt}"), &[&pause], number);
        host.docker
            .add(&there, &[&image, &format!("localhost/{image}")], number);
        for directory in [
            "/var/lib/dockershim/sandbox",
            "/var/lib/cni/networks/openshift-sdn",
        ] {
            let record = json!({"version": "v1", "pod": pod}).to_string();
            // A full disk keeps the record away, as it would keep the kubelet's.
            let _ = host.files.lay(
                &format!("{directory}/{pod}"),
                Node::file(record, by.now),
                &by,
            );
        }
    }
}

/// Marks nodes that have been silent, if controllers run that notice.
fn silence(state: &mut State, now: Duration) {
    for machine in 0..state.machines.len() {
        let host = &state.machines[machine];
        let controls = host.up
            && host
                .processes
                .values()
                .any(|one| one.program.starts_with("openshift-") && one.listens.contains(&8444));
        if !controls {
            continue;
        }
        let Ok(api) = locate(state, machine, "localhost", 8443) else {
            continue;
        };
        let Some(group) = state.etcd.groups.get_mut(&api.group) else {
            continue;
        };
        let silent: Vec<(String, Value)> = group
            .store
            .range("/kubernetes.io/minions/", true)
            .filter_map(|(key, value)| {
                Some((
                    key.clone(),
                    serde_json::from_str::<Value>(&value.value).ok()?,
                ))
            })
            .filter(|(_, node)| {
                let ready = &node["status"]["conditions"][0];
                let last = ready["lastHeartbeatEpoch"].as_u64().unwrap_or(0);
                ready["status"] == "True" && now.as_secs().saturating_sub(last) > SILENCE.as_secs()
            })
            .collect();
        for (key, mut node) in silent {
            node["status"]["conditions"][0]["status"] = "Unknown".into();
            node["status"]["conditions"][0]["reason"] = "NodeStatusUnknown".into();
            group.put(&key, &node.to_string());
            state.etcd.unwritten.insert(api.group, now);
        }
    }
}
