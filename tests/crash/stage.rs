//! A simulated cluster, and a run on it that can be gone on with from any moment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ocpdg::error::Result;
use ocpdg::inventory;
use ocpdg::journal::{self, Before, Event, Journal, StepId, Summary};
use ocpdg::primitive::{Host, Observer};
use ocpdg::procedure::{Display, Ended, Level, Operator, Question};
use ocpdg::script::{self, Company, Group, HostRef, Runtime, Script, Session};
use ocpdg::transport::Stream;
use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::build::{Description, build};
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::fault::FaultPlan;

use crate::eye::{Eye, Glimpse, Orders};
use crate::ground::{Check, Ground};
use crate::ledger::Ledger;
use crate::moment::{Copies, Moment, copies};

/// The name of every run: what it leaves on hosts can be compared.
const RUN: &str = "20180501-120000";
/// How long a run may take.
const DAY: Duration = Duration::from_secs(86_400);

/// A simulated cluster and a script.
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// The hosts before the run.
    pub cluster: Arc<Cluster>,
    pub ground: Arc<Ground>,
    inventory: inventory::Cluster,
    script: PathBuf,
    libraries: Vec<PathBuf>,
}

/// One process's work on a run.
pub struct Played {
    /// Why it did not complete.
    pub why: Option<String>,
    /// What did not hold.
    pub wrong: std::collections::BTreeMap<Check, String>,
    /// How many commands it ran.
    pub commands: u32,
    /// What was kept, if that was ordered.
    pub glimpses: Vec<Glimpse>,
    /// What is left of it: at its end, or when the controller died.
    pub left: Moment,
}

impl Stage {
    /// The shipped cluster `name` and the shipped downgrade.
    pub fn shipped(name: &str) -> Self {
        let script = Path::new("scripts/downgrade_3_9_to_3_7.rhai");
        Self::of(name, script, Vec::new())
    }

    /// The shipped cluster `name` and `script`, with modules from `libraries` before the shipped ones.
    pub fn of(name: &str, script: &Path, libraries: Vec<PathBuf>) -> Self {
        let description = Description::shipped(name).expect("a shipped cluster");
        let cluster = build(&description).unwrap_or_else(|reason| panic!("{name}: {reason}"));
        let ground = Arc::new(Ground::of(&cluster.state()));
        let text = description.inventory();
        Self {
            name: name.to_owned(),
            inventory: inventory::Cluster::of_text(&text, Path::new("sim")).unwrap(),
            cluster,
            ground,
            script: script.to_owned(),
            libraries,
        }
    }

    /// The moment at which a run has begun, and nothing else.
    pub fn begin(&self) -> Moment {
        let place = tempfile::tempdir().unwrap();
        let script = std::path::absolute(&self.script).unwrap();
        let libraries = self.libraries.iter();
        let journal = Journal::create(place.path(), "sim", |_| Event::RunStarted {
            run: RUN.to_owned(),
            version: String::new(),
            cluster: "sim".to_owned(),
            hosts: Vec::new(),
            operator: String::new(),
            inventory: String::new(),
            script: script.display().to_string(),
            sources: Default::default(),
            parameters: Default::default(),
            libraries: libraries.map(|path| path.display().to_string()).collect(),
            limit: Vec::new(),
            from: None,
            format: journal::FORMAT,
        });
        let directory = journal.unwrap().files();
        let journal = std::fs::read(directory.with_file_name("journal.jsonl")).unwrap();
        Moment {
            cluster: Arc::clone(&self.cluster),
            length: journal.len(),
            journal: Arc::new(journal),
            copies: Default::default(),
            ledger: Ledger::default(),
        }
    }

    /// Goes on with a run from `from` as `ocpdg resume` does, while `faults` and `orders` happen.
    pub fn resume(&self, from: &Moment, faults: &FaultPlan, orders: Orders) -> Played {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("sim").join(RUN);
        from.lay(&directory);
        let cluster = Arc::new(from.cluster.fork());
        cluster.clock.allow(DAY);
        cluster.suffer(faults).unwrap();
        let ledger = from.ledger.clone();
        let eye = Arc::new(Eye::new(&self.ground, orders, &directory, ledger));
        cluster.watch(Arc::clone(&eye) as _);
        let summary = Summary {
            run: RUN.to_owned(),
            directory: directory.clone(),
            cluster: "sim".to_owned(),
        };
        let why = match self.go(place.path(), &summary, &cluster) {
            Ok(why) => why,
            Err(error) => {
                eye.wrong(Check::Journal, error.to_string());
                Some(error.to_string())
            }
        };
        match summary.read() {
            Err(error) => eye.wrong(Check::Journal, error.to_string()),
            Ok((_, Some(torn))) => eye.wrong(Check::Journal, torn),
            Ok(_) => {}
        }
        let mut seen = eye.seen();
        let killed = seen.died.is_some();
        let journal = std::fs::read(directory.join("journal.jsonl")).unwrap();
        let left = seen.died.take().unwrap_or_else(|| Moment {
            cluster: Arc::new(cluster.fork()),
            length: journal.len(),
            journal: Arc::new(journal),
            copies: copies(&directory, &Copies::new()),
            ledger: seen.ledger.clone(),
        });
        Played {
            why: why.or(killed.then(|| "the controller was killed".to_owned())),
            wrong: std::mem::take(&mut seen.wrong),
            commands: seen.commands,
            glimpses: std::mem::take(&mut seen.glimpses),
            left,
        }
    }

    /// As `ocpdg resume`: why the run did not complete, if it did not.
    fn go(&self, root: &Path, run: &Summary, cluster: &Arc<Cluster>) -> Result<Option<String>> {
        let (journal, records, _) = Journal::reopen(root, run)?;
        journal.relax();
        let before = Before::of(&records)?;
        let script = Script::recorded(&before.script, Path::new(&before.script))?;
        let runtime = Runtime::new(before.libraries.iter().map(PathBuf::from).collect());
        let loaded = runtime
            .load(&script)
            .map_err(|failure| failure.trace.error)?;
        journal.append(Event::Resumed {
            format: journal::FORMAT,
            version: String::new(),
            operator: journal::operator(),
            sources: loaded.digests.clone(),
            parameters: Default::default(),
        })?;
        let session = Session {
            journal,
            runtime,
            parameters: before.parameters,
            known: loaded
                .parameters
                .iter()
                .map(|one| one.name.clone())
                .collect(),
            forks: 10,
            span: Default::default(),
            mark: None,
        };
        let company = Company {
            display: Arc::new(Blind),
            operator: Arc::new(Willing),
            clock: Arc::clone(&cluster.clock) as _,
        };
        let hosts = |observer: &Arc<dyn Observer>, _: &Journal| script::Cluster {
            left_out: Vec::new(),
            first_master: self.inventory.first_master().name.clone(),
            all: Group::new(
                self.inventory
                    .hosts()
                    .iter()
                    .enumerate()
                    .map(|(place, host)| {
                        let sim = Sim::new(cluster, &host.name, host.connection.become_root, None);
                        let reached = Host::new(&host.name, Arc::new(sim), Arc::clone(observer));
                        HostRef::new(reached, host.groups.iter().cloned().collect(), place)
                    }),
            ),
        };
        let (runtime, assembled) = session.assemble(company, &[], hosts)?;
        let ended = assembled.play(&runtime, &script, &loaded);
        let outcome = assembled.end(ended)?;
        let failed = outcome.ended.err();
        Ok(failed.map(|failure| {
            let error = &failure.trace.error;
            format!("{error}; {}", error.details().join("; "))
        }))
    }
}

/// Sees nothing.
struct Blind;

impl Display for Blind {
    fn phase(&self, _: &str) {}
    fn step(&self, _: &StepId, _: &[&str], _: &[&str]) {}
    fn ended(&self, _: &StepId, _: &str, _: Ended<'_>, _: Duration) {}
    fn command(&self, _: u64, _: &str, _: &str, _: bool) {}
    fn output(&self, _: u64, _: &str, _: Stream, _: &[u8]) {}
    fn command_ended(&self, _: u64, _: &str) {}
    fn note(&self, _: Level, _: Option<&str>, _: &str) {}
    fn table(&self, _: &[String], _: &[Vec<String>]) {}
    fn waiting(&self, _: Option<&str>, _: &str, _: Duration, _: Duration) {}
    fn step_ended(&self) {}
}

/// Says yes to every question, as `--yes` does.
struct Willing;

impl Operator for Willing {
    fn confirm(&self, _: &Question) -> Result<bool> {
        Ok(true)
    }
}
