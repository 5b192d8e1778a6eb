//! What has to be so before the cluster hears of a new member: once it is added, a cluster of two has no
//! quorum until it has started.

use super::answers::Member;
use super::conf::EtcdConf;
use super::health;
use super::join::shares;
use crate::error::{Error, Result};
use crate::primitive::port::{self, Answer};
use crate::primitive::{Host, file};

/// What has to be so on the new member before the cluster hears of it.
pub(super) fn ready(
    first: &Host,
    first_conf: &EtcdConf,
    new: &Host,
    conf: &EtcdConf,
    members: &[Member],
) -> Result<()> {
    let is_new = |member: &&Member| shares(&member.peer_urls, &conf.peer_urls);
    let namesake = members
        .iter()
        .any(|one| one.name == conf.name && !is_new(&one));
    if namesake || conf.name == first_conf.name || shares(&conf.peer_urls, &first_conf.peer_urls) {
        let subject = format!("name and peer URL of `{}`", conf.name);
        let found = "those of another member";
        return Err(
            Error::state(new.name(), subject, "its own", found).with_hint(format!(
                "correct `{}` on `{}`",
                conf.path,
                new.name()
            )),
        );
    }
    let files: Vec<&String> = [&conf.ca_file, &conf.cert_file, &conf.key_file]
        .into_iter()
        .flatten()
        .collect();
    for (path, there) in files.iter().zip(file::stat_many(new, &files)?) {
        if there.is_none() {
            let hint = format!("put `{path}` back, from the evacuated copies");
            let error = Error::state(new.name(), format!("`{path}`"), "a certificate", "nothing");
            return Err(error.with_hint(hint));
        }
    }
    for url in members
        .iter()
        .filter(|one| one.started)
        .flat_map(|one| &one.peer_urls)
    {
        reaches(new, url, &[Answer::Open])?;
    }
    // Its etcd is stopped: that its host says so proves that the network lets through.
    for url in &conf.peer_urls {
        reaches(first, url, &[Answer::Open, Answer::Refused])?;
    }
    if members.iter().any(|member| is_new(&member)) {
        // Added already: a cluster of two has no quorum now, and cannot be asked.
        return Ok(());
    }
    // With its own certificates, over the network that it will need.
    let seen = health::endpoint_health(new, conf, &first_conf.client_urls)?;
    match seen.iter().find(|one| !one.healthy) {
        None => Ok(()),
        Some(one) => Err(Error::state(
            new.name(),
            format!("`{}` as `{}` sees it", one.endpoint, new.name()),
            "healthy",
            &one.detail,
        )
        .with_hint(format!(
            "check certificates and firewall between `{}` and `{}`",
            new.name(),
            first_conf.host
        ))),
    }
}

/// Refuses to go on unless the peer URL `url`, dialled from `host`, gives one of the answers `fine`.
fn reaches(host: &Host, url: &str, fine: &[Answer]) -> Result<()> {
    let wrong = |wanted: &str, found: &str| {
        let subject = format!("the peer URL `{url}` as seen");
        Err(Error::state(host.name(), subject, wanted, found).with_hint(format!(
            "open its port between all etcd members (`iptables -nL`, `firewall-cmd --list-all`): a member that is added and not reached costs the quorum. Try it with `timeout 5 bash -c '</dev/tcp/ADDRESS/PORT'` on `{}`",
            host.name()
        )))
    };
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.trim_end_matches('/');
    let Some((address, port)) = authority.rsplit_once(':') else {
        return wrong("an address and a port", url);
    };
    let Ok(port) = port.parse() else {
        return wrong("an address and a port", url);
    };
    let seen = port::probe(host, address, port)?;
    if fine.contains(&seen.answer) {
        return Ok(());
    }
    wrong("reachable", &seen.detail)
}
