//! sha256 of files and trees.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::stat::only_absent;
use super::{LONG, guard, in_english};
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::transport::Command;

/// What a tree holds: each file's sha256, and where each symbolic link points.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// sha256 by path; sorted.
    pub files: BTreeMap<String, String>,
    /// Target by path; sorted.
    pub links: BTreeMap<String, String>,
}

impl Manifest {
    /// One sha256 for the whole: equal for equal trees.
    pub fn sha256(&self) -> String {
        let mut hasher = Sha256::new();
        for (path, sum) in &self.files {
            hasher.update(format!("{sum}  {path}\0"));
        }
        for (path, target) in &self.links {
            hasher.update(format!("{path} -> {target}\0"));
        }
        hex(&hasher.finalize())
    }

    /// What of it lies at or below `dir`, as [`manifest`] returns it.
    #[must_use]
    pub(in crate::primitive) fn within(&self, dir: &str) -> Self {
        let keep = |map: &BTreeMap<String, String>| {
            let inside = map.iter().filter(|(path, _)| guard::within(path, dir));
            inside
                .map(|(path, value)| {
                    let short = path.strip_prefix(dir).unwrap_or(path);
                    (short.trim_start_matches('/').to_owned(), value.clone())
                })
                .collect()
        };
        Self {
            files: keep(&self.files),
            links: keep(&self.links),
        }
    }

    /// The first path in which the two differ, with what each of them has.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let pairs = [(&self.files, &other.files), (&self.links, &other.links)];
        pairs.into_iter().find_map(|(ours, theirs)| {
            ours.iter()
                .find(|(path, value)| theirs.get(*path) != Some(value))
                .or_else(|| theirs.iter().find(|(path, _)| !ours.contains_key(*path)))
                .map(|(path, _)| path.clone())
        })
    }
}

/// `bytes` as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sha256 of the file at `path`, as 64 hexadecimal digits.
///
/// # Errors
/// `Command` if it cannot be read.
pub fn sha256(host: &Host, path: &str) -> Result<String> {
    let path = guard::plain(path)?;
    let output = host.run(&in_english(Command::reads(["sha256sum", "--", path])).timeout(LONG))?;
    let text = output.text();
    let (sum, _) = line(&text).ok_or_else(|| odd(host, &text))?;
    Ok(sum)
}

/// What is at a path, for one that wants to replace a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// A regular file with this sha256.
    File(String),
    /// A symbolic link, wherever it points.
    Link,
    /// A directory, a device, a pipe: nothing to be read or replaced.
    Other,
}

/// What is at `path`, its link not followed, and a regular file's sha256; one round trip.
///
/// # Errors
/// `Command` if it cannot be looked at or read.
pub(super) fn found(host: &Host, path: &str) -> Result<Found> {
    let sum = ["-type", "f", "-exec", "sha256sum", "--", "{}", "+"];
    let argv = ["find", path, "-maxdepth", "0"].into_iter().chain(sum);
    let argv = argv.chain(["-o", "-printf", "kind:%y\n"]);
    let command = in_english(Command::reads(argv)).timeout(LONG);
    let output = host.output(&command)?;
    if !only_absent(&output) {
        return Err(host.failed(&command, &output));
    }
    let text = output.text();
    Ok(match text.as_str() {
        "" => Found::Nothing,
        "kind:l" => Found::Link,
        kind if kind.starts_with("kind:") => Found::Other,
        sum => Found::File(line(sum).ok_or_else(|| odd(host, sum))?.0),
    })
}

/// The manifest of the tree below `dir`, its paths relative to `dir`, in one round trip.
///
/// A single file has one entry with an empty path.
///
/// # Errors
/// `Command` if something in it cannot be read.
pub fn manifest(host: &Host, dir: &str) -> Result<Manifest> {
    let dir = guard::plain(dir)?;
    Ok(manifests(host, &[dir])?.within(dir))
}

/// The manifest of several trees or files at once, with absolute paths, in one round trip.
///
/// # Errors
/// As [`manifest`].
pub fn manifests<S: AsRef<str>>(host: &Host, paths: &[S]) -> Result<Manifest> {
    let mut found = Manifest::default();
    if paths.is_empty() {
        return Ok(found);
    }
    let mut argv = vec!["find".to_owned()];
    for path in paths {
        argv.push(guard::plain(path.as_ref())?.to_owned());
    }
    argv.extend(
        [
            "-type",
            "l",
            "-printf",
            r"link:%l\t%p\n",
            "-o",
            "-type",
            "f",
            "-exec",
            "sha256sum",
            "--",
            "{}",
            "+",
        ]
        .map(str::to_owned),
    );
    let output = host.run(&in_english(Command::reads(argv)).timeout(LONG))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for entry in text.lines() {
        if let Some((target, path)) = entry.strip_prefix("link:").and_then(|l| l.split_once('\t')) {
            found.links.insert(path.to_owned(), target.to_owned());
        } else {
            let (sum, path) = line(entry).ok_or_else(|| odd(host, entry))?;
            found.files.insert(path, sum);
        }
    }
    Ok(found)
}

fn odd(host: &Host, text: &str) -> Error {
    Error::state(
        host.name(),
        "the answer of `sha256sum`",
        "a sum and a path",
        text.chars().take(200).collect::<String>(),
    )
}

/// A line of sha256sum: a leading `\` says that `\\` and `\n` in the path are escaped.
fn line(text: &str) -> Option<(String, String)> {
    let (escaped, text) = match text.strip_prefix('\\') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (sum, path) = text.split_once(' ')?;
    if sum.len() != 64 || !sum.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let path = path.strip_prefix([' ', '*'])?;
    let path = if escaped {
        path.replace(r"\\", "\0")
            .replace(r"\n", "\n")
            .replace('\0', "\\")
    } else {
        path.to_owned()
    };
    Some((sum.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_names_are_read_back() {
        let sum = "a".repeat(64);
        let parsed = line(&format!(r"\{sum}  /x\\y\nz"));
        assert_eq!(parsed, Some((sum, "/x\\y\nz".to_owned())));
        assert_eq!(line("sha256sum: /x: Is a directory"), None);
    }
}
