//! `ocpdg run` and `ocpdg resume`: put a run together, and let it go.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::Screen;
use super::arguments::{ResumeArguments, RunArguments};
use super::attempt::{Attempt, chosen, names, wrong};
use super::inventory;
use crate::error::{Error, Result};
use crate::inventory::Cluster;
use crate::journal::{self, Ending, Event, Journal, Record, Summary};
use crate::procedure;
use crate::script::{Loaded, Runtime, Script};

/// Runs a script from its first line.
pub fn run(request: &RunArguments) -> std::result::Result<(), Screen> {
    let cluster = usable(&inventory::file(request.inventory.inventory.as_deref())?)?;
    chosen(&cluster, &request.limit, &request.manner.without)?;
    let script = Script::load(&request.script)?;
    let libraries = libraries(&request.manner.lib, &script);
    let runtime = Runtime::new(libraries.clone());
    let loaded = runtime.load(&script).map_err(|failure| wrong(failure, 2))?;
    let parameters = parameters(&request.set, &loaded)?;
    let root = journal::root()?;
    let unfinished = unfinished(&root, &cluster)?;
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
    if let Some(warning) = unfinished {
        eprintln!("warning: {warning}");
    }
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
pub fn resume(request: &ResumeArguments) -> std::result::Result<(), Screen> {
    let root = journal::root()?;
    // A run that is named is found whatever the inventory says, which is compared below.
    let cluster = match &request.inventory.inventory {
        Some(file) if request.run.is_none() => Some(usable(file)?.identity()),
        _ => None,
    };
    let summary = find(&root, cluster.as_deref(), request.run.as_deref())?;
    let (journal, records, torn) = Journal::reopen(&root, &summary)?;
    if let Some(torn) = torn {
        eprintln!("warning: {torn}");
    }
    if journal.is_complete() {
        let reason = "has completed: nothing is left to do";
        let hint = format!(
            "`ocpdg log {}` shows what it did, `ocpdg run SCRIPT` begins another",
            summary.run
        );
        return Err(Error::invalid(format!("run {}", summary.run), reason)
            .with_hint(hint)
            .into());
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
    chosen(&cluster, limit, &request.manner.without)?;
    let script = Script::recorded(script, &shown(script)).map_err(|error| {
        error.with_hint(format!("the run began with `{script}`: put it back there"))
    })?;
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

/// The inventory at `file`, refused where the procedure does not apply.
fn usable(file: &Path) -> Result<Cluster> {
    let cluster = Cluster::load(file)?;
    match cluster.unsupported() {
        Some(error) => Err(error),
        None => Ok(cluster),
    }
}

/// `--set` as a map, each name known to the script.
fn parameters(given: &[String], loaded: &Loaded) -> Result<Map<String, Value>> {
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

/// The warning that the last run of `cluster` did not complete: a new run beside one that stopped
/// half way is rarely what is wanted.
fn unfinished(root: &Path, cluster: &Cluster) -> Result<Option<String>> {
    let runs = journal::list(root, Some(&cluster.identity()))?;
    let Some(last) = runs.last() else {
        return Ok(None);
    };
    let records = match last.read() {
        Ok((records, _)) => records,
        // The new run has a journal of its own.
        Err(error) => return Ok(Some(error.to_string())),
    };
    let completed = matches!(
        records.last().map(|record| &record.event),
        Some(Event::RunEnded {
            ending: Ending::Completed,
            ..
        })
    );
    Ok((!completed).then(|| {
        format!(
            "run {} of this cluster did not complete; `ocpdg resume {}` continues it",
            last.run, last.run
        )
    }))
}

/// The absolute `path` as an operator in the working directory would type it.
fn shown(path: &str) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(path);
    path.strip_prefix(here).unwrap_or(path).to_owned()
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
