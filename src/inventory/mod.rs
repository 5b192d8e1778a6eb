//! The operator's inventory: the file that openshift-ansible installed and upgraded the cluster with.
//!
//! ```text
//! file ─┬─ ini ─────┐                                ┌─ connection ─┐
//!       └─ dynamic ─┴─> groups ──> variables (files) ┴──────────────┴─> Cluster ──> view
//! ```
//!
//! `ini` and `dynamic` say what stands in the file, `variables` which value counts for which host
//! (with `group_vars/` and `host_vars/` from `files`), `connection` how the host is reached. The
//! result is a [`Cluster`], in which every host is listed once whatever groups name it.
//!
//! Jinja expressions and Ansible Vault need Ansible itself. Where a variable that matters holds
//! one, loading fails with its file and line; elsewhere it stays the text it is.

mod cluster;
mod connection;
mod dynamic;
mod files;
mod groups;
mod ini;
mod literal;
mod range;
mod select;
mod source;
mod variables;
mod view;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use cluster::Cluster;
use groups::Placed;
use serde::Serialize;
use serde_json::Value;
pub use view::{json, table};

use crate::error::Result;
use crate::transport::Connection;

/// One machine of the inventory.
#[derive(Clone)]
pub struct Host {
    /// Its name in the inventory, which need not be its node name or a DNS name.
    pub name: String,
    /// What it is in the cluster; never empty.
    pub roles: BTreeSet<Role>,
    /// All inventory groups it belongs to, inherited ones and `all` included, outermost first.
    pub groups: Vec<String>,
    /// How to reach it.
    pub connection: Connection,
    /// All its variables, as they stand in the inventory: Jinja is not evaluated. May hold secrets.
    pub variables: Arc<BTreeMap<String, Value>>,
    /// What an operator should know about this host, as short sentences without a period.
    pub oddities: Vec<String>,
    /// Those of `variables` that only Ansible can read, with their places.
    opaque: BTreeMap<String, Placed>,
}

impl fmt::Debug for Host {
    /// Leaves out the variables, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("name", &self.name)
            .field("roles", &self.roles)
            .field("groups", &self.groups)
            .field("connection", &self.connection)
            .field("oddities", &self.oddities)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Whether the host has `role`.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether the procedure has any business on this host.
    pub fn is_touched(&self) -> bool {
        [Role::Master, Role::Node, Role::Etcd]
            .iter()
            .any(|role| self.is(*role))
    }

    /// Variable `name` as text; lists and mappings as JSON, `None` if it is not set or null.
    ///
    /// # Errors
    /// `Invalid` with file and line if its value is a Jinja expression or encrypted.
    pub fn variable(&self, name: &str) -> Result<Option<String>> {
        if let Some(placed) = self.opaque.get(name) {
            connection::readable(&self.name, name, placed)?;
        }
        let set = self.variables.get(name).filter(|value| !value.is_null());
        Ok(set.map(|value| variables::text(value).unwrap_or_else(|| value.to_string())))
    }
}

/// What a host is in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs API server and controllers: groups `masters`, `new_masters`.
    Master,
    /// Runs the kubelet: groups `nodes`, `new_nodes`. Masters are usually nodes too.
    Node,
    /// Runs a member of etcd as a service of its own: groups `etcd`, `new_etcd`.
    Etcd,
    /// Balances the load between the API servers: group `lb`. Never touched.
    LoadBalancer,
    /// In none of these groups, such as an NFS server. Never touched.
    Other,
}

impl Role {
    /// All roles, in the order of the enum.
    pub const ALL: [Self; 5] = [
        Self::Master,
        Self::Node,
        Self::Etcd,
        Self::LoadBalancer,
        Self::Other,
    ];

    /// The inventory groups whose hosts have this role; none for [`Role::Other`].
    pub fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Master => &["masters", "new_masters"],
            Self::Node => &["nodes", "new_nodes"],
            Self::Etcd => &["etcd", "new_etcd"],
            Self::LoadBalancer => &["lb"],
            Self::Other => &[],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Node => "node",
            Self::Etcd => "etcd",
            Self::LoadBalancer => "lb",
            Self::Other => "other",
        })
    }
}

/// `text` of an inventory as part of a message: control characters do not reach the terminal.
fn printable(text: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}
