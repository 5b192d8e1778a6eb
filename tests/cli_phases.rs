//! `--from` and `--to`: a part of a procedure is executed, and what comes before it has to be on record.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

/// Three phases, the last of which uses what the first two returned.
const THREE: &str = r#"
let word = param("word", "w", "A word");
let facts = phase("1.1 Look", || {
    cluster::first_master.run("echo look >> evidence");
    #{ word: "found", list: [1, 2.5, true, ()] }
});
phase("1.2 Stop", || step("stop", cluster::nodes, |host| {
    cluster::first_master.run(`echo stop ${host.name} >> evidence`);
}));
phase("1.3 Start", || step("start", cluster::first_master, |host| {
    host.run(`echo start ${facts.word} ${facts.list.len} >> evidence; test -e repaired`);
}));
"#;

fn status(seen: &Seen, status: i32) {
    assert_eq!(seen.status, status, "{}", seen.stderr);
}

fn says(seen: &Seen, text: &str) {
    assert!(seen.stderr.contains(text), "{text}: {}", seen.stderr);
}

#[test]
fn to_stops_after_a_phase_and_resume_goes_on_with_the_next() {
    let place = Place::new();
    place.write("repaired", "");
    let seen = place.run_with(THREE, &["--to", "1.2", "--forks", "1"]);
    status(&seen, 0);
    assert_eq!(place.read("evidence"), "look\nstop one\nstop two\n");
    let seen_log = place.ocpdg(&["log"]);
    let resumed = place.ocpdg(&["resume"]);
    status(&resumed, 0);
    // What is no step is done again.
    let all = "look\nstop one\nstop two\nlook\nstart found 4\n";
    assert_eq!(place.read("evidence"), all);
    insta::assert_snapshot!(seen.screen() + "=== log\n" + &seen_log.screen());
}

#[test]
fn a_stop_by_to_is_not_caught_by_the_script() {
    let place = Place::new();
    let script = "try { phase(\"a\", || 1); } catch { }\n\
        try { phase(\"b\", || cluster::first_master.run(\"echo b >> evidence\")); } catch { }\n\
        step(\"c\", cluster::first_master, |host| host.run(\"echo c >> evidence\"));\n";
    let seen = place.run_with(script, &["--to", "a"]);
    status(&seen, 0);
    assert_eq!(place.read("evidence"), "");
}

#[test]
fn from_leaves_out_what_is_on_record_and_keeps_what_it_returned() {
    let place = Place::new();
    status(&place.run_with(THREE, &["--forks", "1"]), 1);
    place.write("evidence", "");
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume", "--from", "start"]);
    status(&seen, 0);
    assert_eq!(place.read("evidence"), "start found 4\n");
    says(&seen, "1.1 Look\n");
    says(&seen, "not executed, as `--from` says");
    let log = place.ocpdg(&["log"]).stdout;
    assert!(
        log.contains("1.2 Stop: not executed, what it returned is on record"),
        "{log}"
    );
}

#[test]
fn what_a_phase_returned_comes_back_as_what_it_was() {
    let place = Place::new();
    let script = r#"
        let found = phase("a", || #{
            hosts: cluster::nodes, one: cluster::host("one"), float: 2.0, int: 2, none: (), list: [[true]],
            answers: step("ask", cluster::nodes, |host| #{ name: host.name, map: "x" }),
        });
        phase("b", || {
            note(`${type_of(found.float)} ${type_of(found.int)} ${type_of(found.none)} ${found.list[0][0]}`);
            note(`${found.hosts.names} ${(found.hosts - found.one).names} ${found.one.name}`);
            note(`${found.answers["two"].name} ${found.answers.values.len} ${type_of(found.answers)}`);
            cluster::first_master.run("test -e repaired");
        });
    "#;
    let first = place.run(script);
    status(&first, 1);
    place.write("repaired", "");
    let second = place.ocpdg(&["resume", "--from", "b"]);
    status(&second, 0);
    let notes = |seen: &Seen| {
        let lines = seen.stderr.lines().skip_while(|line| *line != "b");
        let lines: Vec<String> = lines.skip(1).take(3).map(str::to_owned).collect();
        lines
    };
    assert_eq!(notes(&first), notes(&second));
    says(&second, "f64 i64 () true");
}

#[test]
fn from_is_refused_where_a_value_is_missing() {
    let place = Place::new();
    let seen = place.run_with(THREE, &["--from", "1.3"]);
    status(&seen, 1);
    says(&seen, "phase `1.1 Look` comes before it");
    says(
        &seen,
        "what it returns is not on record: it never reached its end",
    );
    // It ended without one of its hosts, which is back.
    let place = Place::new();
    status(&place.run_with(THREE, &["--without", "two"]), 1);
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume", "--from", "1.3"]);
    status(&seen, 1);
    says(&seen, "and it was not for two");
    let seen = place.ocpdg(&["resume", "--from", "1.3", "--without", "two"]);
    status(&seen, 0);
}

#[test]
fn a_phase_that_does_more_than_return_a_value_is_never_left_out() {
    for (first, why) in [
        (
            "phase(\"a\", || { n += 1; });",
            "it assigns variables of the script",
        ),
        (
            "phase(\"a\", || settings(#{ word: \"x\" }));",
            "it sets parameters",
        ),
        ("phase(\"a\", || \"pw-of-registry\");", "it holds a secret"),
        ("phase(\"a\", || |x| x);", "it holds a value of type `Fn`"),
    ] {
        let place = Place::new();
        let secret = "\n[masters:vars]\nregistry_password=pw-of-registry\n";
        place.write("hosts", &(program::HOSTS.to_owned() + secret));
        let script = format!(
            "let n = 0;\n{first}\nphase(\"b\", || {{ print(`${{n}} ${{param(\"word\", \"w\", \"A word\")}}`); throw \"stop\"; }});\n"
        );
        status(&place.run(&script), 1);
        let seen = place.ocpdg(&["resume", "--from", "b"]);
        status(&seen, 1);
        says(&seen, why);
        // Without it, all is as before.
        let seen = place.ocpdg(&["resume"]);
        status(&seen, 1);
        says(&seen, "stop");
    }
}

#[test]
fn a_phase_that_is_not_there_is_refused_with_those_that_are() {
    let place = Place::new();
    let mut screens = String::new();
    for wanted in ["9.9", "1", "Nowhere"] {
        let seen = place.run_with(THREE, &["--to", wanted]);
        status(&seen, 2);
        screens.push_str(&seen.screen());
    }
    assert!(place.runs().is_empty());
    assert_eq!(place.read("evidence"), "");
    insta::assert_snapshot!(screens);
    let seen = place.run_with(THREE, &["--from", "1.3", "--to", "1.1"]);
    status(&seen, 1);
    says(&seen, "comes before `--from 1.3 Start`");
}

#[test]
fn a_new_run_begins_within_only_on_the_record_of_one_that_completed() {
    let place = Place::new();
    status(&place.run_with(THREE, &["--forks", "1"]), 1);
    let seen = place.ocpdg(&["run", "test.rhai", "-i", "hosts", "--from", "1.3"]);
    status(&seen, 2);
    says(&seen, "did not complete");
    says(&seen, "ocpdg resume ");
    place.write("repaired", "");
    status(&place.ocpdg(&["resume"]), 0);
    let again = ["run", "test.rhai", "-i", "hosts", "--from", "1.3"];
    status(&place.ocpdg(&again), 3);
    place.write("evidence", "");
    std::fs::remove_file(place.path("repaired")).expect("it is there");
    let yes = [&again[..], &["--yes"]].concat();
    status(&place.ocpdg(&yes), 1);
    assert_eq!(place.read("evidence"), "start found 4\n");
    // Its resume begins there, too: the phases before were never part of it.
    place.write("repaired", "");
    status(&place.ocpdg(&["resume"]), 0);
    assert_eq!(place.read("evidence"), "start found 4\nstart found 4\n");
    let word = [&yes[..], &["--set", "word=x"]].concat();
    let seen = place.ocpdg(&word);
    status(&seen, 2);
    says(&seen, "it ran with other parameters");
    // The script is another: what it found then is not what it would find.
    place.write("test.rhai", &format!("{THREE}\n// more\n"));
    let seen = place.ocpdg(&yes);
    status(&seen, 2);
    says(&seen, "the script was another then");
}

#[test]
fn the_downgrade_stops_after_a_phase_on_simulated_hosts() {
    let place = Place::new();
    let seen = place.ocpdg(&[
        "run",
        "--sim",
        "aio",
        "downgrade_3_9_to_3_7",
        "--yes",
        "--to",
        "6.3",
    ]);
    status(&seen, 0);
    says(&seen, "stopped after `6.3 Shut down the cluster`");
    assert!(!seen.stderr.contains("6.4"), "{}", seen.stderr);
}

#[test]
fn each_phase_of_the_downgrade_returns_what_can_be_left_out() {
    let place = Place::new();
    let seen = place.ocpdg(&["run", "--sim", "ha", "downgrade_3_9_to_3_7", "--yes"]);
    status(&seen, 0);
    let cluster = &program::entries(&place.path("state/ocpdg/simulated"))[0];
    let run = program::entries(cluster)
        .into_iter()
        .find(|path| path.is_dir());
    let journal = std::fs::read_to_string(run.expect("a run").join("journal.jsonl"));
    let journal = journal.expect("it is there");
    let finished = journal
        .lines()
        .filter(|line| line.contains("\"phase_finished\""));
    let finished: Vec<&str> = finished.collect();
    assert_eq!(finished.len(), 9);
    for line in finished {
        assert!(!line.contains("\"lacking\""), "{line}");
    }
}
