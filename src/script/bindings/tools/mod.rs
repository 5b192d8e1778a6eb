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

pub use command::typed;

use super::current::CurrentRun;
use rhai::Module;

/// Puts every tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    backup::register(module, run);
    command::register(module, run);
    docker::register(module, run);
    etcd::register(module, run);
    file::register(module, run);
    oc::register(module, run);
    openssl::register(module, run);
    port::register(module, run);
    ports::register(module, run);
    repos::register(module, run);
    systemctl::register(module, run);
    yum::register(module, run);
}
