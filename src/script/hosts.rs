//! Hosts and groups as a script holds them, and what many hosts answer.

use std::collections::BTreeSet;
use std::sync::Arc;

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

    /// Whether it is in the inventory group `group`.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.contains(group)
    }
}

/// Hosts in inventory order, each once.
#[derive(Clone, Debug, Default)]
pub struct Group(Arc<Vec<HostRef>>);

impl Group {
    /// The group of `hosts`, brought into inventory order, each once.
    pub fn new(hosts: impl IntoIterator<Item = HostRef>) -> Self {
        let mut hosts: Vec<HostRef> = hosts.into_iter().collect();
        hosts.sort_by_key(|host| host.place);
        hosts.dedup_by_key(|host| host.place);
        Self(Arc::new(hosts))
    }

    /// Its hosts.
    pub fn hosts(&self) -> &[HostRef] {
        &self.0
    }

    /// Its hosts as primitives take them.
    pub fn targets(&self) -> Vec<Host> {
        self.0.iter().map(|host| host.host().clone()).collect()
    }

    /// Their inventory names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(HostRef::name)
    }

    /// The host called `name`.
    pub fn named(&self, name: &str) -> Option<&HostRef> {
        self.0.iter().find(|host| host.name() == name)
    }

    /// The hosts that `keep` says yes to.
    pub fn filtered(&self, mut keep: impl FnMut(&HostRef) -> bool) -> Self {
        Self(Arc::new(
            self.0.iter().filter(|host| keep(host)).cloned().collect(),
        ))
    }

    /// The hosts of either.
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.0.iter().chain(other.0.iter()).cloned())
    }

    /// The hosts of this one that are not in `other`.
    pub fn minus(&self, other: &Self) -> Self {
        let out: BTreeSet<usize> = other.0.iter().map(|host| host.place).collect();
        self.filtered(|host| !out.contains(&host.place))
    }

    /// The hosts of both.
    pub fn intersection(&self, other: &Self) -> Self {
        let both: BTreeSet<usize> = other.0.iter().map(|host| host.place).collect();
        self.filtered(|host| both.contains(&host.place))
    }
}

/// What each host of a group answered, in inventory order.
#[derive(Clone, Debug)]
pub struct Outcomes(pub Arc<Vec<(String, Dynamic)>>);

impl Outcomes {
    /// The answer of the host called `name`.
    pub fn of(&self, name: &str) -> Option<&Dynamic> {
        self.0
            .iter()
            .find(|(host, _)| host == name)
            .map(|(_, value)| value)
    }
}
