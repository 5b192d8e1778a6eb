//! Where a path leads: links resolved, mount points, and the room there is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::stat::{existing, only_absent};
use super::{guard, in_english, parent};
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::transport::{Command, Exit};

/// Whether a file system is mounted at `path`.
///
/// # Errors
/// `Command` if `mountpoint` cannot be run.
pub fn is_mountpoint(host: &Host, path: &str) -> Result<bool> {
    let command = Command::reads(["mountpoint", "-q", "--", guard::plain(path)?]);
    let output = host.output(&command)?;
    match output.exit {
        Exit::Status(0) => Ok(true),
        Exit::Status(1 | 32) => Ok(false),
        _ => Err(host.failed(&command, &output)),
    }
}

/// `path` as [`real_path`] returns it, and whether a file system is mounted there; one round trip.
///
/// # Errors
/// `Command` if `readlink` or `mountpoint` cannot be run.
pub fn real_place(host: &Host, path: &str) -> Result<(String, bool)> {
    const LOOK: &str = r#"real=$(readlink -m -- "$1") || exit 2
mountpoint -q -- "$real"
printf '%s\t%s\n' "$?" "$real""#;
    let path = guard::plain(path)?;
    let command = Command::reads(["sh", "-c", LOOK, "ocpdg-place", path]);
    let output = host.run(&command)?;
    let text = output.text();
    match text.split_once('\t') {
        Some(("0", real)) => Ok((real.to_owned(), true)),
        Some(("1" | "32", real)) => Ok((real.to_owned(), false)),
        _ => Err(host.failed(&command, &output)),
    }
}

/// `path` with every symbolic link on the way resolved; what does not exist stays as it is.
///
/// # Errors
/// `Command` if `readlink` fails.
pub fn real_path(host: &Host, path: &str) -> Result<String> {
    let path = guard::plain(path)?;
    let output = host.run(&Command::reads(["readlink", "-m", "--", path]))?;
    Ok(output.text())
}

/// Each of `paths` as [`real_path`] returns it, in order; one round trip.
///
/// # Errors
/// As [`real_path`].
pub fn real_paths<S: AsRef<str>>(host: &Host, paths: &[S]) -> Result<Vec<String>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut argv = vec!["readlink", "-m", "-z", "--"];
    for path in paths {
        argv.push(guard::plain(path.as_ref())?);
    }
    let command = Command::reads(argv);
    let output = host.run(&command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found: Vec<String> = text.split_terminator('\0').map(str::to_owned).collect();
    match found.len() == paths.len() {
        true => Ok(found),
        false => Err(host.failed(&command, &output)),
    }
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSystem {
    /// Where it is mounted.
    pub mount: String,
    /// Bytes that can still be written on it.
    pub free: u64,
}

/// The file system that holds `path`, or would hold it.
///
/// # Errors
/// As [`free_bytes`].
pub fn file_system(host: &Host, path: &str) -> Result<FileSystem> {
    of_df(host, &df(host, path, "--output=avail,target")?)
}

/// The file system in a line of `df --output=avail,target`.
fn of_df(host: &Host, answer: &str) -> Result<FileSystem> {
    let parsed = answer.split_once(' ').and_then(|(free, mount)| {
        Some(FileSystem {
            mount: mount.trim().to_owned(),
            free: free.parse().ok()?,
        })
    });
    parsed.ok_or_else(|| {
        let wanted = "a number and a mount point";
        Error::state(host.name(), "the answer of `df`", wanted, answer)
    })
}

/// As [`file_system`] for each of `paths`, in order; two round trips.
///
/// # Errors
/// As [`file_system`].
pub fn file_systems<S: AsRef<str>>(host: &Host, paths: &[S]) -> Result<Vec<FileSystem>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut above = Vec::new();
    for path in paths {
        let mut path = guard::plain(path.as_ref())?;
        while path != "/" {
            above.push(path);
            path = parent(path);
        }
    }
    above.sort_unstable();
    above.dedup();
    let there: BTreeSet<String> = existing(host, &above)?.into_iter().collect();
    let mut argv = vec!["df", "--output=avail,target", "-B1", "--"];
    for path in paths {
        let mut path = guard::plain(path.as_ref())?;
        while path != "/" && !there.contains(path) {
            path = parent(path);
        }
        argv.push(path);
    }
    let command = in_english(Command::reads(argv));
    let output = host.run(&command)?;
    let text = output.text();
    let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
    if lines.len() != paths.len() {
        return Err(host.failed(&command, &output));
    }
    lines.into_iter().map(|line| of_df(host, line)).collect()
}

/// Bytes that can still be written on the file system that holds `path`, or would hold it.
///
/// # Errors
/// `Command` if `df` fails; `State` if its answer is no number.
pub fn free_bytes(host: &Host, path: &str) -> Result<u64> {
    let answer = df(host, path, "--output=avail")?;
    answer
        .parse()
        .map_err(|_| Error::state(host.name(), "the answer of `df`", "a number", answer))
}

/// What `df` tells of the file system that holds `path`, or the nearest directory above it.
fn df(host: &Host, path: &str, columns: &str) -> Result<String> {
    let mut path = guard::plain(path)?;
    loop {
        let command = in_english(Command::reads(["df", columns, "-B1", "--", path]));
        let output = host.output(&command)?;
        if output.exit.success() {
            let text = output.text();
            return Ok(text.lines().last().unwrap_or_default().trim().to_owned());
        }
        if path == "/" || !only_absent(&output) {
            return Err(host.failed(&command, &output));
        }
        path = parent(path);
    }
}
