//! Puts a session together: a run like any other, whose lines are typed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::editor::Shared;
use super::reached::{Noticing, Reached};
use super::{ReplArguments, secret};
use crate::cli::Screen;
use crate::cli::attempt::{chosen, hosts, left_out, missing};
use crate::cli::failure::operator;
use crate::cli::progress::Progress;
use crate::cli::remarks;
use crate::cli::signals::interruptible;
use crate::cli::world::{self, World};
use crate::error::{Error, Result};
use crate::journal::{self, Event, Journal};
use crate::primitive::Observer;
use crate::procedure::{self, Rules, Span};
use crate::script::{self, Assembled, Company, Console, Failure, Runtime, Session, shipped};

/// A session with all that belongs to it.
pub struct Seat {
    /// The script side.
    pub console: Shared,
    /// Who answered so far.
    pub reached: Arc<Reached>,
    /// The run.
    pub assembled: Assembled,
    /// The hosts.
    pub world: World,
    begun: Duration,
}

/// Opens a run called `name` in the journal, for lines to come.
///
/// # Errors
/// An inventory or an option that is wrong; another run that lives; the journal's own.
pub fn open(request: &ReplArguments, name: &str) -> Result<Seat> {
    if request.sim.is_none() {
        request.faults.refuse()?;
    }
    request.manner.on_error.possible()?;
    let world = World::of(
        request.sim.as_deref(),
        request.inventory.inventory.as_deref(),
    )?
    .suffering(request.faults.fault.as_deref(), request.faults.sim_hours)?;
    let manner = &request.manner;
    let cluster = chosen(&world.cluster, &request.limit, &manner.without)?;
    let before = chosen(&world.cluster, &request.limit, &[])?;
    let known = known();
    let parameters = parameters(&request.set, &known)?;
    let root = world.journals()?;
    let first = |run: &str| Event::RunStarted {
        format: journal::FORMAT,
        run: run.to_owned(),
        cluster: world.cluster.identity(),
        inventory: world.source(),
        script: name.to_owned(),
        sources: BTreeMap::new(),
        parameters: parameters
            .iter()
            .map(|(name, value)| {
                let hidden = secret::is_likely(name);
                (
                    name.clone(),
                    if hidden {
                        Value::from("concealed")
                    } else {
                        value.clone()
                    },
                )
            })
            .collect(),
        libraries: manner
            .lib
            .iter()
            .map(|path| crate::cli::run::absolute(path))
            .collect(),
        limit: request.limit.clone(),
        from: None,
        hosts: world
            .cluster
            .hosts()
            .iter()
            .map(|host| host.name.clone())
            .collect(),
        operator: journal::operator(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let journal = Journal::create(&root, &world.cluster.identity(), first)?;
    if world.simulated.is_some() {
        journal.relax();
    }
    let display = Progress::start(manner.verbose);
    interruptible(&display)?;
    let reached = Arc::new(Reached::default());
    let (operator, asking) = operator(
        manner,
        libraries(request),
        &reached,
        world.simulated.is_some(),
    );
    let company = Company {
        display,
        operator,
        clock: world.clock(),
    };
    let session = Session {
        journal,
        runtime: Runtime::new(libraries(request)),
        parameters,
        known,
        forks: manner.way.forks.into(),
        span: Span::default(),
        mark: Some(Rules {
            path: world::marker_path()?,
            root,
            break_lock: manner.break_lock,
        }),
    };
    let scripted = |observer: &Arc<dyn Observer>, journal: &Journal| {
        let noticing: Arc<dyn Observer> = Arc::new(Noticing {
            reached: Arc::clone(&reached),
            observer: Arc::clone(observer),
        });
        script::Cluster {
            first_master: cluster.first_master().name.clone(),
            all: hosts(&world, &cluster, manner, &noticing, journal),
            left_out: missing(&world.cluster, &before, &cluster),
        }
    };
    let left_out = left_out(&before, &cluster);
    let (runtime, assembled) = session.assemble(company, &left_out, scripted)?;
    if let Some(asking) = &asking {
        asking.begin(&assembled);
    }
    let console = Console::new(
        runtime,
        Arc::clone(&assembled.run),
        assembled.cluster.clone(),
    );
    match console.follow_site() {
        Ok(file) => remarks::followed(file.as_deref()),
        Err(failure) => {
            let outcome = assembled.end(Err(failure))?;
            return Err(outcome.ended.err().map_or_else(
                || Error::controller("follow the site's own file", "it failed"),
                Failure::into_error,
            ));
        }
    }
    Ok(Seat {
        console: Rc::new(RefCell::new(console)),
        reached,
        begun: world.clock().reading(),
        assembled,
        world,
    })
}

impl Seat {
    /// Puts the end of the session on record, and says it.
    ///
    /// # Errors
    /// That of the session, if it `ended` with one.
    pub fn end(self, ended: std::result::Result<(), Screen>) -> std::result::Result<(), Screen> {
        let (ended, screen) = match ended {
            Ok(()) => (Ok(()), None),
            Err(screen) => (Err(Failure::from((*screen.error).clone())), Some(screen)),
        };
        let outcome = self.assembled.end(self.world.end(ended))?;
        let run = self.assembled.journal.run();
        let changed = match outcome.changes {
            0 => "nothing that changes a host was run".to_owned(),
            1 => "1 command that may change a host was run".to_owned(),
            many => format!("{many} commands that may change a host were run"),
        };
        let took = self.world.took(self.begun);
        match self.world.simulated {
            Some(_) => eprintln!("run {run} ended; {changed}{took}"),
            None => eprintln!("run {run} ended; {changed}; `ocpdg log {run}` shows it"),
        }
        screen.map_or(Ok(()), Err)
    }
}

/// The directories that modules come from.
fn libraries(request: &ReplArguments) -> Vec<std::path::PathBuf> {
    let here = script::Script {
        name: String::new(),
        text: String::new(),
        directory: Some(std::path::PathBuf::new()),
    };
    crate::cli::run::libraries(&request.manner.lib, &here)
}

/// The names of the parameters that the shipped library asks for.
fn known() -> Vec<String> {
    let library = shipped::FILES
        .iter()
        .filter(|(path, _)| path.starts_with("stdlib/"));
    let mut names: Vec<String> = library
        .flat_map(|(_, text)| text.split("param(\"").skip(1))
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// `--set` as a map, each name known.
fn parameters(given: &[String], known: &[String]) -> Result<Map<String, Value>> {
    let mut parameters = Map::new();
    for setting in given {
        let Some((name, value)) = setting.split_once('=') else {
            return Err(Error::invalid(format!("`--set {setting}`"), "has no `=`")
                .with_hint("write `--set NAME=VALUE`"));
        };
        if !known.iter().any(|one| one == name) {
            return Err(procedure::unknown_parameter(name, known));
        }
        parameters.insert(name.to_owned(), Value::from(value));
    }
    Ok(parameters)
}
