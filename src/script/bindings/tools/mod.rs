//! The tools of hosts and groups, one per file: `host.yum`, `host.etcd`, ...

mod backup;
mod command;
mod docker;
mod etcd;
mod file;
mod oc;
mod openssl;
mod port;
mod ports;
mod repos;
mod systemctl;
mod yum;

use std::sync::Arc;

use rhai::Module;

use super::super::hosts::Group;
use crate::procedure::Run;

/// Puts every tool into `module`; `everyone` are the hosts that can be named.
pub fn register(module: &mut Module, run: &Arc<Run>, everyone: &Group) {
    backup::register(module, run);
    command::register(module, run);
    docker::register(module, run);
    etcd::register(module, run, everyone);
    file::register(module, run);
    oc::register(module, run);
    openssl::register(module, run);
    port::register(module, run);
    ports::register(module, run);
    repos::register(module, run);
    systemctl::register(module, run);
    yum::register(module, run);
}
