//! `ocpdg run`: put a run together, and let it go.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Screen;
use super::arguments::RunArguments;
use super::attempt::{Attempt, chosen, names};
use super::check::checked;
use super::phases::{earlier, span, titles};
use super::progress::harmless;
use super::prompt::Terminal;
use super::world::World;
use crate::error::{Error, Result};
use crate::inventory::Cluster;
use crate::journal::{self, Event, Journal, PassedPhases, Pasts};
use crate::procedure::{self, Operator, Question, Span};
use crate::script::{Loaded, Runtime, Script};

/// Runs a script from its first line.
pub fn run(request: &RunArguments) -> std::result::Result<(), Screen> {
    if request.sim.is_none() {
        request.faults.refuse()?;
    }
    let world = World::of(
        request.sim.as_deref(),
        request.inventory.inventory.as_deref(),
    )?
    .suffering(request.faults.fault.as_deref(), request.faults.sim_hours)?;
    let cluster = world.cluster.clone();
    chosen(&cluster, &request.limit, &request.manner.without)?;
    request.manner.on_error.possible()?;
    let script = Script::load(&request.script)?;
    let libraries = libraries(&request.manner.lib, &script);
    let runtime = Runtime::new(libraries.clone());
    let loaded = checked(&runtime, &script)?;
    let parameters = parameters(&request.set, &loaded)?;
    let root = world.journals()?;
    // A simulated cluster ends with its run: there is nothing left to continue.
    let unfinished = match world.simulated {
        Some(_) => Vec::new(),
        None => unfinished(&root, &cluster)?,
    };
    let titles = titles(&script, &loaded, &runtime, &[]);
    let mut span = span(&request.phases, &titles, PassedPhases::new())?;
    let earlier = match &span.from {
        Some(_) if world.simulated.is_none() => {
            let pasts = Pasts::read(&root, Some(&cluster.identity()))?;
            earlier(
                &pasts,
                &named(&request.script, &script),
                &request.limit,
                &loaded,
                &parameters,
            )?
        }
        _ => None,
    };
    let terminal = Terminal {
        yes: request.manner.yes,
    };
    let question = earlier.map(|(run, passed)| {
        span.passed = passed;
        begin_within(&span, &run)
    });
    if let Some(question) = &question
        && !terminal.confirm(question)?
    {
        let reason = format!("the answer to `{}` was no", question.title);
        return Err(Error::stopped(reason).into());
    }
    let asked = Asked {
        script: &request.script,
        libraries: &request.manner.lib,
        limit: &request.limit,
        from: span.from.as_deref(),
    };
    let first = |run: &str| started(run, &world, &asked, &script, &loaded, &parameters);
    let journal = Journal::create(&root, &cluster.identity(), first)?;
    if world.simulated.is_some() {
        journal.relax();
    }
    if let Some(question) = question {
        journal.append(Event::Confirmed {
            question: question.title,
            hosts: question.hosts,
            details: question.details,
            answer: true,
        })?;
    }
    for warning in unfinished {
        eprintln!("warning: {}", harmless(&warning));
    }
    eprintln!(
        "run {}: the journal is {}",
        journal.run(),
        journal.files().with_file_name("journal.jsonl").display()
    );
    Attempt {
        journal,
        world,
        script,
        runtime,
        loaded,
        parameters,
        limit: request.limit.clone(),
        span,
    }
    .go(&request.manner)
}

/// What the command line names.
pub struct Asked<'a> {
    /// The script.
    pub script: &'a Path,
    /// Further directories for modules.
    pub libraries: &'a [PathBuf],
    /// What `--limit` says.
    pub limit: &'a [String],
    /// The title of the phase to begin with.
    pub from: Option<&'a str>,
}

/// The question whether to begin within the procedure, with what `run` has on record.
fn begin_within(span: &Span, run: &str) -> Question {
    let from = span.from.as_deref().unwrap_or_default();
    Question {
        title: format!("Begin at `{from}`?"),
        hosts: Vec::new(),
        details: vec![
            format!(
                "the phases before it are not executed: what they returned is taken from run {run}"
            ),
            "nothing looks whether what they did still holds".to_owned(),
        ],
    }
}

/// The script as a journal names it.
fn named(path: &Path, script: &Script) -> String {
    match script.directory {
        Some(_) => absolute(path),
        None => script.name.clone(),
    }
}

/// The first event of the run `run`.
pub fn started(
    run: &str,
    world: &World,
    asked: &Asked<'_>,
    script: &Script,
    loaded: &Loaded,
    parameters: &Map<String, Value>,
) -> Event {
    let hosts = world.cluster.hosts().iter();
    Event::RunStarted {
        format: journal::FORMAT,
        run: run.to_owned(),
        cluster: world.cluster.identity(),
        inventory: world.source(),
        script: named(asked.script, script),
        sources: loaded.digests.clone(),
        parameters: parameters.clone(),
        libraries: asked.libraries.iter().map(|path| absolute(path)).collect(),
        limit: asked.limit.to_vec(),
        from: asked.from.map(str::to_owned),
        hosts: hosts.map(|host| host.name.clone()).collect(),
        operator: journal::operator(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The inventory at `file`, refused where the procedure does not apply.
pub fn usable(file: &Path) -> Result<Cluster> {
    let cluster = Cluster::load(file)?;
    match cluster.unsupported() {
        Some(error) => Err(error),
        None => Ok(cluster),
    }
}

/// `--set` as a map, each name known to the script.
pub fn parameters(given: &[String], loaded: &Loaded) -> Result<Map<String, Value>> {
    let mut parameters = Map::new();
    for setting in given {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(Error::invalid(format!("`--set {setting}`"), "has no `=`")
                .with_hint("write `--set NAME=VALUE`"));
        };
        let Some(parameter) = loaded.parameters.iter().find(|known| known.name == name) else {
            return Err(procedure::unknown_parameter(name, &names(loaded)));
        };
        let value = Value::from(value);
        if let Some(default) = &parameter.default {
            procedure::typed(name, &value, default)?;
        }
        parameters.insert(name.to_owned(), value);
    }
    Ok(parameters)
}

/// The directories that modules come from: named ones, `$OCPDG_PATH`, and the script's own.
pub fn libraries(named: &[PathBuf], script: &Script) -> Vec<PathBuf> {
    let mut directories = searched(named);
    directories.extend(script.directory.clone());
    directories
}

/// The directories that modules come from whatever the script: named ones, and `$OCPDG_PATH`.
pub fn searched(named: &[PathBuf]) -> Vec<PathBuf> {
    let mut directories = named.to_vec();
    if let Some(path) = std::env::var_os("OCPDG_PATH") {
        directories
            .extend(std::env::split_paths(&path).filter(|path| !path.as_os_str().is_empty()));
    }
    directories
}

/// The warnings that earlier runs of `cluster` changed it and did not complete: a new run beside one
/// that stopped half way is rarely what is wanted.
fn unfinished(root: &Path, cluster: &Cluster) -> Result<Vec<String>> {
    let pasts = Pasts::read(root, Some(&cluster.identity()))?;
    // The new run has a journal of its own.
    let damaged = pasts.damaged.iter().map(|(_, error)| error.to_string());
    let open = pasts.open().into_iter().filter(|run| run.changed);
    let open = open.map(|run| {
        format!(
            "run {} of this cluster did not complete; `ocpdg resume {}` continues it",
            run.line(),
            run.summary.run
        )
    });
    Ok(open.chain(damaged).collect())
}

pub fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
