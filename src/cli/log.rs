//! `ocpdg log`: what a run did.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::Screen;
use super::arguments::LogArguments;
use super::progress::harmless;
use super::status::{current, lives};
use crate::error::{Error, Result};
use crate::journal::{self, Event, Filter, Log, Past, Pasts, Reader, Record, Summary};

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
        None if request.follow => current(&pasts)?,
        None => pasts.latest().ok_or_else(|| none(&pasts, &root))?,
    };
    let filter = Filter {
        host: request.host.clone(),
        failures: request.failures,
        commands: request.commands,
    };
    if request.follow {
        return Ok(follow(past, &filter)?);
    }
    let (records, torn) = past.summary.read()?;
    if let Some(host) = request.host.as_ref().or(request.transcript.as_ref()) {
        known(host, &records)?;
    }
    if let Some(host) = &request.transcript {
        print!("{}", journal::transcript(&records, host));
    } else {
        print!("{}", harmless(&journal::render(&records, &filter)));
    }
    if let Some(torn) = torn {
        eprintln!("warning: {torn}");
    }
    Ok(())
}

/// Prints the log of `past` as it is written, until its process is done with it.
fn follow(past: &Past, filter: &Filter) -> Result<()> {
    const TICK: Duration = Duration::from_millis(200);
    let path = past.summary.directory.join(journal::FILE);
    let refused =
        |error: std::io::Error| Error::controller(format!("read `{}`", path.display()), error);
    let mut file = File::open(&path).map_err(refused)?;
    let mut reader = Reader::new(&path);
    let mut log = Log::new(filter.clone());
    loop {
        // What it wrote before it was seen to be gone is read after that.
        let lives = lives(past)?.is_some();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(refused)?;
        for record in reader.feed(&bytes)? {
            if let (1, Some(host)) = (record.number, &filter.host) {
                known(host, std::slice::from_ref(&record))?;
            }
            let mut out = std::io::stdout().lock();
            let lines = harmless(&log.take(&record));
            if out
                .write_all(lines.as_bytes())
                .and_then(|()| out.flush())
                .is_err()
            {
                // Nobody reads on.
                return Ok(());
            }
        }
        if !lives {
            break;
        }
        thread::sleep(TICK);
    }
    if let Some(torn) = reader.torn() {
        eprintln!("warning: {torn}");
    }
    if reader.history().ending().is_none() {
        let run = &past.summary.run;
        match past.is_typed() {
            true => eprintln!("its process died"),
            false => eprintln!("its process died; `ocpdg resume {run}` goes on"),
        }
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
