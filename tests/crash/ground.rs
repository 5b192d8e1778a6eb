//! What never may happen to etcd's data, looked at after every command.

use std::collections::BTreeMap;

use ocpdg::transport::sim::cluster::State;
use ocpdg::transport::sim::etcd::{self, Group, Store};
use ocpdg::transport::sim::files::{Bytes, Kind, Node, join};

/// What each check is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// A verified copy of the etcd data of before the upgrade exists.
    Copy,
    /// Nothing that is not repeatable runs twice.
    Once,
    /// Once the cluster is shut down, etcd starts on the data of the backup only.
    Data,
    /// There are never two clusters of one member.
    Alone,
    /// The journal reads back.
    Journal,
    /// The run completes, at most after a few resumes.
    Completes,
    /// The end is that of the run that nothing happened to.
    End,
}

/// The etcd data before the run.
pub struct Ground {
    /// The database of the first backup that the upgrade made, of each member.
    backups: Vec<Bytes>,
    /// What is in it.
    backup: Store,
    /// What ran before.
    before: Vec<Group>,
}

impl Ground {
    /// What `state`, that of a cluster that was upgraded, has.
    pub fn of(state: &State) -> Self {
        let mut backups = Vec::new();
        for machine in &state.machines {
            let Ok(entries) = machine.files.list("/var/lib/etcd") else {
                continue;
            };
            // The day of the upgrade: there is a backup of an earlier one.
            let first = entries
                .keys()
                .find(|name| name.starts_with("openshift-backup-pre-upgrade-2018"));
            let first = first.expect("the upgrade made a backup");
            let path = format!("/var/lib/etcd/{first}/{}", etcd::DB);
            backups.push(machine.files.read(&path).expect("a database"));
        }
        let backup = Store::of_file(&backups[0]).expect("a sound database");
        Self {
            backups,
            backup,
            before: state.etcd.groups.values().cloned().collect(),
        }
    }

    /// What is wrong with `state`; `copy` is where a copy was seen last, `shut` whether the shutdown is over.
    pub fn look(
        &self,
        state: &State,
        shut: bool,
        copy: &mut Option<(usize, String)>,
    ) -> Vec<(Check, String)> {
        let mut wrong = Vec::new();
        let groups: Vec<&Group> = state.etcd.groups.values().collect();
        if !self.is_kept(state, copy) && !groups.iter().any(|group| self.is_restored(group)) {
            wrong.push((
                Check::Copy,
                "no host has a copy of the backup of etcd any more".to_owned(),
            ));
        }
        let alone = groups.iter().filter(|group| group.log.members.len() == 1);
        if alone.count() > 1 {
            let all: Vec<_> = groups.iter().map(|group| &group.log.members).collect();
            wrong.push((Check::Alone, format!("two clusters of one member: {all:?}")));
        }
        if shut {
            for group in groups.iter().filter(|group| !self.is_restored(group)) {
                wrong.push((
                    Check::Data,
                    format!(
                        "etcd runs on other data than the backup's: revision {}, {} keys, on {:?}",
                        group.store.revision,
                        group.store.keys.len(),
                        group.running.values().collect::<Vec<_>>()
                    ),
                ));
            }
        }
        wrong
    }

    /// Whether a host has a file that equals one of the backups.
    fn is_kept(&self, state: &State, copy: &mut Option<(usize, String)>) -> bool {
        let is_one = |content: &Bytes| self.backups.contains(content);
        if let Some((machine, path)) = copy
            && state.machines[*machine]
                .files
                .read(path)
                .is_ok_and(|it| is_one(&it))
        {
            return true;
        }
        *copy = state.machines.iter().enumerate().find_map(|(at, machine)| {
            let root = machine.files.get("/var/lib").ok()?;
            Some((at, below("/var/lib", root, &is_one)?))
        });
        copy.is_some()
    }

    /// Whether the data of `group` came of the backup, and of nothing later.
    fn is_restored(&self, group: &Group) -> bool {
        let same = |of: &BTreeMap<String, etcd::Value>, key: &String, held: &etcd::Value| {
            of.get(key)
                .is_some_and(|it| it.value == held.value && it.created == held.created)
        };
        let keys = &group.store.keys;
        let configured = |key: &&String| key.starts_with("/kubernetes.io/configmaps/");
        let has_it = self.backup.keys.iter();
        let has_it = has_it
            .filter(|(key, _)| configured(key))
            .all(|(key, held)| same(keys, key, held));
        let later = self.before.iter().any(|before| {
            let all = before.store.keys.iter();
            let mut later = all.filter(|(_, held)| held.created > self.backup.revision);
            before.log.cluster == group.log.cluster
                || later.any(|(key, held)| same(keys, key, held))
        });
        has_it && !later
    }
}

/// The first file below `node` whose content `is_one`.
fn below(path: &str, node: &Node, is_one: &dyn Fn(&Bytes) -> bool) -> Option<String> {
    match &node.kind {
        Kind::Directory(entries) => entries
            .iter()
            .find_map(|(name, node)| below(&join(path, name), node, is_one)),
        Kind::File(content) => is_one(content).then(|| path.to_owned()),
        _ => None,
    }
}
