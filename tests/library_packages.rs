//! What the library decides about versions and services, on this machine with stand-ins for its tools.

#[path = "support/program.rs"]
mod program;

use std::os::unix::fs::PermissionsExt;

use program::{Place, Seen};

const ONE: &str = "\
[masters]
one ansible_connection=local ansible_become=false
[etcd]
one
[nodes]
one
";

fn place() -> Place {
    let place = Place::new();
    place.write("hosts", ONE);
    place
}

/// Runs `script` with the tools of the place before those of this machine.
fn run(place: &Place, script: &str, settings: &[&str]) -> Seen {
    let root = place.path("");
    let script = format!(
        "settings(#{{ backup_dir: \"{}backups\" }});\n{script}",
        root.display()
    );
    place.write("test.rhai", &script);
    let mut arguments = vec!["run", "-i", "hosts", "test.rhai", "--yes"];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let output = place
        .command(&arguments)
        .env("PATH", format!("{}bin:{path}", root.display()))
        .output()
        .expect("it runs");
    Seen::of(output)
}

fn says(seen: &Seen, wanted: &str) {
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    assert!(
        seen.stderr.contains(wanted),
        "`{wanted}` is not in {}",
        seen.stderr
    );
}

fn program(place: &Place, name: &str, body: &str) {
    place.write(&format!("bin/{name}"), &format!("#!/bin/sh\n{body}\n"));
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path(&format!("bin/{name}")), mode).expect("it is there");
}

#[test]
fn a_package_that_is_gone_is_known_from_the_last_run_that_saw_it() {
    let place = place();
    let record = |run: &str, lines: &str| {
        place.write(&format!("backups/{run}/one/copies/state/rpm-qa"), lines)
    };
    record("20170405-090000", "etcd-3.1.9-1.el7.x86_64\n");
    record(
        "20180405-090000",
        "etcd-3.2.22-1.el7.x86_64\netcd-extra-9.9-1.noarch\n",
    );
    record(
        "20180405-100000",
        "etcd-extra-9.9-1.noarch\nbash-4.2.46-30.el7.x86_64\n",
    );
    let script = r#"
        import "ocp/before" as before;
        let host = cluster::first_master;
        note(`gone: ${before::version_of(host, #{}, "etcd")}`);
        note(`there: ${before::version_of(host, #{ etcd: "3.3.11-2" }, "etcd")}`);
        note(`never: ${before::version_of(host, #{}, "docker") == ()}`);
    "#;
    let seen = run(&place, script, &[]);
    says(&seen, "gone: 3.2.22-1.el7\n");
    says(&seen, "there: 3.3.11-2\n");
    says(&seen, "never: true\n");
}

const UNITS: &str = r#"
    import "ocp/before" as before;
    let facts = each(cluster::all, |host| #{
        upgrade_started: 1522900000,
        units: [
            #{ unit: "docker", enabled: "disabled" },
            #{ unit: "openvswitch", enabled: "enabled" },
            #{ unit: "dnsmasq", enabled: "disabled" },
            #{ unit: "etcd", enabled: "masked" },
            #{ unit: "atomic-openshift-master-api", enabled: "masked" },
        ],
    });
    note(`enabled: ${before::enabled_units(cluster::first_master, facts, 1522900000)}`);
"#;

#[test]
fn without_a_record_what_is_seen_counts_and_what_we_masked_was_enabled() {
    let seen = run(&place(), UNITS, &[]);
    says(
        &seen,
        "enabled: [\"openvswitch\", \"etcd\", \"atomic-openshift-master-api\"]",
    );
}

#[test]
fn the_first_record_since_the_upgrade_stands_over_what_is_seen() {
    let place = place();
    let record = |run: &str, lines: &str, time: &str| {
        let name = format!("backups/{run}/one/copies/state/unit-files");
        place.write(&name, lines);
        let touched = std::process::Command::new("touch")
            .args(["-d", time])
            .arg(place.path(&name))
            .status();
        assert!(touched.expect("touch runs").success());
    };
    // Before the upgrade, of this upgrade, and after a run that masked and removed.
    record(
        "20170405-090000",
        "dnsmasq.service enabled\n",
        "2017-04-05 09:00",
    );
    record(
        "20180406-090000",
        "docker.service                enabled\nopenvswitch.service disabled disabled\netcd.service enabled\n",
        "2018-04-06 09:00",
    );
    record(
        "20180406-100000",
        "docker.service disabled\netcd.service masked\n",
        "2018-04-06 10:00",
    );
    let seen = run(&place, UNITS, &[]);
    says(
        &seen,
        "enabled: [\"docker\", \"etcd\", \"atomic-openshift-master-api\"]",
    );
}

const CHOOSE: &str = r#"
    import "ocp/release" as release;
    let facts = each(cluster::all, |host| {
        let upgrade = host.yum.upgrade_start("atomic-openshift");
        #{
            packages: #{ "atomic-openshift": "3.9.14-1.git.0" },
            replaced: if upgrade == () { () } else { upgrade.replaced },
        }
    });
    note(`chosen: ${release::choose(facts)}`);
"#;

/// A host that is offered `versions`, upgraded from 3.7.23 as its history tells, if `history`.
fn upgraded(versions: &str, history: bool) -> Place {
    let place = place();
    program(
        &place,
        "rpm",
        r"printf 'atomic-openshift\t3.9.14\t1.git.0\t1522921800\n'",
    );
    let mut list = String::new();
    for version in versions.split_whitespace() {
        list += &format!("atomic-openshift.x86_64 {version}-1.git.0.el7 ose\n");
    }
    let told = if history { "cat \"$0.info\"" } else { "exit 1" };
    program(
        &place,
        "yum",
        &format!(
            "case \"$*\" in *'list available'*) printf 'Available Packages\\n'; cat \"$0.list\";; \
             'history list'*) printf '   12 | root | 2018-04-05 09:31 | Update | 3\\n';; 'history info'*) {told};; *) exit 1;; esac"
        ),
    );
    place.write("bin/yum.list", &list);
    place.write(
        "bin/yum.info",
        "Transaction ID : 12\nBegin time     : Thu Apr  5 09:31:10 2018\nPackages Altered:\n\
         \x20   Updated atomic-openshift-3.7.23-1.x86_64 @37\n    Update                   3.9.14-1.x86_64 @39\n",
    );
    place
}

#[test]
fn the_version_from_before_the_upgrade_is_chosen() {
    let seen = run(&upgraded("3.7.9 3.7.23 3.7.42", true), CHOOSE, &[]);
    says(&seen, "chosen: 3.7.23\n");
    says(&seen, "the version from before the upgrade");
}

#[test]
fn the_newest_on_offer_is_chosen_where_the_one_from_before_is_not_known_or_not_offered() {
    let seen = run(&upgraded("3.7.9 3.7.23 3.7.42", false), CHOOSE, &[]);
    says(&seen, "chosen: 3.7.42\n");
    says(&seen, "no host tells which one it had");
    let seen = run(&upgraded("3.7.9 3.7.10 3.8.37", true), CHOOSE, &[]);
    says(&seen, "chosen: 3.7.10\n");
    says(&seen, "warning: OpenShift 3.7.23, the version from before");
}

#[test]
fn a_version_that_was_asked_for_is_taken() {
    let seen = run(
        &upgraded("3.7.23", true),
        CHOOSE,
        &["openshift_version=3.7.44"],
    );
    says(&seen, "chosen: 3.7.44\n");
}

#[test]
fn nothing_on_offer_is_told_by_host() {
    let seen = run(&upgraded("3.8.37", true), CHOOSE, &[]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(
        seen.error()
            .contains("no OpenShift 3.7 is offered to every host"),
        "{}",
        seen.stderr
    );
    assert!(seen.error().contains("one: nothing"), "{}", seen.stderr);
}

/// A host where rpm lists `packages`, as `name version-release` words.
fn installed(packages: &[&str]) -> Place {
    let place = place();
    let lines: String = packages
        .iter()
        .filter_map(|package| package.split_once(' '))
        .filter_map(|(name, version)| Some((name, version.split_once('-')?)))
        .map(|(name, (version, release))| format!("{name}\t{version}\t{release}\t1522921800\n"))
        .collect();
    program(&place, "rpm", "cat \"$0.list\"");
    place.write("bin/rpm.list", &lines);
    place
}

const CHECK_VERSION: &str = r#"
    import "ocp/packages" as packages;
    step("check", cluster::masters, |host| packages::check_version(host, "3.7.23"));
"#;

#[test]
fn a_package_left_at_another_version_is_named() {
    let place = installed(&[
        "atomic-openshift 3.7.23-1.git.0",
        "atomic-openshift-pod 3.9.14-1.git.0",
        "atomic-openshift-tests 3.7.2-1",
        "tuned-profiles-atomic-openshift-node 3.7.230-1",
    ]);
    let seen = run(&place, CHECK_VERSION, &[]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    for part in [
        "OpenShift packages that are not 3.7.23 are installed",
        "atomic-openshift-pod 3.9.14-1.git.0",
        "atomic-openshift-tests 3.7.2-1",
        "tuned-profiles-atomic-openshift-node 3.7.230-1",
        "`yum remove NAME`, then `ocpdg resume`",
    ] {
        assert!(seen.error().contains(part), "{part}: {}", seen.stderr);
    }
    let right = installed(&["atomic-openshift 3.7.23-1.git.0"]);
    assert_eq!(run(&right, CHECK_VERSION, &[]).status, 0);
    assert_eq!(run(&installed(&[]), CHECK_VERSION, &[]).status, 0);
}

#[test]
fn what_still_listens_after_the_shutdown_is_named() {
    let place = place();
    program(
        &place,
        "ss",
        r#"echo 'LISTEN 0 128 10.0.0.5:2379 *:* users:(("etcd",pid=1234,fd=6))'
echo 'LISTEN 0 128 :::8443 :::* users:(("haproxy",pid=99,fd=5))'
echo 'LISTEN 0 128 *:22 *:* users:(("sshd",pid=1,fd=3))'"#,
    );
    let script = r#"
        import "ocp/shutdown" as shutdown;
        step("check", cluster::masters, |host| shutdown::check_silence(host, shutdown::master_ports(host)));
    "#;
    let seen = run(&place, script, &[]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    for part in [
        "port 2379: etcd (1234) listens on 10.0.0.5",
        "port 8443: haproxy (99) listens on ::",
    ] {
        assert!(seen.error().contains(part), "{part}: {}", seen.stderr);
    }
    assert!(!seen.error().contains("sshd"), "{}", seen.stderr);
    program(&place, "ss", "echo 'State Recv-Q Send-Q'");
    assert_eq!(run(&place, script, &[]).status, 0);
}
