//! Whole files and trees: copy, move, remove, make.

use super::attributes::missing;
use super::content::Attributes;
use super::stat::{FileKind, Stat, exists, real_path, stat};
use super::{LONG, base, guard, manifest, parent};
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
    let (from, to) = (guard::plain(from)?, guard::plain(to)?);
    if guard::within(to, from) {
        let subject = format!("copy of `{from}` to `{to}`");
        return Err(Error::invalid(subject, "the target lies inside the source"));
    }
    let source = stat(host, from)?.ok_or_else(|| missing(host, from))?;
    let wanted = manifest(host, from)?;
    let sum = wanted.sha256();
    let target = stat(host, to)?;
    let before = match &target {
        None => None,
        Some(target) => {
            let there = manifest(host, to)?;
            if target.kind == source.kind && there == wanted {
                return Ok(Change::between(Some(sum.clone()), Some(sum)));
            }
            if target.kind == FileKind::Directory || source.kind == FileKind::Directory {
                let path = there.difference(&wanted).unwrap_or_default();
                return Err(Error::state(
                    host.name(),
                    format!("`{to}`"),
                    format!("nothing, or a copy of `{from}`"),
                    format!("something else, which differs in `{path}`"),
                )
                .with_hint(format!("move `{to}` on `{}` aside", host.name())));
            }
            Some(there.sha256())
        }
    };
    let temporary = format!("{}/.{}.ocpdg", parent(to).trim_end_matches('/'), base(to));
    host.run(&Command::changes(["rm", "-rf", "--", &temporary]))?;
    host.run(&Command::changes(["cp", "-a", "-T", "--", from, &temporary]).timeout(LONG))?;
    let copied = manifest(host, &temporary)?;
    if copied != wanted {
        let path = copied.difference(&wanted).unwrap_or_default();
        host.run(&Command::changes(["rm", "-rf", "--", &temporary]))?;
        return Err(Error::state(
            host.name(),
            format!("the copy of `{from}`"),
            "the same content",
            format!("a difference in `{path}`"),
        )
        .with_hint("something may be writing to it: stop that, and run again"));
    }
    flush(host)?;
    host.run(&Command::changes(["mv", "-f", "-T", "--", &temporary, to]))?;
    Ok(Change::between(before, Some(sum)))
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
    match (exists(host, from)?, exists(host, to)?) {
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
    if exists(host, from)? || !exists(host, to)? {
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
    let mut before = stat(host, path)?;
    let mut looked_at = path.to_owned();
    if before
        .as_ref()
        .is_some_and(|found| found.kind == FileKind::Symlink)
    {
        looked_at = real_path(host, path)?;
        before = stat(host, &looked_at)?;
    }
    match &before {
        None => {
            let mode = attributes.mode.as_deref().unwrap_or("0755");
            host.run(&Command::changes([
                "mkdir", "-p", "-m", mode, "--", &looked_at,
            ]))?;
        }
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
    if let Some(owner) = &attributes.owner {
        super::set_owner(host, &looked_at, owner, false)?;
    }
    if let Some(mode) = &attributes.mode {
        super::set_mode(host, &looked_at, mode)?;
    }
    let after = stat(host, &looked_at)?;
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
