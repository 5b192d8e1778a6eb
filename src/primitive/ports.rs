//! Which processes listen on which TCP ports.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::primitive::Host;
use crate::transport::Command;

/// A process that waits for connections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The port.
    pub port: i64,
    /// The address it is bound to, such as `10.0.0.5` or `*`.
    pub address: String,
    /// The process, such as `etcd (1234)`; `None` where the kernel itself listens.
    pub process: Option<String>,
}

/// Who listens on `ports`, TCP over IPv4 and IPv6, in the order that `ss` tells them.
///
/// # Errors
/// `Command` when `ss` cannot be asked.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Shutting Down the Cluster: nothing may answer
/// afterwards.
pub fn listening(host: &Host, ports: &[i64]) -> Result<Vec<Listener>> {
    let command = Command::reads(["ss", "-ltnp"]).env("LC_ALL", "C");
    let text = host.run(&command)?.text();
    Ok(parse(&text)
        .filter(|listener| ports.contains(&listener.port))
        .collect())
}

/// `LISTEN 0 128 10.0.0.5:2379 *:* users:(("etcd",pid=1234,fd=6))`, one a line.
fn parse(text: &str) -> impl Iterator<Item = Listener> + '_ {
    text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["LISTEN", _, _, local, _, users @ ..] = words.as_slice() else {
            return None;
        };
        let (address, port) = local.rsplit_once(':')?;
        Some(Listener {
            port: port.parse().ok()?,
            address: address.to_owned(),
            process: users.first().and_then(|users| process(users)),
        })
    })
}

/// The first of `users:(("etcd",pid=1234,fd=6),...)`.
fn process(users: &str) -> Option<String> {
    let mut fields = users.strip_prefix("users:((\"")?.split(['"', ',', ')']);
    let name = fields.next()?;
    let pid = fields.find_map(|field| field.strip_prefix("pid="))?;
    Some(format!("{name} ({pid})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_and_processes_are_read() {
        let text = "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port\n\
            LISTEN     0      128    10.0.0.5:2379    *:*    users:((\"etcd\",pid=1234,fd=6))\n\
            LISTEN     0      128          :::8443   :::*    users:((\"openshift\",pid=99,fd=3),(\"openshift\",pid=99,fd=4))\n\
            LISTEN     0      64      [::]:2049   [::]:*\n\
            ESTAB 0 0 10.0.0.5:2379 10.0.0.6:4000\nLISTEN 0\n\n";
        let found: Vec<(i64, String, Option<String>)> = parse(text)
            .map(|one| (one.port, one.address, one.process))
            .collect();
        assert_eq!(
            found,
            [
                (2379, "10.0.0.5".to_owned(), Some("etcd (1234)".to_owned())),
                (8443, "::".to_owned(), Some("openshift (99)".to_owned())),
                (2049, "[::]".to_owned(), None),
            ]
        );
    }
}
