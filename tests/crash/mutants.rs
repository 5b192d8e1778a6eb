//! Scripts that break one rule on purpose: exactly the check of that rule has to find it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ocpdg::transport::sim::fault::FaultPlan;
use tempfile::TempDir;

use crate::base::Base;
use crate::case;
use crate::eye::Orders;
use crate::ground::Check;
use crate::stage::Stage;
use crate::verdict::{Verdict, Wrong};

const ETCDCTL: &str = "ETCDCTL_API=3 etcdctl --cert /etc/etcd/peer.crt --key /etc/etcd/peer.key \
    --cacert /etc/etcd/ca.crt --endpoints https://$(hostname):2379";

/// The stage of `script` on the cluster `name`, with the modules `library`, and where they lie.
fn stage(name: &str, script: &str, library: &[(&str, String)]) -> (Stage, TempDir) {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("mutant.rhai");
    std::fs::write(&path, script).unwrap();
    for (module, text) in library {
        let path = place.path().join(module);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let stage = Stage::of(name, &path, vec![place.path().to_owned()]);
    (stage, place)
}

/// What does not hold in a run of `script` on the cluster `name` that nothing happens to.
fn found(name: &str, script: &str) -> Wrong {
    let (stage, _place) = stage(name, script, &[]);
    let played = stage.resume(&stage.begin(), &FaultPlan::default(), Orders::default());
    assert_eq!(played.why, None, "{script}");
    played.wrong
}

/// Fails unless `check` and nothing else is found.
#[track_caller]
fn only(check: Check, wrong: &Wrong) {
    assert!(wrong.keys().eq([&check]), "{check:?}: {wrong:#?}");
}

/// What does not hold when the run of `script` is killed anywhere.
fn killed(script: &str) -> BTreeSet<Check> {
    let (stage, _place) = stage("aio", script, &[]);
    let base = Base::of(&stage);
    let cases = case::kills(&base);
    let verdicts = cases.iter().map(|case| Verdict::of(&stage, &base, case));
    verdicts
        .flat_map(|verdict| verdict.wrong.into_keys())
        .collect()
}

#[test]
fn who_deletes_every_backup_is_found() {
    let script =
        "for host in cluster::etcd { host.run(\"rm -rf /var/lib/etcd/openshift-backup-*\"); }";
    for name in ["aio", "ha"] {
        only(Check::Copy, &found(name, script));
    }
    // One of them is enough.
    let script = "for host in cluster::etcd - cluster::first_master { host.run(\"rm -rf /var/lib/etcd/openshift-backup-*\"); }";
    assert!(found("ha", script).is_empty());
}

#[test]
fn who_starts_etcd_on_the_data_of_the_upgrade_is_found() {
    let script = "
        phase(\"6.3 Shut down the cluster\", || {
            for host in cluster::etcd { host.run(\"systemctl stop etcd\"); }
        });
        cluster::first_master.run(\"systemctl start etcd\");";
    only(Check::Data, &found("aio", script));
    let before = script.replace("6.3", "6.2");
    assert!(found("aio", &before).is_empty());
}

#[test]
fn who_starts_etcd_on_nothing_is_found() {
    let script = "
        phase(\"6.3 Shut down the cluster\", || {
            cluster::first_master.run(\"systemctl stop etcd\");
        });
        cluster::first_master.run(\"mv /var/lib/etcd/member /root/member\");
        cluster::first_master.run(\"systemctl start etcd\");";
    only(Check::Data, &found("aio", script));
}

#[test]
fn a_library_that_restores_nothing_is_found() {
    let text = std::fs::read_to_string("stdlib/ocp/etcd.rhai").unwrap();
    let restores = "tell_kept(host.etcd.restore_snapshot(proof, current));";
    assert!(text.contains(restores));
    let script = std::fs::read_to_string("scripts/downgrade_3_9_to_3_7.rhai").unwrap();
    let library = [("ocp/etcd.rhai", text.replace(restores, ""))];
    let (stage, _place) = stage("aio", &script, &library);
    let played = stage.resume(&stage.begin(), &FaultPlan::default(), Orders::default());
    only(Check::Data, &played.wrong);
}

#[test]
fn who_adds_a_member_twice_is_found() {
    let add = |name: &str| {
        format!(
            "cluster::first_master.run(\"{ETCDCTL} member add {name} --peer-urls=https://192.0.2.99:2380\", #{{ check: false }});"
        )
    };
    assert!(found("ha", &add("m9")).is_empty());
    // Other words do not make it another member.
    only(
        Check::Once,
        &found("ha", &format!("{}{}", add("m9"), add("m8"))),
    );
}

#[test]
fn who_repeats_what_is_not_repeatable_is_found() {
    let yum = "
        let host = cluster::first_master;
        host.run(\"yum -y remove atomic-openshift-excluder\");
        host.run(\"yum -y install atomic-openshift-excluder\");
        host.run(\"yum -y remove atomic-openshift-excluder\");";
    let text = "for count in 0..2 { cluster::first_master.run(\"echo one >> /root/log\"); }";
    for script in [yum, text] {
        only(Check::Once, &found("aio", script));
    }
    let killed = killed("cluster::first_master.run(\"echo one >> /root/log\");");
    assert_eq!(killed, [Check::Once, Check::End].into());
}

#[test]
fn who_forces_two_clusters_is_found() {
    let script = "
        let forced = cluster::etcd - cluster::first_master;
        for host in cluster::etcd { host.run(\"systemctl stop etcd\"); }
        for host in forced {
            host.run(\"echo ETCD_FORCE_NEW_CLUSTER=true >> /etc/etcd/etcd.conf\");
            host.run(\"systemctl start etcd\");
        }";
    only(Check::Alone, &found("ha", script));
    let one = script.replace(
        "cluster::etcd - cluster::first_master",
        "[cluster::first_master]",
    );
    assert!(found("ha", &one).is_empty());
}

#[test]
fn a_journal_without_one_of_its_records_is_found() {
    let (stage, _place) = stage(
        "aio",
        "cluster::first_master.run(\"mkdir -p /root/a\");",
        &[],
    );
    let played = stage.resume(&stage.begin(), &FaultPlan::default(), Orders::default());
    assert!(played.wrong.is_empty(), "{:#?}", played.wrong);
    let text = String::from_utf8(played.left.journal.to_vec()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // Without the last but one, the last is taken for one that was torn: it does not follow either.
    for gone in 0..lines.len() - 2 {
        let rest: String = lines[..gone]
            .iter()
            .chain(&lines[gone + 1..])
            .copied()
            .collect();
        let mut from = played.left.clone();
        from.length = rest.len();
        from.journal = Arc::new(rest.into_bytes());
        let played = stage.resume(&from, &FaultPlan::default(), Orders::default());
        only(Check::Journal, &played.wrong);
    }
}

#[test]
fn a_resume_that_ends_elsewhere_is_found() {
    let script = "
        let host = cluster::first_master;
        if !host.file.exists(\"/root/a\") {
            host.run(\"touch /root/a\");
            host.run(\"touch /root/b\");
        }";
    assert_eq!(killed(script), [Check::End].into());
}

#[test]
fn a_resume_that_never_completes_is_found() {
    let script = "
        let host = cluster::first_master;
        if host.file.exists(\"/root/a\") { fail(\"no\", [], \"nothing helps\"); }
        host.run(\"touch /root/a\");";
    assert_eq!(killed(script), [Check::Completes].into());
}
