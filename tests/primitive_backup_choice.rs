//! Which backup is taken: the rules as tables.

use ocpdg::primitive::backup::{
    Candidate, EtcdBackup, Maker, Rule, Subject, Verdict, choose, choose_etcd, judge,
    upgrade_started,
};

/// 2018-04-05 09:15:02 UTC.
const START: i64 = 1_522_919_702;
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
const MONTH: i64 = 30 * DAY;

fn backup(host: &str, tag: &str, taken: i64) -> EtcdBackup {
    let path = format!("/var/lib/etcd/openshift-backup-{tag}-{taken}");
    EtcdBackup {
        host: host.to_owned(),
        tag: tag.to_owned(),
        taken,
        modified: taken,
        size: 4096,
        db_path: Some(format!("{path}/member/snap/db")),
        path,
    }
}

/// A clean upgrade's four, after `skew` seconds, and two of an upgrade months ago.
fn clean(host: &str, skew: i64) -> Vec<EtcdBackup> {
    let at = |seconds: i64| START + skew + seconds;
    vec![
        backup(host, "pre-upgrade", at(-6 * MONTH)),
        backup(host, "post-3.0", at(-6 * MONTH + MINUTE)),
        backup(host, "pre-upgrade", at(0)),
        backup(host, "post-3.0", at(42)),
        backup(host, "pre-upgrade", at(16 * MINUTE)),
        backup(host, "post-3.0", at(17 * MINUTE)),
    ]
}

fn chosen(candidates: &[EtcdBackup]) -> Vec<(String, i64)> {
    let choice = choose_etcd(candidates, START + 30 * MINUTE, None);
    assert_eq!(choice.order.len() + choice.rejected.len(), candidates.len());
    let order = choice.order.into_iter();
    order
        .map(|one| (one.backup.host, one.backup.taken - START))
        .collect()
}

fn expected(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
    rows.iter().map(|(h, t)| ((*h).to_owned(), *t)).collect()
}

#[test]
fn the_first_of_this_upgrade_is_taken_not_the_oldest_on_disk() {
    let all = [clean("m0", 0), clean("m1", 2), clean("m2", -3)].concat();
    let order = chosen(&all);
    assert_eq!(order, expected(&[("m0", 0), ("m1", 2), ("m2", -3)]));
}

#[test]
fn a_rerun_adds_later_ones_and_changes_nothing() {
    let mut all = clean("m0", 0);
    all.push(backup("m0", "pre-upgrade", START + 25 * MINUTE));
    assert_eq!(chosen(&all), expected(&[("m0", 0)]));
}

#[test]
fn a_host_without_the_first_one_is_passed_over() {
    let mut second = clean("m1", 2);
    second.remove(2);
    let all = [clean("m0", 0), second.clone()].concat();
    assert_eq!(chosen(&all), expected(&[("m0", 0)]));
    // Without any of its `post-3.0` it is the time after the others that tells.
    second.retain(|one| one.tag == "pre-upgrade");
    let all = [clean("m0", 0), second].concat();
    assert_eq!(chosen(&all), expected(&[("m0", 0)]));
}

#[test]
fn a_failed_first_pass_left_one_directory_which_serves() {
    let all = [backup("m0", "pre-upgrade", START)];
    assert_eq!(chosen(&all), expected(&[("m0", 0)]));
}

#[test]
fn one_without_v3_data_leaves_the_choice_to_the_next_host() {
    let mut first = clean("m0", 0);
    first[2].db_path = None;
    let all = [first, clean("m1", 2)].concat();
    assert_eq!(chosen(&all), expected(&[("m1", 2)]));
}

#[test]
fn a_copy_elsewhere_is_named_as_one() {
    let mut all = clean("m0", 0);
    let mut copy = all[2].clone();
    copy.path = copy.path.replace("/var/lib/etcd", "/backup");
    all.push(copy);
    let choice = choose_etcd(&all, START, None);
    assert_eq!(choice.order.len(), 1);
    let last = &choice.rejected.last().unwrap().reason;
    assert!(last.starts_with("a copy of `/var/lib/etcd/"), "{last}");
}

#[test]
fn every_other_one_is_told_with_the_reason_against_it() {
    let old = backup("m0", "pre-upgrade", START - 6 * MONTH);
    let migration = backup("m0", "pre-migrate", START - 3 * MONTH);
    let own = backup("m0", "hand-made", START);
    let choice = choose_etcd(&[old, migration, own], START, None);
    assert!(choice.order.is_empty());
    let reasons = choice.rejected.iter().map(|one| one.reason.as_str());
    let expected = [
        "older than this upgrade",
        "made as `pre-migrate`",
        "hand-made: `--set etcd_backup=HOST:PATH`",
    ];
    for (reason, expected) in reasons.zip(expected) {
        assert!(reason.starts_with(expected), "{reason}");
    }
    assert_eq!(choose_etcd(&[], START, None).rejected.len(), 0);
}

/// An upgrade that stood still for two hours between its first backup and 3.8's packages.
fn slow(host: &str) -> Vec<EtcdBackup> {
    vec![
        backup(host, "pre-upgrade", START - 6 * MONTH),
        backup(host, "pre-upgrade", START),
        backup(host, "post-3.0", START + MINUTE),
        backup(host, "pre-upgrade", START + 130 * MINUTE),
        backup(host, "post-3.0", START + 131 * MINUTE),
    ]
}

#[test]
fn data_of_38_is_never_taken_however_long_the_upgrade_took_to_begin() {
    let installed = START + 120 * MINUTE;
    let all = [slow("m0"), slow("m1")].concat();
    let started = upgrade_started(installed, &all, &[]);
    assert_eq!(started.time, START, "{}", started.evidence);
    let choice = choose_etcd(&all, started.time, Some(installed));
    let order: Vec<i64> = choice.order.iter().map(|one| one.backup.taken).collect();
    assert_eq!(order, [START, START]);

    // Whatever the start is taken for, and with the first ones gone: not the second.
    let second: Vec<EtcdBackup> = all
        .iter()
        .filter(|one| one.taken > installed && one.tag == "pre-upgrade")
        .cloned()
        .collect();
    for (candidates, started) in [(&all, installed), (&second, installed), (&second, START)] {
        let choice = choose_etcd(candidates, started, Some(installed));
        assert!(choice.order.is_empty(), "{choice:?}");
    }
    let reason = &choose_etcd(&second, installed, Some(installed)).rejected[0].reason;
    assert!(reason.starts_with("taken after 3.8"), "{reason}");
}

#[test]
fn the_upgrade_began_with_the_earliest_evidence_of_its_day() {
    let installed = START + 20 * MINUTE;
    let all = [clean("m0", 0), clean("m1", -3)].concat();
    let copy = |maker, taken| candidate(".copy", maker, taken, true);
    let rows = [
        ("the first backup", &all[..], vec![], START - 3),
        (
            "a copy before it belongs to something else",
            &all[..],
            vec![copy(Maker::Yedit, START - 600 * MINUTE)],
            START - 3,
        ),
        ("only old backups", &all[..2], vec![], installed),
        (
            "the first copy of the playbooks",
            &all[..2],
            vec![
                copy(Maker::Other, START - 9 * MINUTE),
                copy(Maker::Yedit, START - 2 * DAY),
                copy(Maker::Ansible, START + 9 * MINUTE),
                copy(Maker::Yedit, START + 7 * MINUTE),
            ],
            START + 7 * MINUTE,
        ),
    ];
    for (name, backups, copies, expected) in rows {
        let started = upgrade_started(installed, backups, &copies);
        assert_eq!(started.time, expected, "{name}: {}", started.evidence);
    }
}

fn candidate(ending: &str, maker: Maker, taken: i64, ok: bool) -> Candidate {
    Candidate {
        path: format!("/etc/origin/master/master-config.yaml{ending}"),
        maker,
        taken,
        modified: taken,
        size: 1,
        verdict: Verdict {
            ok,
            ..Verdict::default()
        },
        missing_console_files: Vec::new(),
    }
}

#[test]
fn the_configuration_to_put_back_is_chosen_by_date_and_content() {
    let current = |ok| candidate("", Maker::Current, START + DAY, ok);
    let old = candidate(".20171001T000000", Maker::Yedit, START - 6 * MONTH, true);
    let first = |ok| candidate(".20180405T093110", Maker::Yedit, START + 16 * MINUTE, ok);
    let second = candidate(".20180405T093500", Maker::Yedit, START + 20 * MINUTE, true);
    let orig = candidate(".orig", Maker::Orig, START + 20 * MINUTE, false);
    let own = candidate(".before", Maker::Other, START - DAY / 2, true);
    let saved = |taken| candidate(".rpmsave", Maker::Rpmsave, taken, true);
    let named = |taken, ok| Candidate {
        path: "/backup/master-config.yaml".to_owned(),
        ..candidate("", Maker::Named, taken, ok)
    };
    let rows = [
        (
            "a clean upgrade",
            vec![old.clone(), first(true), second.clone(), current(false)],
            Some((".20180405T093110", Rule::EarliestOfUpgrade)),
        ),
        (
            "the first is spoilt",
            vec![first(false), second, current(false)],
            Some((".20180405T093500", Rule::EarliestOfUpgrade)),
        ),
        (
            "the operator made one",
            vec![own, first(true), current(false)],
            Some((".before", Rule::EarliestOfUpgrade)),
        ),
        (
            "untouched, an old copy",
            vec![old.clone(), current(true)],
            Some(("", Rule::CurrentPasses)),
        ),
        (
            "only `.orig`, overwritten",
            vec![orig, current(false)],
            None,
        ),
        ("only from months ago", vec![old, current(false)], None),
        (
            "rpm removed the package",
            vec![saved(START + DAY), current(true)],
            Some((".rpmsave", Rule::SavedByRpm)),
        ),
        (
            "an old `.rpmsave`",
            vec![saved(START - MONTH), current(true)],
            Some(("", Rule::CurrentPasses)),
        ),
        (
            "in the operator's own directory",
            vec![named(START - MONTH, true), current(true)],
            Some(("/backup/master-config.yaml", Rule::NamedByOperator)),
        ),
        (
            "in the operator's own directory, and one of the upgrade",
            vec![named(START - MONTH, true), first(true), current(false)],
            Some((".20180405T093110", Rule::EarliestOfUpgrade)),
        ),
        (
            "in the operator's own directory, made after the upgrade",
            vec![first(true), named(START + DAY, false), current(false)],
            Some((".20180405T093110", Rule::EarliestOfUpgrade)),
        ),
        ("nothing at all", vec![], None),
    ];
    for (name, candidates, expected) in rows {
        let choice = choose(candidates, START).ok();
        let found = choice.map(|choice| {
            let ending = choice
                .path
                .replace("/etc/origin/master/master-config.yaml", "");
            (ending, choice.rule)
        });
        let expected = expected.map(|(ending, rule)| (ending.to_owned(), rule));
        assert_eq!(found, expected, "{name}");
    }
}

const MASTER: &str = "kind: MasterConfig
apiVersion: v1
assetConfig:
  extensionScripts:
  - /etc/origin/master/openshift-ansible-catalog-console.js
  servingInfo:
    certFile: master.server.crt
kubernetesMasterConfig:
  apiServerArguments:
    storage-backend:
    - etcd3
  schedulerConfigFile: /etc/origin/master/scheduler.json
projectConfig:
  defaultNodeSelector: ''
imageConfig:
  format: openshift3/ose-${component}:${version}
";

#[test]
fn content_tells_whether_37_starts_with_it() {
    let master = |from: &str, to: &str| judge(Subject::MasterConfig, &MASTER.replace(from, to));
    let good = master("", "");
    assert_eq!(good.reasons, Vec::<String>::new());
    assert!(good.ok);
    assert_eq!(
        good.files,
        ["/etc/origin/master/scheduler.json", "master.server.crt"]
    );
    assert_eq!(
        good.console_files,
        ["/etc/origin/master/openshift-ansible-catalog-console.js"]
    );
    for (from, to, reason) in [
        ("assetConfig", "otherConfig", "no `assetConfig`"),
        ("etcd3", "etcd2", "`storage-backend` is"),
        (
            "''",
            "node-role.kubernetes.io/compute=true",
            "`defaultNodeSelector`",
        ),
        ("${version}", "v3.9.14", "`imageConfig.format`"),
        ("MasterConfig", "NodeConfig", "`kind` is"),
        ("kind:", "\tkind:", "no YAML"),
    ] {
        let verdict = master(from, to);
        assert!(!verdict.ok, "{to}");
        assert!(verdict.reasons[0].contains(reason), "{:?}", verdict.reasons);
    }
    for (subject, text, ok) in [
        (
            Subject::Scheduler,
            r#"{"predicates":[{"name":"NoVolumeZoneConflict"}]}"#,
            true,
        ),
        (
            Subject::Scheduler,
            r#"{"predicates":[{"name":"CheckVolumeBinding"}]}"#,
            false,
        ),
        (
            Subject::Scheduler,
            r#"{"kind":"Policy","priorities":[]}"#,
            true,
        ),
        (Subject::Scheduler, r#"{"kind":"Policy"}"#, true),
        (Subject::Scheduler, "{}", false),
        (Subject::Scheduler, "[]", false),
        (Subject::Scheduler, "", false),
        (
            Subject::NodeConfig,
            "kind: NodeConfig\nnodeName: m0\n",
            true,
        ),
        (Subject::NodeConfig, "kind: NodeConfig\n", false),
        (Subject::NodeConfig, "", false),
        (Subject::Environment, "# x\nOPTIONS=--loglevel=2\n", true),
        (
            Subject::Environment,
            "OPTIONS=x\nIMAGE_VERSION=v3.9.14\n",
            false,
        ),
        (Subject::Environment, "# only\n", false),
        (Subject::MasterConfig, "\0\u{1}[", false),
    ] {
        assert_eq!(judge(subject, text).ok, ok, "{text}");
    }
}
