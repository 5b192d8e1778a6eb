//! 6.2, 6.4 and 6.6: packages, repositories, and the files that go with packages.

use crate::by_hand;
use crate::manual::Manual;
use crate::rehearsal::Rehearsal;

#[test]
fn a_question_that_nobody_answers_removes_nothing() {
    let cluster = Rehearsal::of("aio");
    by_hand::stop(&cluster);
    let host = cluster.on("master-1");
    for step in ["6.4_remove", "6.4_remove_etcd"] {
        host.run(Manual::step(step))
            .says(1, &["Exiting on user command"]);
    }
    host.run("rpm -q atomic-openshift etcd")
        .says(0, &["atomic-openshift-3.9.14", "etcd-3.2.22"]);
}

#[test]
fn names_that_are_no_packages_are_passed_over() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    let names = [
        "atomic-openshift-master-api",
        "atomic-openshift-master-controllers",
    ];
    let removed = host.run(Manual::step("6.4_remove").yes());
    removed.says(
        0,
        &names.map(|_| "No Match for argument: atomic-openshift-master-"),
    );
    // It goes all the same, by dependency.
    host.run("rpm -q atomic-openshift-master")
        .says(1, &["is not installed"]);
    host.run(Manual::step("6.6_repositories")).says(0, &[]);
    let installed = host.run(Manual::step("6.6_install_master").yes());
    let said = names.map(|name| format!("No package {name} available."));
    installed.says(0, &[&said[0], &said[1], "Complete!"]);
    host.run("rpm -q atomic-openshift-master")
        .says(1, &["is not installed"]);
    // Whoever notices, and asks for the right name, does not get it either: the excluder hides it.
    let late = host.run("yum -y install atomic-openshift-master");
    late.says(
        1,
        &[
            "No package atomic-openshift-master available.",
            "Error: Nothing to do",
        ],
    );
    host.ask("atomic-openshift-excluder unexclude && yum -y install atomic-openshift-master");
}

#[test]
fn the_install_repeated_after_a_half_one_finds_no_package() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    host.run(Manual::step("6.4_remove").yes()).says(0, &[]);
    host.run(Manual::step("6.6_repositories")).says(0, &[]);
    // The session broke when the excluders were there and something else was not.
    host.ask("yum -y install atomic-openshift-excluder atomic-openshift-docker-excluder");
    let again = host.run(Manual::step("6.6_install_master").yes());
    again.says(
        0,
        &[
            "No package atomic-openshift available.",
            "No package atomic-openshift-node available.",
        ],
    );
    host.run("rpm -q atomic-openshift")
        .says(1, &["is not installed"]);
}

#[test]
fn lines_joined_without_a_blank_are_one_name() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    // As it is printed, the next line's indentation parts the names; joined again by an editor, nothing does.
    let joined = Manual::step("6.4_remove")
        .yes()
        .with("\\\n    atomic-openshift-", "atomic-openshift-");
    host.run(joined).says(0, &[
        "No Match for argument: tuned-profiles-atomic-openshift-nodeatomic-openshift-excluderatomic-openshift-docker-excluder",
    ]);
    host.run("rpm -q atomic-openshift-excluder")
        .says(0, &["atomic-openshift-excluder-3.9.14"]);
}

#[test]
fn a_newer_etcd_is_on_offer_and_there_is_no_way_back_from_it() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_etcd(&cluster);
    let host = cluster.login("master-1");
    host.ask("yum -y remove etcd");
    host.run(Manual::step("6.6_install_etcd").yes())
        .says(0, &[]);
    host.run("rpm -q etcd").says(0, &["etcd-3.3.11"]);
    by_hand::configuration(&host);
    by_hand::snapshot(&cluster);
    host.run("yum -y downgrade etcd-3.2.22; systemctl restart etcd")
        .says(1, &[]);
    host.run("journalctl -u etcd --no-pager").says(0, &[
        "cluster cannot be downgraded (current version: 3.2.22 is lower than determined cluster version: 3.3).",
    ]);
}

#[test]
fn an_etcd_that_was_started_once_as_a_newer_one_stays_newer() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    host.ask("yum -y update etcd && systemctl restart etcd");
    host.run("yum -y downgrade etcd-3.2.22; systemctl restart etcd")
        .says(1, &["Job for etcd.service failed"]);
}

#[test]
fn an_unknown_repository_is_an_error_and_the_others_are_switched() {
    let cluster = Rehearsal::of("ha");
    let host = cluster.on("node-1");
    host.ask(FORGET_3_8);
    host.run(Manual::step("6.6_repositories")).says(
        1,
        &[
            "Error: 'rhel-7-server-ose-3.8-rpms' does not match a valid repository ID.",
            "Repository 'rhel-7-server-ose-3.9-rpms' is disabled for this system.",
            "Repository 'rhel-7-server-ose-3.7-rpms' is enabled for this system.",
        ],
    );
    let enabled = host.ask("subscription-manager repos --list-enabled | grep ose");
    assert!(
        enabled.contains("3.7") && !enabled.contains("3.9"),
        "{enabled}"
    );
}

/// Nodes never get 3.8: many subscriptions do not have its repository.
pub const FORGET_3_8: &str =
    r"sed -i '/^\[rhel-7-server-ose-3.8-rpms\]/,/^$/d' /etc/yum.repos.d/redhat.repo";

#[test]
fn there_is_no_rpmsave_of_files_that_no_package_owns() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    by_hand::remove(&cluster);
    host.run(Manual::step("6.2_keep")).says(
        0,
        &[
            "cannot stat \u{2018}/etc/sysconfig/atomic-openshift-master-api.rpmsave\u{2019}",
            "cannot stat \u{2018}/etc/sysconfig/atomic-openshift-master-controller.rpmsave\u{2019}",
        ],
    );
    let kept = host.ask("ls /root /etc/sysconfig");
    assert!(kept.contains("etcd.conf.rpmsave"), "{kept}");
    // They stay where they are.
    assert!(kept.contains("atomic-openshift-master-api\n"), "{kept}");
    assert!(
        kept.contains("atomic-openshift-master-controllers\n"),
        "{kept}"
    );
    // Without its last letter the name is nothing's, before the packages go and after.
    host.run("cp /etc/sysconfig/atomic-openshift-master-controller /root/")
        .says(1, &["cannot stat"]);
    // And one that is not in the list is needed.
    assert!(kept.contains("atomic-openshift-node.rpmsave\n"), "{kept}");
}
