//! The manual from end to end by a careful operator, and the script from end to end.

use crate::by_hand;
use crate::packages::FORGET_3_8;
use crate::rehearsal::{Rehearsal, Shell};
use crate::restore::STRIPPED_BACKUP;

/// Whether each of `units` is enabled.
fn enabled(host: &Shell, units: &str) -> String {
    host.run(format!("systemctl is-enabled {units}"))
        .stdout
        .replace('\n', " ")
}

/// Everything works, and nobody notices what is missing.
#[test]
fn a_downgrade_by_hand_that_works_leaves_things_behind() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.login("master-1");
    assert_eq!(
        enabled(&host, "etcd openvswitch docker"),
        "enabled enabled enabled "
    );
    by_hand::up_to_etcd(&cluster);
    by_hand::snapshot(&cluster);
    by_hand::online(&host);
    host.run("oc get nodes").says(0, &[" Ready ", "v1.7.6"]);
    // What is found by the next upgrade, the next reboot, the next image that is pulled.
    host.run("rpm -q atomic-openshift-master")
        .says(1, &["is not installed"]);
    assert_eq!(enabled(&host, "etcd openvswitch"), "disabled disabled ");
    host.run("grep PROXY /etc/sysconfig/atomic-openshift-node")
        .says(1, &[]);
    host.ask("grep HTTP_PROXY /etc/sysconfig/atomic-openshift-node.rpmsave");
}

/// What each host has to be in the end.
fn check_host(cluster: &Rehearsal, name: &str) {
    let host = cluster.on(name);
    let is = |role: &str| cluster.hosts(role).iter().any(|one| one == name);
    let units = |units: &str| {
        host.run(format!("systemctl is-active {units}"))
            .says(0, &[]);
        let all = enabled(&host, units);
        assert!(
            all.split(' ').all(|one| one.is_empty() || one == "enabled"),
            "{name}: {units}: {all}"
        );
    };
    if is("masters") || is("nodes") {
        let packages = host.ask("rpm -qa --qf '%{NAME} %{VERSION}\\n' '*openshift*'");
        let odd: Vec<&str> = packages
            .lines()
            .filter(|line| !line.ends_with(" 3.7.23"))
            .collect();
        assert_eq!(
            (odd, packages.lines().count() - usize::from(is("masters"))),
            (vec![], 7),
            "{name}: {packages}"
        );
        host.ask("atomic-openshift-excluder status && atomic-openshift-docker-excluder status");
        host.ask("grep HTTP_PROXY /etc/sysconfig/atomic-openshift-node");
        assert_eq!(
            host.ask("docker version --format '{{.Server.Version}}'"),
            "1.12.6"
        );
        host.run("grep deferred_deletion /etc/sysconfig/docker-storage")
            .says(1, &[]);
        host.run("rpm -q docker-latest").says(1, &[]);
        units("docker openvswitch atomic-openshift-node");
    }
    if is("masters") {
        host.ask("rpm -q atomic-openshift-master");
        units("atomic-openshift-master-api atomic-openshift-master-controllers");
        host.ask("test -s /etc/origin/master/openshift-ansible-catalog-console.js");
        host.ask("grep '^assetConfig:' /etc/origin/master/master-config.yaml");
        host.ask(
            "grep 'defaultNodeSelector: \"region=primary\"' /etc/origin/master/master-config.yaml",
        );
        host.run("grep CheckVolumeBinding /etc/origin/master/scheduler.json")
            .says(1, &[]);
    }
    if is("etcd") {
        assert_eq!(host.ask("rpm -q --qf '%{VERSION}' etcd"), "3.2.22");
        units("etcd");
        assert_eq!(
            host.ask("ls -d /var/lib/etcd/openshift-backup-* | wc -l"),
            "6",
            "{name}"
        );
        assert_eq!(
            host.ask("find /var/lib/etcd/member ! -user etcd"),
            "",
            "{name}"
        );
        let labels = host
            .ask("find /var/lib/etcd /var/lib/etcd/member -maxdepth 1 -exec stat -c '%C %n' {} +");
        let odd = labels
            .lines()
            .filter(|line| !line.contains("etcd_var_lib_t") && !line.contains("openshift-backup"));
        assert_eq!(odd.collect::<Vec<_>>(), Vec::<&str>::new(), "{name}");
        host.run("systemctl cat etcd; cat /etc/etcd/etcd.conf; ps -ef")
            .lacks(&["force-new-cluster", "FORCE_NEW_CLUSTER=true"]);
    }
}

/// What etcd has to be in the end: one cluster, with the data of before the upgrade, that is written to.
fn check_etcd(cluster: &Rehearsal, keeps_v2: bool) {
    let hosts = cluster.hosts("etcd");
    let mut lists = Vec::new();
    for name in &hosts {
        let host = cluster.login(name);
        lists.push(host.ask("etcdctl3 member list"));
        host.run(format!("etcdctl3 put /mine/{name} 1"))
            .says(0, &["OK"]);
        let keys = host.ask("etcdctl3 get / --prefix --keys-only");
        let has = |key: &str| keys.lines().any(|line| line == key);
        assert!(
            has("/kubernetes.io/configmaps/default/before-10"),
            "{name}: {keys}"
        );
        assert!(
            !has("/kubernetes.io/configmaps/default/between-1")
                && !has("/kubernetes.io/configmaps/default/after-1"),
            "{name}: {keys}"
        );
        assert!(has(&format!("/mine/{}", hosts[0])), "{name}: {keys}");
        let plain = host.run("etcdctl2 get /before/key-1");
        plain.says(if keeps_v2 { 0 } else { 4 }, &[]);
    }
    lists.dedup();
    assert_eq!(lists.len(), 1, "{lists:?}");
    assert_eq!(lists[0].lines().count(), hosts.len(), "{lists:?}");
    assert!(!lists[0].contains("localhost"), "{lists:?}");
}

fn check(cluster: &Rehearsal, keeps_v2: bool) {
    for name in cluster.all() {
        check_host(cluster, &name);
    }
    check_etcd(cluster, keeps_v2);
    let nodes = cluster.on("master-1").ask("oc get nodes");
    let ready = nodes
        .lines()
        .filter(|line| line.contains(" Ready ") && line.contains("v1.7.6"));
    assert_eq!(ready.count(), cluster.hosts("nodes").len(), "{nodes}");
    cluster
        .on("master-1")
        .run("oc adm diagnostics")
        .says(0, &["no errors or warnings"]);
}

#[test]
fn the_script_leaves_a_whole_cluster() {
    for name in ["aio", "ha", "external"] {
        let cluster = Rehearsal::of(name);
        cluster.downgrade(&[]).unwrap();
        check(&cluster, false);
    }
}

#[test]
fn the_script_leaves_a_whole_cluster_where_the_site_has_its_own_traps() {
    let cluster = Rehearsal::of("ha");
    cluster.on("node-1").ask(FORGET_3_8);
    cluster.on("node-2").ask(FORGET_3_8);
    // Where the login shell starts, files match the pattern that Docker is swapped by.
    for name in cluster.hosts("nodes") {
        cluster
            .on(&name)
            .ask(">/root/docker-notes; mkdir -p /home/ocp; >/home/ocp/docker-notes");
    }
    let said = cluster.downgrade(&[("etcd_restore", "v2")]).unwrap();
    let lost = said.iter().any(|line| line.contains("before it kept one"));
    assert!(lost, "{said:#?}");
    check(&cluster, true);
}

#[test]
fn the_script_forces_a_cluster_where_the_unit_has_no_place_for_it() {
    let cluster = Rehearsal::of("aio");
    // A unit of the site's own, which outlives the package.
    let unit = "/etc/systemd/system/etcd.service";
    let plain = "s|^ExecStart=.*|ExecStart=/usr/bin/etcd|";
    let lay = format!(
        "sed '{plain}' /usr/lib/systemd/system/etcd.service >{unit} && systemctl daemon-reload"
    );
    cluster.on("master-1").ask(lay);
    cluster.downgrade(&[("etcd_restore", "v2")]).unwrap();
    check(&cluster, true);
}

#[test]
fn the_script_tells_when_restored_data_files_lose_every_write() {
    let cluster = Rehearsal::of("aio");
    cluster.on("master-1").ask(STRIPPED_BACKUP);
    let backup = ("etcd_backup", "master-1.sim.test:/backup/etcd-xxx");
    let error = cluster
        .downgrade(&[("etcd_restore", "v2"), backup])
        .unwrap_err();
    let told = format!("{error:?}");
    assert!(
        told.contains("writes were lost") && told.contains("--set etcd_restore=v3"),
        "{told}"
    );
}
