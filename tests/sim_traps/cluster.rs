//! 6.7: members of etcd's cluster, and what says that it is well.

use crate::by_hand;
use crate::manual::Manual;
use crate::rehearsal::Rehearsal;
use crate::restore::{FORCE, force};

/// How many members each etcd host knows of.
fn known(cluster: &Rehearsal) -> Vec<usize> {
    let hosts = cluster.hosts("etcd");
    let members = hosts.iter().map(|host| {
        let list = cluster.login(host).ask("etcdctl3 member list");
        list.lines().count()
    });
    members.collect()
}

#[test]
fn forced_on_each_host_there_are_as_many_clusters() {
    let cluster = Rehearsal::of("ha");
    by_hand::up_to_empty(&cluster);
    for host in cluster.hosts("etcd") {
        let host = cluster.login(&host);
        by_hand::restore_data(&host);
        force(&host);
    }
    assert_eq!(known(&cluster), [1, 1, 1]);
    // What is written to one is not in the others.
    let write = "for n in $(seq 20); do etcdctl3 put /mine/here 1 && break; done";
    cluster.login("master-1").run(write).says(0, &["OK"]);
    for (host, found) in [("master-1", "1"), ("master-2", ""), ("master-3", "")] {
        let value = cluster
            .login(host)
            .ask("etcdctl3 get /mine/here --print-value-only");
        assert_eq!(value, found, "{host}");
    }
}

#[test]
fn a_drop_in_left_behind_throws_the_others_out() {
    let cluster = Rehearsal::of("ha");
    assert_eq!(known(&cluster), [3, 3, 3]);
    let host = cluster.login("master-1");
    // Step 7 was left out: weeks later the host is rebooted, or etcd updated.
    host.run(Manual::step(FORCE)).says(0, &[]);
    assert_eq!(known(&cluster), [1, 3, 3]);
    host.run(Manual::step("6.7.1_cluster_mode")).says(0, &[]);
    assert_eq!(known(&cluster), [1, 3, 3]);
}

#[test]
fn the_installers_functions_are_not_there_over_ssh() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    host.run(Manual::step("6.7.1_health"))
        .says(127, &["etcdctl2: command not found"]);
    let host = cluster.login("master-1");
    host.run(Manual::step("6.7.1_health"))
        .says(0, &["cluster is healthy"]);
    // Where `hostname` is short, they ask for a name that no certificate has.
    let short = "hostname() { echo master-1; }; etcdctl2 cluster-health";
    host.run(short).says(
        4,
        &["x509: certificate is valid for master-1.sim.test, not master-1"],
    );
}

#[test]
fn without_certificates_nobody_answers() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.login("master-1");
    host.run(Manual::step("6.7.1.1_member_list"))
        .says(1, &["etcd cluster is unavailable or misconfigured"]);
}

#[test]
fn one_member_of_three_is_called_healthy() {
    let cluster = Rehearsal::of("ha");
    cluster.on("master-3").ask("systemctl stop etcd");
    let host = cluster.login("master-1");
    host.run(Manual::step("6.7.1_health"))
        .says(0, &["unreachable", "cluster is healthy"]);
    // 3.3's tells them apart.
    host.ask("yum -y update etcd");
    host.run(Manual::step("6.7.1_health"))
        .says(5, &["unreachable", "cluster is degraded"]);
}

/// "The remaining etcd servers can be restored", says step 9, and not how.
#[test]
fn members_that_are_just_started_go_on_with_the_data_of_3_9() {
    let cluster = Rehearsal::of("ha");
    for host in cluster.hosts("etcd") {
        let host = cluster.on(&host);
        by_hand::keep(&host);
        host.run(Manual::step("6.3_stop_etcd")).says(0, &[]);
    }
    by_hand::snapshot(&cluster);
    // The first of two has nobody to agree with, and is started again until the second is there.
    let alone = cluster.on("master-2").run("systemctl start etcd");
    alone.says(1, &["a timeout was exceeded"]);
    cluster.on("master-3").ask("systemctl start etcd");
    cluster.on("master-2").ask("systemctl is-active etcd");
    assert_eq!(known(&cluster), [1, 3, 3]);
    let newest = "etcdctl3 get /kubernetes.io/configmaps/default/after-1 --keys-only";
    assert_eq!(cluster.login("master-1").ask(newest), "");
    assert_ne!(cluster.login("master-2").ask(newest), "");
}

#[test]
fn a_forced_member_is_known_by_localhost_until_it_is_corrected() {
    let cluster = Rehearsal::of("ha");
    by_hand::up_to_empty(&cluster);
    let host = cluster.login("master-1");
    by_hand::restore_data(&host);
    force(&host);
    let list = host.ask("etcdctl2 member list");
    assert!(list.contains("peerURLs=http://localhost:2380"), "{list}");
    // Nobody can join it.
    let added = host.ask("etcdctl2 member add master-2.sim.test https://192.0.2.12:2380");
    let members = added
        .lines()
        .find(|line| line.starts_with("ETCD_INITIAL_CLUSTER="))
        .unwrap();
    let other = cluster.on("master-2");
    other.ask(format!(
        "sed -i -e '/^ETCD_INITIAL_CLUSTER/d' /etc/etcd/etcd.conf && cat >>/etc/etcd/etcd.conf <<'E'\n{members}\nETCD_INITIAL_CLUSTER_STATE=existing\nE"
    ));
    other.run("systemctl start etcd").says(1, &[]);
    other.run("journalctl -u etcd --no-pager").says(
        0,
        &["could not retrieve cluster information from the given urls"],
    );
    // With two members, one of which never started, there is no quorum, and nothing can be taken back.
    host.run("etcdctl2 member list").says(1, &["has no leader"]);
}

#[test]
fn each_member_calls_its_backup_otherwise() {
    let cluster = Rehearsal::of("ha");
    let name = |host: &str| {
        let newest = "ls -d /var/lib/etcd/openshift-backup-pre-upgrade-2018* | head -n 1";
        cluster.on(host).ask(newest)
    };
    assert_ne!(name("master-1"), name("master-2"));
}
