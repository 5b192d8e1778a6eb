//! The hosts that a run works on: real ones, or simulated ones.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::arguments::RunArguments;
use crate::error::{Error, Result};
use crate::inventory::Cluster;
use crate::journal;
use crate::transport::clock::{Clock, SystemClock};
use crate::transport::sim::build::{Description, build};
use crate::transport::sim::fault::{FaultPlan, Wrong};
use crate::transport::sim::{self, Sim};
use crate::transport::{Connection, Transport, reach, ssh};

/// The plan `random:SEED` for `hosts`, or that of the file `from`.
fn plan(from: &str, hosts: &[String]) -> Result<FaultPlan> {
    if let Some(seed) = from.strip_prefix("random:") {
        let wrong = |_| {
            Error::invalid(format!("`--fault {from}`"), "the seed is no number")
                .with_hint("write `--fault random:7`")
        };
        return Ok(FaultPlan::random(seed.parse().map_err(wrong)?, hosts));
    }
    let text = std::fs::read_to_string(from)
        .map_err(|error| Error::invalid(format!("fault file `{from}`"), error))?;
    FaultPlan::parse(&text).map_err(|wrong| malformed(from, wrong))
}

fn malformed(file: &str, wrong: Wrong) -> Error {
    Error::invalid(format!("`{file}:{}`", wrong.line), wrong.reason)
        .with_hint("docs/simulation.md describes the file")
}

/// The hosts that a run works on: real ones, or simulated ones.
pub struct World {
    /// What the inventory says of them.
    pub cluster: Cluster,
    /// The simulated cluster that they belong to, if they do.
    pub simulated: Option<Arc<sim::cluster::Cluster>>,
}

impl World {
    /// The hosts that `request` names.
    pub fn of(request: &RunArguments) -> Result<Self> {
        match &request.sim {
            Some(name) => Self::simulated(name, request.fault.as_deref(), request.sim_hours),
            None => super::run::usable(&super::inventory::file(
                request.inventory.inventory.as_deref(),
            )?)
            .map(Self::real),
        }
    }

    /// Real hosts.
    pub fn real(cluster: Cluster) -> Self {
        Self {
            cluster,
            simulated: None,
        }
    }

    /// The simulated cluster `name`: a shipped one, or a file that describes one. It suffers the faults of
    /// the file `fault`, or of `random:SEED`, for at most `hours`.
    fn simulated(name: &str, fault: Option<&str>, hours: Option<u64>) -> Result<Self> {
        const HOURS: u64 = 24;
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
                Description::parse(&text).map_err(|reason| Error::invalid(&subject, reason))?
            }
        };
        let hosts = description.hosts.iter();
        let hosts: Vec<String> = hosts.map(|host| description.full_name(host)).collect();
        let plan = fault.map_or_else(|| Ok(FaultPlan::default()), |from| plan(from, &hosts))?;
        let cluster =
            Cluster::of_text(&description.inventory(), Path::new(&format!("sim:{name}")))?;
        let built = build(&description)
            .map_err(|reason| Error::controller(format!("build {subject}"), reason))?;
        let hours = hours.or(plan.hours).unwrap_or(HOURS);
        built
            .clock
            .allow(Duration::from_secs(hours.saturating_mul(3600)));
        built
            .suffer(&plan)
            .map_err(|wrong| malformed(fault.unwrap_or_default(), wrong))?;
        Ok(Self {
            cluster,
            simulated: Some(built),
        })
    }

    /// The error that ends a run whose simulated time is over, if it is.
    pub fn overspent(&self) -> Option<Error> {
        let hours = self.clock().overspent()?.as_secs() / 3600;
        let reason = format!("the {hours} h of simulated time that this run may take are over");
        Some(Error::controller("go on", reason).with_hint(
            "a loop that never ends, perhaps; for a run that takes longer there is `--sim-hours N`",
        ))
    }

    /// The faults of the plan that had no effect, a sentence each.
    pub fn unharmed(&self) -> Vec<String> {
        let cluster = self.simulated.iter();
        cluster.flat_map(|cluster| cluster.unharmed()).collect()
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
