//! `ocpdg resume --skip`: what was done by hand counts as done, with who said so and why.

#[path = "support/program.rs"]
mod program;

use program::Place;

const SCRIPT: &str = r#"
phase("one", || {
    step("first", cluster::nodes, |host| cluster::first_master.run(`echo first ${host.name} >> evidence`));
    step("second", cluster::nodes, |host| {
        if host.name == "two" { throw "cannot be done here"; }
        host.name
    });
});
step("third", cluster::first_master, |host| host.run("echo third >> evidence"));
"#;

fn failed() -> Place {
    let place = Place::new();
    let seen = place.run_with(SCRIPT, &["--forks", "1"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    place
}

#[test]
fn a_skipped_step_counts_as_done_and_is_on_record() {
    let place = failed();
    let skip = [
        "resume",
        "--skip",
        "second@two",
        "--reason",
        "done by hand in the console",
    ];
    let asked = place.ocpdg(&skip);
    assert_eq!(asked.status, 3, "{}", asked.stderr);
    let seen = place.ocpdg(&[&skip[..], &["--yes"]].concat());
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(place.read("evidence").ends_with("third\n"));
    let log = place.ocpdg(&["log", "--host", "two"]);
    insta::assert_snapshot!(asked.screen() + "=== log\n" + &log.screen());
    // It is done: it cannot be skipped again.
    let seen = place.ocpdg(&["resume", "--skip", "second", "--reason", "x"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
}

#[test]
fn what_is_not_open_is_refused_with_what_is() {
    let place = failed();
    let mut screens = String::new();
    for step in [
        "first",
        "first@two",
        "second@one",
        "nothing",
        "third",
        "one › second@three",
    ] {
        let seen = place.ocpdg(&["resume", "--skip", step, "--reason", "x", "--yes"]);
        assert_eq!(seen.status, 2, "{step}: {}", seen.stderr);
        screens.push_str(seen.error());
    }
    insta::assert_snapshot!(screens);
    let seen = place.ocpdg(&["resume", "--skip", "second"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    assert!(seen.stderr.contains("--reason"), "{}", seen.stderr);
    assert_eq!(
        place.ocpdg(&["log"]).stdout.matches("resumed by").count(),
        0
    );
}

#[test]
fn a_host_that_was_left_out_is_told_and_its_steps_can_be_skipped() {
    let place = Place::new();
    let script = SCRIPT.replace("throw \"cannot be done here\"", "note(\"fine\")");
    let seen = place.run_with(&script, &["--without", "two"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let seen = place.ocpdg(&["resume", "--without", "two"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(
        seen.stderr
            .contains("two was left out before, and is again"),
        "{}",
        seen.stderr
    );
    let seen = place.ocpdg(&[
        "resume",
        "--skip",
        "one › first@two",
        "--reason",
        "a new machine",
        "--yes",
    ]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let told = "two was left out before: its steps are done now";
    assert!(seen.stderr.contains(told), "{}", seen.stderr);
    assert!(!place.read("evidence").contains("first two"));
}
