//! Commands that outlive the controller and the connection, seen from outside.

#[path = "support/program.rs"]
mod program;
#[path = "support/reached.rs"]
mod reached;
#[path = "support/sshd.rs"]
mod sshd;

use program::{Place, Seen};
use reached::{locally, over_ssh, over_ssh_and_locally, write};

/// Runs `script`, and ends the controller when `evidence` holds `begun`.
fn killed_at_begun(place: &Place, script: &str) {
    write(place, script);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "begun");
    running.signal(libc::SIGKILL);
    running.end();
}

fn resume(place: &Place) -> Seen {
    place.ocpdg(&["resume"])
}

fn says(seen: &Seen, text: &str) {
    assert!(seen.stderr.contains(text), "{text}: {}", seen.stderr);
}

/// Nothing is left of the runs of `place`; there may be something of other tests.
fn leaves_nothing(place: &Place) {
    let cleaned = place.ocpdg(&["clean", "-i", "hosts"]);
    assert_eq!(cleaned.status, 0, "{}", cleaned.stderr);
    assert!(
        cleaned.stdout.ends_with("nothing to remove\n"),
        "{}",
        cleaned.stdout
    );
}

const CHANGE: &str = r#"
    let said = step("change", cluster::masters, |host| {
        host.run("echo begun >>EVIDENCE; sleep 2; echo done >>EVIDENCE; echo said").stdout
    });
    step("after", cluster::masters, |host| host.run(`echo after ${said["one"]} >>EVIDENCE`));
"#;

#[test]
fn a_command_under_way_when_the_controller_dies_is_followed_and_not_run_again() {
    over_ssh_and_locally(|place| {
        killed_at_begun(place, CHANGE);
        assert_eq!(place.read("evidence"), "begun\n");
        let resumed = resume(place);
        assert_eq!(resumed.status, 0, "{}", resumed.stderr);
        says(
            &resumed,
            "was under way: it went on by itself, and exited with status 0",
        );
        assert_eq!(place.read("evidence"), "begun\ndone\nafter said\n");
        leaves_nothing(place);
    });
}

#[test]
fn one_that_ended_meanwhile_has_its_result_read() {
    over_ssh_and_locally(|place| {
        killed_at_begun(place, CHANGE);
        place.wait_for("evidence", "done");
        let resumed = resume(place);
        assert_eq!(resumed.status, 0, "{}", resumed.stderr);
        assert_eq!(place.read("evidence"), "begun\ndone\nafter said\n");
        let log = place.ocpdg(&["log", "--commands"]).stdout;
        assert!(log.contains("sleep 2"), "{log}");
        leaves_nothing(place);
    });
}

#[test]
fn a_step_that_failed_is_done_again_as_a_whole() {
    over_ssh_and_locally(|place| {
        write(
            place,
            r#"
            step("change", cluster::masters, |host| {
                host.run("echo begun >>EVIDENCE");
                host.run("test -e EVIDENCE.repaired");
            });
            "#,
        );
        let failed = place.ocpdg(&["run", "test.rhai", "-i", "hosts"]);
        assert_eq!(failed.status, 1, "{}", failed.stderr);
        place.write("evidence.repaired", "");
        let resumed = resume(place);
        assert_eq!(resumed.status, 0, "{}", resumed.stderr);
        assert_eq!(place.read("evidence"), "begun\nbegun\n");
        leaves_nothing(place);
    });
}

#[test]
fn one_that_was_killed_on_the_host_is_not_started_anew_without_a_look() {
    over_ssh_and_locally(|place| {
        let script = r#"
            step("change", cluster::masters, |host| {
                host.run("echo begun $$ >>EVIDENCE; test -e EVIDENCE.quick || sleep 60; echo done >>EVIDENCE");
            });
        "#;
        killed_at_begun(place, script);
        // Its session, whole.
        let evidence = place.read("evidence");
        let pid: i32 = evidence.trim().rsplit(' ').next().unwrap().parse().unwrap();
        // SAFETY: plain system calls.
        unsafe {
            let session = libc::getsid(pid);
            assert_ne!(session, libc::getsid(0));
            libc::kill(-libc::getpgid(pid), libc::SIGKILL);
            libc::kill(session, libc::SIGKILL);
        }
        place.write("evidence.quick", "");
        let resumed = resume(place);
        assert_eq!(resumed.status, 1, "{}", resumed.stderr);
        says(
            &resumed,
            "was under way: something killed it before its end",
        );
        says(
            &resumed,
            "an earlier process of this run started it, and something killed it before its end",
        );
        says(&resumed, "the next `ocpdg resume` starts it anew");
        let resumed = resume(place);
        assert_eq!(resumed.status, 0, "{}", resumed.stderr);
        assert!(place.read("evidence").ends_with("done\n"));
        leaves_nothing(place);
    });
}

#[test]
fn a_connection_that_is_cut_is_built_up_again_and_the_run_goes_on() {
    let (place, server) = over_ssh();
    write(&place, CHANGE);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "begun");
    server.cut();
    let ended = running.end();
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    says(&ended, "one: the connection was lost (");
    assert_eq!(place.read("evidence"), "begun\ndone\nafter said\n");
    leaves_nothing(&place);
}

#[test]
fn what_was_left_behind_is_listed_and_removed_and_what_runs_is_left_alone() {
    let place = locally();
    let until = "while test -e hosts && ! test -e go_on; do sleep 0.1; done";
    killed_at_begun(&place, &CHANGE.replace("sleep 2", until));
    let refused = place.ocpdg(&["clean", "-i", "hosts"]);
    let run = place.runs()[0].file_name().unwrap().to_owned();
    let run = run.to_str().unwrap();
    let alone = format!("left alone: one: {run}-");
    assert!(refused.stdout.contains(&alone), "{}", refused.stdout);
    place.write("go_on", "");
    place.wait_for("evidence", "done");
    std::thread::sleep(std::time::Duration::from_millis(500));
    let asked = place.ocpdg(&["clean", "-i", "hosts"]);
    assert_eq!(asked.status, 3, "{}", asked.stderr);
    says(&asked, &format!("one: {run}-"));
    says(&asked, "exited with status 0");
    says(&asked, &format!("run {run} did not complete"));
    let cleaned = place.ocpdg(&["clean", "-i", "hosts", "--yes"]);
    assert_eq!(cleaned.status, 0, "{}", cleaned.stderr);
    assert!(cleaned.stdout.contains("removed: "), "{}", cleaned.stdout);
    leaves_nothing(&place);
    // As the question said, nobody can tell any more that it ran.
    let resumed = resume(&place);
    says(
        &resumed,
        "was under way: the host has nothing of it, it had not begun",
    );
}

#[test]
fn the_way_to_a_host_ends_with_the_run() {
    let (place, server) = over_ssh();
    let [config, pid] = [server.path("sshd_config"), place.path("pid")];
    let (config, pid) = (config.display(), pid.display());
    // It would go on by itself once its connection is closed.
    let proxy = format!("echo $$ >{pid}; /usr/sbin/sshd -i -f {config}; sleep 600\n");
    place.write("proxy", &proxy);
    let hosts = place.read("hosts").replace(
        " ansible_become=",
        &format!(
            " ansible_ssh_common_args='-o ProxyCommand=\"sh {}\"' ansible_become=",
            place.path("proxy").display()
        ),
    );
    place.write("hosts", &hosts);
    write(
        &place,
        r#"step("look", cluster::masters, |host| host.run("echo begun >>EVIDENCE"));"#,
    );
    let seen = place.ocpdg(&["run", "test.rhai", "-i", "hosts"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "begun\n");
    let pid = place.read("pid");
    let pid = pid.trim();
    let alive = std::path::Path::new("/proc").join(pid).exists();
    assert!(!alive, "process {pid} of the proxy command is still there");
}
