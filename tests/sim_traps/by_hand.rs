//! What an operator does by hand who has met every trap but the one that a test is about.

use crate::manual::Manual;
use crate::rehearsal::{Rehearsal, Shell};

/// The address of the first host of every shipped cluster.
pub const ADDRESS: &str = "192.0.2.11";

/// Keeps the backup to be restored, and etcd.conf, where the manual has them.
pub fn keep(host: &Shell) {
    host.ask(
        "mkdir -p /backup/etcd-xxx /backup/yesterday/master-0-files
        backup=$(ls -d /var/lib/etcd/openshift-backup-pre-upgrade-2018* | head -n 1)
        cp -a $backup/. /backup/etcd-xxx/ && cp -a /etc/etcd/etcd.conf /backup/yesterday/master-0-files/",
    );
}

/// 6.3, on all hosts.
pub fn stop(cluster: &Rehearsal) {
    for (role, step) in [
        ("masters", "6.3_stop_master"),
        ("nodes", "6.3_stop_node"),
        ("etcd", "6.3_stop_etcd"),
    ] {
        for host in cluster.hosts(role) {
            cluster.on(&host).run(Manual::step(step)).says(0, &[]);
        }
    }
}

/// 6.4, on all hosts.
pub fn remove(cluster: &Rehearsal) {
    for host in cluster.hosts("nodes") {
        let host = cluster.on(&host);
        host.run(Manual::step("6.4_remove").yes()).says(0, &[]);
    }
    for host in cluster.hosts("etcd") {
        let host = cluster.on(&host);
        host.run(Manual::step("6.4_remove_etcd").yes()).says(0, &[]);
    }
}

/// 6.5, on all nodes.
pub fn docker(cluster: &Rehearsal) {
    for host in cluster.hosts("nodes") {
        let host = cluster.on(&host);
        let all = Manual::step("6.5_remove_containers").with("docker rmi $(", "docker rmi -f $(");
        host.run(all);
        let swap =
            Manual::step("6.5_swap").with("docker-* docker-*1.12.6", "'docker-*' 'docker-*1.12.6'");
        host.run(swap).says(0, &[]);
    }
}

/// 6.6, on all hosts, with the names that the manual has.
pub fn install(cluster: &Rehearsal) {
    for host in cluster.all() {
        cluster
            .on(&host)
            .run(Manual::step("6.6_repositories"))
            .says(0, &[]);
    }
    let masters = cluster.hosts("masters");
    for host in cluster.hosts("nodes") {
        let step = if masters.contains(&host) {
            "6.6_install_master"
        } else {
            "6.6_install_node"
        };
        cluster.on(&host).run(Manual::step(step).yes()).says(0, &[]);
    }
    for host in cluster.hosts("etcd") {
        let step = Manual::step("6.6_install_etcd")
            .yes()
            .with("install etcd", "install etcd-3.2.22");
        cluster.on(&host).run(step).says(0, &[]);
    }
}

/// 6.7's etcd.conf, without the start.
pub fn configuration(host: &Shell) {
    let step = Manual::step("6.7_configuration").with("systemctl restart etcd.service\n", "");
    host.run(step).says(0, &[]);
}

/// From 6.3 to etcd.conf, on a cluster whose backups are kept.
pub fn up_to_etcd(cluster: &Rehearsal) {
    for host in cluster.hosts("etcd") {
        keep(&cluster.on(&host));
    }
    stop(cluster);
    remove(cluster);
    docker(cluster);
    install(cluster);
    for host in cluster.hosts("etcd") {
        configuration(&cluster.on(&host));
    }
}

/// As [`up_to_etcd`], for the host's etcd alone.
pub fn up_to_empty(cluster: &Rehearsal) {
    for host in cluster.hosts("etcd") {
        let host = cluster.on(&host);
        keep(&host);
        host.run(Manual::step("6.3_stop_etcd")).says(0, &[]);
        host.run(Manual::step("6.7.1_clear")).says(0, &[]);
    }
}

/// 6.7.1, step 3.
pub fn restore_data(host: &Shell) {
    let step = Manual::step("6.7.1_restore")
        .with("mv /var/lib/etcd/db /var/lib/etcd/member/snap/db\n", "")
        .with("/var/lib/etcd/R", "/var/lib/etcd/");
    host.run(step).says(0, &[]);
}

/// 6.7.2, step 3, for the first host of a shipped cluster.
pub fn restore_snapshot(text: Manual, name: &str) -> Manual {
    text.with(
        "/backup/etcd-xxxxxx/backup.db",
        "/backup/etcd-xxx/member/snap/db",
    )
    .with("master-0.example.com", name)
    .with("192.168.55.8", ADDRESS)
}

/// 6.7.2 whole, on the first host of a shipped cluster.
pub fn snapshot(cluster: &Rehearsal) {
    let host = cluster.login("master-1");
    host.run(Manual::step("6.7.2_clear")).says(0, &[]);
    let text = restore_snapshot(Manual::step("6.7.2_restore"), "master-1.sim.test")
        .with("  --data-dir", "  --skip-hash-check --data-dir");
    host.run(text).says(0, &["added member"]);
    host.run(Manual::step("6.7.2_start")).says(0, &[]);
}

/// 6.8 on the master of the all-in-one cluster, with the copies of the configuration that it has.
pub fn online(host: &Shell) {
    host.ask(CATALOG_CONSOLE);
    host.ask(MASTER_CONFIG);
    host.ask(SCHEDULER);
    host.run(Manual::step("6.8_start_master")).says(0, &[]);
}

/// Recreates what 3.9's upgrade deleted.
pub const CATALOG_CONSOLE: &str = "echo 'window.OPENSHIFT_CONSTANTS.TEMPLATE_SERVICE_BROKER_ENABLED=true' \
     >/etc/origin/master/openshift-ansible-catalog-console.js";
/// Restores master-config.yaml from its first copy.
pub const MASTER_CONFIG: &str = "cd /etc/origin/master && \
     cp $(ls master-config.yaml.2018* | head -n 1) master-config.yaml";
/// Restores scheduler.json from its first copy.
pub const SCHEDULER: &str =
    "cd /etc/origin/master && cp $(ls scheduler.json.*2018* | head -n 1) scheduler.json";
