//! etcd's members, data and backups: names of keys, never values.

use std::collections::BTreeSet;

use super::Notes;
use crate::error::{Error, Kind, Result};
use crate::primitive::etcd::{self, EtcdConf};
use crate::primitive::{Host, backup, file};
use crate::transport::Command;
use crate::transport::sim::build::facts::{
    BackupFacts, DataFacts, EtcdFacts, HostFacts, MemberFacts, RunningFacts,
};

/// The keys whose names are taken.
const KEYS: &[&str] = &[
    "/kubernetes.io/namespaces/",
    "/kubernetes.io/minions/",
    "/kubernetes.io/pods/",
    "/openshift.io/deploymentconfigs/default/",
];

/// Adds what `host` has of etcd to `found`.
pub(super) fn look(host: &Host, found: &mut HostFacts, notes: &mut Notes) -> Result<()> {
    if !file::exists(host, EtcdConf::PATH)? {
        return Ok(());
    }
    let conf = match EtcdConf::load(host, EtcdConf::PATH) {
        Ok(conf) => conf,
        Err(error) => return notes.keep("etcd.conf", Err(error)),
    };
    let db = format!("{}/snap/db", conf.member_dir());
    let data = match file::stat(host, &db)? {
        Some(stat) => notes.keep("etcd's data", held(host, &db, stat.size).map(Some))?,
        None => None,
    };
    let up = found
        .unit("etcd")
        .is_some_and(|unit| unit.active == "active");
    let running = match up {
        true => notes.keep("etcd", running(host, &conf).map(Some))?,
        false => None,
    };
    let mut facts = EtcdFacts {
        directory: conf.real_data_dir.clone(),
        data,
        running: running.as_ref().map(|(running, _)| running.clone()),
    };
    if let (Some(data), Some((_, keys))) = (&mut facts.data, running) {
        // In the file there are removed ones too.
        data.keys = keys;
    }
    found.etcd = Some(facts);
    let listed = backup::etcd_candidates(host, &[&conf.real_data_dir], &[]);
    for one in notes.keep("etcd's backups", listed)? {
        let data = match &one.db_path {
            Some(db) => notes.keep(&one.path, held(host, db, one.size).map(Some))?,
            None => None,
        };
        found.backups.push(BackupFacts {
            path: one.path,
            modified: one.modified,
            database: one.db_path.unwrap_or_default(),
            data,
        });
    }
    Ok(())
}

/// What the database file `db` of `size` bytes holds; it is only read.
fn held(host: &Host, db: &str, size: u64) -> Result<DataFacts> {
    const NAMES: &str = r#"grep -aohE '/kubernetes\.io/(namespaces/[a-z0-9-]+|minions/[a-z0-9.-]+|pods/default/[a-z0-9.-]+)|/openshift\.io/deploymentconfigs/default/[a-z0-9.-]+|[a-z0-9./:-]*ose-(docker-registry|haproxy-router):v[0-9][0-9.]*' -- "$1" | sort -u"#;
    let damage = match etcd::whole(host, db, size) {
        Ok(()) => String::new(),
        Err(error) if matches!(*error.kind, Kind::Transport { .. }) => return Err(error),
        Err(error) => error
            .to_string()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    };
    let argv = ["sh", "-c", NAMES, "ocpdg-names", db];
    let command = file::in_english(Command::reads(argv)).timeout(file::LONG);
    let text = host.run(&command)?.text();
    let (keys, images): (BTreeSet<&str>, BTreeSet<&str>) = text.lines().partition(|line| {
        line.starts_with("/kubernetes.io/") || line.starts_with("/openshift.io/")
    });
    let identity = etcd::identity_of_file(host, db)?;
    Ok(DataFacts {
        size,
        damage,
        cluster: identity.cluster.unwrap_or_default(),
        openshift: identity.openshift,
        images: images.into_iter().map(str::to_owned).collect(),
        keys: keys.into_iter().map(str::to_owned).collect(),
    })
}

/// What the member on `host` says, and the names of the keys.
fn running(host: &Host, conf: &EtcdConf) -> Result<(RunningFacts, Vec<String>)> {
    let content = etcd::content(host, conf)?;
    let endpoint: Vec<String> = conf.client_urls.iter().take(1).cloned().collect();
    let status = etcd::statuses(host, conf, &endpoint)?.into_iter().next();
    let status = status
        .ok_or_else(|| Error::state(host.name(), "etcd", "the status of its endpoint", "none"))?;
    let mut keys = Vec::new();
    for prefix in KEYS {
        keys.extend(etcd::keys(host, conf, prefix)?);
    }
    let members = etcd::members(host, conf)?.into_iter();
    let v2 = etcd::v2_keys(host, conf)?.into_iter();
    let facts = RunningFacts {
        cluster: status.cluster_id,
        id: status.id,
        version: status.version,
        revision: content.revision,
        index: status.raft_index,
        term: status.raft_term,
        kubernetes: content.kubernetes,
        openshift: content.openshift,
        v2: v2.map(|(name, count)| (name, count as u64)).collect(),
        members: members
            .map(|one| MemberFacts {
                id: one.id,
                name: one.name,
                peer_urls: one.peer_urls,
                client_urls: one.client_urls,
            })
            .collect(),
    };
    Ok((facts, keys))
}
