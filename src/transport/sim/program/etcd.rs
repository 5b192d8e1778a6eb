//! `etcd`: the daemon.

use std::collections::BTreeMap;

use super::super::certificate::Certificate;
use super::super::etcd::{self, Settings};
use super::super::process::{Ended, Process};
use super::super::stream::{Halt, Serving};
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[("etcd", etcd)];

fn etcd(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut given: BTreeMap<String, String> = process
        .environment
        .iter()
        .filter_map(|(name, value)| {
            let name = name.strip_prefix("ETCD_")?;
            Some((name.to_lowercase().replace('_', "-"), value.clone()))
        })
        .collect();
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--") else {
            return process.fail(
                1,
                format_args!(
                    "error verifying flags, '{word}' is not a valid flag. See 'etcd --help'."
                ),
            );
        };
        match flag.split_once('=') {
            Some((name, value)) => given.insert(name.to_owned(), value.to_owned()),
            None if flag == "force-new-cluster" => given.insert(flag.to_owned(), "true".to_owned()),
            None if flag == "version" => {
                process.line(format_args!("etcd Version: {}", version(process)))?;
                return Ok(0);
            }
            None => given.insert(flag.to_owned(), words.next().cloned().unwrap_or_default()),
        };
    }
    let text = |name: &str, usual: &str| {
        let value = given.get(name).filter(|value| !value.is_empty());
        value.map_or_else(
            || usual.to_owned(),
            |value| value.trim_matches('"').to_owned(),
        )
    };
    let urls = |name: &str, usual: &str| -> Vec<String> {
        text(name, usual)
            .split(',')
            .map(|url| url.trim().to_owned())
            .collect()
    };
    let name = text("name", "default");
    let peer_urls = urls("initial-advertise-peer-urls", "http://localhost:2380");
    let mut cluster: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let listed = text(
        "initial-cluster",
        &format!("{name}={}", peer_urls.join(",")),
    );
    for part in listed.split(',') {
        if let Some((member, url)) = part.split_once('=') {
            cluster
                .entry(member.to_owned())
                .or_default()
                .push(url.to_owned());
        }
    }
    for flag in [
        "trusted-ca-file",
        "cert-file",
        "key-file",
        "peer-trusted-ca-file",
        "peer-cert-file",
        "peer-key-file",
    ] {
        let path = text(flag, "");
        let readable = path.is_empty() || {
            let by = process.actor();
            process
                .here()
                .files
                .follow(&path)
                .is_ok_and(|node| by.may(node, 4))
        };
        if !readable {
            return process.fail(1, format_args!("open {path}: no such file or directory"));
        }
    }
    let certificate = process.here().files.text(&text("cert-file", ""));
    let directory = process.path(&text("data-dir", &format!("{name}.etcd")));
    let settings = Settings {
        directory,
        listen_clients: urls("listen-client-urls", "http://localhost:2379"),
        client_urls: urls("advertise-client-urls", "http://localhost:2379"),
        cluster: cluster.into_iter().collect(),
        existing: text("initial-cluster-state", "new") == "existing",
        token: text("initial-cluster-token", "etcd-cluster"),
        force: text("force-new-cluster", "false") == "true",
        version: version(process),
        certificate: certificate.and_then(|text| Certificate::parse(&text)),
        name,
        peer_urls,
    };
    process.complain(format!(
        "etcdmain: etcd Version: {}\netcdserver: name = {}\netcdserver: data dir = {}\n",
        settings.version, settings.name, settings.directory
    ))?;
    let by = process.actor();
    let started = {
        let mut state = process.cluster.state();
        etcd::start(&mut state, process.machine, &settings, &by)
    };
    match started {
        Err(reason) => process.fail(1, format_args!("etcdmain: {reason}")),
        Ok(ready) => {
            let said = if ready {
                "embed: ready to serve client requests"
            } else {
                "raft: no leader"
            };
            process.complain(format!("{said}\n"))?;
            Err(Halt::Serving(Serving {
                program: "etcd".to_owned(),
                argv: argv.to_vec(),
                listens: vec![2379, 2380],
                ready,
            }))
        }
    }
}

/// The version of the package that the program came with.
pub fn version(process: &Process<'_>) -> String {
    let here = process.here();
    let package = here.packages.get("etcd");
    package.map_or_else(
        || "3.2.22".to_owned(),
        |package| package.evr.version.clone(),
    )
}
