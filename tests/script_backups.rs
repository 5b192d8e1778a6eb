//! Which etcd backups the library finds, and what the operator may say about it.

#[path = "support/program.rs"]
mod program;

use program::Place;

/// Runs the search on this machine with `settings` and returns what it accepts and what it finds wrong.
fn search(place: &Place, settings: &[&str]) -> String {
    const SCRIPT: &str = r#"
        import "ocp/etcd_backup" as etcd_backup;
        let found = etcd_backup::look([]);
        print(`order ${found.order.map(|one| one.path + ": " + one.rule)}`);
        print(`findings ${found.findings}`);
    "#;
    let mut arguments = Vec::new();
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    let seen = place.run_with(SCRIPT, &arguments);
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    seen.stderr
}

#[test]
fn any_backup_can_be_named_and_others_are_told() {
    let place = Place::new();
    place.write("backup/mine/db", "data");
    let mine = place.path("backup/mine").display().to_string();
    let said = search(&place, &[&format!("etcd_backup=one:{mine}")]);
    let taken = format!("order [\"{mine}: named by --set etcd_backup\"]");
    assert!(
        said.contains(&taken) && said.contains("findings []"),
        "{said}"
    );

    let said = search(&place, &[&format!("etcd_backup=one:{mine}/none")]);
    assert!(said.contains("order []"), "{said}");
    assert!(
        said.contains(&format!("the etcd backup `{mine}/none` on `one`: wanted")),
        "{said}"
    );

    let said = search(&place, &[&format!("etcd_backup=two:{mine}")]);
    assert!(said.contains("names no etcd member of this run"), "{said}");

    let source = format!("backup_source={}", place.path("backup").display());
    let said = search(&place, &[&source, "upgrade_started=1000"]);
    assert!(
        said.contains("order []") && said.contains("hand-made: `--set etcd_backup=HOST:PATH`"),
        "{said}"
    );
}

#[test]
fn a_source_may_hold_a_directory_for_each_host() {
    let place = Place::new();
    place.write(
        "nfs/one/openshift-backup-pre-upgrade-20180405091502/member/snap/db",
        "data",
    );
    place.write(
        "nfs/two/openshift-backup-pre-upgrade-20180405091500/member/snap/db",
        "data",
    );
    let source = format!("backup_source={}/{{host}}", place.path("nfs").display());
    let said = search(&place, &[&source, "upgrade_started=1522919000"]);
    assert!(
        said.contains("/nfs/one/openshift-backup-pre-upgrade-20180405091502: first backup"),
        "{said}"
    );
    assert!(!said.contains("nfs/two"), "{said}");
}
