//! `ocpdg resume`: what is done stays done, what is open is done, whatever ended the run.

#[path = "support/program.rs"]
mod program;

use program::{Place, Seen};

/// Counts in `evidence` what was executed, and fails in its third step until `repaired` exists.
const THREE_STEPS: &str = r#"
phase("one", || {
    let first = step("first", cluster::first_master, |host| {
        host.run("echo first >> evidence");
        #{ text: "kept", list: [1, 2.5, true, ()] }
    });
    note(`first said ${first.text} ${first.list.len} ${type_of(first.list[3])}`);
    let both = step("both", cluster::nodes, |host| host.name);
    note(`both said ${both.values}`);
});
phase("two", || {
    step("third", cluster::first_master, |host| {
        host.run("test -e repaired || { echo 'not repaired' >&2; exit 4; }");
        host.run("echo third >> evidence");
    });
});
"#;

#[test]
fn finished_steps_are_replayed_with_their_values_and_not_done_again() {
    let place = Place::new();
    let failed = place.run_with(THREE_STEPS, &["--forks", "1"]);
    assert_eq!(failed.status, 1, "{}", failed.stderr);
    assert_eq!(place.read("evidence"), "first\n");
    place.write("repaired", "");
    let resumed = place.ocpdg(&["resume"]);
    assert_eq!(resumed.status, 0, "{}", resumed.stderr);
    assert_eq!(place.read("evidence"), "first\nthird\n");
    insta::assert_snapshot!(failed.screen() + "=== resume\n" + resumed.screen().as_str());
}

#[test]
fn hosts_that_failed_are_done_again_and_the_others_are_not() {
    let place = Place::new();
    let script = r#"
        step("write", cluster::nodes, |host| {
            if host.name == "one" {
                host.run("echo one >> evidence");
            } else {
                let there = cluster::first_master.run("test -e repaired", #{ check: false }).rc;
                if there != 0 { throw "not yet"; }
                cluster::first_master.run("echo two >> evidence");
            }
        });
    "#;
    assert_eq!(place.run(script).status, 1);
    assert_eq!(place.read("evidence"), "one\n");
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "one\ntwo\n");
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn a_host_that_was_left_out_is_done_by_resume() {
    let place = Place::new();
    let script = "step(\"count\", cluster::nodes, |host| {\n\
        cluster::first_master.run(`echo ${host.name} >> evidence`);\n});\n";
    assert_eq!(place.run_with(script, &["--without", "two"]).status, 0);
    assert_eq!(place.read("evidence"), "one\n");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "one\ntwo\n");
}

#[test]
fn a_completed_run_is_not_resumed() {
    let place = Place::new();
    assert_eq!(place.run("step(\"a\", || 1);\n").status, 0);
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 2);
    insta::assert_snapshot!(seen.screen());
}

/// Steps that say when they are at work, and wait to be interrupted unless `go_on` exists. That it waits is said
/// by the command that waits: none before it may be the one that is interrupted.
const SLOW: &str = r#"
step("before", cluster::first_master, |host| host.run("echo before >> evidence"));
step("slow", cluster::first_master, |host| {
    host.run("echo slow >> evidence; test -e go_on || sleep 60", #{ read_only: true });
});
step("after", cluster::first_master, |host| host.run("echo after >> evidence"));
"#;

/// Starts [`SLOW`], sends `signal` while its second step works, and resumes it.
fn interrupted(signal: i32) -> (Place, Seen, Seen) {
    let place = Place::new();
    place.write("test.rhai", SLOW);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "slow");
    running.signal(signal);
    let ended = running.end();
    place.write("go_on", "");
    let resumed = place.ocpdg(&["resume"]);
    assert_eq!(resumed.status, 0, "{}", resumed.stderr);
    assert_eq!(place.read("evidence"), "before\nslow\nslow\nafter\n");
    (place, ended, resumed)
}

#[test]
fn ctrl_c_leaves_with_130_and_says_how_to_resume() {
    let (place, ended, _) = interrupted(libc::SIGINT);
    assert_eq!(ended.status, 130, "{}", ended.stderr);
    insta::assert_snapshot!(ended.screen());
    let log = place.ocpdg(&["log"]);
    assert!(log.stdout.contains("stopped"), "{}", log.stdout);
}

#[test]
fn a_closed_terminal_and_a_shutdown_end_like_ctrl_c() {
    for signal in [libc::SIGHUP, libc::SIGTERM] {
        let (_, ended, _) = interrupted(signal);
        assert_eq!(ended.status, 130, "{}", ended.stderr);
    }
}

#[test]
fn a_killed_run_is_resumed() {
    let (place, ended, _) = interrupted(libc::SIGKILL);
    assert_eq!(ended.status, -1, "it was killed");
    let log = place.ocpdg(&["log"]);
    assert_eq!(log.status, 0);
    assert!(log.stdout.contains("resumed by"), "{}", log.stdout);
}

#[test]
fn ctrl_c_ends_a_loop_and_a_sleep_of_a_script() {
    for wait in [
        "loop { }",
        "sleep(60);",
        "wait_for(\"it\", #{}, || false);",
        "try { loop { } } catch { }",
    ] {
        let place = Place::new();
        place.write(
            "test.rhai",
            &format!("cluster::first_master.run(\"touch evidence; echo x > evidence\");\n{wait}\n"),
        );
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        place.wait_for("evidence", "x");
        running.signal(libc::SIGINT);
        let ended = running.end();
        assert_eq!(ended.status, 130, "{wait}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("ocpdg resume"),
            "{wait}: {}",
            ended.stderr
        );
    }
}

#[test]
fn a_second_run_of_the_same_cluster_is_refused_and_names_the_first() {
    let place = Place::new();
    place.write("test.rhai", SLOW);
    let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
    place.wait_for("evidence", "slow");
    let second = place.ocpdg(&["run", "test.rhai", "-i", "hosts"]);
    assert_eq!(second.status, 3, "{}", second.stderr);
    insta::assert_snapshot!("a_second_run", second.screen());
    let resume = place.ocpdg(&["resume"]);
    assert_eq!(resume.status, 3, "{}", resume.stderr);
    assert_eq!(place.runs().len(), 1, "the second left nothing behind");
    let log = place.ocpdg(&["log"]);
    assert_eq!(log.status, 0, "{}", log.stderr);
    running.signal(libc::SIGINT);
    assert_eq!(running.end().status, 130);
}

#[test]
fn an_answer_is_recorded_and_not_asked_again() {
    let place = Place::new();
    let script = "confirm(\"Destroy it?\", [\"all of it\"]);\n\
        step(\"fail\", cluster::first_master, |host| host.run(\"test -e repaired\"));\n";
    let seen = place.run_with(script, &["--yes"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(!seen.stderr.contains("Destroy it?"), "{}", seen.stderr);
    let log = place.ocpdg(&["log"]);
    assert!(log.stdout.contains("Destroy it? yes"), "{}", log.stdout);
}

#[test]
fn a_question_without_an_answer_is_asked_by_resume() {
    let place = Place::new();
    let script =
        "confirm(\"Destroy it?\", []);\ncluster::first_master.run(\"echo gone >> evidence\");\n";
    assert_eq!(place.run(script).status, 3);
    assert_eq!(place.ocpdg(&["resume"]).status, 3);
    assert!(!place.path("evidence").exists());
    assert_eq!(place.ocpdg(&["resume", "--yes"]).status, 0);
    assert_eq!(place.read("evidence"), "gone\n");
}

#[test]
fn a_question_is_asked_again_for_a_host_that_its_answer_was_not_given_for() {
    let place = Place::new();
    let script = "confirm(\"Destroy it?\", cluster::nodes, [\"all of it\"]);\n\
        confirm(\"The first?\", cluster::first_master, []);\n\
        confirm(\"Sure?\", []);\n\
        step(\"count\", cluster::nodes, |host| {\n\
            cluster::first_master.run(`echo ${host.name} >> evidence`);\n});\n";
    let seen = place.run_with(script, &["--without", "two", "--yes"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(seen.stderr.contains("  hosts: one\n"), "{}", seen.stderr);
    let refused = place.ocpdg(&["resume"]);
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert_eq!(place.read("evidence"), "one\n");
    insta::assert_snapshot!(refused.screen());
    let seen = place.ocpdg(&["resume", "--yes"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(!seen.stderr.contains("The first?"), "{}", seen.stderr);
    assert!(!seen.stderr.contains("Sure?"), "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "one\ntwo\n");
    let log = place.ocpdg(&["log"]).stdout;
    assert!(log.contains("Destroy it? yes for one, two\n"), "{log}");
}

#[test]
fn parameters_and_limits_of_the_run_hold_when_resumed() {
    let place = Place::new();
    let script = r#"
        let word = param("word", "none", "A word");
        for host in cluster::all { cluster::host("one").run(`echo ${host.name} ${word} >> evidence`); }
        if !cluster::host("one").file.exists("repaired") { throw "not repaired"; }
    "#;
    let seen = place.run_with(script, &["--set", "word=said", "--limit", "one"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    let here = place.path("repaired").display().to_string();
    place.write(
        "test.rhai",
        &script.replace("\"repaired\"", &format!("\"{here}\"")),
    );
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume", "--yes"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "one said\none said\n");
}

#[test]
fn a_parameter_set_on_resume_wins_and_finished_steps_keep_theirs() {
    let place = Place::new();
    let script = r#"
        let way = param("way", "a", "The way");
        let count = param("count", 1, "A number");
        step("first", cluster::first_master, |host| host.run(`echo first ${way} >> evidence`));
        step("second", cluster::first_master, |host| {
            if way == "b" { throw "not this way"; }
            host.run(`echo second ${way} ${count} >> evidence`);
        });
        if way == "c" { throw "once more"; }
    "#;
    let seen = place.run_with(script, &["--set", "way=b", "--set", "count=2"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    for (arguments, why) in [
        (&["--set", "wya=c"][..], "did you mean `way`?"),
        (&["--set", "count=many"], "is not a whole number"),
        (&["--set", "way"], "has no `=`"),
    ] {
        let seen = place.ocpdg(&[&["resume"], arguments].concat());
        assert_eq!(seen.status, 2, "{}", seen.stderr);
        assert!(seen.stderr.contains(why), "{}", seen.stderr);
    }
    let seen = place.ocpdg(&["resume", "--set", "way=c"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "first b\nsecond c 2\n");
    let told = "parameter `way` is set anew";
    assert!(seen.stderr.contains(told), "{}", seen.stderr);
    // It is on record, and holds until it is set again.
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(seen.stderr.contains("once more"), "{}", seen.stderr);
    let log = place.ocpdg(&["log"]).stdout;
    for line in ["--set way=b", "--set count=2", "--set way=c"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert_eq!(place.ocpdg(&["resume", "--set", "way=d"]).status, 0);
    assert_eq!(place.read("evidence"), "first b\nsecond c 2\n");
}

#[test]
fn a_script_that_changed_is_resumed_only_after_a_yes() {
    let place = Place::new();
    place.write("site/tool.rhai", "fn one() { 1 }\n");
    let script = "import \"site/tool\" as tool;\nimport \"ocp/names\" as names;\nthrow \"stop\";\n";
    assert_eq!(place.run(script).status, 1);
    place.write("elsewhere/file", "");
    let mut command = place.command(&["resume"]);
    command.current_dir(place.path("elsewhere"));
    let seen = Seen::of(command.output().expect("it runs"));
    assert_eq!(seen.status, 1);
    assert!(!seen.stderr.contains("changed since"), "{}", seen.stderr);
    place.write("site/tool.rhai", "fn one() { 2 }\n");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    insta::assert_snapshot!(seen.screen());
    let log = place.ocpdg(&["log"]).stdout;
    assert_eq!(log.matches("resumed by").count(), 1, "{log}");
    let seen = place.ocpdg(&["resume", "--yes"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    // What was agreed to once is not asked again.
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(!seen.stderr.contains("changed since"), "{}", seen.stderr);
}

/// Runs `script` under `name` on `hosts`, and returns its id and what was seen.
fn run_as(place: &Place, name: &str, script: &str) -> (String, Seen) {
    place.write(name, script);
    let before = place.runs();
    let seen = place.ocpdg(&["run", name, "-i", "hosts"]);
    let new = place.runs().into_iter().find(|run| !before.contains(run));
    let id = new.expect("it left a run");
    let id = id
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    (id, seen)
}

const CHANGES: &str = "cluster::first_master.run(\"echo changed >> evidence\");\nthrow \"stop\";\n";
const LOOKS: &str = "throw \"stop\";\n";

#[test]
fn resume_takes_the_run_that_changed_something_and_names_the_others() {
    let place = Place::new();
    let (downgrade, _) = run_as(&place, "downgrade.rhai", CHANGES);
    let (looked, seen) = run_as(&place, "preflight.rhai", LOOKS);
    let warned = format!("`ocpdg resume {downgrade}` continues it");
    assert!(seen.stderr.contains(&warned), "{}", seen.stderr);
    let (verified, seen) = run_as(&place, "verify.rhai", "note(\"fine\");\n");
    assert!(seen.stderr.contains(&warned), "{}", seen.stderr);
    // A look that failed is begun again, not continued: no warning.
    assert!(
        !seen.stderr.contains(&format!("run {looked} (")),
        "{}",
        seen.stderr
    );

    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    for said in [
        format!("resuming run {downgrade} of "),
        format!("not resumed, though it did not complete: run {looked} ("),
        format!("the latest run is of another script: {verified} ("),
    ] {
        assert!(seen.stderr.contains(&said), "{said}: {}", seen.stderr);
    }
    let seen = place.ocpdg(&["resume", &verified]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    assert!(!seen.stderr.contains("nothing is left"), "{}", seen.stderr);
    let hint = format!("`ocpdg resume {downgrade}` continues");
    assert!(seen.stderr.contains(&hint), "{}", seen.stderr);
    // The log is that of the run that was at work last.
    let log = place.ocpdg(&["log"]).stdout;
    assert!(log.contains(&format!("run {downgrade}: ")), "{log}");
    insta::assert_snapshot!(place.ocpdg(&["log", "--list"]).screen());
}

#[test]
fn a_run_that_a_later_one_of_its_script_completed_is_not_resumed_by_itself() {
    let place = Place::new();
    let (first, _) = run_as(&place, "downgrade.rhai", CHANGES);
    let (second, seen) = run_as(
        &place,
        "downgrade.rhai",
        &CHANGES.replace("throw", "note(`x`); //"),
    );
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    let done = format!("run {second}: has completed: nothing is left to do");
    assert!(seen.stderr.contains(&done), "{}", seen.stderr);
    // By name it is, after a yes: the cluster is not what the run left.
    let seen = place.ocpdg(&["resume", &first]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    let asked = format!("another run changed the cluster since: {second} (");
    assert!(seen.stderr.contains(&asked), "{}", seen.stderr);
    assert_eq!(place.ocpdg(&["resume", &first, "--yes"]).status, 0);
}

#[test]
fn runs_of_several_clusters_are_told_apart_by_the_inventory() {
    let place = Place::new();
    let (first, _) = run_as(&place, "test.rhai", LOOKS);
    place.write(
        "others",
        "[masters]\nmine ansible_connection=local ansible_become=false\n[etcd]\nmine\n[nodes]\nmine\n",
    );
    assert_eq!(place.ocpdg(&["run", "test.rhai", "-i", "others"]).status, 1);
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    assert!(seen.stderr.contains("several clusters"), "{}", seen.stderr);
    assert!(seen.stderr.contains("-i FILE"), "{}", seen.stderr);
    let seen = place.ocpdg(&["resume", "-i", "hosts"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    let said = format!("resuming run {first} of");
    assert!(seen.stderr.contains(&said), "{}", seen.stderr);
}

#[test]
fn a_resume_that_cannot_be_says_why() {
    let place = Place::new();
    let mut screens = place.ocpdg(&["resume"]).screen();
    assert_eq!(place.run("throw \"stop\";\n").status, 1);
    screens.push_str(&place.ocpdg(&["resume", "2001"]).screen());
    place.write("other", "[masters]\nm9\n[etcd]\nm9\n");
    let run = place.runs()[0]
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    screens.push_str(&place.ocpdg(&["resume", &run, "-i", "other"]).screen());
    std::fs::remove_file(place.path("test.rhai")).expect("it is there");
    screens.push_str(&place.ocpdg(&["resume"]).screen());
    assert_eq!(screens.matches("status 2").count(), 4, "{screens}");
    insta::assert_snapshot!(screens);
}

#[test]
fn steps_of_one_title_are_told_apart() {
    let place = Place::new();
    let script = r#"
        for round in 0..3 {
            let said = step("again", cluster::first_master, |host| {
                host.run(`echo ${round} >> evidence`);
                round
            });
            print(`round ${said}`);
            if round == 1 && !cluster::first_master.file.exists(HERE) { throw "stop"; }
        }
    "#;
    let here = format!("\"{}\"", place.path("repaired").display());
    assert_eq!(place.run(&script.replace("HERE", &here)).status, 1);
    place.write("repaired", "");
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "0\n1\n2\n");
    for line in ["round 0", "round 1", "round 2"] {
        assert!(seen.stderr.contains(line), "{line}: {}", seen.stderr);
    }
}

/// Runs the program on a terminal of its own, types `answers`, and returns what the terminal showed.
fn on_terminal(place: &Place, arguments: &str, answers: &str) -> Seen {
    use std::io::Write;
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_ocpdg"));
    let mut child = std::process::Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(place.path(""))
        .env("HOME", place.path(""))
        .env("XDG_STATE_HOME", place.path("state"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("`script` of util-linux is there");
    let mut typed = child.stdin.take().expect("it is piped");
    typed.write_all(answers.as_bytes()).expect("it reads");
    let seen = Seen::of(child.wait_with_output().expect("it ends"));
    drop(typed);
    seen
}

#[test]
fn on_a_terminal_the_answer_is_typed() {
    let place = Place::new();
    place.write(
        "test.rhai",
        "confirm(\"Destroy it?\", [\"/var/lib/etcd on one\"]);\n\
         cluster::first_master.run(\"echo gone >> evidence\");\n",
    );
    let seen = on_terminal(&place, "run test.rhai -i hosts", "no\n");
    assert_eq!(seen.status, 3, "{}", seen.stdout);
    assert!(
        seen.stdout.contains("/var/lib/etcd on one"),
        "{}",
        seen.stdout
    );
    assert!(
        seen.stdout.contains("the answer to `Destroy it?` was no"),
        "{}",
        seen.stdout
    );
    // Neither enter alone nor three wrong words are a yes.
    for answers in ["\n\n\n", "y\nmaybe\nja\n"] {
        let seen = on_terminal(&place, "resume", answers);
        assert_eq!(seen.status, 3, "{answers:?}: {}", seen.stdout);
    }
    assert!(!place.path("evidence").exists());
    let seen = on_terminal(&place, "resume", "perhaps\nYES\n");
    assert_eq!(seen.status, 0, "{}", seen.stdout);
    assert!(
        seen.stdout.contains("please type `yes` or `no`"),
        "{}",
        seen.stdout
    );
    assert_eq!(place.read("evidence"), "gone\n");
}

#[test]
fn killed_at_any_moment_it_comes_to_the_same_end() {
    let script = r#"
        let all = phase("one", || {
            let made = [];
            for n in 0..4 {
                made.push(step("add", cluster::first_master, |host| {
                    host.run(`grep -qx ${n} evidence || echo ${n} >> evidence`);
                    n
                }));
            }
            made
        });
        phase("two", || step("sum", || { let sum = 0; for n in all { sum += n; } sum }));
        phase("three", || step("end", cluster::first_master, |host| host.run("echo end >> evidence")));
    "#;
    let mut killed = 0;
    for delay in (0..200).step_by(8) {
        let place = Place::new();
        place.write("evidence", "");
        place.write("test.rhai", script);
        let running = place.start(&["run", "test.rhai", "-i", "hosts"]);
        std::thread::sleep(std::time::Duration::from_millis(delay));
        running.signal(libc::SIGKILL);
        let ended = running.end();
        killed += u32::from(ended.status == -1);
        let mut seen = place.ocpdg(&["resume"]);
        if seen.stderr.contains("ocpdg run") {
            // It died before its journal began, or had completed.
            let completed = seen.stderr.contains("has completed");
            if !completed {
                assert_eq!(place.read("evidence"), "", "at {delay} ms: {}", seen.stderr);
                seen = place.ocpdg(&["run", "test.rhai", "-i", "hosts"]);
            }
            assert!(
                completed || seen.status == 0,
                "at {delay} ms: {}",
                seen.stderr
            );
        } else {
            assert_eq!(seen.status, 0, "at {delay} ms: {}", seen.stderr);
        }
        let evidence = place.read("evidence");
        // A step that was killed half way is done again: its command may have run before.
        let end = evidence
            .strip_prefix("0\n1\n2\n3\n")
            .unwrap_or_else(|| panic!("at {delay} ms: {evidence}"));
        assert!(
            matches!(end, "end\n" | "end\nend\n"),
            "at {delay} ms: {evidence}"
        );
        let log = place.ocpdg(&["log"]);
        assert!(
            log.stdout.contains("completed"),
            "at {delay} ms: {}",
            log.stdout
        );
    }
    assert!(killed > 3, "hardly any run was killed in time: {killed}");
}

#[test]
fn a_failed_step_of_no_host_does_again_what_it_did_on_one() {
    let place = Place::new();
    let script = r#"
        step("look", || {
            cluster::first_master.run("echo tried >>evidence");
            cluster::first_master.run("test -e repaired");
            1
        });
    "#;
    let seen = place.run_with(script, &[]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    place.write("repaired", "");
    let resumed = place.ocpdg(&["resume"]);
    assert_eq!(resumed.status, 0, "{}", resumed.stderr);
    assert_eq!(place.read("evidence"), "tried\ntried\n");
}
