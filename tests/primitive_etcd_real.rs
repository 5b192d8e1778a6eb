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
use ocpdg::transport::Command;

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

/// A member with `/old` in its data, a backup made as openshift-ansible does, then `/new`.
fn upgraded(root: &std::path::Path) -> (Arc<Machine>, Host, String) {
    let machine = Machine::new("m0", root);
    machine.start();
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
    let text = machine.etcdctl("3", &["get", "/", "--prefix", "--keys-only"]);
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_trial_restore_leaves_the_backup_as_it_is_and_no_scratch() {
    needs_etcd!();
    let root = tempfile::tempdir().unwrap();
    let (machine, host, backup) = upgraded(root.path());
    let before = ocpdg::primitive::file::manifest(&host, &backup).unwrap();
    let proof = proven(&host, &machine, &backup);
    assert_eq!(proof.revision, 22);
    assert!(proof.keys >= 21 && !proof.hashed, "{proof:?}");
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
    assert_eq!(good.proof.unwrap().revision, 22);
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
    assert!(current.hashed && current.revision > 22, "{current:?}");
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
        2
    );
    assert_eq!(etcd::keys_below(&host, &conf, "/nothing/").unwrap(), 0);
    etcd::verify_cluster(&host, &conf, &["m0".to_owned()]).unwrap();

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
    etcd::start(&host, &conf, SOON).unwrap();
    assert_eq!(machine.etcdctl("2", &["get", "/flannel"]).trim(), "v2");
    assert_eq!(keys(&machine).len(), 2);

    let repaired = etcd::repair_peer_urls(&host, &conf).unwrap();
    assert_eq!(repaired.before, ["http://localhost:2380"]);
    assert!(!etcd::repair_peer_urls(&host, &conf).unwrap().changed);
    assert_eq!(
        etcd::undo_force_new_cluster(&host, &conf).unwrap().after,
        Forced::No
    );
    systemctl::restart(&host, &["etcd"]).unwrap();
    let v2 = etcd::members_v2(&host, &conf).unwrap();
    assert!(v2[0].leader && v2[0].member.peer_urls.join(",") == machine.peer);
    let v3 = etcd::members(&host, &conf).unwrap();
    assert_eq!(v2[0].member, v3[0]);
    // This backup was made by etcdctl 3.4: its log is far behind the data, and writes are lost.
    let error = etcd::canary(&host, &conf, 1).unwrap_err();
    assert!(error.to_string().contains("2 writes were lost"), "{error}");
    assert!(error.hint.unwrap().contains("path B"));
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
    etcd::force_new_cluster(&host, &conf).unwrap();
    etcd::start(&host, &conf, SOON).unwrap();
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
    let report = etcd::verify_cluster(&first_host, &first_conf, &names).unwrap();
    assert_eq!(report.statuses.len(), 3);
    etcd::canary(&first_host, &first_conf, 0).unwrap();
    machines.iter().for_each(|machine| machine.stop());
    let error = etcd::verify_cluster(&first_host, &first_conf, &names).unwrap_err();
    assert!(error.to_string().contains("healthy"), "{error}");
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
}
