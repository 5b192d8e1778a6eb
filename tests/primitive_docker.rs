//! How docker is cleared, swapped and restarted.

#[path = "support/scripted.rs"]
mod scripted;

use std::sync::{Arc, Mutex};

use ocpdg::error::Kind;
use ocpdg::primitive::docker::{self, Counts, Swap};
use ocpdg::transport::Command;
use scripted::{Reply, Scripted};

const VERSION: &str = "timeout 30 docker version ...";
const HOLDS: &str = "docker ps -aq --no-trunc && ...";
const QA: &str = r"rpm -qa --qf '%{NAME}\t%{VERSION}\t%{RELEASE}\t%{INSTALLTIME}\n'";
const Q: &str = r"rpm -q --qf '%{NAME}\t%{VERSION}\t%{RELEASE}\t%{INSTALLTIME}\n' docker docker-client docker-common";
const YUM: &str = "yum -y --setopt=exit_on_lock=1";
const SHOW: &str = "systemctl show ...";
const SWAP_LOOK: &str = "[ -e /var/lib/ocpdg/docker-settings/complete ] ...";
const SAVE: &str = "d=/var/lib/ocpdg/docker-settings; [ -e \"$d/complete\" ] && exit 0; rm ...";
const RESTORE: &str = "d=/var/lib/ocpdg/docker-settings; [ -e \"$d/complete\" ] || exit 0; cd ...";
const STORAGE: &str = "[ -e /etc/sysconfig/docker-storage ] || exit 3; ...";
const TOUCHED: &str = "stat -c %Z /etc/sysconfig/docker* ...";

fn versions(client: &str, server: &str, package: &str) -> String {
    format!("Docker {client} {server}\nPackage {package}\n")
}

fn rpm(packages: &[&str]) -> String {
    packages
        .iter()
        .map(|package| {
            let (name, version) = package.split_once(' ').unwrap();
            let (version, release) = version.split_once('-').unwrap();
            format!("{name}\t{version}\t{release}\t1522920670\n")
        })
        .collect()
}

fn unit(active: &str, pid: u32, enabled: &str) -> String {
    format!(
        "Type=notify\nMainPID={pid}\nId=docker.service\nLoadState=loaded\nActiveState={active}\nSubState=running\n\
         UnitFileState={enabled}\nActiveEnterTimestamp=Thu 2018-04-05 09:31:10 UTC\nNeedDaemonReload=no\n"
    )
}

#[test]
fn parts_that_do_not_answer_are_none() {
    let script = Scripted::new()
        .on(
            VERSION,
            &versions("1.13.1", "", "package docker is not installed"),
            0,
        )
        .on(
            VERSION,
            &versions("1.12.6", "<no value>", "1.12.6-71.el7"),
            0,
        )
        .on(VERSION, "Server\nCannot connect to the Docker daemon.\n", 0);
    let host = script.host("m1");
    let version = docker::version(&host).unwrap();
    assert_eq!(version.client.as_deref(), Some("1.13.1"));
    assert_eq!((version.server, version.installed), (None, None));
    let version = docker::version(&host).unwrap();
    assert_eq!(version.server, None);
    assert_eq!(version.installed.as_deref(), Some("1.12.6-71.el7"));
    assert_eq!(docker::version(&host).unwrap().client, None);
    script.assert_shell_is_well_formed();
}

/// A docker that holds containers and images, and removes what it is told to, except that `-f` on
/// an image removes its parent too.
#[derive(Default)]
struct Daemon {
    containers: Vec<String>,
    images: Vec<String>,
    records: usize,
}

fn daemon(containers: usize, images: usize, records: usize) -> (Scripted, Arc<Mutex<Daemon>>) {
    let ids = |kind: u32, count: usize| -> Vec<String> {
        (0..count)
            .map(|number| format!("sha256:{kind:04x}{number:060x}"))
            .collect()
    };
    let daemon = Arc::new(Mutex::new(Daemon {
        containers: ids(1, containers),
        images: ids(2, images),
        records,
    }));
    let with = |change: fn(&mut Daemon, &[String]) -> Reply| {
        let daemon = Arc::clone(&daemon);
        move |command: &Command| {
            let argv = command.argv();
            change(&mut daemon.lock().unwrap(), &argv)
        }
    };
    let script = Scripted::new()
        .with(
            HOLDS,
            with(|daemon, _| {
                let list = |ids: &[String]| ids.iter().map(|id| format!("{id}\n{id}\n")).collect();
                let (containers, images): (String, String) =
                    (list(&daemon.containers), list(&daemon.images));
                Reply::new(
                    format!("{containers}--\n{images}--\n{}\n", daemon.records),
                    0,
                )
            }),
        )
        .with(
            "docker rm -f ...",
            with(|daemon, argv| {
                daemon.containers.retain(|id| !argv.contains(id));
                Reply::new("", 0)
            }),
        )
        .with(
            "docker rmi -f ...",
            with(|daemon, argv| {
                daemon.images.retain(|id| !argv.contains(id));
                Reply::new("", 1).stderr("Error: No such image: sha256:1\n")
            }),
        )
        .with(
            "for d in /var/lib/dockershim/sandbox ...",
            with(|daemon, _| {
                daemon.records = 0;
                Reply::new("", 0)
            }),
        );
    (script, daemon)
}

#[test]
fn everything_goes_in_batches_and_each_id_once() {
    let (script, _daemon) = daemon(3, 450, 7);
    let host = script.host("m1");
    let change = docker::remove_all(&host).unwrap();
    assert_eq!(
        change.before,
        Counts {
            containers: 3,
            images: 450,
            records: 7
        }
    );
    assert_eq!(
        change.after,
        Counts {
            containers: 0,
            images: 0,
            records: 0
        }
    );
    let words: Vec<usize> = script
        .changes()
        .iter()
        .map(|line| line.split(' ').count())
        .take(4)
        .collect();
    assert_eq!(words, [6, 203, 203, 53]);
    assert_eq!(script.changes().len(), 5);
    assert!(!docker::remove_all(&host).unwrap().changed);
    assert_eq!(script.changes().len(), 5);
    script.assert_shell_is_well_formed();
}

#[test]
fn containers_that_come_back_are_an_error_with_dockers_words() {
    let script = Scripted::new()
        .on(HOLDS, "aaaaaaaaaaaa\n--\n--\n0\n", 0)
        .reply(
            "docker rm -f aaaaaaaaaaaa",
            Reply::new("", 1).stderr("driver \"devicemapper\" failed: device or resource busy\n"),
        );
    let error = docker::remove_all(&script.host("m1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "docker on `m1`: wanted no containers and no images, found 1 containers and 0 images"
    );
    assert_eq!(
        error.details(),
        ["driver \"devicemapper\" failed: device or resource busy"]
    );
    assert_eq!(script.changes().len(), 1);
}

#[test]
fn a_daemon_that_is_down_is_told_as_such() {
    let script = Scripted::new().reply(
        HOLDS,
        Reply::new("", 1).stderr("Cannot connect to the Docker daemon.\n"),
    );
    let error = docker::remove_all(&script.host("m1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "docker on `m1`: wanted an answer of the daemon, found none"
    );
    assert_eq!(error.details(), ["Cannot connect to the Docker daemon."]);
}

#[test]
fn swap_names_the_parts_and_puts_the_settings_back() {
    let before = rpm(&[
        "docker 1.13.1-63",
        "docker-client 1.13.1-63",
        "docker-common 1.13.1-63",
        "docker-latest 1.13.1-58",
    ]);
    let three = [
        "docker 1.12.6-71",
        "docker-client 1.12.6-71",
        "docker-common 1.12.6-71",
    ];
    let after = rpm(&[&three[..], &["docker-latest 1.13.1-58"]].concat());
    let swap = format!(
        "{YUM} swap -- remove docker docker-client docker-common -- \
         install docker-1.12.6 docker-client-1.12.6 docker-common-1.12.6"
    );
    let script = Scripted::new()
        .on(QA, &before, 0)
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "", 0)
        .on(SAVE, "", 0)
        .on(&swap, "Complete!\n", 0)
        .on(Q, &rpm(&three), 0)
        .on(RESTORE, "/etc/sysconfig/docker\n", 0);
    let host = script.host("m1");
    let done = docker::swap(&host, "1.12.6", &Swap::default()).unwrap();
    assert_eq!(done.change.before["docker"], "1.13.1-63");
    assert_eq!(done.change.after["docker-common"], "1.12.6-71");
    assert_eq!(
        done.notes,
        [
            "put back `/etc/sysconfig/docker`, which the packages had changed",
            "left alone: `docker-latest` 1.13.1-58"
        ]
    );
    assert!(
        !docker::swap(&host, "1.12.6", &Swap::default())
            .unwrap()
            .change
            .changed
    );
    assert_eq!(script.changes().len(), 3);
    script.assert_shell_is_well_formed();
}

#[test]
fn dnf_downgrades_because_its_swap_is_another() {
    let before = rpm(&[
        "docker 1.13.1-63",
        "docker-client 1.13.1-63",
        "docker-common 1.13.1-63",
    ]);
    let after = rpm(&[
        "docker 1.12.6-71",
        "docker-client 1.12.6-71",
        "docker-common 1.12.6-71",
    ]);
    let downgrade =
        format!("{YUM} downgrade docker-1.12.6 docker-client-1.12.6 docker-common-1.12.6");
    let script = Scripted::new()
        .on(QA, &before, 0)
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "dnf\n", 0)
        .on(SAVE, "", 0)
        .on(Q, &before, 0)
        .on(Q, &after, 0)
        .on(&downgrade, "Complete!\n", 0)
        .on(RESTORE, "", 0);
    docker::swap(&script.host("m1"), "1.12.6", &Swap::default()).unwrap();
    assert_eq!(script.changes()[1], downgrade);
}

const FETCHED: &str = "sh -c 'for f in \"$1\"/*.rpm; ...";

fn fetched(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("{name}\t1.12.6-71\t/var/lib/ocpdg/r-packages/{name}.rpm\n"))
        .collect()
}

fn from_files() -> Swap {
    Swap {
        from: Some("/var/lib/ocpdg/r-packages".to_owned()),
    }
}

#[test]
fn what_was_fetched_needs_no_repository() {
    let parts = [
        "docker",
        "docker-client",
        "docker-common",
        "docker-rhel-push-plugin",
    ];
    let at = |version: &str| {
        rpm(&parts
            .map(|part| format!("{part} {version}"))
            .each_ref()
            .map(String::as_str))
    };
    let (before, after) = (at("1.13.1-63"), at("1.12.6-71"));
    let downgrade = format!(
        "{YUM} '--disablerepo=*' downgrade /var/lib/ocpdg/r-packages/docker.rpm /var/lib/ocpdg/r-packages/docker-client.rpm \
         /var/lib/ocpdg/r-packages/docker-common.rpm /var/lib/ocpdg/r-packages/docker-rhel-push-plugin.rpm"
    );
    let script = Scripted::new()
        .on(QA, &before, 0)
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "", 0)
        .on(SAVE, "", 0)
        .on(FETCHED, &fetched(&parts), 0)
        .on(&downgrade, "Complete!\n", 0)
        .on(Q, &after, 0)
        .on(RESTORE, "", 0);
    let done = docker::swap(&script.host("m1"), "1.12.6", &from_files()).unwrap();
    assert_eq!(done.change.after["docker-rhel-push-plugin"], "1.12.6-71");
    assert!(done.notes.is_empty(), "{:?}", done.notes);
    assert_eq!(script.changes()[1], downgrade);
    script.assert_shell_is_well_formed();
}

#[test]
fn fetched_packages_that_do_not_do_give_way_to_the_swap() {
    let three = ["docker", "docker-client", "docker-common"];
    let before = rpm(&[
        "docker 1.13.1-63",
        "docker-client 1.13.1-63",
        "docker-common 1.13.1-63",
    ]);
    let after = rpm(&[
        "docker 1.12.6-71",
        "docker-client 1.12.6-71",
        "docker-common 1.12.6-71",
    ]);
    let swap = format!(
        "{YUM} swap -- remove docker docker-client docker-common -- \
         install docker-1.12.6 docker-client-1.12.6 docker-common-1.12.6"
    );
    let script = Scripted::new()
        .on(QA, &before, 0)
        .on(QA, &before, 0)
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "", 0)
        .on(SAVE, "", 0)
        .on(FETCHED, &fetched(&three), 0)
        .on(
            &format!("{YUM} '--disablerepo=*' downgrade ..."),
            "Error: Requires: container-selinux\n",
            1,
        )
        .on(&swap, "Complete!\n", 0)
        .on(Q, &after, 0)
        .on(RESTORE, "", 0);
    docker::swap(&script.host("m1"), "1.12.6", &from_files()).unwrap();
    assert_eq!(script.changes()[2], swap);
}

#[test]
fn a_swap_cut_off_after_the_removal_brings_back_all_that_was_fetched() {
    let parts = [
        "docker",
        "docker-client",
        "docker-common",
        "docker-rhel-push-plugin",
    ];
    let after = rpm(&[
        "docker 1.12.6-71",
        "docker-client 1.12.6-71",
        "docker-common 1.12.6-71",
    ]);
    let install = format!(
        "{YUM} '--disablerepo=*' install /var/lib/ocpdg/r-packages/docker.rpm /var/lib/ocpdg/r-packages/docker-client.rpm \
         /var/lib/ocpdg/r-packages/docker-common.rpm /var/lib/ocpdg/r-packages/docker-rhel-push-plugin.rpm"
    );
    let script = Scripted::new()
        .on(QA, "", 0)
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "saved\n", 0)
        .on(SAVE, "", 0)
        .on(FETCHED, &fetched(&parts), 0)
        .on(&install, "Complete!\n", 0)
        .on(Q, &after, 0)
        .on(RESTORE, "", 0);
    docker::swap(&script.host("m1"), "1.12.6", &from_files()).unwrap();
    assert_eq!(script.changes()[1], install);
}

const QA_DOCKER: &str =
    r"rpm -qa --qf '%{NAME}\t%{VERSION}\t%{RELEASE}\t%{INSTALLTIME}\n' docker 'docker-*'";
const Q_DOCKER: &str = r"rpm -q --qf '%{NAME}\t%{VERSION}\t%{RELEASE}\t%{INSTALLTIME}\n' docker";

#[test]
fn the_parts_are_those_of_the_installed_build_and_at_least_dockers_own() {
    let script = Scripted::new()
        .on(
            QA_DOCKER,
            &rpm(&[
                "docker 1.13.1-63",
                "docker-rhel-push-plugin 1.13.1-63",
                "docker-latest 1.13.1-58",
            ]),
            0,
        )
        .on(QA_DOCKER, "", 0);
    let host = script.host("m1");
    let own = ["docker", "docker-client", "docker-common"];
    assert_eq!(
        docker::parts(&host).unwrap(),
        [&own[..], &["docker-rhel-push-plugin"]].concat()
    );
    assert_eq!(docker::parts(&host).unwrap(), own);
}

#[test]
fn a_swap_is_unfinished_while_settings_wait_or_the_old_daemon_cannot_start() {
    let deferred = "DOCKER_STORAGE_OPTIONS=\"--storage-opt dm.use_deferred_deletion=true \"\n";
    for (saved, package, storage, unfinished) in [
        ("saved\n", "", "", true),
        ("", "docker 1.12.6-71", deferred, true),
        ("", "docker 1.12.6-71", "DOCKER_STORAGE_OPTIONS=\n", false),
        ("", "docker 1.13.1-63", deferred, false),
        ("", "", deferred, false),
    ] {
        let answer = if package.is_empty() {
            "package docker is not installed\n".to_owned()
        } else {
            rpm(&[package])
        };
        let script = Scripted::new()
            .on(SWAP_LOOK, saved, 0)
            .on(Q_DOCKER, &answer, u8::from(package.is_empty()))
            .on(STORAGE, storage, 0);
        let found = docker::swap_unfinished(&script.host("m1")).unwrap();
        assert_eq!(found, unfinished, "{saved:?} {package:?} {storage:?}");
        assert_eq!(script.changes(), Vec::<String>::new());
    }
}

#[test]
fn a_swap_that_was_cut_off_after_the_removal_installs() {
    let after = rpm(&[
        "docker 1.12.6-71",
        "docker-client 1.12.6-71",
        "docker-common 1.12.6-71",
    ]);
    let install = format!("{YUM} install docker-1.12.6 docker-client-1.12.6 docker-common-1.12.6");
    let script = Scripted::new()
        .on(QA, "", 0)
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "saved\n", 0)
        .on(SAVE, "", 0)
        .on(Q, "package docker is not installed\n", 3)
        .on(Q, &after, 0)
        .on(&install, "Complete!\n", 0)
        .on(RESTORE, "/etc/sysconfig/docker\n", 0);
    let done = docker::swap(&script.host("m1"), "1.12.6", &Swap::default()).unwrap();
    assert!(done.change.changed && done.change.before.is_empty());
    assert_eq!(script.changes().len(), 3);
}

#[test]
fn a_swap_that_was_cut_off_before_the_settings_puts_them_back() {
    let after = rpm(&[
        "docker 1.12.6-71",
        "docker-client 1.12.6-71",
        "docker-common 1.12.6-71",
    ]);
    let script = Scripted::new()
        .on(QA, &after, 0)
        .on(SWAP_LOOK, "saved\n", 0)
        .on(RESTORE, "/etc/sysconfig/docker\n", 0);
    assert!(
        docker::swap(&script.host("m1"), "1.12.6", &Swap::default())
            .unwrap()
            .change
            .changed
    );
    assert_eq!(script.changes().len(), 1);
}

#[test]
fn a_version_to_swap_to_is_a_version() {
    for version in ["", "latest", "1.12*", "1.12 -x", "-1"] {
        let script = Scripted::new();
        let error = docker::swap(&script.host("m1"), version, &Swap::default()).unwrap_err();
        assert!(matches!(*error.kind, Kind::Invalid { .. }), "{version}");
        assert!(script.lines().is_empty());
    }
}

#[test]
fn only_deferred_deletion_leaves_the_storage_options() {
    let text = "DOCKER_STORAGE_OPTIONS=\"--storage-driver devicemapper --storage-opt dm.use_deferred_removal=true \
                --storage-opt dm.use_deferred_deletion=true \"\n";
    let clean = text.replace("--storage-opt dm.use_deferred_deletion=true", "");
    let script = Scripted::new()
        .on(STORAGE, text, 0)
        .on(STORAGE, &clean, 0)
        .file("/etc/sysconfig/docker-storage", Some(text));
    let host = script.host("m1");
    let change = docker::remove_deferred_deletion(&host).unwrap();
    assert!(change.changed);
    assert_eq!(script.content("/etc/sysconfig/docker-storage"), clean);
    assert!(!docker::remove_deferred_deletion(&host).unwrap().changed);

    let script = Scripted::new().on(STORAGE, "", 3).on(STORAGE, "", 1);
    let host = script.host("m1");
    assert_eq!(docker::remove_deferred_deletion(&host).unwrap().after, None);
    assert!(docker::remove_deferred_deletion(&host).is_err());
}

#[test]
fn a_daemon_that_is_right_and_fresh_is_not_restarted() {
    let script = Scripted::new()
        .on(VERSION, &versions("1.12.6", "1.12.6", "1.12.6-71"), 0)
        .on(SHOW, &unit("active", 9, "enabled"), 0)
        .on(TOUCHED, "1522920670\n1500000000\n", 0);
    assert!(
        !docker::restart(&script.host("m1"), Some("1.12.6"))
            .unwrap()
            .changed
    );
    assert_eq!(script.changes(), Vec::<String>::new());
    script.assert_shell_is_well_formed();
}

#[test]
fn a_swapped_daemon_that_still_runs_the_old_version_is_restarted() {
    let script = Scripted::new()
        .on(VERSION, &versions("1.12.6", "1.13.1", "1.12.6-71"), 0)
        .on(VERSION, &versions("1.12.6", "1.12.6", "1.12.6-71"), 0)
        .on(SHOW, &unit("active", 9, "enabled"), 0)
        .on(SHOW, &unit("active", 10, "disabled"), 0)
        .on(SHOW, &unit("active", 10, "disabled"), 0)
        .on(SHOW, &unit("active", 10, "enabled"), 0)
        .on("systemctl daemon-reload", "", 0)
        .on("systemctl restart -- docker", "", 0)
        .on("systemctl enable -- docker", "", 0);
    let change = docker::restart(&script.host("m1"), Some("1.12.6")).unwrap();
    assert_eq!(change.before.server.as_deref(), Some("1.13.1"));
    assert_eq!(change.after.server.as_deref(), Some("1.12.6"));
    assert_eq!(
        script.changes(),
        [
            "systemctl daemon-reload",
            "systemctl restart -- docker",
            "systemctl enable -- docker"
        ]
    );
}

#[test]
fn a_daemon_that_comes_up_in_the_wrong_version_is_an_error() {
    let script = Scripted::new()
        .on(VERSION, &versions("1.13.1", "1.13.1", "1.13.1-63"), 0)
        .on(SHOW, &unit("active", 9, "enabled"), 0)
        .on(SHOW, &unit("active", 10, "enabled"), 0)
        .on("systemctl daemon-reload", "", 0)
        .on("systemctl restart -- docker", "", 0);
    let error = docker::restart(&script.host("m1"), Some("1.12.6")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "docker's daemon on `m1`: wanted 1.12.6, found 1.13.1"
    );
}
