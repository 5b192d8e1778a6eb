//! The tools of hosts and groups, one per file: `host.yum`, `host.etcd`, ...

mod command;
mod docker;
mod file;
mod repos;
mod systemctl;
mod yum;

use std::sync::Arc;

use rhai::Module;

use crate::procedure::Run;

/// Puts every tool into `module`.
pub fn register(module: &mut Module, run: &Arc<Run>) {
    command::register(module, run);
    docker::register(module, run);
    file::register(module, run);
    repos::register(module, run);
    systemctl::register(module, run);
    yum::register(module, run);
}
