//! The objects in etcd: what a small cluster has.

use serde_json::{Value, json};

use super::format::Description;

/// When something was written: what is from after the backup has to be gone in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words say it")]
pub enum When {
    Before,
    Between,
    After,
}

impl When {
    fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Between => "between",
            Self::After => "after",
        }
    }
}

/// Keys and values of the v3 data, as a cluster of `version` writes them.
pub fn objects(description: &Description, when: When, version: &str) -> Vec<(String, String)> {
    let image = |name: &str| format!("registry.access.redhat.com/openshift3/ose-{name}:v{version}");
    let mut all: Vec<(String, Value)> = Vec::new();
    let spaces: &[&str] = match when {
        When::Before => &[
            "default",
            "kube-system",
            "openshift",
            "openshift-infra",
            "logging",
        ],
        _ => &["openshift-web-console"],
    };
    for name in spaces {
        let space = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}});
        all.push((format!("/kubernetes.io/namespaces/{name}"), space));
    }
    for (name, component) in [
        ("docker-registry", "docker-registry"),
        ("router", "haproxy-router"),
    ] {
        let config = json!({"kind": "DeploymentConfig", "apiVersion": "v1",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": name, "image": image(component)}]}}}});
        all.push((
            format!("/openshift.io/deploymentconfigs/default/{name}"),
            config,
        ));
    }
    let nodes: Vec<String> = description
        .with("nodes")
        .map(|host| description.full_name(host))
        .collect();
    let mut pod = |name: &str, component: &str, node: &str| {
        let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "default"},
            "spec": {"nodeName": node, "containers": [{"name": "c", "image": image(component)}]},
            "status": {"phase": "Running", "containerStatuses": [{"name": "c", "ready": true}]}});
        all.push((format!("/kubernetes.io/pods/default/{name}"), pod));
    };
    if let Some(last) = nodes.last() {
        pod("docker-registry-1-x7k2p", "docker-registry", last);
        pod("router-1-9qv4m", "haproxy-router", last);
    }
    for node in &nodes {
        let short = node.split('.').next().unwrap_or(node);
        pod(&format!("agent-{short}"), "deployer", node);
    }
    let word = when.word();
    for number in 1..=10 {
        let name = format!("{word}-{number}");
        let map = json!({"kind": "ConfigMap", "metadata": {"name": name}});
        all.push((format!("/kubernetes.io/configmaps/default/{name}"), map));
    }
    all.into_iter()
        .map(|(key, value)| (key, value.to_string()))
        .collect()
}

/// Keys and values of the v2 data.
pub fn plain(when: When) -> Vec<(String, String)> {
    let word = when.word();
    (1..=3)
        .map(|number| (format!("/{word}/key-{number}"), format!("{word}-{number}")))
        .collect()
}
