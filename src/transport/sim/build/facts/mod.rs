//! The file that holds what was found on the hosts of a real cluster.
//!
//! ```toml
//! snapshot = 1                  # the version of the format
//! taken = 1522940411            # seconds since 1970
//! notes = ["m1: ..."]           # what could not be looked at, and why
//!
//! [[host]]
//! name = "m1.example.com"       # in the inventory
//! hostname = "m1.example.com"   # its own
//! groups = ["masters", "etcd", "nodes"]
//! packages = ["etcd 0:3.2.22-1.el7 x86_64 1522900000 rhel-7-server-extras-rpms"]
//!
//! [[host.file]]
//! path = "/etc/etcd/etcd.conf"
//! kind = "file"
//! owner = "etcd"
//! mode = "0600"
//! modified = 1522900000
//! content = "ETCD_NAME=m1.example.com"
//! ```
//!
//! There are no secrets in it: of keys there is a fingerprint, of certificates whose they are and until
//! when, and passwords inside of files are concealed. Of etcd's data there are names of keys, never values.

mod etcd;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::transport::sim::malformed::{self, Malformed};

pub use etcd::{BackupFacts, DataFacts, EtcdFacts, MemberFacts, RunningFacts};

/// The version of the format that this program writes, and the newest that it reads.
pub const VERSION: u32 = 1;

/// What was found on the hosts of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of the format.
    pub snapshot: u32,
    /// When it was taken, in seconds since 1970.
    pub taken: i64,
    /// What could not be looked at, and why.
    #[serde(default)]
    pub notes: Vec<String>,
    /// The hosts, in the order of the inventory.
    #[serde(rename = "host")]
    pub hosts: Vec<HostFacts>,
}

/// What was found on a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HostFacts {
    /// Its name in the inventory.
    pub name: String,
    /// Its own name.
    pub hostname: String,
    /// Its addresses, the main one first.
    pub addresses: Vec<String>,
    /// Its groups of the inventory: `masters`, `nodes`, `etcd`.
    pub groups: Vec<String>,
    /// The user that logs in.
    pub login: String,
    /// Whether that user becomes root by sudo.
    pub sudo: bool,
    /// As `getenforce` says it.
    pub selinux: String,
    /// Programs of the procedure that it does not have.
    pub lacks: Vec<String>,
    /// Packages: `NAME EPOCH:VERSION-RELEASE ARCH SINCE REPOSITORY`, since in seconds since 1970.
    pub packages: Vec<String>,
    /// docker, if it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker: Option<DockerFacts>,
    /// The registry that the node's images come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryFacts>,
    /// etcd, if it is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etcd: Option<EtcdFacts>,
    /// Its file systems.
    #[serde(rename = "mount")]
    pub mounts: Vec<MountFacts>,
    /// Its units.
    #[serde(rename = "unit")]
    pub units: Vec<UnitFacts>,
    /// What its repositories offer of the procedure's packages.
    #[serde(rename = "repository")]
    pub repositories: Vec<RepositoryFacts>,
    /// yum's transactions with packages of the procedure, the first one first.
    #[serde(rename = "transaction")]
    pub history: Vec<TransactionFacts>,
    /// Backups of etcd's data.
    #[serde(rename = "backup")]
    pub backups: Vec<BackupFacts>,
    /// Files that the procedure reads or replaces.
    #[serde(rename = "file")]
    pub files: Vec<FileFacts>,
    /// SELinux labels that are not the policy's.
    #[serde(rename = "label")]
    pub labels: Vec<LabelFacts>,
}

/// A file, directory or link with another SELinux label than the policy has for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelFacts {
    /// Where it is.
    pub path: String,
    /// The label, as `ls -Z` shows it.
    pub label: String,
}

/// What docker holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DockerFacts {
    /// The daemon's version.
    pub server: String,
    /// The names of all containers; those of a pod tell which one it is.
    pub containers: Vec<String>,
    /// How many images there are.
    pub images: u64,
}

/// A registry of images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryFacts {
    /// Its host, with the port if it has one.
    pub name: String,
    /// What `curl` says; empty if the registry answers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// A file system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MountFacts {
    /// Where it is mounted.
    pub path: String,
    /// What is mounted.
    pub source: String,
    /// Bytes.
    pub size: u64,
    /// Bytes that can still be written.
    pub free: u64,
}

/// A unit, in systemd's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitFacts {
    /// Its name.
    pub name: String,
    /// `loaded`, `masked`.
    pub load: String,
    /// `active`, `inactive`, `failed`, ...
    pub active: String,
    /// The finer state.
    pub sub: String,
    /// `enabled`, `disabled`, `static`, ...
    pub enabled: String,
}

/// What a repository offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositoryFacts {
    /// Its id.
    pub id: String,
    /// Why it could not be read; empty if it could.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// Packages: `NAME EPOCH:VERSION-RELEASE ARCH`.
    #[serde(default)]
    pub packages: Vec<String>,
}

/// A transaction of yum's history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionFacts {
    /// Its number in yum's history.
    pub id: u64,
    /// When it began, in seconds since 1970.
    pub began: i64,
    /// The words after `yum`.
    pub command: String,
    /// Whether all of it was done.
    pub complete: bool,
    /// What it did: `+NAME EPOCH:VERSION-RELEASE ARCH REPOSITORY` for what came, `-` for what was there.
    pub elements: Vec<String>,
}

/// A file, directory or link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileFacts {
    /// Where it is.
    pub path: String,
    /// `file`, `directory`, `link`.
    pub kind: String,
    /// Its owner.
    pub owner: String,
    /// Its group.
    pub group: String,
    /// Permissions, in octal.
    pub mode: String,
    /// Last change, in seconds since 1970.
    pub modified: i64,
    /// Bytes.
    pub size: u64,
    /// Where a link points.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// SHA-256 of a key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// `server:` of a kubeconfig.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub server: String,
    /// `certificate-authority:` of a kubeconfig.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// What it holds, secrets concealed; nothing of a file that is only known to be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Whose certificate it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
}

/// A certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFacts {
    /// Whose it is.
    pub subject: String,
    /// The names it is for.
    pub names: Vec<String>,
    /// When it expires, in seconds since 1970.
    pub not_after: i64,
    /// SHA-256 fingerprint.
    pub fingerprint: String,
}

impl Snapshot {
    /// Whether `text` is a snapshot, of whatever version, and not a description of a cluster.
    pub fn is_one(text: &str) -> bool {
        text.parse::<toml::Table>()
            .is_ok_and(|table| table.contains_key("snapshot"))
            || text.lines().any(|line| line.starts_with("snapshot = "))
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    /// With the line and what was expected; a newer version by its number.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        #[derive(Deserialize)]
        struct Head {
            snapshot: Spanned<u32>,
        }
        // First, because a newer version may have other fields.
        let Head { snapshot } = malformed::read(text)?;
        if *snapshot.get_ref() > VERSION {
            let reason = format!(
                "`snapshot = {}`: it was written by a newer program; this one reads up to {VERSION}",
                snapshot.get_ref()
            );
            return Err(Malformed::at(text, snapshot.span().start, reason));
        }
        let snapshot: Self = malformed::read(text)?;
        if snapshot.hosts.is_empty() {
            return Err(Malformed::whole("there is no `[[host]]`"));
        }
        Ok(snapshot)
    }

    /// The file.
    ///
    /// # Errors
    /// What cannot be written as TOML.
    pub fn text(&self) -> Result<String, String> {
        let body = toml::to_string_pretty(self).map_err(|error| error.to_string())?;
        Ok(format!(
            "# Facts of a cluster, as `ocpdg snapshot` found them. No keys, passwords or values of etcd are in it.\n{body}"
        ))
    }

    /// The inventory that an operator of this cluster would have.
    pub fn inventory(&self) -> String {
        let mut text = "[OSEv3:children]\nmasters\nnodes\netcd\n".to_owned();
        for group in ["masters", "etcd", "nodes"] {
            text.push_str(&format!("\n[{group}]\n"));
            for host in self.hosts.iter().filter(|host| host.is_in(group)) {
                text.push_str(&host.name);
                if let Some(address) = host.addresses.first() {
                    text.push_str(&format!(" ansible_host={address}"));
                }
                text.push_str(&format!(" ansible_user={}", host.login));
                if host.sudo {
                    text.push_str(" ansible_become=yes");
                }
                text.push('\n');
            }
        }
        text
    }
}

impl HostFacts {
    /// Whether it is in the inventory's group `group`.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|one| one == group)
    }

    /// The pods that have containers here.
    pub fn pods(&self) -> impl Iterator<Item = &str> {
        let containers = self.docker.iter().flat_map(|docker| &docker.containers);
        // `k8s_POD_NAME_NAMESPACE_...`: every pod has one of these.
        containers.filter_map(|name| name.strip_prefix("k8s_POD_")?.split('_').next())
    }

    /// What the cluster calls it, if it is a node.
    pub fn node_name(&self) -> Option<&str> {
        let config = |file: &&FileFacts| file.path == "/etc/origin/node/node-config.yaml";
        let text = self.files.iter().find(config)?.content.as_deref()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("nodeName:"))?;
        Some(line.trim().trim_matches(['"', '\'']))
    }

    /// The state of the unit `name`.
    pub fn unit(&self, name: &str) -> Option<&UnitFacts> {
        self.units.iter().find(|unit| unit.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let file = FileFacts {
            path: "/etc/yum.conf".to_owned(),
            kind: "file".to_owned(),
            content: Some("[main]\nexclude= a  b \n\ttab \"quoted\" '''\n".to_owned()),
            ..FileFacts::default()
        };
        let host = HostFacts {
            name: "m1".to_owned(),
            groups: vec!["masters".to_owned()],
            etcd: Some(EtcdFacts {
                running: Some(RunningFacts {
                    v2: [("/a".to_owned(), 3)].into(),
                    members: vec![MemberFacts::default()],
                    ..RunningFacts::default()
                }),
                data: Some(DataFacts::default()),
                ..EtcdFacts::default()
            }),
            files: vec![file],
            ..HostFacts::default()
        };
        let snapshot = Snapshot {
            snapshot: VERSION,
            taken: 7,
            notes: Vec::new(),
            hosts: vec![host],
        };
        let text = snapshot.text().unwrap();
        assert!(Snapshot::is_one(&text));
        assert_eq!(Snapshot::parse(&text), Ok(snapshot));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, expected) in [
            (
                "snapshot = 2\nnew = true\n",
                "newer program; this one reads up to 1",
            ),
            ("snapshot = 1\ntaken = 7\nhost = []\n", "no `[[host]]`"),
            ("snapshot = 1\ntaken = \"x\"\nhost = []\n", "line 2"),
            (
                "snapshot = 1\ntaken = 7\n[[host]]\nnaem = \"m\"\n",
                "line 4",
            ),
            ("snapshot = [\n", "line 1"),
        ] {
            let error = Snapshot::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
