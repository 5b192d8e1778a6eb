//! What was found of etcd: members, data, backups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// etcd on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtcdFacts {
    /// Its data directory, without links.
    pub directory: String,
    /// Its data, if there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataFacts>,
    /// What the member says, if it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<RunningFacts>,
}

/// What a member that answers says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningFacts {
    /// The cluster's id, in hexadecimal.
    pub cluster: String,
    /// The member's own id, in hexadecimal.
    pub id: String,
    /// The server's version.
    pub version: String,
    /// The revision of its v3 data.
    pub revision: u64,
    /// Its position in the log.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// How many v3 keys there are below `/kubernetes.io/`.
    pub kubernetes: u64,
    /// How many v3 keys there are below `/openshift.io/`.
    pub openshift: u64,
    /// How many v2 keys there are, by their top directory.
    #[serde(default)]
    pub v2: BTreeMap<String, u64>,
    /// The members, as this one knows them.
    #[serde(rename = "member")]
    pub members: Vec<MemberFacts>,
}

/// A member of etcd's cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberFacts {
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
}

/// What a database holds: names, never values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFacts {
    /// Bytes.
    pub size: u64,
    /// Why it is damaged; empty if it is as long as it says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub damage: String,
    /// The uid of the namespace `kube-system`; empty where it cannot be read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster: String,
    /// Whether there are objects of OpenShift's own.
    pub openshift: bool,
    /// Images of registry and router that are named in it.
    pub images: Vec<String>,
    /// Names of v3 keys: namespaces, nodes, pods, deployment configs of `default`.
    pub keys: Vec<String>,
}

/// A backup of etcd's data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFacts {
    /// Its directory, or the snapshot file itself.
    pub path: String,
    /// When it was last changed, in seconds since 1970.
    pub modified: i64,
    /// The database in it; empty if there is none.
    pub database: String,
    /// What the database holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataFacts>,
}
