//! From an inventory file to a validated [`Cluster`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::connection::{Needed, connection};
use super::groups::Groups;
use super::source::{self, Listed};
use super::variables::{Beside, Merged, Merger, opaque};
use super::{Host, Role};
use crate::error::{Error, Kind, Result};
use crate::transport::{Connection, Method};

/// What variable `name`, if true, says about the installation that the manual cannot take back.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading: the procedure is for RPM-based installations.
fn unsupported_by(name: &str) -> Option<&'static str> {
    match name {
        "containerized" => Some("it runs the services in containers"),
        "openshift_use_crio" | "openshift_use_crio_only" => {
            Some("it runs containers with CRI-O instead of docker")
        }
        _ if name.starts_with("openshift_") && name.contains("use_") => name
            .contains("system_container")
            .then_some("it runs services as system containers"),
        _ => None,
    }
}

/// The hosts of one cluster, as its inventory says.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The inventory file, as the operator named it.
    pub source: PathBuf,
    pub(super) identity: String,
    pub(super) hosts: Vec<Host>,
    /// Every inventory group's hosts, in the group's order, as indices into `hosts`.
    pub(super) groups: BTreeMap<String, Vec<usize>>,
    /// The first master, even when `hosts` is narrowed to others.
    pub(super) first_master: Host,
    pub(super) unsupported: Option<Error>,
}

impl Cluster {
    /// Reads the inventory `path`: INI with `group_vars/` and `host_vars/` beside it, or the JSON of
    /// `ansible-inventory --list`.
    ///
    /// # Errors
    /// `Invalid`, with file and line where there is one: no such file; YAML, executable or
    /// encrypted inventories; whatever Ansible would refuse; no masters or no etcd; two names for
    /// one machine; connection variables that cannot be used.
    pub fn load(path: &Path) -> Result<Self> {
        let groups = source::read(path)?;
        let beside = match &groups {
            Listed::Json(_) => Beside::nothing(),
            Listed::Ini(groups) => Beside::load(path.parent().unwrap_or(Path::new("")), groups)?,
        };
        let (Listed::Ini(groups) | Listed::Json(groups)) = groups;
        Self::of_groups(path, &groups, &beside)
    }

    /// Reads `text`, an inventory in INI that lies nowhere; `source` stands for its path in messages.
    ///
    /// # Errors
    /// As [`Cluster::load`].
    pub fn of_text(text: &str, source: &Path) -> Result<Self> {
        let file = source.display().to_string().into();
        let groups = super::ini::parse(text.as_bytes(), &file)?;
        Self::of_groups(source, &groups, &Beside::nothing())
    }

    fn of_groups(path: &Path, groups: &Groups, beside: &Beside) -> Result<Self> {
        let members: BTreeMap<String, Vec<usize>> = groups
            .groups
            .iter()
            .enumerate()
            .map(|(index, group)| (group.name.clone(), groups.members(index)))
            .collect();
        check_groups(path, &members)?;
        let roles = roles(&members, groups.hosts.len());
        let mut builder = Builder {
            path,
            groups,
            merger: Merger::new(groups, beside),
            found: BTreeMap::new(),
            machines: HashMap::new(),
        };
        let hosts = roles
            .into_iter()
            .enumerate()
            .map(|(index, roles)| builder.host(index, roles))
            .collect::<Result<Vec<Host>>>()?;
        Ok(Self {
            source: path.to_owned(),
            identity: identity(&members, &hosts),
            first_master: hosts[members["masters"][0]].clone(),
            unsupported: builder.unsupported(),
            hosts,
            groups: members,
        })
    }

    /// All hosts, each once, in inventory order.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// The host that the inventory calls `name`.
    pub fn host(&self, name: &str) -> Option<&Host> {
        self.hosts.iter().find(|host| host.name == name)
    }

    /// The hosts of inventory group `name`, in the group's order; `None` if there is no such group.
    pub fn group(&self, name: &str) -> Option<Vec<&Host>> {
        let members = self.groups.get(name)?;
        Some(members.iter().map(|&index| &self.hosts[index]).collect())
    }

    /// The hosts with `role`, in the order of their groups, which need not be inventory order: the
    /// first of `masters` and the first of `etcd` have tasks of their own.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Host> {
        let mut order: Vec<usize> = Vec::new();
        let mut seen = BTreeSet::new();
        for group in role.groups() {
            let members = self.groups.get(*group).map_or(&[][..], Vec::as_slice);
            order.extend(members.iter().filter(|index| seen.insert(**index)));
        }
        if role == Role::Other {
            order = (0..self.hosts.len()).collect();
        }
        order
            .into_iter()
            .map(|index| &self.hosts[index])
            .filter(move |host| host.is(role))
    }

    /// The first master of the cluster, which alone holds `ca.serial.txt`. [`Cluster::limit`] does not
    /// change it; [`Cluster::without`] passes the place on.
    pub fn first_master(&self) -> &Host {
        &self.first_master
    }

    /// Twelve hexadecimal digits that stay the same while the names of masters and etcd hosts do.
    pub fn identity(&self) -> String {
        self.identity.clone()
    }

    /// Why the manual's procedure is not for this cluster, as far as the inventory tells; the hosts
    /// themselves may know more.
    pub fn unsupported(&self) -> Option<Error> {
        self.unsupported.clone()
    }

    /// The cluster-wide variable `name` as text, as the first master has it.
    ///
    /// # Errors
    /// `Invalid` with file and line if its value is a Jinja expression or encrypted.
    pub fn variable(&self, name: &str) -> Result<Option<String>> {
        self.first_master.variable(name)
    }
}

/// Refuses a cluster without masters or without etcd.
fn check_groups(path: &Path, members: &BTreeMap<String, Vec<usize>>) -> Result<()> {
    for (group, why) in [
        ("masters", "there would be no API server to bring back"),
        (
            "etcd",
            "etcd inside the master process does not exist in an installed 3.7 or 3.9 cluster, so \
             the hosts that run etcd have to be listed, even where they are the masters",
        ),
    ] {
        if members.get(group).is_none_or(Vec::is_empty) {
            let reason = format!("there is no host in group `{group}`: {why}");
            return Err(Error::invalid(format!("`{}`", path.display()), reason)
                .with_hint(format!("list its hosts below `[{group}]`")));
        }
    }
    Ok(())
}

/// The roles of each host, by index.
fn roles(members: &BTreeMap<String, Vec<usize>>, hosts: usize) -> Vec<BTreeSet<Role>> {
    let mut roles = vec![BTreeSet::new(); hosts];
    for role in Role::ALL {
        for group in role.groups() {
            for &host in members.get(*group).into_iter().flatten() {
                roles[host].insert(role);
            }
        }
    }
    for roles in &mut roles {
        if roles.is_empty() {
            roles.insert(Role::Other);
        }
    }
    roles
}

fn identity(members: &BTreeMap<String, Vec<usize>>, hosts: &[Host]) -> String {
    let mut lines: Vec<String> = ["masters", "etcd"]
        .into_iter()
        .flat_map(|group| members[group].iter().map(move |&index| (group, index)))
        .map(|(group, index)| format!("{group} {}\n", hosts[index].name))
        .collect();
    lines.sort();
    let digest = Sha256::digest(lines.concat());
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Turns listed hosts into [`Host`]s and gathers what only all of them together show.
struct Builder<'a> {
    path: &'a Path,
    groups: &'a Groups,
    merger: Merger<'a>,
    /// By variable that no supported installation sets: where it is set, and for which hosts.
    found: BTreeMap<String, (String, Vec<String>)>,
    /// Which host is reached at a place already.
    machines: HashMap<Machine, String>,
}

/// What makes two hosts one machine: the way to it.
#[derive(PartialEq, Eq, Hash)]
enum Machine {
    Here,
    Remote(String, Option<u16>, Vec<String>),
}

impl Builder<'_> {
    fn host(&mut self, index: usize, roles: BTreeSet<Role>) -> Result<Host> {
        let listed = &self.groups.hosts[index];
        let of = self.groups.groups_of(index);
        let merged = self.merger.host(index, &of);
        let needed = Needed {
            host: &listed.name,
            merged: &merged,
        };
        let mut host = Host {
            name: listed.name.clone(),
            roles,
            groups: of
                .iter()
                .map(|&group| self.groups.groups[group].name.clone())
                .collect(),
            connection: Connection::default(),
            variables: Arc::new(copy(&merged)),
            oddities: Vec::new(),
            opaque: BTreeMap::new(),
        };
        if host.is_touched() {
            host.connection = connection(&needed, self.path)?;
            self.check_machine(&host)?;
            self.check_supported(&needed)?;
        } else {
            // never touched: unusable variables do not matter
            host.connection = connection(&needed, self.path).unwrap_or_else(|_| Connection {
                name: listed.name.clone(),
                address: listed.name.clone(),
                ..Connection::default()
            });
        }
        let opaque = merged
            .iter()
            .filter(|(_, placed)| opaque(&placed.value).is_some());
        host.opaque = opaque
            .map(|(name, placed)| (name.to_string(), (*placed).clone()))
            .collect();
        host.oddities = oddities(&host);
        host.oddities.extend(listed.remarks.iter().cloned());
        for file in self.merger.encrypted(index, &of) {
            host.oddities
                .push(format!("`{file}` is encrypted and was not read"));
        }
        Ok(host)
    }

    fn check_machine(&mut self, host: &Host) -> Result<()> {
        let way = &host.connection;
        let machine = match way.method {
            Method::Local => Machine::Here,
            Method::Ssh => {
                Machine::Remote(way.address.clone(), way.port, way.ssh_arguments.clone())
            }
        };
        let Some(other) = self.machines.insert(machine, host.name.clone()) else {
            return Ok(());
        };
        let name = &host.name;
        let place = match way.method {
            Method::Local => "this machine".to_owned(),
            Method::Ssh => format!("`{}`", way.address),
        };
        Err(Error::invalid(
            format!("`{}`", self.path.display()),
            format!(
                "`{other}` and `{name}` are both reached at {place}: one machine with two names"
            ),
        )
        .with_hint("use one of the names in all groups"))
    }

    fn check_supported(&mut self, needed: &Needed<'_>) -> Result<()> {
        for (name, placed) in needed.merged {
            if unsupported_by(name).is_some() && needed.is_true(name, placed)? {
                let place = || (placed.origin.of(name), Vec::new());
                let (_, hosts) = self.found.entry(name.to_string()).or_insert_with(place);
                hosts.push(needed.host.to_owned());
            }
        }
        Ok(())
    }

    /// The first unsupported kind of installation, by name of the variable.
    fn unsupported(&self) -> Option<Error> {
        let (name, (origin, hosts)) = self.found.first_key_value()?;
        let why = unsupported_by(name)?;
        let (first, more) = hosts.split_first()?;
        let others = match more.len() {
            0 => String::new(),
            1 => " and one more host".to_owned(),
            n => format!(" and {n} more hosts"),
        };
        let reason = format!(
            "{why} (`{name}` at {origin}{others}); only installations from RPM packages can be \
             downgraded (OCP 3.9 Upgrading Clusters, Downgrading)"
        );
        Some(Error::new(Kind::Refused {
            host: first.clone(),
            action: "downgrade the cluster".to_owned(),
            reason,
        }))
    }
}

fn copy(merged: &Merged<'_>) -> BTreeMap<String, serde_json::Value> {
    let pairs = merged.iter();
    pairs
        .map(|(name, placed)| (name.to_string(), placed.value.clone()))
        .collect()
}

/// What is unusual about `host`.
fn oddities(host: &Host) -> Vec<String> {
    let mut found = Vec::new();
    if !host.is_touched() {
        found.push("never touched".to_owned());
        return found;
    }
    for group in ["new_masters", "new_nodes", "new_etcd"] {
        if host.groups.iter().any(|name| name == group) {
            found.push(format!("in `[{group}]`: counted as a full member"));
        }
    }
    if host.is(Role::Master) && !host.is(Role::Node) {
        found.push("a master that is not in `[nodes]`".to_owned());
    }
    if host.connection.method == Method::Local {
        found.push("is the machine that ocpdg runs on".to_owned());
    }
    if !host.connection.ssh_arguments.is_empty() {
        found.push("reached with ssh arguments of its own".to_owned());
    }
    if let Some(name) = host
        .variables
        .get("openshift_hostname")
        .and_then(|v| v.as_str())
        && name != host.name
    {
        found.push(format!("its node name is `{name}`"));
    }
    found
}
