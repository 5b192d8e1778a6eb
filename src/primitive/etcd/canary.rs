//! Whether a write succeeds. After a restore with v2's files etcd can call itself healthy and lose
//! every v3 write; only writing tells.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::client::{changing, json, v3};
use super::conf::EtcdConf;
use crate::error::{Error, Result};
use crate::primitive::Host;

/// A write that was read back and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// How many writes were lost before it.
    pub lost: u64,
    /// The revision before the write.
    pub before: u64,
    /// The revision of the write: higher.
    pub written: u64,
    /// The revision after its removal: higher still.
    pub after: u64,
}

/// So many writes may be lost before [`canary`] gives up: about a minute.
pub const LOST_AT_MOST: u64 = 12;

/// Writes a private key through the v3 API, reads it back, removes it, and sees the revision rise;
/// each within 5 s.
///
/// After a restore with v2's files etcd drops writes until its log has caught up with its data. Each
/// write that is lost brings the log nearer: where the log was copied a moment before the data, a few
/// are enough; where the backup's log was stripped of v3, millions are not. Hence at most
/// `lost_at_most`.
///
/// # Errors
/// `State` if more writes were lost; `Command` if etcd does not answer.
///
/// Source: OCP 3.9 Downgrading, Restoring etcd v2 and v3 data.
pub fn canary(host: &Host, conf: &EtcdConf, lost_at_most: u64) -> Result<Canary> {
    let mut lost = 0;
    loop {
        match write(host, conf, lost)? {
            Written::Kept(canary) => return Ok(canary),
            Written::Lost(_) if lost < lost_at_most => lost += 1,
            Written::Lost(evidence) => {
                let found = match lost + 1 {
                    1 => "lost".to_owned(),
                    all => format!("{all} writes were lost"),
                };
                let subject = "a write to etcd's v3 data";
                return Err(Error::state(host.name(), subject, "kept", found)
                    .with_evidence(evidence)
                    .with_hint(
                        "etcd answers but does not write; if it was restored with etcd_restore=v2, `ocpdg resume --set etcd_restore=v3` restores the snapshot instead, which sets the log anew",
                    ));
            }
        }
    }
}

enum Written {
    Kept(Canary),
    /// With what etcd said.
    Lost(String),
}

/// One write, after `lost` others.
fn write(host: &Host, conf: &EtcdConf, lost: u64) -> Result<Written> {
    const KEY: &str = "/ocpdg.io/canary";
    let revision = |answer: &Value| answer["header"]["revision"].as_u64().unwrap_or(0);
    let ask = |arguments: &[&str]| json(host, &v3(conf, &[], arguments));
    let change = |arguments: &[&str]| json(host, &changing(v3(conf, &[], arguments)));
    let before = revision(&ask(&["get", KEY, "-w", "json"])?);
    let value = format!("{}-{before}-{lost}", host.name());
    let put = change(&["put", KEY, &value, "-w", "json"]);
    // Whatever it said of the write: reading tells, and fails where etcd does not answer at all.
    let read = ask(&["get", KEY, "-w", "json"])?;
    let kept = &read["kvs"][0];
    let written = match put {
        Ok(answer) => revision(&answer),
        Err(error) => return Ok(Written::Lost(error.to_string())),
    };
    let removed = change(&["del", KEY, "-w", "json"])?;
    let after = revision(&removed);
    let found = if kept["value"].as_str() != Some(&encoded(&value)) {
        "another value, or none, read back".to_owned()
    } else if kept["mod_revision"].as_u64() != Some(written) {
        format!("it read back with revision {}", kept["mod_revision"])
    } else if removed["deleted"].as_u64() != Some(1) {
        "it could not be removed".to_owned()
    } else if written <= before || after <= written {
        format!("revisions {before}, {written}, {after}, which do not rise")
    } else {
        return Ok(Written::Kept(Canary {
            lost,
            before,
            written,
            after,
        }));
    };
    let subject = "a write to etcd's v3 data";
    Err(Error::state(host.name(), subject, "kept", found))
}

/// Values are base64 in JSON.
fn encoded(value: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(value)
}
