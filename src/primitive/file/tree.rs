//! Whole files and trees: copy, move, remove, make.

use std::collections::BTreeSet;

use super::attributes::missing;
use super::content::Attributes;
use super::place::real_path;
use super::stat::{FileKind, Stat, exists, stat, stat_many};
use super::{LONG, Manifest, base, guard, manifests, parent};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::Command;

/// Copies the file or tree `from` to the path `to` on the same host, owners, modes, times and
/// SELinux contexts included (`cp -a`), and compares the sha256 of every file.
///
/// The copy grows under a temporary name, reaches the disk, and then takes `to`, which must not exist
/// or be a file if `from` is one; a tree that is there already has to be equal. Before and after are one sha256
/// over the whole.
///
/// # Errors
/// `State` if `from` is missing, `to` holds another tree, or the copy differs; `Command` if the
/// host refuses, a full disk among the reasons.
pub fn copy(host: &Host, from: &str, to: &str) -> Result<Change<Option<String>>> {
    let changes = copy_all(host, &[(from, to)])?;
    changes
        .into_iter()
        .next()
        .ok_or_else(|| missing(host, from))
}

/// Copies each pair of `(from, to)` as [`copy`] does, looking at all of them together; all copies are
/// complete, compared and on the disk before the first one takes its name.
///
/// # Errors
/// As [`copy`]; `Invalid` if two pairs have the same target.
pub fn copy_all<S: AsRef<str>>(
    host: &Host,
    pairs: &[(S, S)],
) -> Result<Vec<Change<Option<String>>>> {
    let mut copies = Copy::look(host, pairs)?;
    let pending: Vec<&Copy> = copies.iter().filter(|copy| !copy.done).collect();
    if !pending.is_empty() {
        let left: Vec<&str> = pending
            .iter()
            .filter(|copy| copy.left_over)
            .map(|copy| copy.temporary.as_str())
            .collect();
        clear(host, &left)?;
        for copy in &pending {
            let argv = ["cp", "-a", "-T", "--", &copy.from, &copy.temporary];
            host.run(&Command::changes(argv).timeout(LONG))?;
        }
        let temporary: Vec<&str> = pending.iter().map(|copy| &*copy.temporary).collect();
        let copied = manifests(host, &temporary)?;
        for copy in &pending {
            let copied = copied.within(&copy.temporary);
            if copied != copy.wanted {
                let path = copied.difference(&copy.wanted).unwrap_or_default();
                clear(host, &temporary)?;
                return Err(Error::state(
                    host.name(),
                    format!("the copy of `{}`", copy.from),
                    "the same content",
                    format!("a difference in `{path}`"),
                )
                .with_hint("something may be writing to it: stop that, and run again"));
            }
        }
        flush(host)?;
        for copy in &pending {
            let argv = ["mv", "-f", "-T", "--", &copy.temporary, &copy.to];
            host.run(&Command::changes(argv))?;
        }
    }
    let change = |copy: Copy| Change::between(copy.before, Some(copy.wanted.sha256()));
    Ok(copies.drain(..).map(change).collect())
}

fn clear(host: &Host, paths: &[&str]) -> Result<()> {
    if !paths.is_empty() {
        let argv = ["rm", "-rf", "--"];
        host.run(&Command::changes(
            argv.into_iter().chain(paths.iter().copied()),
        ))?;
    }
    Ok(())
}

/// One file or tree to be copied, and what was found of it.
struct Copy {
    from: String,
    to: String,
    temporary: String,
    /// Whether a copy that was cut off left something at `temporary`.
    left_over: bool,
    wanted: Manifest,
    /// One sha256 over what `to` held.
    before: Option<String>,
    /// Whether `to` is equal already.
    done: bool,
}

impl Copy {
    fn look<S: AsRef<str>>(host: &Host, pairs: &[(S, S)]) -> Result<Vec<Self>> {
        let mut paths = Vec::new();
        let mut targets = BTreeSet::new();
        for (from, to) in pairs {
            let (from, to) = (guard::plain(from.as_ref())?, guard::plain(to.as_ref())?);
            let subject = || format!("copy of `{from}` to `{to}`");
            if guard::within(to, from) {
                return Err(Error::invalid(
                    subject(),
                    "the target lies inside the source",
                ));
            }
            if !targets.insert(to) {
                return Err(Error::invalid(subject(), "it is the target of two copies"));
            }
            let temporary = format!("{}/.{}.ocpdg", parent(to).trim_end_matches('/'), base(to));
            paths.extend([from.to_owned(), to.to_owned(), temporary]);
        }
        let stats = stat_many(host, &paths)?;
        let mut there = Vec::new();
        for (paths, stats) in paths.chunks(3).zip(stats.chunks(3)) {
            if stats[0].is_none() {
                return Err(missing(host, &paths[0]));
            }
            there.push(&paths[0]);
            there.extend(stats[1].as_ref().map(|_| &paths[1]));
        }
        let there = manifests(host, &there)?;
        let looked = paths.chunks(3).zip(stats.chunks(3));
        looked
            .map(|(paths, stats)| Self::of(host, paths, stats, &there))
            .collect()
    }

    /// `paths` and their `stats` are source, target and temporary name; `there` is what they hold.
    fn of(host: &Host, paths: &[String], stats: &[Option<Stat>], there: &Manifest) -> Result<Self> {
        let kind = |at: usize| stats[at].as_ref().map(|stat: &Stat| stat.kind);
        let (from, to) = (&paths[0], &paths[1]);
        let (wanted, held) = (there.within(from), there.within(to));
        let done = kind(0) == kind(1) && held == wanted;
        let a_tree = [kind(0), kind(1)].contains(&Some(FileKind::Directory));
        if kind(1).is_some() && !done && a_tree {
            let path = held.difference(&wanted).unwrap_or_default();
            return Err(Error::state(
                host.name(),
                format!("`{to}`"),
                format!("nothing, or a copy of `{from}`"),
                format!("something else, which differs in `{path}`"),
            )
            .with_hint(format!("move `{to}` on `{}` aside", host.name())));
        }
        Ok(Self {
            from: from.clone(),
            to: to.clone(),
            temporary: paths[2].clone(),
            left_over: stats[2].is_some(),
            before: kind(1).map(|_| held.sha256()),
            wanted,
            done,
        })
    }
}

/// Has the host write everything to its disks: what a rename or a list of sums vouches for has to
/// outlive a loss of power. Whole, because RHEL 7's `sync` takes no file.
///
/// # Errors
/// `Command` if `sync` fails.
pub(crate) fn flush(host: &Host) -> Result<()> {
    host.run(&Command::changes(["sync"]).timeout(LONG))?;
    Ok(())
}

/// Moves `from` to the path `to`; nothing happens if only `to` exists.
///
/// Before and after are whether `to` exists.
///
/// # Errors
/// `State` if both exist or neither does; `Refused` for a system directory; `Command` if the host
/// refuses.
pub fn move_to(host: &Host, from: &str, to: &str) -> Result<Change<bool>> {
    guard::expendable(host.name(), "move", from)?;
    let (from, to) = (guard::plain(from)?, guard::plain(to)?);
    let both = |host: &Host| -> Result<(bool, bool)> {
        let found = stat_many(host, &[from, to])?;
        Ok((found[0].is_some(), found[1].is_some()))
    };
    match both(host)? {
        (false, true) => return Ok(Change::between(true, true)),
        (true, false) => {}
        (true, true) => {
            let found = "something else";
            return Err(
                Error::state(host.name(), format!("`{to}`"), "nothing", found)
                    .with_hint(format!("move `{to}` on `{}` aside", host.name())),
            );
        }
        (false, false) => return Err(missing(host, from)),
    }
    host.run(&Command::changes(["mv", "-T", "--", from, to]))?;
    if both(host)? != (false, true) {
        let subject = format!("`{from}` after moving it to `{to}`");
        return Err(Error::state(host.name(), subject, "gone", "still there"));
    }
    Ok(Change::between(false, true))
}

/// Removes the file or link at `path`, or with `recursive` the tree; never leaves the file system
/// it starts on. Before and after are the facts of the path.
///
/// # Errors
/// `Refused` for system directories, links on the way resolved; `Command` if the host refuses;
/// `State` if it is a directory and `recursive` was not asked for.
pub fn remove(host: &Host, path: &str, recursive: bool) -> Result<Change<Option<Stat>>> {
    guard::expendable(host.name(), "remove", path)?;
    let path = guard::plain(path)?;
    let real = format!("{}/{}", real_path(host, parent(path))?, base(path));
    guard::expendable(host.name(), "remove", &real)?;
    let Some(before) = stat(host, path)? else {
        return Ok(Change::between(None, None));
    };
    if before.kind == FileKind::Directory {
        if !recursive {
            return Err(
                Error::state(host.name(), format!("`{path}`"), "a file", "a directory")
                    .with_hint("say that the whole tree is meant: `recursive: true`"),
            );
        }
        host.run(&Command::changes([
            "rm",
            "-rf",
            "--one-file-system",
            "--",
            path,
        ]))?;
    } else {
        host.run(&Command::changes(["rm", "-f", "--", path]))?;
    }
    if exists(host, path)? {
        let hint = format!("look at `findmnt -R {path}` and `lsattr -d {path}`");
        let error = Error::state(host.name(), format!("`{path}`"), "gone", "still there");
        return Err(error.with_hint(hint));
    }
    Ok(Change {
        changed: true,
        before: Some(before),
        after: None,
    })
}

/// Makes the directory `path` and those above it, with `attributes` for itself.
///
/// # Errors
/// `State` if something else is there; `Command` if the host refuses.
pub fn mkdir(host: &Host, path: &str, attributes: &Attributes) -> Result<Change<Option<Stat>>> {
    attributes.check()?;
    let path = guard::plain(path)?;
    let found = stat(host, path)?;
    made(host, path, attributes, found)
}

/// As [`mkdir`] for each of `paths`, in order, making all that are missing and looking at all of them
/// together. Returns what is there of the paths `inside` them.
///
/// # Errors
/// As [`mkdir`].
pub(crate) fn mkdirs(
    host: &Host,
    paths: &[&str],
    attributes: &Attributes,
    inside: &[&str],
) -> Result<Vec<String>> {
    attributes.check()?;
    let all = [paths, inside].concat();
    let mut found = stat_many(host, &all)?;
    let missing: Vec<&str> = (0..paths.len())
        .filter(|&at| found[at].is_none())
        .map(|at| paths[at])
        .collect();
    if !missing.is_empty() {
        make(host, &missing, attributes)?;
        found = stat_many(host, &all)?;
    }
    let there = found.split_off(paths.len());
    for (path, found) in paths.iter().zip(found) {
        made(host, guard::plain(path)?, attributes, found)?;
    }
    Ok(there.into_iter().flatten().map(|stat| stat.path).collect())
}

fn make(host: &Host, paths: &[&str], attributes: &Attributes) -> Result<()> {
    let mode = attributes.mode.as_deref().unwrap_or("0755");
    let argv = ["mkdir", "-p", "-m", mode, "--"].into_iter();
    host.run(&Command::changes(argv.chain(paths.iter().copied())))?;
    Ok(())
}

/// Makes the directory `path`, of which `found` is known.
fn made(
    host: &Host,
    path: &str,
    attributes: &Attributes,
    found: Option<Stat>,
) -> Result<Change<Option<Stat>>> {
    let mut before = found;
    let mut looked_at = path.to_owned();
    if before
        .as_ref()
        .is_some_and(|found| found.kind == FileKind::Symlink)
    {
        looked_at = real_path(host, path)?;
        before = stat(host, &looked_at)?;
    }
    match &before {
        None => make(host, &[&looked_at], attributes)?,
        Some(found) if found.kind == FileKind::Directory => {}
        Some(_) => {
            let (wanted, found) = ("a directory, or nothing", "something else");
            return Err(Error::state(
                host.name(),
                format!("`{path}`"),
                wanted,
                found,
            ));
        }
    }
    let mut after = match &before {
        None => stat(host, &looked_at)?,
        there => there.clone(),
    };
    if !after.as_ref().is_some_and(|found| attributes.fit(found)) {
        if let Some(owner) = &attributes.owner {
            super::set_owner(host, &looked_at, owner, false)?;
        }
        if let Some(mode) = &attributes.mode {
            super::set_mode(host, &looked_at, mode)?;
        }
        after = stat(host, &looked_at)?;
    }
    if after
        .as_ref()
        .is_none_or(|found| found.kind != FileKind::Directory)
    {
        return Err(missing(host, path));
    }
    let same = match (&before, &after) {
        (Some(b), Some(a)) => (&b.owner, &b.group, &b.mode) == (&a.owner, &a.group, &a.mode),
        _ => false,
    };
    Ok(Change {
        changed: !same,
        before,
        after,
    })
}
