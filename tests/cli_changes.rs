//! What changed since a run worked last is shown before it goes on: the script, and the inventory.

#[path = "support/program.rs"]
mod program;

use program::Place;

const SCRIPT: &str = r#"
import "site/tool" as tool;

fn helper(host) {
    host.run("echo helper >> evidence");
}

phase("one", || {
    step("first", cluster::first_master, |host| helper(host));
    step("second", cluster::nodes, |host| {
        let word = tool::word();
        if host.name == "two" { throw word; }
    });
});
step("third", cluster::first_master, |host| host.run("true"));
"#;

fn failed() -> Place {
    let place = Place::new();
    place.write(
        "site/tool.rhai",
        "/// A word.\nfn word() {\n    \"stop\"\n}\n",
    );
    let seen = place.run_with(SCRIPT, &["--forks", "1"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    place
}

#[test]
fn a_changed_script_is_shown_by_step_and_function_with_what_is_done_of_it() {
    let place = failed();
    let changed = SCRIPT
        .replace("echo helper", "echo other")
        .replace("throw word", "print(word)")
        .replace("host.run(\"true\")", "host.run(\"true; true\")")
        .replace("phase(\"one\"", "// The first.\nphase(\"one\"");
    place.write("test.rhai", &changed);
    place.write(
        "site/tool.rhai",
        "/// A word.\nfn word() {\n    \"go \u{1b}[2J\"\n}\n",
    );
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    assert!(!seen.stderr.contains('\u{1b}'), "{:?}", seen.stderr);
    insta::assert_snapshot!(seen.screen());
    let seen = place.ocpdg(&["resume", "--yes"]);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert_eq!(place.read("evidence"), "helper\n");
}

#[test]
fn a_long_change_is_cut_and_says_where_the_old_text_is() {
    let place = failed();
    let more: String = (0..200).map(|n| format!("// {n}\n")).collect();
    place.write("test.rhai", &format!("{SCRIPT}{more}"));
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    assert!(seen.stderr.lines().count() < 60, "{}", seen.stderr);
    let line = seen.stderr.lines().find(|line| line.contains("more lines"));
    let path = line
        .and_then(|line| line.split(" is ").nth(1))
        .expect("it is named");
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), SCRIPT);
}

#[test]
fn a_changed_inventory_is_shown_without_its_secrets_and_asked_about_once() {
    let place = failed();
    let hosts = "\
[masters]
one ansible_connection=local ansible_become=false

[etcd]
one

[nodes]
one
two ansible_host=127.0.0.1 ansible_port=2 ansible_ssh_pass=secret-one
three ansible_host=127.0.0.1 ansible_port=3

[nodes:vars]
openshift_release=3.7
registry_password=secret-two
";
    place.write("hosts", hosts);
    let seen = place.ocpdg(&["resume"]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    insta::assert_snapshot!(seen.screen());
    let kept = std::fs::read_to_string(place.runs()[0].join("hosts.json")).expect("it is kept");
    assert!(!kept.contains("secret"), "{kept}");
    let seen = place.ocpdg(&["resume", "--yes", "--without", "three"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    let kept = std::fs::read_to_string(place.runs()[0].join("hosts.json")).expect("it is kept");
    assert!(kept.contains("three") && !kept.contains("secret"), "{kept}");
    let seen = place.ocpdg(&["resume", "--without", "three"]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(!seen.stderr.contains("inventory,"), "{}", seen.stderr);
    place.write(
        "hosts",
        &hosts
            .replace("secret-two", "secret-three")
            .replace("ansible_port=2", "ansible_port=1"),
    );
    let seen = place.ocpdg(&["resume", "--without", "three"]);
    assert_eq!(seen.status, 3, "{}", seen.stderr);
    for told in [
        "inventory, one, three, two: variable `registry_password` has another value",
        "inventory, two: its port was 2, and is 1",
    ] {
        assert!(seen.stderr.contains(told), "{told}: {}", seen.stderr);
    }
}
