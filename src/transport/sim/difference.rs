//! What became of the hosts between two moments: for a plan of what a script would change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cluster::Cluster;
use super::etcd;
use super::files::{Bytes, Files, Kind, within};
use super::machine::Machine;
use super::units::{Unit, enable};

/// The hosts at one moment.
pub struct Picture(Vec<HostPicture>);

struct HostPicture {
    name: String,
    files: Files,
    /// By name, with the version and the files that came along.
    packages: BTreeMap<String, (String, Arc<super::packages::Package>)>,
    units: BTreeMap<String, String>,
    containers: usize,
    images: usize,
}

/// What is different on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A package: its versions before and after.
    Package {
        /// Its name.
        name: String,
        /// Before; `None` if it was not installed.
        before: Option<String>,
        /// After; `None` if it is not installed.
        after: Option<String>,
    },
    /// A unit, in systemd's words: `active, enabled`.
    Unit {
        /// Its name.
        name: String,
        /// Before.
        before: String,
        /// After.
        after: String,
    },
    /// How much docker holds: containers and images before, and after.
    Docker {
        /// Before.
        before: (usize, usize),
        /// After.
        after: (usize, usize),
    },
    /// Configuration: its text.
    Text {
        /// Where it is.
        path: String,
        /// Before; `None` if it was not there.
        before: Option<String>,
        /// After; `None` if it is not there.
        after: Option<String>,
    },
    /// Data, or a whole directory.
    Data {
        /// Where it is.
        path: String,
        /// `new`, `removed`, `changed`.
        how: &'static str,
        /// How many files.
        files: usize,
    },
}

/// What nobody plans for.
const PASSING: &[&str] = &[
    "/proc",
    "/dev",
    "/run",
    "/tmp",
    "/var/tmp",
    "/var/cache",
    "/var/log",
    "/boot",
];

impl Picture {
    /// The hosts of `cluster` now.
    pub fn of(cluster: &Cluster) -> Self {
        let mut state = cluster.state();
        for machine in 0..state.machines.len() {
            etcd::write_back(&mut state, machine);
        }
        Self(state.machines.iter().map(HostPicture::of).collect())
    }

    /// What is different in `after`, by host; hosts on which nothing is are left out.
    pub fn differences(&self, after: &Self) -> Vec<(String, Vec<Difference>)> {
        let pairs = self.0.iter().zip(&after.0);
        pairs
            .map(|(before, after)| (before.name.clone(), before.differences(after)))
            .filter(|(_, all)| !all.is_empty())
            .collect()
    }
}

impl HostPicture {
    fn of(machine: &Machine) -> Self {
        let mut names: BTreeSet<String> = enable::unit_files(&machine.files).into_iter().collect();
        names.extend(machine.units.states.keys().cloned());
        let units = names.into_iter().map(|name| {
            let unit = Unit::read(&machine.files, &name);
            let (active, _) = machine.units.state(&name).active.words();
            let enabled = match enable::state_of(&machine.files, &unit) {
                "" => "no unit file",
                enabled => enabled,
            };
            let words = format!("{active}, {enabled}");
            (name, words)
        });
        let packages = machine.packages.installed.iter().map(|(name, one)| {
            let package = Arc::clone(&one.package);
            (name.clone(), (package.evr.to_string(), package))
        });
        Self {
            name: machine.name.clone(),
            files: machine.files.clone(),
            packages: packages.collect(),
            units: units.collect(),
            containers: machine.docker.containers.len(),
            images: machine.docker.images.len(),
        }
    }

    fn differences(&self, after: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let names: BTreeSet<&String> = self.packages.keys().chain(after.packages.keys()).collect();
        for name in names {
            let version = |of: &Self| of.packages.get(name).map(|(version, _)| version.clone());
            let (before, after) = (version(self), version(after));
            if before != after {
                found.push(Difference::Package {
                    name: name.clone(),
                    before,
                    after,
                });
            }
        }
        let names: BTreeSet<&String> = self.units.keys().chain(after.units.keys()).collect();
        for name in names {
            let words = |of: &Self| {
                let words = of.units.get(name);
                words.map_or_else(|| "no unit file".to_owned(), String::clone)
            };
            let (before, after) = (words(self), words(after));
            if before != after {
                found.push(Difference::Unit {
                    name: name.trim_end_matches(".service").to_owned(),
                    before,
                    after,
                });
            }
        }
        let counts = |of: &Self| (of.containers, of.images);
        if counts(self) != counts(after) {
            found.push(Difference::Docker {
                before: counts(self),
                after: counts(after),
            });
        }
        self.files(after, &mut found);
        found
    }

    /// What became of the files, those that packages brought left out.
    fn files(&self, after: &Self, found: &mut Vec<Difference>) {
        let packaged: BTreeSet<&str> = self
            .packages
            .values()
            .chain(after.packages.values())
            .flat_map(|(_, package)| &package.files)
            .map(|file| file.path.as_str())
            .filter(|path| !path.starts_with("/etc/"))
            .collect();
        let (old, new) = (contents(&self.files), contents(&after.files));
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let runs = |of: &Self| {
            let words = of.units.get("etcd.service");
            words.is_some_and(|words| words.starts_with("active,"))
        };
        let runs_etcd = runs(self) && runs(after);
        // New and removed data, by the outermost directory that came or went with it.
        let mut data: BTreeMap<(String, &'static str), usize> = BTreeMap::new();
        for path in paths {
            if packaged.contains(path.as_str()) || old.get(path) == new.get(path) {
                continue;
            }
            let text = |of: &BTreeMap<String, Bytes>| {
                let content = of.get(path)?;
                Some(String::from_utf8_lossy(content).into_owned())
            };
            if path.starts_with("/etc/") || path.starts_with("/usr/lib/systemd/system/") {
                found.push(Difference::Text {
                    path: path.clone(),
                    before: text(&old),
                    after: text(&new),
                });
                continue;
            }
            // What a running etcd writes is nobody's plan.
            let is_data = path.contains("/member/snap/") || path.contains("/member/wal/");
            if is_data && runs_etcd && old.contains_key(path) {
                continue;
            }
            let (how, other) = match (old.contains_key(path), new.contains_key(path)) {
                (true, true) => ("changed", None),
                (true, false) => ("removed", Some(&after.files)),
                (false, _) => ("new", Some(&self.files)),
            };
            let top = other.map_or_else(|| path.clone(), |other| outermost(path, other));
            *data.entry((top, how)).or_default() += 1;
        }
        for ((path, how), files) in data {
            found.push(Difference::Data { path, how, files });
        }
    }
}

/// The first part of `path` that `other` does not have.
fn outermost(path: &str, other: &Files) -> String {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
    let missing = ends
        .map(|at| &path[..at])
        .find(|part| other.get(part).is_err());
    missing.unwrap_or(path).to_owned()
}

/// Every regular file and link of a host.
fn contents(files: &Files) -> BTreeMap<String, Bytes> {
    let all = files.walk("/").unwrap_or_default().into_iter();
    all.filter(|(path, _)| !PASSING.iter().any(|passing| within(path, passing)))
        .filter_map(|(path, node)| match &node.kind {
            Kind::File(content) => Some((path, Arc::clone(content))),
            Kind::Link(target) => {
                Some((path, Arc::new(format!("link to {target}\n").into_bytes())))
            }
            _ => None,
        })
        .collect()
}
