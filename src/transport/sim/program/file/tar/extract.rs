//! Reading an archive.

use std::io::{Cursor, Read};
use std::time::Duration;

use super::{TROUBLE, broken};
use crate::transport::sim::files::{Errno, Kind, Name, Node, split};
use crate::transport::sim::pattern::Pattern;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

/// Extracts or lists an archive.
pub(super) fn read(
    process: &Process<'_>,
    options: &Options<'_>,
    bytes: &[u8],
    extract: bool,
) -> Ended {
    if options.has("v") && !extract {
        return process.unmodelled("tar -tv");
    }
    let accounts = Accounts::of(process);
    let excluded: Vec<Pattern> = options.values("exclude").map(Pattern::new).collect();
    let mut archive = ::tar::Archive::new(Cursor::new(bytes));
    let Ok(entries) = archive.entries() else {
        return broken(process, options.name);
    };
    let (mut listed, mut status) = (String::new(), 0);
    let mut directories = Vec::new();
    let mut found: Vec<&str> = Vec::new();
    for entry in entries {
        let Ok(mut entry) = entry else {
            return broken(process, options.name);
        };
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let bare = name.trim_end_matches('/');
        let wanted = options.words.iter().find(|word| {
            let word = word.trim_end_matches('/');
            bare == word
                || bare
                    .strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        found.extend(wanted);
        if !options.words.is_empty() && wanted.is_none()
            || excluded.iter().any(|pattern| pattern.matches(bare))
        {
            continue;
        }
        if options.has("v") || !extract {
            listed.push_str(&format!("{name}\n"));
        }
        if !extract {
            continue;
        }
        let header = entry.header();
        let mtime = Duration::from_secs(header.mtime().unwrap_or(0));
        let mode = (header.mode().unwrap_or(0o644) & 0o7777) as u16;
        let id = |id: std::io::Result<u64>| id.unwrap_or(0).to_string();
        let named = |name: Option<&[u8]>| {
            name.map(|name| String::from_utf8_lossy(name).into_owned())
                .filter(|name| !name.is_empty())
        };
        let user = named(header.username_bytes())
            .and_then(|name| accounts.owner(&name))
            .or_else(|| accounts.owner(&id(header.uid())));
        let group = named(header.groupname_bytes())
            .and_then(|name| accounts.owning_group(&name))
            .or_else(|| accounts.owning_group(&id(header.gid())));
        let kind = match header.entry_type() {
            ::tar::EntryType::Directory => None,
            ::tar::EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                Some(Kind::Link(String::from_utf8_lossy(&target).as_ref().into()))
            }
            ::tar::EntryType::Regular | ::tar::EntryType::Continuous => {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes).map_err(Halt::Refused)?;
                Some(Kind::File(bytes.into()))
            }
            other => {
                return process.unmodelled(format_args!("tar with an entry of type {other:?}"));
            }
        };
        let relative = if options.has("P") {
            bare
        } else {
            bare.trim_start_matches('/')
        };
        if relative.split('/').any(|name| name == "..") {
            status = process.fail(
                TROUBLE,
                format_args!("{}: {name}: Member name contains `..'", options.name),
            )?;
            continue;
        }
        let all = options.has("p") || process.is_root();
        let mode = if all {
            mode
        } else {
            mode & 0o777 & !process.umask
        };
        let owners = process.is_root().then_some((user, group));
        let (path, is_directory) = (process.path(relative), kind.is_none());
        if let Err(errno) = place(process, &path, kind, mode) {
            status = process.fail(
                TROUBLE,
                format_args!("{}: {name}: Cannot open: {errno}", options.name),
            )?;
            continue;
        }
        if is_directory {
            // Its time is set when all that belongs into it is there.
            directories.push((path.clone(), mtime));
        }
        dress(process, &path, owners, mtime);
    }
    for (path, mtime) in directories {
        dress(process, &path, None, mtime);
    }
    process.write(listed)?;
    for word in &options.words {
        if !found.contains(word) {
            status = process.fail(
                TROUBLE,
                format_args!("{}: {word}: Not found in archive", options.name),
            )?;
        }
    }
    if status != 0 {
        process.complain(format!(
            "{}: Exiting with failure status due to previous errors\n",
            options.name
        ))?;
    }
    Ok(status)
}

/// Puts what an entry holds at `path`; a directory without a `kind`.
fn place(process: &Process<'_>, path: &str, kind: Option<Kind>, mode: u16) -> Result<(), Errno> {
    let by = process.actor();
    let mut here = process.here();
    let files = &mut here.files;
    let above = split(path).0;
    files.make_directories(above, &by)?;
    let Some(kind) = kind else {
        return match files.get(path) {
            Ok(node) if node.is_directory() => {
                files.alter(path, false, &by, |node| node.mode = mode)
            }
            _ => files.make_directory(path, mode, &by),
        };
    };
    if files.get(path).is_ok() {
        files.remove(path, &by)?;
    }
    let node = Node {
        owner: by.user.clone(),
        group: by.group.clone(),
        ..Node::new(kind, mode, by.now)
    };
    files.insert(path, node, &by)
}

/// Gives what was extracted its owner and time.
fn dress(
    process: &Process<'_>,
    path: &str,
    owners: Option<(Option<Name>, Option<Name>)>,
    mtime: Duration,
) {
    let by = process.actor();
    // It is there: it was made just now, by whoever asks.
    let _ = process.here().files.alter(path, false, &by, |node| {
        node.modified = mtime;
        if let Some((user, group)) = owners {
            node.owner = user.unwrap_or_else(|| node.owner.clone());
            node.group = group.unwrap_or_else(|| node.group.clone());
        }
    });
}
