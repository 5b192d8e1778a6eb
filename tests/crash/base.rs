//! The run that nothing happens to, with every moment at which the controller could die in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ocpdg::journal::{Event, Record};
use ocpdg::transport::sim::cluster::State;
use ocpdg::transport::sim::fault::FaultPlan;

use crate::eye::{Glimpse, Orders};
use crate::ledger::Ledger;
use crate::likeness;
use crate::moment::Moment;
use crate::stage::Stage;

/// The run that nothing happens to.
pub struct Base {
    /// Every command, seen before and after it ran.
    glimpses: Vec<Glimpse>,
    /// The journal.
    journal: Arc<Vec<u8>>,
    /// Its records, each with where its line ends.
    records: Vec<(usize, Record)>,
    /// The hosts at its end.
    pub end: State,
    /// What it did that may be done once.
    pub ledger: Ledger,
    /// How many commands it ran.
    pub commands: u32,
}

/// A moment at which the controller may die.
pub struct Point {
    /// Where that is, in words.
    pub place: String,
    /// What is left then.
    pub moment: Moment,
    /// How many instants this one stands for: they differ in nothing that a resume could see.
    pub instants: usize,
}

/// A moment between two steps.
pub struct Step {
    /// What was done right before.
    pub title: String,
    /// What is left then.
    pub moment: Moment,
    /// So many commands, at most, until the next step is finished.
    pub commands: u32,
}

/// What a resume may look at besides.
const SLACK: u32 = 10;

/// The events in `journal`, which begins with a whole line.
pub fn events(journal: &[u8]) -> impl Iterator<Item = Event> {
    let lines = journal.split(|byte| *byte == b'\n');
    lines.filter_map(|line| {
        let body = line.splitn(2, |byte| *byte == b' ').nth(1)?;
        let record: Record = serde_json::from_slice(body).ok()?;
        Some(record.event)
    })
}

impl Base {
    /// Runs the script of `stage` from its beginning to its end.
    pub fn of(stage: &Stage) -> Self {
        let orders = Orders {
            keep: true,
            ..Orders::default()
        };
        let played = stage.resume(&stage.begin(), &FaultPlan::default(), orders);
        assert_eq!(played.why, None, "{}", stage.name);
        assert!(
            played.wrong.is_empty(),
            "{}: {:#?}",
            stage.name,
            played.wrong
        );
        let journal = Arc::clone(&played.left.journal);
        let mut records = Vec::new();
        let mut end = 0;
        for line in journal.split_inclusive(|byte| *byte == b'\n') {
            end += line.len();
            let body = line.splitn(2, |byte| *byte == b' ').nth(1).unwrap();
            records.push((end, serde_json::from_slice(body).unwrap()));
        }
        Self {
            glimpses: played.glimpses,
            end: likeness::rested(&played.left.cluster),
            ledger: played.left.ledger,
            commands: played.commands,
            journal,
            records,
        }
    }

    /// Every moment at which the controller may die: before and after every record, before and after every
    /// command. Those that differ in nothing that a resume could see are one: the hosts but for times, the copies
    /// on the controller, the steps that are finished, the questions that are answered, the changing commands
    /// that are under way.
    pub fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        let mut places = BTreeMap::new();
        let mut under_way = BTreeSet::new();
        let ends = self.glimpses.iter().skip(1).map(|next| next.length);
        let ends = ends.chain([self.journal.len()]);
        let mut settled = 0;
        let mut read = 0;
        for (glimpse, end) in self.glimpses.iter().zip(ends) {
            let written = |at: &usize| *at >= glimpse.length && *at <= end;
            let offsets = self.records.iter().map(|(end, _)| *end).filter(written);
            for offset in offsets {
                while let Some((at, record)) = self.records.get(read)
                    && *at <= offset
                {
                    settled += usize::from(is_remembered(&record.event));
                    match &record.event {
                        Event::CommandStarted {
                            operation, changes, ..
                        } if *changes => drop(under_way.insert(*operation)),
                        Event::CommandEnded { operation, .. } => drop(under_way.remove(operation)),
                        _ => {}
                    }
                    read += 1;
                }
                let key = (glimpse.class, settled, under_way.clone());
                let place = *places.entry(key).or_insert(points.len());
                if let Some(point) = points.get_mut(place) {
                    let point: &mut Point = point;
                    point.instants += 1;
                    continue;
                }
                points.push(Point {
                    place: format!("record {read}, {}", glimpse.command),
                    moment: self.moment(glimpse, offset, points.len() % 2 == 1),
                    instants: 1,
                });
            }
        }
        points
    }

    /// The moments between steps: the beginning, and wherever a step is finished on a host.
    pub fn steps(&self) -> Vec<Step> {
        let mut found = Vec::new();
        let (mut outside, mut inside) = (0, 0);
        for (at, (end, record)) in self.records.iter().enumerate() {
            let title = match &record.event {
                Event::StepFinished { step, host, .. } => format!("{step} on {host}"),
                _ if at == 0 => "the beginning".to_owned(),
                _ => continue,
            };
            let after = self.glimpses.partition_point(|one| one.length <= *end);
            let glimpse = &self.glimpses[after.saturating_sub(1)];
            found.push(Step {
                title,
                moment: self.moment(glimpse, *end, false),
                commands: 0,
            });
        }
        let mut steps = found.iter_mut();
        for (_, record) in &self.records {
            match &record.event {
                Event::CommandStarted { step: None, .. } => outside += 1,
                Event::CommandStarted { .. } => inside += 1,
                Event::StepFinished { .. } => {
                    if let Some(step) = steps.next() {
                        step.commands = outside + inside + SLACK;
                    }
                    inside = 0;
                }
                _ => {}
            }
        }
        for last in steps {
            last.commands = outside + inside + SLACK;
        }
        found
    }

    /// What is left at `glimpse` with the journal up to `offset`, and with a half of its next line if it is `torn`.
    fn moment(&self, glimpse: &Glimpse, offset: usize, torn: bool) -> Moment {
        let rest = &self.journal[offset..];
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let half = if torn { line.len() / 2 } else { 0 };
        Moment {
            cluster: Arc::clone(&glimpse.cluster),
            journal: Arc::clone(&self.journal),
            length: offset + half,
            copies: glimpse.copies.clone(),
            ledger: glimpse.ledger.clone(),
        }
    }
}

/// Whether a resume knows of `event` for good.
fn is_remembered(event: &Event) -> bool {
    matches!(
        event,
        Event::StepFinished { .. } | Event::Confirmed { .. } | Event::RunEnded { .. }
    )
}
