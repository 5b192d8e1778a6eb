//! `ocpdg check`: a table of mistakes, each found where it is; and no false alarm.

#[path = "cli_check/mistakes.rs"]
mod mistakes;
#[path = "support/program.rs"]
mod program;

use std::path::{Path, PathBuf};

use program::{Place, Seen, entries};
use serde_json::Value;

/// A module for the mistakes that need one.
const TOOL: &str = "\
/// Looks at `host`.
fn look(host) { host.name }
private fn inner() { 1 }
export const LIMIT = 3;
const HIDDEN = 4;
";

fn checked(place: &Place, script: &str) -> (Seen, Value) {
    place.write("site/tool.rhai", TOOL);
    place.write("test.rhai", script);
    let seen = place.ocpdg(&["check", "--json", "test.rhai"]);
    let data = serde_json::from_str(&seen.stdout).expect(&seen.stderr);
    (seen, data)
}

#[test]
fn all_mistakes_of_a_script_and_its_modules_are_told_once() {
    let place = Place::new();
    place.write(
        "site/a.rhai",
        "import \"site/b\" as b;\nfn look() { notte(\"a\"); }\n",
    );
    place.write(
        "site/b.rhai",
        "import \"site/a\" as a;\nfn look() { wran(\"b\"); }\n",
    );
    place.write("site/broken.rhai", "fn broken( { }\n");
    place.write(
        "one.rhai",
        "import \"site/a\" as a;\nimport \"site/broken\" as broken;\nbroken::anything(1);\n\
         note(`${nowhere}`);\nnotte(elsewhere);\nwarn(\"${a}\");\n",
    );
    place.write("two.rhai", "import \"site/a\" as a;\na::lok();\n");
    let seen = place.ocpdg(&["check", "one.rhai", "two.rhai"]);
    assert_eq!(seen.status, 2);
    insta::assert_snapshot!(seen.screen());
}

#[test]
fn the_data_for_programs_keeps_its_shape() {
    let place = Place::new();
    place.write("test.rhai", "let count = 1;\nnotte(\"${count}\");\n");
    let seen = place.ocpdg(&["check", "--json", "test.rhai"]);
    assert_eq!(seen.status, 2);
    insta::assert_snapshot!(seen.stdout);
    let clean = place.ocpdg(&["check", "--json", "verify"]);
    assert_eq!(clean.status, 0);
    let data: Value = serde_json::from_str(&clean.stdout).expect("JSON");
    assert_eq!(data["findings"].as_array().map(Vec::len), Some(0));
    assert_eq!(data["scripts"][0]["script"], "scripts/verify.rhai");
}

/// The scripts below `directory`.
fn scripts(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(directory) {
        match path.is_dir() {
            true => found.extend(scripts(&path)),
            false if path.extension().is_some_and(|end| end == "rhai") => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

#[test]
fn nothing_is_wrong_with_what_is_shipped() {
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [
        scripts(&root.join("scripts")),
        scripts(&root.join("stdlib")),
    ]
    .concat();
    assert!(files.len() > 20, "{files:?}");
    let files: Vec<&str> = files.iter().filter_map(|path| path.to_str()).collect();
    let seen = place.ocpdg(&[&["check"], &files[..]].concat());
    assert_eq!(seen.status, 0, "{}", seen.stdout);
    for (line, file) in seen.stdout.lines().zip(&files) {
        assert!(line.starts_with(file), "{line}");
        assert!(line.ends_with(": nothing wrong was found"), "{line}");
    }
    assert_eq!(seen.stdout.lines().count(), files.len());
    let shipped = place.ocpdg(&["check", "downgrade_3_9_to_3_7", "scripts/preflight.rhai"]);
    assert_eq!(shipped.status, 0, "{}", shipped.stdout);
    assert!(
        shipped
            .stdout
            .starts_with("scripts/downgrade_3_9_to_3_7.rhai and the "),
        "{}",
        shipped.stdout
    );
}

#[test]
fn what_may_be_right_is_no_mistake() {
    let place = Place::new();
    place.write("site/tool.rhai", TOOL);
    place.write(
        "test.rhai",
        r#"
        import "site/tool" as tool;
        const LIMIT = 3;
        fn limit() { global::LIMIT + tool::LIMIT }
        fn twice() { this * 2 }                       // called as a method
        fn shell() { "for f in *; do echo ${f} ${HOME}; done" }
        let machine = #{ start: |x| x + 1, etcd: cluster::nodes };
        machine.start(1);                             // a closure in a map
        machine.etcd.run("true");                     // a property with the name of a tool
        machine.etcd.is_empty;
        let count = 0;
        phase("6.1 Look", || { count += limit(); });  // runs in place
        retry("look", #{ tries: 2 }, || { count = 1; });
        note(`${count.twice()} ${shell()}`);
        step("look", cluster::nodes, |host| {
            let found = [];                           // the closure's own
            for unit in ["etcd"] { found.push(host.systemctl.is_active(unit)); }
            let host = #{ anything: 1 };
            found.push(host.anything);
            found
        });
        let options = #{ whatever: 1 };
        let facts = each(cluster::nodes, |host| host.etcd.conf());
        for fact in facts { note(`${fact.value.any_name.len()}`); }
        try { throw #{ message: "x", code: 1 }; } catch (e) { note(`${e.code}`); }
        [1, 2].map(|x| x + limit()).filter(|x| x > 1);
        let same = [1];
        let copy = same;
        same.filter(|x| copy.contains(x));
        let same_of = |x| x;
        same_of.call(1);
        cluster::first_master.file.write("/tmp/x", "y", #{ owner: "root:root", mode: "0644" });
        let place = "site/tool";
        import place as elsewhere;                    // which module it is, is not known
        elsewhere::anything(1);
        if count > 1 { import "site/tool" as either; either::look(1); } else { import "ocp/names" as either; either::whatever(1); }
        each(cluster::nodes, { curry(|x| x, 1, 2) });
        fn limit_of(x) { x }
        [1].map(limit_of);
        if 1.5 > 1 && 'a' == "a" && () == count { note("numbers, texts, nothing"); }
        "#,
    );
    let seen = place.ocpdg(&["check", "test.rhai"]);
    assert_eq!(
        seen.screen(),
        "status 0\n--- stdout\ntest.rhai and the 2 modules that it imports: nothing wrong was found\n"
    );
}

#[test]
fn modules_are_found_as_by_run() {
    let place = Place::new();
    place.write("named/site/tool.rhai", TOOL);
    place.write(
        "scripts/test.rhai",
        "import \"site/tool\" as tool;\ntool::look(1);\n",
    );
    let missing = place.ocpdg(&["check", "scripts/test.rhai"]);
    assert_eq!(missing.status, 2, "{}", missing.stdout);
    let named = place.ocpdg(&["check", "--lib", "named", "scripts/test.rhai"]);
    assert_eq!(named.status, 0, "{}", named.stdout);
    let mut by_path = place.command(&["check", "scripts/test.rhai"]);
    let by_path = Seen::of(
        by_path
            .env("OCPDG_PATH", "named")
            .output()
            .expect("it runs"),
    );
    assert_eq!(by_path.status, 0, "{}", by_path.stdout);
    place.write("scripts/site/tool.rhai", TOOL);
    let beside = place.ocpdg(&["check", "scripts/test.rhai"]);
    assert_eq!(beside.status, 0, "{}", beside.stdout);
    let nowhere = place.ocpdg(&["check", "nowhere.rhai"]);
    assert_eq!(nowhere.status, 2);
    assert!(
        nowhere.stderr.contains("there is no such file"),
        "{}",
        nowhere.stderr
    );
}

#[test]
fn a_broken_script_is_refused_before_a_host_is_touched() {
    let place = Place::new();
    // Nothing answers there: who tried to connect would wait.
    place.write(
        "away",
        "[masters]\nm1 ansible_host=192.0.2.1\n[etcd]\nm1\n[nodes]\nm1\n",
    );
    place.write("test.rhai", "note(\"begin\");\nnotte(cluster::mastres);\n");
    let begun = std::time::Instant::now();
    for arguments in [
        &["run", "test.rhai", "-i", "away"][..],
        &["rehearse", "test.rhai", "-i", "away"],
        &["run", "test.rhai", "--sim", "aio"],
    ] {
        let seen = place.ocpdg(arguments);
        assert_eq!(seen.status, 2, "{arguments:?}: {}", seen.stderr);
        assert_eq!(seen.stderr.matches("error:").count(), 2, "{}", seen.stderr);
        assert!(
            !seen.stderr.contains("looking at the hosts"),
            "{}",
            seen.stderr
        );
    }
    assert!(begun.elapsed().as_secs() < 20, "a host was waited for");
    assert!(!place.path("state").exists(), "no journal is left");
}

#[test]
fn resume_refuses_a_script_that_was_broken_meanwhile() {
    let place = Place::new();
    let script = "step(\"fail\", cluster::first_master, |host| host.run(\"test -e mended\"));\n";
    assert_eq!(place.run(script).status, 1);
    let before = std::fs::read(place.journal()).expect("it can be read");
    place.write("test.rhai", &format!("{script}notte(\"x\");\n"));
    let seen = place.ocpdg(&["resume", "-y"]);
    assert_eq!(seen.status, 2, "{}", seen.stderr);
    assert!(seen.stderr.contains("function `notte`"), "{}", seen.stderr);
    assert_eq!(
        std::fs::read(place.journal()).expect("it can be read"),
        before,
        "the journal stays as it was"
    );
}

#[test]
fn a_warning_stops_nobody_and_is_told() {
    let place = Place::new();
    let seen = place.run("let count = 1;\nnote(\"${count}\");\n");
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(
        seen.stderr.contains("warning: `${count}`"),
        "{}",
        seen.stderr
    );
}

#[test]
fn help_lists_the_kinds_of_mistakes() {
    let place = Place::new();
    let seen = place.ocpdg(&["check", "--help"]);
    assert_eq!(seen.status, 0);
    insta::assert_snapshot!(seen.screen());
}
