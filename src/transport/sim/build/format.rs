//! The file that describes a simulated cluster.
//!
//! ```toml
//! version = 1
//! state = "upgraded"            # or "failed-at-3.8", or "installed": at 3.7
//! domain = "sim.test"
//!
//! [[host]]
//! name = "master-1"
//! roles = ["masters", "etcd", "nodes"]
//!
//! [[host]]
//! name = "node-1"
//! roles = ["nodes"]
//! user = "ocp"                  # root unless told; others become root by sudo
//! disk = "40G"
//! mounts = { "/var/lib/etcd" = "10G" }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::transport::sim::malformed::{self, Malformed};

/// A cluster to be built.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The version of the format: 1.
    pub version: u32,
    /// What the cluster has lived through.
    #[serde(default)]
    pub state: Past,
    /// The domain of its hosts.
    #[serde(default = "usual_domain")]
    pub domain: String,
    /// Its hosts.
    #[serde(rename = "host")]
    pub hosts: Vec<HostDescription>,
}

/// What a cluster has lived through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Past {
    /// Installed at 3.7, and never upgraded.
    Installed,
    /// Upgraded to 3.9.
    #[default]
    Upgraded,
    /// An upgrade that died in the 3.8 pass, twice.
    #[serde(rename = "failed-at-3.8")]
    FailedAt38,
}

/// A host to be built.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostDescription {
    /// Its short name.
    pub name: String,
    /// Its groups in the inventory: `masters`, `etcd`, `nodes`.
    pub roles: Vec<String>,
    /// The user to log in as; others than root become root by sudo.
    #[serde(default = "root")]
    pub user: String,
    /// The size of its disk.
    #[serde(default = "usual_disk")]
    pub disk: String,
    /// File systems of their own, by directory, with their sizes.
    #[serde(default)]
    pub mounts: BTreeMap<String, String>,
}

fn usual_domain() -> String {
    "sim.test".to_owned()
}

fn root() -> String {
    "root".to_owned()
}

fn usual_disk() -> String {
    "40G".to_owned()
}

/// The version of the format that this program reads.
const VERSION: u32 = 1;

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// With the line, and what was expected.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        #[derive(Deserialize)]
        struct Head {
            version: Spanned<u32>,
        }
        // First, because another version may have other fields.
        let Head { version } = malformed::read(text)?;
        if *version.get_ref() != VERSION {
            let reason = format!(
                "`version = {}`: this program reads version {VERSION}",
                version.get_ref()
            );
            return Err(Malformed::at(text, version.span().start, reason));
        }
        let description: Self = malformed::read(text)?;
        for (host, at) in description.hosts.iter().zip(malformed::hosts(text)?) {
            let known = ["masters", "etcd", "nodes"];
            if let Some(role) = host
                .roles
                .iter()
                .find(|role| !known.contains(&role.as_str()))
            {
                let reason = format!(
                    "host `{}`: role `{role}` is none of {}",
                    host.name,
                    known.join(", ")
                );
                return Err(Malformed::at(text, at, reason));
            }
            for size in host.mounts.values().chain([&host.disk]) {
                if bytes(size).is_none() {
                    let reason = format!(
                        "host `{}`: `{size}` is no size such as `40G` or `512M`",
                        host.name
                    );
                    return Err(Malformed::at(text, at, reason));
                }
            }
        }
        for role in ["masters", "etcd"] {
            if description.with(role).next().is_none() {
                return Err(Malformed::whole(format!("no host has the role `{role}`")));
            }
        }
        Ok(description)
    }

    /// The cluster called `name`: `aio`, `ha`, `external`, each also with `-failed-at-3.8`, or `large:N`.
    pub fn shipped(name: &str) -> Option<Self> {
        let (topology, state) = match name.strip_suffix("-failed-at-3.8") {
            Some(topology) => (topology, Past::FailedAt38),
            None => (name, Past::Upgraded),
        };
        let host = |name: &str, roles: &[&str]| HostDescription {
            name: name.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            user: root(),
            disk: usual_disk(),
            mounts: BTreeMap::new(),
        };
        const ALL: &[&str] = &["masters", "etcd", "nodes"];
        let master = |number: u32| host(&format!("master-{number}"), ALL);
        let node = |number: u32| host(&format!("node-{number}"), &["nodes"]);
        let hosts = match topology {
            "aio" => vec![master(1)],
            "ha" => {
                let mut hosts = vec![master(1), master(2), master(3), node(1), node(2)];
                hosts[2]
                    .mounts
                    .insert("/var/lib/etcd".to_owned(), "10G".to_owned());
                "ocp".clone_into(&mut hosts[4].user);
                hosts
            }
            "external" => {
                let mut hosts = vec![host("master-1", &["masters", "nodes"])];
                hosts.extend((1..=3).map(|number| host(&format!("etcd-{number}"), &["etcd"])));
                hosts.extend([node(1), node(2)]);
                hosts
            }
            other => {
                let count: u32 = other.strip_prefix("large:")?.parse().ok()?;
                let mut hosts = vec![master(1), master(2), master(3)];
                hosts.extend((1..=count).map(node));
                hosts
            }
        };
        Some(Self {
            version: VERSION,
            state,
            domain: usual_domain(),
            hosts,
        })
    }

    /// The hosts with `role`.
    pub fn with<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a HostDescription> {
        self.hosts.iter().filter(move |host| host.is(role))
    }

    /// The full name of `host`.
    pub fn full_name(&self, host: &HostDescription) -> String {
        format!("{}.{}", host.name, self.domain)
    }

    /// The inventory that an operator of this cluster would have.
    pub fn inventory(&self) -> String {
        let mut text = "[OSEv3:children]\nmasters\nnodes\netcd\n".to_owned();
        for role in ["masters", "etcd", "nodes"] {
            text.push_str(&format!("\n[{role}]\n"));
            for host in self.with(role) {
                text.push_str(&self.full_name(host));
                if host.user != "root" {
                    text.push_str(&format!(" ansible_user={} ansible_become=yes", host.user));
                }
                text.push('\n');
            }
        }
        text.push_str("\n[OSEv3:vars]\nansible_user=root\nopenshift_deployment_type=openshift-enterprise\nopenshift_release=v3.9\n");
        text
    }
}

impl HostDescription {
    /// Whether it has `role`.
    pub fn is(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one == role)
    }
}

/// The bytes of `40G`, `512M`, `64K`.
pub fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let factor = match unit {
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return text.parse().ok(),
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_says_what_is_wrong_with_it() {
        for (text, expected) in [
            (
                "version = 2\n[[host]]\nname=\"m\"\nroles=[\"masters\",\"etcd\"]\n",
                "line 1: `version = 2`: this program reads version 1",
            ),
            (
                "version = 1\n[[host]]\nname=\"m\"\nroles=[\"masters\"]\n",
                "no host has the role `etcd`",
            ),
            (
                "version = 1\n[[host]]\nname=\"m\"\nroles=[\"boss\"]\n",
                "line 2: host `m`: role `boss` is none of masters, etcd, nodes",
            ),
            ("version = 1\n[[host]]\nname=\"m\"\nrolls=[]\n", "line 4"),
        ] {
            let error = Description::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn shipped_clusters_have_their_names() {
        for (name, hosts) in [
            ("aio", 1),
            ("ha", 5),
            ("external", 6),
            ("ha-failed-at-3.8", 5),
            ("large:20", 23),
        ] {
            assert_eq!(
                Description::shipped(name).map(|one| one.hosts.len()),
                Some(hosts),
                "{name}"
            );
        }
        assert_eq!(Description::shipped("huge"), None);
    }
}
