//! `host.ports`: who listens on them.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::primitive::ports;

tool!(
    /// The TCP ports of a host or a group.
    Ports,
    "ports"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Ports>::begin(module, run, r#"/// The TCP ports: who listens on them.
        /// ```rhai
        /// for one in cluster::first_master.ports.listening([2379, 8443]) { note(`${one.port}: ${one.process}`); }
        /// ```"#).one(
        "listening",
        "ports",
        "/// Who listens on `ports`: `port`, `address`, `process` (`()` where the kernel itself does).",
        |host, ports: &Vec<i64>| ports::listening(host, ports),
    );
}
