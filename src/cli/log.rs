//! `ocpdg log`: what a run did.

use super::Screen;
use super::arguments::LogArguments;
use super::progress::harmless;
use super::run;
use crate::error::{Error, Result};
use crate::journal::{self, Ending, Event, Filter, Record};

/// Prints the log, the list of runs, or a host's transcript.
pub fn show(request: &LogArguments) -> std::result::Result<(), Screen> {
    let root = journal::root()?;
    if request.list {
        let runs = journal::list(&root, None)?;
        for run in &runs {
            println!("{}", line(run));
        }
        if runs.is_empty() {
            eprintln!("there is no run in `{}`", root.display());
        }
        return Ok(());
    }
    let (records, torn) = run::find(&root, None, request.run.as_deref())?.read()?;
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

/// One run in one line.
fn line(run: &journal::Summary) -> String {
    let (script, state) = match run.read() {
        Ok((records, _)) => {
            let script = match records.first().map(|record| &record.event) {
                Some(Event::RunStarted { script, .. }) => script.clone(),
                _ => "?".to_owned(),
            };
            let state = match records.last().map(|record| &record.event) {
                Some(Event::RunEnded { ending, .. }) => match ending {
                    Ending::Completed => "completed",
                    Ending::Failed => "failed",
                    Ending::Stopped => "stopped",
                },
                _ => "unfinished",
            };
            (script, state)
        }
        // One damaged journal is no reason to hide the others.
        Err(error) => (error.to_string(), "damaged"),
    };
    format!("{}  {}  {state:10}  {script}", run.run, run.cluster)
}
