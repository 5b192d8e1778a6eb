//! 6.3, 6.8 and 6.9: services, their configuration, and what says that they are well.

use std::time::Duration;

use crate::by_hand::{self, CATALOG_CONSOLE, MASTER_CONFIG, SCHEDULER};
use crate::manual::Manual;
use crate::rehearsal::Rehearsal;

const API: &str = "curl --silent --cacert /etc/origin/master/ca-bundle.crt https://$(hostname):8443/healthz/ready";
const CONTROLLERS: &str = "curl --silent -k https://localhost:8444/healthz";

/// The all-in-one cluster with 3.7's packages and data, its configuration still that of 3.9.
fn restored() -> Rehearsal {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_etcd(&cluster);
    by_hand::snapshot(&cluster);
    cluster
}

#[test]
fn a_node_that_starts_starts_its_masters_api() {
    let cluster = Rehearsal::of("aio");
    by_hand::stop(&cluster);
    let host = cluster.on("master-1");
    host.ask("systemctl start etcd");
    host.run("systemctl is-active atomic-openshift-master-api")
        .says(3, &[]);
    host.ask("systemctl start atomic-openshift-node");
    host.run("systemctl is-active atomic-openshift-master-api")
        .says(0, &["active"]);
}

#[test]
fn the_name_of_a_time_is_a_redirection() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    let before =
        host.ask("cd /etc/origin && sha256sum master/master-config.yaml node/node-config.yaml");
    host.run(Manual::step("6.8_restore_master")).says(
        1,
        &[
            "\u{2018}/etc/sysconfig/atomic-openshift-master-api\u{2019} are the same file",
            "timestamp: No such file or directory",
        ],
    );
    let after =
        host.ask("cd /etc/origin && sha256sum master/master-config.yaml node/node-config.yaml");
    assert_eq!(before, after);
    // Where there is a file of that name, what was to be restored is emptied.
    host.run("cd /tmp && >timestamp; cp /etc/origin/master/master-config.yaml.<timestamp> /etc/origin/master/master-config.yaml")
        .says(1, &["cp: missing destination file operand after \u{2018}/etc/origin/master/master-config.yaml.\u{2019}"]);
    assert_eq!(
        host.ask("stat -c %s /etc/origin/master/master-config.yaml"),
        "0"
    );
}

#[test]
fn the_configuration_of_3_9_does_not_start_the_api_of_3_7() {
    let cluster = restored();
    let host = cluster.on("master-1");
    host.ask(SCHEDULER);
    host.run(Manual::step("6.8_start_master"));
    host.run("journalctl -u atomic-openshift-master-api --no-pager")
        .says(0, &["Invalid MasterConfig", "assetConfig: Required value"]);
    host.run(API).says(7, &[]);
    // `Restart=always`: it is never down, and never up.
    cluster.wait(Duration::from_secs(60));
    assert_eq!(
        host.ask("systemctl show -p ActiveState atomic-openshift-master-api"),
        "ActiveState=activating"
    );
    assert_ne!(
        host.ask("systemctl show -p NRestarts atomic-openshift-master-api"),
        "NRestarts=0"
    );
}

#[test]
fn the_configuration_of_3_7_names_a_file_that_3_9_deleted() {
    let cluster = restored();
    let host = cluster.on("master-1");
    host.ask(SCHEDULER);
    host.ask(MASTER_CONFIG);
    host.run(Manual::step("6.8_start_master"));
    host.run("journalctl -u atomic-openshift-master-api --no-pager")
        .says(
            0,
            &["/etc/origin/master/openshift-ansible-catalog-console.js: no such file or directory"],
        );
    host.run(API).says(7, &[]);
    host.ask(CATALOG_CONSOLE);
    host.ask("systemctl restart atomic-openshift-master-api");
    host.run(API).says(0, &["ok"]);
}

#[test]
fn the_predicates_of_3_9_do_not_start_the_controllers_of_3_7() {
    let cluster = restored();
    let host = cluster.on("master-1");
    host.ask(MASTER_CONFIG);
    host.ask(CATALOG_CONSOLE);
    host.run(Manual::step("6.8_start_master"));
    host.run(API).says(0, &["ok"]);
    host.run(CONTROLLERS).says(7, &[]);
    host.run("journalctl -u atomic-openshift-master-controllers --no-pager")
        .says(
            0,
            &["Invalid configuration: Predicate type not found for CheckVolumeBinding"],
        );
    host.ask(SCHEDULER);
    host.ask("systemctl restart atomic-openshift-master-controllers");
    host.run(CONTROLLERS).says(0, &["ok"]);
}

#[test]
fn what_is_printed_differs_from_what_the_manual_shows() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    let columns =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let verify = || {
        host.run(Manual::step("6.9_verify"))
            .says(0, &["Summary of diagnostics execution (version v3."])
            .stdout
    };
    assert_eq!(
        columns(verify().lines().next().unwrap()),
        ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]
    );
    cluster.downgrade(&[]).unwrap();
    assert_eq!(
        columns(verify().lines().next().unwrap()),
        ["NAME", "STATUS", "AGE", "VERSION"]
    );
}
