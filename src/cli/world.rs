//! The hosts that a run works on: real ones, or simulated ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::arguments::Way;
use super::prompt::Secrets;
use crate::error::{Error, Result};
use crate::inventory::{Cluster, Host as Listed};
use crate::journal;
use crate::primitive::{Host, Observer, marker};
use crate::script::Failure;
use crate::transport::clock::{Clock, SystemClock};
use crate::transport::sim::build::facts::Snapshot;
use crate::transport::sim::build::{Description, build, build_found};
use crate::transport::sim::fault::FaultPlan;
use crate::transport::sim::malformed::Malformed;
use crate::transport::sim::{self, Sim};
use crate::transport::{Connection, Transport, interrupt, reach, ssh};

/// The plan `random:SEED` for the hosts of `cluster`, or that of the file `from`.
fn plan(from: &str, cluster: &sim::cluster::Cluster) -> Result<FaultPlan> {
    if let Some(seed) = from.strip_prefix("random:") {
        let wrong = |_| {
            Error::invalid(format!("`--fault {from}`"), "the seed is no number")
                .with_hint("write `--fault random:7`")
        };
        let seed = seed.parse().map_err(wrong)?;
        let state = cluster.state();
        let hosts = state.machines.iter().map(|host| host.name.clone());
        return Ok(FaultPlan::random(seed, &hosts.collect::<Vec<_>>()));
    }
    let text = std::fs::read_to_string(from)
        .map_err(|error| Error::invalid(format!("fault file `{from}`"), error))?;
    FaultPlan::parse(&text).map_err(|wrong| malformed(from, wrong))
}

fn malformed(file: &str, wrong: Malformed) -> Error {
    let place = match wrong.line {
        0 => format!("`{file}`"),
        line => format!("`{file}:{line}`"),
    };
    Error::invalid(place, wrong.reason).with_hint("docs/simulation.md describes the file")
}

/// The hosts that a run works on: real ones, or simulated ones.
pub struct World {
    /// What the inventory says of them.
    pub cluster: Cluster,
    /// The simulated cluster that they belong to, if they do.
    pub simulated: Option<Arc<sim::cluster::Cluster>>,
}

impl World {
    /// The hosts of the simulated cluster `sim`, or those of the inventory.
    pub fn of(sim: Option<&str>, inventory: Option<&Path>) -> Result<Self> {
        match sim {
            Some(name) => Self::simulated(name),
            None => super::run::usable(&super::inventory::file(inventory)?).map(Self::real),
        }
    }

    /// Simulated hosts as `snapshot` found them, called as in `cluster`; what is not as it was found is said.
    pub fn found(cluster: Cluster, snapshot: &Snapshot) -> Result<Self> {
        let (built, notes) = build_found(snapshot)
            .map_err(|reason| Error::controller("build a cluster from the snapshot", reason))?;
        for note in notes {
            eprintln!("note: {}", super::progress::harmless(&note));
        }
        Ok(Self {
            cluster,
            simulated: Some(built),
        })
    }

    /// Real hosts.
    pub fn real(cluster: Cluster) -> Self {
        Self {
            cluster,
            simulated: None,
        }
    }

    /// The simulated cluster `name`: a shipped one, or a file that describes one.
    fn simulated(name: &str) -> Result<Self> {
        let subject = format!("simulated cluster `{name}`");
        let description = match Description::shipped(name) {
            Some(description) => description,
            None => {
                let text = std::fs::read_to_string(name).map_err(|error| {
                    let found = format!("is no shipped one, and no file that can be read: {error}");
                    Error::invalid(&subject, found).with_hint(
                        "there are aio, ha and external, each also with -failed-at-3.8, and large:N with N nodes",
                    )
                })?;
                if Snapshot::is_one(&text) {
                    let snapshot = Snapshot::parse(&text).map_err(|wrong| {
                        malformed(name, wrong)
                            .with_hint("write it anew with `ocpdg snapshot -o FILE`")
                    })?;
                    let source = format!("sim:{name}");
                    let cluster = Cluster::of_text(&snapshot.inventory(), Path::new(&source))?;
                    return Self::found(cluster, &snapshot);
                }
                Description::parse(&text).map_err(|wrong| malformed(name, wrong))?
            }
        };
        let cluster =
            Cluster::of_text(&description.inventory(), Path::new(&format!("sim:{name}")))?;
        let built = build(&description)
            .map_err(|reason| Error::controller(format!("build {subject}"), reason))?;
        Ok(Self {
            cluster,
            simulated: Some(built),
        })
    }

    /// Lets simulated hosts suffer the faults of the file `fault`, or of `random:SEED`, and ends what runs on
    /// them after `hours` of simulated time: those of the plan unless told, or a day.
    pub fn suffering(self, fault: Option<&str>, hours: Option<u64>) -> Result<Self> {
        const HOURS: u64 = 24;
        let Some(built) = &self.simulated else {
            return Ok(self);
        };
        let plan = fault.map_or_else(|| Ok(FaultPlan::default()), |from| plan(from, built))?;
        let hours = hours.or(plan.hours).unwrap_or(HOURS);
        built
            .clock
            .allow(Duration::from_secs(hours.saturating_mul(3600)));
        built
            .suffer(&plan)
            .map_err(|wrong| malformed(fault.unwrap_or_default(), wrong))?;
        Ok(self)
    }

    /// The same hosts once more, as they are now: what happens to one is nothing to the other.
    pub fn fork(&self) -> Self {
        let fork = |cluster: &Arc<sim::cluster::Cluster>| {
            let fork = cluster.fork();
            if let Some(end) = cluster.clock.end() {
                fork.clock
                    .allow(end.saturating_sub(cluster.clock.reading()));
            }
            Arc::new(fork)
        };
        Self {
            cluster: self.cluster.clone(),
            simulated: self.simulated.as_ref().map(fork),
        }
    }

    /// How a script ended: `ended`, unless simulated time ended it. Warns of faults that had no effect.
    pub fn end(&self, ended: std::result::Result<(), Failure>) -> std::result::Result<(), Failure> {
        let cluster = self.simulated.iter();
        for fault in cluster.flat_map(|cluster| cluster.unharmed()) {
            eprintln!("warning: {}", super::progress::harmless(&fault));
        }
        ended.map_err(|failure| self.timed(failure))
    }

    /// Why a script failed: `failure`, unless simulated time ended it.
    pub fn timed(&self, mut failure: Failure) -> Failure {
        let Some(limit) = self.clock().overspent().filter(|_| !interrupt::requested()) else {
            return failure;
        };
        let hours = limit.as_secs() / 3600;
        let reason = format!("the {hours} h of simulated time that this run may take are over");
        failure.trace.error = Error::controller("go on", reason).with_hint(
            "a loop that never ends, perhaps; for a run that takes longer there is `--sim-hours N`",
        );
        failure
    }

    /// Where the journals of its runs lie. Those of simulated hosts are kept apart: `resume` and `log`
    /// are about real ones.
    pub fn journals(&self) -> Result<PathBuf> {
        let root = journal::root()?;
        Ok(match self.simulated {
            Some(_) => root.join("simulated"),
            None => root,
        })
    }

    /// What the inventory was read from.
    pub fn source(&self) -> String {
        match self.simulated {
            Some(_) => self.cluster.source.display().to_string(),
            None => super::run::absolute(&self.cluster.source),
        }
    }

    /// The clock that the run is timed by.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match &self.simulated {
            Some(cluster) => Arc::clone(&cluster.clock) as _,
            None => Arc::new(SystemClock),
        }
    }

    /// How long a run on simulated hosts would have taken since `begun`, in words that end a sentence.
    pub fn took(&self, begun: Duration) -> String {
        let Some(cluster) = &self.simulated else {
            return String::new();
        };
        let seconds = cluster.clock.since(begun).as_secs();
        format!("; simulated time: {} min {} s", seconds / 60, seconds % 60)
    }

    /// The hosts that are `listed`, reachable in this `way` when first asked, their commands shown to
    /// `observer`; for verbs that look outside of any run.
    pub fn hosts(&self, way: &Way, listed: &[&Listed], observer: &Arc<dyn Observer>) -> Vec<Host> {
        let options = ssh::Options {
            accept_new_host_keys: way.accept_new_host_keys,
            ask: Arc::new(ssh::Remembered::new(Secrets)),
            ..ssh::Options::default()
        };
        let reached = listed.iter().map(|host| {
            let mut connection = host.connection.clone();
            let asks = way.ask_become_pass && connection.become_root;
            if asks && connection.become_password.is_none() {
                connection.become_password = ssh::Prompt::secret(&*options.ask, "sudo password");
            }
            let transport = self.reach(&connection, &options);
            Host::new(&host.name, transport, Arc::clone(observer))
        });
        reached.collect()
    }

    /// The way to the host of `connection`.
    pub fn reach(&self, connection: &Connection, options: &ssh::Options) -> Arc<dyn Transport> {
        match &self.simulated {
            Some(cluster) => Arc::new(Sim::new(
                cluster,
                &connection.name,
                connection.become_root,
                connection.become_password.clone(),
            )),
            None => reach(connection, options),
        }
    }
}

/// Where the marker of who works on the cluster lies, on its first master.
///
/// # Errors
/// An `$OCPDG_MARKER` that is no absolute path.
pub fn marker_path() -> Result<String> {
    match std::env::var("OCPDG_MARKER") {
        Ok(path) if path.starts_with('/') && !path.ends_with('/') => Ok(path),
        Ok(path) if !path.is_empty() => Err(Error::invalid(
            "`$OCPDG_MARKER`",
            format!("`{path}` is not the absolute path of a file"),
        )),
        _ => Ok(marker::PATH.to_owned()),
    }
}
