//! `ocpdg status` and `ocpdg log -f`: a run, seen from a second terminal.

#[path = "support/program.rs"]
mod program;

use std::time::Duration;

use program::{Place, Seen};

/// Works until `go_on` is there; `repaired` lets its last step succeed.
const SLOW: &str = r#"
phase("1.1 Look", || step("look", cluster::nodes, |host| host.name));
phase("1.2 Work", || {
    step("work", cluster::first_master, |host| {
        host.run("echo working > evidence; while test -e hosts && ! test -e go_on; do sleep 0.1; done", #{ timeout_secs: 60 });
    });
    step("check", cluster::first_master, |host| host.run("test -e repaired"));
});
"#;

/// `text` without times of any length.
fn timeless(seen: &Seen) -> String {
    let times = regex::Regex::new(r"\d+ (s|min)( ago|\b)").expect("it is well formed");
    times.replace_all(&seen.screen(), "[n] s").into_owned()
}

#[test]
fn a_run_at_work_says_where_it_is_and_a_finished_one_what_to_do() {
    let place = Place::new();
    let mut screens = timeless(&place.ocpdg(&["status"]));
    place.write("test.rhai", SLOW);
    let running = place.start(&["run", "test.rhai", "-i", "hosts", "--forks", "1"]);
    place.wait_for("evidence", "working");
    screens.push_str("=== at work\n");
    screens.push_str(&timeless(&place.ocpdg(&["status"])));
    // A resume meanwhile says who works.
    let resume = place.ocpdg(&["resume"]);
    assert_eq!(resume.status, 3, "{}", resume.stderr);
    assert!(
        resume
            .stderr
            .contains("another run is working on this cluster: run ")
    );
    place.write("go_on", "");
    assert_eq!(running.end().status, 1);
    screens.push_str("=== failed\n");
    screens.push_str(&timeless(&place.ocpdg(&["status"])));
    place.write("repaired", "");
    assert_eq!(place.ocpdg(&["resume"]).status, 0);
    screens.push_str("=== complete\n");
    screens.push_str(&timeless(&place.ocpdg(&["status"])));
    insta::assert_snapshot!(screens);
}

#[test]
fn a_run_that_was_killed_says_so_with_what_is_not_known() {
    let place = Place::new();
    place.write("test.rhai", SLOW);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "working");
    running.signal(libc::SIGKILL);
    running.end();
    place.write("go_on", "");
    let seen = place.ocpdg(&["status"]);
    assert_eq!(seen.status, 1, "{}", seen.stdout);
    for told in [
        "its process died: tester on ",
        "steps begun:\n  `1.2 Work › work` on one",
        "commands whose end is not known:\n  one: `echo working",
        "next: `ocpdg resume ",
    ] {
        assert!(seen.stdout.contains(told), "{told}: {}", seen.stdout);
    }
    let seen = place.ocpdg(&["log", "-f"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stderr.contains("its process died"), "{}", seen.stderr);
}

#[test]
fn left_out_hosts_and_a_stop_are_no_completion() {
    let place = Place::new();
    place.write("go_on", "");
    place.write("repaired", "");
    assert_eq!(place.run_with(SLOW, &["--to", "1.1"]).status, 0);
    let seen = place.ocpdg(&["status"]);
    assert_eq!(seen.status, 3, "{}", seen.stdout);
    assert_eq!(place.ocpdg(&["resume", "--without", "two"]).status, 0);
    let seen = place.ocpdg(&["status"]);
    assert_eq!(seen.status, 3, "{}", seen.stdout);
    assert!(seen.stdout.contains("left out: two"), "{}", seen.stdout);
    let seen = place.ocpdg(&["status", "2001"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
}

#[test]
fn what_is_waited_for_is_told() {
    let place = Place::new();
    place.write(
        "test.rhai",
        "wait_for(\"the flood\", #{ every_secs: 1, timeout_secs: 300 }, || {\n\
         cluster::first_master.run(\"echo asked >> evidence; test -e go_on\", #{ check: false }).rc == 0\n});\n",
    );
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "asked\nasked");
    let seen = place.ocpdg(&["status"]);
    assert_eq!(seen.status, 4, "{}", seen.stdout);
    assert!(
        seen.stdout.contains("waits for:\n  the flood, for "),
        "{}",
        seen.stdout
    );
    assert!(seen.stdout.contains("of at most 5 min"), "{}", seen.stdout);
    place.write("go_on", "");
    assert_eq!(running.end().status, 0);
}

#[test]
fn a_log_is_followed_until_the_run_ends() {
    let place = Place::new();
    place.write("repaired", "");
    place.write("test.rhai", SLOW);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "working");
    let following = place.start(&["log", "-f", "--commands"]);
    std::thread::sleep(Duration::from_millis(500));
    place.write("go_on", "");
    assert_eq!(running.end().status, 0);
    let seen = following.end();
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    // It shows what the log shows afterwards.
    let after = place.ocpdg(&["log", "--commands"]);
    assert_eq!(seen.stdout, after.stdout);
    assert!(seen.stdout.contains("completed, "), "{}", seen.stdout);
    let again = place.ocpdg(&["log", "-f", "--commands"]);
    assert_eq!(again.stdout, after.stdout);
    let host = place.ocpdg(&["log", "-f", "--host", "three"]);
    assert_eq!(host.status, 2, "{}", host.stderr);
}
