//! `host.port`: TCP ports of others, as a host sees them.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::primitive::port;

tool!(
    /// The ports of others, as a host or a group sees them.
    Port,
    "port"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Port>::begin(module, run, r#"/// TCP ports of others, as this host sees them.
        /// ```rhai
        /// let other = cluster::etcd.names[0];
        /// note(cluster::first_master.port.probe(other, 2379).answer);
        /// ```"#).two(
        "probe",
        ["address", "port"],
        "/// Connects from this host to `port` of `address` (a name or an IP address), for 5 s at most. The\n\
         /// result says in `answer`: `open` (something listens), `refused` (nothing listens there, and the\n\
         /// network lets through) or `no answer` (down, or a firewall between); in `detail` the words.",
        |host, address: &String, port: &u16| port::probe(host, address, *port),
    );
}
