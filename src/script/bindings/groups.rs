//! Hosts, groups and outcomes: properties, methods, set operations.

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, FuncRegistration, Module, NativeCallContext};

use super::super::convert::{self, ScriptResult};
use super::super::hosts::{Group, HostRef, Outcomes};
use super::function;
use crate::error::Error;

/// The types of this file, and what they are.
pub const TYPES: [(&str, &str); 3] = [
    (
        "host",
        "A host of the cluster: it has a name, groups, `run`, and every tool. Two are equal if their names are.\n\
         ```rhai\n\
         let host = cluster::first_master;\n\
         note(`${host.name}: ${host.run(\"uptime\").stdout}`);\n\
         ```",
    ),
    (
        "group",
        "Hosts in the order of the inventory, each once. It has every tool: a verb acts on all hosts side by side\n\
         and returns `outcomes`. `for host in group { }` goes through it.\n\
         ```rhai\n\
         let workers = cluster::nodes - cluster::masters;\n\
         for host in workers { note(host.name); }\n\
         ```",
    ),
    (
        "outcomes",
        "What each host of a group answered. `for answer in outcomes { }` goes through it: `answer.host`, `answer.value`.\n\
         ```rhai\n\
         let kernels = cluster::all.run(\"uname -r\");\n\
         for answer in kernels { note(`${answer.host}: ${answer.value.stdout}`); }\n\
         ```",
    ),
];

/// The first host of `group`, or `()`.
pub(super) fn first(group: &Group) -> Dynamic {
    group
        .hosts()
        .first()
        .map_or(Dynamic::UNIT, |host| Dynamic::from(host.clone()))
}

/// Properties and operations of hosts, groups and outcomes.
pub fn register(module: &mut Module) {
    let [host, group, outcomes] = TYPES;
    module.set_custom_type_with_comments::<HostRef>(host.0, &host.1.lines().collect::<Vec<_>>());
    module.set_custom_type_with_comments::<Group>(group.0, &group.1.lines().collect::<Vec<_>>());
    module.set_custom_type_with_comments::<Outcomes>(
        outcomes.0,
        &outcomes.1.lines().collect::<Vec<_>>(),
    );
    of_host(module);
    of_group(module);
    set_operations(module);
    chosen(module);
    of_outcomes(module);
}

/// Begins the property `name` of an `owner` with its documentation.
fn property(name: &str, owner: &str, doc: &str) -> FuncRegistration {
    FuncRegistration::new_getter(name)
        .with_params_info([owner])
        .with_comments([doc])
}

/// Begins an index of an `owner` by a `key` with its documentation.
fn index(owner: &str, key: &str, doc: &str) -> FuncRegistration {
    FuncRegistration::new_index_getter()
        .with_params_info([owner, key])
        .with_comments([doc])
}

fn of_host(module: &mut Module) {
    property("name", "host", "/// Its name in the inventory.")
        .set_into_module(module, |host: &mut HostRef| host.name().to_owned());
    function(
        "is_in",
        &["host", "group: string"],
        "/// Whether the inventory has it in `group`: `masters`, `nodes`, `etcd`, or one of the site's own.\n\
         /// ```rhai\n\
         /// if !cluster::first_master.is_in(\"etcd\") { warn(\"etcd is external\"); }\n\
         /// ```",
    )
    .set_into_module(module, |host: &mut HostRef, group: &str| host.is_in(group));
    for (name, doc) in [
        ("to_string", "/// Its name."),
        ("to_debug", "/// Its name."),
    ] {
        function(name, &["host"], doc)
            .set_into_module(module, |host: &mut HostRef| host.name().to_owned());
    }
    function("==", &["host", "host"], "/// Whether it is the same host.")
        .set_into_module(module, |a: HostRef, b: HostRef| a.name() == b.name());
    function("!=", &["host", "host"], "/// Whether it is another host.")
        .set_into_module(module, |a: HostRef, b: HostRef| a.name() != b.name());
}

fn of_group(module: &mut Module) {
    property("hosts", "group", "/// Its hosts, as a list.").set_into_module(
        module,
        |group: &mut Group| -> Array {
            let hosts = group.hosts().iter().cloned();
            hosts.map(Dynamic::from).collect()
        },
    );
    property("names", "group", "/// The names of its hosts, as a list.").set_into_module(
        module,
        |group: &mut Group| -> Array {
            let names = group.names().map(str::to_owned);
            names.map(Dynamic::from).collect()
        },
    );
    property(
        "first",
        "group",
        "/// Its first host, or `()` if it is empty.",
    )
    .set_into_module(module, |group: &mut Group| first(group));
    property("len", "group", "/// How many hosts it has.")
        .set_into_module(module, |group: &mut Group| count(group.hosts().len()));
    property("is_empty", "group", "/// Whether it has no host.")
        .set_into_module(module, |group: &mut Group| group.hosts().is_empty());
    function(
        "to_string",
        &["group"],
        "/// The names of its hosts, with commas.",
    )
    .set_into_module(module, |group: &mut Group| {
        group.names().collect::<Vec<_>>().join(", ")
    });
    index(
        "group",
        "name: string",
        "/// The host of that name; an error if it is not in the group.",
    )
    .set_into_module(
        module,
        |group: &mut Group, name: &str| -> ScriptResult<HostRef> {
            let host = group.named(name).cloned();
            host.ok_or_else(|| missing(group, &format!("host `{name}`")))
        },
    );
    index(
        "group",
        "place: int",
        "/// The host at that place, counted from 0; an error beyond the last.",
    )
    .set_into_module(
        module,
        |group: &mut Group, place: i64| -> ScriptResult<HostRef> {
            let at = usize::try_from(place).ok();
            let host = at.and_then(|at| group.hosts().get(at)).cloned();
            host.ok_or_else(|| missing(group, &format!("host number {place}")))
        },
    );
    module.set_iter(std::any::TypeId::of::<Group>(), |value| {
        let hosts = value.cast::<Group>().hosts().to_vec();
        Box::new(hosts.into_iter().map(Dynamic::from))
    });
}

fn set_operations(module: &mut Module) {
    let both = &["group", "group"];
    let one = &["group", "host"];
    const PLUS: &str = "/// The hosts of either.\n\
        /// ```rhai\n\
        /// let control = cluster::masters + cluster::etcd;\n\
        /// ```";
    const MINUS: &str = "/// The hosts of the first without those of the second.\n\
        /// ```rhai\n\
        /// let others = cluster::masters - cluster::first_master;\n\
        /// ```";
    function("+", both, PLUS).set_into_module(module, |a: Group, b: Group| a.union(&b));
    function("-", both, MINUS).set_into_module(module, |a: Group, b: Group| a.minus(&b));
    function("&", both, "/// The hosts that are in both.")
        .set_into_module(module, |a: Group, b: Group| a.intersection(&b));
    function("+", one, PLUS)
        .set_into_module(module, |a: Group, b: HostRef| a.union(&Group::new([b])));
    function("-", one, MINUS)
        .set_into_module(module, |a: Group, b: HostRef| a.minus(&Group::new([b])));
}

fn chosen(module: &mut Module) {
    const CONTAINS: &str = "/// Whether the host is in it.";
    function("contains", &["group", "host: host"], CONTAINS)
        .set_into_module(module, |group: &mut Group, host: HostRef| {
            group.named(host.name()).is_some()
        });
    function("contains", &["group", "name: string"], CONTAINS)
        .set_into_module(module, |group: &mut Group, name: &str| {
            group.named(name).is_some()
        });
    function(
        "filter",
        &["group", "keep: |host|"],
        "/// The hosts for which `keep` returns true, as a group.\n\
         /// ```rhai\n\
         /// let running = cluster::etcd.filter(|host| host.systemctl.is_active(\"etcd\"));\n\
         /// ```",
    )
    .set_into_module(
        module,
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
}

fn missing(group: &Group, wanted: &str) -> Box<EvalAltResult> {
    let names: Vec<&str> = group.names().collect();
    let reason = match &names[..] {
        [] => "the group is empty".to_owned(),
        names => format!("is not in the group: {}, counted from 0", names.join(", ")),
    };
    convert::throw(Error::invalid(wanted, reason), rhai::Position::NONE)
}

fn of_outcomes(module: &mut Module) {
    property(
        "hosts",
        "outcomes",
        "/// The names of the hosts that were asked, as a list.",
    )
    .set_into_module(module, |outcomes: &mut Outcomes| -> Array {
        let hosts = outcomes.all().iter();
        hosts.map(|(host, _)| host.clone().into()).collect()
    });
    property(
        "values",
        "outcomes",
        "/// The answers, as a list in the order of the hosts.",
    )
    .set_into_module(module, |outcomes: &mut Outcomes| -> Array {
        let values = outcomes.all().iter();
        values.map(|(_, value)| value.clone()).collect()
    });
    property("len", "outcomes", "/// How many hosts were asked.")
        .set_into_module(module, |outcomes: &mut Outcomes| {
            count(outcomes.all().len())
        });
    function(
        "contains",
        &["outcomes", "host: string"],
        "/// Whether the host of that name was asked. `\"NAME\" in outcomes` says the same.",
    )
    .set_into_module(module, |outcomes: &mut Outcomes, host: &str| {
        outcomes.of(host).is_some()
    });
    const OF: &str = "/// What that host answered; an error if it was not asked.\n\
        /// ```rhai\n\
        /// let versions = cluster::masters.docker.version();\n\
        /// note(`${versions[cluster::first_master].server}`);\n\
        /// ```";
    index("outcomes", "host: host", OF)
        .set_into_module(module, |outcomes: &mut Outcomes, host: HostRef| {
            answer(outcomes, host.name())
        });
    index("outcomes", "host: string", OF)
        .set_into_module(module, |outcomes: &mut Outcomes, host: &str| {
            answer(outcomes, host)
        });
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
