//! The eye on every command of a simulated cluster: what was done, what must hold, what to do to it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ocpdg::transport::sim::cluster::{Cluster, State, Watch};
use ocpdg::transport::sim::fault::When;
use ocpdg::transport::{Command, Exit, Failure, Refusal};

use crate::ground::{Check, Ground};
use crate::ledger::{Ledger, UnderWay};
use crate::likeness::{self, Eyes};
use crate::moment::{Copies, Moment, copies};

/// What happens to a run besides its faults; commands are counted from 0.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// The controller is killed before or after a command.
    pub kill: Option<(u32, When)>,
    /// The host of this place reboots before a command, and is up again after a while.
    pub reboot: Option<(u32, usize, Duration)>,
    /// Whether a moment is kept for every command.
    pub keep: bool,
}

/// The journal and the cluster, as they were right before or after a command.
pub struct Glimpse {
    /// How long the journal was.
    pub length: usize,
    /// The cluster.
    pub cluster: Arc<Cluster>,
    /// Its state, with what lags behind written.
    state: Arc<State>,
    /// The same number for all moments in a row that differ in nothing but times.
    pub class: usize,
    /// The copies on the controller.
    pub copies: Copies,
    /// What had been done.
    pub ledger: Ledger,
    /// The command, on its host.
    pub command: String,
}

/// Looks on at one process's work on a run.
pub struct Eye {
    ground: Arc<Ground>,
    orders: Orders,
    directory: PathBuf,
    seen: Mutex<Seen>,
}

/// What was seen.
#[derive(Default)]
pub struct Seen {
    /// How many commands began.
    pub commands: u32,
    /// What was done that may be done once.
    pub ledger: Ledger,
    /// What did not hold: the first time of each check.
    pub wrong: BTreeMap<Check, String>,
    /// What was kept.
    pub glimpses: Vec<Glimpse>,
    /// The moment at which the controller died.
    pub died: Option<Moment>,
    under_way: Option<UnderWay>,
    copy: Option<(usize, String)>,
    shut: bool,
    /// How much of the journal was looked through.
    read: u64,
}

impl Eye {
    /// An eye on the run whose journal lies in `directory`, that goes on from `ledger`.
    pub fn new(ground: &Arc<Ground>, orders: Orders, directory: &Path, ledger: Ledger) -> Self {
        Self {
            ground: Arc::clone(ground),
            orders,
            directory: directory.to_owned(),
            seen: Mutex::new(Seen {
                ledger,
                ..Seen::default()
            }),
        }
    }

    /// What it saw.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Notes that `what` does not hold, at `place`.
    pub fn wrong(&self, check: Check, what: impl Into<String>) {
        self.seen()
            .wrong
            .entry(check)
            .or_insert_with(|| what.into());
    }

    fn journal(&self) -> Vec<u8> {
        std::fs::read(self.directory.join("journal.jsonl")).unwrap_or_default()
    }

    fn keep(&self, seen: &mut Seen, cluster: &Cluster, title: &str) {
        let length = std::fs::metadata(self.directory.join("journal.jsonl"));
        let none = Copies::new();
        let last = seen.glimpses.last();
        let copies = copies(&self.directory, last.map_or(&none, |last| &last.copies));
        let state = likeness::state(cluster);
        let same = last.filter(|last| {
            last.copies == copies
                && likeness::differences(&last.state, &state, Eyes::Sharp).is_empty()
        });
        let (cluster, state, class) = match same {
            Some(last) => (
                Arc::clone(&last.cluster),
                Arc::clone(&last.state),
                last.class,
            ),
            None => {
                let class = last.map_or(0, |last| last.class + 1);
                (Arc::new(cluster.fork()), Arc::new(state), class)
            }
        };
        seen.glimpses.push(Glimpse {
            length: length.map_or(0, |it| usize::try_from(it.len()).unwrap()),
            cluster,
            state,
            class,
            copies,
            ledger: seen.ledger.clone(),
            command: title.to_owned(),
        });
    }

    fn die(&self, seen: &mut Seen, cluster: &Cluster) {
        let journal = self.journal();
        seen.died = Some(Moment {
            cluster: Arc::new(cluster.fork()),
            length: journal.len(),
            journal: Arc::new(journal),
            copies: copies(&self.directory, &Copies::new()),
            ledger: seen.ledger.clone(),
        });
    }

    /// Whether the phase that shuts the cluster down is over, by the journal.
    fn is_shut(&self, seen: &mut Seen) -> bool {
        if !seen.shut {
            let mut new = String::new();
            let mut file = File::open(self.directory.join("journal.jsonl")).expect("a journal");
            file.seek(SeekFrom::Start(seen.read))
                .expect("it is that long");
            file.read_to_string(&mut new).expect("text");
            seen.read += new.len() as u64;
            seen.shut = new.contains(r#""phase_finished","title":"6.3"#);
        }
        seen.shut
    }
}

fn dead(host: &str, command: &Command) -> Failure {
    Failure::Lost {
        host: host.to_owned(),
        command: command.line(),
        reason: "the controller is dead".to_owned(),
    }
}

impl Watch for Eye {
    fn before(&self, cluster: &Cluster, host: &str, command: &Command) -> Result<(), Failure> {
        let mut guard = self.seen();
        let seen = &mut *guard;
        if seen.died.is_some() {
            return Err(dead(host, command));
        }
        let title = format!("{host}: {}", command.line());
        if self.orders.keep {
            self.keep(seen, cluster, &format!("before {title}"));
        }
        let number = seen.commands;
        if self.orders.kill == Some((number, When::Before)) {
            self.die(seen, cluster);
            return Err(dead(host, command));
        }
        seen.commands += 1;
        let machine = cluster.state().find(host).expect("a host of the cluster");
        if let Some((at, place, away)) = self.orders.reboot
            && at == number
        {
            cluster
                .reboot(place, away)
                .expect("what is enabled is modelled");
            if place == machine && !away.is_zero() {
                return Err(Failure::NotStarted {
                    host: host.to_owned(),
                    refusal: Refusal::Unreachable,
                    reason: "connection closed by the host, which goes down".to_owned(),
                });
            }
        }
        let (under_way, wrong) = seen.ledger.starts(&cluster.state(), machine, command);
        seen.under_way = Some(under_way);
        if let Some(wrong) = wrong {
            seen.wrong.entry(Check::Once).or_insert(wrong);
        }
        Ok(())
    }

    fn after(
        &self,
        cluster: &Cluster,
        host: &str,
        command: &Command,
        ended: &Result<Exit, Failure>,
    ) {
        let mut guard = self.seen();
        let seen = &mut *guard;
        let title = format!("{host}: {}", command.line());
        let state = cluster.state();
        let machine = state.find(host).expect("a host of the cluster");
        if let Some(under_way) = seen.under_way.take() {
            seen.ledger.ended(under_way, &state, machine, ended);
        }
        let shut = self.is_shut(seen);
        for (check, wrong) in self.ground.look(&state, shut, &mut seen.copy) {
            let told = format!("{wrong}, after {title}");
            seen.wrong.entry(check).or_insert(told);
        }
        drop(state);
        if self.orders.keep {
            self.keep(seen, cluster, &format!("after {title}"));
        }
        if self.orders.kill == Some((seen.commands - 1, When::After)) {
            self.die(seen, cluster);
        }
    }
}
