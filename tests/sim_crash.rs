//! What becomes of a downgrade that is stopped anywhere: killed, cut off, rebooted, and resumed.
//!
//! Killed is the controller before and after every record of the journal and every command; cut off is the connection
//! before, during and after every command; rebooted is every host before every step. What happens comes alone, or
//! by a seed in combinations. After every command, in every run, is looked at what [`ground::Check`] lists; at the
//! end the hosts, and what was done that may be done once, are compared with the run that nothing happened to. On
//! the larger clusters it is a sample.
//!
//! All of it, for hours: `OCPDG_CRASH_ALL=1 OCPDG_CRASH_SEEDS=2000 cargo test --release --test sim_crash -- --nocapture`, with
//! 10,000 seeds over five clusters. [`campaign::Extent`] lists the settings.

#[path = "crash/base.rs"]
mod base;
#[path = "crash/campaign.rs"]
mod campaign;
#[path = "crash/case.rs"]
mod case;
#[path = "crash/eye.rs"]
mod eye;
#[path = "crash/ground.rs"]
mod ground;
#[path = "crash/ledger.rs"]
mod ledger;
#[path = "crash/likeness.rs"]
mod likeness;
#[path = "crash/moment.rs"]
mod moment;
#[path = "crash/mutants.rs"]
mod mutants;
#[path = "crash/numbers.rs"]
mod numbers;
#[path = "crash/stage.rs"]
mod stage;
#[path = "crash/verdict.rs"]
mod verdict;
#[path = "crash/work.rs"]
mod work;

use campaign::Campaign;
use eye::Orders;
use ocpdg::transport::sim::fault::{Fault, FaultPlan, What};
use stage::Stage;

#[test]
fn one_host_killed() {
    Campaign::on("aio").kills(1);
}

#[test]
fn one_host_cut_off() {
    Campaign::on("aio").drops(40, 1);
}

#[test]
fn one_host_rebooted() {
    Campaign::on("aio").reboots(1);
}

#[test]
fn one_host_random() {
    Campaign::on("aio").random(100);
}

#[test]
fn one_host_whose_upgrade_failed_killed() {
    Campaign::on("aio-failed-at-3.8").kills(1);
}

#[test]
fn one_host_whose_upgrade_failed_cut_off() {
    Campaign::on("aio-failed-at-3.8").drops(40, 4);
}

#[test]
fn one_host_whose_upgrade_failed_rebooted() {
    Campaign::on("aio-failed-at-3.8").reboots(2);
}

#[test]
fn one_host_whose_upgrade_failed_random() {
    Campaign::on("aio-failed-at-3.8").random(50);
}

#[test]
fn three_masters_killed() {
    Campaign::on("ha").kills(5);
}

#[test]
fn three_masters_cut_off() {
    Campaign::on("ha").drops(20, 40);
}

#[test]
fn three_masters_rebooted() {
    Campaign::on("ha").reboots(20);
}

#[test]
fn three_masters_random() {
    Campaign::on("ha").random(30);
}

#[test]
fn external_etcd_killed() {
    Campaign::on("external").kills(5);
}

#[test]
fn external_etcd_cut_off() {
    Campaign::on("external").drops(20, 40);
}

#[test]
fn external_etcd_rebooted() {
    Campaign::on("external").reboots(20);
}

#[test]
fn external_etcd_random() {
    Campaign::on("external").random(30);
}

#[test]
fn three_masters_whose_upgrade_failed_killed() {
    Campaign::on("ha-failed-at-3.8").kills(10);
}

#[test]
fn three_masters_whose_upgrade_failed_cut_off() {
    Campaign::on("ha-failed-at-3.8").drops(40, 40);
}

#[test]
fn three_masters_whose_upgrade_failed_rebooted() {
    Campaign::on("ha-failed-at-3.8").reboots(40);
}

#[test]
fn three_masters_whose_upgrade_failed_random() {
    Campaign::on("ha-failed-at-3.8").random(20);
}

/// What a run of the downgrade of one host stops with whose command like `pattern` fails, the one that `when` tells of
/// several, and what its resume stops with, when none fails any more.
fn failing_once(pattern: &str, when: impl FnOnce(Fault) -> Fault) -> (String, Option<String>) {
    let stage = Stage::shipped("aio");
    let fails = What::Exit {
        status: 1,
        stderr: "it failed by plan".to_owned(),
    };
    let faults = FaultPlan::of([when(Fault::new(fails).at(pattern))]);
    let first = stage.resume(&stage.begin(), &faults, Orders::default());
    let why = first.why.expect("it stops");
    let resumed = stage.resume(&first.left, &FaultPlan::default(), Orders::default());
    (why, resumed.why)
}

#[test]
fn a_backup_that_could_not_be_tried_is_tried_again_by_resume() {
    let trial = "etcdctl snapshot restore *--skip-hash-check*";
    let (why, resumed) = failing_once(trial, Fault::every);
    let told = "no etcd backup of this upgrade can be restored";
    assert!(why.contains(told), "{why}");
    assert_eq!(resumed, None);
}

#[test]
fn backups_that_were_not_found_are_looked_for_again_by_resume() {
    // The first time that they are looked for, nothing is decided yet.
    let (why, resumed) = failing_once("find *openshift-backup*", |fault| fault.nth(2));
    assert!(
        why.contains("no etcd backup was found on any member"),
        "{why}"
    );
    assert!(!why.contains("check every host"), "{why}");
    assert_eq!(resumed, None);
}
