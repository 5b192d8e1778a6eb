//! Hosts and groups: properties, set operations, `cluster::masters` and its kin.

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext};
use serde::Serialize;

use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef, Outcomes};
use crate::error::Error;

/// What `cluster::` offers beside `cluster::host("NAME")`.
pub const CLUSTER_NAMES: [&str; 7] = [
    "first_master",
    "first_etcd",
    "all",
    "masters",
    "nodes",
    "etcd",
    "left_out",
];

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
        module.set_native_fn("host", move |ctx: NativeCallContext, name: &str| {
            named(&ctx, &everyone, name)
        });
        module
    }

    fn left_out_data(&self) -> Dynamic {
        // Texts and lists of texts always are data.
        convert::result(&self.left_out).unwrap_or_default()
    }
}

fn first(group: &Group) -> Dynamic {
    group
        .hosts()
        .first()
        .map_or(Dynamic::UNIT, |host| Dynamic::from(host.clone()))
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

/// Properties and operations of hosts, groups and outcomes.
pub fn register(module: &mut Module) {
    module.set_custom_type::<HostRef>("host");
    module.set_custom_type::<Group>("group");
    module.set_custom_type::<Outcomes>("outcomes");

    module.set_getter_fn("name", |host: &mut HostRef| Ok(host.name().to_owned()));
    module.set_native_fn("is_in", |host: &mut HostRef, group: &str| {
        Ok(host.is_in(group))
    });
    module.set_native_fn("to_string", |host: &mut HostRef| Ok(host.name().to_owned()));
    module.set_native_fn("to_debug", |host: &mut HostRef| Ok(host.name().to_owned()));
    module.set_native_fn("==", |a: HostRef, b: HostRef| Ok(a.name() == b.name()));
    module.set_native_fn("!=", |a: HostRef, b: HostRef| Ok(a.name() != b.name()));

    module.set_native_fn("+", |a: Group, b: Group| Ok(a.union(&b)));
    module.set_native_fn("-", |a: Group, b: Group| Ok(a.minus(&b)));
    module.set_native_fn("&", |a: Group, b: Group| Ok(a.intersection(&b)));
    module.set_native_fn("+", |a: Group, b: HostRef| Ok(a.union(&Group::new([b]))));
    module.set_native_fn("-", |a: Group, b: HostRef| Ok(a.minus(&Group::new([b]))));
    module.set_getter_fn("hosts", |group: &mut Group| {
        Ok(group
            .hosts()
            .iter()
            .cloned()
            .map(Dynamic::from)
            .collect::<Array>())
    });
    module.set_getter_fn("names", |group: &mut Group| {
        Ok(group
            .names()
            .map(|name| Dynamic::from(name.to_owned()))
            .collect::<Array>())
    });
    module.set_getter_fn("first", |group: &mut Group| Ok(first(group)));
    module.set_getter_fn("len", |group: &mut Group| Ok(count(group.hosts().len())));
    module.set_getter_fn("is_empty", |group: &mut Group| Ok(group.hosts().is_empty()));
    module.set_native_fn("contains", |group: &mut Group, host: HostRef| {
        Ok(group.named(host.name()).is_some())
    });
    module.set_native_fn("contains", |group: &mut Group, name: &str| {
        Ok(group.named(name).is_some())
    });
    module.set_native_fn("to_string", |group: &mut Group| {
        Ok(group.names().collect::<Vec<_>>().join(", "))
    });
    module.set_native_fn(
        "filter",
        |ctx: NativeCallContext, group: &mut Group, keep: FnPtr| -> ScriptResult<Group> {
            let mut kept = Vec::new();
            for host in group.hosts() {
                if keep.call_within_context::<bool>(&ctx, (host.clone(),))? {
                    kept.push(host.clone());
                }
            }
            Ok(Group::new(kept))
        },
    );
    module.set_indexer_get_fn(|group: &mut Group, name: &str| {
        group
            .named(name)
            .cloned()
            .ok_or_else(|| missing(group, &format!("host `{name}`")))
    });
    module.set_indexer_get_fn(|group: &mut Group, place: i64| {
        usize::try_from(place)
            .ok()
            .and_then(|place| group.hosts().get(place))
            .cloned()
            .ok_or_else(|| missing(group, &format!("host number {place}")))
    });
    module.set_iter(std::any::TypeId::of::<Group>(), |value| {
        let hosts = value.cast::<Group>().hosts().to_vec();
        Box::new(hosts.into_iter().map(Dynamic::from))
    });

    outcomes(module);
}

fn missing(group: &Group, wanted: &str) -> Box<EvalAltResult> {
    let names: Vec<&str> = group.names().collect();
    let reason = match &names[..] {
        [] => "the group is empty".to_owned(),
        names => format!("is not in the group: {}, counted from 0", names.join(", ")),
    };
    convert::throw(Error::invalid(wanted, reason), rhai::Position::NONE)
}

fn outcomes(module: &mut Module) {
    module.set_getter_fn("hosts", |outcomes: &mut Outcomes| {
        Ok(outcomes
            .all()
            .iter()
            .map(|(host, _)| host.clone().into())
            .collect::<Array>())
    });
    module.set_getter_fn("values", |outcomes: &mut Outcomes| {
        Ok(outcomes
            .all()
            .iter()
            .map(|(_, value)| value.clone())
            .collect::<Array>())
    });
    module.set_getter_fn("len", |outcomes: &mut Outcomes| {
        Ok(count(outcomes.all().len()))
    });
    module.set_native_fn("contains", |outcomes: &mut Outcomes, host: &str| {
        Ok(outcomes.of(host).is_some())
    });
    module
        .set_indexer_get_fn(|outcomes: &mut Outcomes, host: HostRef| answer(outcomes, host.name()));
    module.set_indexer_get_fn(|outcomes: &mut Outcomes, host: &str| answer(outcomes, host));
    module.set_iter(std::any::TypeId::of::<Outcomes>(), |value| {
        let answers = value.cast::<Outcomes>();
        Box::new((0..answers.all().len()).map(move |at| {
            let (host, value) = answers.all()[at].clone();
            let mut map = rhai::Map::new();
            map.insert("host".into(), host.into());
            map.insert("value".into(), value);
            map.into()
        }))
    });
}

fn answer(outcomes: &Outcomes, host: &str) -> ScriptResult {
    outcomes.of(host).cloned().ok_or_else(|| {
        convert::throw(
            Error::invalid(
                format!("outcome of `{host}`"),
                "the host is not one of those asked",
            ),
            rhai::Position::NONE,
        )
    })
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
