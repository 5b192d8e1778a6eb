//! Hosts and groups as a script holds them, and what many hosts answer.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use rhai::Dynamic;

use crate::primitive::Host;

/// One host, as a script holds it. Cheap to copy.
#[derive(Clone, Debug)]
pub struct HostRef {
    host: Host,
    groups: Arc<BTreeSet<String>>,
    /// Its place in the inventory: groups keep that order whatever set operations made them.
    place: usize,
}

impl HostRef {
    /// `host`, the one at `place` in the inventory, member of `groups` ("masters", "etcd", ...).
    pub fn new(host: Host, groups: BTreeSet<String>, place: usize) -> Self {
        Self {
            host,
            groups: Arc::new(groups),
            place,
        }
    }

    /// The inventory name.
    pub fn name(&self) -> &str {
        self.host.name()
    }

    /// The host that primitives take.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The groups that it is in.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    /// Whether it is in the inventory group `group`.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.contains(group)
    }
}

/// Hosts in inventory order, each once.
#[derive(Clone, Debug, Default)]
pub struct Group(Arc<Members>);

#[derive(Debug, Default)]
struct Members {
    hosts: Vec<HostRef>,
    /// The place in `hosts` by name, once somebody asked for a name.
    places: OnceLock<HashMap<Arc<str>, usize>>,
}

impl From<Vec<HostRef>> for Group {
    fn from(hosts: Vec<HostRef>) -> Self {
        Self(Arc::new(Members {
            hosts,
            places: OnceLock::new(),
        }))
    }
}

impl Group {
    /// The group of `hosts`, brought into inventory order, each once.
    pub fn new(hosts: impl IntoIterator<Item = HostRef>) -> Self {
        let mut hosts: Vec<HostRef> = hosts.into_iter().collect();
        hosts.sort_by_key(|host| host.place);
        hosts.dedup_by_key(|host| host.place);
        hosts.into()
    }

    /// Its hosts.
    pub fn hosts(&self) -> &[HostRef] {
        &self.0.hosts
    }

    /// Its hosts as primitives take them.
    pub fn targets(&self) -> Vec<Host> {
        let hosts = self.hosts().iter();
        hosts.map(|host| host.host().clone()).collect()
    }

    /// Their inventory names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.hosts().iter().map(HostRef::name)
    }

    /// The host called `name`.
    pub fn named(&self, name: &str) -> Option<&HostRef> {
        let places = self.0.places.get_or_init(|| {
            let hosts = self.hosts().iter().enumerate();
            hosts
                .map(|(place, host)| (host.host.name().into(), place))
                .collect()
        });
        places.get(name).map(|place| &self.hosts()[*place])
    }

    /// The hosts that `keep` says yes to.
    pub fn filtered(&self, mut keep: impl FnMut(&HostRef) -> bool) -> Self {
        let hosts = self.hosts().iter().filter(|host| keep(host));
        hosts.cloned().collect::<Vec<_>>().into()
    }

    /// The hosts of either.
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.hosts().iter().chain(other.hosts()).cloned())
    }

    /// The hosts of this one that are not in `other`.
    pub fn minus(&self, other: &Self) -> Self {
        let out: BTreeSet<usize> = other.hosts().iter().map(|host| host.place).collect();
        self.filtered(|host| !out.contains(&host.place))
    }

    /// The hosts of both.
    pub fn intersection(&self, other: &Self) -> Self {
        let both: BTreeSet<usize> = other.hosts().iter().map(|host| host.place).collect();
        self.filtered(|host| both.contains(&host.place))
    }
}

/// What each host of a group answered, in inventory order.
#[derive(Clone, Debug)]
pub struct Outcomes(Arc<Answers>);

#[derive(Debug)]
struct Answers {
    all: Vec<(String, Dynamic)>,
    /// The place in `all` by host.
    places: HashMap<String, usize>,
}

impl From<Vec<(String, Dynamic)>> for Outcomes {
    fn from(all: Vec<(String, Dynamic)>) -> Self {
        let hosts = all.iter().enumerate();
        let places = hosts.map(|(place, (host, _))| (host.clone(), place));
        Self(Arc::new(Answers {
            places: places.collect(),
            all,
        }))
    }
}

impl Outcomes {
    /// All answers, each with its host.
    pub fn all(&self) -> &[(String, Dynamic)] {
        &self.0.all
    }

    /// Whether `other` is these, not only like them.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The answer of the host called `name`.
    pub fn of(&self, name: &str) -> Option<&Dynamic> {
        let place = self.0.places.get(name)?;
        Some(&self.0.all[*place].1)
    }
}
