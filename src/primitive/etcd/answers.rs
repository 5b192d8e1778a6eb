//! What `etcdctl` prints. JSON is read where it has it; ids are unsigned 64-bit there and exceed
//! what a signed number holds, so they become the short hexadecimal of all other outputs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A member, as the v3 API tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id, in hexadecimal without padding.
    pub id: String,
    /// Its name; empty until it has started.
    pub name: String,
    /// Where the other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it; empty until it has started.
    pub client_urls: Vec<String>,
    /// Whether it has ever started.
    pub started: bool,
}

/// A member, as the v2 API tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberV2 {
    /// The facts that both APIs tell.
    pub member: Member,
    /// Whether it leads.
    pub leader: bool,
}

/// What one endpoint says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its client URL.
    pub endpoint: String,
    /// Its member's id.
    pub id: String,
    /// The cluster's id.
    pub cluster_id: String,
    /// The server's version.
    pub version: String,
    /// Size of its database in bytes.
    pub db_size: u64,
    /// The id of the leader it follows; `0` without one.
    pub leader: String,
    /// The last revision of its v3 data.
    pub revision: u64,
    /// Its position in the log.
    pub raft_index: u64,
    /// Its term.
    pub raft_term: u64,
}

/// What a snapshot file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotStatus {
    /// The hash over its content.
    pub hash: u64,
    /// Its last revision.
    pub revision: u64,
    /// How many entries it has, earlier versions of keys included.
    pub keys: u64,
    /// Size of the data in bytes.
    pub size: u64,
}

/// What v2's `cluster-health` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterHealthV2 {
    /// The ids of the members it calls healthy.
    pub healthy: Vec<String>,
    /// The ids of those it calls unhealthy or unreachable.
    pub unhealthy: Vec<String>,
    /// The last line, such as `cluster is healthy`: 3.2 says so if any one member is.
    pub verdict: String,
}

/// What `member add` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberAdded {
    /// The new member's id, where it could be read.
    pub id: Option<String>,
    /// `ETCD_NAME`.
    pub name: String,
    /// `ETCD_INITIAL_CLUSTER`, split and sorted.
    pub initial_cluster: Vec<String>,
}

/// `id` in hexadecimal without padding, as etcd prints ids in all texts.
pub fn hex_id(id: u64) -> String {
    format!("{id:x}")
}

fn id(value: &Value) -> Option<String> {
    value.as_u64().map(hex_id)
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Members from `member list -w json`.
pub fn parse_members_v3(answer: &Value) -> Option<Vec<Member>> {
    answer["members"]
        .as_array()?
        .iter()
        .map(|member| {
            let name = member["name"].as_str().unwrap_or_default().to_owned();
            Some(Member {
                id: id(&member["ID"])?,
                started: !name.is_empty(),
                name,
                peer_urls: strings(&member["peerURLs"]),
                client_urls: strings(&member["clientURLs"]),
            })
        })
        .collect()
}

/// Statuses from `endpoint status -w json`. What is 0 is left out there.
pub fn parse_endpoint_status(answer: &Value) -> Option<Vec<Status>> {
    answer
        .as_array()?
        .iter()
        .map(|entry| {
            let (status, header) = (&entry["Status"], &entry["Status"]["header"]);
            let number = |value: &Value| value.as_u64().unwrap_or(0);
            Some(Status {
                endpoint: entry["Endpoint"].as_str()?.to_owned(),
                id: id(&header["member_id"])?,
                cluster_id: id(&header["cluster_id"])?,
                version: status["version"].as_str().unwrap_or_default().to_owned(),
                db_size: number(&status["dbSize"]),
                leader: hex_id(number(&status["leader"])),
                revision: number(&header["revision"]),
                raft_index: number(&status["raftIndex"]),
                raft_term: number(&status["raftTerm"]),
            })
        })
        .collect()
}

/// A status from `snapshot status -w json`.
pub fn parse_snapshot_status(answer: &Value) -> Option<SnapshotStatus> {
    Some(SnapshotStatus {
        hash: answer["hash"].as_u64()?,
        revision: answer["revision"].as_u64()?,
        keys: answer["totalKey"].as_u64()?,
        size: answer["totalSize"].as_u64()?,
    })
}

/// Members from v2's `member list`: one a line, `ID: name=... peerURLs=... clientURLs=... isLeader=...`
/// or `ID[unstarted]: peerURLs=...`.
pub fn parse_members_v2(text: &str) -> Option<Vec<MemberV2>> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (head, rest) = line.split_once(": ")?;
            let id = head.strip_suffix("[unstarted]").unwrap_or(head).trim();
            u64::from_str_radix(id, 16).ok()?;
            let value = |name: &str| {
                rest.split_whitespace()
                    .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            };
            let urls = |name: &str| -> Vec<String> {
                let list = value(name).into_iter().flat_map(|urls| urls.split(','));
                list.filter(|url| !url.is_empty())
                    .map(str::to_owned)
                    .collect()
            };
            let name = value("name").unwrap_or_default().to_owned();
            Some(MemberV2 {
                leader: value("isLeader") == Some("true"),
                member: Member {
                    id: id.to_owned(),
                    started: !head.ends_with("[unstarted]") && !name.is_empty(),
                    name,
                    peer_urls: urls("peerURLs"),
                    client_urls: urls("clientURLs"),
                },
            })
        })
        .collect()
}

/// v2's `cluster-health`, whichever version printed it.
pub fn parse_cluster_health_v2(text: &str) -> ClusterHealthV2 {
    let mut health = ClusterHealthV2 {
        healthy: Vec::new(),
        unhealthy: Vec::new(),
        verdict: String::new(),
    };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("member ") {
            let Some((id, state)) = rest.split_once(" is ") else {
                continue;
            };
            if state.starts_with("healthy") {
                health.healthy.push(id.to_owned());
            } else {
                health.unhealthy.push(id.to_owned());
            }
        } else if line.starts_with("cluster is ") {
            line.clone_into(&mut health.verdict);
        }
    }
    health
}

/// The endpoints of v3's `endpoint health` with whether each is healthy, from both its outputs
/// together: 3.2 prints to the first, 3.4 to the second.
pub fn parse_endpoint_health(text: &str) -> Vec<(String, bool, String)> {
    text.lines()
        .filter_map(|line| {
            let (endpoint, rest) = line.split_once(" is ")?;
            let (healthy, detail) = match rest.strip_prefix("healthy") {
                Some(detail) => (true, detail),
                None => (false, rest.strip_prefix("unhealthy")?),
            };
            let detail = detail.trim_start_matches(':').trim();
            Some((endpoint.trim().to_owned(), healthy, detail.to_owned()))
        })
        .collect()
}

/// The answer of `member add`, of either API; read by key, for lines and members come in any order.
pub fn parse_member_add(text: &str) -> Option<MemberAdded> {
    let values = super::conf::parse(text);
    let mut initial_cluster: Vec<String> = values
        .get("ETCD_INITIAL_CLUSTER")?
        .split(',')
        .map(str::to_owned)
        .collect();
    initial_cluster.sort();
    let id = text.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let id = match words.as_slice() {
            ["Member", id, "added", ..] => id,
            ["Added", "member", .., "ID", id, "to", "cluster"] => id,
            _ => return None,
        };
        u64::from_str_radix(id, 16).ok().map(hex_id)
    });
    Some(MemberAdded {
        id,
        name: values.get("ETCD_NAME")?.clone(),
        initial_cluster,
    })
}
