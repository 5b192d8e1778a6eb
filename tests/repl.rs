//! `ocpdg repl` on a terminal: what an operator types, and what is answered.

#[path = "support/dialogue.rs"]
mod dialogue;
#[path = "support/program.rs"]
mod program;

use std::os::unix::fs::PermissionsExt;

use dialogue::Dialogue;
use program::{Place, entries};

const HA: [&str; 3] = ["repl", "--sim", "ha"];

/// The journal of the only run on simulated hosts.
fn simulated_journal(place: &Place) -> String {
    let clusters = entries(&place.path("state/ocpdg/simulated"));
    let runs: Vec<_> = clusters
        .iter()
        .flat_map(|cluster| entries(cluster))
        .filter(|path| path.is_dir())
        .collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    std::fs::read_to_string(runs[0].join("journal.jsonl")).unwrap()
}

#[test]
fn the_prompt_names_the_target_and_how_many_of_it_answered() {
    let place = Place::new();
    let mut dialogue = Dialogue::start(&place, &HA);
    let first = dialogue.prompt();
    assert!(first.ends_with("\nmasters 0/3> "), "{first}");
    let seen = dialogue.ask("target.systemctl.is_active(\"etcd\")");
    assert!(seen.ends_with("\nmasters 3/3> "), "{seen}");
    assert!(seen.contains("master-2.sim.test: true\n"), "{seen}");
    for (line, prompt) in [
        ("@nodes - node-2", "nodes - node-2 3/4> "),
        ("+ node-2", "nodes - node-2 + node-2 3/5> "),
        ("@node-1", "node-1 0/1> "),
        ("- node-1", "node-1 0/1> "),
        ("@master-1 + master-2", "master-1 + master-2 2/2> "),
        ("target = cluster::first_etcd;", "master-1.sim.test 1/1> "),
    ] {
        let seen = dialogue.ask(line);
        assert!(seen.ends_with(prompt), "{line}: {seen}");
    }
    let seen = dialogue.ask("@mastres");
    assert!(seen.contains("did you mean `@masters`?"), "{seen}");
    let (_, status) = dialogue.leave();
    assert_eq!(status, 0);
}

#[test]
fn what_hosts_say_alike_is_shown_once_and_the_odd_one_as_a_difference() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    let seen = dialogue.ask("!printf 'a\\nb\\n'");
    assert!(
        seen.starts_with("master-[1-3].sim.test: same 2 lines\n  a\n  b\n"),
        "{seen}"
    );
    dialogue.ask("cluster::first_master.file.write(\"/tmp/list\", \"a\\nx\\nc\\n\");");
    dialogue.ask(
        "(cluster::masters - cluster::first_master).file.write(\"/tmp/list\", \"a\\nb\\nc\\n\");",
    );
    let seen = dialogue.ask("!cat /tmp/list");
    insta::assert_snapshot!(seen);
    let seen = dialogue.ask("!test $(hostname) != master-2.sim.test || exit 3");
    assert!(
        seen.contains("master-2.sim.test: exited with status 3, no output\n"),
        "{seen}"
    );
    dialogue.leave();
    let journal = simulated_journal(&place);
    assert!(journal.contains("typed: !cat /tmp/list"), "{journal}");
    assert!(
        journal.contains(r#""changes":true,"detached":true"#),
        "{journal}"
    );
}

#[test]
fn what_a_line_declares_stays() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    for (line, answer) in [
        ("const LIMIT = 5;", ""),
        ("fn twice(n) { n * global::LIMIT }", ""),
        ("twice(LIMIT)", "25\n"),
        ("let limit = 3;", ""),
        ("let add = |n| n + limit;", ""),
        ("add.call(4)", "7\n"),
        ("import \"ocp/names\" as units;", ""),
        ("units::node_unit()", "atomic-openshift-node\n"),
        ("fn unit() { units::node_unit() }", ""),
        ("unit()", "atomic-openshift-node\n"),
        ("names::node_unit()", "atomic-openshift-node\n"),
        ("fn twice(n) { n + n }", ""),
        ("twice(4)", "8\n"),
        ("()", ""),
        (
            "#{ a: 1, b: [true, \"x\"] }",
            "{ a: 1, b: [true, \"x\"] }\n",
        ),
    ] {
        let seen = dialogue.ask(line);
        assert_eq!(seen, format!("{answer}masters 0/3> "), "{line}");
    }
}

#[test]
fn an_error_shows_its_screen_and_the_prompt_comes_back() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    dialogue.ask("fn broken(n) { throw \"no luck with \" + n; }");
    let mut seen = String::new();
    for line in [
        "1 +",
        "\u{3}",
        "broken(3)",
        "etcd::restor(1)",
        "targt",
        "target.systemctl.stopp(\"x\")",
        ":stpe 1",
        "help yum.instal",
        "1 1",
    ] {
        if line == "1 +" {
            // More has to follow: it is given up below.
            dialogue.line(line);
            continue;
        }
        seen += &format!("=== {line}\n{}\n", dialogue.ask(line));
    }
    insta::assert_snapshot!(seen);
    assert_eq!(dialogue.ask("1 + 1"), "2\nmasters 0/3> ");
}

#[test]
fn an_input_goes_over_several_lines_until_it_is_whole() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    dialogue.line("let all = [");
    dialogue.line("    1, /* one");
    dialogue.line("    and */ 2,");
    dialogue.line("];");
    dialogue.prompt();
    assert_eq!(dialogue.ask("all"), "[1, 2]\nmasters 0/3> ");
    dialogue.line("step(\"look\", target, |host| {");
    dialogue.line("    host.name");
    dialogue.line("})");
    let seen = dialogue.prompt();
    assert!(seen.contains("  look on 3 hosts\n"), "{seen}");
    assert!(
        seen.contains("master-1.sim.test: master-1.sim.test\n"),
        "{seen}"
    );
}

#[test]
fn tab_completes_by_type() {
    let place = Place::new();
    place.write("scripts/mine.rhai", "");
    let mut dialogue = Dialogue::prompted(&place, &HA);
    dialogue.ask("let facts = #{ versions: 1 };");
    for (typed, completed) in [
        ("cluster::masters.systemctl.is_a", "is_active("),
        ("target.yu", "yum"),
        ("cluster::first_ma", "first_master"),
        ("cluster::host(\"master-2.", "master-2.sim.test"),
        ("cluster::etcd[0].etcd.restore_s", "restore_snapshot("),
        ("etcd::confirm_", "confirm_restore("),
        (
            "target.systemctl.stop(\"atomic-openshift-n",
            "atomic-openshift-node",
        ),
        ("target.run(\"x\", #{ tim", "timeout_secs: "),
        ("each(target, |h| h.dock", "docker"),
        ("facts.ver", "versions"),
        ("confir", "confirm("),
        ("let x = target; targ", "target"),
        (":loa", ":load"),
        (":load scripts/mi", "scripts/mine.rhai"),
        (":load etcd_r", "etcd_restore"),
        ("@first_m", "@first_master"),
        ("@masters + node-1", "node-1.sim.test"),
        ("help syst", "systemctl"),
        (
            "!systemctl status atomic-openshift-master-c",
            "atomic-openshift-master-controllers",
        ),
    ] {
        dialogue.keys(&format!("{typed}\t"));
        dialogue.wait(completed);
        dialogue.control('c');
        dialogue.prompt();
    }
    // The way to call what is being typed is shown behind it.
    dialogue.keys("target.yum.remove(");
    dialogue.wait("yum.remove(names");
}

#[test]
fn ctrl_c_gives_up_the_line_or_stops_what_it_does() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    dialogue.keys("this is no code");
    dialogue.control('c');
    dialogue.prompt();
    assert_eq!(dialogue.ask("40 + 2"), "42\nmasters 0/1> ");
    for line in [
        "loop {}",
        "sleep(600)",
        "target.run(\"sleep 600\", #{ read_only: true })",
    ] {
        dialogue.line(line);
        std::thread::sleep(std::time::Duration::from_millis(700));
        dialogue.control('c');
        let seen = dialogue.prompt();
        assert!(seen.contains("error: "), "{line}: {seen}");
        let seen = dialogue.ask("\"still \" + \"here\"");
        assert!(seen.starts_with("still here\n"), "{line}: {seen}");
    }
    // What changes a host is let to its end, unless asked again.
    dialogue.line("!sleep 600");
    std::thread::sleep(std::time::Duration::from_millis(700));
    dialogue.control('c');
    dialogue.wait("press Ctrl-C again");
    dialogue.control('c');
    dialogue.prompt();
    assert!(dialogue.ask("!echo on").starts_with("on\n"));
    let (_, status) = dialogue.leave();
    assert_eq!(status, 0);
}

#[test]
fn the_history_is_the_owners_and_without_secrets() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    dialogue.ask("let kept = 1;");
    dialogue.ask(" let spaced = 1;");
    dialogue.ask("let password = \"hunter22\";");
    dialogue.ask("!echo --token=abcdef12");
    dialogue.leave();
    let path = place.path("state/ocpdg/history");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let history = std::fs::read_to_string(path).unwrap();
    assert!(history.contains("let kept = 1;"), "{history}");
    for gone in ["spaced", "hunter22", "abcdef12"] {
        assert!(!history.contains(gone), "{history}");
    }
    let journal = simulated_journal(&place);
    assert!(journal.contains("typed: let spaced = 1;"), "{journal}");
    for gone in ["hunter22", "abcdef12"] {
        assert!(!journal.contains(gone), "{journal}");
    }
    // The next session has it.
    let mut dialogue = Dialogue::prompted(&place, &HA);
    dialogue.keys("\u{1b}[A");
    dialogue.wait("let kept = 1;");
}

#[test]
fn a_session_is_a_run_on_record_that_is_not_resumed() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    dialogue.ask("@one");
    dialogue.ask("!echo hello > said");
    dialogue.ask("1 / 0");
    let seen = dialogue.ask(":log");
    assert!(seen.contains("typed: !echo hello > said"), "{seen}");
    let (seen, status) = dialogue.leave();
    assert_eq!(status, 0);
    assert!(
        seen.contains("1 command that may change a host was run"),
        "{seen}"
    );
    assert_eq!(place.read("said"), "hello\n");
    insta::assert_snapshot!(place.ocpdg(&["log", "--commands"]).screen());
    // One that was killed is left alone as well.
    let dialogue = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    drop(dialogue);
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    let run = place.runs()[0]
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    insta::assert_snapshot!(place.ocpdg(&["resume", &run]).screen());
}

#[test]
fn a_loaded_script_is_worked_through_step_by_step() {
    let place = Place::new();
    place.write(
        "mine.rhai",
        r#"import "ocp/names" as words;
const GREETING = "hello";
fn greet(host) { global::GREETING + " " + host.name }
let found = phase("1 Look", || {
    let units = step("find units", || [words::node_unit()]);
    step("greet", cluster::masters, |host| greet(host));
    units
});
phase("2 Use", || step("count", || found.len));
"#,
    );
    let mut dialogue = Dialogue::prompted(&place, &HA);
    let mut seen = String::new();
    for line in [
        ":step 1",
        ":load mine.rhai",
        ":step 5",
        ":step 3",
        ":step 2",
        "units",
        ":step 1",
        ":step 4",
        ":step 9",
        "greet(cluster::first_master)",
    ] {
        seen += &format!("=== {line}\n{}\n", dialogue.ask(line));
    }
    insta::assert_snapshot!(seen);
}

#[test]
fn etcd_is_restored_by_hand() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    let mut ask = |line: &str, wanted: &str| {
        let seen = dialogue.ask(line);
        assert!(!seen.contains("error:"), "{line}: {seen}");
        assert!(seen.contains(wanted), "{line}: {seen}");
    };
    ask("let first = cluster::first_etcd;", "");
    ask("let safe = \"/var/lib/ocpdg/by-hand\";", "");
    ask(
        "let copies = cluster::etcd.backup.evacuate([\"/etc/etcd\", \"/var/lib/etcd/openshift-backup-*\"], safe);",
        "",
    );
    ask(
        "let proof = first.etcd.trial_restore(safe + \"/var/lib/etcd/openshift-backup-pre-upgrade-20180405080207\");",
        "",
    );
    ask(
        "`${proof.keys} keys at revision ${proof.revision}`",
        "89 keys at revision 90",
    );
    ask(
        "let now = first.etcd.save_snapshot(safe + \"/now.db\");",
        "",
    );
    ask(
        "cluster::masters.systemctl.halt(names::master_units())",
        "master-3.sim.test: changed: ",
    );
    ask("cluster::etcd.systemctl.halt(\"etcd\");", "");
    ask("first.etcd.restore_snapshot(proof, now).changed", "true");
    ask("first.systemctl.unmask([\"etcd\"]);", "");
    ask("first.etcd.start();", "");
    ask("first.systemctl.enable([\"etcd\"]);", "");
    ask("first.etcd.canary().lost", "0");
    ask("first.etcd.check_restored(proof).kubernetes", "39");
    ask(
        "for member in cluster::etcd - first { member.etcd.join(first, copies[member].after); }",
        "",
    );
    ask("etcd::problems(cluster::etcd)", "[]");
    ask("first.etcd.settle();", "");
    ask(
        "cluster::masters.systemctl.unmask(names::master_units());",
        "",
    );
    ask(
        "cluster::masters.systemctl.start(names::master_units());",
        "",
    );
    ask(
        "!systemctl is-active etcd atomic-openshift-master-api",
        "master-[1-3].sim.test: same 2 lines\n  active\n  active\n",
    );
}

#[test]
fn help_is_the_documentation_of_the_functions() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &["repl", "--sim", "aio"]);
    let mut seen = String::new();
    for name in ["etcd.restore_snapshot", "run", "etcd::problems", "docker"] {
        let line = format!("help {name}");
        seen += &format!("=== {line}\n{}\n", dialogue.ask(&line));
    }
    insta::assert_snapshot!(seen);
    let seen = dialogue.ask("help");
    for part in ["  yum ", "  etcd ", "  :step N ", "!uptime"] {
        assert!(seen.contains(part), "`{part}`: {seen}");
    }
}

#[test]
fn what_is_piped_is_done_line_by_line_until_the_first_error() {
    let place = Place::new();
    let mut screens = String::new();
    for input in [
        "1 + 1\nlet all = [\n  1,\n];\nall\n",
        "@one\n!echo hello\n!exit 3\n!echo never\n",
        "let x = 1;\nx.y.z\n\"never\"\n",
        "let x = [1,\n",
        ":load missing.rhai\n",
    ] {
        place.write("input", input);
        let mut command = place.command(&["repl", "-i", "hosts"]);
        command.stdin(std::fs::File::open(place.path("input")).unwrap());
        let seen = program::Seen::of(command.output().unwrap());
        screens += &format!("=== {input}{}\n", seen.screen());
    }
    insta::assert_snapshot!(screens);
}

#[test]
fn the_way_of_the_site_holds_at_the_prompt_too() {
    let place = Place::new();
    place.write(
        "site.rhai",
        "settings(#{ docker_version: \"1.12.5\" });\nfn backup_dir(host, directory) { \"/nfs\" }\n",
    );
    let code = "names::backup_dir(cluster::first_master) + \" \" + names::docker_version()";
    // The working directory is looked in, and those of `--lib` before it.
    let seen = place.ocpdg(&["eval", code, "--sim", "aio"]);
    assert_eq!(seen.stdout, "/nfs 1.12.5\n", "{}", seen.stderr);
    let told = "the site's own file is site.rhai";
    assert!(seen.stderr.contains(told), "{}", seen.stderr);
    place.write("other/site.rhai", "");
    let seen = place.ocpdg(&["eval", code, "--sim", "aio", "--lib", "other"]);
    assert_eq!(seen.stdout, "/var/lib/ocpdg 1.12.6\n", "{}", seen.stderr);
    place.write("site.rhai", "fn backup_dri(host, directory) { \"/nfs\" }\n");
    let seen = place.ocpdg(&["eval", code, "--sim", "aio"]);
    assert_ne!(seen.status, 0);
    assert!(
        seen.stderr.contains("did you mean `backup_dir`?"),
        "{}",
        seen.stderr
    );
}

#[test]
fn eval_prints_the_value_of_one_line() {
    let place = Place::new();
    let mut screens = String::new();
    for arguments in [
        &["eval", "cluster::masters.names", "--sim", "ha", "--json"][..],
        &[
            "eval",
            "target.systemctl.is_active(\"etcd\")",
            "--sim",
            "aio",
        ],
        &[
            "eval",
            "target.systemctl.is_active(\"etcd\")",
            "--sim",
            "ha",
            "--json",
        ],
        &["eval", "names::node_unit()", "--sim", "ha"],
        &[
            "eval",
            "etcd::way()",
            "--sim",
            "ha",
            "--set",
            "etcd_restore=v2",
        ],
        &[
            "eval",
            "etcd::way()",
            "--sim",
            "ha",
            "--set",
            "etcd_restor=v2",
        ],
        &["eval", "|x| x", "--sim", "ha", "--json"],
        &["eval", "nothing()", "--sim", "ha"],
        &["eval", "1", "-i", "missing"],
    ] {
        let seen = place.ocpdg(arguments);
        screens += &format!("=== {}\n{}\n", arguments.join(" "), seen.screen());
    }
    insta::assert_snapshot!(screens);
}

#[test]
fn a_question_is_asked_and_ctrl_c_at_it_comes_back_to_the_prompt() {
    let place = Place::new();
    let mut dialogue = Dialogue::prompted(&place, &HA);
    dialogue.line("confirm(\"Destroy it?\", target, [\"all of it\"])");
    dialogue.wait("go on? yes/no: ");
    dialogue.control('c');
    let seen = dialogue.prompt();
    assert!(seen.contains("interrupted at `Destroy it?`"), "{seen}");
    // Nobody reads what is typed next but the prompt.
    assert_eq!(dialogue.ask("1 + 1"), "2\nmasters 0/3> ");
    dialogue.line("confirm(\"Destroy it?\", target, [\"all of it\"])");
    dialogue.wait("go on? yes/no: ");
    dialogue.line("yes");
    dialogue.wait("masters 0/3> ");
    assert_eq!(dialogue.ask("2 + 2"), "4\nmasters 0/3> ");
}

#[test]
fn a_session_that_is_ended_from_outside_is_on_record_as_stopped() {
    let place = Place::new();
    let dialogue = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    let journal = std::fs::read_to_string(place.journal()).unwrap();
    let (_, process) = journal.split_once("(process ").unwrap();
    let process = process.split(')').next().unwrap().parse().unwrap();
    // SAFETY: a plain system call on a child that was not waited for.
    assert_eq!(unsafe { libc::kill(process, libc::SIGTERM) }, 0);
    let (_, status) = dialogue.end();
    assert_eq!(status, 130);
    let log = place.ocpdg(&["log"]).stdout;
    assert!(log.contains("stopped"), "{log}");
}

#[test]
fn the_session_is_left_to_go_on_with_the_run_that_stopped() {
    let place = Place::new();
    let script = "step(\"mend\", cluster::first_master, |host| host.run(\"test -e mended\"));\nnote(\"mended\");";
    assert_eq!(place.run(script).status, 1);
    let mut dialogue = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    dialogue.ask("@one");
    dialogue.ask("!touch mended");
    dialogue.line(":resume");
    let seen = dialogue.wait("go on? yes/no: ");
    assert!(seen.contains("leaving, to go on with run "), "{seen}");
    assert!(
        seen.contains("another run changed the cluster since: "),
        "{seen}"
    );
    dialogue.line("yes");
    let (seen, status) = dialogue.end();
    assert_eq!(status, 0, "{seen}");
    assert!(seen.contains("    mended\n"), "{seen}");
    // Nothing is left to go on with.
    let mut dialogue = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    let seen = dialogue.ask(":resume");
    assert!(seen.contains("no run of this cluster is left"), "{seen}");
}

#[test]
fn a_session_waits_for_no_other_run_of_the_cluster() {
    let place = Place::new();
    let _other = Dialogue::prompted(&place, &["repl", "-i", "hosts"]);
    let seen = place.ocpdg(&["repl", "-i", "hosts"]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    assert!(
        seen.stderr.contains(" of repl, by tester on "),
        "{}",
        seen.stderr
    );
    let status = place.ocpdg(&["status"]);
    assert_eq!(status.status, 4, "{}", status.stdout);
}

#[test]
fn a_lost_connection_is_an_error_of_its_line_and_heals_by_itself() {
    let place = Place::new();
    place.write(
        "faults.toml",
        "version = 1\n[[fault]]\nhost = \"master-2*\"\ncommand = \"date\"\ndo = \"drop\"\nwhen = \"before\"\n\
         [[fault]]\nhost = \"master-3*\"\ncommand = \"uptime\"\ndo = \"drop\"\nwhen = \"during\"\naway = 30\n",
    );
    let mut dialogue =
        Dialogue::prompted(&place, &["repl", "--sim", "ha", "--fault", "faults.toml"]);
    let seen = dialogue.ask("target.run(\"date\", #{ read_only: true })");
    assert!(seen.contains("error: "), "{seen}");
    assert!(seen.contains("master-2.sim.test: "), "{seen}");
    assert!(seen.ends_with("\nmasters 2/3> "), "{seen}");
    let seen = dialogue.ask("target.run(\"date\", #{ read_only: true });");
    assert!(seen.ends_with("masters 3/3> "), "{seen}");
    // What may change a host goes on there, and is found again.
    let seen = dialogue.ask("!true uptime");
    assert!(
        seen.contains("master-[1-3].sim.test: no output\n"),
        "{seen}"
    );
    assert!(seen.ends_with("\nmasters 3/3> "), "{seen}");
}
