//! Whose data it is: the cluster's own id, its namespaces, and whether OpenShift's objects are there.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::client::{json, keys_below, v3};
use super::conf::EtcdConf;
use super::trial::Proof;
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::primitive::file;
use crate::transport::Command;

const KUBERNETES: &str = "/kubernetes.io/";
const OPENSHIFT: &str = "/openshift.io/";
const NAMESPACES: &str = "/kubernetes.io/namespaces/";
/// Made with the cluster, never deleted: its uid is the cluster's id.
const OLDEST: &str = "/kubernetes.io/namespaces/kube-system";

/// What tells one cluster's data from another's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// The uid of the namespace `kube-system`, which a cluster keeps for life; nothing where it cannot
    /// be read.
    pub cluster: Option<String>,
    /// The namespaces, sorted; in a database file deleted ones may be among them.
    pub namespaces: Vec<String>,
    /// Whether there are objects of OpenShift's own.
    pub openshift: bool,
}

impl Identity {
    /// Whether there is a cluster's data at all.
    pub(super) fn is_cluster(&self) -> bool {
        !self.namespaces.is_empty() && self.openshift
    }
}

/// The identity of the data in the database file `db`, which is only read: a server may use it.
///
/// Keys lie whole in such a file, each before its value. Pages that are free hold old ones, which are
/// this cluster's as well.
///
/// # Errors
/// `Command` if it cannot be read.
pub fn identity_of_file(host: &Host, db: &str) -> Result<Identity> {
    const KEYS: &str = r#"grep -aohE '/kubernetes\.io/namespaces/[a-z0-9-]+|/openshift\.io/[a-z]+' -- "$1" | sort -u"#;
    // Only ids are printed: whatever else lies near a key stays on the host.
    const IDS: &str = r#"grep -abohE '/kubernetes\.io/namespaces/kube-system[^a-z0-9-]' -- "$1" | while IFS=: read -r at rest; do
    dd if="$1" bs=1 skip="$at" count=512 status=none | grep -aoE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' | head -n 1
done"#;
    let ask = |script: &str| -> Result<String> {
        let argv = ["sh", "-c", script, "ocpdg-identity", db];
        let command = file::in_english(Command::reads(argv)).timeout(file::LONG);
        let output = host.output(&command)?;
        // grep's status is lost in the pipe, its complaint is not.
        if !output.exit.success() || !output.stderr.is_empty() {
            return Err(host.failed(&command, &output));
        }
        Ok(output.text())
    };
    let keys = ask(KEYS)?;
    let mut namespaces: BTreeSet<String> = BTreeSet::new();
    let mut openshift = false;
    for key in keys.lines() {
        match key.strip_prefix(NAMESPACES) {
            Some(name) => {
                namespaces.insert(name.to_owned());
            }
            None => openshift |= key.starts_with(OPENSHIFT),
        }
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let ids = ask(IDS)?;
    for id in ids.lines() {
        *seen.entry(id).or_default() += 1;
    }
    // One in a page that was cut off may belong to a neighbour: the most frequent one counts.
    let cluster = seen.into_iter().max_by_key(|(_, times)| *times);
    Ok(Identity {
        cluster: cluster.map(|(id, _)| id.to_owned()),
        namespaces: namespaces.into_iter().collect(),
        openshift,
    })
}

/// The identity of the data in the data directory of `host`, whether etcd runs or not; nothing if
/// there is none.
///
/// # Errors
/// As [`identity_of_file`].
pub fn present_identity(host: &Host, conf: &EtcdConf) -> Result<Option<Identity>> {
    let db = format!("{}/snap/db", conf.member_dir());
    if !file::exists(host, &db)? {
        return Ok(None);
    }
    identity_of_file(host, &db).map(Some)
}

/// What a running etcd holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// How many keys Kubernetes has.
    pub kubernetes: u64,
    /// How many keys OpenShift has.
    pub openshift: u64,
    /// The revision.
    pub revision: u64,
    /// Whose data it is.
    pub identity: Identity,
}

/// What etcd on `host` holds.
///
/// # Errors
/// `Command` if it does not answer.
pub fn content(host: &Host, conf: &EtcdConf) -> Result<Content> {
    let list = ["get", NAMESPACES, "--prefix", "--keys-only", "-w", "json"];
    let listed = json(host, &v3(conf, &[], &list))?;
    let namespaces = listed["kvs"].as_array().into_iter().flatten();
    let mut namespaces: Vec<String> = namespaces
        .filter_map(|entry| decoded(&entry["key"]))
        .filter_map(|key| key.strip_prefix(NAMESPACES).map(str::to_owned))
        .collect();
    namespaces.sort();
    let oldest = json(host, &v3(conf, &[], &["get", OLDEST, "-w", "json"]))?;
    let openshift = keys_below(host, conf, OPENSHIFT)?;
    Ok(Content {
        kubernetes: keys_below(host, conf, KUBERNETES)?,
        openshift,
        revision: listed["header"]["revision"].as_u64().unwrap_or(0),
        identity: Identity {
            cluster: decoded(&oldest["kvs"][0]["value"]).and_then(|value| first_uid(&value)),
            namespaces,
            openshift: openshift > 0,
        },
    })
}

/// The text that `value` holds in base64.
fn decoded(value: &serde_json::Value) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(value.as_str()?)
        .ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The names of the v3 keys below `prefix`, sorted; their values stay where they are.
///
/// # Errors
/// `Command` if etcd does not answer.
pub fn keys(host: &Host, conf: &EtcdConf, prefix: &str) -> Result<Vec<String>> {
    let list = ["get", prefix, "--prefix", "--keys-only", "-w", "json"];
    let listed = json(host, &v3(conf, &[], &list))?;
    let found = listed["kvs"].as_array().into_iter().flatten();
    Ok(found.filter_map(|entry| decoded(&entry["key"])).collect())
}

/// Sees that etcd on `host` holds the data of the backup of `proof`: keys of Kubernetes and of OpenShift,
/// a revision no lower than the trial restore found, and the namespaces and the id of that cluster.
///
/// # Errors
/// `State` with everything that is not so.
///
/// Source: OCP 3.9 Restoring etcd, the checks after the restored member has started.
pub fn check_restored(host: &Host, conf: &EtcdConf, proof: &Proof) -> Result<Content> {
    let found = content(host, conf)?;
    let mut wrong = Vec::new();
    for (prefix, keys) in [(KUBERNETES, found.kubernetes), (OPENSHIFT, found.openshift)] {
        if keys == 0 {
            wrong.push(format!("no key below {prefix}"));
        }
    }
    if found.revision < proof.revision {
        let (is, was) = (found.revision, proof.revision);
        wrong.push(format!("revision {is}, and the backup has {was}"));
    }
    let strange: Vec<&str> = found
        .identity
        .namespaces
        .iter()
        .filter(|name| !proof.identity.namespaces.contains(name))
        .map(String::as_str)
        .collect();
    if !strange.is_empty() {
        let names = strange.join(", ");
        wrong.push(format!("namespaces that the backup does not have: {names}"));
    }
    if let (Some(is), Some(was)) = (&found.identity.cluster, &proof.identity.cluster)
        && is != was
    {
        wrong.push(format!("the data of cluster {is}, not {was}"));
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    let subject = format!("etcd's data, restored from `{}`", proof.path);
    let wanted = format!(
        "what the backup holds, at revision {} or later",
        proof.revision
    );
    Err(
        Error::state(host.name(), subject, wanted, wrong.join("; ")).with_hint(format!(
            "see that `ETCD_DATA_DIR` in `{}` is where the data was restored, and what `journalctl -u etcd` says; to restore another backup, run again with `--set etcd_backup=HOST:PATH`",
            conf.path
        )),
    )
}

/// The first uid in `value`: that of the object itself, in JSON as in protobuf.
fn first_uid(value: &str) -> Option<String> {
    const LENGTHS: [usize; 5] = [8, 4, 4, 4, 12];
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    value.as_bytes().windows(36).find_map(|window| {
        let mut parts = window.split(|&byte| byte == b'-');
        let fits = LENGTHS.iter().all(|&length| {
            parts
                .next()
                .is_some_and(|part| part.len() == length && part.iter().all(|&b| hex(b)))
        });
        (fits && parts.next().is_none()).then(|| String::from_utf8_lossy(window).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::first_uid;

    #[test]
    fn a_uid_is_found_in_any_encoding() {
        let uid = "2c7b0a5e-38c0-11e8-9d2f-525400a1b2c3";
        let protobuf = format!(
            "k8s\0\n\u{f}\n\u{2}v1\u{12}\u{9}Namespace\u{12}\n\u{b}kube-system*${uid}2\u{0}"
        );
        assert_eq!(first_uid(&protobuf).as_deref(), Some(uid));
        let json = format!("{{\"metadata\":{{\"name\":\"kube-system\",\"uid\":\"{uid}\"}}}}");
        assert_eq!(first_uid(&json).as_deref(), Some(uid));
        assert_eq!(first_uid("2c7b0a5e-38c0-11e8-9d2f-525400a1b2"), None);
        assert_eq!(first_uid(""), None);
    }
}
