//! How far a cluster came, as `stdlib/ocp/stage.rhai` tells it from the packages of its hosts.

#[path = "support/program.rs"]
mod program;

use program::Place;

/// Nothing is asked of these hosts: the facts are given.
const HOSTS: &str = "\
[masters]
m1 ansible_host=127.0.0.1 ansible_port=1
[nodes]
m1
n1 ansible_host=127.0.0.1 ansible_port=2
[etcd]
e1 ansible_host=127.0.0.1 ansible_port=3
";

const E1: &str = r#"e1: #{ "etcd": "3.2.22-1" }"#;

/// What is told of the packages `hosts`, whether it is 3.7, and what is to be removed.
fn told(hosts: &[&str]) -> String {
    let place = Place::new();
    place.write("hosts", HOSTS);
    let script = format!(
        r#"import "ocp/stage" as stage;
        let packages = #{{ {} }};
        let facts = [];
        for host in packages.keys() {{ facts.push(#{{ host: host, value: #{{ packages: packages[host] }} }}); }}
        print(`${{stage::told(facts)}} | ${{stage::is_at_3_7(facts)}} | ${{stage::newer(facts)}}`);"#,
        hosts.join(", ")
    );
    let seen = place.run(&script);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    let line = seen.stderr.lines().find(|line| line.contains(" | "));
    line.expect("it is told").trim().to_owned()
}

fn host(name: &str, version: &str) -> String {
    format!(
        r#"{name}: #{{ "atomic-openshift": "{version}.14-1", "atomic-openshift-node": "{version}.14-1", "openvswitch": "2.9.0-1" }}"#
    )
}

#[test]
fn a_full_upgrade_is_told_from_a_failed_one() {
    let full = told(&[&host("m1", "3.9"), &host("n1", "3.9"), E1]);
    assert_eq!(full, "all hosts are at 3.9 | false | OpenShift 3.9");
    let failed = told(&[&host("m1", "3.8"), &host("n1", "3.7"), E1]);
    assert_eq!(
        failed,
        "the upgrade failed in its 3.8 step: 3.7 on n1; 3.8 on m1 | false | OpenShift 3.8"
    );
    let partly = told(&[&host("m1", "3.9"), &host("n1", "3.7"), E1]);
    assert_eq!(
        partly,
        "the upgrade did not end: 3.7 on n1; 3.9 on m1 | false | OpenShift 3.9"
    );
}

#[test]
fn only_a_cluster_that_is_at_3_7_everywhere_is_not_taken_back() {
    let old = told(&[&host("m1", "3.7"), &host("n1", "3.7"), E1]);
    assert_eq!(
        old,
        "the packages of all hosts are those of 3.7 | true | OpenShift"
    );
    // A package that the procedure does not handle is no reason to restore etcd again.
    let left = r#"n1: #{ "atomic-openshift": "3.7.23-1", "atomic-openshift-pod": "3.9.14-1" }"#;
    assert!(told(&[&host("m1", "3.7"), left, E1]).contains("| true |"));
    let one = r#"n1: #{ "atomic-openshift": "3.7.23-1", "atomic-openshift-node": "3.9.14-1" }"#;
    assert!(told(&[&host("m1", "3.7"), one, E1]).contains("| false |"));
}

#[test]
fn a_downgrade_that_was_cut_off_goes_on() {
    let half = told(&[&host("m1", "3.7"), "n1: #{}", E1]);
    assert_eq!(
        half,
        "a downgrade was begun and did not end: 3.7 on m1; none on n1 | false | OpenShift"
    );
    let no_etcd = told(&[&host("m1", "3.7"), &host("n1", "3.7"), "e1: #{}"]);
    assert!(no_etcd.contains("none on e1 | false"), "{no_etcd}");
}
