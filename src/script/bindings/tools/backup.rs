//! `host.backup`: finding, choosing and evacuating backups.

use std::path::PathBuf;
use std::sync::Arc;

use rhai::{Dynamic, Module, NativeCallContext};

use super::super::super::convert::{self, ScriptResult};
use super::super::function;
use super::super::verb::{Verbs, Words, tool};
use crate::primitive::backup;
use crate::procedure::Run;

tool!(
    /// The backups of a host or a group.
    Backup,
    "backup"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &Arc<Run>) {
    Verbs::<Backup>::begin(module, run, "Backups: finding, judging, choosing and evacuating them.")
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
             /// the file itself if it passes. Returns `path`, `rule`, `candidates`.",
            |host, path: &String, dirs: &Words, started: &i64| {
                backup::choose_config(host, path, &dirs.list(), *started)
            },
        )
        .one(
            "etcd_candidates",
            "directories",
            "/// Every etcd backup in `directories`, earliest first: `host`, `path`, `tag`, `taken`, `size`.",
            |host, dirs: &Words| backup::etcd_candidates(host, &dirs.list()),
        )
        .two(
            "evacuate",
            ["sources", "directory"],
            "/// Copies `sources` (patterns too) below `directory`, root's alone, and compares every file; the\n\
             /// first verified copy is never replaced. `after` is the evidence that destructive verbs ask for.",
            |host, sources: &Words, dir: &String| backup::evacuate(host, &sources.list(), dir),
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
    function(
        "choose_etcd_backup",
        &["candidates: array", "upgrade_started: int"],
        "/// The order in which to try etcd backups: `order` (the first taken on the day of the upgrade, one a\n\
         /// host) and `rejected`, each with `backup` and `reason`.",
    )
    .set_into_module(
        module,
        |ctx: NativeCallContext, candidates: Dynamic, started: i64| -> ScriptResult {
            convert::argument("choose_etcd_backup", "candidates", &candidates)
                .and_then(|candidates: Vec<backup::EtcdBackup>| backup::choose_etcd(&candidates, started))
                .and_then(|choice| convert::result(&choice))
                .map_err(|error| convert::throw(error, ctx.call_position()))
        },
    );
}
