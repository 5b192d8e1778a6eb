//! One host as it was found.

mod content;
mod package;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::facts::{FileFacts, HostFacts};
use super::stand_in::{self, Known};
use crate::transport::sim::etcd::{DB, Log, WAL, encode, ids, save};
use crate::transport::sim::files::{Actor, Kind, Mount, Node, join, split};
use crate::transport::sim::machine::{Login, Machine, Sudo};
use crate::transport::sim::packages::{Entry, FileKind, Installed};
use crate::transport::sim::selinux::Selinux;
use content::content;
use package::elements;
pub use package::package;

/// A time that was written down.
pub fn time(seconds: i64) -> Duration {
    Duration::from_secs(seconds.try_into().unwrap_or(0))
}

/// The host of `facts`, nothing running yet; what is not as it was found goes to `notes`.
pub fn machine(facts: &HostFacts, known: &Known<'_>, notes: &mut Vec<String>) -> Machine {
    let now = time(known.taken);
    let address = facts.addresses.first().map_or("192.0.2.1", String::as_str);
    let root = facts.mounts.iter().find(|mount| mount.path == "/");
    let disk = root.map_or(40 << 30, |mount| mount.size);
    let mut machine = Machine::new(&facts.hostname, address, disk, now);
    machine.login = Login {
        user: facts.login.clone(),
        sudo: Sudo::Free,
    };
    machine.selinux = match facts.selinux.as_str() {
        "Enforcing" => Selinux::Enforcing,
        "Permissive" => Selinux::Permissive,
        _ => Selinux::Disabled,
    };
    let mut host = Found {
        facts,
        machine,
        by: Actor::root(now),
        known,
        notes,
    };
    host.mount();
    host.packages();
    for tool in ["groupadd", "useradd"] {
        let file = Node::file(crate::transport::sim::program::file_of("true"), now).mode(0o755);
        host.lay(&format!("/usr/sbin/{tool}"), file);
    }
    host.lay("/var/lib/origin", Node::directory(now));
    if let Some(registry) = &facts.registry {
        let said = registry.problem.clone();
        host.machine.registries.insert(registry.name.clone(), said);
    }
    for file in &facts.files {
        host.file(file);
    }
    for program in &facts.lacks {
        // It may not be there to begin with.
        let _ = host
            .machine
            .files
            .remove(&format!("/usr/bin/{program}"), &host.by);
    }
    host.docker();
    host.etcd();
    host.labels();
    host.fill();
    host.machine
}

struct Found<'a> {
    facts: &'a HostFacts,
    machine: Machine,
    by: Actor,
    known: &'a Known<'a>,
    notes: &'a mut Vec<String>,
}

impl Found<'_> {
    fn note(&mut self, text: &str) {
        self.notes.push(format!("{}: {text}", self.facts.name));
    }

    fn lay(&mut self, path: &str, node: Node) {
        if let Err(errno) = self.machine.files.lay(path, node, &self.by) {
            self.note(&format!("`{path}` is not laid down: {errno}"));
        }
    }

    fn mount(&mut self) {
        let mut mounts: Vec<_> = self
            .facts
            .mounts
            .iter()
            .filter(|mount| mount.path != "/")
            .collect();
        mounts.sort_by_key(|mount| mount.path.len());
        for mount in mounts {
            let made = Mount::new(&mount.path, &mount.source, mount.size);
            if let Err(errno) = self.machine.files.mount(made, &self.by) {
                self.note(&format!("`{}` is not mounted: {errno}", mount.path));
            }
        }
    }

    /// Brings the free space to what was found: most files are not in the snapshot.
    fn fill(&mut self) {
        for mount in &self.facts.mounts {
            if let Some(there) = self.machine.files.mount_mut(&mount.path) {
                there.other = 0;
                let used = there.used();
                there.other = (mount.size - mount.free.min(mount.size)).saturating_sub(used);
            }
        }
    }

    fn packages(&mut self) {
        let mut unknown = 0;
        for text in &self.facts.packages {
            let Some((package, rest, is_known)) = package(text) else {
                self.note(&format!("`{text}` is no package"));
                continue;
            };
            unknown += usize::from(!is_known);
            let since = rest.first().and_then(|text| text.parse().ok());
            for file in package.files.iter().filter(|file| !file.ghost) {
                let there = |path: &str| self.facts.files.iter().any(|one| one.path == path);
                let is_config = file.path.starts_with("/etc/") && file.kind != FileKind::Directory;
                if is_config && !there(&file.path) {
                    continue;
                }
                let kind = match &file.kind {
                    FileKind::Regular(content) => Kind::File(content.clone()),
                    FileKind::Link(target) => Kind::Link(target.as_str().into()),
                    FileKind::Directory if self.machine.files.exists(&file.path) => continue,
                    FileKind::Directory => Kind::Directory(Arc::default()),
                };
                let node = Node::new(kind, file.mode, self.by.now).owned(&file.owner, &file.owner);
                self.lay(&file.path, node);
            }
            let installed = Installed {
                package: Arc::clone(&package),
                since: time(since.unwrap_or(self.known.taken)),
                from: (*rest.get(1).unwrap_or(&"unknown")).into(),
            };
            self.machine
                .packages
                .installed
                .insert(package.name.clone(), installed);
        }
        if unknown > 0 {
            self.note(&format!(
                "{unknown} packages have a name and a version, and no files"
            ));
        }
        for one in &self.facts.history {
            let history = &mut self.machine.packages.history;
            // Transactions that have nothing to do with the upgrade are not in the snapshot.
            while (history.len() as u64) + 1 < one.id {
                history.push(Arc::new(Entry {
                    began: time(one.began),
                    command: String::new(),
                    complete: true,
                    elements: Vec::new(),
                }));
            }
            history.push(Arc::new(Entry {
                began: time(one.began),
                command: one.command.clone(),
                complete: one.complete,
                elements: elements(&one.elements),
            }));
        }
    }

    fn file(&mut self, file: &FileFacts) {
        let modified = time(file.modified);
        let kind = match file.kind.as_str() {
            "directory" => Kind::Directory(Arc::default()),
            "link" => Kind::Link(file.target.as_str().into()),
            _ => Kind::File(Arc::new(content(file).into_bytes())),
        };
        let mode = u16::from_str_radix(&file.mode, 8).unwrap_or(0o644);
        let mut node = Node::new(kind, mode, modified).owned(&file.owner, &file.group);
        node.changed = modified;
        let path = file.path.as_str();
        if file.kind == "file" && path.contains("/systemd/system/") && !self.can_run(file) {
            self.note(&format!(
                "`{path}` starts programs that are not simulated: it is another one"
            ));
            return;
        }
        if node.is_directory() && self.machine.files.exists(path) {
            let done = self.machine.files.alter(path, true, &self.by, |there| {
                (there.owner, there.group, there.mode) = (node.owner, node.group, node.mode);
            });
            if let Err(errno) = done {
                self.note(&format!("`{path}`: {errno}"));
            }
            return;
        }
        self.lay(path, node);
    }

    /// Whether the unit starts what the package's own file for it starts, or no package has one: only these
    /// programs behave.
    fn can_run(&self, file: &FileFacts) -> bool {
        let Some(packaged) = self.machine.files.text(&file.path) else {
            return true;
        };
        let known = started(&packaged);
        let text = file.content.as_deref().unwrap_or_default();
        started(text).is_subset(&known)
    }

    fn docker(&mut self) {
        let Some(docker) = &self.facts.docker else {
            return;
        };
        let image = |number: u64| format!("stand-in/{number}");
        // An image comes with the one it was built on.
        let images = docker.images / 2;
        let containers = docker.containers.len() as u64;
        for number in 0..containers.max(images) {
            let tag = image(number % images.max(1));
            let own = usize::try_from(number)
                .ok()
                .and_then(|at| docker.containers.get(at));
            let name = own.map_or_else(|| format!("stand-in-{number}"), String::clone);
            self.machine.docker.add(&name, &[&tag], number);
        }
        let held = &mut self.machine.docker.containers;
        held.truncate(docker.containers.len());
    }

    /// The data directory, and the backups.
    fn etcd(&mut self) {
        if let Some(etcd) = &self.facts.etcd
            && let Some(data) = &etcd.data
        {
            let running = etcd.running.as_ref();
            let store = stand_in::store(data, running, self.known);
            let log = match running {
                Some(running) => {
                    let mut log = stand_in::log(running, store.index);
                    // What runs here is what the package says.
                    if let Some(package) = self.machine.packages.get("etcd") {
                        log.version = Some(stand_in::minor(&package.evr.version));
                    }
                    log
                }
                None => Log {
                    index: store.index,
                    ..Log::default()
                },
            };
            self.data(
                &etcd.directory,
                DB,
                &cut(store.file(), &data.damage),
                &log,
                self.known.taken,
            );
            self.own(&etcd.directory);
            let many = running.filter(|one| one.kubernetes.max(one.openshift) > stand_in::KEYS);
            if let Some(running) = many {
                self.note(&format!(
                    "etcd holds {} keys of Kubernetes and {} of OpenShift, its stand-in some {} of each at most",
                    running.kubernetes, running.openshift, stand_in::KEYS
                ));
            }
            if data.size > 4 << 20 {
                self.note(&format!(
                    "etcd's data takes {} MiB, its stand-in little",
                    data.size >> 20
                ));
            }
        }
        for backup in &self.facts.backups {
            let store = backup
                .data
                .as_ref()
                .map(|data| stand_in::store(data, None, self.known));
            let damage = backup.data.as_ref().map_or("", |data| data.damage.as_str());
            if backup.database == backup.path {
                let file = store.as_ref().map(save).unwrap_or_default();
                let node = Node::file(cut(file, damage), time(backup.modified)).mode(0o600);
                self.lay(&backup.path, node);
                continue;
            }
            let inner = backup
                .database
                .strip_prefix(&backup.path)
                .unwrap_or("")
                .trim_start_matches('/');
            let index = store.as_ref().map_or(0, |store| store.index);
            let (cluster, own) = ids(
                &[("backup".to_owned(), vec![backup.path.clone()])],
                &self.facts.name,
            );
            let log = Log {
                cluster,
                member: own.first().copied().unwrap_or_default(),
                term: 1,
                // It was taken a moment before the database.
                index: index.saturating_sub(2),
                version: Some("3.2".to_owned()),
                ..Log::default()
            };
            let file = store
                .map(|store| cut(store.file(), damage))
                .unwrap_or_default();
            self.data(&backup.path, inner, &file, &log, backup.modified);
        }
    }

    fn labels(&mut self) {
        for one in &self.facts.labels {
            // What there is no stand-in for has none.
            let _ = self
                .machine
                .files
                .alter(&one.path, false, &self.by, |node| {
                    node.context = Some(one.label.as_str().into());
                });
        }
    }

    /// A data directory, or a backup of one, with `file` at `inner` in it.
    fn data(&mut self, directory: &str, inner: &str, file: &[u8], log: &Log, modified: i64) {
        let when = time(modified);
        let closed = || Node::directory(when).mode(0o700);
        if !self.machine.files.exists(directory) {
            self.lay(directory, closed());
        }
        for below in ["member", "member/snap", "member/wal"] {
            self.lay(&join(directory, below), closed());
        }
        self.lay(
            &join(directory, WAL),
            Node::file(encode(log), when).mode(0o600),
        );
        if !inner.is_empty() && !file.is_empty() {
            self.lay(&join(directory, inner), Node::file(file, when).mode(0o600));
        }
        // What was laid into it changed its time.
        let path = directory.to_owned();
        for path in [path.as_str(), &join(&path, "member"), split(&path).0] {
            let _ = self.machine.files.alter(path, true, &self.by, |node| {
                node.modified = when;
                node.changed = when;
            });
        }
    }

    /// Gives everything below the data directory to etcd.
    fn own(&mut self, directory: &str) {
        let member = join(directory, "member");
        let found = self
            .machine
            .files
            .walk(&member)
            .map(|all| all.into_iter().map(|(path, _)| path).collect::<Vec<_>>());
        for path in found
            .unwrap_or_default()
            .into_iter()
            .chain([directory.to_owned()])
        {
            let _ = self.machine.files.alter(&path, true, &self.by, |node| {
                node.owner = "etcd".into();
                node.group = "etcd".into();
            });
        }
    }
}

/// `file`, or its beginning if it is damaged.
fn cut(file: Vec<u8>, damage: &str) -> Vec<u8> {
    let mut file = file;
    if !damage.is_empty() {
        file.truncate(2 * 4096);
    }
    file
}

/// The programs that a unit's file starts.
fn started(unit: &str) -> BTreeSet<&str> {
    let commands = unit.lines().filter_map(|line| {
        let command = line.trim().strip_prefix("ExecStart=")?;
        command
            .trim_start_matches(['-', '@', '+', '!'])
            .split_whitespace()
            .next()
    });
    commands.collect()
}
