//! What scripts can call and name without defining it themselves: the functions, tools and properties of the
//! engine.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use rhai::Engine;

use super::super::bindings::CLUSTER_NAMES;
use super::super::hosts::{Group, HostRef};
use super::super::signature::Signature;

/// What getters of properties are called inside the engine.
const GETTER: &str = "get$";

/// What the engine offers.
pub struct Known {
    /// Functions outside of modules, by name.
    functions: HashMap<String, Vec<Signature>>,
    /// Those of the engine's own modules, such as `cluster`.
    modules: BTreeMap<String, HashMap<String, Vec<Signature>>>,
    /// The properties of any type.
    properties: BTreeSet<String>,
    /// The properties of a host, and those of a group.
    hosts: BTreeSet<String>,
    groups: BTreeSet<String>,
    /// The properties that lead to tools, such as `systemctl`.
    tools: BTreeSet<String>,
    /// The functions that are not the language's own nor verbs: how many arguments each takes.
    ours: HashMap<String, Vec<usize>>,
}

/// A type that is known without running anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A host.
    Host,
    /// A group of hosts.
    Group,
}

impl Known {
    /// What `engine` offers now.
    pub fn of(engine: &Engine) -> Self {
        let mut known = Self {
            functions: HashMap::new(),
            modules: BTreeMap::new(),
            properties: BTreeSet::new(),
            hosts: BTreeSet::new(),
            groups: BTreeSet::new(),
            tools: BTreeSet::new(),
            ours: HashMap::new(),
        };
        let all = engine.collect_fn_metadata(
            None,
            |info| {
                let of = info.metadata.param_types.first().copied();
                Some((Signature::from(&info), of))
            },
            true,
        );
        for (signature, of) in all {
            if let (Some(property), 1) = (
                signature.name.strip_prefix(GETTER),
                signature.parameters.len(),
            ) {
                known.properties.insert(property.to_owned());
                let own = match of {
                    Some(of) if of == TypeId::of::<HostRef>() => Some(&mut known.hosts),
                    Some(of) if of == TypeId::of::<Group>() => Some(&mut known.groups),
                    _ => None,
                };
                if let Some(own) = own {
                    own.insert(property.to_owned());
                }
                continue;
            }
            let functions = match signature.module.as_str() {
                "" => &mut known.functions,
                module => known.modules.entry(module.to_owned()).or_default(),
            };
            functions
                .entry(signature.name.clone())
                .or_default()
                .push(signature);
        }
        // The first parameter of a verb is its tool.
        let verbs = known.functions.values().flatten();
        let receivers: BTreeSet<&str> = verbs
            .filter_map(|one| one.parameters.first().map(String::as_str))
            .collect();
        let tools = known
            .hosts
            .iter()
            .filter(|one| receivers.contains(one.as_str()));
        known.tools = tools.cloned().collect();
        let ours = engine.collect_fn_metadata(None, |info| Some(Signature::from(&info)), false);
        for one in ours {
            if one.module.is_empty() && known.tool_of(&one).is_none() {
                let counts = known.ours.entry(one.name).or_default();
                counts.push(one.parameters.len());
            }
        }
        known
    }

    /// The functions called `name` outside of modules.
    pub fn functions(&self, name: &str) -> &[Signature] {
        self.functions.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether `name` with `count` arguments is a function of ours: neither the language's own, nor a verb.
    pub fn is_ours(&self, name: &str, count: usize) -> bool {
        self.ours
            .get(name)
            .is_some_and(|counts| counts.contains(&count))
    }

    /// Their names.
    pub fn function_names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// The functions of the engine's module `module`, if there is one, by name.
    pub fn module(&self, module: &str) -> Option<&HashMap<String, Vec<Signature>>> {
        self.modules.get(module)
    }

    /// The names of the engine's modules.
    pub fn module_names(&self) -> impl Iterator<Item = &str> {
        self.modules.keys().map(String::as_str)
    }

    /// The tool that the function `one` is a verb of.
    pub fn tool_of<'a>(&self, one: &'a Signature) -> Option<&'a str> {
        let receiver = one.parameters.first().map(String::as_str);
        receiver.filter(|receiver| self.tools.contains(*receiver))
    }

    /// Whether the property `name` leads to a tool.
    pub fn is_tool(&self, name: &str) -> bool {
        self.tools.contains(name)
    }

    /// The names of all tools.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(String::as_str)
    }

    /// The names of the verbs of `tool`.
    pub fn verbs(&self, tool: &str) -> impl Iterator<Item = &str> {
        let named = self.functions.iter().filter(move |(_, same)| {
            let mut same = same.iter();
            same.any(|one| self.tool_of(one) == Some(tool))
        });
        named.map(|(name, _)| name.as_str())
    }

    /// Whether any type has the property `name`.
    pub fn is_property(&self, name: &str) -> bool {
        self.properties.contains(name)
    }

    /// The properties of `kind`.
    pub fn properties(&self, kind: Kind) -> &BTreeSet<String> {
        match kind {
            Kind::Host => &self.hosts,
            Kind::Group => &self.groups,
        }
    }

    /// What the values of the engine's modules are called, such as `masters` in `cluster`.
    pub fn values(module: &str) -> &'static [&'static str] {
        match module {
            "cluster" => &CLUSTER_NAMES,
            _ => &[],
        }
    }
}

impl Kind {
    /// What `cluster::NAME` is.
    pub fn of_cluster(name: &str) -> Option<Self> {
        match name {
            "first_master" | "first_etcd" => Some(Self::Host),
            "all" | "masters" | "nodes" | "etcd" => Some(Self::Group),
            _ => None,
        }
    }

    /// Its name in the guide.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Group => "group",
        }
    }
}
