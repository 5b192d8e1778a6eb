//! `host.repos`: repositories.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::primitive::repos;

tool!(
    /// The repositories of a host or a group.
    Repos,
    "repos"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Repos>::begin(
        module,
        run,
        r#"/// Repositories: which are enabled, and switching them.
        /// ```rhai
        /// cluster::nodes.repos.change(#{
        ///     disable: ["rhel-7-server-ose-3.9-rpms"],
        ///     enable: ["rhel-7-server-ose-3.7-rpms"],
        /// });
        /// ```"#,
    )
    .zero(
        "enabled",
        "/// The ids of the enabled repositories.",
        repos::enabled,
    )
    .one(
        "enabled_after",
        "options",
        "/// The ids of the repositories that `change` with these options would leave enabled.",
        |host, options: &repos::Switch| repos::enabled_after(host, options),
    )
    .one(
        "change",
        "options",
        "/// Disables and enables repositories. Options: `disable`, `enable`, `method` (`auto`,\n\
             /// `subscription-manager`, `yum-config-manager`, `repo-files`).",
        |host, options: &repos::Switch| repos::switch(host, options),
    );
}
