//! `host.yum`: packages.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, Words, tool};
use crate::primitive::yum;

tool!(
    /// The packages of a host or a group.
    Yum,
    "yum"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    let mut verbs = Verbs::<Yum>::begin(
        module,
        run,
        r#"/// Packages: rpm's word on what is there, and yum's transactions.
        /// ```rhai
        /// let host = cluster::nodes.first;
        /// note(`${host.yum.installed(["docker*", "atomic-openshift*"])}`);
        /// if host.yum.lock() != () { warn("yum is at work"); }
        /// ```"#,
    );
    looks(&mut verbs);
    changes(&mut verbs);
}

fn looks(verbs: &mut Verbs<'_, Yum>) {
    verbs
        .one(
            "installed",
            "names",
            "/// What is installed of `names` (patterns too), as a map of name to version-release.",
            |host, names: &Words| yum::installed(host, &names.list()),
        )
        .two(
            "available",
            ["names", "repositories"],
            r#"/// What the repositories offer of `names`, as a map of name to versions, oldest first.
            /// `repositories`: `disable` and `enable`, for this look only.
            /// ```rhai
            /// let repos = #{ enable: ["rhel-7-server-ose-3.7-rpms"] };
            /// note(`${cluster::first_master.yum.available("atomic-openshift", repos)}`);
            /// ```"#,
            |host, names: &Words, repos: &yum::Repos| yum::available(host, &names.list(), repos),
        )
        .two(
            "offers",
            ["names", "repositories"],
            "/// What the repositories offer of `names`, as a map of name to `versions`, `visible` (those that yum takes\n\
             /// once the excluders are lifted) and `hidden_by` (what keeps the others from it).",
            |host, names: &Words, repos: &yum::Repos| yum::offers(host, &names.list(), repos),
        )
        .zero("excludes", "/// The patterns of `exclude=` in /etc/yum.conf.", yum::excludes)
        .zero("version_locks", "/// The patterns of yum's versionlock plugin.", yum::version_locks)
        .zero("lock", "/// Who holds yum's lock (`pid`, `command`, `since`), or `()`.", yum::lock)
        .zero(
            "pending_transactions",
            "/// Transactions that yum began and did not finish.",
            yum::pending_transactions,
        )
        .zero("flavor", "/// `atomic-openshift` or `origin`, whichever is installed, or `()`.", yum::flavor)
        .one(
            "upgrade_start",
            "prefix",
            "/// The earliest trace of the upgrade (`time` in seconds since 1970, `evidence`, `replaced`: the version that\n\
             /// it took away, or `()`), or `()`.",
            |host, prefix: &String| yum::upgrade_start(host, prefix),
        );
}

fn changes(verbs: &mut Verbs<'_, Yum>) {
    const INSTALL: &str = r#"/// Installs `names`; afterwards rpm has each at the wanted version.
        /// Options: `version` (`3.7`, or `3.7.23`), `versions` (by name), `from` (a directory of packages fetched
        /// before, which need no repository), `enable_repos`, `disable_repos`, `disable_excludes`, `lock_wait_secs` (600).
        /// ```rhai
        /// let host = cluster::nodes.first;
        /// host.yum.unexclude();
        /// host.yum.remove(["atomic-openshift-node", "atomic-openshift-sdn-ovs"]);
        /// host.yum.install("atomic-openshift-node", #{ version: "3.9" });
        /// host.yum.exclude();
        /// ```"#;
    verbs
        .two(
            "download",
            ["names", "options"],
            "/// Fetches the packages `names` into `directory` on the host, without installing them.\n\
             /// Options: `directory`, `version`, `versions`, `enable_repos`, `disable_repos`.",
            |host, names: &Words, options: &yum::Download| yum::download(host, &names.list(), options),
        )
        .one("install", "names", INSTALL, |host, names: &Words| {
            yum::install(host, &names.list(), &yum::Install::default())
        })
        .two("install", ["names", "options"], INSTALL, |host, names: &Words, options: &yum::Install| {
            yum::install(host, &names.list(), options)
        })
        .one("remove", "names", "/// Removes `names`; afterwards rpm has none of them.", |host, names: &Words| {
            yum::remove(host, &names.list(), &yum::Remove::default())
        })
        .two(
            "remove",
            ["names", "options"],
            "/// Removes `names`. Options: `lock_wait_secs` (600).",
            |host, names: &Words, options: &yum::Remove| yum::remove(host, &names.list(), options),
        )
        .zero("unexclude", "/// Lifts the excluders' patterns from /etc/yum.conf; a site's own stay.", yum::unexclude)
        .zero("exclude", "/// Has the excluders put their patterns into /etc/yum.conf.", yum::exclude);
}
