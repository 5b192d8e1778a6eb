//! Plans made from a seed.

use std::time::Duration;

use super::{Damage, Fault, FaultPlan, What, When};

/// Parts of commands that a downgrade runs, the more telling ones first.
const COMMANDS: &[&str] = &[
    "yum",
    "systemctl",
    "etcdctl",
    "docker",
    "rpm",
    "cp ",
    "mv ",
    "sha256sum",
    "subscription-manager",
    "oc ",
    "stat",
    "cat",
];

/// Files that a downgrade lives on.
const FILES: &[&str] = &[
    "/var/lib/etcd/openshift-backup-*/member/snap/db",
    "/var/lib/ocpdg/*/db",
    "/etc/origin/master/*",
    "/etc/etcd/etcd.conf*",
    "/etc/sysconfig/atomic-openshift-*",
];

/// Disks that a downgrade writes to.
const DISKS: &[&str] = &["/var/lib/ocpdg", "/var/lib/etcd", "/etc"];

/// The generator `splitmix64`: a number follows from the one before, and from nothing else.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut number = self.0;
        number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(all.len() as u64);
        &all[usize::try_from(at).unwrap_or(0)]
    }
}

impl FaultPlan {
    /// One to three faults on `hosts`, by full name: always the same ones for the same seed. None of
    /// them kills the controller.
    ///
    /// # Panics
    /// If there are no hosts.
    pub fn random(seed: u64, hosts: &[String]) -> Self {
        Self::made(seed, hosts, 7)
    }

    /// As [`FaultPlan::random`], but the controller may be killed.
    ///
    /// # Panics
    /// If there are no hosts.
    pub fn random_and_deadly(seed: u64, hosts: &[String]) -> Self {
        Self::made(seed, hosts, 8)
    }

    fn made(seed: u64, hosts: &[String], kinds: u64) -> Self {
        let mut numbers = Numbers(seed);
        let count = 1 + numbers.below(3);
        let faults = (0..count).map(|_| fault(&mut numbers, hosts, kinds));
        Self::of(faults.collect::<Vec<_>>())
    }
}

fn fault(numbers: &mut Numbers, hosts: &[String], kinds: u64) -> Fault {
    let when = *numbers.one_of(&[When::Before, When::During, When::After]);
    let away = Duration::from_secs(*numbers.one_of(&[0, 5, 60, 900]));
    let what = match numbers.below(kinds) {
        0 => What::Exit {
            status: *numbers.one_of(&[1, 2, 127, 255]),
            stderr: "it failed by plan".to_owned(),
        },
        1 => What::Hang,
        2 => What::Drop {
            when,
            away: away.max(Duration::from_secs(1)),
        },
        3 => What::Reboot { when, away },
        4 => What::FillDisk {
            path: (*numbers.one_of(DISKS)).to_owned(),
            leave: *numbers.one_of(&[0, 4096, 1 << 20]),
        },
        5 => What::Corrupt {
            path: (*numbers.one_of(FILES)).to_owned(),
            damage: match numbers.below(2) {
                0 => Damage::Truncate(numbers.below(2000)),
                _ => Damage::Flip(numbers.below(2000)),
            },
        },
        6 => What::Slow {
            by: Duration::from_secs(*numbers.one_of(&[1, 60, 7200])),
        },
        _ => What::KillController {
            when: if when == When::Before {
                When::Before
            } else {
                When::After
            },
        },
    };
    let mut fault = Fault::new(what).nth(1 + u32::try_from(numbers.below(12)).unwrap_or(0));
    if numbers.below(4) > 0 {
        fault = fault.on(numbers.one_of::<String>(hosts));
    }
    if numbers.below(5) > 0 {
        return fault.at(numbers.one_of::<&str>(COMMANDS));
    }
    let nth = 1 + u32::try_from(numbers.below(300)).unwrap_or(0);
    fault.nth(nth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_its_plan() {
        let hosts = ["a.sim.test".to_owned(), "b.sim.test".to_owned()];
        let text = |seed| FaultPlan::random(seed, &hosts).to_string();
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
        for seed in 0..200 {
            let read = FaultPlan::parse(&text(seed)).unwrap_or_else(|wrong| {
                panic!("seed {seed}: {wrong}\n{}", text(seed));
            });
            assert_eq!(read.to_string(), text(seed));
            assert!(!text(seed).contains("kill"), "seed {seed}");
        }
        let deadly = (0..50).any(|seed| {
            let plan = FaultPlan::random_and_deadly(seed, &hosts).to_string();
            plan.contains("kill-controller")
        });
        assert!(deadly);
    }

    #[test]
    fn the_generator_is_the_known_one() {
        let mut numbers = Numbers(1_234_567);
        assert_eq!(numbers.next(), 6_457_827_717_110_365_317);
        assert_eq!(numbers.next(), 3_203_168_211_198_807_973);
    }
}
