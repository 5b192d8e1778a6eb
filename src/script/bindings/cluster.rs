//! The cluster as scripts have it: `cluster::masters` and its kin.

use rhai::{Dynamic, Module, NativeCallContext};
use serde::Serialize;

use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef};
use super::function;
use super::groups::first;
use crate::error::Error;

/// What `cluster` is.
pub const CLUSTER: (&str, &str) = (
    "cluster",
    "The cluster of the inventory, or the simulated one; it is there in every function and closure.\n\
     ```rhai\n\
     cluster::masters.systemctl.restart(\"atomic-openshift-master-api\");\n\
     let others = cluster::masters - cluster::first_master;\n\
     ```",
);

/// What `cluster::` offers beside `cluster::host("NAME")`, and what it is.
pub const CLUSTER_VALUES: [(&str, &str); 7] = [
    (
        "first_master",
        "The master that openshift-ansible keeps on what exists once, such as the CA.",
    ),
    ("first_etcd", "The first etcd member of the inventory."),
    (
        "all",
        "Every master, node and etcd member that is worked on, each once, in the order of the inventory.\n\
         ```rhai\n\
         note(`${cluster::all.len} hosts: ${cluster::all}`);\n\
         ```",
    ),
    ("masters", "The masters."),
    ("nodes", "The nodes; masters are nodes too."),
    ("etcd", "The etcd members."),
    (
        "left_out",
        "The hosts that `--limit` and `--without` took away, as a list of maps: `name`, `addresses`, `groups`, `by`.",
    ),
];

/// Their names.
pub const CLUSTER_NAMES: [&str; CLUSTER_VALUES.len()] = {
    let mut names = [""; CLUSTER_VALUES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = CLUSTER_VALUES[at].0;
        at += 1;
    }
    names
};

/// A host of the cluster that this run does not work on.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// Its inventory name.
    pub name: String,
    /// The names and addresses by which others may know it.
    pub addresses: Vec<String>,
    /// Of `masters`, `nodes` and `etcd`, those that it is in.
    pub groups: Vec<String>,
    /// The option that left it out: `--limit` or `--without`.
    pub by: &'static str,
}

/// The groups of the cluster that a script can name.
#[derive(Clone)]
pub struct Cluster {
    /// The name of the first master, where openshift-ansible keeps what exists once.
    pub first_master: String,
    /// Every host that is not left out.
    pub all: Group,
    /// The masters, nodes and etcd members that are.
    pub left_out: Vec<LeftOut>,
}

impl Cluster {
    /// A cluster without hosts: what can be named is there, for scripts that are only looked through.
    pub fn nowhere() -> Self {
        Self {
            first_master: String::new(),
            all: Group::default(),
            left_out: Vec::new(),
        }
    }

    /// The static module `cluster`: never captured by a closure, visible in every function.
    pub fn module(&self) -> Module {
        let mut module = Module::new();
        let group = |name: &str| self.all.filtered(|host| host.is_in(name));
        let (masters, nodes, etcd) = (group("masters"), group("nodes"), group("etcd"));
        let all = masters.union(&nodes).union(&etcd);
        let first_master = masters.named(&self.first_master).cloned();
        module.set_var(
            "first_master",
            first_master.map_or(first(&masters), Dynamic::from),
        );
        module.set_var("first_etcd", first(&etcd));
        module.set_var("all", all);
        module.set_var("masters", masters);
        module.set_var("nodes", nodes);
        module.set_var("etcd", etcd);
        module.set_var("left_out", self.left_out_data());
        let everyone = self.all.clone();
        function(
            "host",
            &["name: string"],
            "/// The host called `name`.\n\
             /// ```rhai\n\
             /// let host = cluster::host(cluster::masters.names[0]);\n\
             /// ```",
        )
        .set_into_module(&mut module, move |ctx: NativeCallContext, name: &str| {
            named(&ctx, &everyone, name)
        });
        module
    }

    fn left_out_data(&self) -> Dynamic {
        // Texts and lists of texts always are data.
        convert::result(&self.left_out).unwrap_or_default()
    }
}

fn named(ctx: &NativeCallContext, group: &Group, name: &str) -> ScriptResult<HostRef> {
    group.named(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = group.names().collect();
        convert::throw(
            Error::invalid(
                format!("host `{name}`"),
                format!("is not one of {}", known.join(", ")),
            ),
            ctx.call_position(),
        )
    })
}
