//! What may happen to a run.

use std::fmt;
use std::time::Duration;

use ocpdg::journal::Event;
use ocpdg::transport::sim::fault::{Fault, FaultPlan, What, When};

use crate::base::{self, Base, Step};
use crate::eye::Orders;
use crate::moment::Moment;
use crate::numbers::Numbers;
use crate::stage::Stage;
use crate::work;

/// How long a host is away that drops out.
const AWAY: Duration = Duration::from_secs(60);
/// So many resumes are enough for anything.
const FEW: u32 = 4;

/// What happens to one process's work on a run.
#[derive(Debug, Clone, Default)]
pub struct Incident {
    faults: Vec<Fault>,
    orders: Orders,
}

impl Incident {
    fn kill(at: u32, when: When) -> Self {
        Self {
            orders: Orders {
                kill: Some((at, when)),
                ..Orders::default()
            },
            ..Self::default()
        }
    }

    fn reboot(at: u32, host: usize, away: Duration) -> Self {
        Self {
            orders: Orders {
                reboot: Some((at, host, away)),
                ..Orders::default()
            },
            ..Self::default()
        }
    }

    /// `what`, at the command `at`, counted from 0.
    fn fault(at: u32, what: What) -> Self {
        Self {
            faults: vec![Fault::new(what).nth(at + 1)],
            ..Self::default()
        }
    }

    /// Whether a command says that it failed, and was not executed.
    fn lies(&self) -> bool {
        let mut faults = self.faults.iter();
        faults.any(|fault| matches!(fault.what, What::Exit { .. }))
    }

    pub fn faults(&self) -> FaultPlan {
        FaultPlan::of(self.faults.iter().cloned())
    }

    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((at, when)) = self.orders.kill {
            write!(f, "killed {when:?} command {at}")?;
        }
        if let Some((at, host, away)) = self.orders.reboot {
            write!(f, "host {host} reboots at command {at}, for {away:?}")?;
        }
        for fault in &self.faults {
            write!(f, "{:?} at {:?}", fault.what, fault.times)?;
        }
        Ok(())
    }
}

/// A run, and what happens to it.
pub struct Case {
    /// Where that is, in words.
    pub title: String,
    /// Where the run is gone on with.
    pub from: Moment,
    /// What happens: the first to the run, the next to its resume, and so on.
    pub incidents: Vec<Incident>,
    /// So many resumes have to be enough, those with incidents not counted.
    pub limit: u32,
    /// For how many instants it stands.
    pub instants: usize,
}

impl Case {
    /// Whether a command said that it failed, and was not executed.
    pub fn lied(&self) -> bool {
        self.incidents.iter().any(Incident::lies)
    }
}

/// The controller is killed, at every moment.
pub fn kills(base: &Base) -> Vec<Case> {
    let points = base.points().into_iter();
    points
        .map(|point| Case {
            title: format!("killed at {}", point.place),
            from: point.moment,
            incidents: Vec::new(),
            limit: 0,
            instants: point.instants,
        })
        .collect()
}

/// The connection drops before, during and after every command; of those that only look, in every `looks`th, from
/// the `first`.
///
/// Each run is gone on with from the step that the command belongs to: what was done before is not done again.
pub fn drops(stage: &Stage, base: &Base, looks: usize, first: usize) -> Vec<Case> {
    let steps = base.steps();
    let probes = work::all(&steps, |step| Probe::of(stage, step));
    let mut cases = Vec::new();
    let (mut looked, mut outside) = (first, 0);
    for (step, probe) in steps.iter().zip(probes) {
        for (at, (command, changes)) in (0..).zip(&probe.commands) {
            looked += usize::from(!changes);
            // What stands outside of steps is done again by each resume: once is enough.
            if at < outside || !changes && !looked.is_multiple_of(looks) {
                continue;
            }
            for when in [When::Before, When::During, When::After] {
                let away = match when {
                    When::During => Duration::ZERO,
                    _ => AWAY,
                };
                cases.push(Case {
                    title: format!("cut off {when:?} {command}, after {}", step.title),
                    from: step.moment.clone(),
                    incidents: vec![Incident::fault(at, What::Drop { when, away })],
                    limit: FEW,
                    instants: 1,
                });
            }
        }
        outside = probe.outside;
    }
    cases
}

/// The commands that a resume runs until it has finished one step more.
struct Probe {
    /// Each with whether it changes something.
    commands: Vec<(String, bool)>,
    /// How many of them come before the step.
    outside: u32,
}

impl Probe {
    fn of(stage: &Stage, step: &Step) -> Self {
        let soon = Incident::kill(step.commands, When::Before);
        let played = stage.resume(&step.moment, &soon.faults(), soon.orders());
        let mut probe = Self {
            commands: Vec::new(),
            outside: 0,
        };
        let mut begun = false;
        for event in base::events(&played.left.journal[step.moment.length..]) {
            match event {
                Event::StepStarted { .. } => begun = true,
                Event::StepFinished { .. } => break,
                Event::CommandStarted {
                    command,
                    host,
                    changes,
                    ..
                } => {
                    probe.outside += u32::from(!begun);
                    probe.commands.push((format!("{host}: {command}"), changes));
                }
                _ => {}
            }
        }
        probe
    }
}

/// Each host reboots before every step.
pub fn reboots(stage: &Stage, base: &Base) -> Vec<Case> {
    let mut cases = Vec::new();
    let hosts = stage.cluster.state().machines.len();
    let mut last = String::new();
    for Step { title, moment, .. } in base.steps() {
        // One step on many hosts is one step.
        let step = title.split(" on ").next().unwrap_or_default().to_owned();
        if std::mem::replace(&mut last, step.clone()) == step {
            continue;
        }
        for host in 0..hosts {
            for away in [Duration::ZERO, AWAY] {
                cases.push(Case {
                    title: format!("host {host} reboots for {away:?} after {title}"),
                    from: moment.clone(),
                    incidents: vec![Incident::reboot(0, host, away)],
                    limit: FEW,
                    instants: 1,
                });
            }
        }
    }
    cases
}

/// One to three things that come together, by `seed`.
pub fn random(stage: &Stage, base: &Base, steps: &[Step], seed: u64) -> Case {
    let mut numbers = Numbers::of(seed);
    let Step { title, moment, .. } = numbers.one_of(steps);
    let hosts = stage.cluster.state().machines.len() as u64;
    let left = u64::from(base.commands) * 3 / 4;
    let incidents: Vec<Incident> = (0..1 + numbers.below(3))
        .map(|_| {
            // Rather soon: most of what is far off comes after the end.
            let reach = *numbers.one_of(&[20, 100, left.max(1)]);
            let at = u32::try_from(numbers.below(reach)).unwrap();
            let when = *numbers.one_of(&[When::Before, When::During, When::After]);
            let away = Duration::from_secs(*numbers.one_of(&[1, 60, 900]));
            match numbers.below(6) {
                0 | 1 => Incident::kill(
                    at,
                    if when == When::Before {
                        When::Before
                    } else {
                        When::After
                    },
                ),
                2 => Incident::fault(at, What::Drop { when, away }),
                3 => Incident::fault(at, What::Reboot { when, away }),
                4 => {
                    let host = usize::try_from(numbers.below(hosts)).unwrap();
                    let away = if when == When::After {
                        Duration::ZERO
                    } else {
                        away
                    };
                    Incident::reboot(at, host, away)
                }
                _ if when == When::During => Incident::fault(at, What::Hang),
                _ => Incident::fault(
                    at,
                    What::Exit {
                        status: 1,
                        stderr: "it failed by plan".to_owned(),
                    },
                ),
            }
        })
        .collect();
    let told: Vec<String> = incidents.iter().map(Incident::to_string).collect();
    Case {
        title: format!("seed {seed}: {}; after {title}", told.join(", then ")),
        from: moment.clone(),
        incidents,
        limit: FEW,
        instants: 1,
    }
}
