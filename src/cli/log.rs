//! `ocpdg log`: what a run did.

use super::arguments::LogArguments;
use super::run;
use crate::error::Result;
use crate::journal::{self, Ending, Event, Filter};

/// Prints the log, the list of runs, or a host's transcript.
pub fn show(request: &LogArguments) -> super::Done {
    let root = journal::root()?;
    if request.list {
        for run in journal::list(&root, None)? {
            println!("{}", line(&run)?);
        }
        return Ok(());
    }
    let (records, torn) = run::find(&root, None, request.run.as_deref())?.read()?;
    if let Some(host) = &request.transcript {
        print!("{}", journal::transcript(&records, host));
    } else {
        let filter = Filter {
            host: request.host.clone(),
            failures: request.failures,
            commands: request.commands,
        };
        print!("{}", journal::render(&records, &filter));
    }
    if let Some(torn) = torn {
        eprintln!("warning: {torn}");
    }
    Ok(())
}

/// One run in one line.
fn line(run: &journal::Summary) -> Result<String> {
    let (records, _) = run.read()?;
    let script = match records.first().map(|record| &record.event) {
        Some(Event::RunStarted { script, .. }) => script.as_str(),
        _ => "?",
    };
    let state = match records.last().map(|record| &record.event) {
        Some(Event::RunEnded { ending, .. }) => match ending {
            Ending::Completed => "completed",
            Ending::Failed => "failed",
            Ending::Stopped => "stopped",
        },
        _ => "unfinished",
    };
    Ok(format!(
        "{}  {}  {state:10}  {script}",
        run.run, run.cluster
    ))
}
