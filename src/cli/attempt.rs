//! One process's work on a run, new or resumed: reach the hosts, let the script go, say how it ended.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Screen;
use super::arguments::Manner;
use super::changes;
use super::failure::operator;
use super::progress::Progress;
use super::prompt::Secrets;
use super::remarks;
use super::repl::{Noticing, Reached};
use super::run::libraries;
use super::signals::interruptible;
use super::world::{self, World};
use crate::error::Result;
use crate::inventory::{Cluster, Role};
use crate::journal::Journal;
use crate::primitive::{Host, Observer};
use crate::procedure::{Rules, Span};
use crate::script::{
    self, Company, Failure, Group, HostRef, Loaded, Outcome, Runtime, Script, Session,
};
use crate::transport::{interrupt, ssh};

/// One process's work on a run.
pub struct Attempt {
    /// The journal, with its first event in it.
    pub journal: Journal,
    /// The whole cluster.
    pub world: World,
    /// The script.
    pub script: Script,
    /// The runtime that loaded it.
    pub runtime: Runtime,
    /// The script as loaded.
    pub loaded: Loaded,
    /// What `--set` said.
    pub parameters: Map<String, Value>,
    /// What `--limit` said.
    pub limit: Vec<String>,
    /// Which phases are executed.
    pub span: Span,
}

impl Attempt {
    /// Runs the script and says how it ended.
    pub fn go(self, manner: &Manner) -> std::result::Result<(), Screen> {
        let cluster = chosen(&self.world.cluster, &self.limit, &manner.without)?;
        let before = chosen(&self.world.cluster, &self.limit, &[])?;
        let left_out = left_out(&before, &cluster);
        let begun = self.world.clock().reading();
        // A run on simulated hosts is never resumed.
        if self.world.simulated.is_none() {
            changes::keep(&self.journal, &self.loaded, &self.world.cluster)?;
        }
        remarks::print(&self.loaded);
        for host in &left_out {
            eprintln!("{}", consequence(&self.world.cluster, host));
        }
        let display = Progress::start(manner.verbose);
        interruptible(&display)?;
        let world = self.world;
        let reached = Arc::new(Reached::default());
        let simulated = world.simulated.is_some();
        let libraries = libraries(&manner.lib, &self.script);
        let (operator, asking) = operator(manner, libraries, &reached, simulated);
        let company = Company {
            display,
            operator,
            clock: world.clock(),
        };
        let worked_on = cluster.hosts().iter();
        let session = Session {
            journal: self.journal,
            runtime: self.runtime,
            parameters: self.parameters,
            known: names(&self.loaded),
            forks: manner.way.forks.into(),
            span: Span {
                hosts: worked_on.map(|host| host.name.clone()).collect(),
                ..self.span
            },
            mark: Some(Rules {
                path: world::marker_path()?,
                root: world.journals()?,
                break_lock: manner.break_lock,
            }),
        };
        let scripted = |observer: &Arc<dyn Observer>, journal: &Journal| {
            let noticing: Arc<dyn Observer> = Arc::new(Noticing {
                reached,
                observer: Arc::clone(observer),
            });
            script::Cluster {
                first_master: cluster.first_master().name.clone(),
                all: hosts(&world, &cluster, manner, &noticing, journal),
                left_out: missing(&world.cluster, &before, &cluster),
            }
        };
        let (runtime, assembled) = session.assemble(company, &left_out, scripted)?;
        if let Some(asking) = &asking {
            asking.begin(&assembled);
        }
        let ended = world.end(assembled.play(&runtime, &self.script, &self.loaded));
        let Outcome {
            journal,
            ended,
            halted,
            changes,
        } = assembled.end(ended)?;
        if simulated {
            // The process ends with the run: giving back thousands of hosts piece by piece takes its time. Those
            // that are real are taken leave of.
            std::mem::forget((runtime, world.simulated.clone()));
        }
        let resume = format!("`ocpdg resume {}`", journal.run());
        match ended {
            Ok(()) => {
                let changed = match changes {
                    0 => "nothing was changed".to_owned(),
                    1 => "1 command changed something".to_owned(),
                    many => format!("{many} commands changed something"),
                };
                eprintln!(
                    "\nrun {} completed; {changed}{}",
                    journal.run(),
                    world.took(begun)
                );
                if !left_out.is_empty() {
                    eprintln!(
                        "left out: {}; once they are back, {resume} does their steps",
                        left_out.join(", ")
                    );
                }
                Ok(())
            }
            Err(_) if let (Some(title), false) = (&halted, interrupt::requested()) => {
                eprintln!(
                    "\nrun {} stopped after `{title}`, as `--to` says{}; {resume} goes on with the next phase",
                    journal.run(),
                    world.took(begun)
                );
                Ok(())
            }
            Err(failure) => {
                let mut screen = wrong(failure, 1);
                screen.next = Some(match world.simulated {
                    Some(_) => {
                        "the simulated cluster ended with the run; its journal stays".to_owned()
                    }
                    None => format!("{resume} continues where it stopped"),
                });
                Err(screen)
            }
        }
    }
}

/// The hosts of `cluster` that `--limit` and `--without` leave.
///
/// # Errors
/// A name that is no host, or nothing left to work on.
pub fn chosen(cluster: &Cluster, limit: &[String], without: &[String]) -> Result<Cluster> {
    let limited = match limit {
        [] => cluster.clone(),
        limit => cluster.limit(limit)?,
    };
    limited.without(without)
}

/// The hosts of `whole` that `worked_on` does not have.
pub fn left_out(whole: &Cluster, worked_on: &Cluster) -> Vec<String> {
    let names = whole.hosts().iter().map(|host| host.name.clone());
    names
        .filter(|name| worked_on.host(name).is_none())
        .collect()
}

/// The hosts to work on, reachable when first asked.
pub fn hosts(
    world: &World,
    cluster: &Cluster,
    manner: &Manner,
    observer: &Arc<dyn Observer>,
    journal: &Journal,
) -> Group {
    let secrets = Arc::new(ssh::Remembered::new(Secrets));
    let options = ssh::Options {
        accept_new_host_keys: manner.way.accept_new_host_keys,
        ask: Arc::clone(&secrets) as _,
        ..ssh::Options::default()
    };
    Group::new(cluster.hosts().iter().enumerate().map(|(place, host)| {
        let mut connection = host.connection.clone();
        if manner.way.ask_become_pass
            && connection.become_root
            && connection.become_password.is_none()
        {
            connection.become_password = ssh::Prompt::secret(&*secrets, "sudo password");
        }
        for secret in [&connection.password, &connection.become_password]
            .into_iter()
            .flatten()
        {
            journal.conceal(secret);
        }
        // Commands may carry what the inventory holds for others, such as a registry's password.
        for (name, value) in host.variables.iter() {
            let is_secret = ["pass", "secret", "token"]
                .iter()
                .any(|word| name.to_lowercase().contains(word));
            if let Some(text) = value.as_str().filter(|text| is_secret && text.len() >= 6) {
                journal.conceal(text);
            }
        }
        let way = world.reach(&connection, &options);
        let reached = Host::new(&host.name, way, Arc::clone(observer));
        let roles = host
            .roles
            .iter()
            .filter_map(|role| role.groups().first().copied());
        let groups = host
            .groups
            .iter()
            .cloned()
            .chain(roles.map(str::to_owned))
            .collect();
        HostRef::new(reached, groups, place)
    }))
}

/// The masters, nodes and etcd members of `whole` that are not worked on: `--limit` took those that
/// `limited` does not have, `--without` the others.
pub fn missing(whole: &Cluster, limited: &Cluster, worked_on: &Cluster) -> Vec<script::LeftOut> {
    let touched = whole.hosts().iter().filter(|host| host.is_touched());
    touched
        .filter(|host| worked_on.host(&host.name).is_none())
        .map(|host| {
            let mut addresses = vec![host.name.clone(), host.connection.address.clone()];
            for name in ["openshift_hostname", "openshift_ip"] {
                let value = host.variables.get(name).and_then(Value::as_str);
                addresses.extend(value.map(str::to_owned));
            }
            addresses.sort();
            addresses.dedup();
            let roles = [Role::Master, Role::Node, Role::Etcd].into_iter();
            let roles = roles.filter(|role| host.is(*role));
            script::LeftOut {
                name: host.name.clone(),
                addresses,
                groups: roles
                    .filter_map(|role| role.groups().first().map(|group| (*group).to_owned()))
                    .collect(),
                by: match limited.host(&host.name) {
                    None => "--limit",
                    Some(_) => "--without",
                },
            }
        })
        .collect()
}

/// What going on without `host` means, and what has to be true of it.
fn consequence(cluster: &Cluster, host: &str) -> String {
    let is = |role: Role| cluster.host(host).is_some_and(|host| host.is(role));
    let (mut units, mut ports) = (Vec::new(), Vec::new());
    if is(Role::Master) {
        units.extend([
            "atomic-openshift-master-api",
            "atomic-openshift-master-controllers",
        ]);
        ports.push("8443");
    }
    if is(Role::Etcd) {
        units.push("etcd");
        ports.push("2379");
    }
    let mut lines = vec![format!(
        "going on without {host}: its steps stay open for `ocpdg resume`"
    )];
    if !units.is_empty() {
        let (units, ports) = (units.join(" "), ports.join(" and "));
        lines.push(format!(
            "it has to be powered off, or have its services stopped and disabled: {units}"
        ));
        lines.push(format!(
            "if they run on, they write what 3.9 knows into the restored cluster: the downgrade asks for {ports} there"
        ));
        lines.push("from another host, and stops if there is an answer".to_owned());
    }
    if is(Role::Etcd) {
        lines.push(
            "its etcd member rejoins by `ocpdg resume`, and must not be started before".to_owned(),
        );
    }
    if is(Role::Master) {
        lines.push("its API stays down: keep it out of the load balancer".to_owned());
    } else if is(Role::Node) {
        lines.push("its pods run elsewhere, and it stays NotReady".to_owned());
    }
    lines.join("\n  ")
}

/// The names of the script's parameters.
pub fn names(loaded: &Loaded) -> Vec<String> {
    let parameters = loaded.parameters.iter();
    parameters.map(|parameter| parameter.name.clone()).collect()
}

/// The screen of a script's failure; `status` unless it says that it was stopped.
pub fn wrong(failure: Failure, status: u8) -> Screen {
    let stopped = failure.trace.error.is_stop();
    Screen {
        places: failure
            .trace
            .places
            .iter()
            .map(|place| match &place.function {
                Some(function) => format!("{place}, in {function}"),
                None => place.to_string(),
            })
            .collect(),
        excerpt: failure.excerpt,
        error: failure.trace.error.into(),
        is_warning: false,
        next: None,
        status: Some(if stopped { 3 } else { status }),
    }
}
