//! `host.openssl`: certificates.

use rhai::Module;

use super::super::current::CurrentRun;
use super::super::verb::{Verbs, tool};
use crate::primitive::openssl;

tool!(
    /// The certificates of a host or a group.
    Openssl,
    "openssl"
);

/// Puts the tool into `module`.
pub fn register(module: &mut Module, run: &CurrentRun) {
    Verbs::<Openssl>::begin(module, run, r#"/// Certificates.
        /// ```rhai
        /// let found = cluster::first_etcd.openssl.certificate("/etc/etcd/server.crt", []);
        /// note(`${found.condition}, until ${found.expires}`);
        /// ```"#).two(
        "certificate",
        ["path", "urls"],
        "/// The certificate at `path`: `condition` (`good`, `expiring` within 7 days, `damaged`, `missing`),\n\
         /// `expires`, `names`, and in `lacks` the hosts of the `https` URLs in `urls` that it is not for.",
        |host, path: &String, urls: &Vec<String>| openssl::certificate(host, path, urls),
    );
}
