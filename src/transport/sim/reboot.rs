//! Going down and coming up again: what a host loses, and what it starts by itself.

use std::time::Duration;

use super::cluster::{Cluster, State};
use super::files::{Actor, join};
use super::machine::Machine;
use super::process::Process;
use super::program;
use super::stream::Halt;
use super::units;
use crate::transport::clock::Clock;

/// RHEL 7 keeps `/tmp` over a reboot; what is older than this is removed when it is up.
const OLD: Duration = Duration::from_secs(10 * 86_400);

/// The host at `machine` goes down: nothing runs any more, and what lay in memory is gone.
pub fn shut_down(state: &mut State, machine: usize, now: Duration) {
    let host = &mut state.machines[machine];
    host.up = false;
    let running = std::mem::take(&mut *host.processes);
    host.units.states.clear();
    host.units.reload();
    // The journal lies in /run unless somebody made it a directory on disk.
    if !host.files.exists("/var/log/journal") {
        host.units.journal.clear();
    }
    for record in host.operations.values_mut() {
        record.shut_down(now);
    }
    for container in &mut host.docker.containers {
        container.running = false;
    }
    clear(host, "/run", now, |_| true);
    clear(host, "/tmp", now, |modified| modified + OLD < now);
    for running in running.into_values() {
        program::ended(state, machine, &running);
    }
}

/// Removes what lies in `directory` and `is_gone` by its time.
fn clear(host: &mut Machine, directory: &str, now: Duration, is_gone: impl Fn(Duration) -> bool) {
    let entries = host.files.list(directory).into_iter().flatten();
    let gone: Vec<String> = entries
        .filter(|(_, node)| is_gone(node.modified))
        .map(|(name, _)| join(directory, name))
        .collect();
    let root = Actor::root(now);
    for path in gone {
        // What is mounted below stays, as a mount point does.
        let _ = host.files.remove_all(&path, &root);
    }
}

/// The host at `machine` comes up at `at`, since 1970, and starts what is enabled.
///
/// # Errors
/// [`Halt`] when a service needs what the simulation does not model.
pub fn boot(cluster: &Cluster, machine: usize, at: Duration) -> Result<(), Halt> {
    {
        let host = &mut cluster.state().machines[machine];
        host.up = true;
        host.booted = at;
    }
    // It takes the host's time, not that of whoever looks at it next.
    let (reading, now) = (cluster.clock.reading(), cluster.now());
    cluster
        .clock
        .set(reading.saturating_sub(now.saturating_sub(at)));
    let done = units::boot(&Process::of_system(cluster, machine));
    cluster.clock.set(reading);
    done
}
