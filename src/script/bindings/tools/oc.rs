//! `host.oc`: what the cluster says of itself, asked on a master.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::primitive::oc;

tool!(
    /// The OpenShift client on a master.
    Oc,
    "oc"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Oc>::begin(
        module,
        run,
        r#"/// What the cluster says of itself, asked on a master.
        /// ```rhai
        /// for node in cluster::first_master.oc.nodes() {
        ///     if !node.ready { warn(`${node.name} is not ready`); }
        /// }
        /// ```"#,
    )
    .zero(
        "nodes",
        "/// `oc get nodes`: `name`, `ready`, `schedulable`, `master` (labelled as one), `kubelet_version`.",
        oc::nodes,
    )
    .two(
        "images",
        ["namespace", "name"],
        "/// The images of a deployment configuration, or `()` if it is not deployed.",
        |host, namespace: &String, name: &String| oc::images(host, namespace, name),
    )
    .one(
        "pods",
        "namespace",
        "/// `oc get pods`: `name`, `phase`, `ready`, `containers`, `node`.",
        |host, namespace: &String| oc::pods(host, namespace),
    )
    .zero(
        "healthz",
        "/// The API's own `healthz/ready`: `ok`, `answer`.",
        |host| oc::healthz(host, None, "healthz/ready"),
    )
    .zero(
        "controllers_healthz",
        "/// The controllers' own `healthz`: `ok`, `answer`.",
        oc::controllers_healthz,
    )
    .zero(
        "etcd_urls",
        "/// The etcd members that this master asks: `etcdClientInfo.urls` of its master-config.yaml.",
        oc::etcd_urls,
    )
    .zero(
        "version",
        "/// `oc version`: `client`, `server`.",
        oc::version,
    )
    .zero(
        "diagnostics",
        "/// `oc adm diagnostics`: `errors`, `warnings`, `messages`, `complete` (false: the cluster was not looked at).",
        oc::diagnostics,
    );
}
