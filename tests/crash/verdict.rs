//! What is wrong with a run that was gone on with to its end.

use std::collections::BTreeMap;

use ocpdg::transport::sim::fault::FaultPlan;

use crate::base::Base;
use crate::eye::Orders;
use crate::ground::Check;
use crate::likeness::{self, Eyes};
use crate::moment::Moment;
use crate::stage::{Played, Stage};

/// What did not hold, by check.
pub type Wrong = BTreeMap<Check, String>;

/// How a run that something happened to was brought to its end.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What did not hold.
    pub wrong: Wrong,
    /// How often it was resumed.
    pub resumes: u32,
    /// How many commands ran in all.
    pub commands: u32,
}

impl Verdict {
    /// Goes on with a run from `from` while `faults` and `orders` happen, and then without any until it
    /// completes; `limit` resumes have to be enough.
    pub fn of(
        stage: &Stage,
        base: &Base,
        from: &Moment,
        faults: &FaultPlan,
        orders: Orders,
        limit: u32,
    ) -> Self {
        let mut verdict = Self::default();
        let mut played = verdict.take(stage.resume(from, faults, orders));
        while let Some(why) = &played.why {
            if verdict.resumes == limit {
                let told = format!("not after {limit} resumes: {why}");
                verdict.wrong.entry(Check::Completes).or_insert(told);
                return verdict;
            }
            // Whoever resumes looks at the screen first; a host that reboots is up by then.
            played
                .left
                .cluster
                .clock
                .spend(std::time::Duration::from_secs(600));
            verdict.resumes += 1;
            played =
                verdict.take(stage.resume(&played.left, &FaultPlan::default(), Orders::default()));
        }
        verdict.compare(base, &played.left);
        verdict
    }

    fn take(&mut self, mut played: Played) -> Played {
        self.commands += played.commands;
        for (check, wrong) in std::mem::take(&mut played.wrong) {
            self.wrong.entry(check).or_insert(wrong);
        }
        played
    }

    /// Compares the end with that of the run that nothing happened to.
    fn compare(&mut self, base: &Base, left: &Moment) {
        let mut different =
            likeness::differences(&base.end, &likeness::state(&left.cluster), Eyes::Mild);
        let done = left.ledger.0.keys();
        let all = done.chain(base.ledger.0.keys());
        for title in all.filter(|it| left.ledger.0.get(*it) != base.ledger.0.get(*it)) {
            different.push(format!(
                "done {} times instead of {}: {title}",
                left.ledger.0.get(title).unwrap_or(&0),
                base.ledger.0.get(title).unwrap_or(&0)
            ));
        }
        different.dedup();
        if !different.is_empty() {
            self.wrong.insert(Check::End, different.join("\n    "));
        }
    }
}
