//! What becomes of a downgrade that is stopped anywhere: killed, cut off, rebooted, and resumed.

#[path = "crash/base.rs"]
mod base;
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
#[path = "crash/stage.rs"]
mod stage;
#[path = "crash/verdict.rs"]
mod verdict;
#[path = "crash/work.rs"]
mod work;

use std::time::Instant;

use base::Base;
use eye::Orders;
use ocpdg::transport::sim::fault::FaultPlan;
use stage::Stage;
use verdict::Verdict;

/// Kills the controller at every moment of a downgrade of `name`.
fn killed_anywhere(name: &str) {
    let begun = Instant::now();
    let stage = Stage::shipped(name);
    let base = Base::of(&stage);
    eprintln!(
        "{name}: base {} commands, {:?}",
        base.commands,
        begun.elapsed()
    );
    let points = base.points();
    let instants: usize = points.iter().map(|point| point.instants).sum();
    eprintln!("{name}: {instants} instants, {} points", points.len());
    let verdicts = work::all(&points, |point| {
        Verdict::of(
            &stage,
            &base,
            &point.moment,
            &FaultPlan::default(),
            Orders::default(),
            0,
        )
    });
    let mut wrong = 0;
    for (point, verdict) in points.iter().zip(&verdicts) {
        if !verdict.wrong.is_empty() {
            wrong += 1;
            eprintln!("{name}, killed at {}:", point.place.escape_debug());
            for (check, told) in &verdict.wrong {
                eprintln!("  {check:?}: {told}");
            }
        }
    }
    eprintln!(
        "{name}: {wrong} of {} points, {:?}",
        points.len(),
        begun.elapsed()
    );
    assert_eq!(wrong, 0);
}

#[test]
fn a_controller_that_is_killed_anywhere_on_one_host_goes_on_from_there() {
    killed_anywhere("aio");
}
