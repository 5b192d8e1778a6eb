//! The marker on the first master: who changes a cluster says so there first, and nobody else does.

#[path = "support/program.rs"]
mod program;

use std::sync::Arc;

use ocpdg::primitive::marker::{Claim, claim, release};
use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::local::Local;
use program::{Place, entries};

/// Keeps what the marker says while the run works.
const CHANGES: &str = r#"
step("change", cluster::first_master, |host| {
    host.run("readlink var/running >> evidence; test -e repaired");
});
"#;

/// A run that says when it works, and goes on to its end once `go_on` exists.
const SLOW: &str = r#"
step("slow", cluster::first_master, |host| {
    host.run("readlink var/running > evidence; while test -e hosts && ! test -e go_on; do sleep 0.1; done", #{ timeout_secs: 60 });
});
"#;

#[test]
fn it_says_who_works_while_something_is_changed_and_goes_with_the_run() {
    let place = Place::new();
    assert_eq!(place.run(CHANGES).status, 1);
    let said = place.read("evidence");
    let id = place.runs()[0]
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    for fact in [
        &format!("\"run\":\"{id}\""),
        "\"operator\":\"tester\"",
        "test.rhai",
    ] {
        assert!(said.contains(fact), "{fact}: {said}");
    }
    assert_eq!(
        entries(&place.path("var")),
        Vec::<std::path::PathBuf>::new()
    );
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    // The marker is no part of what the script did.
    assert!(
        seen.stderr.contains("1 command changed something"),
        "{}",
        seen.stderr
    );
    assert_eq!(
        entries(&place.path("var")),
        Vec::<std::path::PathBuf>::new()
    );
    // It is on record, and not in the way of who reads what was done.
    let journal = std::fs::read_to_string(place.journal()).unwrap();
    assert_eq!(journal.matches("ocpdg-marker").count(), 4, "{journal}");
    let log = place.ocpdg(&["log", "--commands"]).stdout;
    assert!(!log.contains("ocpdg-marker"), "{log}");
}

#[test]
fn a_run_that_only_looks_leaves_none() {
    let place = Place::new();
    let looks = "step(\"look\", cluster::first_master, |host| host.run(\"ls\", #{ read_only: true }).rc);\n";
    assert_eq!(place.run(looks).status, 0);
    assert!(!place.path("var").exists());
}

#[test]
fn ctrl_c_takes_it_away_and_a_kill_leaves_it_to_resume() {
    for (signal, stays) in [(libc::SIGINT, false), (libc::SIGKILL, true)] {
        let place = Place::new();
        place.write("test.rhai", SLOW);
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        place.wait_for("evidence", "run");
        running.signal(signal);
        if !stays {
            place.write("go_on", "");
        }
        running.end();
        assert_eq!(
            marker(&place.path("var/running")).is_some(),
            stays,
            "signal {signal}"
        );
        place.write("go_on", "");
        let seen = place.ocpdg(&["resume"]);
        if stays {
            assert_eq!(seen.status, 0, "{}", seen.stderr);
            // It was its own.
            assert!(!seen.stderr.contains("marker"), "{}", seen.stderr);
        }
        assert!(marker(&place.path("var/running")).is_none());
    }
}

#[test]
fn a_new_run_takes_over_what_a_dead_one_of_this_machine_left() {
    let place = Place::new();
    place.write("test.rhai", SLOW);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "run");
    running.signal(libc::SIGKILL);
    running.end();
    let seen = place.run("cluster::first_master.run(\"true\");\n");
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stderr.contains("is taken over"), "{}", seen.stderr);
}

/// What the marker at `path` says, if there is one.
fn marker(path: &std::path::Path) -> Option<String> {
    let says = std::fs::read_link(path).ok()?;
    Some(says.to_str().expect("it is text").to_owned())
}

/// Lets `place` have the marker `text`.
fn mark(place: &Place, text: &str) {
    std::fs::create_dir_all(place.path("var")).expect("it can be made");
    let _ = std::fs::remove_file(place.path("var/running"));
    std::os::unix::fs::symlink(text, place.path("var/running")).expect("it can be made");
}

/// What another controller wrote.
fn foreign() -> String {
    concat!(
        r#"{"run":"20260102-030405","script":"/root/down.rhai","operator":"joe","machine":"bastion-2","#,
        r#""process":77,"controller":"0011223344556677","cluster":"0123456789ab","#,
        r#""since":"2026-01-02T03:04:05Z"}"#
    )
    .to_owned()
}

#[test]
fn what_another_controller_works_on_is_not_changed_but_after_a_yes() {
    let place = Place::new();
    place.write("repaired", "");
    mark(&place, &foreign());
    let refused = place.run(CHANGES);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert_eq!(place.read("evidence"), "");
    assert_eq!(marker(&place.path("var/running")), Some(foreign()));
    let asked = place.ocpdg(&["resume", "--break-lock"]);
    assert_eq!(asked.status, 3, "{}", asked.stderr);
    assert_eq!(marker(&place.path("var/running")), Some(foreign()));
    insta::assert_snapshot!(refused.screen() + "=== --break-lock\n" + asked.screen().as_str());
    let seen = place.ocpdg(&["resume", "--break-lock", "--yes"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(place.read("evidence").contains("tester"));
    assert!(marker(&place.path("var/running")).is_none());
    let log = place.ocpdg(&["log"]).stdout;
    let told = "Take the cluster from run 20260102-030405 of /root/down.rhai, by joe on bastion-2 (process 77)";
    assert!(log.contains(told), "{log}");
}

#[test]
fn a_marker_of_nobody_known_is_shown_without_its_escapes_and_refuses() {
    for text in [
        "\u{1b}[2Jgone",
        "{\"run\":1}",
        "two\nlines\n",
        &"x".repeat(4000),
    ] {
        let place = Place::new();
        place.write("repaired", "");
        mark(&place, text);
        let seen = place.run(CHANGES);
        assert_eq!(seen.status, 3, "{}", seen.stderr);
        assert!(!seen.stderr.contains('\u{1b}'), "{:?}", seen.stderr);
        assert!(seen.stderr.len() < 3000, "{}", seen.stderr);
        assert_eq!(marker(&place.path("var/running")).as_deref(), Some(text));
        let seen = place.ocpdg(&["resume", "--break-lock", "--yes"]);
        assert_eq!(seen.status, 0, "{text:?}: {}", seen.stderr);
    }
    // No marker at all, but a file: it is nobody's to replace.
    let place = Place::new();
    place.write("var/running", "mine\n");
    let seen = place.run_with(CHANGES, &["--break-lock", "--yes"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert_eq!(place.read("var/running"), "mine\n");
}

#[test]
fn a_place_that_cannot_be_written_says_so_before_anything_is_changed() {
    let place = Place::new();
    place.write("var", "a file");
    let seen = place.run(CHANGES);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(seen.stderr.contains("$OCPDG_MARKER"), "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "");
}

#[test]
fn of_many_that_claim_it_at_once_one_has_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("running").display().to_string();
    let host = Host::new(
        "one",
        Arc::new(Local::new("one", false, None)),
        Arc::new(Unobserved),
    );
    // Nobody has it, then all want to replace what the winner wrote.
    let mut former: Option<String> = None;
    for round in 0..6 {
        let won: Vec<String> = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..12)
                .map(|number| {
                    let (host, path, former) = (&host, &path, former.as_deref());
                    scope.spawn(move || {
                        let text = format!("{{\"round\":{round},\"by\":{number}}}");
                        let claimed = claim(host, path, &text, former).expect("it is asked");
                        (claimed == Claim::Taken).then_some(text)
                    })
                })
                .collect();
            tries
                .into_iter()
                .filter_map(|it| it.join().expect("no panic"))
                .collect()
        });
        let says = marker(&dir.path().join("running")).expect("it is there");
        assert!(won.contains(&says), "{won:?}: {says}");
        assert_eq!(won.len(), 1, "{won:?}");
        former = Some(says);
    }
    let last = former.expect("somebody had it");
    assert!(!release(&host, &path, "another text").expect("it is asked"));
    assert!(release(&host, &path, &last).expect("it is asked"));
    assert!(!release(&host, &path, &last).expect("it is asked"));
    assert_eq!(entries(dir.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn simulated_hosts_are_marked_with_two_commands() {
    let place = Place::new();
    let script = "step(\"change\", cluster::nodes, |host| {\n\
        host.run(\"touch /tmp/x\");\n\
        cluster::first_master.run(\"readlink /var/lib/ocpdg/running\", #{ read_only: true }).stdout\n});\n\
        print(cluster::first_master.run(\"stat -c %a /var/lib/ocpdg\").stdout);\n";
    place.write("test.rhai", script);
    let mut command = place.command(&["run", "--sim", "ha", "test.rhai"]);
    command.env_remove("OCPDG_MARKER");
    let seen = program::Seen::of(command.output().expect("it runs"));
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stderr.contains("700"), "{}", seen.stderr);
    let journal = entries(&entries(&place.path("state/ocpdg/simulated"))[0])
        .into_iter()
        .find(|path| path.is_dir())
        .map(|run| std::fs::read_to_string(run.join("journal.jsonl")).expect("it is there"))
        .expect("it left a run");
    let marker = journal.lines().filter(|line| line.contains("ocpdg-marker"));
    assert_eq!(marker.count(), 2, "{journal}");
}

#[test]
fn a_run_of_this_machine_that_calls_the_cluster_otherwise_is_asked_by_its_own_lock() {
    let place = Place::new();
    place.write("test.rhai", SLOW);
    place.write(
        "others",
        "[masters]\nmine ansible_connection=local ansible_become=false\n[etcd]\nmine\n[nodes]\nmine\n",
    );
    place.write(
        "other.rhai",
        "cluster::first_master.run(\"echo other >> evidence\");\n",
    );
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "run");
    let other = ["run", "other.rhai", "-i", "others"];
    let seen = place.ocpdg(&other);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    let told = "another run works on this cluster: run ";
    assert!(seen.stderr.contains(told), "{}", seen.stderr);
    running.signal(libc::SIGKILL);
    running.end();
    let seen = place.ocpdg(&other);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stderr.contains("is taken over"), "{}", seen.stderr);
}
