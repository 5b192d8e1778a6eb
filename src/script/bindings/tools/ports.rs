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
    Verbs::<Ports>::begin(module, run, "The TCP ports: who listens on them.").one(
        "listening",
        "ports",
        "/// Who listens on `ports`: `port`, `address`, `process` (`()` where the kernel itself does).",
        |host, ports: &Vec<i64>| ports::listening(host, ports),
    );
}
