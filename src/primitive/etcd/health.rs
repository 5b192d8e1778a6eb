//! Members, the health of each endpoint, the whole cluster at the end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::answers::{
    Member, MemberV2, Status, parse_endpoint_health, parse_endpoint_status, parse_members_v2,
    parse_members_v3,
};
use super::client::{json, v2, v3};
use super::conf::EtcdConf;
use crate::error::{Error, Kind, Result};
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

/// Looks at the whole cluster and tells everything that is not so: exactly the members `expected` (by
/// name), all started, none on a loopback address unless this one is, each endpoint healthy, one
/// cluster id, one revision, no alarm. Empty when all is well.
///
/// # Errors
/// The transport's failures; an etcd that does not answer is a problem to tell.
///
/// Source: OCP 3.9 Restoring etcd, the checks after adding the last member.
pub fn cluster_problems(host: &Host, conf: &EtcdConf, expected: &[String]) -> Result<Vec<String>> {
    let members = match members(host, conf) {
        Ok(members) => members,
        Err(error) if matches!(*error.kind, Kind::Command { .. } | Kind::State { .. }) => {
            return Ok(vec![format!("etcd does not list its members: {error}")]);
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    let sorted = |mut names: Vec<&str>| {
        names.sort_unstable();
        names.join(", ")
    };
    let names = sorted(members.iter().map(|member| member.name.as_str()).collect());
    let wanted = sorted(expected.iter().map(String::as_str).collect());
    if names != wanted {
        found.push(format!("the members of etcd are {names}, not {wanted}"));
    }
    for member in members.iter().filter(|member| !member.started) {
        let urls = member.peer_urls.join(",");
        found.push(format!("member {} ({urls}) has never started", member.id));
    }
    let loopback = |url: &String| url.contains("//localhost") || url.contains("//127.");
    let own_is_loopback = conf.peer_urls.iter().any(loopback);
    for member in &members {
        if !own_is_loopback && member.peer_urls.iter().any(loopback) {
            let urls = member.peer_urls.join(",");
            found.push(format!("the peer URL of member {} is {urls}", member.name));
        }
    }
    let endpoints: Vec<String> = members
        .iter()
        .filter_map(|member| member.client_urls.first().cloned())
        .collect();
    let (well, sick): (Vec<_>, Vec<_>) = endpoint_health(host, conf, &endpoints)?
        .into_iter()
        .partition(|one| one.healthy);
    for one in sick {
        found.push(format!("{} is not healthy: {}", one.endpoint, one.detail));
    }
    if well.is_empty() {
        return Ok(found);
    }
    let endpoints: Vec<String> = well.into_iter().map(|one| one.endpoint).collect();
    let statuses = settled(host, conf, &endpoints)?;
    let differ = |what: &str, value: &dyn Fn(&Status) -> String| {
        let values: Vec<String> = statuses.iter().map(value).collect();
        let each = statuses.iter().zip(&values);
        let each: Vec<String> = each
            .map(|(status, value)| format!("{} has {value}", status.endpoint))
            .collect();
        (!all_equal(values.iter())).then(|| format!("the {what} differ: {}", each.join(", ")))
    };
    found.extend(differ("cluster ids", &|status| status.cluster_id.clone()));
    found.extend(differ("revisions", &|status| status.revision.to_string()));
    let alarms = json(host, &v3(conf, &[], &["alarm", "list", "-w", "json"]))?;
    for alarm in alarms["alarms"].as_array().into_iter().flatten() {
        found.push(format!("etcd has an alarm: {alarm}"));
    }
    Ok(found)
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
