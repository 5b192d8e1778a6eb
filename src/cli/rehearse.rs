//! `ocpdg rehearse`: a snapshot in memory, the script on it, and the plan.

use std::sync::Arc;

use super::Screen;
use super::arguments::{Manner, RehearseArguments, Way};
use super::attempt::{chosen, hosts, missing, names, wrong};
use super::check::checked;
use super::plan::Plan;
use super::remarks;
use super::run::{Asked, libraries, parameters, started};
use super::snapshot::take;
use super::world::World;
use crate::error::Error;
use crate::journal::{self, Journal};
use crate::primitive::Observer;
use crate::procedure::Span;
use crate::script::{self, Company, Outcome, Runtime, Script, Session};

/// Prints what the script would change, and what fails.
pub fn rehearse(request: &RehearseArguments) -> std::result::Result<(), Screen> {
    let real = World::of(
        request.sim.as_deref(),
        request.inventory.inventory.as_deref(),
    )?;
    let manner = Manner {
        yes: true,
        without: request.without.clone(),
        lib: request.lib.clone(),
        // The simulated hosts want no password.
        way: Way {
            ask_become_pass: false,
            ..request.way.clone()
        },
        on_error: Default::default(),
        verbose: false,
        break_lock: false,
    };
    let cluster = chosen(&real.cluster, &[], &manner.without)?;
    let script = Script::load(&request.script)?;
    let runtime = Runtime::new(libraries(&manner.lib, &script));
    let loaded = checked(&runtime, &script)?;
    let parameters = parameters(&request.set, &loaded)?;
    remarks::print(&loaded);

    let looked = World {
        cluster: cluster.clone(),
        simulated: real.simulated,
    };
    eprintln!("looking at the hosts; nothing is changed on them");
    let snapshot = take(&looked, &request.way)?;
    let world = World::found(real.cluster, &snapshot)?
        .suffering(request.faults.fault.as_deref(), request.faults.sim_hours)?;
    let Some(simulated) = &world.simulated else {
        return Err(Error::controller("rehearse", "the snapshot made no cluster").into());
    };
    let begun = world.clock().reading();

    // Its record is of no use to anybody afterwards.
    let place = tempfile::tempdir()
        .map_err(|error| Error::controller("make a directory for the rehearsal", error))?;
    let asked = Asked {
        script: &request.script,
        libraries: &manner.lib,
        limit: &[],
        from: None,
    };
    let first = |run: &str| started(run, &world, &asked, &script, &loaded, &parameters);
    let journal = Journal::create(place.path(), &cluster.identity(), first)?;
    let plan = Arc::new(Plan::new(simulated));
    let company = Company {
        display: Arc::clone(&plan) as _,
        operator: Arc::clone(&plan) as _,
        clock: world.clock(),
    };
    let session = Session {
        journal,
        runtime,
        parameters,
        known: names(&loaded),
        forks: manner.way.forks.into(),
        span: Span::default(),
        // Nobody else works on simulated hosts.
        mark: None,
    };
    let scripted = |observer: &Arc<dyn Observer>, journal: &Journal| script::Cluster {
        first_master: cluster.first_master().name.clone(),
        all: hosts(&world, &cluster, &manner, observer, journal),
        left_out: missing(&world.cluster, &world.cluster, &cluster),
    };
    let (runtime, assembled) = session.assemble(company, &[], scripted)?;
    let ended = world.end(assembled.play(&runtime, &script, &loaded));
    let Outcome { ended, changes, .. } = assembled.end(ended)?;
    // A run keeps its record, and its copies of files, elsewhere.
    let text = plan.text().replace(
        &place.path().display().to_string(),
        &journal::root()?.display().to_string(),
    );
    println!("{}", text.trim_start());
    match ended {
        Ok(()) => {
            println!(
                "it completes; {} commands change something{}",
                changes,
                world.took(begun)
            );
            Ok(())
        }
        Err(failure) => {
            let mut screen = wrong(failure, 1);
            screen.next = Some("this was a rehearsal: nothing was changed on the hosts".to_owned());
            Err(screen)
        }
    }
}
