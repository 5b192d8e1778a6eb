//! A simulated host that suffers faults.
#![allow(dead_code)] // every test binary uses its own part of it

use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::clock::Clock;
use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::build::{Description, build};
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::fault::{Fault, FaultPlan};
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Command, Effect, Failure, Output, Refusal, Transport};

const START: Duration = Duration::from_secs(1_500_000_000);

/// The host, and its cluster.
pub struct Host {
    pub cluster: Arc<Cluster>,
    pub sim: Sim,
}

impl Host {
    /// The first of two hosts, which suffers `faults`.
    pub fn with(faults: impl IntoIterator<Item = Fault>) -> Self {
        let machine = |name: &str, address| Machine::new(name, address, 1 << 30, START);
        let machines = vec![
            machine("one.sim.test", "192.0.2.1"),
            machine("two.sim.test", "192.0.2.2"),
        ];
        let cluster = Arc::new(Cluster::new(machines, START));
        Self::of(cluster, "one.sim.test", faults)
    }

    pub fn of(cluster: Arc<Cluster>, name: &str, faults: impl IntoIterator<Item = Fault>) -> Self {
        cluster.suffer(&FaultPlan::of(faults)).unwrap();
        let sim = Sim::new(&cluster, name, false, None);
        Self { cluster, sim }
    }

    pub fn aio(faults: impl IntoIterator<Item = Fault>) -> Self {
        let cluster = build(&Description::shipped("aio").unwrap()).unwrap();
        Self::of(cluster, "master-1.sim.test", faults)
    }

    pub fn try_run(&self, text: &str) -> Result<Output, Failure> {
        self.sim.output(&Command::shell(text, Effect::Changes))
    }

    pub fn run(&self, text: &str) -> String {
        self.try_run(text).unwrap().text()
    }

    pub fn is_unreachable(&self) -> bool {
        let ended = self.try_run("true");
        matches!(
            ended,
            Err(Failure::NotStarted {
                refusal: Refusal::Unreachable,
                ..
            })
        )
    }

    pub fn sleep(&self, seconds: u64) {
        assert!(self.sim.clock().wait(Duration::from_secs(seconds)));
    }

    pub fn seconds(&self) -> u64 {
        self.cluster.clock.reading().as_secs()
    }
}

pub fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}
