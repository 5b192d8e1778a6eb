//! Packages, repositories, yum's history.

use std::collections::BTreeMap;

use super::{Notes, conceal};
use crate::error::Result;
use crate::primitive::{Host, file, repos, yum};
use crate::transport::Command;
use crate::transport::sim::build::facts::{HostFacts, RepositoryFacts, TransactionFacts};

/// The packages that the procedure takes from repositories.
const OFFERED: &[&str] = &[
    "atomic-openshift*",
    "origin*",
    "tuned-profiles-atomic-openshift-node",
    "tuned-profiles-origin-node",
    "docker",
    "docker-client",
    "docker-common",
    "etcd",
    "openvswitch",
];

/// The packages whose past tells of the upgrade; by name, because not every yum looks for patterns in it.
const PAST: &[&str] = &[
    "atomic-openshift",
    "atomic-openshift-master",
    "atomic-openshift-node",
    "origin",
    "origin-master",
    "origin-node",
    "docker",
    "etcd",
    "openvswitch",
];

/// Adds the packages of `host` to `found`.
pub(super) fn look(host: &Host, found: &mut HostFacts, notes: &mut Notes) -> Result<()> {
    let origins: BTreeMap<String, String> = notes
        .keep("origins of packages", yum::origins(host))?
        .into_iter()
        .collect();
    found.packages = notes.keep("packages", installed(host, &origins))?;
    let past = notes.keep("yum's history", yum::transactions(host, PAST))?;
    found.history = past.into_iter().map(told).collect();
    let enabled = notes.keep("repositories", repos::enabled(host))?;
    let mut ids = notes.keep("repository files", defined(host))?;
    // Those of OpenShift may be switched on by the procedure.
    ids.retain(|id| enabled.contains(id) || id.contains("ose-3.") || id.contains("openshift"));
    for id in enabled {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    for id in ids {
        let mut repository = RepositoryFacts {
            id,
            ..RepositoryFacts::default()
        };
        match yum::offered(host, &repository.id, OFFERED) {
            Ok(offered) => {
                repository.packages = offered
                    .iter()
                    .filter_map(|(name, version)| {
                        let (name, arch) = name.rsplit_once('.')?;
                        Some(format!("{name} {} {arch}", whole(version)))
                    })
                    .collect();
            }
            Err(error) => {
                let error = notes.keep::<()>(&format!("repository {}", repository.id), Err(error));
                error?;
                "it cannot be read".clone_into(&mut repository.problem);
            }
        }
        found.repositories.push(repository);
    }
    Ok(())
}

/// `version` with its epoch.
fn whole(version: &str) -> String {
    match version.contains(':') {
        true => version.to_owned(),
        false => format!("0:{version}"),
    }
}

fn installed(host: &Host, origins: &BTreeMap<String, String>) -> Result<Vec<String>> {
    const FORMAT: &str = r"%{NAME}\t%{EPOCH}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{INSTALLTIME}\n";
    let command = file::in_english(Command::reads(["rpm", "-qa", "--qf", FORMAT]));
    let text = host.run(&command)?.text();
    let mut lines: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [name, epoch, version, arch, since] = fields[..] else {
                return None;
            };
            let epoch = epoch.parse::<u32>().unwrap_or(0);
            let from = origins.get(&format!("{name}.{arch}"));
            let from = from.map_or("unknown", String::as_str);
            Some(format!("{name} {epoch}:{version} {arch} {since} {from}"))
        })
        .collect();
    lines.sort();
    Ok(lines)
}

fn told(one: yum::Transaction) -> TransactionFacts {
    let elements = one.elements.iter().map(|element| {
        let sign = if element.came { '+' } else { '-' };
        format!(
            "{sign}{} {} {} {}",
            element.name,
            whole(&element.version),
            element.arch,
            element.repository
        )
    });
    TransactionFacts {
        id: one.id,
        began: one.began,
        elements: elements.collect(),
        command: conceal(&one.command),
        complete: one.complete,
    }
}

/// The ids of all repositories that the files below `/etc/yum.repos.d` define.
fn defined(host: &Host) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for path in file::list(host, "/etc/yum.repos.d/*.repo")? {
        let text = file::read(host, &path)?;
        let sections = text.lines().filter_map(|line| {
            let line = line.trim().strip_prefix('[')?;
            line.strip_suffix(']')
        });
        ids.extend(sections.map(str::to_owned));
    }
    Ok(ids)
}
