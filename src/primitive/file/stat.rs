//! Facts about files.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{guard, in_english, parent};
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::transport::{Command, Exit, Output};

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, itself and not what it points to.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

/// The facts of one path, its link not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    /// The path as asked for.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// Owner's name, or number where it has none.
    pub owner: String,
    /// Group's name, or number where it has none.
    pub group: String,
    /// Permissions as four octal digits, such as `0644`.
    pub mode: String,
    /// Last change of the content, seconds since 1970.
    pub modified: i64,
    /// Last change of name, owner or content, seconds since 1970: what a copy cannot take along.
    pub status_changed: i64,
    /// SELinux context, where the host has one.
    pub context: Option<String>,
    /// Where a symbolic link points.
    pub link: Option<String>,
}

/// The facts of `path`, or nothing if there is none.
///
/// # Errors
/// `Command` if the path cannot be looked at for another reason than being absent.
pub fn stat(host: &Host, path: &str) -> Result<Option<Stat>> {
    Ok(stat_many(host, &[path])?.pop().flatten())
}

/// The facts of each of `paths`, in order, in one round trip (a second one for symbolic links).
///
/// # Errors
/// As [`stat()`].
pub fn stat_many<S: AsRef<str>>(host: &Host, paths: &[S]) -> Result<Vec<Option<Stat>>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut argv = vec![
        "stat".to_owned(),
        r"--printf=%f\t%s\t%U\t%G\t%Y\t%Z\t%C\t%n\0".to_owned(),
        "--".to_owned(),
    ];
    for path in paths {
        argv.push(guard::plain(path.as_ref())?.to_owned());
    }
    let command = in_english(Command::reads(argv));
    let output = host.output(&command)?;
    if !only_absent(&output) {
        return Err(host.failed(&command, &output));
    }
    let mut found = Vec::new();
    for record in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
        let stat = parse(record)
            .ok_or_else(|| Error::state(host.name(), "the answer of `stat`", "8 fields", record))?;
        found.push(stat);
    }
    let links: Vec<usize> = (0..found.len())
        .filter(|&at| found[at].kind == FileKind::Symlink)
        .collect();
    if !links.is_empty() {
        let mut argv = vec!["readlink".to_owned(), "-z".to_owned(), "--".to_owned()];
        argv.extend(links.iter().map(|&at| found[at].path.clone()));
        let output = host.run(&Command::reads(argv))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for (&at, target) in links.iter().zip(text.split_terminator('\0')) {
            found[at].link = Some(target.to_owned());
        }
    }
    Ok(paths
        .iter()
        .map(|path| {
            let path = guard::plain(path.as_ref()).ok()?;
            found.iter().find(|stat| stat.path == path).cloned()
        })
        .collect())
}

/// Whether the output says nothing worse than that something is absent, be it the file itself or,
/// without SELinux, its context.
pub(super) fn only_absent(output: &Output) -> bool {
    output.exit.success()
        || matches!(output.exit, Exit::Status(1))
            && output.error_text().lines().all(|line| {
                line.ends_with("No such file or directory")
                    || line.ends_with("Not a directory")
                    || line.contains("failed to get security context")
            })
            && !output.stderr.is_empty()
}

fn parse(record: &str) -> Option<Stat> {
    let mut fields = record.splitn(8, '\t');
    let raw = u32::from_str_radix(fields.next()?, 16).ok()?;
    let size = fields.next()?.parse().ok()?;
    let (owner, group) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let modified = fields.next()?.parse().ok()?;
    let status_changed = fields.next()?.parse().ok()?;
    let context = fields.next()?;
    Some(Stat {
        kind: match raw & 0o170_000 {
            0o100_000 => FileKind::File,
            0o040_000 => FileKind::Directory,
            0o120_000 => FileKind::Symlink,
            _ => FileKind::Other,
        },
        size,
        owner,
        group,
        mode: format!("{:04o}", raw & 0o7777),
        modified,
        status_changed,
        context: (!matches!(context, "?" | "" | "(null)")).then(|| context.to_owned()),
        link: None,
        path: fields.next()?.to_owned(),
    })
}

/// Those of `paths` at which there is anything, be it a dangling link; one round trip.
///
/// # Errors
/// As [`stat()`].
pub fn existing<S: AsRef<str>>(host: &Host, paths: &[S]) -> Result<Vec<String>> {
    let found = stat_many(host, paths)?;
    Ok(found.into_iter().flatten().map(|stat| stat.path).collect())
}

/// Whether there is anything at `path`, be it a dangling link.
///
/// # Errors
/// As [`stat()`].
pub fn exists(host: &Host, path: &str) -> Result<bool> {
    Ok(stat(host, path)?.is_some())
}

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

/// The paths that `pattern` names, sorted: the content of a directory, or the matches of a pattern
/// with `*`, `?` or `[...]`, which never cross a `/`; empty if there are none.
///
/// # Errors
/// `Command` if a directory on the way cannot be read.
pub fn list(host: &Host, pattern: &str) -> Result<Vec<String>> {
    Ok(list_many(host, &[pattern])?.pop().unwrap_or_default())
}

/// What each of `patterns` names, as [`list`] tells; one round trip for those that begin equally far
/// above their files.
///
/// # Errors
/// As [`list`].
pub fn list_many<S: AsRef<str>>(host: &Host, patterns: &[S]) -> Result<Vec<Vec<String>>> {
    let mut searches: BTreeMap<usize, Vec<(usize, String, &str)>> = BTreeMap::new();
    for (at, pattern) in patterns.iter().enumerate() {
        let pattern = guard::plain(pattern.as_ref())?;
        let parts: Vec<&str> = pattern.split('/').skip(1).collect();
        let fixed = parts.iter().position(|p| p.contains(['*', '?', '[']));
        let (start, depth) = match fixed {
            None => (pattern.to_owned(), 1),
            Some(fixed) => (
                format!("/{}", parts[..fixed].join("/")),
                parts.len() - fixed,
            ),
        };
        let search = searches.entry(depth).or_default();
        search.push((at, start, pattern));
    }
    let mut found = vec![Vec::new(); patterns.len()];
    for (depth, search) in searches {
        find(host, depth, &search, &mut found)?;
    }
    found.iter_mut().for_each(|paths| paths.sort());
    Ok(found)
}

/// Finds what lies `depth` below the start of each of `search` (index, start, pattern), and puts it
/// into `found` at the index.
fn find(
    host: &Host,
    depth: usize,
    search: &[(usize, String, &str)],
    found: &mut [Vec<String>],
) -> Result<()> {
    let mut starts: Vec<&str> = search.iter().map(|(_, start, _)| start.as_str()).collect();
    starts.sort_unstable();
    starts.dedup();
    let depth = depth.to_string();
    let mut argv: Vec<String> = vec!["find".to_owned()];
    argv.extend(starts.iter().map(|start| (*start).to_owned()));
    argv.extend(["-mindepth", &depth, "-maxdepth", &depth].map(str::to_owned));
    for (place, (at, start, pattern)) in search.iter().enumerate() {
        if place > 0 {
            argv.push(",".to_owned());
        }
        if start != pattern {
            argv.extend(["-path", pattern].map(str::to_owned));
        }
        argv.extend(["-printf".to_owned(), format!(r"{at}\t%p\0")]);
    }
    let command = in_english(Command::reads(argv));
    let output = host.output(&command)?;
    if !only_absent(&output) {
        return Err(host.failed(&command, &output));
    }
    let slashes = |path: &str| path.bytes().filter(|&byte| byte == b'/').count();
    for record in String::from_utf8_lossy(&output.stdout).split_terminator('\0') {
        let odd = || {
            Error::state(
                host.name(),
                "the answer of `find`",
                "a number and a path",
                record,
            )
        };
        let (at, path) = record.split_once('\t').ok_or_else(odd)?;
        let at: usize = at.parse().map_err(|_| odd())?;
        let (_, start, pattern) = search.iter().find(|(of, ..)| *of == at).ok_or_else(odd)?;
        // A file below another one's start: `find` lets `*` match a `/` too.
        let is_meant = match start == pattern {
            true => parent(path) == start,
            false => slashes(path) == slashes(pattern),
        };
        if is_meant {
            found[at].push(path.to_owned());
        }
    }
    Ok(())
}
