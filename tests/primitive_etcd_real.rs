//! Restore, join and canary with a real etcd on loopback; skipped, with the reason, where there is
//! none.

#[path = "support/machine.rs"]
mod machine;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use machine::{Machine, unable};
use ocpdg::error::Kind;
use ocpdg::primitive::backup::{Evidence, evacuate, prove};
use ocpdg::primitive::etcd::{self, EtcdConf, Forced, JoinOptions, Proof, RestoreOptions};
use ocpdg::primitive::{Host, systemctl};
use ocpdg::transport::{Command, Effect};

const SOON: Duration = Duration::from_secs(30);

macro_rules! needs_etcd {
    () => {
        if let Some(reason) = unable() {
            eprintln!("skipped: {reason}");
            return;
        }
    };
}

fn conf(machine: &Arc<Machine>) -> EtcdConf {
    EtcdConf::load(&machine.host(), &machine.conf_path()).unwrap()
}

fn options(token: &str) -> RestoreOptions {
    RestoreOptions {
        token: token.to_owned(),
        current: None,
    }
}

const CLUSTER: &str = "2c7b0a5e-38c0-11e8-9d2f-525400a1b2c3";

/// A member with `/old` in its data, a backup made as openshift-ansible does, then `/new`.
fn upgraded(root: &std::path::Path) -> (Arc<Machine>, Host, String) {
    let machine = Machine::new("m0", root);
    machine.start();
    for name in ["default", "kube-system"] {
        let key = format!("/kubernetes.io/namespaces/{name}");
        let uid = CLUSTER.replace("2c", if name == "default" { "2d" } else { "2c" });
        // As the API server writes it: protobuf behind four bytes, the first of which end in a NUL.
        let value =
            format!("k8s\n\u{f}\n\u{2}v1\u{12}\tNamespace\u{12}x\n\u{b}{name}\u{12}*${uid}2");
        machine.etcdctl("3", &["put", &key, &value]);
    }
    machine.etcdctl("3", &["put", "/openshift.io/builds/default/b", "1"]);
    machine.etcdctl("3", &["put", "/kubernetes.io/old", "1"]);
    for n in 0..20 {
        machine.etcdctl("3", &["put", "/kubernetes.io/counter", &n.to_string()]);
    }
    machine.etcdctl("2", &["set", "/flannel", "v2"]);
    // etcd writes its database out every 100 ms; a hot copy in between lacks the last write.
    std::thread::sleep(Duration::from_millis(300));
    let backup = machine.path("data/openshift-backup-pre-upgrade-20180405091502");
    machine.etcdctl(
        "2",
        &[
            "backup",
            "--data-dir",
            &machine.path("data"),
            "--backup-dir",
            &backup,
        ],
    );
    fs::copy(
        machine.dir.join("data/member/snap/db"),
        format!("{backup}/member/snap/db"),
    )
    .unwrap();
    machine.etcdctl("3", &["put", "/kubernetes.io/new", "1"]);
    let host = machine.host();
    (machine, host, backup)
}

fn evacuated(host: &Host, machine: &Machine) -> (Evidence, String) {
    let source = machine.path("data/openshift-backup-*");
    let dir = machine.path("safe");
    let evidence = evacuate(host, std::slice::from_ref(&source), &dir)
        .unwrap()
        .after;
    let backup = format!(
        "{dir}{}",
        machine.path("data/openshift-backup-pre-upgrade-20180405091502")
    );
    (evidence, backup)
}

fn proven(host: &Host, machine: &Machine, backup: &str) -> Proof {
    etcd::trial_restore(host, backup, &machine.path("scratch")).unwrap()
}

fn keys(machine: &Machine) -> Vec<String> {
    let text = machine.etcdctl("3", &["get", "/kubernetes.io/", "--prefix", "--keys-only"]);
    let keys = text.split_whitespace().map(str::to_owned);
    keys.filter(|key| !key.contains("/namespaces/")).collect()
}

#[test]
fn a_trial_restore_leaves_the_backup_as_it_is_and_no_scratch() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, backup) = upgraded(root.path());
    let before = ocpdg::primitive::file::manifest(&host, &backup).unwrap();
    let proof = proven(&host, &machine, &backup);
    assert_eq!(proof.revision, 25);
    assert!(proof.keys >= 24 && !proof.hashed, "{proof:?}");
    assert_eq!(
        ocpdg::primitive::file::manifest(&host, &backup).unwrap(),
        before
    );
    assert_eq!(
        fs::read_dir(machine.dir.join("scratch")).unwrap().count(),
        0
    );
    let json = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<Proof>(&json).unwrap(), proof);
}

#[test]
fn a_damaged_backup_is_refused_and_its_scratch_removed() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, backup) = upgraded(root.path());
    let db = format!("{backup}/member/snap/db");
    let scratch = machine.path("scratch");
    let bytes = fs::read(&db).unwrap();
    for kept in [0, 3000, bytes.len() / 2, bytes.len() - 4096] {
        fs::write(&db, &bytes[..kept]).unwrap();
        let tried = etcd::trial_restore(&host, &backup, &scratch);
        assert!(tried.is_err(), "cut at {kept}: {tried:?}");
    }
    fs::remove_file(&db).unwrap();
    let error = etcd::trial_restore(&host, &backup, &scratch).unwrap_err();
    assert!(error.to_string().contains("`member/snap/db`"), "{error}");
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn a_trial_tells_a_bad_backup_from_a_trial_that_could_not_be_made() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, backup) = upgraded(root.path());
    let scratch = machine.path("scratch");
    let good = prove(&host, &backup, &scratch).unwrap();
    assert_eq!(good.proof.unwrap().revision, 25);
    let db = format!("{backup}/member/snap/db");
    let bytes = fs::read(&db).unwrap();
    fs::write(&db, &bytes[..bytes.len() / 2]).unwrap();
    let bad = prove(&host, &backup, &scratch).unwrap();
    assert!(
        bad.proof.is_none() && bad.reason.contains("cut off"),
        "{bad:?}"
    );
    // A scratch directory that cannot be made says nothing about the backup.
    fs::write(&db, &bytes).unwrap();
    fs::write(machine.dir.join("file"), "").unwrap();
    let error = prove(&host, &backup, &machine.path("file/scratch")).unwrap_err();
    assert!(error.hint.unwrap().contains("nothing about the backup"));
}

#[test]
fn a_snapshot_brings_the_old_data_back_and_a_second_call_changes_nothing() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, inside) = upgraded(root.path());
    let conf = conf(&machine);
    let current = machine.path("current.db");
    let current = etcd::current_snapshot(&host, &conf, &current, &machine.path("scratch")).unwrap();
    assert!(current.hashed && current.revision > 25, "{current:?}");
    let (_, backup) = evacuated(&host, &machine);
    let proof = proven(&host, &machine, &backup);

    let error = etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap_err();
    assert!(matches!(*error.kind, Kind::Refused { .. }), "{error}");
    assert!(error.to_string().contains("etcd is active"), "{error}");
    systemctl::stop(&host, &["etcd"]).unwrap();

    let change = etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap();
    assert!(change.changed && change.after.in_place);
    let kept = change.after.kept.clone().unwrap();
    assert!(fs::metadata(format!("{kept}/member/snap/db")).is_ok());
    assert!(
        fs::metadata(&inside).is_ok(),
        "the backup inside is untouched"
    );

    etcd::start(&host, &conf, SOON).unwrap();
    assert_eq!(
        keys(&machine),
        ["/kubernetes.io/counter", "/kubernetes.io/old"]
    );
    let canary = etcd::canary(&host, &conf, 0).unwrap();
    assert!(canary.before >= proof.revision && canary.after > canary.before);
    let members = etcd::members(&host, &conf).unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!(members[0].peer_urls.join(","), machine.peer);
    assert_eq!(
        etcd::keys_below(&host, &conf, "/kubernetes.io/").unwrap(),
        4
    );
    assert_eq!(etcd::keys_below(&host, &conf, "/nothing/").unwrap(), 0);
    let problems = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        etcd::cluster_problems(&host, &conf, &names).unwrap()
    };
    assert_eq!(problems(&["m0"]), Vec::<String>::new());
    assert_eq!(
        problems(&["m1", "m0"]),
        ["the members of etcd are m0, not m0, m1"]
    );

    let again = etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap();
    assert!(!again.changed, "{again:?}");
    assert!(machine.is_running());
}

#[test]
fn a_proof_that_no_longer_holds_stops_the_restore() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, inside) = upgraded(root.path());
    let conf = conf(&machine);
    let (_, backup) = evacuated(&host, &machine);
    let proof = proven(&host, &machine, &backup);
    machine.stop();
    let member = || fs::metadata(machine.dir.join("data/member/snap/db")).is_ok();

    let inside_proof = Proof {
        path: machine.path("data/member"),
        db: machine.path("data/member/snap/db"),
        ..proof.clone()
    };
    let elsewhere = Proof {
        host: "m9".to_owned(),
        ..proof.clone()
    };
    for wrong in [&inside_proof, &elsewhere] {
        let error = etcd::restore_snapshot(&host, &conf, wrong, &options("run1")).unwrap_err();
        assert!(matches!(*error.kind, Kind::Refused { .. }), "{error}");
    }
    let log = fs::read_dir(format!("{backup}/member/wal")).unwrap().next();
    let log = log.unwrap().unwrap().path();
    let whole = fs::read(&log).unwrap();
    fs::write(&log, b"rotten").unwrap();
    let error = etcd::restore_data(&host, &conf, &proof, &options("run1")).unwrap_err();
    assert!(error.to_string().contains("has changed"), "{error}");
    fs::write(&log, whole).unwrap();
    fs::write(&proof.db, b"rotten").unwrap();
    let error = etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap_err();
    assert!(error.to_string().contains("sha256"), "{error}");
    assert!(member() && fs::metadata(&inside).is_ok());
}

#[test]
fn a_restore_killed_between_the_two_renames_is_taken_up_again() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, _) = upgraded(root.path());
    let conf = conf(&machine);
    let (_, backup) = evacuated(&host, &machine);
    let proof = proven(&host, &machine, &backup);
    machine.stop();
    // As it is after the first rename, with the prepared data half there.
    let kept = format!("{}.ocpdg-before-run1", conf.real_data_dir);
    fs::create_dir(&kept).unwrap();
    fs::rename(conf.member_dir(), format!("{kept}/member")).unwrap();
    fs::create_dir_all(format!(
        "{}.ocpdg-restore-run1/member/snap",
        conf.real_data_dir
    ))
    .unwrap();
    let change = etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap();
    assert_eq!(change.after.kept.as_deref(), Some(kept.as_str()));
    assert!(fs::metadata(format!("{kept}/member/snap/db")).is_ok());
    etcd::start(&host, &conf, SOON).unwrap();
    assert_eq!(keys(&machine).len(), 2);
}

#[test]
fn path_a_brings_v2_and_v3_data_back_and_its_flag_is_undone() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, _) = upgraded(root.path());
    let conf = conf(&machine);
    let (_, backup) = evacuated(&host, &machine);
    let proof = proven(&host, &machine, &backup);
    systemctl::stop(&host, &["etcd"]).unwrap();
    let change = etcd::restore_data(&host, &conf, &proof, &options("run1")).unwrap();
    assert!(change.changed);
    let forced = etcd::force_new_cluster(&host, &conf).unwrap();
    assert_eq!(forced.after, Forced::Setting);
    assert!(!etcd::force_new_cluster(&host, &conf).unwrap().changed);
    let error = etcd::start(&host, &conf, SOON).unwrap_err();
    assert!(error.to_string().contains("throw out"), "{error}");
    let started = etcd::start_forced(&host, &conf, SOON).unwrap();
    assert_eq!(started.before, ["http://localhost:2380"]);
    assert!(!etcd::start_forced(&host, &conf, SOON).unwrap().changed);
    assert!(!etcd::repair_peer_urls(&host, &conf).unwrap().changed);
    assert!(!read(&machine.conf_path()).contains("FORCE"));
    assert_eq!(machine.etcdctl("2", &["get", "/flannel"]).trim(), "v2");
    assert_eq!(keys(&machine).len(), 2);
    let v2 = etcd::members_v2(&host, &conf).unwrap();
    assert!(v2[0].leader && v2[0].member.peer_urls.join(",") == machine.peer);
    let v3 = etcd::members(&host, &conf).unwrap();
    assert_eq!(v2[0].member, v3[0]);

    // This backup was made by etcdctl 3.4: its log is far behind the data, and writes are lost.
    let error = etcd::canary(&host, &conf, 1).unwrap_err();
    assert!(error.to_string().contains("2 writes were lost"), "{error}");
    let hint = error.hint.unwrap();
    assert!(hint.contains("resume --set etcd_restore=v3"), "{hint}");

    // Another run has to stop it first; this one leaves what it began, as that hint says, even where it
    // was cut off with the flag still on.
    let error = etcd::restore_snapshot(&host, &conf, &proof, &options("run2")).unwrap_err();
    assert!(matches!(*error.kind, Kind::Refused { .. }), "{error}");
    let text = read(&machine.conf_path()) + "ETCD_FORCE_NEW_CLUSTER=true\n";
    fs::write(machine.conf_path(), text).unwrap();
    let change = etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap();
    assert!(change.changed && !machine.is_running());
    let kept = change.after.kept.unwrap();
    for both in ["member", "member.1"] {
        assert!(fs::metadata(format!("{kept}/{both}/snap/db")).is_ok());
    }
    etcd::start(&host, &conf, SOON).unwrap();
    assert_eq!(etcd::canary(&host, &conf, 0).unwrap().lost, 0);
    etcd::check_restored(&host, &conf, &proof).unwrap();
    assert!(
        !etcd::restore_snapshot(&host, &conf, &proof, &options("run1"))
            .unwrap()
            .changed
    );
    proof.verify(&host, "lose it", &conf.member_dir()).unwrap();
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn another_backup_is_not_taken_for_the_one_in_place() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, _) = upgraded(root.path());
    let conf = conf(&machine);
    let (_, backup) = evacuated(&host, &machine);
    let proof = proven(&host, &machine, &backup);
    let later = machine.path("later.db");
    let later = etcd::current_snapshot(&host, &conf, &later, &machine.path("scratch")).unwrap();
    systemctl::stop(&host, &["etcd"]).unwrap();
    etcd::restore_snapshot(&host, &conf, &proof, &options("run1")).unwrap();
    etcd::start(&host, &conf, SOON).unwrap();
    let error = etcd::check_restored(&host, &conf, &later).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("revision 25, and the backup has 26"),
        "{text}"
    );
    assert!(error.hint.unwrap().contains("--set etcd_backup=HOST:PATH"));

    let change = etcd::restore_snapshot(&host, &conf, &later, &options("run1")).unwrap();
    assert!(change.changed);
    etcd::start(&host, &conf, SOON).unwrap();
    let found = etcd::check_restored(&host, &conf, &later).unwrap();
    assert_eq!((found.kubernetes, found.openshift), (5, 1));
    assert!(keys(&machine).contains(&"/kubernetes.io/new".to_owned()));
}

#[test]
fn data_tells_whose_it_is_in_a_file_and_in_a_server() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, backup) = upgraded(root.path());
    let conf = conf(&machine);
    let proof = proven(&host, &machine, &backup);
    assert_eq!(proof.identity.cluster.as_deref(), Some(CLUSTER));
    assert_eq!(proof.identity.namespaces, ["default", "kube-system"]);
    let content = etcd::content(&host, &conf).unwrap();
    assert_eq!(content.identity, proof.identity);
    let present = etcd::present_identity(&host, &conf).unwrap();
    assert_eq!(present.as_ref(), Some(&proof.identity));

    let mut other = proof.clone();
    other.identity.cluster = Some(CLUSTER.replace("2c", "3c"));
    other.identity.namespaces.remove(0);
    let error = etcd::check_restored(&host, &conf, &other).unwrap_err();
    for part in ["not 3c7b0a5e", "does not have: default"] {
        assert!(error.to_string().contains(part), "{error}");
    }

    // An etcd that holds no cluster is no backup; its snapshot can be taken all the same.
    let empty = Machine::new("m9", root.path());
    empty.start();
    let nobody = empty.host();
    let nobody_conf = EtcdConf::load(&nobody, &empty.conf_path()).unwrap();
    let scratch = empty.path("scratch");
    let to = empty.path("current.db");
    let current = etcd::current_snapshot(&nobody, &nobody_conf, &to, &scratch).unwrap();
    assert_eq!(current.identity, etcd::Identity::default());
    empty.etcdctl("3", &["put", "/something", "1"]);
    let to = empty.path("later.db");
    etcd::current_snapshot(&nobody, &nobody_conf, &to, &scratch).unwrap();
    let error = etcd::trial_restore(&nobody, &to, &scratch).unwrap_err();
    assert!(error.to_string().contains("no namespaces"), "{error}");
    assert!(error.hint.unwrap().contains("take another member's"));
}

#[test]
fn the_way_back_leads_back() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, _) = upgraded(root.path());
    let conf = conf(&machine);
    let (_, backup) = evacuated(&host, &machine);
    let proof = proven(&host, &machine, &backup);
    let back = || etcd::way_back(&host, &conf, "run1").unwrap();
    assert_eq!(
        back(),
        [
            "systemctl unmask etcd",
            "systemctl daemon-reload",
            "systemctl start etcd"
        ]
    );
    machine.stop();
    etcd::restore_data(&host, &conf, &proof, &options("run1")).unwrap();
    etcd::force_new_cluster(&host, &conf).unwrap();
    etcd::way_back(&host, &conf, "../x").unwrap_err();
    for line in back() {
        match line.as_str() {
            "systemctl start etcd" => machine.start(),
            line if line.starts_with("systemctl ") => {}
            line => {
                host.run(&Command::shell(line, Effect::Changes)).unwrap();
            }
        }
    }
    assert!(keys(&machine).contains(&"/kubernetes.io/new".to_owned()));
    assert_eq!(etcd::canary(&host, &conf, 0).unwrap().lost, 0);
}

#[test]
fn a_log_of_its_own_is_not_left_beside_restored_data() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, backup) = upgraded(root.path());
    let proof = proven(&host, &machine, &backup);
    machine.stop();
    let text = read(&machine.conf_path()) + "ETCD_WAL_DIR=/wal\n";
    fs::write(machine.conf_path(), text).unwrap();
    let error =
        etcd::restore_snapshot(&host, &conf(&machine), &proof, &options("run1")).unwrap_err();
    assert!(error.to_string().contains("ETCD_WAL_DIR=/wal"), "{error}");
}

#[test]
fn a_log_a_little_behind_the_data_catches_up() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, _) = upgraded(root.path());
    let conf = conf(&machine);
    // As etcdctl 3.2 makes it: v3 stays in the log, which is copied before the data.
    let backup = machine.path("like-3.2");
    let copy = machine.path("copy");
    let cp = ["cp", "-a", &machine.path("data"), &copy];
    host.run(&Command::changes(cp)).unwrap();
    machine.etcdctl(
        "2",
        &[
            "backup",
            "--with-v3",
            "--data-dir",
            &copy,
            "--backup-dir",
            &backup,
        ],
    );
    for n in 0..8 {
        machine.etcdctl("3", &["put", "/kubernetes.io/counter", &n.to_string()]);
    }
    std::thread::sleep(Duration::from_millis(300));
    let data = machine.dir.join("data/member/snap/db");
    fs::copy(data, format!("{backup}/member/snap/db")).unwrap();

    let proof = proven(&host, &machine, &backup);
    systemctl::stop(&host, &["etcd"]).unwrap();
    etcd::restore_data(&host, &conf, &proof, &options("run1")).unwrap();
    etcd::start_forced(&host, &conf, SOON).unwrap();
    let written = etcd::canary(&host, &conf, etcd::LOST_AT_MOST).unwrap();
    assert!(
        (1..=etcd::LOST_AT_MOST).contains(&written.lost),
        "{written:?}"
    );
    assert_eq!(etcd::canary(&host, &conf, 0).unwrap().lost, 0);
}

#[test]
fn members_join_one_at_a_time_and_a_second_call_changes_nothing() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (first, first_host, _) = upgraded(root.path());
    let first_conf = conf(&first);
    let mut names = vec!["m0".to_owned()];
    let mut machines = Vec::new();
    let mut join_options = JoinOptions::new("run1");
    join_options.retry_secs = 2;
    for name in ["m1", "m2"] {
        let machine = Machine::new(name, root.path());
        // A cluster of its own from before, which must not come along.
        machine.start();
        machine.etcdctl("3", &["put", "/kubernetes.io/stale", "1"]);
        fs::create_dir(
            machine
                .dir
                .join("data/openshift-backup-pre-upgrade-20180405091503"),
        )
        .unwrap();
        fs::write(
            machine
                .dir
                .join("data/openshift-backup-pre-upgrade-20180405091503/x"),
            "x",
        )
        .unwrap();
        let host = machine.host();
        let (evidence, _) = evacuated(&host, &machine);
        let ask = |conf: &EtcdConf| {
            etcd::join(
                &first_host,
                &first_conf,
                &host,
                conf,
                &evidence,
                &join_options,
            )
        };
        let change = ask(&conf(&machine)).unwrap();
        assert!(change.changed);
        let kept = change.after.kept.unwrap();
        assert!(fs::metadata(format!("{kept}/member/snap/db")).is_ok());
        names.push(name.to_owned());
        assert_eq!(change.after.members.len(), names.len());
        assert!(!keys(&machine).contains(&"/kubernetes.io/stale".to_owned()));
        assert!(!ask(&conf(&machine)).unwrap().changed);
        machines.push(machine);
    }
    let problems = || etcd::cluster_problems(&first_host, &first_conf, &names).unwrap();
    assert_eq!(problems(), Vec::<String>::new());
    etcd::canary(&first_host, &first_conf, 0).unwrap();
    machines[0].stop();
    let found = problems();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(&format!("{} is not healthy", machines[0].client)));
    machines[1].stop();
    assert!(problems().len() >= 3, "no quorum, so nobody is healthy");
    first.stop();
    let found = problems();
    assert!(
        found[0].starts_with("etcd does not list its members"),
        "{found:?}"
    );
}

#[test]
fn a_member_that_was_added_and_never_started_is_brought_up() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (first, first_host, _) = upgraded(root.path());
    let first_conf = conf(&first);
    let new = Machine::new("m1", root.path());
    let host = new.host();
    fs::write(new.dir.join("something"), "x").unwrap();
    let evidence = evacuate(&host, &[new.path("something")], &new.path("safe"))
        .unwrap()
        .after;
    let peer = format!("--peer-urls={}", new.peer);
    first.etcdctl("3", &["member", "add", "m1", &peer]);
    let change = etcd::join(
        &first_host,
        &first_conf,
        &host,
        &conf(&new),
        &evidence,
        &JoinOptions::new("run1"),
    )
    .unwrap();
    assert!(change.changed && change.after.members.iter().all(|member| member.started));
    etcd::canary(&host, &conf(&new), 0).unwrap();
    // Should the first member be lost now, the cluster goes on from this one.
    assert!(etcd::has_joined(&host, &conf(&new), "run1").unwrap());
    assert!(!etcd::has_joined(&host, &conf(&new), "run2").unwrap());
    assert!(!etcd::has_joined(&first_host, &first_conf, "run1").unwrap());
}

#[test]
fn a_member_that_cannot_be_reached_is_not_added() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (first, first_host, _) = upgraded(root.path());
    let new = Machine::new("m1", root.path());
    let host = new.host();
    fs::write(new.dir.join("something"), "x").unwrap();
    let evidence = evacuate(&host, &[new.path("something")], &new.path("safe"))
        .unwrap()
        .after;
    // Clients reach the first member, its peers do not: a port that nothing listens on.
    let member = etcd::members(&first_host, &conf(&first)).unwrap().remove(0);
    let closed = format!("--peer-urls={}", new.peer.replace("127.0.0.1", "127.0.0.2"));
    first.etcdctl("3", &["member", "update", &member.id, &closed]);
    let (first_conf, new_conf) = (conf(&first), conf(&new));
    let run = JoinOptions::new("run1");
    let error =
        etcd::join(&first_host, &first_conf, &host, &new_conf, &evidence, &run).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("as seen on `m1`"), "{text}");
    assert!(text.contains("Connection refused"), "{text}");
    assert_eq!(etcd::members(&first_host, &first_conf).unwrap().len(), 1);
    assert!(!new.is_running());
}

#[test]
fn old_data_is_not_started_because_it_once_joined() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (first, first_host, _) = upgraded(root.path());
    let new = Machine::new("m1", root.path());
    new.start();
    new.etcdctl("3", &["put", "/kubernetes.io/stale", "1"]);
    new.stop();
    let host = new.host();
    let evidence = evacuate(&host, &[new.conf_path()], &new.path("safe"))
        .unwrap()
        .after;
    // openshift-ansible leaves this on members that it added.
    let text = read(&new.conf_path()).replace("STATE=new", "STATE=existing");
    fs::write(new.conf_path(), text).unwrap();
    first.stop();
    let (first_conf, new_conf) = (conf(&first), conf(&new));
    let run = JoinOptions::new("run1");
    etcd::join(&first_host, &first_conf, &host, &new_conf, &evidence, &run).unwrap_err();
    assert!(!new.is_running());
}
