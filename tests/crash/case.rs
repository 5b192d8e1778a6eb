//! What may happen to a run.

use std::fmt;
use std::time::Duration;

use ocpdg::journal::Event;
use ocpdg::transport::sim::fault::{Fault, FaultPlan, What, When};

use crate::base::Base;
use crate::eye::Orders;
use crate::moment::Moment;
use crate::numbers::Numbers;
use crate::stage::Stage;

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

/// The connection drops before, during and after every command; of those that only look, in `looks` of them, from
/// the `first`.
///
/// Each run is gone on with from the step that the command belongs to: what was done before is not done again.
pub fn drops(stage: &Stage, base: &Base, looks: usize, first: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    let (mut looked, mut outside) = (first, 0);
    for (title, from) in base.steps() {
        let played = stage.resume(&from, &FaultPlan::default(), Orders::default());
        let text = &played.left.journal[from.length..];
        let (mut commands, mut begun) = (0, None);
        for line in text.split(|byte| *byte == b'\n') {
            let body = line.splitn(2, |byte| *byte == b' ').nth(1);
            let record =
                body.and_then(|body| serde_json::from_slice::<serde_json::Value>(body).ok());
            let event = record.and_then(|record| serde_json::from_value::<Event>(record).ok());
            match event {
                Some(Event::StepStarted { .. }) if begun.is_none() => begun = Some(commands),
                Some(Event::StepFinished { .. }) => break,
                Some(Event::CommandStarted {
                    command,
                    host,
                    changes,
                    ..
                }) => {
                    let at = commands;
                    commands += 1;
                    looked += usize::from(!changes);
                    if at < outside || !changes && !looked.is_multiple_of(looks) {
                        continue;
                    }
                    for when in [When::Before, When::During, When::After] {
                        let away = if when == When::During {
                            Duration::ZERO
                        } else {
                            AWAY
                        };
                        cases.push(Case {
                            title: format!("cut off {when:?} {host}: {command}, after {title}"),
                            from: from.clone(),
                            incidents: vec![Incident::fault(at, What::Drop { when, away })],
                            limit: FEW,
                            instants: 1,
                        });
                    }
                }
                _ => {}
            }
        }
        outside = begun.unwrap_or(commands);
    }
    cases
}

/// Each host reboots before every step.
pub fn reboots(stage: &Stage, base: &Base) -> Vec<Case> {
    let mut cases = Vec::new();
    let hosts = stage.cluster.state().machines.len();
    let mut last = String::new();
    for (title, from) in base.steps() {
        // One step on many hosts is one step.
        let step = title.split(" on ").next().unwrap_or_default().to_owned();
        if std::mem::replace(&mut last, step.clone()) == step {
            continue;
        }
        for host in 0..hosts {
            for away in [Duration::ZERO, AWAY] {
                cases.push(Case {
                    title: format!("host {host} reboots for {away:?} after {title}"),
                    from: from.clone(),
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
pub fn random(stage: &Stage, base: &Base, steps: &[(String, Moment)], seed: u64) -> Case {
    let mut numbers = Numbers::of(seed);
    let (title, from) = numbers.one_of(steps);
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
        from: from.clone(),
        incidents,
        limit: FEW,
        instants: 1,
    }
}
