//! The whole downgrade on each simulated cluster, judged by its end state.

#[path = "support/program.rs"]
mod program;

use program::Place;

/// Runs the downgrade on the simulated cluster `name`, with `settings`, and the checks after it.
fn downgrade(name: &str, settings: &[&str]) -> String {
    let place = Place::new();
    place.write("end_state.rhai", include_str!("sim/end_state.rhai"));
    let mut arguments = vec!["run", "--sim", name, "end_state.rhai", "--yes"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let output = place.command(&arguments).output().expect("it runs");
    let screen = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{screen}");
    assert!(screen.contains("the end state is right"), "{screen}");
    screen
}

#[test]
fn a_cluster_of_one_host_goes_back() {
    downgrade("aio", &[]);
}

#[test]
fn a_cluster_of_three_masters_goes_back() {
    let screen = downgrade("ha", &[]);
    assert!(screen.contains("simulated time: "), "{screen}");
}

#[test]
fn a_cluster_with_external_etcd_goes_back() {
    downgrade("external", &[]);
}

#[test]
fn a_cluster_whose_upgrade_failed_half_way_goes_back() {
    downgrade("aio-failed-at-3.8", &[]);
    downgrade("ha-failed-at-3.8", &[]);
}

#[test]
fn etcd_comes_back_by_its_data_files_too() {
    downgrade("ha", &["etcd_restore=v2"]);
}

#[test]
fn the_same_run_twice_says_the_same() {
    let run = || {
        let screen = downgrade("external", &[]);
        // The run is named by the time of this machine, and lies in a directory of its own.
        let id = screen
            .strip_prefix("run ")
            .and_then(|rest| rest.split(':').next())
            .expect("the run says its id");
        let place = screen.split("/ocpdg/").next().unwrap_or_default();
        let place = place.rsplit(' ').next().unwrap_or_default();
        screen.replace(id, "RUN").replace(place, "PLACE")
    };
    similar_asserts(&run(), &run());
}

/// Fails with the first line that differs.
fn similar_asserts(one: &str, other: &str) {
    for (left, right) in one.lines().zip(other.lines()) {
        assert_eq!(left, right);
    }
    assert_eq!(one.lines().count(), other.lines().count());
}
