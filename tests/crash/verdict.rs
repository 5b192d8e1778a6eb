//! What is wrong with a run that was gone on with to its end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::Base;
use crate::case::Case;
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
    /// Goes on with the run of `case` while its incidents happen, and then without any until it completes.
    pub fn of(stage: &Stage, base: &Base, case: &Case) -> Self {
        let mut verdict = Self::default();
        let mut incidents = case.incidents.iter();
        let mut from = case.from.clone();
        let mut undisturbed = 0;
        loop {
            let incident = incidents.next();
            let next = incident.cloned().unwrap_or_default();
            let played = stage.resume(&from, &next.faults(), next.orders());
            let played = verdict.take(played);
            let Some(why) = played.why else {
                verdict.compare(base, &played.left, case.lied());
                return verdict;
            };
            if incident.is_none() {
                undisturbed += 1;
            }
            if undisturbed > case.limit {
                let told = format!("not after {undisturbed} runs: {why}");
                verdict.wrong.entry(Check::Completes).or_insert(told);
                return verdict;
            }
            // Whoever resumes looks at the screen first; a host that reboots is up by then.
            played.left.cluster.clock.spend(Duration::from_secs(600));
            verdict.resumes += 1;
            from = played.left;
        }
    }

    fn take(&mut self, mut played: Played) -> Played {
        self.commands += played.commands;
        for (check, wrong) in std::mem::take(&mut played.wrong) {
            self.wrong.entry(check).or_insert(wrong);
        }
        played
    }

    /// Compares the end with that of the run that nothing happened to; what was done on the way there, only unless a
    /// command `lied`: one that said no for once may have sent the run another way.
    fn compare(&mut self, base: &Base, left: &Moment, lied: bool) {
        let eyes = if lied { Eyes::Far } else { Eyes::Mild };
        let mut different =
            likeness::differences(&base.end, &likeness::rested(&left.cluster), eyes);
        let done = left.ledger.0.keys();
        let all = done.chain(base.ledger.0.keys());
        for title in all.filter(|it| !lied && left.ledger.0.get(*it) != base.ledger.0.get(*it)) {
            different.push(format!(
                "done {} times instead of {}: {title}",
                left.ledger.0.get(title).unwrap_or(&0),
                base.ledger.0.get(title).unwrap_or(&0)
            ));
        }
        different.dedup();
        if !different.is_empty() {
            different.extend(left.warnings().map(|text| format!("it had said: {text}")));
            self.wrong.insert(Check::End, different.join("\n    "));
        }
    }
}
