//! `host.backup`: finding, choosing and evacuating backups.

use rhai::{Dynamic, Module, NativeCallContext};
use std::path::PathBuf;

use super::super::super::convert::{self, ScriptResult};
use super::super::current::CurrentRun;
use super::super::function;
use super::super::verb::{Verbs, Words, tool};
use crate::primitive::{backup, etcd};

tool!(
    /// The backups of a host or a group.
    Backup,
    "backup"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Backup>::begin(module, run, r#"/// Backups: finding, judging, choosing and evacuating them.
        /// ```rhai
        /// let host = cluster::first_master;
        /// for copy in host.backup.candidates("/etc/origin/master/master-config.yaml", []) {
        ///     note(`${copy.path}: ${copy.verdict}`);
        /// }
        /// ```"#)
        .two(
            "candidates",
            ["path", "directories"],
            "/// Every copy of the configuration file `path` beside it and in `directories`, earliest first, each\n\
             /// with a `verdict` on its content.",
            |host, path: &String, dirs: &Words| backup::config_candidates(host, path, &dirs.list()),
        )
        .three(
            "choose",
            ["path", "directories", "upgrade_started"],
            "/// The copy of `path` to put back: the earliest of this upgrade whose content 3.7 starts with, else\n\
             /// one of `directories`, else the file itself if it passes. Returns `path`, `reason`, `candidates`, and\n\
             /// `missing_console_files`.",
            |host, path: &String, dirs: &Words, started: &i64| {
                backup::choose_config(host, path, &dirs.list(), *started)
            },
        )
        .three(
            "choose_all",
            ["paths", "directories", "upgrade_started"],
            "/// As `choose` for each of `paths`, looked at together. Each has `path`, whether it `exists`, whether it\n\
             /// `has_candidates`, and its `choice`, or `()` and the `trouble`, a list of lines.",
            |host, paths: &Words, dirs: &Words, started: &i64| {
                backup::choose_configs(host, &paths.list(), &dirs.list(), *started)
            },
        )
        .two(
            "etcd_candidates",
            ["directories", "sources"],
            "/// Every etcd backup, earliest first: `openshift-backup-*` in `directories`, and whatever holds etcd's\n\
             /// data in `sources`. Each has `host`, `path`, `tag`, `taken`, `size`.",
            |host, dirs: &Words, sources: &Words| {
                backup::etcd_candidates(host, &dirs.list(), &sources.list())
            },
        )
        .one(
            "etcd_backup",
            "path",
            "/// The etcd backup at `path`, whoever made it: a directory or a snapshot file.",
            |host, path: &String| backup::etcd_backup(host, path),
        )
        .one(
            "prove",
            "path",
            r#"/// Restores a copy of the etcd backup at `path` aside. Returns the `proof` that the destructive verbs
            /// ask for, or `()` and the `reason` why the backup is no good. A trial that cannot be made is an error.
            /// ```rhai
            /// let host = cluster::first_etcd;
            /// for backup in host.backup.etcd_candidates(["/var/lib/etcd"], []) {
            ///     let tried = host.backup.prove(backup.path);
            ///     note(`${backup.path}: ${if tried.proof == () { tried.reason } else { "good" }}`);
            /// }
            /// ```"#,
            |host, path: &String| backup::prove(host, path, etcd::SCRATCH),
        )
        .two(
            "evacuate",
            ["sources", "directory"],
            r#"/// Copies `sources` (patterns too) below `directory`, root's alone, and compares every file; the
            /// first verified copy is never replaced. `after` is the evidence that destructive verbs ask for.
            /// ```rhai
            /// let done = cluster::first_master.backup.evacuate(["/etc/origin", "/etc/yum.conf"], "/var/lib/ocpdg/by-hand");
            /// note(`${done.after.files} files`);
            /// ```"#,
            |host, sources: &Words, dir: &String| backup::evacuate(host, &sources.list(), dir),
        )
        .two(
            "secure",
            ["sources", "directory"],
            "/// Does what `capture_state` and `evacuate` do; `after` is the evidence of `evacuate`.",
            |host, sources: &Words, dir: &String| backup::secure(host, &sources.list(), dir),
        )
        .one(
            "capture_state",
            "directory",
            "/// Records which packages are installed and which units are enabled in `directory`/state.",
            |host, dir: &String| backup::capture_state(host, dir),
        )
        .two(
            "fetch",
            ["directory", "local"],
            "/// Brings `directory` to the controller as `local`/HOST.tar and compares it.",
            |host, dir: &String, local: &PathBuf| backup::fetch_to_controller(host, dir, local),
        );
    choices(module);
}

/// What is decided over all hosts.
fn choices(module: &mut Module) {
    function(
        "choose_etcd_backup",
        &["candidates: array", "upgrade_started: int", "installed"],
        r#"/// The order in which to try etcd backups: `order` (the first taken on the day of the upgrade, one a
        /// host) and `rejected`, each with `backup` and `reason`. `installed` is when the first package of 3.8
        /// or 3.9 came, or `()`.
        /// ```rhai
        /// let host = cluster::first_etcd;
        /// let candidates = host.backup.etcd_candidates(["/var/lib/etcd"], []);
        /// let installed = host.yum.upgrade_start("atomic-openshift").time;
        /// let start = find_upgrade_start(installed, candidates, []);
        /// for one in choose_etcd_backup(candidates, start.time, installed).order { note(one.reason); }
        /// ```"#,
    )
    .set_into_module(
        module,
        |ctx: NativeCallContext, candidates: Dynamic, started: i64, installed: Dynamic| -> ScriptResult {
            const CALL: &str = "choose_etcd_backup";
            let choose = || {
                let candidates: Vec<backup::EtcdBackup> =
                    convert::argument(CALL, "candidates", &candidates)?;
                let installed: Option<i64> = convert::argument(CALL, "installed", &installed)?;
                convert::result(&backup::choose_etcd(&candidates, started, installed))
            };
            choose().map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    function(
        "find_upgrade_start",
        &["installed: int", "etcd_backups: array", "configurations: array"],
        r#"/// When the upgrade began whose first package came at `installed`: `time` (seconds since 1970) and
        /// `evidence`, the earliest of its etcd backups and of its copies of configuration files.
        /// ```rhai
        /// let host = cluster::first_master;
        /// let copies = host.backup.candidates("/etc/origin/master/master-config.yaml", []);
        /// let installed = host.yum.upgrade_start("atomic-openshift").time;
        /// let start = find_upgrade_start(installed, [], copies);
        /// note(`${time_of(start.time)}, ${start.evidence}`);
        /// ```"#,
    )
    .set_into_module(
        module,
        |ctx: NativeCallContext, installed: i64, backups: Dynamic, configurations: Dynamic| -> ScriptResult {
            const CALL: &str = "find_upgrade_start";
            let find = || {
                let backups: Vec<backup::EtcdBackup> =
                    convert::argument(CALL, "etcd_backups", &backups)?;
                let configurations: Vec<backup::Candidate> =
                    convert::argument(CALL, "configurations", &configurations)?;
                convert::result(&backup::upgrade_started(installed, &backups, &configurations))
            };
            find().map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
    function(
        "time_of",
        &["epoch: int"],
        r#"/// Seconds since 1970 as a date and a time in UTC: `2018-04-05 09:15:02 UTC`.
        /// ```rhai
        /// note(time_of(1522919702));
        /// ```"#,
    )
    .set_into_module(module, |epoch: i64| -> ScriptResult<String> {
        Ok(backup::stamp(epoch))
    });
}
