//! The simulated cluster: its hosts, its clock, and the lock around all of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::etcd::Etcd;
use super::fault::Faults;
use super::machine::Machine;
use super::openshift::Pods;
use super::packages::Catalog;
use super::stream::Halt;
use crate::transport::clock::{Clock, SimulatedClock};
use crate::transport::{Command, Effect, Exit, Failure, interrupt};

/// A simulated cluster.
pub struct Cluster {
    /// The one clock of all hosts.
    pub clock: Arc<SimulatedClock>,
    state: Mutex<State>,
    watch: OnceLock<Arc<dyn Watch>>,
}

/// Everything that changes in a cluster.
#[derive(Clone)]
pub struct State {
    /// The hosts.
    pub machines: Vec<Machine>,
    /// The name service: each name, and the addresses behind it.
    pub names: BTreeMap<String, Vec<String>>,
    /// The etcd clusters.
    pub etcd: Etcd,
    /// What the mirrors have.
    pub catalog: Arc<Catalog>,
    /// What goes wrong, by plan.
    pub faults: Faults,
    /// The pods that the nodes of a cluster have to run.
    pub pods: Pods,
    /// The hosts on which a unit waits to be started again by itself.
    pub restarting: BTreeSet<usize>,
    /// The places of hosts, by their addresses and their short names.
    places: HashMap<String, Vec<usize>>,
    /// The last number given out by [`State::number`].
    last: u64,
}

impl Cluster {
    /// A cluster of `machines` at `start`, since 1970.
    pub fn new(machines: Vec<Machine>, start: Duration) -> Self {
        let names = machines
            .iter()
            .map(|machine| (machine.name.clone(), vec![machine.address.clone()]))
            .collect();
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, machine) in machines.iter().enumerate() {
            let short = machine.name.split('.').next().unwrap_or_default();
            for name in [short, &machine.address] {
                places.entry(name.to_owned()).or_default().push(at);
            }
        }
        Self {
            clock: Arc::new(SimulatedClock::new(start)),
            state: Mutex::new(State {
                machines,
                names,
                etcd: Etcd::default(),
                catalog: Catalog::shipped(),
                faults: Faults::default(),
                pods: Pods::default(),
                restarting: BTreeSet::new(),
                places,
                last: 0,
            }),
            watch: OnceLock::new(),
        }
    }

    /// The same cluster once more, which from now on goes its own way; nobody watches it.
    pub fn fork(&self) -> Self {
        Self {
            clock: Arc::new(self.clock.fork()),
            state: Mutex::new(self.state().clone()),
            watch: OnceLock::new(),
        }
    }

    /// Has `watch` look on at every command; only the first one does.
    pub fn watch(&self, watch: Arc<dyn Watch>) {
        self.watch.get_or_init(|| watch);
    }

    /// Who looks on.
    pub(super) fn watcher(&self) -> Option<&dyn Watch> {
        self.watch.get().map(Arc::as_ref)
    }

    /// The state, nobody else's meanwhile. Never held while a program reads or writes.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of day, since 1970.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Lets `time` pass in a command with `effect`, until the reading `deadline` at most.
    ///
    /// # Errors
    /// [`Halt::Overdue`] at the deadline, [`Halt::Overspent`] when the whole run's time is over,
    /// [`Halt::Interrupted`] on Ctrl-C.
    pub fn pass(
        &self,
        time: Duration,
        deadline: Option<Duration>,
        effect: Effect,
    ) -> Result<(), Halt> {
        if interrupt::gives_up(effect) {
            return Err(Halt::Interrupted);
        }
        let now = self.clock.reading();
        let end = now.saturating_add(time);
        let (limit, halt) = match (deadline, self.clock.end()) {
            (Some(deadline), Some(last)) if last < deadline => (last, Halt::Overspent),
            (None, Some(last)) => (last, Halt::Overspent),
            (Some(deadline), _) => (deadline, Halt::Overdue),
            (None, None) => (Duration::MAX, Halt::Overspent),
        };
        if end < limit {
            self.clock.spend(time);
            return Ok(());
        }
        self.clock.spend(limit.saturating_sub(now));
        Err(halt)
    }
}

/// Looks on at the commands of a cluster, on the hosts themselves: what does not reach its host is not
/// seen. For tests of what holds at every moment.
pub trait Watch: Send + Sync {
    /// `command` is about to run on `host`.
    ///
    /// # Errors
    /// What becomes of it in its place, if it does not run.
    fn before(&self, cluster: &Cluster, host: &str, command: &Command) -> Result<(), Failure>;

    /// It ran, and ended so, whether or not the controller hears of it.
    fn after(
        &self,
        cluster: &Cluster,
        host: &str,
        command: &Command,
        ended: &Result<Exit, Failure>,
    );
}

impl State {
    /// The place of the host called `name`: its own name, its short name, or its address.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.places_of(name).min()
    }

    fn places_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = usize> + 's {
        let addresses = self.names.get(name).into_iter().flatten();
        let words = addresses.map(String::as_str).chain([name]);
        words
            .filter_map(|word| self.places.get(word))
            .flatten()
            .copied()
    }

    /// The places of the hosts behind `name`, which may be several.
    pub fn find_all(&self, name: &str) -> Vec<usize> {
        let mut found: Vec<usize> = self.places_of(name).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// A number that was never given out before: for ids that have to differ, the same in every run.
    pub fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}
