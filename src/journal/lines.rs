//! The lines of a journal: the checksum of each, and how they are read back.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::event::Record;
use super::history::History;
use crate::error::{Error, Result};

/// What a journal is read back by: names, places and tags. A secret that looks like one of them,
/// such as the password `one`, must not make the journal unreadable.
const STRUCTURE: [&str; 17] = [
    "number",
    "time",
    "event",
    "run",
    "cluster",
    "host",
    "hosts",
    "step",
    "kind",
    "ending",
    "limit",
    "inventory",
    "script",
    "sources",
    "libraries",
    "refusal",
    "version",
];

/// Replaces `secret` wherever it stands in what hosts, scripts and operators said.
pub fn redact(value: &mut Value, secret: &str) {
    match value {
        Value::String(text) if text.contains(secret) => *text = text.replace(secret, "[secret]"),
        Value::Array(list) => list.iter_mut().for_each(|value| redact(value, secret)),
        Value::Object(map) => map
            .iter_mut()
            // The kind of an error is a map with facts in it, as a tag it is a text; the outcome of
            // a transport's failure is a tag too, that of a command a map.
            .filter(|(key, value)| {
                !(STRUCTURE.contains(&key.as_str()) || *key == "outcome")
                    || (value.is_object() && *key != "step" && *key != "sources")
            })
            .for_each(|(_, value)| redact(value, secret)),
        _ => {}
    }
}

/// The checksum of a line: the first 16 hexadecimal digits of SHA-256 over the checksum of the line
/// before it and its own body.
pub fn checksum(chain: &str, body: &str) -> String {
    let digest = Sha256::new()
        .chain_update(chain)
        .chain_update(body)
        .finalize();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a file holds.
pub struct ReadBack {
    /// The whole records.
    pub records: Vec<Record>,
    /// What they add up to.
    pub history: History,
    /// Checksum of the last whole line.
    pub chain: String,
    /// Bytes that are sound.
    pub length: u64,
    /// The warning, if the last line is torn.
    pub torn: Option<String>,
}

/// Reads `bytes` of `path`; only the very last line may be unsound.
///
/// # Errors
/// A damaged line, with its number; a file without a whole record.
pub fn read_back(path: &Path, bytes: &[u8]) -> Result<ReadBack> {
    let mut read = ReadBack {
        records: Vec::new(),
        history: History::default(),
        chain: String::new(),
        length: 0,
        torn: None,
    };
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = rest
            .split_inclusive(|byte| *byte == b'\n')
            .next()
            .unwrap_or(rest);
        let last = line.len() == rest.len();
        match take_line(line, &read.chain) {
            Ok((record, sum)) => {
                read.history
                    .apply(&record)
                    .map_err(|reason| damaged(path, &read, &reason))?;
                read.records.push(record);
                read.chain = sum;
                read.length += line.len() as u64;
            }
            Err(reason) if last => {
                read.torn = Some(format!(
                    "the last line of `{}` is torn ({reason}): it was being written when the run died, and is cut off",
                    path.display()
                ));
            }
            Err(reason) => return Err(damaged(path, &read, &reason)),
        }
        rest = &rest[line.len()..];
    }
    if read.records.is_empty() {
        return Err(Error::controller(
            format!("read `{}`", path.display()),
            "it holds no whole record: the run died before it began, nothing was done",
        )
        .with_hint("start it again with `ocpdg run`"));
    }
    Ok(read)
}

fn damaged(path: &Path, read: &ReadBack, reason: &str) -> Error {
    Error::controller(
        format!("read `{}`", path.display()),
        format!("line {} {reason}", read.records.len() + 1),
    )
    .with_hint("the file was changed or the disk is failing: restore it from a copy, or start again with `ocpdg run`")
}

fn take_line(line: &[u8], chain: &str) -> std::result::Result<(Record, String), String> {
    let text = line
        .strip_suffix(b"\n")
        .ok_or("has no end")
        .and_then(|line| std::str::from_utf8(line).map_err(|_| "is not text"))?;
    let (sum, body) = text.split_once(' ').ok_or("has no checksum")?;
    if checksum(chain, body) != sum {
        return Err("does not match its checksum".to_owned());
    }
    let record = serde_json::from_str(body).map_err(|error| format!("cannot be read: {error}"))?;
    Ok((record, sum.to_owned()))
}
