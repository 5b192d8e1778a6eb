//! Many cases, proven one by one, and the report of them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use crate::base::Base;
use crate::case::{self, Case};
use crate::stage::Stage;
use crate::verdict::Verdict;
use crate::work;

/// Which moments and seeds are proven, where not all are and nothing else is told.
const USUAL: usize = 20_782;

/// How much to prove. From the environment:
/// - `OCPDG_CRASH_ALL=1`: every case of every cluster;
/// - `OCPDG_CRASH_SEEDS=N`: so many seeds on each cluster;
/// - `OCPDG_CRASH_SEED=N`: this seed only;
/// - `OCPDG_CRASH_OFFSET=N`: which ones, where not all are proven: always the same unless told, for a change is held
///   to what held before it; for random cases, the first seed, in millions;
/// - `OCPDG_CRASH_ONLY=WORDS`: only cases whose title has these words.
pub struct Extent {
    all: bool,
    seeds: Option<u64>,
    seed: Option<u64>,
    pub offset: usize,
    only: Option<String>,
}

impl Extent {
    /// That of the environment.
    pub fn told() -> Self {
        let told = |name: &str| std::env::var(name).ok();
        let number = |name: &str| told(name).map(|text| text.parse().expect(name));
        Self {
            all: told("OCPDG_CRASH_ALL").is_some(),
            seeds: number("OCPDG_CRASH_SEEDS").map(|seeds| seeds as u64),
            seed: number("OCPDG_CRASH_SEED").map(|seed| seed as u64),
            offset: number("OCPDG_CRASH_OFFSET").unwrap_or(USUAL),
            only: told("OCPDG_CRASH_ONLY"),
        }
    }

    /// Each one, if all are proven, else every `usual`th.
    pub fn every(&self, usual: usize) -> usize {
        if self.all { 1 } else { usual }
    }

    /// `usual` seeds, unless told.
    fn seeds(&self, usual: u64) -> Range<u64> {
        if let Some(seed) = self.seed {
            return seed..seed + 1;
        }
        let first = self.offset as u64 * 1_000_000;
        first..first + self.seeds.unwrap_or(usual)
    }
}

/// A cluster, and its run that nothing happens to.
pub struct Campaign {
    pub stage: Stage,
    pub base: Base,
    pub extent: Extent,
    begun: Instant,
}

impl Campaign {
    /// That of the shipped cluster `name`.
    pub fn on(name: &str) -> Self {
        let begun = Instant::now();
        let stage = Stage::shipped(name);
        let base = Base::of(&stage);
        Self {
            stage,
            base,
            extent: Extent::told(),
            begun,
        }
    }

    /// Kills, every `nth` of them unless all are wanted.
    pub fn kills(&self, nth: usize) {
        self.prove("killed", case::kills(&self.base), nth);
    }

    /// Connections that drop; at looks, in every `looks`th.
    pub fn drops(&self, looks: usize, nth: usize) {
        let every = self.extent.every(looks);
        let cases = case::drops(&self.stage, &self.base, every, self.extent.offset);
        self.prove("cut off", cases, nth);
    }

    /// Hosts that reboot.
    pub fn reboots(&self, nth: usize) {
        self.prove("rebooted", case::reboots(&self.stage, &self.base), nth);
    }

    /// Anything, `usual` times.
    pub fn random(&self, usual: u64) {
        let steps: Vec<_> = self.base.steps();
        let cases = self
            .extent
            .seeds(usual)
            .map(|seed| case::random(&self.stage, &self.base, &steps, seed));
        self.prove("at random", cases.collect(), 1);
    }

    /// Proves every `nth` of `cases`, and fails with those that went wrong.
    fn prove(&self, what: &str, mut cases: Vec<Case>, nth: usize) {
        let (name, extent) = (&self.stage.name, &self.extent);
        let nth = extent.every(nth);
        let instants: usize = cases.iter().map(|case| case.instants).sum();
        let all = cases.len();
        let mut at = extent.offset;
        cases.retain(|case| {
            at += 1;
            match &extent.only {
                Some(words) => case.title.contains(words),
                None => at.is_multiple_of(nth),
            }
        });
        let prepared = self.begun.elapsed();
        let verdicts = work::all(&cases, |case| Verdict::of(&self.stage, &self.base, case));
        let runs = verdicts.iter().map(|one| one.resumes + 1).sum::<u32>();
        let commands = verdicts
            .iter()
            .map(|one| u64::from(one.commands))
            .sum::<u64>();
        let mut wrong = BTreeMap::new();
        for (case, verdict) in cases.iter().zip(&verdicts) {
            for (check, told) in &verdict.wrong {
                wrong
                    .entry((*check, told))
                    .or_insert_with(Vec::new)
                    .push(&case.title);
            }
        }
        let took = |time: Duration| format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100);
        println!(
            "{name}, {what}: {instants} instants are {all} points; proved {} of them (every {nth}, \
             offset {}) by {runs} runs, {} of them beyond the first, with {commands} commands; {} \
             (of it {} to prepare); {} wrong",
            cases.len(),
            extent.offset,
            runs - u32::try_from(cases.len()).unwrap(),
            took(self.begun.elapsed()),
            took(prepared),
            verdicts.iter().filter(|one| !one.wrong.is_empty()).count(),
        );
        for ((check, told), titles) in &wrong {
            println!("{check:?}: {told}");
            for title in titles.iter().take(5) {
                let short: String = title.escape_debug().take(300).collect();
                println!("  {name}, {short}");
            }
            if titles.len() > 5 {
                println!("  and {} more", titles.len() - 5);
            }
        }
        assert!(
            wrong.is_empty(),
            "see above; to repeat one: OCPDG_CRASH_SEED=N cargo test --test sim_crash {name}, or \
             OCPDG_CRASH_ALL=1 OCPDG_CRASH_ONLY='a part of its title' cargo test --test sim_crash {name}",
            name = std::thread::current().name().unwrap_or_default(),
        );
    }
}
