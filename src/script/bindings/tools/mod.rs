//! The tools of hosts and groups, one per file: `host.yum`, `host.etcd`, ...

mod command;
mod file;
mod systemctl;

use std::sync::Arc;

use rhai::Module;

use crate::procedure::Run;

/// Puts every tool into `module`.
pub fn register(module: &mut Module, run: &Arc<Run>) {
    command::register(module, run);
    file::register(module, run);
    systemctl::register(module, run);
}
