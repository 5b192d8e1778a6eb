//! `ocpdg clean`: away with the records that interrupted runs left on the hosts.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Screen;
use super::arguments::CleanArguments;
use super::progress::harmless;
use super::prompt::Terminal;
use super::world::World;
use crate::error::{Error, Kind, Result};
use crate::inventory::Host as Listed;
use crate::journal::{self, Pasts, Summary};
use crate::primitive::{Host, Unobserved};
use crate::procedure::{Operator, Question, fan};
use crate::transport::Failure;
use crate::transport::detached::{OperationId, Verdict};

/// Lists them, asks, and removes them.
pub fn clean(request: &CleanArguments) -> std::result::Result<(), Screen> {
    let world = World::of(None, request.inventory.inventory.as_deref())?;
    let root = world.journals()?;
    // While a run lives, what looks left behind may be about to be read.
    let _lock = journal::hold(&root, &world.cluster.identity())?;
    let listed: Vec<&Listed> = world.cluster.hosts().iter().collect();
    let hosts = world.hosts(&request.way, &listed, &(Arc::new(Unobserved) as _));
    let forks = request.way.forks.into();
    let found = fan::out(&hosts, forks, &*world.clock(), &Host::leftovers);
    let mut failures = Vec::new();
    let mut left: Vec<(Host, Vec<OperationId>)> = Vec::new();
    let mut details = Vec::new();
    let pasts = Pasts::read(&root, Some(&world.cluster.identity()))?;
    let own = journal::list(&root, Some(&world.cluster.identity()))?;
    let own: BTreeSet<String> = own.iter().filter_map(Summary::mark).collect();
    for (host, found) in hosts.iter().zip(found) {
        let found = match found {
            Ok(found) => found,
            Err(failure) => {
                failures.push((host.name().to_owned(), failure.into()));
                continue;
            }
        };
        let mut gone = Vec::new();
        for (id, verdict) in found {
            let line = format!("{}: {id}, {}", host.name(), said(&verdict));
            if verdict == Verdict::Running {
                println!("left alone: {}", harmless(&line));
            } else if !request.all && !own.contains(id.run()) {
                println!("left alone: {}, of another controller", harmless(&line));
            } else {
                details.push(line);
                gone.push(id);
            }
        }
        if !gone.is_empty() {
            left.push((host.clone(), gone));
        }
    }
    if !left.is_empty() {
        let open = pasts.open().into_iter().filter(|run| run.changed);
        details.extend(open.map(|run| {
            let id = &run.summary.run;
            format!("run {id} did not complete: `ocpdg resume {id}` could not look up its commands any more")
        }));
        remove(request, &*world.clock(), left, details)?;
    } else if failures.is_empty() {
        println!("nothing to remove");
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(Error::new(Kind::Hosts {
        action: "looking for what was left behind".to_owned(),
        failures,
    })
    .into())
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Running => "still running".to_owned(),
        Verdict::Done(exit) => exit.to_string(),
        Verdict::Absent | Verdict::Unstarted => "never begun".to_owned(),
        Verdict::Killed => "killed before its end".to_owned(),
        Verdict::Rebooted => "cut off by the end of the host".to_owned(),
    }
}

/// Removes what is `left`, once the operator agrees.
fn remove(
    request: &CleanArguments,
    clock: &dyn crate::transport::clock::Clock,
    left: Vec<(Host, Vec<OperationId>)>,
    details: Vec<String>,
) -> Result<()> {
    let hosts: Vec<Host> = left.iter().map(|(host, _)| host.clone()).collect();
    let question = Question {
        title: "Remove the records of these commands?".to_owned(),
        hosts: hosts.iter().map(|host| host.name().to_owned()).collect(),
        details,
    };
    let terminal = Terminal { yes: request.yes };
    if !terminal.confirm(&question)? {
        return Err(Error::stopped("nothing was removed: the answer was no"));
    }
    let count: usize = left.iter().map(|(_, gone)| gone.len()).sum();
    for (host, gone) in left {
        gone.into_iter().for_each(|id| host.spend(id));
    }
    let removed = fan::out(&hosts, request.way.forks.into(), clock, &Host::sweep);
    let failures: Vec<(String, Error)> = hosts
        .iter()
        .zip(removed)
        .filter_map(|(host, done): (_, std::result::Result<(), Failure>)| {
            Some((host.name().to_owned(), done.err()?.into()))
        })
        .collect();
    if failures.is_empty() {
        println!("removed: {count}");
        return Ok(());
    }
    Err(Error::new(Kind::Hosts {
        action: "removing what was left behind".to_owned(),
        failures,
    }))
}
