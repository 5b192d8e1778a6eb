//! One simulated host.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::docker::Docker;
use super::environment::Environment;
use super::files::{Actor, Files, Node};
use super::operation::Record;
use super::packages::Database;
use super::proc::Processes;
use super::program::users::Accounts;
use super::selinux::Selinux;
use super::units::Units;

/// The registry that the simulated internet has.
const REGISTRY: &str = "registry.access.redhat.com";

/// A simulated host: what it has on disk, what runs on it.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its full name, as `hostname` says it.
    pub name: String,
    /// Its IPv4 address.
    pub address: String,
    /// Whether it runs at all.
    pub up: bool,
    /// When it was booted, since 1970.
    pub booted: Duration,
    /// How one logs in.
    pub login: Login,
    /// The file tree.
    pub files: Files,
    /// What is installed.
    pub packages: Database,
    /// systemd.
    pub units: Units,
    /// What docker holds.
    pub docker: Docker,
    /// The registries of images that it asks, and what `curl` says of each: nothing if it answers.
    pub registries: BTreeMap<String, String>,
    /// Whether SELinux is on.
    pub selinux: Selinux,
    /// What runs, by process id.
    pub processes: Processes,
    /// The last process id given out.
    pub last_pid: u32,
    /// The commands that outlive their connections, by the names of operations.
    pub operations: BTreeMap<String, Record>,
    /// Programs that were found.
    pub programs: super::program::Known,
    /// Users and groups as last looked at.
    pub accounts: Arc<Accounts>,
}

/// How one logs in, and becomes root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user that commands run as.
    pub user: String,
    /// What sudo says to that user.
    pub sudo: Sudo,
}

/// What sudo says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sudo {
    /// It lets the user become root.
    Free,
    /// It wants this password.
    Password(String),
    /// It refuses.
    Refused,
}

/// A process that outlives the command that started it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its words.
    pub argv: Vec<String>,
    /// Its environment.
    pub environment: Environment,
    /// Its user.
    pub user: String,
    /// The unit it belongs to, if it is a service's.
    pub unit: Option<String>,
    /// The program, as its file says it.
    pub program: String,
    /// The ports that it listens on.
    pub listens: Vec<u16>,
    /// When it started, since 1970.
    pub started: Duration,
    /// When it ends by itself, since 1970; `None` if it does not.
    pub ends: Option<Duration>,
}

impl Running {
    /// The name of its command, as the kernel keeps it.
    pub fn command(&self) -> &str {
        let word = self.argv.first().map_or("", String::as_str);
        let name = word.rsplit('/').next().unwrap_or(word);
        name.get(..15).unwrap_or(name)
    }
}

impl Machine {
    /// The TCP ports that are listened on, by number.
    pub fn listeners(&self) -> Vec<(u16, u32, &Running)> {
        let all = self.processes.iter();
        let mut found: Vec<_> = all
            .flat_map(|(pid, running)| {
                running
                    .listens
                    .iter()
                    .map(move |port| (*port, *pid, running))
            })
            .collect();
        found.sort_by_key(|(port, pid, _)| (*port, *pid));
        found
    }

    /// A host with an empty disk of `disk` bytes and the directories that every system has.
    pub fn new(name: &str, address: &str, disk: u64, now: Duration) -> Self {
        let mut machine = Self {
            name: name.to_owned(),
            address: address.to_owned(),
            up: true,
            booted: now,
            login: Login {
                user: "root".to_owned(),
                sudo: Sudo::Free,
            },
            files: Files::new(disk, now),
            packages: Database::default(),
            units: Units::default(),
            docker: Docker::default(),
            registries: BTreeMap::from([(REGISTRY.to_owned(), String::new())]),
            selinux: Selinux::Enforcing,
            processes: Processes::default(),
            last_pid: 1000,
            operations: BTreeMap::new(),
            programs: super::program::Known::default(),
            accounts: Arc::default(),
        };
        machine.furnish(now);
        machine
    }

    /// Lays down the directories, devices and users of a fresh system.
    fn furnish(&mut self, now: Duration) {
        use super::files::{Device, Kind};
        let root = Actor::root(now);
        for directory in [
            "/boot",
            "/etc",
            "/home",
            "/mnt",
            "/opt",
            "/root",
            "/run",
            "/srv",
            "/usr/bin",
            "/usr/lib/systemd/system",
            "/usr/sbin",
            "/usr/share",
            "/var/cache",
            "/var/cache/yum",
            "/var/lib",
            "/var/log",
            "/var/spool",
            "/var/tmp",
            "/dev",
            "/tmp",
            "/etc/sysconfig",
            "/etc/systemd/system",
        ] {
            self.lay(directory, Node::directory(now), &root);
        }
        for (path, mode) in [("/tmp", 0o1777), ("/var/tmp", 0o1777), ("/root", 0o550)] {
            self.lay(path, Node::directory(now).mode(mode), &root);
        }
        for (link, target) in [
            ("/bin", "usr/bin"),
            ("/sbin", "usr/sbin"),
            ("/var/run", "../run"),
        ] {
            self.lay(link, Node::link(target, now), &root);
        }
        for (name, device) in [
            ("null", Device::Null),
            ("zero", Device::Zero),
            ("full", Device::Full),
            ("urandom", Device::Random),
        ] {
            let node = Node::new(Kind::Device(device), 0o666, now);
            self.lay(&format!("/dev/{name}"), node, &root);
        }
        for name in super::program::basic() {
            let file = Node::file(super::program::file_of(name), now).mode(0o755);
            self.lay(&format!("/usr/bin/{name}"), file, &root);
        }
        self.lay("/etc/passwd", Node::file(PASSWD, now), &root);
        self.lay("/etc/group", Node::file(GROUP, now), &root);
        self.lay(
            "/etc/hostname",
            Node::file(format!("{}\n", self.name), now),
            &root,
        );
        self.mount_proc(now);
    }

    /// Puts `node` at `path`; for what is there before anybody logs in.
    ///
    /// # Panics
    /// If it does not fit: a host is described by us.
    pub fn lay(&mut self, path: &str, node: Node, by: &Actor) {
        self.files
            .lay(path, node, by)
            .unwrap_or_else(|error| panic!("{path} of {}: {error}", self.name));
    }

    /// A fresh process id.
    pub fn pid(&mut self) -> u32 {
        self.last_pid += 1;
        self.last_pid
    }

    /// Forgets processes that have ended by `now`.
    pub fn reap(&mut self, now: Duration) {
        let has_ended = |running: &Running| running.ends.is_some_and(|end| end <= now);
        if self.processes.values().any(has_ended) {
            self.processes.retain(|_, running| !has_ended(running));
        }
    }
}

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/bash
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
nobody:x:99:99:Nobody:/:/sbin/nologin
etcd:x:997:995:etcd user:/var/lib/etcd:/sbin/nologin
ocp:x:1000:1000::/home/ocp:/bin/bash
";

const GROUP: &str = "\
root:x:0:
bin:x:1:
daemon:x:2:
nobody:x:99:
etcd:x:995:
ocp:x:1000:
";
