//! Facts about files.

use std::collections::BTreeMap;

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

/// What a listing tells of one path, its link not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The path.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// As [`Stat::modified`].
    pub modified: i64,
    /// As [`Stat::status_changed`].
    pub status_changed: i64,
}

impl Entry {
    /// The entry in `kind size modified changed path`, with tabs between them, as `find` prints it.
    fn parse(record: &str) -> Option<Self> {
        let mut fields = record.splitn(5, '\t');
        let kind = match fields.next()? {
            "f" => FileKind::File,
            "d" => FileKind::Directory,
            "l" => FileKind::Symlink,
            _ => FileKind::Other,
        };
        let size = fields.next()?.parse().ok()?;
        // `1522920670.1234567890`
        let mut time = || fields.next()?.split('.').next()?.parse().ok();
        let (modified, status_changed) = (time()?, time()?);
        Some(Self {
            path: fields.next()?.to_owned(),
            kind,
            size,
            modified,
            status_changed,
        })
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
    let paths = |all: Vec<Entry>| all.into_iter().map(|entry| entry.path).collect();
    let found = entries_many(host, patterns)?;
    Ok(found.into_iter().map(paths).collect())
}

/// What `pattern` names, as [`list`] tells, each with its facts.
///
/// # Errors
/// As [`list`].
pub fn entries(host: &Host, pattern: &str) -> Result<Vec<Entry>> {
    let found = entries_many(host, &[pattern])?.pop();
    Ok(found.unwrap_or_default())
}

/// What each of `patterns` names, as [`list_many`] tells, each with its facts.
///
/// # Errors
/// As [`list`].
pub fn entries_many<S: AsRef<str>>(host: &Host, patterns: &[S]) -> Result<Vec<Vec<Entry>>> {
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
    let in_order = |all: &mut Vec<Entry>| all.sort_by(|a, b| a.path.cmp(&b.path));
    found.iter_mut().for_each(in_order);
    Ok(found)
}

/// Finds what lies `depth` below the start of each of `search` (index, start, pattern), and puts it
/// into `found` at the index.
fn find(
    host: &Host,
    depth: usize,
    search: &[(usize, String, &str)],
    found: &mut [Vec<Entry>],
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
        argv.extend([
            "-printf".to_owned(),
            format!(r"{at}\t%y\t%s\t%T@\t%C@\t%p\0"),
        ]);
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
                "a number, four facts and a path",
                record,
            )
        };
        let (at, facts) = record.split_once('\t').ok_or_else(odd)?;
        let at: usize = at.parse().map_err(|_| odd())?;
        let entry = Entry::parse(facts).ok_or_else(odd)?;
        let (_, start, pattern) = search.iter().find(|(of, ..)| *of == at).ok_or_else(odd)?;
        // A file below another one's start: `find` lets `*` match a `/` too.
        let is_meant = match start == pattern {
            true => parent(&entry.path) == start,
            false => slashes(&entry.path) == slashes(pattern),
        };
        if is_meant {
            found[at].push(entry);
        }
    }
    Ok(())
}
