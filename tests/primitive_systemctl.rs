//! What systemctl is asked and told, and what is made of its answers.

#[path = "support/scripted.rs"]
mod scripted;

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use ocpdg::error::Kind;
use ocpdg::primitive::systemctl::{self, Part};
use ocpdg::transport::Failure;
use scripted::{Reply, Scripted};

const SHOW: &str = "systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,Type,MainPID,NRestarts,Result,\
                    ActiveEnterTimestamp,InactiveEnterTimestamp,FragmentPath,DropInPaths,NeedDaemonReload -- ";

fn show(units: &str) -> String {
    format!("{SHOW}{units}")
}

/// A block as systemd 219 prints it: no `NRestarts`.
fn block(unit: &str, active: &str, sub: &str, pid: i64, enabled: &str) -> String {
    format!(
        "Type=notify\nMainPID={pid}\nResult=success\nId={unit}.service\nLoadState=loaded\nActiveState={active}\n\
         SubState={sub}\nFragmentPath=/usr/lib/systemd/system/{unit}.service\nDropInPaths=\n\
         UnitFileState={enabled}\nInactiveEnterTimestamp=\nActiveEnterTimestamp=Thu 2018-04-05 09:31:10 UTC\n\
         NeedDaemonReload=no\n"
    )
}

fn up(unit: &str) -> String {
    block(unit, "active", "running", 812, "enabled")
}

fn down(unit: &str) -> String {
    block(unit, "inactive", "dead", 0, "enabled")
}

fn absent(unit: &str) -> String {
    format!("Id={unit}.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n")
}

fn masked(unit: &str) -> String {
    format!(
        "Id={unit}.service\nLoadState=masked\nActiveState=inactive\nSubState=dead\nUnitFileState=masked\nFragmentPath=/dev/null\n"
    )
}

#[test]
fn show_tells_every_unit_in_the_order_asked_for() {
    let answer = format!("{}\n{}", up("etcd"), absent("docker"));
    let script = Scripted::new().on(&show("etcd docker"), &answer, 0);
    let states = systemctl::show(&script.host("m1"), &["etcd", "docker"]).unwrap();
    assert_eq!(states[0].unit, "etcd");
    assert_eq!(states[0].main_pid, 812);
    assert_eq!(states[0].restarts, None);
    assert_eq!(states[0].since, Some(1_522_920_670));
    assert_eq!(states[0].enabled, "enabled");
    assert!(!states[1].exists() && states[1].is_stopped());
    assert_eq!(
        script.commands()[0].env,
        [
            ("LC_ALL".into(), "C".into()),
            ("TZ".into(), "UTC".to_owned())
        ]
    );
}

#[test]
fn an_answer_that_is_too_short_is_an_error() {
    let script = Scripted::new().on(&show("etcd docker"), &up("etcd"), 0);
    let error = systemctl::show(&script.host("m1"), &["etcd", "docker"]).unwrap_err();
    assert!(
        error
            .hint
            .unwrap()
            .contains("did not answer for each of the 2 units")
    );
}

#[test]
fn a_units_name_cannot_be_an_option_or_a_pattern() {
    for name in ["", "--force", "etcd*", "a b", "etcd;reboot", "é"] {
        let script = Scripted::new();
        let error = systemctl::stop(&script.host("m1"), &[name]).unwrap_err();
        assert!(matches!(*error.kind, Kind::Invalid { .. }), "{name}");
        assert!(script.lines().is_empty());
    }
}

#[test]
fn stop_leaves_alone_what_is_stopped_or_absent() {
    let answer = format!(
        "{}\n{}",
        block("a", "failed", "failed", 0, "enabled"),
        absent("b")
    );
    let script = Scripted::new().on(&show("a b"), &answer, 0);
    let change = systemctl::stop(&script.host("m1"), &["a", "b"]).unwrap();
    assert!(!change.changed);
    assert_eq!(script.changes(), Vec::<String>::new());
}

#[test]
fn stop_also_stops_what_systemd_is_about_to_restart() {
    let flicker = block("api", "activating", "auto-restart", 0, "enabled");
    let script = Scripted::new()
        .on(&show("api"), &flicker, 0)
        .on(&show("api"), &down("api"), 0)
        .on("systemctl stop -- api", "", 0);
    let change = systemctl::stop(&script.host("m1"), &["api"]).unwrap();
    assert!(change.changed);
    assert_eq!(change.after[0].active, "inactive");
}

#[test]
fn a_unit_that_does_not_stop_is_an_error_with_its_journal() {
    let hanging = block("etcd", "deactivating", "stop-sigterm", 812, "enabled");
    let mut gone = Reply::new("", 0);
    gone.failure = Some(Failure::TimedOut {
        host: "m1".into(),
        command: "systemctl stop -- etcd".into(),
        limit_secs: 300,
    });
    let script = Scripted::new()
        .on(&show("etcd"), &up("etcd"), 0)
        .on(&show("etcd"), &hanging, 0)
        .reply("systemctl stop -- etcd", gone)
        .on(
            "journalctl -u etcd --no-pager -n 30",
            "waiting for a disk\n",
            0,
        );
    let error = systemctl::stop(&script.host("m1"), &["etcd"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "service `etcd` on `m1`: wanted stopped, found `etcd` deactivating (stop-sigterm); \
         systemctl did not return within 300 s"
    );
    assert_eq!(error.details(), ["waiting for a disk"]);
    assert_eq!(
        error.hint.as_deref(),
        Some("see `systemctl status etcd` on `m1`; as a last resort `systemctl kill -s KILL etcd`")
    );
}

#[test]
fn a_lost_connection_is_never_taken_for_a_state() {
    let mut lost = Reply::new("", 0);
    lost.failure = Some(Failure::Lost {
        host: "m1".into(),
        command: "systemctl stop -- etcd".into(),
        reason: "reset".into(),
    });
    let script = Scripted::new()
        .on(&show("etcd"), &up("etcd"), 0)
        .reply("systemctl stop -- etcd", lost);
    let error = systemctl::stop(&script.host("m1"), &["etcd"]).unwrap_err();
    assert!(matches!(
        *error.kind,
        Kind::Transport {
            failure: Failure::Lost { .. }
        }
    ));
}

#[test]
fn enabling_and_starting_share_the_look_between_them() {
    let script = Scripted::new()
        .on(
            &show("api"),
            &block("api", "inactive", "dead", 0, "disabled"),
            0,
        )
        .on(&show("api"), &down("api"), 0)
        .on(&show("api"), &up("api"), 0)
        .on("systemctl enable -- api", "", 0)
        .on("systemctl start -- api", "", 0);
    let host = script.host("m1");
    let change = systemctl::enable_now(&host, &["api"]).unwrap();
    assert!(change.changed);
    assert_eq!(
        (&*change.before[0].enabled, &*change.after[0].active),
        ("disabled", "active")
    );
    assert_eq!(
        script.changes(),
        ["systemctl enable -- api", "systemctl start -- api"]
    );
    assert_eq!(script.lines().len(), 5);
    assert!(!systemctl::enable_now(&host, &["api"]).unwrap().changed);

    let script = Scripted::new().on(&show("api"), &masked("api"), 0);
    let error = systemctl::enable_now(&script.host("m1"), &["api"]).unwrap_err();
    assert!(error.to_string().contains("can be enabled"), "{error}");
}

#[test]
fn start_gives_a_failed_unit_a_clean_slate() {
    let script = Scripted::new()
        .on(
            &show("etcd"),
            &block("etcd", "failed", "failed", 0, "enabled"),
            0,
        )
        .on(&show("etcd"), &up("etcd"), 0)
        .on("systemctl reset-failed -- etcd", "", 0)
        .on("systemctl start -- etcd", "", 0);
    let change = systemctl::start(&script.host("m1"), &["etcd"]).unwrap();
    assert!(change.changed);
    assert_eq!(
        script.changes(),
        ["systemctl reset-failed -- etcd", "systemctl start -- etcd"]
    );
}

#[test]
fn start_refuses_masked_and_absent_units_before_it_acts() {
    let script = Scripted::new().on(
        &show("etcd docker"),
        &format!("{}\n{}", masked("etcd"), up("docker")),
        0,
    );
    let error = systemctl::start(&script.host("m1"), &["etcd", "docker"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`etcd` on `m1`: wanted a unit that may be started, found it is masked"
    );
    assert_eq!(
        error.hint.as_deref(),
        Some("unmask first: `host.systemctl.unmask([\"etcd\"])` in the script")
    );
    let script = Scripted::new().on(&show("etcd"), &absent("etcd"), 0);
    let error = systemctl::start(&script.host("m1"), &["etcd"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`etcd` on `m1`: wanted a unit to start, found none of that name"
    );
}

#[test]
fn a_failing_start_shows_systemctls_words_and_the_journal() {
    let mut failed = block("etcd", "failed", "failed", 0, "enabled");
    failed = failed.replace("Result=success", "Result=exit-code");
    let script = Scripted::new()
        .on(&show("etcd"), &down("etcd"), 0)
        .on(&show("etcd"), &failed, 0)
        .reply(
            "systemctl start -- etcd",
            Reply::new("", 1).stderr("Job for etcd.service failed.\nmore\n"),
        )
        .on(
            "journalctl -u etcd --no-pager -n 30",
            "cluster cannot be downgraded\n",
            0,
        );
    let error = systemctl::start(&script.host("m1"), &["etcd"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "service `etcd` on `m1`: wanted active, found `etcd` failed (failed, exit-code); Job for etcd.service failed."
    );
    assert_eq!(error.details(), ["cluster cannot be downgraded"]);
}

#[test]
fn a_oneshot_that_has_done_its_work_is_started() {
    let done = down("setup").replace("Type=notify", "Type=oneshot");
    let script = Scripted::new()
        .on(&show("setup"), &done, 0)
        .on("systemctl start -- setup", "", 0);
    assert!(
        systemctl::start(&script.host("m1"), &["setup"])
            .unwrap()
            .changed
    );
}

#[test]
fn restart_wants_a_new_main_process() {
    let script = Scripted::new()
        .on(&show("docker"), &up("docker"), 0)
        .on("systemctl restart -- docker", "", 0)
        .on("journalctl -u docker --no-pager -n 30", "", 0);
    let error = systemctl::restart(&script.host("m1"), &["docker"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`docker` on `m1`: wanted a new main process, found process 812 as before"
    );
}

#[test]
fn enable_acts_on_what_is_not_enabled() {
    let before = format!(
        "{}\n{}",
        up("etcd"),
        block("docker", "active", "running", 9, "disabled")
    );
    let after = format!("{}\n{}", up("etcd"), up("docker"));
    let script = Scripted::new()
        .on(&show("etcd docker"), &before, 0)
        .on(&show("etcd docker"), &after, 0)
        .on("systemctl enable -- docker", "", 0);
    assert!(
        systemctl::enable(&script.host("m1"), &["etcd", "docker"])
            .unwrap()
            .changed
    );
    assert!(
        !systemctl::enable(&script.host("m1"), &["etcd", "docker"])
            .unwrap()
            .changed
    );
    assert_eq!(script.changes(), ["systemctl enable -- docker"]);
}

#[test]
fn enable_refuses_masked_and_static_units() {
    for (state, found) in [
        (masked("etcd"), "`etcd` masked"),
        (
            block("etcd", "active", "running", 1, "static"),
            "`etcd` static",
        ),
        (absent("etcd"), "`etcd` not-found"),
    ] {
        let script = Scripted::new().on(&show("etcd"), &state, 0);
        let error = systemctl::enable(&script.host("m1"), &["etcd"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`etcd` on `m1`: wanted a unit that can be enabled, found {found}")
        );
    }
}

#[test]
fn disable_has_nothing_to_do_for_absent_and_masked_units() {
    let answer = format!("{}\n{}", absent("a"), masked("b"));
    let script = Scripted::new().on(&show("a b"), &answer, 0);
    assert!(
        !systemctl::disable(&script.host("m1"), &["a", "b"])
            .unwrap()
            .changed
    );
}

#[test]
fn a_unit_whose_file_lies_in_etc_is_held_by_a_drop_in() {
    let own = down("node").replace("/usr/lib/systemd", "/etc/systemd");
    let held = own.replace(
        "DropInPaths=",
        "DropInPaths=/etc/systemd/system/node.service.d/00-ocpdg-held.conf",
    );
    let script = Scripted::new()
        .on(&show("api node"), &format!("{}\n{own}", down("api")), 0)
        .on(&show("api node"), &format!("{}\n{held}", masked("api")), 0)
        .reply("stat ...", directory("/etc/systemd/system/node.service.d"))
        .file(
            "/etc/systemd/system/node.service.d/00-ocpdg-held.conf",
            None,
        )
        .on("systemctl daemon-reload", "", 0)
        .on("systemctl mask -- api", "", 0);
    let change = systemctl::mask(&script.host("m1"), &["api", "node"]).unwrap();
    assert!(change.changed && change.after.iter().all(|state| state.masked));
    let text = script.content("/etc/systemd/system/node.service.d/00-ocpdg-held.conf");
    assert!(text.contains("RefuseManualStart=yes\n"));
    assert!(
        text.contains(
            "ConditionPathExists=!/etc/systemd/system/node.service.d/00-ocpdg-held.conf\n"
        )
    );
    script.assert_shell_is_well_formed();

    let script = Scripted::new()
        .on(&show("api node"), &format!("{}\n{held}", masked("api")), 0)
        .on(&show("api node"), &format!("{}\n{own}", down("api")), 0)
        .on(
            "rm -f -- /etc/systemd/system/node.service.d/00-ocpdg-held.conf && ...",
            "",
            0,
        )
        .on("systemctl unmask -- api", "", 0);
    assert!(
        systemctl::unmask(&script.host("m1"), &["api", "node"])
            .unwrap()
            .changed
    );
    assert_eq!(script.changes().len(), 2);
    script.assert_shell_is_well_formed();
}

#[test]
fn halt_masks_what_it_has_just_seen_stopped() {
    let script = Scripted::new()
        .on(&show("api"), &up("api"), 0)
        .on(&show("api"), &down("api"), 0)
        .on(&show("api"), &masked("api"), 0)
        .on("systemctl stop -- api", "", 0)
        .on("systemctl mask -- api", "", 0);
    let host = script.host("m1");
    let change = systemctl::halt(&host, &["api"]).unwrap();
    assert!(change.changed && change.before[0].active == "active" && change.after[0].masked);
    assert_eq!(script.lines().len(), 5);
    assert!(!systemctl::halt(&host, &["api"]).unwrap().changed);
    assert_eq!(script.changes().len(), 2);
}

#[test]
fn a_restart_between_two_looks_shows_in_the_time_since_when_a_unit_without_a_process_is_active() {
    let unit = |time: &str| up("net").replace("=812", "=0").replace("09:31:10", time);
    let script = Scripted::new().on(&show("net"), &unit("09:31:10"), 0).on(
        &show("net"),
        &unit("09:31:12"),
        0,
    );
    systemctl::wait_stable(&script.host("m1"), &["net"], 1, 5).unwrap();
    assert_eq!(script.lines().len(), 3);
}

#[test]
fn wait_stable_is_not_deceived_by_restarts() {
    let turn = Arc::new(Mutex::new(0));
    let script = Scripted::new()
        .with(&show("api"), move |_| {
            let mut turn = turn.lock().unwrap();
            *turn += 1;
            Reply::new(block("api", "active", "running", *turn, "enabled"), 0)
        })
        .on(
            "journalctl -u api --no-pager -n 30",
            "Invalid MasterConfig\n",
            0,
        );
    let error = systemctl::wait_stable(&script.host("m1"), &["api"], 2, 3).unwrap_err();
    assert_eq!(
        error.to_string(),
        "services `api` on `m1`: wanted active without a restart for 2 s, \
         found `api` active (running), 2 changes of main process within 3 s"
    );
    assert_eq!(error.details(), ["Invalid MasterConfig"]);

    let script = Scripted::new().on(&show("api"), &up("api"), 0);
    let states = systemctl::wait_stable(&script.host("m1"), &["api"], 1, 5).unwrap();
    assert_eq!(states[0].main_pid, 812);
    assert_eq!(script.lines().len(), 2);
}

#[test]
fn the_journal_never_follows_and_never_pages() {
    let script = Scripted::new()
        .on("journalctl -u etcd --no-pager -n 200", "a\nb\n", 0)
        .on(
            "journalctl -u etcd --no-pager --since=@1522920670",
            "b\n",
            0,
        );
    let host = script.host("m1");
    assert_eq!(
        systemctl::journal(&host, "etcd", Part::Lines(200)).unwrap(),
        "a\nb"
    );
    assert_eq!(
        systemctl::journal(&host, "etcd", Part::Since(1_522_920_670)).unwrap(),
        "b"
    );
}

fn drop_in(text: &str) -> String {
    let path = "/etc/systemd/system/etcd.service.d/temp.conf";
    let text = base64::engine::general_purpose::STANDARD.encode(text);
    format!("{path}\n{text}\n")
}

/// What `stat` says of a directory at `path`.
fn directory(path: &str) -> Reply {
    Reply::new(format!("41ed\t1\troot\troot\t1\t1\t?\t{path}\0"), 0)
}

/// What `stat` says where nothing is at `path`.
fn no_directory(path: &str) -> Reply {
    Reply::new("", 1).stderr(format!("{path}: No such file or directory\n"))
}

#[test]
fn a_drop_in_is_written_once_and_verified() {
    let read = up("etcd").replace(
        "DropInPaths=",
        "DropInPaths=/etc/systemd/system/etcd.service.d/temp.conf",
    );
    let script = Scripted::new()
        .on(
            "for f in /usr/lib/systemd/system/etcd.service.d/*.conf ...",
            "",
            0,
        )
        .on(
            "for f in /usr/lib/systemd/system/etcd.service.d/*.conf ...",
            &drop_in("[Service]\n"),
            0,
        )
        .on(&show("etcd"), &up("etcd"), 0)
        .on(&show("etcd"), &read, 0)
        .reply(
            "stat ...",
            no_directory("/etc/systemd/system/etcd.service.d"),
        )
        .reply("stat ...", directory("/etc/systemd/system/etcd.service.d"))
        .on(
            "mkdir -p -m 0755 -- /etc/systemd/system/etcd.service.d",
            "",
            0,
        )
        .file("/etc/systemd/system/etcd.service.d/temp.conf", None)
        .on("systemctl daemon-reload", "", 0);

    let host = script.host("m1");
    let write = || systemctl::write_drop_in(&host, "etcd", "temp.conf", "[Service]\n").unwrap();
    let change = write();
    assert_eq!((change.changed, change.before), (true, None));
    assert_eq!(change.after.as_deref(), Some("[Service]\n"));
    assert!(!write().changed);
    assert_eq!(
        script.content("/etc/systemd/system/etcd.service.d/temp.conf"),
        "[Service]\n"
    );
    assert_eq!(script.changes().len(), 3);
    assert_eq!(script.changes()[2], "systemctl daemon-reload");
    script.assert_shell_is_well_formed();
    let error = systemctl::write_drop_in(&host, "etcd", "../x.conf", "").unwrap_err();
    assert!(matches!(*error.kind, Kind::Invalid { .. }));
}

#[test]
fn a_removed_drop_in_that_is_still_in_force_is_reloaded() {
    let read = up("etcd").replace(
        "DropInPaths=",
        "DropInPaths=/etc/systemd/system/etcd.service.d/temp.conf",
    );
    let script = Scripted::new()
        .on(
            "for f in /usr/lib/systemd/system/etcd.service.d/*.conf ...",
            "",
            0,
        )
        .on(&show("etcd"), &read, 0)
        .on(&show("etcd"), &up("etcd"), 0)
        .on(
            "rm -f -- /etc/systemd/system/etcd.service.d/temp.conf && ...",
            "",
            0,
        );
    let host = script.host("m1");
    assert!(
        systemctl::remove_drop_in(&host, "etcd", "temp.conf")
            .unwrap()
            .changed
    );
    assert!(
        !systemctl::remove_drop_in(&host, "etcd", "temp.conf")
            .unwrap()
            .changed
    );
}
