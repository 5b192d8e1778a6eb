//! `ocpdg log`: what a run did.

use std::path::Path;

use super::Screen;
use super::arguments::LogArguments;
use super::progress::harmless;
use crate::error::{Error, Result};
use crate::journal::{self, Event, Filter, Pasts, Record, Summary};

/// Prints the log, the list of runs, or a host's transcript.
pub fn show(request: &LogArguments) -> std::result::Result<(), Screen> {
    let root = journal::root()?;
    let pasts = Pasts::read(&root, None)?;
    if request.list {
        list(&pasts, &root);
        return Ok(());
    }
    let past = match &request.run {
        Some(wanted) => pasts.named(wanted)?,
        None => pasts.latest().ok_or_else(|| none(&pasts, &root))?,
    };
    let (records, torn) = past.summary.read()?;
    if let Some(host) = request.host.as_ref().or(request.transcript.as_ref()) {
        known(host, &records)?;
    }
    if let Some(host) = &request.transcript {
        print!("{}", journal::transcript(&records, host));
    } else {
        let filter = Filter {
            host: request.host.clone(),
            failures: request.failures,
            commands: request.commands,
        };
        print!("{}", harmless(&journal::render(&records, &filter)));
    }
    if let Some(torn) = torn {
        eprintln!("warning: {torn}");
    }
    Ok(())
}

/// Refuses a `host` that the run does not know.
fn known(host: &str, records: &[Record]) -> Result<()> {
    match records.first().map(|record| &record.event) {
        Some(Event::RunStarted { run, hosts, .. }) if !hosts.iter().any(|known| known == host) => {
            Err(
                Error::invalid(format!("host `{host}`"), format!("is not one of run {run}"))
                    .with_hint(format!("its hosts are {}", hosts.join(", "))),
            )
        }
        _ => Ok(()),
    }
}

/// Why there is no run to show.
fn none(pasts: &Pasts, root: &Path) -> Error {
    if let Some((_, error)) = pasts.damaged.last() {
        return error.clone();
    }
    Error::invalid(
        "the latest run",
        format!("there is none in `{}`", root.display()),
    )
    .with_hint("`ocpdg run SCRIPT` begins one")
}

/// Prints one line per run, the oldest first.
fn list(pasts: &Pasts, root: &Path) {
    let sound = pasts.runs.iter().map(|past| {
        let changed = if past.changed { "changed" } else { "looked" };
        (&past.summary, past.state(), changed, past.script.clone())
    });
    // One damaged journal is no reason to hide the others.
    let damaged = pasts
        .damaged
        .iter()
        .map(|(summary, error)| (summary, "damaged", "?", error.to_string()));
    let mut lines: Vec<_> = sound.chain(damaged).collect();
    lines.sort_by(|a, b| a.0.run.cmp(&b.0.run));
    if lines.is_empty() {
        eprintln!("there is no run in `{}`", root.display());
    }
    for (Summary { run, cluster, .. }, state, changed, what) in lines {
        println!(
            "{run}  {cluster}  {state:14}  {changed:7}  {}",
            harmless(&what)
        );
    }
}
