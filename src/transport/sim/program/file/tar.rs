//! `tar`, with real archives.

use std::io::{Cursor, Read};
use std::time::Duration;

use super::copy::join_shown;
use crate::transport::sim::files::{Errno, Kind, Name, Node};
use crate::transport::sim::pattern::Pattern;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::Program;
use crate::transport::sim::program::access::{Is, content, facts, names, slurp, write};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("tar", tar)];

/// Archives are written in records of this size.
const RECORD: usize = 20 * 512;
const TROUBLE: u8 = 2;

fn tar(process: &mut Process<'_>, argv: &[String]) -> Ended {
    // The first word may be letters without a dash.
    let mut argv = argv.to_vec();
    if let Some(first) = argv.get_mut(1)
        && !first.starts_with('-')
    {
        first.insert(0, '-');
    }
    let table = "c/create x/extract/get t/list f:/file: C:/directory: v/verbose p/preserve-permissions P/absolute-names \
                 exclude: numeric-owner same-owner selinux xattrs acls";
    let options = Options::parse(process, table, &argv)?;
    let Some(mode) = options.last_of(&["c", "x", "t"]) else {
        return process.unmodelled(format_args!("tar {}", argv[1..].join(" ")));
    };
    let archive = options.value("f").unwrap_or("-");
    let mut inner = process.clone();
    for directory in options.values("C") {
        match facts(&inner, directory, true) {
            Ok(found) if found.is_directory() => inner.directory = found.real,
            Ok(_) => return no_directory(process, options.name, directory, Errno::NotDirectory),
            Err(errno) => return no_directory(process, options.name, directory, errno),
        }
    }
    if mode == "c" {
        return create(process, &inner, &options, archive);
    }
    let bytes = match slurp(process, archive)? {
        Ok(bytes) => bytes,
        Err(errno) => {
            let text = format!(
                "{name}: {archive}: Cannot open: {errno}\n{name}: Error is not recoverable: exiting now",
                name = options.name
            );
            return process.fail(TROUBLE, text);
        }
    };
    read(&inner, &options, &bytes, mode == "x")
}

fn no_directory(process: &Process<'_>, name: &str, directory: &str, errno: Errno) -> Ended {
    let text = format!(
        "{name}: {directory}: Cannot chdir: {errno}\n{name}: Error is not recoverable: exiting now"
    );
    process.fail(TROUBLE, text)
}

fn broken(process: &Process<'_>, name: &str) -> Ended {
    let text = format!(
        "{name}: This does not look like a tar archive\n{name}: Exiting with failure status due to previous errors"
    );
    process.fail(TROUBLE, text)
}

fn create(
    outer: &Process<'_>,
    process: &Process<'_>,
    options: &Options<'_>,
    archive: &str,
) -> Ended {
    if options.words.is_empty() {
        let name = options.name;
        let text = format!(
            "{name}: Cowardly refusing to create an empty archive\nTry `{name} --help' or `{name} --usage' for more information."
        );
        return process.fail(TROUBLE, text);
    }
    let mut writer = Writer {
        process,
        accounts: Accounts::of(process),
        excluded: options.values("exclude").map(Pattern::new).collect(),
        name: options.name,
        builder: ::tar::Builder::new(Vec::new()),
        listed: String::new(),
        stripped: false,
        absolute: options.has("P"),
        status: 0,
    };
    for word in &options.words {
        writer.add(word)?;
    }
    let (status, listed) = (writer.status, writer.listed);
    let mut bytes = writer.builder.into_inner().map_err(Halt::Refused)?;
    bytes.resize(bytes.len().next_multiple_of(RECORD), 0);
    if options.has("v") {
        if archive == "-" {
            process.complain(&listed)?;
        } else {
            process.write(&listed)?;
        }
    }
    if archive == "-" {
        process.write(&bytes)?;
    } else if let Err(errno) = write(outer, archive, bytes) {
        let text = format!(
            "{name}: {archive}: Cannot open: {errno}\n{name}: Error is not recoverable: exiting now",
            name = options.name
        );
        return process.fail(TROUBLE, text);
    }
    if status != 0 {
        process.complain(format!(
            "{}: Exiting with failure status due to previous errors\n",
            options.name
        ))?;
    }
    Ok(status)
}

struct Writer<'w, 'a> {
    process: &'w Process<'a>,
    accounts: Accounts,
    excluded: Vec<Pattern>,
    name: &'w str,
    builder: ::tar::Builder<Vec<u8>>,
    listed: String,
    /// Whether it was said that names lose their first slash.
    stripped: bool,
    absolute: bool,
    status: u8,
}

impl Writer<'_, '_> {
    fn add(&mut self, path: &str) -> Result<(), Halt> {
        let base = path
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(path);
        if self
            .excluded
            .iter()
            .any(|pattern| pattern.matches(path) || pattern.matches(base))
        {
            return Ok(());
        }
        let found = match facts(self.process, path, false) {
            Ok(found) => found,
            Err(errno) => {
                self.status = self.process.fail(
                    TROUBLE,
                    format_args!("{}: {path}: Cannot stat: {errno}", self.name),
                )?;
                return Ok(());
            }
        };
        if path.starts_with('/') && !self.absolute && !self.stripped {
            self.stripped = true;
            self.process.complain(format!(
                "{}: Removing leading `/' from member names\n",
                self.name
            ))?;
        }
        let mut header = ::tar::Header::new_gnu();
        header.set_mode(found.mode.into());
        header.set_uid(self.accounts.uid(&found.owner).into());
        header.set_gid(self.accounts.gid(&found.group).into());
        header.set_mtime(found.modified.as_secs());
        header.set_size(0);
        // Names that do not fit are left to their numbers, as GNU's tar does.
        let _ = header.set_username(&found.owner);
        let _ = header.set_groupname(&found.group);
        let slash = if found.is_directory() && !path.ends_with('/') {
            "/"
        } else {
            ""
        };
        let shown = format!("{path}{slash}");
        let name = if self.absolute {
            &shown
        } else {
            shown.trim_start_matches('/')
        };
        let name = if name.is_empty() { "./" } else { name };
        self.listed.push_str(&format!("{shown}\n"));
        let done = match &found.is {
            Is::File => {
                let bytes = match content(self.process, path) {
                    Ok(bytes) => bytes,
                    Err(errno) => {
                        self.status = self.process.fail(
                            TROUBLE,
                            format_args!("{}: {path}: Cannot open: {errno}", self.name),
                        )?;
                        return Ok(());
                    }
                };
                header.set_entry_type(::tar::EntryType::Regular);
                header.set_size(bytes.len() as u64);
                self.builder
                    .append_data(&mut header, name, bytes.as_slice())
            }
            Is::Directory => {
                header.set_entry_type(::tar::EntryType::Directory);
                append(&mut self.builder, &mut header, name)
            }
            Is::Link(target) => {
                header.set_entry_type(::tar::EntryType::Symlink);
                self.builder.append_link(&mut header, name, &**target)
            }
            Is::Device => {
                return self
                    .process
                    .unmodelled(format_args!("tar of the device {path}"));
            }
        };
        done.map_err(Halt::Refused)?;
        if found.is_directory() {
            match names(self.process, path) {
                Ok(names) => {
                    for below in names {
                        self.add(&join_shown(path, &below))?;
                    }
                }
                Err(errno) => {
                    self.status = self.process.fail(
                        TROUBLE,
                        format_args!("{}: {path}: Cannot open: {errno}", self.name),
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// Appends a directory under the very name: `append_data` would take `./` away.
fn append(
    builder: &mut ::tar::Builder<Vec<u8>>,
    header: &mut ::tar::Header,
    name: &str,
) -> std::io::Result<()> {
    let field = &mut header.as_old_mut().name;
    if name.len() > field.len() {
        return builder.append_data(header, name, std::io::empty());
    }
    field.fill(0);
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(header, std::io::empty())
}

/// Extracts or lists an archive.
fn read(process: &Process<'_>, options: &Options<'_>, bytes: &[u8], extract: bool) -> Ended {
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
    let above = crate::transport::sim::files::split(path).0;
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
