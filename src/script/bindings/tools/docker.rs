//! `host.docker`: the container engine.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::primitive::docker;

tool!(
    /// Docker on a host or a group.
    Docker,
    "docker"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    const SWAP: &str = r#"/// Brings docker's packages to `version`; its settings stay. Returns `notes` beside the change.
        /// Options: `from` (a directory of packages fetched before, which need no repository).
        /// ```rhai
        /// let host = cluster::nodes.first;
        /// host.yum.unexclude();
        /// host.docker.swap("1.12.6");
        /// host.docker.remove_deferred_deletion();
        /// host.docker.restart("1.12.6");
        /// ```"#;
    Verbs::<Docker>::begin(module, run, r#"/// Docker: versions, containers, images, and swapping it.
        /// ```rhai
        /// for answer in cluster::nodes.docker.version() { note(`${answer.host}: ${answer.value.server}`); }
        /// ```"#)
        .zero(
            "version",
            "/// The versions of the `client`, the running `server` and the package `installed`; `()` for what is not there.",
            docker::version,
        )
        .zero("containers", "/// The ids of all containers, stopped ones too.", docker::containers)
        .zero("container_names", "/// The names of all containers, stopped ones too.", docker::container_names)
        .one(
            "registry",
            "node_config",
            "/// The registry that the node's configuration at `node_config` takes images from: `name`, `url`, whether\n\
             /// it `answers`, and in `detail` how; `()` where there is no such file.",
            |host, path: &String| docker::registry(host, path),
        )
        .zero("images", "/// The ids of all images.", docker::images)
        .zero("remove_all", "/// Removes every container and every image; there are no copies.", docker::remove_all)
        .zero(
            "parts",
            "/// The packages that `swap` will bring: docker, and what was built with the installed one.",
            docker::parts,
        )
        .one("swap", "version", SWAP, |host, version: &String| {
            docker::swap(host, version, &docker::Swap::default())
        })
        .two("swap", ["version", "options"], SWAP, |host, version: &String, options: &docker::Swap| {
            docker::swap(host, version, options)
        })
        .zero(
            "swap_unfinished",
            "/// Whether a swap was cut off half way on the host.",
            docker::swap_unfinished,
        )
        .zero(
            "remove_deferred_deletion",
            "/// Takes `dm.use_deferred_deletion` out of docker's storage options: 1.12 does not know it.",
            docker::remove_deferred_deletion,
        )
        .one("restart", "version", "/// Restarts docker; afterwards the daemon is `version`.", |host, version: &String| {
            docker::restart(host, Some(version))
        });
}
