//! `etcdctl` commands, written out: API, certificates and endpoints never left to defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use super::conf::EtcdConf;
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::transport::Command;

/// How long `etcdctl` itself may wait for an answer.
pub(super) const ANSWER_WITHIN: &str = "5s";

/// A command of the v3 API that asks `endpoints` (those of `conf` if empty); it only looks.
///
/// Source: OCP 3.9 Restoring etcd, the helper `etcdctl3`.
pub fn v3(conf: &EtcdConf, endpoints: &[String], arguments: &[&str]) -> Command {
    let mut argv = vec!["etcdctl".to_owned()];
    for (flag, value) in [
        ("--cert", &conf.cert_file),
        ("--key", &conf.key_file),
        ("--cacert", &conf.ca_file),
    ] {
        if let (true, Some(value)) = (uses_tls(conf, endpoints), value) {
            argv.extend([flag.to_owned(), value.clone()]);
        }
    }
    argv.extend(["--endpoints".to_owned(), joined(conf, endpoints)]);
    argv.extend([
        format!("--dial-timeout={ANSWER_WITHIN}"),
        format!("--command-timeout={ANSWER_WITHIN}"),
    ]);
    argv.extend(arguments.iter().map(|&word| word.to_owned()));
    Command::reads(argv)
        .env("ETCDCTL_API", "3")
        .timeout(Duration::from_secs(60))
}

/// A command of the v2 API that asks `endpoints` (those of `conf` if empty); it only looks.
///
/// Source: OCP 3.9 Restoring etcd, the helper `etcdctl2`.
pub fn v2(conf: &EtcdConf, endpoints: &[String], arguments: &[&str]) -> Command {
    let mut argv = vec!["etcdctl".to_owned()];
    for (flag, value) in [
        ("--cert-file", &conf.cert_file),
        ("--key-file", &conf.key_file),
        ("--ca-file", &conf.ca_file),
    ] {
        if let (true, Some(value)) = (uses_tls(conf, endpoints), value) {
            argv.extend([flag.to_owned(), value.clone()]);
        }
    }
    argv.extend(["-C".to_owned(), joined(conf, endpoints)]);
    argv.extend(["--timeout".to_owned(), ANSWER_WITHIN.to_owned()]);
    argv.extend(arguments.iter().map(|&word| word.to_owned()));
    Command::reads(argv)
        .env("ETCDCTL_API", "2")
        .timeout(Duration::from_secs(60))
}

fn joined(conf: &EtcdConf, endpoints: &[String]) -> String {
    if endpoints.is_empty() {
        conf.client_urls.join(",")
    } else {
        endpoints.join(",")
    }
}

fn uses_tls(conf: &EtcdConf, endpoints: &[String]) -> bool {
    joined(conf, endpoints).contains("https://")
}

/// The same command, as one that changes something.
pub(super) fn changing(mut command: Command) -> Command {
    command.effect = crate::transport::Effect::Changes;
    command
}

/// The JSON that `command` printed, its numbers kept whole up to 64 bits without a sign.
pub(super) fn json(host: &Host, command: &Command) -> Result<serde_json::Value> {
    let output = host.run(command)?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let subject = format!("the answer of `{}`", command.line());
        Error::state(host.name(), subject, "JSON", error.to_string()).with_evidence(output.text())
    })
}

/// v2 keys that nobody uses: what the migration to v3 left behind, and the manual's own example.
const LEFTOVERS: [&str; 3] = ["/kubernetes.io", "/openshift.io", "/message"];

/// How many keys there are in the v2 data below each top-level directory; OpenShift's own of before
/// the migration to v3, and directories without keys, are left out. A restore of the v3 data loses
/// all of them.
///
/// # Errors
/// `Command` if etcd does not answer.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Restoring etcd v2 & v3 data.
pub fn v2_keys(host: &Host, conf: &EtcdConf) -> Result<BTreeMap<String, usize>> {
    let list = |arguments: &[&str]| -> Result<Vec<String>> {
        let text = host.run(&v2(conf, &[], arguments))?.text();
        Ok(text.lines().map(|line| line.trim().to_owned()).collect())
    };
    let mut counts = BTreeMap::new();
    // `-p` ends directories in a slash.
    for entry in list(&["ls", "-p", "/"])? {
        let top = entry.trim_end_matches('/');
        if top.is_empty() || LEFTOVERS.contains(&top) {
            continue;
        }
        let keys = if entry.ends_with('/') {
            let below = list(&["ls", "-p", "--recursive", top])?;
            below.iter().filter(|key| !key.ends_with('/')).count()
        } else {
            1
        };
        if keys > 0 {
            counts.insert(top.to_owned(), keys);
        }
    }
    Ok(counts)
}

/// How many keys there are below `prefix`, in the v3 data.
///
/// # Errors
/// `Command` if etcd does not answer; `State` if the answer is odd.
pub fn keys_below(host: &Host, conf: &EtcdConf, prefix: &str) -> Result<u64> {
    let arguments = [
        "get",
        prefix,
        "--prefix",
        "--keys-only",
        "--limit=1",
        "-w",
        "json",
    ];
    let answer = json(host, &v3(conf, &[], &arguments))?;
    // A count of 0 is left out.
    Ok(answer["count"].as_u64().unwrap_or(0))
}
