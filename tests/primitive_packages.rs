//! What rpm and yum are asked and told, and what is made of their answers.

#[path = "support/scripted.rs"]
mod scripted;

use std::collections::BTreeMap;

use ocpdg::error::Kind;
use ocpdg::primitive::yum::{self, Download, Install, Remove, Repos};
use scripted::{Reply, Scripted};

const QF: &str = r"--qf '%{NAME}\t%{VERSION}\t%{RELEASE}\t%{INSTALLTIME}\n'";
const YUM: &str = "yum -y --setopt=exit_on_lock=1";
const LOCK: &str = "for f in /var/run/yum.pid ...";

fn q(names: &str) -> String {
    format!("rpm -q {QF} {names}")
}

fn qa() -> String {
    format!("rpm -qa {QF}")
}

/// `name version-release` words as rpm prints them; `-name` is one that is not installed.
fn rpm(packages: &[&str]) -> String {
    packages
        .iter()
        .map(|package| match package.split_once(' ') {
            Some((name, version)) => {
                let (version, release) = version.split_once('-').unwrap();
                format!("{name}\t{version}\t{release}\t1522920670\n")
            }
            None => format!("package {package} is not installed\n"),
        })
        .collect()
}

fn install_at(version: &str) -> Install {
    Install {
        version: Some(version.to_owned()),
        ..Install::default()
    }
}

#[test]
fn installed_asks_by_name_or_by_pattern() {
    let script = Scripted::new()
        .on(&q("etcd docker"), &rpm(&["etcd 3.2.22-1.el7", "docker"]), 1)
        .on(
            &format!("rpm -qa {QF} 'atomic-openshift*'"),
            &rpm(&["atomic-openshift 3.9.14-1", "kernel 3.10.0-1"]),
            0,
        );
    let host = script.host("m1");
    let found = yum::installed(&host, &["etcd", "docker"]).unwrap();
    assert_eq!(
        found,
        BTreeMap::from([("etcd".to_owned(), "3.2.22-1.el7".to_owned())])
    );
    let found = yum::installed(&host, &["atomic-openshift*"]).unwrap();
    assert_eq!(found.into_keys().collect::<Vec<_>>(), ["atomic-openshift"]);
}

#[test]
fn a_broken_rpm_database_is_not_an_empty_one() {
    let script = Scripted::new().reply(
        &q("etcd"),
        Reply::new("package etcd is not installed\n", 1)
            .stderr("error: rpmdb: BDB0113 Thread/process failed\n"),
    );
    let error = yum::installed(&script.host("m1"), &["etcd"]).unwrap_err();
    assert!(matches!(*error.kind, Kind::Command { .. }));
    assert_eq!(
        error.hint.as_deref(),
        Some("the rpm database on `m1` does not answer: `rpm -qa | tail`, then `rpm --rebuilddb`")
    );
}

#[test]
fn a_name_that_is_an_option_or_a_path_is_refused() {
    for name in ["", "-e", "/etc/passwd", "a b", "@group", "x;y"] {
        let script = Scripted::new();
        let error = yum::remove(&script.host("m1"), &[name], &Remove::default()).unwrap_err();
        assert!(matches!(*error.kind, Kind::Invalid { .. }), "{name}");
        assert!(script.lines().is_empty());
    }
}

#[test]
fn install_has_nothing_to_do_where_all_is_there() {
    let script = Scripted::new().on(
        &q("atomic-openshift openvswitch"),
        &rpm(&["atomic-openshift 3.7.23-1", "openvswitch 2.9.0-3"]),
        0,
    );
    let options = Install {
        versions: [("openvswitch".to_owned(), None)].into(),
        ..install_at("3.7")
    };
    let names = ["atomic-openshift", "openvswitch"];
    let done = yum::install(&script.host("m1"), &names, &options).unwrap();
    assert!(!done.change.changed);
    assert_eq!(script.lines().len(), 1);
}

#[test]
fn install_pins_a_series_by_pattern_and_a_version_as_it_is() {
    let names = q("atomic-openshift etcd openvswitch");
    let script = Scripted::new()
        .on(&names, &rpm(&["atomic-openshift", "etcd", "openvswitch"]), 3)
        .on(
            &names,
            &rpm(&[
                "atomic-openshift 3.7.23-1",
                "etcd 3.2.22-1",
                "openvswitch 2.9.0-3",
            ]),
            0,
        )
        .on(
            &format!(
                "{YUM} --disablerepo=extra --enablerepo=ose-3.7 install 'atomic-openshift-3.7.*' etcd-3.2.22 openvswitch"
            ),
            "Complete!\n",
            0,
        );
    let options = Install {
        versions: [
            ("openvswitch".to_owned(), None),
            ("etcd".to_owned(), Some("3.2.22".to_owned())),
        ]
        .into(),
        disable_repos: vec!["extra".to_owned()],
        enable_repos: vec!["ose-3.7".to_owned()],
        ..install_at("3.7")
    };
    let names = ["atomic-openshift", "etcd", "openvswitch"];
    let done = yum::install(&script.host("m1"), &names, &options).unwrap();
    assert!(done.change.changed);
    assert_eq!(done.change.after["openvswitch"], "2.9.0-3");
    let yum = &script.commands()[1];
    assert_eq!(yum.env, [("LC_ALL".to_owned(), "C".to_owned())]);
    assert_eq!(yum.timeout.unwrap().as_secs(), 30 * 60);
}

#[test]
fn the_manuals_wrong_names_become_the_package_that_exists() {
    let script = Scripted::new()
        .on(
            &q("atomic-openshift-master"),
            &rpm(&["atomic-openshift-master"]),
            1,
        )
        .on(
            &q("atomic-openshift-master"),
            &rpm(&["atomic-openshift-master 3.7.23-1"]),
            0,
        )
        .on(
            &format!("{YUM} install 'atomic-openshift-master-3.7.*'"),
            "",
            0,
        );
    let names = [
        "atomic-openshift-master-api",
        "atomic-openshift-master-controllers",
    ];
    let done = yum::install(&script.host("m1"), &names, &install_at("3.7")).unwrap();
    assert_eq!(
        done.notes,
        [
            "`atomic-openshift-master-api` is a service, not a package: took `atomic-openshift-master`, \
             which belongs to it",
            "`atomic-openshift-master-controllers` is a service, not a package: took `atomic-openshift-master`, \
             which belongs to it"
        ]
    );
}

#[test]
fn a_success_that_brought_nothing_is_a_failure() {
    let script = Scripted::new()
        .on(
            &q("etcd atomic-openshift"),
            &rpm(&["etcd", "atomic-openshift"]),
            2,
        )
        .on(
            &q("etcd atomic-openshift"),
            &rpm(&["etcd 3.2.22-1", "atomic-openshift"]),
            1,
        )
        .on(
            &format!("{YUM} install etcd atomic-openshift"),
            "No package atomic-openshift available.\nComplete!\n",
            0,
        );
    let names = ["etcd", "atomic-openshift"];
    let error = yum::install(&script.host("m1"), &names, &Install::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "packages on `m1`: wanted `atomic-openshift`, found no `atomic-openshift`"
    );
    assert_eq!(
        error.details(),
        ["No package atomic-openshift available.", "Complete!"]
    );
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "not in any enabled repository, or excluded: `yum -q repolist enabled` and \
             `grep ^exclude /etc/yum.conf` on `m1`"
        )
    );
}

#[test]
fn a_failure_that_reached_the_state_is_a_success() {
    let script = Scripted::new()
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .on(&q("etcd"), &rpm(&["etcd 3.2.22-1"]), 0)
        .on(
            &format!("{YUM} install etcd"),
            "warning: %post scriptlet failed\n",
            1,
        );
    assert!(
        yum::install(&script.host("m1"), &["etcd"], &Install::default())
            .unwrap()
            .change
            .changed
    );
}

#[test]
fn a_full_disk_is_told_as_such() {
    let script = Scripted::new()
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .reply(
            &format!("{YUM} install etcd"),
            Reply::new("Running transaction check\n", 1).stderr(
                "Error Summary\nDisk Requirements:\n  At least 12MB more space needed on the / filesystem.\n",
            ),
        );
    let error = yum::install(&script.host("m1"), &["etcd"], &Install::default()).unwrap_err();
    assert_eq!(
        error.hint.as_deref(),
        Some("the disk is full: `df -h / /var /usr` on `m1`, free some space, then resume")
    );
    assert!(error.details().join("\n").contains("12MB more space"));
}

#[test]
fn what_is_newer_than_wanted_is_downgraded_first() {
    let script = Scripted::new()
        .on(&q("etcd docker"), &rpm(&["etcd 3.3.11-2", "docker"]), 1)
        .on(
            &q("etcd docker"),
            &rpm(&["etcd 3.2.22-1", "docker 1.12.6-71"]),
            0,
        )
        .on(&format!("{YUM} downgrade etcd-3.2.22"), "", 0)
        .on(&format!("{YUM} install docker"), "", 0);
    let options = Install {
        versions: [("etcd".to_owned(), Some("3.2.22".to_owned()))].into(),
        ..Install::default()
    };
    let host = script.host("m1");
    assert!(
        yum::install(&host, &["etcd", "docker"], &options)
            .unwrap()
            .change
            .changed
    );
    assert_eq!(
        script.changes(),
        [
            format!("{YUM} downgrade etcd-3.2.22"),
            format!("{YUM} install docker")
        ]
    );
}

const FETCHED: &str = "sh -c 'for f in \"$1\"/*.rpm; ...";
const TWO_ETCDS: &str = "etcd\t3.2.22-1\t/var/lib/ocpdg/packages/etcd-3.2.22-1.rpm\n\
                         etcd\t3.3.11-2\t/var/lib/ocpdg/packages/etcd-3.3.11-2.rpm\n";

fn from_packages() -> Install {
    Install {
        versions: [("etcd".to_owned(), Some("3.2".to_owned()))].into(),
        from: Some("/var/lib/ocpdg/packages".to_owned()),
        ..Install::default()
    }
}

#[test]
fn what_was_fetched_is_installed_without_any_repository() {
    let install =
        format!("{YUM} '--disablerepo=*' install /var/lib/ocpdg/packages/etcd-3.2.22-1.rpm");
    let script = Scripted::new()
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .on(&q("etcd"), &rpm(&["etcd 3.2.22-1"]), 0)
        .on(FETCHED, TWO_ETCDS, 0)
        .on(&install, "Complete!\n", 0);
    let done = yum::install(&script.host("m1"), &["etcd"], &from_packages()).unwrap();
    assert!(done.notes.is_empty());
    assert_eq!(script.changes(), [install]);
    script.assert_shell_is_well_formed();
}

#[test]
fn what_is_fetched_in_part_is_completed_from_the_repositories() {
    let install = format!("{YUM} install /var/lib/ocpdg/packages/etcd-3.2.22-1.rpm docker");
    let script = Scripted::new()
        .on(&q("etcd docker"), &rpm(&["etcd", "docker"]), 2)
        .on(
            &q("etcd docker"),
            &rpm(&["etcd 3.2.22-1", "docker 1.12.6-71"]),
            0,
        )
        .on(FETCHED, TWO_ETCDS, 0)
        .on(&install, "", 0);
    let done = yum::install(&script.host("m1"), &["etcd", "docker"], &from_packages()).unwrap();
    assert_eq!(script.changes(), [install]);
    assert_eq!(
        done.notes,
        [
            "the packages in `/var/lib/ocpdg/packages` are not all that is needed: repositories were asked for the rest"
        ]
    );
}

#[test]
fn what_fetched_packages_require_comes_from_the_repositories() {
    let offline =
        format!("{YUM} '--disablerepo=*' install /var/lib/ocpdg/packages/etcd-3.2.22-1.rpm");
    let online = format!("{YUM} install /var/lib/ocpdg/packages/etcd-3.2.22-1.rpm");
    let script = Scripted::new()
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .on(&q("etcd"), &rpm(&["etcd 3.2.22-1"]), 0)
        .on(FETCHED, TWO_ETCDS, 0)
        .on(&offline, "Error: Requires: libx\n", 1)
        .on(&online, "Complete!\n", 0);
    let done = yum::install(&script.host("m1"), &["etcd"], &from_packages()).unwrap();
    assert_eq!(script.changes(), [offline, online]);
    assert_eq!(done.notes.len(), 1);
}

#[test]
fn remove_tells_what_went_along_and_what_was_set_aside() {
    let all = rpm(&[
        "atomic-openshift 3.9.14-1",
        "atomic-openshift-pod 3.9.14-1",
        "docker 1.13.1-63",
    ]);
    let script = Scripted::new()
        .on(&qa(), &all, 0)
        .on(&qa(), &rpm(&["docker 1.13.1-63"]), 0)
        .on(
            &format!(
                "{YUM} --disableexcludes=all --setopt=clean_requirements_on_remove=0 remove atomic-openshift"
            ),
            "warning: /etc/sysconfig/atomic-openshift-node saved as /etc/sysconfig/atomic-openshift-node.rpmsave\n",
            0,
        );
    let host = script.host("m1");
    let names = ["atomic-openshift", "etcd"];
    let done = yum::remove(&host, &names, &Remove::default()).unwrap();
    assert_eq!(
        done.change.before.keys().collect::<Vec<_>>(),
        ["atomic-openshift", "atomic-openshift-pod"]
    );
    assert!(done.change.changed && done.change.after.is_empty());
    assert_eq!(
        done.notes,
        [
            "also removed, because they required these: `atomic-openshift-pod` 3.9.14-1",
            "`/etc/sysconfig/atomic-openshift-node` is now `/etc/sysconfig/atomic-openshift-node.rpmsave`"
        ]
    );
    let again = yum::remove(&host, &names, &Remove::default()).unwrap();
    assert!(!again.change.changed);
    assert_eq!(script.changes().len(), 1);
}

#[test]
fn a_removal_that_removed_nothing_is_a_failure() {
    let script = Scripted::new().on(&qa(), &rpm(&["etcd 3.2.22-1"]), 0).on(
        &format!("{YUM} --disableexcludes=all ..."),
        "No Packages marked for removal\n",
        0,
    );
    let error = yum::remove(&script.host("m1"), &["etcd"], &Remove::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "packages on `m1`: wanted none of the names removed, found `etcd` 3.2.22-1"
    );
}

#[test]
fn a_lock_that_stays_is_told_with_its_holder() {
    let script = Scripted::new()
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .reply(
            &format!("{YUM} install etcd"),
            Reply::new("", 200)
                .stderr("Existing lock /var/run/yum.pid: another copy is running as pid 41.\n"),
        )
        .on(
            LOCK,
            "41\t1522920670\t/var/run/yum.pid\t/usr/bin/python /usr/bin/yum update \n",
            0,
        );
    let options = Install {
        lock_wait_secs: 0,
        ..Install::default()
    };
    let error = yum::install(&script.host("m1"), &["etcd"], &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the yum lock on `m1`: wanted free, found process 41 (`/usr/bin/python /usr/bin/yum update`) \
         holds `/var/run/yum.pid`"
    );
    assert_eq!(
        error.details(),
        ["Existing lock /var/run/yum.pid: another copy is running as pid 41."]
    );
    assert_eq!(
        error.hint.as_deref(),
        Some(
            "waited 0 s: let it finish (`ps -fp 41` on `m1`), or stop what starts it, then resume"
        )
    );
    script.assert_shell_is_well_formed();
}

#[test]
fn a_lock_that_is_given_back_is_waited_for() {
    let script = Scripted::new()
        .on(&q("etcd"), &rpm(&["etcd"]), 1)
        .on(&q("etcd"), &rpm(&["etcd 3.2.22-1"]), 0)
        .on(&format!("{YUM} install etcd"), "holding the yum lock\n", 1)
        .on(&format!("{YUM} install etcd"), "Complete!\n", 0)
        .on(LOCK, "", 0);
    let options = Install {
        lock_wait_secs: 1,
        ..Install::default()
    };
    yum::install(&script.host("m1"), &["etcd"], &options).unwrap();
    assert_eq!(script.changes().len(), 2);
}

#[test]
fn the_lock_is_read_as_a_process() {
    let script = Scripted::new()
        .on(LOCK, "garbage\n41\t99\t/var/run/yum.pid\tyum\n", 0)
        .on(LOCK, "", 0);
    let host = script.host("m1");
    let holder = yum::lock(&host).unwrap().unwrap();
    assert_eq!((holder.pid, holder.since), (41, 99));
    assert_eq!(holder.command, "yum");
    assert_eq!(yum::lock(&host).unwrap(), None);
}

#[test]
fn available_passes_over_excludes_and_sorts_versions() {
    let line = "yum -q --showduplicates --disableexcludes=all --enablerepo=ose-3.7 list available docker etcd";
    let text = "Available Packages\ndocker.x86_64 2:1.13.1-63.el7 extras\ndocker.x86_64\n   2:1.12.6-71.el7 extras\n\
                docker.x86_64 2:1.12.6-71.el7 mirror\n";
    let script = Scripted::new().on(line, text, 0);
    let repos = Repos {
        enable: vec!["ose-3.7".to_owned()],
        ..Repos::default()
    };
    let found = yum::available(&script.host("m1"), &["docker", "etcd"], &repos).unwrap();
    assert_eq!(found["docker"], ["1.12.6-71.el7", "1.13.1-63.el7"]);
    assert!(found["etcd"].is_empty());
}

#[test]
fn unreachable_repositories_are_not_empty_ones() {
    let line = "yum -q --showduplicates --disableexcludes=all list available etcd";
    let script = Scripted::new()
        .reply(
            line,
            Reply::new("", 1).stderr("Error: No matching Packages to list\n"),
        )
        .reply(
            line,
            Reply::new("", 1).stderr("Cannot find a valid baseurl for repo: extras\n"),
        );
    let host = script.host("m1");
    let ask = || yum::available(&host, &["etcd"], &Repos::default());
    assert!(ask().unwrap()["etcd"].is_empty());
    assert!(matches!(*ask().unwrap_err().kind, Kind::Command { .. }));
}

#[test]
fn download_fetches_what_is_missing_and_says_what_it_did_not_get() {
    let have = "docker\t1.12.6-71\t/var/lib/ocpdg/packages/docker-1.12.6-71.rpm\n";
    let script =
        Scripted::new()
            .on(FETCHED, have, 0)
            .on("sh -c 'd=$1; shift; mkdir -p -m 0755 ...", "", 0);
    let options = Download {
        versions: [("etcd".to_owned(), Some("3.2".to_owned()))].into(),
        directory: "/var/lib/ocpdg/packages".to_owned(),
        ..Download::default()
    };
    let host = script.host("m1");
    let error = yum::download(&host, &["docker", "etcd"], &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "packages on `m1`: wanted in `/var/lib/ocpdg/packages`: `etcd-3.2.*`, found not fetched"
    );
    assert!(script.changes()[0].ends_with("ocpdg-download /var/lib/ocpdg/packages 'etcd-3.2.*'"));
    script.assert_shell_is_well_formed();
    let done = yum::download(&host, &["docker"], &options).unwrap();
    assert_eq!(
        done.change.after,
        ["/var/lib/ocpdg/packages/docker-1.12.6-71.rpm"]
    );
    assert!(!done.change.changed);
}

/// A 3.7 host's line, with a pattern of the site's own.
const CONF: &str = "[main]\nexclude= tuned-profiles-atomic-openshift-node  atomic-openshift-node  docker*1.20*  docker*1.13*  kernel* \ninstallonly_limit=5\n";
const LOOK: &str = "for c in atomic-openshift-excluder ...";

#[test]
fn unexclude_runs_the_excluders_and_keeps_the_sites_patterns() {
    let both = "atomic-openshift-excluder\natomic-openshift-docker-excluder\n--\n";
    let script = Scripted::new()
        .on(LOOK, &format!("{both}{CONF}"), 0)
        .on(LOOK, &format!("{both}[main]\nexclude= kernel* \n"), 0)
        .on("atomic-openshift-excluder unexclude", "", 0)
        .on("atomic-openshift-docker-excluder unexclude", "", 0);
    let host = script.host("m1");
    let change = yum::unexclude(&host).unwrap();
    assert!(change.changed);
    assert_eq!(change.after, ["kernel*"]);
    assert!(!yum::unexclude(&host).unwrap().changed);
    assert_eq!(
        script.changes(),
        [
            "atomic-openshift-excluder unexclude",
            "atomic-openshift-docker-excluder unexclude"
        ]
    );
    script.assert_shell_is_well_formed();
}

#[test]
fn what_a_removed_excluder_left_is_taken_out() {
    let script = Scripted::new()
        .on(LOOK, &format!("--\n{CONF}"), 0)
        .on(LOOK, "--\n[main]\nexclude=kernel*\n", 0)
        .file("/etc/yum.conf", Some(CONF));
    let change = yum::unexclude(&script.host("m1")).unwrap();
    assert_eq!(change.after, ["kernel*"]);
    assert_eq!(
        script.content("/etc/yum.conf"),
        "[main]\nexclude=kernel*\ninstallonly_limit=5\n"
    );
    script.assert_shell_is_well_formed();
}

#[test]
fn an_excluder_that_wrote_nothing_is_an_error() {
    let script = Scripted::new()
        .on(LOOK, "atomic-openshift-excluder\n--\n[main]\n", 0)
        .on("atomic-openshift-excluder exclude", "", 0);
    let error = yum::exclude(&script.host("m1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`exclude=` in `/etc/yum.conf` on `m1`: wanted the patterns of `atomic-openshift-excluder`, found ``"
    );
}

#[test]
fn exclude_has_nothing_to_do_where_all_is_guarded_or_none_installed() {
    for listing in [
        format!("atomic-openshift-excluder\natomic-openshift-docker-excluder\n--\n{CONF}"),
        "--\n[main]\n".to_owned(),
    ] {
        let script = Scripted::new().on(LOOK, &listing, 0);
        assert!(!yum::exclude(&script.host("m1")).unwrap().changed);
    }
}

#[test]
fn the_upgrade_began_with_the_earliest_trace() {
    let list = "ID     | Login user | Date and time    | Action(s) | Altered\n------\n\
                \x20   13 | root <root> | 2018-04-05 09:50 | Update | 3\n    12 | root <root> | 2018-04-05 09:31 | Update | 3\n";
    let info = "Transaction ID : 12\nBegin time     : Thu Apr  5 09:31:10 2018\nPackages Altered:\n\
                \x20   Updated atomic-openshift-3.7.23-1.x86_64 @37\n    Update                   3.8.37-1.x86_64 @38\n\
                Transaction ID : 13\nBegin time     : Thu Apr  5 09:50:00 2018\nPackages Altered:\n\
                \x20   Upgraded atomic-openshift-3.8.37-1.x86_64 @38\n    Upgrade  atomic-openshift-3.9.14-1.x86_64 @39\n";
    let rpm = "atomic-openshift\t3.9.14\t1\t1522921800\n";
    let script = Scripted::new()
        .on(&q("atomic-openshift"), rpm, 0)
        .on("yum history list atomic-openshift", list, 0)
        .on("yum history info 13 12", info, 0);
    let start = yum::upgrade_start(&script.host("m1"), "atomic-openshift")
        .unwrap()
        .unwrap();
    assert_eq!(start.time, 1_522_920_670);
    assert_eq!(
        start.evidence,
        "yum transaction 12: `atomic-openshift` 3.8.37"
    );
    assert_eq!(start.replaced.as_deref(), Some("3.7.23"));

    let script = Scripted::new().on(&q("atomic-openshift"), rpm, 0).on(
        "yum history list atomic-openshift",
        "No transactions\n",
        1,
    );
    let start = yum::upgrade_start(&script.host("m1"), "atomic-openshift").unwrap();
    assert_eq!(start.unwrap().evidence, "rpm: `atomic-openshift` 3.9.14-1");
}

#[test]
fn the_flavor_is_what_the_packages_begin_with() {
    let line = format!("rpm -qa {QF} 'atomic-openshift*' origin 'origin-*'");
    for (packages, flavor) in [
        (
            vec!["atomic-openshift-node 3.9.14-1"],
            Some("atomic-openshift"),
        ),
        (vec!["origin-node 3.9.0-1"], Some("origin")),
        (vec![], None),
    ] {
        let script = Scripted::new().on(&line, &rpm(&packages), 0);
        assert_eq!(yum::flavor(&script.host("m1")).unwrap().as_deref(), flavor);
    }
}

#[test]
fn pending_transactions_and_version_locks_are_lists() {
    let script = Scripted::new()
        .on(
            "for f in /var/lib/yum/transaction-all*; ...",
            "/var/lib/yum/transaction-all.2018-04-05.09:31.10\n",
            0,
        )
        .on(
            "for f in /etc/yum/pluginconf.d/versionlock.list ...",
            "# kept\n0:docker-1.13.1-63.*\n\n",
            0,
        );
    let host = script.host("m1");
    assert_eq!(yum::pending_transactions(&host).unwrap().len(), 1);
    assert_eq!(yum::version_locks(&host).unwrap(), ["0:docker-1.13.1-63.*"]);
    script.assert_shell_is_well_formed();
}

#[test]
fn a_script_reads_the_changes_fields_beside_the_notes() {
    let script = Scripted::new().on(&q("etcd"), &rpm(&["etcd 3.2.22-1"]), 0);
    let done = yum::install(&script.host("m1"), &["etcd"], &Install::default()).unwrap();
    assert_eq!(
        serde_json::to_string(&done).unwrap(),
        r#"{"changed":false,"before":{"etcd":"3.2.22-1"},"after":{"etcd":"3.2.22-1"},"notes":[]}"#
    );
}
