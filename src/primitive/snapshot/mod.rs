//! What is on a host that the procedure looks at or changes, read and never changed.
//!
//! | file       | subject                                                              |
//! |------------|----------------------------------------------------------------------|
//! | `files`    | files: of which the content is taken, of which only that they exist  |
//! | `packages` | packages, repositories, yum's history                                |
//! | `data`     | etcd's members, data and backups                                     |
//!
//! What cannot be looked at because something on the host is broken is a note, not an error: the hosts of an
//! upgrade that failed are to be looked at too.

mod data;
mod files;
mod packages;

use std::collections::BTreeSet;

use crate::error::{Error, Kind, Result};
use crate::primitive::{Host, docker, file, systemctl};
use crate::transport::sim::build::facts::{
    DockerFacts, HostFacts, LabelFacts, MountFacts, RegistryFacts, UnitFacts,
};
use crate::transport::{Command, Effect};

use super::conceal::conceal;

/// The units of the procedure, and those that they lean on.
const UNITS: &[&str] = &[
    "etcd",
    "etcd_container",
    "docker",
    "openvswitch",
    "ovsdb-server",
    "ovs-vswitchd",
    "dnsmasq",
    "flanneld",
    "atomic-openshift-master",
    "atomic-openshift-master-api",
    "atomic-openshift-master-controllers",
    "atomic-openshift-node",
    "origin-master",
    "origin-master-api",
    "origin-master-controllers",
    "origin-node",
];

/// Programs that a host may lack, with consequences for the procedure.
const PROGRAMS: &[&str] = &[
    "subscription-manager",
    "yum-config-manager",
    "yumdownloader",
    "openssl",
    "curl",
];

/// The facts of `host`, and what could not be looked at.
///
/// # Errors
/// The transport's failures: a host that is not reached, or on which nobody becomes root.
pub fn facts(host: &Host) -> Result<(HostFacts, Vec<String>)> {
    let mut notes = Notes {
        host: host.name().to_owned(),
        lines: Vec::new(),
    };
    let mut found = HostFacts {
        name: host.name().to_owned(),
        ..HostFacts::default()
    };
    let mut whoami = Command::reads(["id", "-un"]);
    whoami.privileged = false;
    found.login = host.run(&whoami)?.text();
    let root = host.run(&Command::reads(["id", "-un"]))?.text();
    found.sudo = root != found.login;
    found.hostname = host.run(&Command::reads(["hostname"]))?.text();
    let addresses = host.run(&Command::reads(["hostname", "-I"]))?.text();
    found.addresses = addresses.split_whitespace().map(str::to_owned).collect();
    found.selinux = host
        .run(&Command::shell(
            "getenforce 2>/dev/null || echo Disabled",
            Effect::Reads,
        ))?
        .text();
    for program in PROGRAMS {
        let command = Command::reads(["sh", "-c", "command -v \"$1\"", "ocpdg-has", program]);
        if !host.output(&command)?.exit.success() {
            found.lacks.push((*program).to_owned());
        }
    }
    found.mounts = notes.keep("file systems", mounts(host))?;
    found.units = notes.keep("units", units(host))?;
    found.docker = notes.keep("docker", held(host))?;
    found.registry = notes.keep("the registry", registry(host))?;
    packages::look(host, &mut found, &mut notes)?;
    files::look(host, &mut found, &mut notes)?;
    data::look(host, &mut found, &mut notes)?;
    found.labels = notes.keep("SELinux labels", labels(host, &found))?;
    Ok((found, notes.lines))
}

/// What could not be looked at.
struct Notes {
    host: String,
    lines: Vec<String>,
}

impl Notes {
    /// The value of `looked`, or nothing and a note.
    ///
    /// # Errors
    /// The transport's failures.
    fn keep<T: Default>(&mut self, what: &str, looked: Result<T>) -> Result<T> {
        match looked {
            Ok(value) => Ok(value),
            Err(error) => match *error.kind {
                Kind::Transport { .. } | Kind::Stopped { .. } => Err(error),
                _ => {
                    self.add(what, &error);
                    Ok(T::default())
                }
            },
        }
    }

    fn add(&mut self, what: &str, error: &Error) {
        let reason = error.to_string();
        let reason = reason.lines().next().unwrap_or_default().to_owned();
        self.lines
            .push(conceal(&format!("{}: {what}: {reason}", self.host)));
    }
}

/// The file systems on disks.
fn mounts(host: &Host) -> Result<Vec<MountFacts>> {
    // Without `-a` only one of the mounts of a device is listed.
    let command = ["df", "-a", "-B1", "--output=source,size,avail,target"];
    let text = host.run(&file::in_english(Command::reads(command)))?.text();
    let mut found: Vec<MountFacts> = Vec::new();
    for line in text.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [source, size, free, path @ ..] = words.as_slice() else {
            continue;
        };
        let path = path.join(" ");
        let is_disk = path == "/" || source.starts_with('/');
        let inside = [
            "/var/lib/docker/",
            "/var/lib/origin/",
            "/proc",
            "/sys",
            "/dev",
            "/run",
        ];
        let (Ok(size), Ok(free)) = (size.parse(), free.parse()) else {
            continue;
        };
        let is_known = found.iter().any(|mount| mount.path == path);
        if is_disk && !is_known && !inside.iter().any(|prefix| path.starts_with(prefix)) {
            found.push(MountFacts {
                path,
                source: (*source).to_owned(),
                size,
                free,
            });
        }
    }
    Ok(found)
}

fn units(host: &Host) -> Result<Vec<UnitFacts>> {
    let states = systemctl::show(host, UNITS)?;
    let there = states.into_iter().filter(systemctl::UnitState::exists);
    Ok(there
        .map(|state| UnitFacts {
            name: state.unit,
            load: state.load,
            active: state.active,
            sub: state.sub,
            enabled: state.enabled,
        })
        .collect())
}

/// The labels that are not the policy's, of what was found.
fn labels(host: &Host, found: &HostFacts) -> Result<Vec<LabelFacts>> {
    let known: BTreeSet<&str> = found.files.iter().map(|one| one.path.as_str()).collect();
    // What lies below another one is looked at with it.
    let is_outer = |path: &&str| {
        path.rsplit_once('/')
            .is_none_or(|(above, _)| !known.contains(above))
    };
    let files = known.iter().copied().filter(is_outer);
    let data = found.etcd.iter().map(|one| one.directory.as_str());
    let backups = found.backups.iter().map(|one| one.path.as_str());
    let paths: Vec<&str> = files.chain(data).chain(backups).collect();
    let wrong = file::wrong_labels(host, &paths)?.into_iter();
    let mut labels: Vec<LabelFacts> = wrong
        .map(|(path, label)| LabelFacts { path, label })
        .collect();
    labels.sort_by(|a, b| a.path.cmp(&b.path));
    labels.dedup();
    Ok(labels)
}

/// The registry of a node, as preflight asks it.
fn registry(host: &Host) -> Result<Option<RegistryFacts>> {
    let registry = docker::registry(host, "/etc/origin/node/node-config.yaml")?;
    Ok(registry.map(|registry| RegistryFacts {
        name: registry.name,
        problem: match registry.answers {
            true => String::new(),
            false => conceal(&registry.detail),
        },
    }))
}

/// What docker holds; nothing if there is no daemon.
fn held(host: &Host) -> Result<Option<DockerFacts>> {
    let Some(server) = docker::version(host)?.server else {
        return Ok(None);
    };
    Ok(Some(DockerFacts {
        server,
        containers: docker::container_names(host)?,
        images: docker::images(host)?.len() as u64,
    }))
}
