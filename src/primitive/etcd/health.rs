//! Members, the health of each endpoint, the whole cluster at the end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answers::{
    Member, MemberV2, Status, parse_endpoint_health, parse_endpoint_status, parse_members_v2,
    parse_members_v3,
};
use super::client::{json, v2, v3};
use super::conf::EtcdConf;
use crate::error::{Error, Result};
use crate::primitive::{Host, systemctl, tail};
use crate::transport::Command;

/// Whether one endpoint answers and commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointHealth {
    /// Its client URL.
    pub endpoint: String,
    /// Whether a proposal was committed through it.
    pub healthy: bool,
    /// What it said.
    pub detail: String,
}

/// The whole cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterReport {
    /// Its members.
    pub members: Vec<Member>,
    /// What each member's endpoint says of itself.
    pub statuses: Vec<Status>,
    /// The health of each member's endpoint.
    pub health: Vec<EndpointHealth>,
}

fn odd(host: &Host, command: &Command) -> Error {
    let subject = format!("the answer of `{}`", command.line());
    Error::state(
        host.name(),
        subject,
        "the form of etcd 3.2 to 3.5",
        "another one",
    )
}

/// The members of the cluster that `host` belongs to.
///
/// # Errors
/// `Command` if etcd does not answer, which it does not without quorum either.
pub fn members(host: &Host, conf: &EtcdConf) -> Result<Vec<Member>> {
    let command = v3(conf, &[], &["member", "list", "-w", "json"]);
    parse_members_v3(&json(host, &command)?).ok_or_else(|| odd(host, &command))
}

/// The members as the v2 API tells, with the leader.
///
/// # Errors
/// As [`members`].
///
/// Source: OCP 3.9 Restoring etcd, step 8.
pub fn members_v2(host: &Host, conf: &EtcdConf) -> Result<Vec<MemberV2>> {
    let command = v2(conf, &[], &["member", "list"]);
    let text = host.run(&command)?.text();
    parse_members_v2(&text).ok_or_else(|| odd(host, &command))
}

/// What each of `endpoints` says of itself; one that does not answer is an error.
///
/// # Errors
/// `Command` with what `etcdctl` said.
pub fn statuses(host: &Host, conf: &EtcdConf, endpoints: &[String]) -> Result<Vec<Status>> {
    let command = v3(conf, endpoints, &["endpoint", "status", "-w", "json"]);
    parse_endpoint_status(&json(host, &command)?).ok_or_else(|| odd(host, &command))
}

/// The health of each of `endpoints`, asked one by one, so that one that is down hides no other.
///
/// # Errors
/// The transport's failures; an unhealthy endpoint is an answer.
pub fn endpoint_health(
    host: &Host,
    conf: &EtcdConf,
    endpoints: &[String],
) -> Result<Vec<EndpointHealth>> {
    let mut all = Vec::new();
    for endpoint in endpoints {
        let command = v3(
            conf,
            std::slice::from_ref(endpoint),
            &["endpoint", "health"],
        );
        let output = host.output(&command)?;
        let text = format!("{}\n{}", output.text(), output.error_text());
        // Both have to say so: the status, and the line about this very endpoint.
        let line = parse_endpoint_health(&text)
            .into_iter()
            .find(|(asked, ..)| asked == endpoint);
        let healthy =
            output.exit.success() && line.as_ref().is_some_and(|(_, healthy, _)| *healthy);
        all.push(EndpointHealth {
            endpoint: endpoint.clone(),
            healthy,
            detail: match line {
                Some((_, _, detail)) => detail,
                None => tail(text.trim().as_bytes()),
            },
        });
    }
    Ok(all)
}

/// Waits until each of `endpoints` (those of `conf` if empty) is healthy and follows a leader.
///
/// Asks every second; `within` counts from the call.
///
/// # Errors
/// `State` with what each endpoint said last and the end of the unit's journal; `Stopped` on
/// Ctrl-C.
pub fn wait_healthy(
    host: &Host,
    conf: &EtcdConf,
    endpoints: &[String],
    within: Duration,
) -> Result<Vec<Status>> {
    let endpoints = if endpoints.is_empty() {
        &conf.client_urls
    } else {
        endpoints
    };
    let started = host.clock().reading();
    loop {
        let health = endpoint_health(host, conf, endpoints)?;
        let sick: Vec<&EndpointHealth> = health.iter().filter(|one| !one.healthy).collect();
        let found = if let Some(sick) = sick.first() {
            format!("`{}`: {}", sick.endpoint, sick.detail)
        } else {
            let statuses = statuses(host, conf, endpoints)?;
            match statuses.iter().find(|status| status.leader == "0") {
                None => return Ok(statuses),
                Some(status) => format!("`{}` follows no leader", status.endpoint),
            }
        };
        if host.clock().since(started) >= within {
            let wanted = format!("healthy within {} s", within.as_secs());
            return Err(Error::state(host.name(), "etcd", wanted, found)
                .with_evidence(journal_end(host))
                .with_hint(format!(
                    "see `journalctl -u etcd --no-pager -n 200` on `{}`",
                    host.name()
                )));
        }
        host.pause(Duration::from_secs(1))?;
    }
}

/// The end of etcd's journal, as evidence; what hinders reading it is evidence as well.
pub(super) fn journal_end(host: &Host) -> String {
    match systemctl::journal(host, super::UNIT, systemctl::Part::Lines(20)) {
        Ok(text) => tail(text.as_bytes()),
        Err(error) => format!("no journal: {error}"),
    }
}

/// Looks at the whole cluster and refuses anything but this: exactly the members `expected` (by
/// name), all started, none on a loopback address unless all are, each endpoint healthy, one
/// cluster id, one revision, no alarm.
///
/// # Errors
/// `State` with the first thing that is not so.
///
/// Source: OCP 3.9 Restoring etcd, the checks after adding the last member.
pub fn verify_cluster(host: &Host, conf: &EtcdConf, expected: &[String]) -> Result<ClusterReport> {
    let members = members(host, conf)?;
    let wrong = |subject: &str, wanted: String, found: String| {
        Err(
            Error::state(host.name(), subject, wanted, found).with_hint(format!(
                "see `ETCDCTL_API=3 etcdctl member list` on `{}`",
                host.name()
            )),
        )
    };
    let mut names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut wanted: Vec<&str> = expected.iter().map(String::as_str).collect();
    names.sort_unstable();
    wanted.sort_unstable();
    if names != wanted {
        return wrong("the members of etcd", wanted.join(", "), names.join(", "));
    }
    let loopback = |url: &String| url.contains("//localhost") || url.contains("//127.");
    let own_is_loopback = conf.peer_urls.iter().any(loopback);
    let stray = members
        .iter()
        .find(|member| !own_is_loopback && member.peer_urls.iter().any(loopback));
    if let Some(member) = stray {
        let subject = format!("the peer URL of member `{}`", member.name);
        return wrong(
            &subject,
            "an address of the host".to_owned(),
            member.peer_urls.join(","),
        );
    }
    let endpoints: Vec<String> = members
        .iter()
        .filter_map(|member| member.client_urls.first().cloned())
        .collect();
    let health = endpoint_health(host, conf, &endpoints)?;
    if let Some(sick) = health.iter().find(|one| !one.healthy) {
        let subject = format!("etcd at `{}`", sick.endpoint);
        return wrong(&subject, "healthy".to_owned(), sick.detail.clone());
    }
    let statuses = settled(host, conf, &endpoints)?;
    let clusters = statuses.iter().map(|status| &status.cluster_id);
    if !all_equal(clusters.clone()) {
        let found = clusters.cloned().collect::<Vec<_>>().join(", ");
        return wrong("the cluster ids of the members", "one".to_owned(), found);
    }
    if !all_equal(statuses.iter().map(|status| status.revision)) {
        let each = statuses
            .iter()
            .map(|one| format!("{}: {}", one.endpoint, one.revision));
        let found = each.collect::<Vec<_>>().join(", ");
        return wrong("the revisions of the members", "one".to_owned(), found);
    }
    let alarms = json(host, &v3(conf, &[], &["alarm", "list", "-w", "json"]))?;
    if let Some(alarms) = alarms["alarms"]
        .as_array()
        .filter(|alarms| !alarms.is_empty())
    {
        let found = serde_json::Value::Array(alarms.clone()).to_string();
        return wrong("the alarms of etcd", "none".to_owned(), found);
    }
    Ok(ClusterReport {
        members,
        statuses,
        health,
    })
}

/// Statuses once all members have the same revision, or after ten looks.
fn settled(host: &Host, conf: &EtcdConf, endpoints: &[String]) -> Result<Vec<Status>> {
    let mut looks = 0;
    loop {
        let statuses = statuses(host, conf, endpoints)?;
        looks += 1;
        if looks == 10 || all_equal(statuses.iter().map(|status| status.revision)) {
            return Ok(statuses);
        }
        host.pause(Duration::from_millis(500))?;
    }
}

fn all_equal<T: PartialEq>(mut items: impl Iterator<Item = T>) -> bool {
    let first = items.next();
    items.all(|item| Some(&item) == first.as_ref())
}
