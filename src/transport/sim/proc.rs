//! `/proc`: files that show what runs and what is mounted, as [`super::machine::Machine`] has it.
//!
//! They are in the file tree like others, so that `cat`, globs and `find` see them, and are written
//! anew when a program looks at its host after something changed.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sha1::Digest;

use super::files::{Kind, Mount, Name, Node};
use super::machine::{Machine, Running};
use super::program::users::Accounts;

/// Ticks of the kernel's clock in a second.
const TICKS: u128 = 100;

/// What runs, by process id. It knows whether it was changed.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    all: BTreeMap<u32, Running>,
    /// Whether `/proc` shows something else.
    stale: bool,
    /// When the next one ends by itself, since 1970.
    next_end: Option<Duration>,
    /// What `/proc` shows of each, and what it was made from.
    shown: BTreeMap<u32, (Running, Node)>,
    /// The file systems that `/proc/mounts` shows: how many, and how many of them are read-only.
    mounts: (usize, usize),
    /// What [`super::files::Files::mounts_changed`] said when they were counted.
    looked_at: Option<u64>,
}

impl Deref for Processes {
    type Target = BTreeMap<u32, Running>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl DerefMut for Processes {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.stale = true;
        &mut self.all
    }
}

impl Machine {
    /// Makes `/proc` show what is at `now`.
    pub(super) fn show(&mut self, now: Duration) {
        if self.processes.next_end.is_some_and(|end| end <= now) {
            self.reap(now);
        }
        if !self.processes.stale && self.processes.looked_at == Some(self.files.mounts_changed()) {
            return;
        }
        self.processes.looked_at = Some(self.files.mounts_changed());
        let mounts = self.files.mounts();
        let read_only = mounts.iter().filter(|mount| mount.read_only).count();
        let mounts = (mounts.len(), read_only);
        if !self.processes.stale && self.processes.mounts == mounts {
            return;
        }
        let ends = self.processes.all.values().filter_map(|one| one.ends);
        self.processes.next_end = ends.min();
        self.processes.mounts = mounts;
        self.processes.stale = false;
        let accounts = Arc::clone(self.accounts.refresh(&self.files));
        let mut before = std::mem::take(&mut self.processes.shown);
        let all = self.processes.all.iter();
        let after = all.map(|(pid, running)| match before.remove(pid) {
            Some(same) if same.0 == *running => (*pid, same),
            _ => (
                *pid,
                (running.clone(), self.process(*pid, running, &accounts)),
            ),
        });
        self.processes.shown = after.collect();
        let shown = self.proc(now);
        self.files.show("/proc", shown);
    }

    /// Mounts `/proc`.
    pub(super) fn mount_proc(&mut self, now: Duration) {
        let mut mount = Mount::new("/proc", "proc", 0);
        mount.read_only = true;
        let root = super::files::Actor::root(now);
        let done = self.files.mount(mount, &root);
        done.unwrap_or_else(|error| panic!("/proc of {}: {error}", self.name));
        self.processes.stale = true;
    }

    fn proc(&self, now: Duration) -> Node {
        let mounts: String = self
            .files
            .mounts()
            .iter()
            .map(|mount| {
                let access = if mount.read_only && mount.size > 0 {
                    "ro"
                } else {
                    "rw"
                };
                format!(
                    "{} {} {} {access},relatime 0 0\n",
                    mount.source,
                    mount.path,
                    mount.kind()
                )
            })
            .collect();
        let mut entries: Vec<(Name, Node)> = vec![
            ("mounts".into(), shown(mounts, 0o444, now)),
            (
                "sys".into(),
                directory(
                    vec![(
                        "kernel".into(),
                        directory(
                            vec![
                                (
                                    "hostname".into(),
                                    shown(format!("{}\n", self.name), 0o644, now),
                                ),
                                (
                                    "random".into(),
                                    directory(
                                        vec![("boot_id".into(), shown(self.boot_id(), 0o444, now))],
                                        now,
                                    ),
                                ),
                            ],
                            now,
                        ),
                    )],
                    now,
                ),
            ),
        ];
        for (pid, (_, node)) in &self.processes.shown {
            entries.push((pid.to_string().into(), node.clone()));
        }
        directory(entries, now)
    }

    /// The directory of one process.
    fn process(&self, pid: u32, running: &Running, accounts: &Accounts) -> Node {
        let since = running.started;
        let (uid, gid) = match accounts.user(&running.user) {
            Some(user) => (user.uid, user.gid),
            None => (0, 0),
        };
        let cmdline: String = running
            .argv
            .iter()
            .map(|word| format!("{word}\0"))
            .collect();
        let pairs = running.environment.iter();
        let environ: String = pairs
            .map(|(name, value)| format!("{name}={value}\0"))
            .collect();
        let command = running.command();
        let ticks = since.saturating_sub(self.booted).as_millis() * TICKS / 1000;
        let stat = format!(
            "{pid} ({command}) S 1 {pid} {pid} 0 -1 4202496 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 0 0{}\n",
            " 0".repeat(28)
        );
        let status = format!(
            "Name:\t{command}\nState:\tS (sleeping)\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t1\nTracerPid:\t0\n\
             Uid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\n"
        );
        let entries: Vec<(Name, Node)> = vec![
            ("cmdline".into(), shown(cmdline, 0o444, since)),
            ("comm".into(), shown(format!("{command}\n"), 0o644, since)),
            ("environ".into(), shown(environ, 0o400, since)),
            ("stat".into(), shown(stat, 0o444, since)),
            ("status".into(), shown(status, 0o444, since)),
        ];
        let owned = |node: Node| node.owned(&running.user, &running.user);
        let entries = entries.into_iter().map(|(name, node)| (name, owned(node)));
        owned(directory(entries.collect(), since))
    }

    /// What tells one boot from another.
    fn boot_id(&self) -> String {
        let sum = sha1::Sha1::digest(format!("{} {:?}", self.name, self.booted));
        let hex: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "{}-{}-4{}-8{}-{}\n",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..32]
        )
    }
}

fn shown(text: String, mode: u16, at: Duration) -> Node {
    Node::new(Kind::File(Arc::new(text.into_bytes())), mode, at)
}

fn directory(entries: Vec<(Name, Node)>, at: Duration) -> Node {
    Node::new(
        Kind::Directory(Arc::new(entries.into_iter().collect())),
        0o555,
        at,
    )
}
