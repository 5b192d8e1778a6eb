//! Data in the place of etcd's, which is never copied: the same names of keys, the same revision, made-up
//! values.

use std::collections::BTreeMap;

use serde_json::json;

use super::facts::{DataFacts, RunningFacts, Snapshot};
use crate::transport::sim::etcd::{Log, Member, Store};
use crate::transport::sim::packages::Evr;

/// So many keys of a kind at most, beside those with names: more would only cost time.
pub const KEYS: u64 = 2000;

/// What is known from elsewhere about the objects.
pub struct Known<'a> {
    /// When the hosts were looked at, in seconds since 1970.
    pub taken: i64,
    /// The node of every pod that had containers.
    pub nodes: BTreeMap<&'a str, &'a str>,
}

impl<'a> Known<'a> {
    /// What the hosts of `snapshot` tell.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        let hosts = snapshot.hosts.iter();
        let nodes = hosts.filter_map(|host| host.node_name().map(|node| (host, node)));
        Self {
            taken: snapshot.taken,
            nodes: nodes
                .flat_map(|(host, node)| host.pods().map(move |pod| (pod, node)))
                .collect(),
        }
    }
}

/// A database with the keys of `data`, at the revision that `running` tells.
pub fn store(data: &DataFacts, running: Option<&RunningFacts>, known: &Known<'_>) -> Store {
    let mut store = Store::default();
    let mut put = |key: &str, value: String| {
        let index = store.index + 1;
        store.put(index, key, &value);
    };
    for key in &data.keys {
        put(key, value(key, data, known));
    }
    let count = |prefix: &str| {
        data.keys
            .iter()
            .filter(|key| key.starts_with(prefix))
            .count() as u64
    };
    for (prefix, wanted) in [
        (
            "/kubernetes.io/",
            running.map_or(0, |running| running.kubernetes),
        ),
        (
            "/openshift.io/",
            running.map_or(u64::from(data.openshift), |running| running.openshift),
        ),
    ] {
        for number in 0..wanted.saturating_sub(count(prefix)).min(KEYS) {
            put(&format!("{prefix}stand-in/{number}"), "{}".to_owned());
        }
    }
    if let Some(running) = running {
        store.revision = store.revision.max(running.revision);
        store.index = store.index.max(running.index);
    }
    store
}

/// What an object of this key could look like.
fn value(key: &str, data: &DataFacts, known: &Known<'_>) -> String {
    let name = key.rsplit('/').next().unwrap_or_default();
    let words: Vec<&str> = key.split('/').collect();
    let object = match words.as_slice() {
        [_, _, "namespaces", _] => {
            let mut space =
                json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}});
            if name == "kube-system" && !data.cluster.is_empty() {
                space["metadata"]["uid"] = data.cluster.as_str().into();
            }
            space
        }
        [_, _, "minions", _] => json!({"kind": "Node", "apiVersion": "v1",
            "metadata": {"name": name, "labels": {}}, "spec": {},
            "status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatEpoch": known.taken}], "nodeInfo": {}}}),
        [_, _, "pods", space, _] => json!({"kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": space},
            "spec": {"nodeName": known.nodes.get(name).unwrap_or(&""),
                "containers": [{"name": "c", "image": image(name, data)}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "c", "ready": true}]}}),
        [_, _, "deploymentconfigs", space, _] => {
            json!({"kind": "DeploymentConfig", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": space},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": name, "image": image(name, data)}]}}}})
        }
        _ => json!({}),
    };
    object.to_string()
}

/// The newest of the images in the data that is for `name`.
fn image<'a>(name: &str, data: &'a DataFacts) -> &'a str {
    let component = match name {
        _ if name.starts_with("docker-registry") => "docker-registry:",
        _ if name.starts_with("router") => "haproxy-router:",
        _ => return "stand-in",
    };
    let version = |image: &&String| {
        let tag = image.rsplit(":v").next().unwrap_or_default();
        Evr::parse(tag)
    };
    let fitting = data.images.iter().filter(|image| image.contains(component));
    fitting
        .max_by_key(version)
        .map_or("stand-in", String::as_str)
}

/// The log of a member that was found running.
pub fn log(running: &RunningFacts, index: u64) -> Log {
    Log {
        cluster: number(&running.cluster),
        member: number(&running.id),
        term: running.term,
        index,
        members: running
            .members
            .iter()
            .map(|one| Member {
                id: number(&one.id),
                name: one.name.clone(),
                peer_urls: one.peer_urls.clone(),
                client_urls: one.client_urls.clone(),
            })
            .collect(),
        v2: v2(&running.v2),
        version: Some(minor(&running.version)),
    }
}

/// `3.2` of `3.2.22`.
pub fn minor(version: &str) -> String {
    version.split('.').take(2).collect::<Vec<_>>().join(".")
}

fn v2(counts: &BTreeMap<String, u64>) -> BTreeMap<String, String> {
    let keys = counts.iter().flat_map(|(top, count)| {
        (0..(*count).min(KEYS))
            .map(move |number| format!("/{}/key-{number}", top.trim_matches('/')))
    });
    keys.map(|key| (key, "stand-in".to_owned())).collect()
}

fn number(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_image_of_a_component_counts() {
        let data = DataFacts {
            images: [
                "r/ose-docker-registry:v3.7.9",
                "r/ose-docker-registry:v3.7.23",
                "r/ose-haproxy-router:v3.9.1",
            ]
            .map(str::to_owned)
            .into(),
            ..DataFacts::default()
        };
        assert_eq!(
            image("docker-registry", &data),
            "r/ose-docker-registry:v3.7.23"
        );
        assert_eq!(image("router-1-abc", &data), "r/ose-haproxy-router:v3.9.1");
        assert_eq!(image("console", &data), "stand-in");
    }

    #[test]
    fn revision_and_counts_are_those_that_were_found() {
        let data = DataFacts {
            keys: vec!["/kubernetes.io/namespaces/default".to_owned()],
            ..DataFacts::default()
        };
        let running = RunningFacts {
            kubernetes: 5,
            openshift: 3,
            revision: 900,
            index: 2000,
            ..RunningFacts::default()
        };
        let known = Known {
            taken: 0,
            nodes: BTreeMap::new(),
        };
        let store = store(&data, Some(&running), &known);
        assert_eq!((store.revision, store.index), (900, 2000));
        assert_eq!(store.range("/kubernetes.io/", true).count(), 5);
        assert_eq!(store.range("/openshift.io/", true).count(), 3);
    }
}
