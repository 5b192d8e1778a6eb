//! Removing every container and image, and what the kubelet kept about them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::no_answer;
use crate::error::{Error, Result};
use crate::primitive::{Change, Host, tail};
use crate::transport::{Command, Effect};

/// How much docker and the kubelet hold on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Containers, running or not.
    pub containers: i64,
    /// Images, intermediate ones too.
    pub images: i64,
    /// The kubelet's records of sandboxes and the SDN's of pod addresses, as files.
    pub records: i64,
}

/// 65 bytes an id: far below what a command line may hold.
const BATCH: usize = 200;
/// An image may only become removable when its children are gone.
const ROUNDS: usize = 4;
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// What the kubelet and the SDN remember of containers; stale, it keeps pods from starting.
const RECORDS: &str = "/var/lib/dockershim/sandbox /var/lib/cni/networks/openshift-sdn";

struct Holdings {
    containers: Vec<String>,
    images: Vec<String>,
    records: i64,
}

impl Holdings {
    fn counts(&self) -> Counts {
        Counts {
            containers: self.containers.len() as i64,
            images: self.images.len() as i64,
            records: self.records,
        }
    }
}

/// The ids in `text`, each once, in order; anything else is skipped.
pub(super) fn parse_ids(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    text.lines()
        .map(str::trim)
        .filter(|id| {
            let hex = id.strip_prefix("sha256:").unwrap_or(id);
            hex.len() >= 12 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
        .filter(|id| seen.insert(id.to_string()))
        .map(str::to_owned)
        .collect()
}

fn look(host: &Host) -> Result<Holdings> {
    let script = format!(
        "docker ps -aq --no-trunc && echo -- && docker images -aq --no-trunc && echo -- && \
         find {RECORDS} -mindepth 1 2>/dev/null | wc -l"
    );
    let command = Command::shell(script, Effect::Reads)
        .env("LC_ALL", "C")
        .timeout(LIMIT);
    let output = host.output(&command)?;
    if !output.exit.success() {
        return Err(no_answer(host, &output.error_text()));
    }
    let text = output.text();
    let mut parts = text.split("--\n");
    let (Some(containers), Some(images), Some(records)) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(host.failed(&command, &output));
    };
    Ok(Holdings {
        containers: parse_ids(containers),
        images: parse_ids(images),
        records: records
            .trim()
            .parse()
            .map_err(|_| host.failed(&command, &output))?,
    })
}

/// Removes every container and every image, and the kubelet's and SDN's records of them.
///
/// Applications that still run on the host end here, bare pods for ever, and every image is pulled
/// again afterwards. Judged by what is left, not by what docker says: an id that went with another
/// is no failure.
///
/// # Errors
/// `State` when the daemon does not answer, or when anything is left, with docker's last words: a
/// node service that still runs starts new containers meanwhile.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Downgrading Docker, steps 1 and 2.
pub fn remove_all(host: &Host) -> Result<Change<Counts>> {
    let first = look(host)?;
    let before = first.counts();
    let mut now = first;
    let mut said = String::new();
    for _ in 0..ROUNDS {
        if now.containers.is_empty() && now.images.is_empty() {
            break;
        }
        let last = now.counts();
        remove(host, "rm", &now.containers, &mut said)?;
        remove(host, "rmi", &now.images, &mut said)?;
        now = look(host)?;
        if now.counts() == last {
            break;
        }
    }
    if !now.containers.is_empty() || !now.images.is_empty() {
        return Err(Error::state(
            host.name(),
            "docker",
            "no containers and no images",
            format!(
                "{} containers and {} images",
                now.containers.len(),
                now.images.len()
            ),
        )
        .with_evidence(said)
        .with_hint(format!(
            "`docker ps -a` and `docker images -a` on `{}`; the node service must be stopped, or it starts new ones",
            host.name()
        )));
    }
    if now.records > 0 {
        let script = format!(
            "for d in {RECORDS}; do if [ -d \"$d\" ]; then find \"$d\" -mindepth 1 -delete || exit 1; fi; done"
        );
        host.run(&Command::shell(script, Effect::Changes))?;
        now = look(host)?;
    }
    let after = now.counts();
    if after.records > 0 {
        return Err(Error::state(
            host.name(),
            "records of containers",
            format!("none in {RECORDS}"),
            format!("{} files", after.records),
        )
        .with_hint(format!(
            "the node service must be stopped: `systemctl status` on `{}`",
            host.name()
        )));
    }
    Ok(Change::between(before, after))
}

fn remove(host: &Host, verb: &str, ids: &[String], said: &mut String) -> Result<()> {
    for batch in ids.chunks(BATCH) {
        let argv = ["docker", verb, "-f"].into_iter();
        let command = Command::changes(argv.chain(batch.iter().map(String::as_str)))
            .env("LC_ALL", "C")
            .timeout(LIMIT);
        let output = host.output(&command)?;
        let words: Vec<&str> = std::str::from_utf8(&output.stderr)
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.contains("No such"))
            .collect();
        if !words.is_empty() {
            *said = tail(words.join("\n").as_bytes());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_once_and_nothing_else_is() {
        let text = "sha256:0123456789ab\n0123456789ab\nsha256:0123456789ab\n\n-f\n$(reboot)\nError: x\n12\n";
        assert_eq!(parse_ids(text), ["sha256:0123456789ab", "0123456789ab"]);
    }
}
