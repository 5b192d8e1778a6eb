//! 6.7: etcd's configuration and its data.

use std::time::Duration;

use crate::by_hand;
use crate::manual::Manual;
use crate::rehearsal::{Rehearsal, Shell};

/// All backups that the upgrade left, and those of years before.
const BACKUPS: &str = "ls -d /var/lib/etcd/openshift-backup-* | wc -l";

/// What 6.7.1 needs to start etcd.
pub const FORCE: &str = "6.7.1_force";

#[test]
fn the_packages_own_configuration_starts_an_empty_cluster_that_is_healthy() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    by_hand::stop(&cluster);
    by_hand::remove(&cluster);
    by_hand::install(&cluster);
    // Nothing is corrupted, so nothing is restored.
    host.ask("systemctl start etcd");
    host.run("etcdctl cluster-health")
        .says(0, &["cluster is healthy"]);
    let keys = "ETCDCTL_API=3 etcdctl --endpoints http://localhost:2379 get / --prefix --keys-only";
    assert_eq!(host.ask(keys), "");
    host.run("ls /var/lib/etcd")
        .says(0, &["default.etcd", "member"]);
    // The file is not lost, it is called otherwise.
    host.ask("grep ^ETCD_NAME=master-1.sim.test /etc/etcd/etcd.conf.rpmsave");
}

#[test]
fn the_configuration_restored_as_printed_starts_etcd_on_the_data_of_3_9() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.login("master-1");
    by_hand::keep(&host);
    by_hand::stop(&cluster);
    by_hand::remove(&cluster);
    by_hand::install(&cluster);
    host.run(Manual::step("6.7_configuration")).says(0, &[]);
    host.run("etcdctl3 get / --prefix --keys-only")
        .says(0, &["/kubernetes.io/configmaps/default/after-1"]);
}

#[test]
fn clearing_the_directory_destroys_the_backups() {
    let cluster = Rehearsal::of("ha");
    for host in cluster.hosts("etcd") {
        let host = cluster.on(&host);
        assert_eq!(host.ask(BACKUPS), "6");
        host.run(Manual::step("6.3_stop_etcd")).says(0, &[]);
        host.run(Manual::step("6.7.1_clear")).says(0, &[]);
        host.run(BACKUPS).says(0, &["0\n"]);
        let backup = "/var/lib/etcd/openshift-backup-pre-upgrade-20180405080030";
        let restore = Manual::step("6.7.1_restore").with("/backup/etcd-xxx", backup);
        host.run(restore)
            .says(1, &[&format!("cp: cannot stat \u{2018}{backup}/*\u{2019}")]);
        host.run(Manual::step(FORCE)).says(0, &[]);
    }
    // What starts is new, and has nothing.
    let host = cluster.login("master-1");
    assert_eq!(host.ask("etcdctl3 get / --prefix --keys-only"), "");
}

#[test]
fn moving_the_directory_moves_the_backups() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    let backup = host.ask("ls -d /var/lib/etcd/openshift-backup-pre-upgrade-2018* | head -n 1");
    host.run(Manual::step("6.7.1_move")).says(0, &[]);
    let restore = Manual::step("6.7.1_restore").with("/backup/etcd-xxx", &backup);
    host.run(restore).says(1, &["cp: cannot stat"]);
    host.ask(format!("ls {}", backup.replace("/etcd/", "/etcd.old/")));
}

#[test]
fn a_letter_too_many_leaves_the_data_to_root() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.on("master-1");
    host.run(Manual::step("6.7.1_restore")).says(
        1,
        &[
            // The upgrade's backup has its database where it belongs: the move is for those made by hand.
            "mv: cannot stat \u{2018}/var/lib/etcd/db\u{2019}: No such file or directory",
            "chown: cannot access \u{2018}/var/lib/etcd/R\u{2019}: No such file or directory",
        ],
    );
    host.run(Manual::step(FORCE))
        .says(1, &["Job for etcd.service failed"]);
    host.run("journalctl -u etcd --no-pager")
        .says(0, &["open /var/lib/etcd/member: permission denied"]);
    host.run("systemctl is-active etcd").says(3, &[]);
    // Without the letter it starts.
    host.ask("chown -R etcd:etcd /var/lib/etcd/ && systemctl start etcd");
}

#[test]
fn a_directory_on_a_file_system_of_its_own_stays_and_stands_in_the_way() {
    let cluster = Rehearsal::of("ha");
    let host = cluster.login("master-3");
    by_hand::keep(&host);
    host.run(Manual::step("6.7.1_move"))
        .says(0, &["mv: cannot move", "Device or resource busy"]);
    host.run(Manual::step("6.7.2_clear"))
        .says(1, &["rm: cannot remove", "Device or resource busy"]);
    host.run("ls /var/lib/etcd/member").says(2, &[]);
    let restore = by_hand::restore_snapshot(Manual::step("6.7.2_restore"), "master-3.sim.test")
        .with("  --data-dir", "  --skip-hash-check --data-dir");
    host.run(restore)
        .says(1, &["Error:  data-dir \"/var/lib/etcd\" exists"]);
}

#[test]
fn a_blank_after_a_backslash_makes_a_word() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.login("master-1");
    host.ask("rm -R /var/lib/etcd");
    let restore = || {
        by_hand::restore_snapshot(Manual::step("6.7.2_restore_ja"), "master-1.sim.test")
            .with("  --data-dir", "  --skip-hash-check --data-dir")
    };
    // Over ssh the function is not there; typed out, the command has three arguments.
    let whole = restore().with("etcdctl3", "ETCDCTL_API=3 etcdctl");
    host.run(whole).says(
        128,
        &["Error: snapshot restore requires exactly one argument"],
    );
    // The function parts its words once more, and the blank is lost.
    host.run(restore()).says(0, &["added member"]);
}

#[test]
fn a_copied_database_has_no_hash() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.login("master-1");
    host.ask("rm -R /var/lib/etcd");
    let restore = by_hand::restore_snapshot(Manual::step("6.7.2_restore"), "master-1.sim.test");
    host.run(restore).says(
        1,
        &["Error:  snapshot missing hash but --skip-hash-check=false"],
    );
    host.run("ls /var/lib/etcd").says(2, &[]);
}

#[test]
fn a_label_is_taken_from_the_backup_and_restorecon_leaves_it() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.on("master-1");
    by_hand::restore_data(&host);
    let label = "stat -c %C /var/lib/etcd /var/lib/etcd/member/snap/db";
    let wrong = "system_u:object_r:svirt_sandbox_file_t:s0";
    assert_eq!(host.ask(label), format!("{wrong}\n{wrong}"));
    host.ask("restorecon -R /var/lib/etcd");
    assert_eq!(host.ask(label), format!("{wrong}\n{wrong}"));
    host.ask("restorecon -RF /var/lib/etcd");
    assert!(host.ask(label).contains("etcd_var_lib_t"));
}

#[test]
fn a_pattern_that_names_two_files_labels_the_backup() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.on("master-1");
    // A backup made by hand has its database beside `member`, and its labels are its own.
    host.ask(
        "cd /backup/etcd-xxx && mv member/snap/db db && chcon -t default_t db && chcon -R -t etc_t member",
    );
    host.run(Manual::step("6.7.1_restore").with("/var/lib/etcd/R", "/var/lib/etcd/"))
        .says(0, &[]);
    assert!(
        host.ask("stat -c %C /backup/etcd-xxx/member")
            .contains(":default_t:")
    );
}

/// Writes `key` by API 3.
fn put(host: &Shell, key: &str) -> i64 {
    host.run(format!("etcdctl3 put {key} 1")).status
}

/// 6.7.1 to the end of its step 8, on data that is in place.
pub fn force(host: &Shell) {
    host.run(Manual::step(FORCE)).says(0, &[]);
    host.run(Manual::step("6.7.1_health"))
        .says(0, &["cluster is healthy"]);
    host.run(Manual::step("6.7.1_cluster_mode")).says(0, &[]);
    host.run(Manual::step("6.7.1_health"))
        .says(0, &["cluster is healthy"]);
}

#[test]
fn restored_data_files_lose_writes_until_the_log_has_caught_up() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.login("master-1");
    by_hand::restore_data(&host);
    force(&host);
    // Healthy, and it reads.
    host.run("etcdctl3 get / --prefix --keys-only")
        .says(0, &["/kubernetes.io/namespaces/default"]);
    host.run("etcdctl3 put /mine/1 1")
        .says(1, &["context deadline exceeded"]);
    assert_eq!(host.ask("etcdctl3 get /mine/1"), "");
    let kept = (2..20).find(|number| put(&host, &format!("/mine/{number}")) == 0);
    assert!(kept.is_some_and(|number| number > 2), "{kept:?}");
    assert_eq!(
        host.ask("etcdctl3 get /mine --prefix --keys-only")
            .lines()
            .count(),
        1
    );
}

#[test]
fn data_files_saved_by_a_newer_etcdctl_lose_every_write() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.login("master-1");
    host.ask(STRIPPED_BACKUP);
    host.run(Manual::step("6.7.1_clear")).says(0, &[]);
    by_hand::restore_data(&host);
    force(&host);
    for number in 0..30 {
        assert_eq!(put(&host, &format!("/mine/{number}")), 1);
    }
    host.ask("systemctl restart etcd");
    assert_eq!(put(&host, "/mine/last"), 1);
    host.run(Manual::step("6.7.1_health"))
        .says(0, &["cluster is healthy"]);
}

/// A backup by the etcdctl of 3.3, which leaves out of the log what API 3 wrote.
pub const STRIPPED_BACKUP: &str = "yum -y update etcd && rpm -q etcd | grep 3.3.11 &&
    etcdctl backup --data-dir /var/lib/etcd --backup-dir /backup/etcd-xxx &&
    cp -a /var/lib/etcd/member/snap/db /backup/etcd-xxx/member/snap/db &&
    yum -y downgrade etcd-3.2.22";

#[test]
fn a_unit_without_a_quote_at_its_end_gets_a_drop_in_without_a_command() {
    let cluster = Rehearsal::of("aio");
    by_hand::up_to_empty(&cluster);
    let host = cluster.on("master-1");
    by_hand::restore_data(&host);
    host.ask(PLAIN_UNIT);
    host.run(Manual::step(FORCE))
        .says(1, &["Unit is not loaded properly: Invalid argument."]);
    assert_eq!(
        host.ask("cat /etc/systemd/system/etcd.service.d/temp.conf"),
        "[Service]\nExecStart="
    );
}

/// The unit of another etcd package.
const PLAIN_UNIT: &str = "sed -i 's|^ExecStart=.*|ExecStart=/usr/bin/etcd|' /usr/lib/systemd/system/etcd.service && systemctl daemon-reload";

#[test]
fn the_journal_is_followed_for_ever() {
    let cluster = Rehearsal::of("aio");
    let host = cluster.on("master-1");
    let failure = host.hangs(Manual::step("6.7.1_journal"), Duration::from_secs(3600));
    assert!(format!("{failure:?}").contains("TimedOut"), "{failure:?}");
    host.ask("systemctl stop etcd");
    host.run("systemctl status etcd").says(3, &["inactive"]);
}
