//! Ctrl-C while a host is being changed: once lets the change end, twice leaves it; over SSH and
//! locally.

#[path = "support/program.rs"]
mod program;
#[path = "support/reached.rs"]
mod reached;
#[path = "support/sshd.rs"]
mod sshd;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use program::Place;
use reached::{over_ssh_and_locally, write};

#[test]
fn one_ctrl_c_lets_a_change_end_and_says_so_and_it_is_not_done_again() {
    over_ssh_and_locally(|place| {
        write(
            place,
            r#"
            step("change", cluster::masters, |host| {
                host.run("echo begun >>EVIDENCE; sleep 2; echo done >>EVIDENCE");
            });
            step("after", cluster::masters, |host| host.run("echo after >>EVIDENCE"));
            "#,
        );
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        place.wait_for("evidence", "begun");
        running.signal(libc::SIGINT);
        let ended = running.end();
        assert_eq!(ended.status, 130, "{}", ended.stderr);
        assert_eq!(place.read("evidence"), "begun\ndone\n", "{}", ended.stderr);
        for said in [
            "interrupted: nothing new starts; what changes a host is let to its end:",
            "one: `echo begun >>",
            "`, running for ",
            "press Ctrl-C again to leave at once",
            "    changed  one",
            "continues where it stopped",
        ] {
            assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
        }
        let resumed = place.ocpdg(&["resume"]);
        assert_eq!(resumed.status, 0, "{}", resumed.stderr);
        assert_eq!(place.read("evidence"), "begun\ndone\nafter\n");
    });
}

#[test]
fn after_a_ctrl_c_nothing_new_starts() {
    over_ssh_and_locally(|place| {
        write(
            place,
            r#"
            step("change", cluster::masters, |host| {
                host.run("echo begun >>EVIDENCE; sleep 1; echo done >>EVIDENCE");
                host.run("echo second >>EVIDENCE");
            });
            "#,
        );
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        place.wait_for("evidence", "begun");
        running.signal(libc::SIGINT);
        let ended = running.end();
        assert_eq!(ended.status, 130, "{}", ended.stderr);
        assert_eq!(place.read("evidence"), "begun\ndone\n", "{}", ended.stderr);
        let stopped = "stopped  one: interrupted before `echo second";
        assert!(ended.stderr.contains(stopped), "{}", ended.stderr);
        let log = place.ocpdg(&["log", "--transcript", "one"]).stdout;
        assert!(!log.contains("second"), "{log}");
        let resumed = place.ocpdg(&["resume"]);
        assert_eq!(resumed.status, 0, "{}", resumed.stderr);
        let once = "begun\ndone\nsecond\n";
        assert_eq!(place.read("evidence"), once, "the step goes on");
    });
}

#[test]
fn a_second_ctrl_c_leaves_at_once_and_says_what_may_still_run() {
    over_ssh_and_locally(|place| {
        write(
            place,
            r#"
            step("change", cluster::masters, |host| {
                host.run("echo begun >>EVIDENCE; sleep 6; echo done >>EVIDENCE");
            });
            "#,
        );
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        place.wait_for("evidence", "begun");
        let started = Instant::now();
        running.signal(libc::SIGINT);
        std::thread::sleep(Duration::from_millis(500));
        running.signal(libc::SIGINT);
        let ended = running.end();
        assert!(started.elapsed() < Duration::from_secs(4), "it waited");
        assert_eq!(ended.status, 130, "{}", ended.stderr);
        assert_eq!(place.read("evidence"), "begun\n");
        for said in [
            "leaving: this may still run on its host; see that it has ended before you resume:",
            "on `one`; it may still be running there",
            "ocpdg resume",
        ] {
            assert!(ended.stderr.contains(said), "{said}: {}", ended.stderr);
        }
        place.wait_for("evidence", "done");
    });
}

#[test]
fn a_terminal_that_closes_twice_leaves_no_change_behind() {
    over_ssh_and_locally(|place| {
        write(
            place,
            "cluster::first_master.run(\"echo begun >>EVIDENCE; sleep 1; echo done >>EVIDENCE\");\n\
             note(\"never\");\n",
        );
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        place.wait_for("evidence", "begun");
        for _ in 0..2 {
            running.signal(libc::SIGHUP);
            std::thread::sleep(Duration::from_millis(100));
        }
        let ended = running.end();
        assert_eq!(ended.status, 130, "{}", ended.stderr);
        assert_eq!(place.read("evidence"), "begun\ndone\n", "{}", ended.stderr);
    });
}

#[test]
fn ctrl_c_ends_a_question() {
    let place = Place::new();
    place.write(
        "test.rhai",
        "cluster::first_master.run(\"echo begun >>evidence\");\nconfirm(\"Destroy it?\", []);\n",
    );
    let line = format!("{} run test.rhai -i hosts", env!("CARGO_BIN_EXE_ocpdg"));
    let mut child = std::process::Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(place.path(""))
        .env("HOME", place.path(""))
        .env("XDG_STATE_HOME", place.path("state"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("`script` of util-linux is there");
    let mut screen = child.stdout.take().expect("it is piped");
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("go on? yes/no: ") {
        let mut byte = [0];
        let count = screen.read(&mut byte).expect("it is read");
        assert_eq!(count, 1, "it never asked: {shown:?}");
        shown.push(byte[0]);
    }
    // What the key sends; the terminal makes it a signal.
    let mut keys = child.stdin.take().expect("it is piped");
    keys.write_all(b"\x03").expect("it reads");
    screen.read_to_end(&mut shown).expect("it is read");
    let status = child.wait().expect("it ends");
    drop(keys);
    let shown = String::from_utf8_lossy(&shown);
    assert_eq!(status.code(), Some(130), "{shown}");
    assert!(shown.contains("interrupted at `Destroy it?`"), "{shown}");
    assert!(shown.contains("ocpdg resume"), "{shown}");
}
