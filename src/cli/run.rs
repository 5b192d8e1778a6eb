//! `ocpdg run` and `ocpdg resume`: put a run together, let it go, say how it ended.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Screen;
use super::arguments::{Manner, ResumeArguments, RunArguments};
use super::inventory;
use super::progress::Progress;
use super::prompt::{Secrets, Terminal};
use crate::error::{Error, Kind, Result};
use crate::inventory::{Cluster, Role};
use crate::journal::{self, Ending, Event, Journal, Record, Summary};
use crate::primitive::{Host, Observer};
use crate::procedure::{self, Recorder, Run};
use crate::script::{self, Failure, Group, HostRef, Loaded, Runtime, Script};
use crate::transport::{interrupt, reach, ssh};

/// Runs a script from its first line.
pub fn run(request: &RunArguments) -> super::Done {
    let cluster = usable(&inventory::file(request.inventory.inventory.as_deref())?)?;
    if !request.limit.is_empty() {
        cluster.limit(&request.limit)?;
    }
    let script = Script::load(&request.script)?;
    let libraries = libraries(&request.manner.lib, &script);
    let runtime = Runtime::new(libraries.clone());
    let loaded = runtime.load(&script).map_err(|failure| wrong(failure, 2))?;
    let parameters = parameters(&request.set, &loaded)?;
    let root = journal::root()?;
    warn_of_unfinished(&root, &cluster)?;
    let first = |run: &str| Event::RunStarted {
        run: run.to_owned(),
        cluster: cluster.identity(),
        inventory: absolute(&cluster.source),
        script: if script.directory.is_some() {
            absolute(&request.script)
        } else {
            script.name.clone()
        },
        sources: loaded.digests.clone(),
        parameters: parameters.clone(),
        libraries: request
            .manner
            .lib
            .iter()
            .map(|path| absolute(path))
            .collect(),
        limit: request.limit.clone(),
        hosts: cluster
            .hosts()
            .iter()
            .map(|host| host.name.clone())
            .collect(),
        operator: journal::operator(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let journal = Journal::create(&root, &cluster.identity(), first)?;
    eprintln!(
        "run {}: the journal is {}",
        journal.run(),
        journal.files().with_file_name("journal.jsonl").display()
    );
    Attempt {
        journal,
        cluster,
        script,
        runtime,
        loaded,
        parameters,
        limit: request.limit.clone(),
    }
    .go(&request.manner)
}

/// Continues a run where it stopped.
pub fn resume(request: &ResumeArguments) -> super::Done {
    let root = journal::root()?;
    let cluster = match &request.inventory.inventory {
        Some(file) => Some(usable(file)?.identity()),
        None => None,
    };
    let summary = find(&root, cluster.as_deref(), request.run.as_deref())?;
    let (journal, records, torn) = Journal::reopen(&root, &summary)?;
    if let Some(torn) = torn {
        eprintln!("warning: {torn}");
    }
    let Some(Record {
        event:
            Event::RunStarted {
                inventory,
                script,
                sources,
                parameters,
                libraries: given,
                limit,
                ..
            },
        ..
    }) = records.first()
    else {
        return Err(Error::controller(
            "resume",
            "the journal does not begin with the start of a run",
        )
        .into());
    };
    let cluster = usable(
        request
            .inventory
            .inventory
            .as_deref()
            .unwrap_or(Path::new(inventory)),
    )?;
    if cluster.identity() != summary.cluster {
        return Err(Error::invalid(
            format!("inventory `{}`", cluster.source.display()),
            format!("describes another cluster than run {}", summary.run),
        )
        .with_hint(format!("give the inventory of that run: `-i {inventory}`"))
        .into());
    }
    let script = Script::load(Path::new(script))?;
    let mut further = request.manner.lib.clone();
    further.extend(given.iter().map(PathBuf::from));
    let runtime = Runtime::new(libraries(&further, &script));
    let loaded = runtime.load(&script).map_err(|failure| wrong(failure, 2))?;
    for name in changed(sources, &loaded.digests) {
        eprintln!(
            "warning: `{name}` has changed since the run began; finished steps are not done again"
        );
    }
    eprintln!("resuming run {}", summary.run);
    journal.append(Event::Resumed {
        operator: journal::operator(),
        sources: loaded.digests.clone(),
    })?;
    let (parameters, limit) = (parameters.clone(), limit.clone());
    Attempt {
        journal,
        cluster,
        script,
        runtime,
        loaded,
        parameters,
        limit,
    }
    .go(&request.manner)
}

/// The run called `wanted`, or the latest one.
///
/// # Errors
/// If there is none, or several begin with `wanted`.
pub fn find(root: &Path, cluster: Option<&str>, wanted: Option<&str>) -> Result<Summary> {
    let mut runs = journal::list(root, cluster)?;
    if let Some(wanted) = wanted {
        runs.retain(|run| run.run.starts_with(wanted));
        if runs.len() > 1 && !runs.iter().any(|run| run.run == wanted) {
            let names: Vec<&str> = runs.iter().map(|run| run.run.as_str()).collect();
            return Err(Error::invalid(
                format!("run `{wanted}`"),
                format!("could be any of {}", names.join(", ")),
            ));
        }
        if let Some(exact) = runs.iter().position(|run| run.run == wanted) {
            return Ok(runs.swap_remove(exact));
        }
    }
    runs.pop().ok_or_else(|| {
        let what = wanted.map_or_else(|| "the latest run".to_owned(), |run| format!("run `{run}`"));
        Error::invalid(what, format!("there is none in `{}`", root.display()))
            .with_hint("`ocpdg log --list` shows the runs, `ocpdg run SCRIPT` begins one")
    })
}

/// One process's work on a run.
struct Attempt {
    journal: Journal,
    cluster: Cluster,
    script: Script,
    runtime: Runtime,
    loaded: Loaded,
    parameters: Map<String, Value>,
    limit: Vec<String>,
}

impl Attempt {
    fn go(mut self, manner: &Manner) -> super::Done {
        interruptible()?;
        let mut cluster = self.cluster.clone();
        if !self.limit.is_empty() {
            cluster = cluster.limit(&self.limit)?;
        }
        let before: Vec<String> = cluster
            .hosts()
            .iter()
            .map(|host| host.name.clone())
            .collect();
        if !manner.without.is_empty() {
            cluster = cluster.without(&manner.without)?;
        }
        let left_out: Vec<String> = before
            .into_iter()
            .filter(|name| cluster.host(name).is_none())
            .collect();
        let journal = Arc::new(self.journal);
        for host in &left_out {
            journal.append(Event::LeftOut { host: host.clone() })?;
            eprintln!("{}", consequence(&self.cluster, host));
        }
        let display = Progress::start(manner.verbose);
        let recorder = Arc::new(Recorder::new(
            Arc::clone(&journal),
            Arc::clone(&display) as _,
            journal.last_operation(),
        ));
        let options = procedure::Options {
            forks: manner.forks.into(),
            parameters: self.parameters,
        };
        let run = Arc::new(Run::new(
            Arc::clone(&journal),
            Arc::clone(&recorder),
            display,
            Arc::new(Terminal { yes: manner.yes }),
            options,
        ));
        let scripted = script::Cluster {
            first_master: cluster.first_master().name.clone(),
            all: hosts(&cluster, manner, &recorder, &journal),
        };
        self.runtime.attach(&run, &scripted);
        let ended = self
            .runtime
            .check(&self.loaded)
            .and_then(|()| self.runtime.run(&self.script, &self.loaded));
        let changes = run.changes();
        let (ending, error) = match &ended {
            Ok(()) => (Ending::Completed, None),
            Err(failure) => {
                let ending = match *failure.trace.error.kind {
                    Kind::Stopped { .. } => Ending::Stopped,
                    _ => Ending::Failed,
                };
                (ending, Some(failure.trace.error.clone()))
            }
        };
        journal.append(Event::RunEnded {
            ending,
            changes,
            error,
        })?;
        let resume = format!("`ocpdg resume {}`", journal.run());
        match ended {
            Ok(()) => {
                eprintln!(
                    "\nrun {} completed; {changes} commands changed something",
                    journal.run()
                );
                if !left_out.is_empty() {
                    eprintln!(
                        "left out: {}; once they are back, {resume} does their steps",
                        left_out.join(", ")
                    );
                }
                Ok(())
            }
            Err(failure) => {
                let mut screen = wrong(failure, 1);
                screen.next = Some(format!("{resume} continues where it stopped"));
                Err(screen)
            }
        }
    }
}

/// The inventory at `file`, refused where the procedure does not apply.
fn usable(file: &Path) -> Result<Cluster> {
    let cluster = Cluster::load(file)?;
    match cluster.unsupported() {
        Some(error) => Err(error),
        None => Ok(cluster),
    }
}

/// The hosts to work on, reachable when first asked.
fn hosts(cluster: &Cluster, manner: &Manner, recorder: &Arc<Recorder>, journal: &Journal) -> Group {
    let secrets = Arc::new(ssh::Remembered::new(Secrets));
    let options = ssh::Options {
        accept_new_host_keys: manner.accept_new_host_keys,
        ask: Arc::clone(&secrets) as _,
        ..ssh::Options::default()
    };
    Group::new(cluster.hosts().iter().enumerate().map(|(place, host)| {
        let mut connection = host.connection.clone();
        if manner.ask_become_pass && connection.become_root && connection.become_password.is_none()
        {
            connection.become_password = ssh::Prompt::secret(&*secrets, "sudo password");
        }
        for secret in [&connection.password, &connection.become_password]
            .into_iter()
            .flatten()
        {
            journal.conceal(secret);
        }
        let observer = Arc::clone(recorder) as Arc<dyn Observer>;
        let reached = Host::new(&host.name, reach(&connection, &options), observer);
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

/// What going on without `host` means.
fn consequence(cluster: &Cluster, host: &str) -> String {
    let is = |role: Role| cluster.host(host).is_some_and(|host| host.is(role));
    let mut means = vec!["its steps stay open for `ocpdg resume`"];
    if is(Role::Etcd) {
        means.push("its etcd member does not rejoin, and must not be started before it does");
    }
    if is(Role::Master) {
        means.push("its API stays down: keep it out of the load balancer");
    } else if is(Role::Node) {
        means.push("its pods run elsewhere, and it stays NotReady");
    }
    format!("going on without {host}: {}", means.join("; "))
}

/// `--set` as a map, each name known to the script.
fn parameters(given: &[String], loaded: &Loaded) -> Result<Map<String, Value>> {
    let mut parameters = Map::new();
    for setting in given {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(Error::invalid(format!("`--set {setting}`"), "has no `=`")
                .with_hint("write `--set NAME=VALUE`"));
        };
        if !loaded.parameters.iter().any(|known| known.name == name) {
            let names: Vec<&str> = loaded
                .parameters
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            let nearest = names.iter().max_by(|a, b| {
                strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name))
            });
            let hint = nearest.map_or_else(
                || "the script has no parameters".to_owned(),
                |nearest| format!("did you mean `{nearest}`? there are: {}", names.join(", ")),
            );
            return Err(Error::invalid(
                format!("parameter `{name}`"),
                "the script does not have it",
            )
            .with_hint(hint));
        }
        parameters.insert(name.to_owned(), value.into());
    }
    Ok(parameters)
}

/// The directories that modules come from: named ones, `$OCPDG_PATH`, and the script's own.
fn libraries(named: &[PathBuf], script: &Script) -> Vec<PathBuf> {
    let mut directories = named.to_vec();
    if let Some(path) = std::env::var_os("OCPDG_PATH") {
        directories
            .extend(std::env::split_paths(&path).filter(|path| !path.as_os_str().is_empty()));
    }
    directories.extend(script.directory.clone());
    directories
}

/// Names of `before` and `after` whose text differs.
fn changed<'a>(
    before: &'a BTreeMap<String, String>,
    after: &'a BTreeMap<String, String>,
) -> Vec<&'a str> {
    let mut names: Vec<&str> = before
        .iter()
        .chain(after)
        .filter(|(name, digest)| {
            before.get(*name) != Some(digest) || after.get(*name) != Some(digest)
        })
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A new run beside one that stopped half way is rarely what is wanted.
fn warn_of_unfinished(root: &Path, cluster: &Cluster) -> Result<()> {
    if let Some(last) = journal::list(root, Some(&cluster.identity()))?.last() {
        let (records, _) = last.read()?;
        let done = matches!(
            records.last(),
            Some(Record {
                event: Event::RunEnded {
                    ending: Ending::Completed,
                    ..
                },
                ..
            })
        );
        if !done {
            eprintln!(
                "warning: run {} of this cluster did not complete; `ocpdg resume` continues it",
                last.run
            );
        }
    }
    Ok(())
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}

/// Ctrl-C asks everything to stop; pressed again, it ends the process at once.
fn interruptible() -> Result<()> {
    for signal in [
        signal_hook::consts::SIGINT,
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
    ] {
        signal_hook::flag::register_conditional_shutdown(signal, 130, interrupt::flag())
            .and_then(|_| signal_hook::flag::register(signal, interrupt::flag()))
            .map_err(|error| Error::controller("watch for Ctrl-C", error))?;
    }
    Ok(())
}

/// The screen of a script's failure; `status` unless it says that it was stopped.
fn wrong(failure: Failure, status: u8) -> Box<Screen> {
    let stopped = matches!(*failure.trace.error.kind, Kind::Stopped { .. });
    Box::new(Screen {
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
        error: failure.trace.error,
        next: None,
        status: Some(if stopped { 3 } else { status }),
    })
}
