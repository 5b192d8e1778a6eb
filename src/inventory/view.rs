//! What was understood of an inventory, for people and for programs. Neither shows a secret.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::{Cluster, Host, Role};
use crate::transport::Method;

/// The cluster as text: a summary line and one row per host, in inventory order.
pub fn table(cluster: &Cluster) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["HOST", "ROLES", "ADDRESS", "USER", "BECOME", "REMARKS"]);
    let common = common_remarks(cluster);
    for host in cluster.hosts() {
        table.add_row(row(host, &common));
    }
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 1));
    }
    let mut text = format!("{}\n\n{}\n", summary(cluster), table.trim_fmt());
    for remark in common {
        text.push_str(&format!("\non every host: {remark}"));
    }
    text.trim_end().to_owned() + "\n"
}

/// The remarks that all touched hosts share, where there are several such hosts: shown once.
fn common_remarks(cluster: &Cluster) -> Vec<&str> {
    let mut touched = cluster.hosts().iter().filter(|host| host.is_touched());
    let Some(first) = touched.next() else {
        return Vec::new();
    };
    let others: Vec<&Host> = touched.collect();
    let shared = |remark: &&String| others.iter().all(|host| host.oddities.contains(remark));
    let remarks = first.oddities.iter().filter(shared);
    match others.is_empty() {
        true => Vec::new(),
        false => remarks.map(String::as_str).collect(),
    }
}

fn summary(cluster: &Cluster) -> String {
    let count = |role: Role, one: &str, many: &str| {
        let hosts = cluster.with_role(role).count();
        format!("{hosts} {}", if hosts == 1 { one } else { many })
    };
    format!(
        "{}: cluster {}, {}, {}, {}; first master `{}`",
        cluster.source.display(),
        cluster.identity(),
        count(Role::Master, "master", "masters"),
        count(Role::Node, "node", "nodes"),
        count(Role::Etcd, "etcd host", "etcd hosts"),
        cluster.first_master().name,
    )
}

fn row(host: &Host, common: &[&str]) -> [String; 6] {
    let own = host.oddities.iter().map(String::as_str);
    let own: Vec<&str> = own.filter(|remark| !common.contains(remark)).collect();
    let way = &host.connection;
    let address = match (way.method, way.port) {
        (Method::Local, _) => "local".to_owned(),
        (Method::Ssh, None) => way.address.clone(),
        (Method::Ssh, Some(port)) if way.address.contains(':') => {
            format!("[{}]:{port}", way.address)
        }
        (Method::Ssh, Some(port)) => format!("{}:{port}", way.address),
    };
    let user = way.user.clone().unwrap_or_else(|| "-".to_owned());
    [
        host.name.clone(),
        roles(host).join(","),
        address,
        user,
        if way.become_root { "root" } else { "-" }.to_owned(),
        own.join("\n"),
    ]
}

fn roles(host: &Host) -> Vec<String> {
    host.roles.iter().map(Role::to_string).collect()
}

/// The cluster as JSON, without variables, passwords and ssh arguments.
///
/// `{source, identity, first_master, unsupported, hosts: [{name, roles, groups, method, address, port,
/// user, private_key, become, has_password, has_become_password, remarks}]}`; what the inventory
/// does not say is null.
pub fn json(cluster: &Cluster) -> Value {
    let hosts = cluster.hosts().iter().map(|host| {
        let way = &host.connection;
        json!({
            "name": host.name,
            "roles": roles(host),
            "groups": host.groups,
            "method": match way.method { Method::Ssh => "ssh", Method::Local => "local" },
            "address": way.address,
            "port": way.port,
            "user": way.user,
            "private_key": way.private_key.as_ref().map(|path| path.display().to_string()),
            "become": way.become_root,
            "has_password": way.password.is_some(),
            "has_become_password": way.become_password.is_some(),
            "remarks": host.oddities,
        })
    });
    json!({
        "source": cluster.source.display().to_string(),
        "identity": cluster.identity(),
        "first_master": cluster.first_master().name,
        "unsupported": cluster.unsupported().map(|error| error.to_string()),
        "hosts": hosts.collect::<Vec<_>>(),
    })
}
