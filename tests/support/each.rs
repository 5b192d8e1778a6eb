//! One test, asked of each transport in turn.
#![allow(dead_code)] // every test binary uses its own part of it

use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::local::Local;
use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Transport, ssh};

use super::sshd;

/// Runs `test` on each transport, and says which one it was when it fails.
pub fn on_each(test: impl Fn(Arc<dyn Transport>)) {
    on_real(&test);
    println!("simulated");
    test(Arc::new(simulated()));
}

/// As [`on_each`], on those where time passes.
pub fn on_real(test: impl Fn(Arc<dyn Transport>)) {
    let sshd = sshd::Setup::new().start();
    let ssh = ssh::connect(&sshd.connection(), &sshd.options()).unwrap();
    println!("over ssh");
    test(Arc::new(ssh));
    println!("locally");
    test(Arc::new(Local::new("here", false, None)));
}

/// The only host of a simulated cluster.
pub fn simulated() -> Sim {
    let now = Duration::from_secs(1_500_000_000);
    let machine = Machine::new("here", "192.0.2.1", 100 << 30, now);
    let cluster = Arc::new(Cluster::new(vec![machine], now));
    Sim::new(&cluster, "here", false, None)
}
