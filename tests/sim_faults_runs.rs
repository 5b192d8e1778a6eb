//! Runs of the built program on simulated clusters where something goes wrong.

#[path = "support/program.rs"]
mod program;

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use ocpdg::transport::sim::fault::FaultPlan;
use program::{Place, Seen, entries};

const DOWNGRADE: &str = "downgrade_3_9_to_3_7";

/// Runs `script` on the simulated cluster `name`, which suffers `faults`.
fn run(place: &Place, name: &str, script: &str, faults: &str) -> Seen {
    place.write("faults.toml", &format!("version = 1\n{faults}"));
    place.ocpdg(&[
        "run",
        "--sim",
        name,
        "--fault",
        "faults.toml",
        script,
        "--yes",
    ])
}

/// Fails unless `seen` said `text`.
fn says(seen: &Seen, text: &str) {
    assert!(seen.stderr.contains(text), "{text}: {}", seen.stderr);
}

/// The journal of the only run on simulated hosts.
fn journal(place: &Place) -> String {
    let clusters = entries(&place.path("state/ocpdg/simulated"));
    let runs = entries(&clusters[0]);
    let run = runs
        .iter()
        .find(|path| path.is_dir())
        .expect("there was a run");
    std::fs::read_to_string(run.join("journal.jsonl")).unwrap()
}

#[test]
fn a_yum_that_fails_ends_its_step_and_is_named_with_its_host() {
    for (cluster, host) in [("aio", "master-1.sim.test"), ("ha", "node-2.sim.test")] {
        let faults = format!(
            "[[fault]]\nhost = \"{host}\"\ncommand = \"yum -y * remove *\"\ndo = \"exit\"\nstderr = \"Error: no such luck\"\n"
        );
        let seen = run(&Place::new(), cluster, DOWNGRADE, &faults);
        assert_eq!(seen.status, 1, "{}", seen.stderr);
        says(
            &seen,
            "error: step `remove the OpenShift packages` failed on 1 host",
        );
        says(
            &seen,
            &format!("{host}: packages on `{host}`: wanted none of the names removed"),
        );
        says(&seen, "Error: no such luck");
        says(&seen, &format!("try `yum` by hand on `{host}`"));
        assert!(!seen.stderr.contains("6.5"), "{}", seen.stderr);
    }
}

#[test]
fn a_yum_whose_connection_drops_is_followed_to_its_end_and_not_run_again() {
    for cluster in ["aio", "ha"] {
        for when in ["before", "during"] {
            let faults = format!(
                "[[fault]]\nhost = \"master-1*\"\ncommand = \"yum -y * remove *\"\ndo = \"drop\"\nwhen = \"{when}\"\n"
            );
            let place = Place::new();
            let seen = run(&place, cluster, DOWNGRADE, &faults);
            if when == "before" {
                // Nothing happened: the host is just not there.
                assert_eq!(seen.status, 1, "{}", seen.stderr);
                says(&seen, "`master-1.sim.test` cannot be reached");
                continue;
            }
            assert_eq!(seen.status, 0, "{}", seen.stderr);
            says(&seen, "master-1.sim.test: the connection was lost (");
            let journal = journal(&place);
            let starts = journal.lines().filter(|line| {
                line.contains("\"command_started\"")
                    && line.contains("master-1")
                    && line.contains("yum -y")
                    && line.contains(" remove atomic-openshift ")
            });
            assert_eq!(starts.count(), 1, "{journal}");
        }
    }
}

#[test]
fn a_connection_that_drops_during_yum_for_good_leaves_an_outcome_that_nobody_knows() {
    for cluster in ["aio", "ha"] {
        let faults = "[[fault]]\nhost = \"master-1*\"\ncommand = \"yum -y * remove *\"\ndo = \"drop\"\nwhen = \"during\"\naway = 600\n";
        let place = Place::new();
        let seen = run(&place, cluster, DOWNGRADE, faults);
        assert_eq!(seen.status, 1, "{}", seen.stderr);
        says(
            &seen,
            "error: step `remove the OpenShift packages` failed on 1 host",
        );
        says(
            &seen,
            "the connection to `master-1.sim.test` was lost while `yum -y",
        );
        says(&seen, "its fate is unknown");
        let journal = journal(&place);
        let has = |event: &str, outcome: &str| {
            let mut lines = journal.lines();
            lines.any(|line| line.contains(event) && line.contains(outcome))
        };
        assert!(has("\"command_ended\"", "fate is unknown"), "{journal}");
        assert!(has("\"step_failed\"", "\"outcome\":\"lost\""), "{journal}");
    }
}

#[test]
fn a_disk_that_is_full_stops_the_copies_before_anything_is_removed() {
    for cluster in ["aio", "ha"] {
        let faults = "[[fault]]\nhost = \"master-1*\"\ncommand = \"* cp -a *\"\ndo = \"fill-disk\"\npath = \"/var/lib/ocpdg\"\nleave = \"64K\"\n";
        let seen = run(&Place::new(), cluster, DOWNGRADE, faults);
        assert_eq!(seen.status, 1, "{}", seen.stderr);
        says(
            &seen,
            "error: step `copy the backups to safety` failed on 1 host",
        );
        says(&seen, "No space left on device");
        assert!(!seen.stderr.contains("6.3"), "{}", seen.stderr);
    }
}

#[test]
fn a_host_that_reboots_between_shutdown_and_removal_stays_down() {
    for (cluster, host) in [("aio", "master-1"), ("ha", "node-1"), ("ha", "master-2")] {
        let faults = format!(
            "[[fault]]\nhost = \"{host}\"\ncommand = \"yum -y * remove *\"\ndo = \"reboot\"\nwhen = \"before\"\n"
        );
        let seen = run(&Place::new(), cluster, DOWNGRADE, &faults);
        assert_eq!(seen.status, 0, "{cluster}, {host}: {}", seen.stderr);
        assert!(!seen.stderr.contains("did not happen"), "{}", seen.stderr);
    }
    let script = "\
        import \"ocp/shutdown\" as shutdown;\n\
        shutdown::stop_all();\n\
        for host in cluster::all {\n\
            host.run(\"true reboot\");\n\
            let states = host.run(\"systemctl is-active etcd atomic-openshift-master-api atomic-openshift-master-controllers atomic-openshift-node docker\", #{ check: false }).stdout;\n\
            note(`${host.name}: ${states.split(\"\\n\")}`);\n\
        }\n";
    let place = Place::new();
    place.write("test.rhai", script);
    let faults = "[[fault]]\ncommand = \"true reboot\"\nevery = true\ndo = \"reboot\"\n";
    let seen = run(&place, "ha", "test.rhai", faults);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let master = "[\"inactive\", \"inactive\", \"inactive\", \"inactive\", \"active\"]";
    for host in ["master-1", "master-2", "master-3"] {
        says(&seen, &format!("{host}.sim.test: {master}"));
    }
    // There is neither etcd nor a master.
    says(
        &seen,
        "node-1.sim.test: [\"unknown\", \"unknown\", \"unknown\", \"inactive\", \"active\"]",
    );
}

#[test]
fn a_host_that_reboots_before_its_services_are_masked_is_stopped_again() {
    // The services of the masters, then etcd: the reboot starts what was stopped.
    for occurrence in 1..=2 {
        let faults = format!(
            "[[fault]]\nhost = \"master-1\"\ncommand = \"systemctl mask\"\noccurrence = {occurrence}\ndo = \"reboot\"\n"
        );
        let seen = run(&Place::new(), "aio", DOWNGRADE, &faults);
        assert_eq!(seen.status, 0, "{occurrence}: {}", seen.stderr);
        assert!(!seen.stderr.contains("did not happen"), "{}", seen.stderr);
    }
}

#[test]
fn a_damaged_backup_leaves_the_choice_to_another_member() {
    let faults = "[[fault]]\nhost = \"master-1*\"\ncommand = \"mkdir *\"\ndo = \"corrupt\"\npath = \"/var/lib/etcd/openshift-backup-pre-upgrade-2018*/member/snap/db\"\ntruncate = 100\n";
    let seen = run(&Place::new(), "ha", DOWNGRADE, faults);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    says(&seen, "of master-1.sim.test is no good:");
    says(&seen, "found 100: cut off");
    let chosen = seen
        .stderr
        .lines()
        .find(|line| line.contains("etcd backup: /"));
    let chosen = chosen.expect("it says which one it takes");
    assert!(chosen.contains(" of master-2.sim.test: "), "{chosen}");
    let seen = run(&Place::new(), "aio", DOWNGRADE, faults);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    says(
        &seen,
        "error: no etcd backup of this upgrade can be restored",
    );
    says(&seen, "found 100: cut off");
    assert!(!seen.stderr.contains("6.3"), "{}", seen.stderr);
}

#[test]
fn the_controller_dies_where_the_plan_says_so() {
    for when in ["before", "after"] {
        let place = Place::new();
        place.write(
            "test.rhai",
            "cluster::first_master.run(\"echo one\");\ncluster::first_master.run(\"echo two\");\n",
        );
        let faults = format!(
            "version = 1\n[[fault]]\ncommand = \"echo two\"\ndo = \"kill-controller\"\nwhen = \"{when}\"\n"
        );
        place.write("faults.toml", &faults);
        let mut command =
            place.command(&["run", "--sim", "aio", "--fault", "faults.toml", "test.rhai"]);
        let output = command.output().unwrap();
        assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{when}");
        let journal = journal(&place);
        // The marker, one, two.
        assert_eq!(
            journal.matches("\"command_started\"").count(),
            3,
            "{journal}"
        );
        assert_eq!(journal.matches("\"command_ended\"").count(), 2, "{journal}");
    }
}

#[test]
fn a_fault_file_that_is_wrong_is_refused_with_its_line_and_what_was_expected() {
    let place = Place::new();
    for (faults, line, expected) in [
        (
            "\n[[fault]]\ndo = \"burn\"\n",
            4,
            "expected one of `exit`, `hang`, `drop`",
        ),
        (
            "[[fault]]\ndo = \"exit\"\nhost = \"nobody\"\n",
            2,
            "host `nobody` is none of master-1.sim.test",
        ),
    ] {
        let seen = run(&place, "aio", "verify", faults);
        assert_eq!(seen.status, 2, "{}", seen.stderr);
        says(&seen, &format!("error: `faults.toml:{line}`: "));
        says(&seen, expected);
    }
    let seen = place.ocpdg(&["run", "--sim", "aio", "--fault", "none.toml", "verify"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    says(
        &seen,
        "error: fault file `none.toml`: No such file or directory",
    );
    let seen = place.ocpdg(&["run", "--sim", "aio", "--fault", "random:x", "verify"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    says(&seen, "the seed is no number");
    // Never ignored: it would be real hosts that do not suffer it.
    for option in [["--fault", "faults.toml"], ["--sim-hours", "1"]] {
        for inventory in [&["-i", "hosts"][..], &[]] {
            let mut words = vec!["run", "verify"];
            words.extend(option);
            words.extend(inventory);
            let seen = place.ocpdg(&words);
            assert_eq!(seen.status, 2, "{}", seen.stderr);
            says(&seen, "--sim");
        }
    }
}

#[test]
fn a_script_that_never_ends_is_ended_when_the_simulated_time_is_over() {
    for script in [
        "loop { cluster::first_master.run(\"sleep 600\"); }",
        "loop { sleep(600); }",
        "cluster::first_master.run(\"while :; do sleep 60; done\");",
        // Not even what catches everything goes on.
        "loop { try { cluster::first_master.run(\"sleep 600\"); } catch { } }",
        "step(\"wait\", cluster::all, |host| { loop { sleep(600); } });",
    ] {
        let place = Place::new();
        place.write("test.rhai", script);
        let seen = place.ocpdg(&["run", "--sim", "aio", "test.rhai"]);
        assert_eq!(seen.status, 1, "{script}: {}", seen.stderr);
        says(
            &seen,
            "error: cannot go on: the 24 h of simulated time that this run may take are over",
        );
        says(&seen, "`--sim-hours N`");
        let seen = place.ocpdg(&["run", "--sim", "aio", "--sim-hours", "2", "test.rhai"]);
        says(&seen, "error: cannot go on: the 2 h of simulated time");
        let seen = run(&place, "aio", "test.rhai", "hours = 3\n");
        says(&seen, "error: cannot go on: the 3 h of simulated time");
    }
}

#[test]
fn ctrl_c_ends_a_script_that_never_ends() {
    for (script, signals) in [
        ("loop { }", 1),
        ("loop { cluster::first_master.run(\"true\"); }", 1),
        ("loop { sleep(0); }", 1),
        // It changes something, perhaps: it is let to its end.
        ("cluster::first_master.run(\"while :; do :; done\");", 2),
    ] {
        let place = Place::new();
        place.write("test.rhai", &format!("note(\"begun\");\n{script}\n"));
        let running = place.start(&["run", "--sim", "aio", "--sim-hours", "87600", "test.rhai"]);
        std::thread::sleep(Duration::from_secs(2));
        let begun = Instant::now();
        for _ in 0..signals {
            running.signal(libc::SIGINT);
            std::thread::sleep(Duration::from_millis(300));
        }
        let seen = running.end();
        assert!(
            seen.stderr.contains("begun"),
            "{script}: it did not begin in time"
        );
        assert_eq!(seen.status, 130, "{script}: {}", seen.stderr);
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{script}: {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn whatever_goes_wrong_the_run_ends_with_a_status_and_a_reason() {
    let hosts = ["master-1.sim.test".to_owned()];
    for seed in 1..=20 {
        let plan = format!("random:{seed}");
        let seen =
            Place::new().ocpdg(&["run", "--sim", "aio", "--fault", &plan, DOWNGRADE, "--yes"]);
        let told = || {
            let plan = FaultPlan::random(seed, &hosts);
            format!(
                "seed {seed}: status {}\n{plan}\n{}",
                seen.status, seen.stderr
            )
        };
        assert!(!seen.stderr.contains("panicked"), "{}", told());
        match seen.status {
            0 => assert!(seen.stderr.contains(" completed; "), "{}", told()),
            1 | 3 => {
                let mut lines = seen.error().lines();
                let sentence = lines.next().unwrap_or_default();
                assert!(sentence.len() > "error: ".len(), "{}", told());
                assert!(lines.any(|line| line.contains("-->")), "{}", told());
            }
            _ => panic!("{}", told()),
        }
    }
}
