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
    /// The revision before the write.
    pub before: u64,
    /// The revision of the write: higher.
    pub written: u64,
    /// The revision after its removal: higher still.
    pub after: u64,
}

/// Writes a private key through the v3 API, reads it back, removes it, and sees the revision rise;
/// each within 5 s.
///
/// # Errors
/// `Command` if a write is not accepted in time; `State` if it was lost.
pub fn canary(host: &Host, conf: &EtcdConf) -> Result<Canary> {
    const KEY: &str = "/ocpdg.io/canary";
    let revision = |answer: &Value| answer["header"]["revision"].as_u64().unwrap_or(0);
    let ask = |arguments: &[&str]| json(host, &v3(conf, &[], arguments));
    let change = |arguments: &[&str]| {
        json(host, &changing(v3(conf, &[], arguments))).map_err(|error| {
            error.with_hint(
                "etcd answers but does not write: restore it from the snapshot (path B), which sets the log index anew",
            )
        })
    };
    let before = revision(&ask(&["get", KEY, "-w", "json"])?);
    let value = format!("{}-{before}", host.name());
    let written = revision(&change(&["put", KEY, &value, "-w", "json"])?);
    let read = ask(&["get", KEY, "-w", "json"])?;
    let kept = &read["kvs"][0];
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
        return Ok(Canary {
            before,
            written,
            after,
        });
    };
    Err(Error::state(
        host.name(),
        "a write to etcd's v3 data",
        "kept",
        found,
    ))
}

/// Values are base64 in JSON.
fn encoded(value: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(value)
}
