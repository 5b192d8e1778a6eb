//! What the package primitives write in shell, run by a real one over real files.

#[path = "support/rooted.rs"]
mod rooted;

use std::os::unix::fs::PermissionsExt;

use ocpdg::primitive::repos::{self, Method, Switch};
use ocpdg::primitive::{docker, systemctl, yum};
use rooted::Rooted;

/// An rpm that knows one package a line of `/etc/rpm`: name, version, release, install time.
const RPM: &str = r#"case $1 in -qa) cat /etc/rpm;; *) n=0; shift 3; for p; do
grep "^$p	" /etc/rpm || { echo "package $p is not installed"; n=1; }; done; exit $n;; esac"#;

#[test]
fn yum_conf_keeps_its_mode_its_links_and_the_sites_patterns() {
    let Some(root) = Rooted::new() else { return };
    root.write(
        "/etc/yum/real.conf",
        "[main]\nexclude= atomic-openshift  docker*1.13*  kernel* \nx=1\n",
    );
    let real = root.path("/etc/yum/real.conf");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::os::unix::fs::symlink("/etc/yum/real.conf", root.path("/etc/yum.conf")).unwrap();
    let host = root.host("m1");
    let change = yum::unexclude(&host).unwrap();
    assert_eq!(
        change.before,
        ["atomic-openshift", "docker*1.13*", "kernel*"]
    );
    assert_eq!(change.after, ["kernel*"]);
    assert_eq!(
        root.read("/etc/yum/real.conf"),
        "[main]\nexclude=kernel*\nx=1\n"
    );
    assert!(root.path("/etc/yum.conf").is_symlink());
    assert_eq!(
        std::fs::metadata(&real).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!yum::unexclude(&host).unwrap().changed);
}

#[test]
fn an_excluder_that_is_installed_is_run() {
    let Some(root) = Rooted::new() else { return };
    root.write("/etc/yum.conf", "[main]\ninstallonly_limit=5\n");
    root.program(
        "atomic-openshift-docker-excluder",
        "case $1 in exclude) sed -i '/^installonly_limit/a exclude= docker*1.13* docker*1.14* ' /etc/yum.conf;; esac",
    );
    let host = root.host("m1");
    assert_eq!(
        yum::exclude(&host).unwrap().after,
        ["docker*1.13*", "docker*1.14*"]
    );
    assert!(!yum::exclude(&host).unwrap().changed);
    assert_eq!(yum::excludes(&host).unwrap().len(), 2);
}

#[test]
fn a_lock_counts_while_its_process_lives() {
    let Some(root) = Rooted::new() else { return };
    let host = root.host("m1");
    assert_eq!(yum::lock(&host).unwrap(), None);
    let pid = std::process::id();
    root.write("/var/run/yum.pid", &pid.to_string());
    let holder = yum::lock(&host).unwrap().unwrap();
    assert_eq!(holder.pid, i64::from(pid));
    assert!(holder.command.contains("primitive_shell"));
    assert!(holder.since > 1_500_000_000);
    for stale in ["4194305", "not a pid", ""] {
        root.write("/var/run/yum.pid", stale);
        assert_eq!(yum::lock(&host).unwrap(), None, "{stale}");
    }
}

#[test]
fn unfinished_transactions_are_found() {
    let Some(root) = Rooted::new() else { return };
    let host = root.host("m1");
    assert!(yum::pending_transactions(&host).unwrap().is_empty());
    root.write("/var/lib/yum/transaction-all.2018-04-05.09:31.10", "");
    root.write(
        "/var/lib/yum/transaction-all.2017-01-01.00:00.00.disabled",
        "",
    );
    assert_eq!(
        yum::pending_transactions(&host).unwrap(),
        ["/var/lib/yum/transaction-all.2018-04-05.09:31.10"]
    );
}

#[test]
fn repository_files_are_switched() {
    let Some(root) = Rooted::new() else { return };
    root.write(
        "/etc/yum.repos.d/ose.repo",
        "[ose-3.9]\nenabled=1\n[ose-3.7]\nname=7\n",
    );
    root.write("/etc/yum.repos.d/off.repo", "[ose-3.7-src]\nenabled=0\n");
    root.program(
        "yum",
        "case $* in *repolist*) echo 'repo id  repo name'; cat /etc/yum.repos.d/*.repo | while read -r line; do \
         case $line in '['*) id=${line#[};; enabled=1) echo \"${id%]}\";; esac; done;; esac",
    );
    let switch = Switch {
        disable: vec!["ose-3.9".to_owned()],
        enable: vec!["ose-3.7".to_owned()],
        method: Method::RepoFiles,
    };
    let host = root.host("m1");
    let change = repos::switch(&host, &switch).unwrap();
    assert_eq!(
        (change.before, change.after),
        (vec!["ose-3.9".to_owned()], vec!["ose-3.7".to_owned()])
    );
    assert_eq!(
        root.read("/etc/yum.repos.d/ose.repo"),
        "[ose-3.9]\nenabled=0\n[ose-3.7]\nenabled=1\nname=7\n"
    );
    assert!(!repos::switch(&host, &switch).unwrap().changed);
}

#[test]
fn drop_ins_come_and_go() {
    let Some(root) = Rooted::new() else { return };
    root.program(
        "systemctl",
        "case $1 in show) echo LoadState=loaded; echo ActiveState=active; \
         echo DropInPaths=$(ls /etc/systemd/system/etcd.service.d/*.conf 2>/dev/null);; esac",
    );
    let host = root.host("m1");
    let text = "[Service]\nExecStart=\nExecStart=/bin/bash -c \"GOMAXPROCS=$(nproc) '%n' é\"\n";
    let change = systemctl::write_drop_in(&host, "etcd", "temp.conf", text).unwrap();
    assert!(change.changed);
    assert_eq!(
        root.read("/etc/systemd/system/etcd.service.d/temp.conf"),
        text
    );
    assert_eq!(systemctl::drop_ins(&host, "etcd").unwrap()[0].text, text);
    assert!(
        !systemctl::write_drop_in(&host, "etcd", "temp.conf", text)
            .unwrap()
            .changed
    );
    let change = systemctl::remove_drop_in(&host, "etcd", "temp.conf").unwrap();
    assert_eq!((change.before.as_deref(), change.after), (Some(text), None));
    assert!(!root.exists("/etc/systemd/system/etcd.service.d"));
}

/// A host with docker 1.13 whose yum lays stock settings, as rpm does after a removal.
fn docker_host(root: &Rooted, during: &str) {
    root.write(
        "/etc/rpm",
        "docker\t1.13.1\t63\t1\ndocker-client\t1.13.1\t63\t1\ndocker-common\t1.13.1\t63\t1\n",
    );
    root.write("/etc/sysconfig/docker", "OPTIONS=site\n");
    root.write("/etc/sysconfig/docker-storage", "same\n");
    root.write("/etc/docker/daemon.json", "{\"site\": 1}\n");
    root.program("rpm", RPM);
    root.program(
        "systemctl",
        "case $1 in is-enabled) cat /etc/enabled;; enable) echo enabled >/etc/enabled;; esac",
    );
    root.write("/etc/enabled", "enabled\n");
    root.program(
        "yum",
        &format!(
            "echo disabled >/etc/enabled; mv /etc/sysconfig/docker /etc/sysconfig/docker.rpmsave; \
             rm /etc/docker/daemon.json; {during}; echo stock >/etc/sysconfig/docker; \
             sed -i 's/1.13.1\\t63/1.12.6\\t71/' /etc/rpm"
        ),
    );
}

#[test]
fn a_swap_keeps_the_settings_and_the_enable_state() {
    let Some(root) = Rooted::new() else { return };
    docker_host(&root, ":");
    let host = root.host("m1");
    let done = docker::swap(&host, "1.12.6", &docker::Swap::default()).unwrap();
    assert_eq!(done.change.after["docker"], "1.12.6-71");
    assert_eq!(root.read("/etc/sysconfig/docker"), "OPTIONS=site\n");
    assert_eq!(root.read("/etc/docker/daemon.json"), "{\"site\": 1}\n");
    assert_eq!(root.read("/etc/enabled"), "enabled\n");
    let mut notes = done.notes;
    notes.sort();
    assert_eq!(
        notes,
        [
            "put back `/etc/docker/daemon.json`, which the packages had changed",
            "put back `/etc/sysconfig/docker`, which the packages had changed"
        ]
    );
    assert!(!root.exists("/var/lib/ocpdg/docker-settings"));
    assert!(
        !docker::swap(&host, "1.12.6", &docker::Swap::default())
            .unwrap()
            .change
            .changed
    );
}

#[test]
fn a_swap_that_was_cut_off_is_finished_with_the_first_settings() {
    let Some(root) = Rooted::new() else { return };
    docker_host(&root, ": >/etc/rpm; exit 1");
    let host = root.host("m1");
    let error = docker::swap(&host, "1.12.6", &docker::Swap::default()).unwrap_err();
    assert!(error.to_string().contains("no `docker`"));
    assert!(!root.exists("/etc/sysconfig/docker"));
    root.program(
        "yum",
        "echo stock >/etc/sysconfig/docker; for p in docker docker-client docker-common; do \
         printf '%s\\t1.12.6\\t71\\t1\\n' $p; done >/etc/rpm",
    );
    let done = docker::swap(&host, "1.12.6", &docker::Swap::default()).unwrap();
    assert!(done.change.before.is_empty());
    assert_eq!(root.read("/etc/sysconfig/docker"), "OPTIONS=site\n");
    assert_eq!(root.read("/etc/docker/daemon.json"), "{\"site\": 1}\n");
    assert_eq!(root.read("/etc/enabled"), "enabled\n");
}

#[test]
fn the_records_of_containers_are_cleared_and_their_directories_stay() {
    let Some(root) = Rooted::new() else { return };
    root.program("docker", "case $1 in ps|images) exit 0;; esac; exit 1");
    root.write("/var/lib/dockershim/sandbox/abc", "{}");
    root.write("/var/lib/cni/networks/openshift-sdn/10.1.0.2", "abc");
    let host = root.host("m1");
    let change = docker::remove_all(&host).unwrap();
    assert_eq!((change.before.records, change.after.records), (2, 0));
    assert!(root.exists("/var/lib/dockershim/sandbox"));
    assert!(!root.exists("/var/lib/dockershim/sandbox/abc"));
    assert!(!docker::remove_all(&host).unwrap().changed);
}

#[test]
fn a_client_without_a_daemon_tells_its_own_version() {
    let Some(root) = Rooted::new() else { return };
    root.program("rpm", "echo Package 1.12.6-71.el7");
    root.program(
        "docker",
        "case $3 in *Server*) echo 'Docker 1.12.6 '; echo Cannot connect >&2; exit 1;; *) echo Docker 1.12.6;; esac",
    );
    let version = docker::version(&root.host("m1")).unwrap();
    assert_eq!(version.client.as_deref(), Some("1.12.6"));
    assert_eq!(version.server, None);
    assert_eq!(version.installed.as_deref(), Some("1.12.6-71.el7"));
}
