//! The run that nothing happens to, with every moment at which the controller could die in it.

use std::collections::BTreeMap;
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
            end: likeness::state(&played.left.cluster),
            ledger: played.left.ledger,
            commands: played.commands,
            journal,
            records,
        }
    }

    /// Every moment at which the controller may die: before and after every record, before and after every
    /// command. Those in a row that differ in nothing that a resume could see are one: the hosts but for times,
    /// the copies on the controller, the steps that are finished, the questions that are answered.
    pub fn points(&self) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        let mut places: BTreeMap<(usize, usize), usize> = BTreeMap::new();
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
                    read += 1;
                }
                let key = (glimpse.class, settled);
                if let Some(place) = places.get(&key) {
                    points[*place].instants += 1;
                    continue;
                }
                places.insert(key, points.len());
                points.push(Point {
                    place: format!("record {read}, {}", glimpse.command),
                    moment: self.moment(glimpse, offset, points.len() % 2 == 1),
                    instants: 1,
                });
            }
        }
        points
    }

    /// The moments between steps, each with what was done right before: the beginning, and wherever a step is
    /// finished on a host.
    pub fn steps(&self) -> Vec<(String, Moment)> {
        let Some(first) = self.glimpses.first() else {
            return Vec::new();
        };
        let begin = self.records[0].0;
        let mut found = vec![("the beginning".to_owned(), self.moment(first, begin, false))];
        for (end, record) in &self.records {
            if let Event::StepFinished { step, host, .. } = &record.event {
                let after = self.glimpses.partition_point(|one| one.length <= *end);
                let glimpse = &self.glimpses[after.saturating_sub(1)];
                let title = format!("{step} on {host}");
                found.push((title, self.moment(glimpse, *end, false)));
            }
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

/// Whether a resume knows of `event`.
fn is_remembered(event: &Event) -> bool {
    matches!(
        event,
        Event::StepFinished { .. } | Event::Confirmed { .. } | Event::RunEnded { .. }
    )
}
