//! What becomes of a downgrade that is stopped anywhere: killed, cut off, rebooted, and resumed.
//!
//! Killed is the controller before and after every record of the journal and every command; cut off is the connection
//! before, during and after every command; rebooted is every host before every step. What happens comes alone, or
//! by a seed in combinations. After every command, in every run, is looked at what [`ground::Check`] lists; at the
//! end the hosts, and what was done that may be done once, are compared with the run that nothing happened to. On
//! the larger clusters it is a sample that changes by the day.
//!
//! All of it, for hours: `OCPDG_CRASH_ALL=1 OCPDG_CRASH_SEEDS=2000 cargo test --test sim_crash -- --nocapture`, with
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
fn three_masters_whose_upgrade_failed_random() {
    Campaign::on("ha-failed-at-3.8").random(20);
}
