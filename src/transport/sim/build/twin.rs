//! Hosts that differ by name and address alone: one of them lives, the others become its twins.
//!
//! An upgrade does the same on each of two thousand nodes. What it did on the first one is taken over by the
//! others, with their own names in it; trees are shared until somebody changes them.

use std::sync::Arc;

use super::format::Description;
use crate::transport::sim::files::Kind;
use crate::transport::sim::machine::Machine;

/// What a host has of its own pods: it is not taken over.
const PODS: [&str; 2] = ["/var/lib/dockershim", "/var/lib/cni"];

/// For each host of `description`, the place of the one whose life it shares: its own, but for nodes that are
/// like an earlier one.
pub fn models(description: &Description) -> Vec<usize> {
    let hosts = &description.hosts;
    let mut models: Vec<usize> = Vec::with_capacity(hosts.len());
    let mut known: Vec<usize> = Vec::new();
    for (at, host) in hosts.iter().enumerate() {
        let alike = known.iter().copied().find(|model| {
            let model = &hosts[*model];
            (&model.user, &model.disk, &model.mounts) == (&host.user, &host.disk, &host.mounts)
        });
        let only_a_node = host.roles == ["nodes"];
        let model = alike.filter(|_| only_a_node).unwrap_or(at);
        if only_a_node && model == at {
            known.push(at);
        }
        models.push(model);
    }
    models
}

/// A host that others can become twins of.
pub struct Model<'a> {
    machine: &'a Machine,
    /// The files that its name or its address stand in.
    own: Vec<String>,
}

impl<'a> Model<'a> {
    /// `machine` as it is now.
    pub fn of(machine: &'a Machine) -> Self {
        let is_own = |path: &str, text: &str| {
            let named = path.contains(&machine.name) || text.contains(&machine.name);
            // This file is the same everywhere.
            path != "/etc/hosts" && (named || text.contains(&machine.address))
        };
        let files = machine.files.walk("/etc").unwrap_or_default().into_iter();
        let own = files
            .filter(|(path, node)| {
                let content = node.content().map(|content| content.as_slice());
                is_own(path, &String::from_utf8_lossy(content.unwrap_or_default()))
            })
            .map(|(path, _)| path)
            .collect();
        Self { machine, own }
    }

    /// The host `before` after it has gone through the same; its name, its address and its pods stay.
    pub fn twin(&self, before: &Machine) -> Machine {
        let model = self.machine;
        let renamed = |text: &str| {
            text.replace(&model.name, &before.name)
                .replace(&model.address, &before.address)
        };
        let mut twin = Machine {
            name: before.name.clone(),
            address: before.address.clone(),
            docker: before.docker.clone(),
            ..model.clone()
        };
        for path in &self.own {
            let Ok(node) = model.files.get(path) else {
                continue;
            };
            let mut node = node.clone();
            if let Kind::File(content) = &mut node.kind {
                let text = renamed(&String::from_utf8_lossy(content));
                *content = Arc::new(text.into_bytes());
            }
            twin.files.graft(path, None);
            twin.files.graft(&renamed(path), Some(node));
        }
        let is_named = |text: &str| text.contains(&model.name) || text.contains(&model.address);
        for running in twin.processes.values_mut() {
            let environment = &running.environment;
            if environment.iter().any(|(_, value)| is_named(value)) {
                for value in running.environment.values_mut() {
                    *value = renamed(value);
                }
            }
            for word in running.argv.iter_mut().filter(|word| is_named(word)) {
                *word = renamed(word);
            }
        }
        for path in PODS {
            if let Ok(own) = before.files.get(path) {
                twin.files.graft(path, Some(own.clone()));
            }
        }
        twin
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::history::live;
    use super::*;
    use crate::transport::sim::build::Past;
    use crate::transport::sim::etcd::{Group, Store};
    use crate::transport::sim::files::Node;

    /// All that is on the disk of `machine`; the kernel's own is shown anew whenever somebody looks.
    fn tree(machine: &Machine) -> BTreeMap<String, Node> {
        let all = machine.files.walk("/").unwrap().into_iter();
        let all = all.filter(|(path, node)| !path.starts_with("/proc") && !node.is_directory());
        all.map(|(path, node)| (path, node.clone())).collect()
    }

    #[test]
    fn twins_are_as_if_they_had_lived() {
        for past in [Past::Installed, Past::Upgraded, Past::FailedAt38] {
            let mut description = Description::shipped("large:4").unwrap();
            description.state = past;
            let models = models(&description);
            assert_eq!(models, [0, 1, 2, 3, 3, 3, 3]);
            let own: Vec<usize> = (0..models.len()).collect();
            let shared = live(&description, &models).unwrap();
            let lived = live(&description, &own).unwrap();
            let (shared, lived) = (shared.state(), lived.state());
            for (twin, machine) in shared.machines.iter().zip(&lived.machines) {
                assert_eq!(tree(twin), tree(machine), "{}", machine.name);
                assert_eq!(twin.files.mounts(), machine.files.mounts());
                assert_eq!(*twin.processes, *machine.processes);
                assert_eq!(twin.units.states, machine.units.states);
                assert_eq!(twin.units.journal, machine.units.journal);
                assert_eq!(twin.docker, machine.docker, "{}", machine.name);
                assert_eq!(twin.last_pid, machine.last_pid);
                let packages = |machine: &Machine| format!("{:?}", machine.packages);
                assert_eq!(packages(twin), packages(machine));
            }
            let data = |groups: &BTreeMap<u64, Group>| -> Vec<Store> {
                groups.values().map(|group| group.store.clone()).collect()
            };
            assert_eq!(data(&shared.etcd.groups), data(&lived.etcd.groups));
        }
    }

    #[test]
    fn only_nodes_that_are_alike_are_twins() {
        let ha = Description::shipped("ha").unwrap();
        // The second node is logged in to by another user.
        assert_eq!(models(&ha), [0, 1, 2, 3, 4]);
        let mut external = Description::shipped("external").unwrap();
        assert_eq!(models(&external), [0, 1, 2, 3, 4, 4]);
        external.hosts[5].disk = "50G".to_owned();
        assert_eq!(models(&external), [0, 1, 2, 3, 4, 5]);
    }
}
