//! A cluster as it was found: its hosts with their files and packages, and what ran on them running.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::facts::Snapshot;
use super::found::{machine, package, time};
use super::stand_in::Known;
use crate::transport::sim::cluster::Cluster;
use crate::transport::sim::openshift;
use crate::transport::sim::packages::{Catalog, Package, repositories};
use crate::transport::sim::process::Process;
use crate::transport::sim::shell;
use crate::transport::sim::stream::Pipe;
use crate::transport::sim::units::{self, Active, Job, State};

/// The units, in the order in which they need each other. etcd's members come before, all at once.
const ORDER: &[&str] = &[
    "ovsdb-server",
    "ovs-vswitchd",
    "openvswitch",
    "docker",
    "dnsmasq",
    "flanneld",
    "atomic-openshift-master-api",
    "origin-master-api",
    "atomic-openshift-master-controllers",
    "origin-master-controllers",
    "atomic-openshift-node",
    "origin-node",
];

/// The cluster of `snapshot`, and what about it is not as it was found.
///
/// # Errors
/// What the simulation does not model.
pub fn build_found(snapshot: &Snapshot) -> Result<(Arc<Cluster>, Vec<String>), String> {
    let mut notes = snapshot.notes.clone();
    let known = Known::of(snapshot);
    let hosts = snapshot.hosts.iter();
    let machines: Vec<_> = hosts
        .map(|facts| machine(facts, &known, &mut notes))
        .collect();
    let cluster = Cluster::new(machines, time(snapshot.taken));
    {
        let mut state = cluster.state();
        state.names = names(snapshot, &state.names);
        let catalog = catalog(snapshot, &state.machines);
        state.catalog = Arc::new(catalog);
    }
    start(&cluster, snapshot, &mut notes)?;
    openshift::settle(&Process::of_system(&cluster, 0)).map_err(|halt| format!("{halt:?}"))?;
    Ok((Arc::new(cluster), notes))
}

/// The name service: every name and address of each host, and the API's name for all masters.
fn names(
    snapshot: &Snapshot,
    own: &BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, Vec<String>> {
    let mut names = own.clone();
    let mut masters = Vec::new();
    for host in &snapshot.hosts {
        let Some(main) = host.addresses.first() else {
            continue;
        };
        for name in host.addresses.iter().chain([&host.name]) {
            names.insert(name.clone(), vec![main.clone()]);
        }
        if host.is_in("masters") {
            masters.push(main.clone());
        }
    }
    let files = || snapshot.hosts.iter().flat_map(|host| &host.files);
    for line in files()
        .filter(|file| file.path == "/etc/hosts")
        .filter_map(|file| file.content.as_deref())
        .flat_map(str::lines)
    {
        let mut words = line
            .split('#')
            .next()
            .unwrap_or_default()
            .split_whitespace();
        if let Some(addresses) = words.next().and_then(|address| names.get(address)).cloned() {
            for word in words {
                names
                    .entry(word.to_owned())
                    .or_insert_with(|| addresses.clone());
            }
        }
    }
    for server in files().map(|file| file.server.as_str()) {
        let host = server
            .trim_start_matches("https://")
            .split([':', '/'])
            .next()
            .unwrap_or_default();
        if !host.is_empty() && !matches!(host, "localhost" | "127.0.0.1") {
            names
                .entry(host.to_owned())
                .or_insert_with(|| masters.clone());
        }
    }
    names
}

/// What the repositories were found to offer, by their addresses.
fn catalog(snapshot: &Snapshot, machines: &[crate::transport::sim::machine::Machine]) -> Catalog {
    let mut catalog = Catalog::default();
    for (host, machine) in snapshot.hosts.iter().zip(machines) {
        for defined in repositories(&machine.files) {
            let found = host.repositories.iter().find(|one| one.id == defined.id);
            let Some(found) = found.filter(|one| one.problem.is_empty()) else {
                continue;
            };
            let url = defined.url.trim_end_matches('/').to_owned();
            let offered = found.packages.iter().filter_map(|text| package(text));
            // yum does not list as available what is installed.
            let installed = machine
                .packages
                .installed
                .values()
                .filter(|one| *one.from == *defined.id);
            let offered = offered
                .map(|(package, _, _)| package)
                .chain(installed.map(|one| Arc::clone(&one.package)));
            let packages: &mut Vec<Arc<Package>> =
                catalog.repositories.entry(url.clone()).or_default();
            for package in offered {
                if !packages
                    .iter()
                    .any(|known| known.name == package.name && known.evr == package.evr)
                {
                    packages.push(package);
                }
            }
            packages.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.evr.cmp(&b.evr)));
            catalog.addresses.insert(url.clone(), url);
        }
    }
    catalog
}

/// Brings every unit to the state that it was found in.
fn start(cluster: &Cluster, snapshot: &Snapshot, notes: &mut Vec<String>) -> Result<(), String> {
    let is = |host: usize, unit: &str, active: bool| {
        let facts = snapshot.hosts[host].unit(unit);
        facts.is_some_and(|facts| (facts.active == "active") == active)
    };
    let hosts = 0..snapshot.hosts.len();
    let members: Vec<Process<'_>> = hosts
        .clone()
        .filter(|host| is(*host, "etcd", true))
        .map(|host| Process::of_system(cluster, host))
        .collect();
    match units::start_together(&members, "etcd.service") {
        Ok(Job::Done) => {}
        Ok(Job::Failed(_, why)) => {
            notes.push(format!("etcd does not start as it was found: {why}"))
        }
        Err(halt) => return Err(format!("etcd: {halt:?}")),
    }
    for unit in ORDER {
        for host in hosts.clone().filter(|host| is(*host, unit, true)) {
            let name = format!("{unit}.service");
            let up = |cluster: &Cluster| {
                cluster.state().machines[host]
                    .units
                    .state(&name)
                    .active
                    .is_up()
            };
            if up(cluster) {
                continue;
            }
            let said = systemctl(cluster, host, "start", unit)?;
            if !up(cluster) {
                let why = said.lines().next().unwrap_or_default().to_owned();
                notes.push(format!(
                    "{}: {unit} was found running, and is taken to be: it does not start here: {why}",
                    snapshot.hosts[host].name
                ));
                let mut state = cluster.state();
                let now = cluster.now();
                let found = State {
                    active: Active::Active,
                    activated: Some(now),
                    ..State::default()
                };
                state.machines[host].units.states.insert(name, found);
            }
        }
    }
    // What one of them pulled in.
    for unit in ORDER.iter().rev() {
        for host in hosts.clone().filter(|host| is(*host, unit, false)) {
            let name = format!("{unit}.service");
            if cluster.state().machines[host]
                .units
                .state(&name)
                .active
                .is_up()
            {
                systemctl(cluster, host, "stop", unit)?;
            }
        }
    }
    let mut state = cluster.state();
    for (facts, machine) in snapshot.hosts.iter().zip(&mut state.machines) {
        for unit in facts.units.iter().filter(|unit| unit.active == "failed") {
            let failed = machine
                .units
                .states
                .entry(format!("{}.service", unit.name))
                .or_default();
            failed.active = Active::Failed;
            failed.result = "exit-code";
        }
    }
    Ok(())
}

/// `systemctl VERB UNIT` on the host at `host`; what it said.
fn systemctl(cluster: &Cluster, host: usize, verb: &str, unit: &str) -> Result<String, String> {
    let mut process = Process::of_system(cluster, host);
    let output = Rc::new(RefCell::new(Pipe::default()));
    process.output = output.clone();
    process.errors = output.clone();
    let text = format!("systemctl {verb} {unit}");
    shell::run(&mut process, &text, &["sh".to_owned()])
        .map_err(|halt| format!("`{text}`: {halt:?}"))?;
    let said = String::from_utf8_lossy(&output.borrow_mut().take()).into_owned();
    Ok(said)
}
