//! `host.systemctl`: services and their enable states.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, Words, tool};
use crate::primitive::systemctl;

tool!(
    /// The services of a host or a group.
    Systemctl,
    "systemctl"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Systemctl>::begin(module, run, r#"/// The services: state, start, stop, enable, mask.
        /// ```rhai
        /// let host = cluster::first_master;
        /// host.systemctl.restart("atomic-openshift-master-api");
        /// host.systemctl.wait_stable("atomic-openshift-master-api", #{ for_secs: 10 });
        /// ```"#)
        .one(
            "show",
            "units",
            "/// The state of `units`, in their order: `unit`, `load`, `active`, `sub`, `enabled`, `masked`, `main_pid`.",
            |host, units: &Words| systemctl::show(host, &units.list()),
        )
        .one("stop", "units", "/// Stops `units`; a unit that does not exist is as good as stopped.", |host, units: &Words| {
            systemctl::stop(host, &units.list())
        })
        .one("halt", "units", r#"/// Stops `units` and masks them, so that nothing starts them again.
        /// ```rhai
        /// cluster::masters.systemctl.halt(["atomic-openshift-master-api", "atomic-openshift-master-controllers"]);
        /// ```"#, |host, units: &Words| {
            systemctl::halt(host, &units.list())
        })
        .one("start", "units", "/// Starts `units` that are not active.", |host, units: &Words| {
            systemctl::start(host, &units.list())
        })
        .one("restart", "units", "/// Restarts `units`.", |host, units: &Words| {
            systemctl::restart(host, &units.list())
        })
        .one("enable", "units", "/// Lets `units` start at boot.", |host, units: &Words| {
            systemctl::enable(host, &units.list())
        })
        .one("enable_now", "units", "/// Lets `units` start at boot, and starts them.", |host, units: &Words| {
            systemctl::enable_now(host, &units.list())
        })
        .one("disable", "units", "/// Keeps `units` from starting at boot.", |host, units: &Words| {
            systemctl::disable(host, &units.list())
        })
        .one("mask", "units", "/// Keeps `units` from being started by anything.", |host, units: &Words| {
            systemctl::mask(host, &units.list())
        })
        .one("unmask", "units", "/// Takes back `mask`.", |host, units: &Words| {
            systemctl::unmask(host, &units.list())
        })
        .one("is_active", "unit", "/// Whether `unit` runs.", |host, unit: &String| {
            systemctl::is_active(host, unit)
        })
        .one("is_enabled", "unit", "/// Whether `unit` starts at boot.", |host, unit: &String| {
            systemctl::is_enabled(host, unit)
        })
        .zero("daemon_reload", "/// Makes systemd read its unit files again.", systemctl::daemon_reload)
        .one("drop_ins", "unit", "/// The drop-ins of `unit`: `path`, `text`.", |host, unit: &String| {
            systemctl::drop_ins(host, unit)
        })
        .two(
            "wait_stable",
            ["units", "options"],
            "/// Waits until `units` stay active with the same main process for `for_secs` (30), within\n\
             /// `timeout_secs` (300).",
            |host, units: &Words, options: &Stable| {
                systemctl::wait_stable(host, &units.list(), options.for_secs, options.timeout_secs)
            },
        )
        .two("journal", ["unit", "lines"], r#"/// The last `lines` lines of the journal of `unit`.
        /// ```rhai
        /// note(cluster::first_etcd.systemctl.journal("etcd", 20));
        /// ```"#, |host, unit: &String, lines: &u32| {
            systemctl::journal(host, unit, systemctl::Part::Lines(*lines))
        });
}

/// The options of `wait_stable`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stable {
    for_secs: u64,
    timeout_secs: u64,
}

impl Default for Stable {
    fn default() -> Self {
        Self {
            for_secs: 30,
            timeout_secs: 300,
        }
    }
}
