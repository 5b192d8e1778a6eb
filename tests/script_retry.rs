//! `retry`: what is tried again, what is not, and that every try is told.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

fn run(script: &str) -> (Place, Seen) {
    let place = Place::new();
    let seen = place.run(script);
    (place, seen)
}

/// How often `text` was said.
fn count(seen: &Seen, text: &str) -> usize {
    seen.stderr.matches(text).count()
}

#[test]
fn every_failed_try_is_told_and_the_value_of_the_good_one_returned() {
    let (place, seen) = run(r#"
        step("try", cluster::masters, |host| {
            let rc = retry("count to three", #{ tries: 5, every_secs: 0 }, || {
                host.run("echo x >> tries; test $(wc -l < tries) -ge 3").rc
            });
            note(`it ended with ${rc}`);
        });
    "#);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(
        count(&seen, "count to three: try 1 of 5 failed, again in 0 s: "),
        1
    );
    assert_eq!(count(&seen, "count to three: try 2 of 5 failed"), 1);
    assert_eq!(count(&seen, "try 3 of 5"), 0);
    assert_eq!(count(&seen, "it ended with 0"), 1);
    assert_eq!(place.read("tries").lines().count(), 3);
}

#[test]
fn the_last_try_is_the_error() {
    let (place, seen) = run(r#"
        retry("never", #{ tries: 2, every_secs: 0 }, || {
            cluster::first_master.run("echo x >> tries; echo broken >&2; exit 7")
        });
    "#);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert_eq!(count(&seen, "never: try 1 of 2 failed"), 1);
    assert_eq!(count(&seen, "try 2 of 2"), 0);
    assert!(seen.error().contains("broken"), "{}", seen.stderr);
    assert_eq!(place.read("tries").lines().count(), 2);
}

#[test]
fn mistakes_lost_connections_and_wrong_options_are_not_tried_again() {
    for (body, status) in [("cluster::host(\"two\").run(\"true\")", 1), ("[1][5]", 1)] {
        let (_place, seen) = run(&format!(
            "retry(\"it\", #{{ tries: 3, every_secs: 0 }}, || {body});"
        ));
        assert_eq!(seen.status, status, "{}", seen.stderr);
        assert_eq!(count(&seen, "it: try"), 0, "{}", seen.stderr);
    }
    let (_place, seen) = run("retry(\"it\", #{ times: 3 }, || 1);");
    assert!(
        seen.error()
            .contains("option `times` of `retry`: does not exist"),
        "{}",
        seen.stderr
    );
}
