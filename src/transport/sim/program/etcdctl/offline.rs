//! What `etcdctl` does with files alone: `snapshot status`, `snapshot restore`, `backup`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::v3::Request;
use crate::transport::sim::etcd::{
    DB, HASHED, Log, Member, Store, WAL, decode, encode, ids, older,
};
use crate::transport::sim::files::{Actor, Errno, Files, join};
use crate::transport::sim::process::{Ended, Process};

/// `snapshot status FILE`, `snapshot restore FILE ...`.
pub fn snapshot(process: &Process<'_>, request: &Request, words: &[&str]) -> Ended {
    let [verb, path] = words else {
        return process.fail(
            128,
            format_args!(
                "Error: snapshot {} requires exactly one argument",
                words.first().unwrap_or(&"")
            ),
        );
    };
    let target = process.path(path);
    let read = process.here().files.read(&target);
    let file = match read {
        Ok(file) => file,
        Err(errno) => {
            let reason = errno.to_string().to_lowercase();
            return process.fail(1, format_args!("Error:  stat {path}: {reason}"));
        }
    };
    process.spend(Duration::from_millis(200))?;
    if *verb == "restore" {
        return restore(process, request, &file);
    }
    let store = match Store::of_file(&file) {
        Ok(store) => store,
        Err(reason) => return process.fail(1, format_args!("Error:  {reason}")),
    };
    let (hash, size) = (store.hash(), file.len());
    if request.is_json() {
        process.line(json!({"hash": hash, "revision": store.revision, "totalKey": store.entries, "totalSize": size}))?;
    } else {
        process.line(format_args!(
            "{hash:x}, {}, {}, {} kB",
            store.revision,
            store.entries,
            size / 1000
        ))?;
    }
    Ok(0)
}

fn restore(process: &Process<'_>, request: &Request, file: &[u8]) -> Ended {
    let hashed = file.len() % 512 == HASHED;
    if !hashed && !request.has("--skip-hash-check") {
        return process.fail(
            1,
            "Error:  snapshot missing hash but --skip-hash-check=false",
        );
    }
    let store = match Store::of_file(file) {
        Ok(store) => store,
        Err(reason) if hashed => {
            return process.fail(
                1,
                format_args!("Error:  expected sha256, got another: {reason}"),
            );
        }
        Err(reason) => return process.fail(2, format_args!("panic: {reason}")),
    };
    let name = request.option("--name").unwrap_or("default");
    let directory = process.path(
        request
            .option("--data-dir")
            .unwrap_or(&format!("{name}.etcd")),
    );
    let there = process.here().files.get(&directory).is_ok();
    if there {
        return process.fail(1, format_args!("Error:  data-dir \"{directory}\" exists"));
    }
    let mut cluster: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let listed = request
        .option("--initial-cluster")
        .unwrap_or("default=http://localhost:2380");
    for part in listed.split(',') {
        if let Some((member, url)) = part.split_once('=') {
            cluster
                .entry(member.to_owned())
                .or_default()
                .push(url.to_owned());
        }
    }
    let cluster: Vec<(String, Vec<String>)> = cluster.into_iter().collect();
    let own: Vec<String> = request
        .option("--initial-advertise-peer-urls")
        .unwrap_or("http://localhost:2380")
        .split(',')
        .map(str::to_owned)
        .collect();
    if !cluster
        .iter()
        .any(|(member, urls)| member == name && *urls == own)
    {
        return process.fail(
            1,
            format_args!(
                "Error:  couldn't find local name \"{name}\" in the initial cluster configuration"
            ),
        );
    }
    let token = request
        .option("--initial-cluster-token")
        .unwrap_or("etcd-cluster");
    let (id, members) = ids(&cluster, token);
    let members: Vec<Member> = cluster
        .iter()
        .zip(members)
        .map(|((name, urls), id)| Member {
            id,
            name: name.clone(),
            peer_urls: urls.clone(),
            client_urls: Vec::new(),
        })
        .collect();
    let mut said = String::new();
    for member in &members {
        said.push_str(&format!(
            "etcdserver/membership: added member {:x} [{}] to cluster {id:x}\n",
            member.id,
            member.peer_urls.join(",")
        ));
    }
    let index = members.len() as u64;
    let log = Log {
        cluster: id,
        member: members
            .iter()
            .find(|one| one.name == name)
            .map_or(0, |one| one.id),
        term: 1,
        index,
        members,
        v2: BTreeMap::new(),
        version: None,
    };
    // The index begins anew with the log: a restored member writes at once.
    let store = Store { index, ..store };
    let by = process.actor();
    let laid = lay(
        &mut process.here().files,
        &directory,
        &log,
        &store.file(),
        &by,
    );
    match laid {
        Ok(()) => {
            process.complain(said)?;
            Ok(0)
        }
        Err(errno) => process.fail(1, format_args!("Error:  {directory}: {errno}")),
    }
}

/// Lays down the files of a member.
fn lay(files: &mut Files, directory: &str, log: &Log, db: &[u8], by: &Actor) -> Result<(), Errno> {
    let by = Actor {
        umask: 0o077,
        ..by.clone()
    };
    files.make_directories(&join(directory, "member/snap"), &by)?;
    files.make_directories(&join(directory, "member/wal"), &by)?;
    let snap = join(
        directory,
        "member/snap/0000000000000001-0000000000000001.snap",
    );
    files.write(&snap, Arc::new(encode(&log.members)), &by)?;
    files.write(&join(directory, WAL), Arc::new(encode(log)), &by)?;
    if !db.is_empty() {
        files.write(&join(directory, DB), Arc::new(db.to_vec()), &by)?;
    }
    Ok(())
}

/// `backup --data-dir DIR --backup-dir DIR` of API 2: the log, with ids of its own; not the database.
///
/// From 3.3 on it leaves the entries of API 3 out, and numbers the others anew; `--with-v3` keeps them, and
/// adds the database.
pub fn backup(process: &Process<'_>, from: &str, to: &str, with_v3: bool) -> Ended {
    let strips = !older(&super::super::etcd::version(process), "3.3");
    if with_v3 && !strips {
        return process.fail(1, "flag provided but not defined: -with-v3");
    }
    let read = process.here().files.read(&join(&process.path(from), WAL));
    let log: Option<Log> = read.ok().and_then(|content| decode(&content));
    let Some(mut log) = log else {
        return process.fail(
            1,
            format_args!("Error: open {from}/member/wal: no such file or directory"),
        );
    };
    if strips && !with_v3 {
        log.index = (log.members.len() + log.v2.len()) as u64;
    }
    let db = match process.here().files.read(&join(&process.path(from), DB)) {
        Ok(db) if with_v3 => db.to_vec(),
        _ => Vec::new(),
    };
    let number = process.cluster.state().number();
    let (cluster, own) = ids(
        &[("backup".to_owned(), vec![to.to_owned()])],
        &number.to_string(),
    );
    log.cluster = cluster;
    log.member = own.first().copied().unwrap_or_default();
    log.members.clear();
    let by = process.actor();
    let laid = lay(&mut process.here().files, &process.path(to), &log, &db, &by);
    match laid {
        Ok(()) => Ok(0),
        Err(errno) => process.fail(1, format_args!("Error: {to}: {errno}")),
    }
}
