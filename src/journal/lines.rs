//! The lines of a journal: the checksum of each, and how they are read back.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::event::{Event, FORMAT, Record};
use super::history::History;
use super::runs::{FILE, Summary};
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
pub fn checksum(chain: &str, body: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::new()
        .chain_update(chain)
        .chain_update(body)
        .finalize();
    let mut text = String::with_capacity(16);
    for byte in &digest[..8] {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Reads a journal as it grows, from its first byte on.
pub struct Reader {
    path: PathBuf,
    history: History,
    /// Checksum of the last whole line.
    chain: String,
    /// Bytes that are sound.
    length: u64,
    /// What came after the last whole line.
    rest: Vec<u8>,
    /// How much of it has no line break.
    searched: usize,
}

/// Why a line is no record.
enum Unsound {
    /// It was not written to its end.
    Torn(String),
    /// It was, and is not understood.
    Unreadable(Error),
}

impl Reader {
    /// A reader of the journal at `path`, which messages name.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            history: History::default(),
            chain: String::new(),
            length: 0,
            rest: Vec::new(),
            searched: 0,
        }
    }

    /// Takes the next bytes of the file, and returns the records that are whole by now.
    ///
    /// A line that is unsound may be the last one only: it is kept until more comes.
    ///
    /// # Errors
    /// A damaged line, with its number; a format that this version does not read.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Record>> {
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let mut records = Vec::new();
        let (mut begin, mut from) = (0, self.searched);
        while let Some(end) = rest[from..].iter().position(|byte| *byte == b'\n') {
            let end = from + end + 1;
            match self.take(&rest[begin..end]) {
                Ok((record, sum)) => {
                    self.chain = sum;
                    self.length += (end - begin) as u64;
                    records.push(record);
                }
                Err(Unsound::Torn(_)) if end == rest.len() => break,
                Err(Unsound::Torn(reason)) => return Err(self.damaged(&reason)),
                Err(Unsound::Unreadable(error)) => return Err(error),
            }
            (begin, from) = (end, end);
        }
        self.rest = rest[begin..].to_vec();
        // The line break of an unsound line is to be found again.
        self.searched = self.rest.len();
        self.searched -= usize::from(self.rest.ends_with(b"\n"));
        Ok(records)
    }

    /// The warning that the last line is torn, if it is.
    pub fn torn(&self) -> Option<String> {
        if self.rest.is_empty() {
            return None;
        }
        let reason = match sound(&self.rest, &self.chain) {
            Err(reason) => reason,
            Ok(_) => "is not understood",
        };
        Some(format!(
            "the last line of `{}` is torn ({reason}): it was being written when the run died, and is cut off",
            self.path.display()
        ))
    }

    /// What the records so far add up to.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Reads the line `line` and takes it into the history.
    fn take(&mut self, line: &[u8]) -> std::result::Result<(Record, String), Unsound> {
        let (sum, body) =
            sound(line, &self.chain).map_err(|reason| Unsound::Torn(reason.to_owned()))?;
        let read = serde_json::from_str::<Record>(body);
        // What a newer version wrote may be of no known form.
        let written = match &read {
            Ok(Record {
                event:
                    Event::RunStarted {
                        format, version, ..
                    }
                    | Event::Resumed {
                        format, version, ..
                    },
                ..
            }) => Some((*format, version.clone())),
            Ok(_) => None,
            Err(_) => serde_json::from_str::<Written>(body)
                .ok()
                .map(|written| (written.format, written.version)),
        };
        if let Some((format, version)) = written.filter(|(format, _)| *format > FORMAT) {
            return Err(Unsound::Unreadable(self.newer(format, &version)));
        }
        let record = read.map_err(|error| {
            Unsound::Unreadable(self.damaged(&format!("cannot be read: {error}")))
        })?;
        self.history
            .apply(&record)
            .map_err(|reason| Unsound::Unreadable(self.damaged(&reason)))?;
        Ok((record, sum.to_owned()))
    }

    fn damaged(&self, reason: &str) -> Error {
        Error::controller(
            format!("read `{}`", self.path.display()),
            format!("line {} {reason}", self.history.records() + 1),
        )
        .with_hint("the file was changed or the disk is failing: restore it from a copy, or start again with `ocpdg run`")
    }

    fn newer(&self, format: u32, version: &str) -> Error {
        let version = match version {
            "" => "a newer ocpdg".to_owned(),
            version => format!("ocpdg {version}"),
        };
        Error::controller(
            format!("read `{}`", self.path.display()),
            format!(
                "it is in format {format}, written by {version}; this ocpdg {} reads format {FORMAT}",
                env!("CARGO_PKG_VERSION")
            ),
        )
        .with_hint(format!("use {version} for this run, or a later version"))
    }
}

/// What the first line of any format, and that of each resume, tells of it.
#[derive(Deserialize)]
struct Written {
    format: u32,
    #[serde(default)]
    version: String,
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

/// Reads the journal of `run`; only the very last line may be unsound.
///
/// # Errors
/// A damaged line, with its number; a file without a whole record, of a format that this version does
/// not read, or of another run or cluster.
pub fn read_back(run: &Summary, bytes: &[u8]) -> Result<ReadBack> {
    let path = run.directory.join(FILE);
    let mut reader = Reader::new(&path);
    let records = reader.feed(bytes)?;
    let refused = |reason: String| Error::controller(format!("read `{}`", path.display()), reason);
    let Some(first) = records.first() else {
        let reason = "it holds no whole record: the run died before it began, nothing was done";
        return Err(refused(reason.to_owned()).with_hint("start it again with `ocpdg run`"));
    };
    if let Event::RunStarted {
        run: id, cluster, ..
    } = &first.event
        && (*id != run.run || *cluster != run.cluster)
    {
        return Err(refused(format!(
            "it is the journal of run {id} of cluster {cluster}, and lies where that of run {} of cluster {} belongs",
            run.run, run.cluster
        ))
        .with_hint(format!("move it back to `{cluster}/{id}/{FILE}`")));
    }
    Ok(ReadBack {
        records,
        torn: reader.torn(),
        history: reader.history,
        chain: reader.chain,
        length: reader.length,
    })
}

/// The checksum and the body of `line`, or why it was not written to its end.
fn sound<'a>(line: &'a [u8], chain: &str) -> std::result::Result<(&'a str, &'a str), &'static str> {
    let text = line
        .strip_suffix(b"\n")
        .ok_or("has no end")
        .and_then(|line| std::str::from_utf8(line).map_err(|_| "is not text"))?;
    let (sum, body) = text.split_once(' ').ok_or("has no checksum")?;
    if checksum(chain, body.as_bytes()) != sum {
        return Err("does not match its checksum");
    }
    Ok((sum, body))
}
