//! Making an archive.

use std::sync::Arc;

use super::super::copy::join_shown;
use super::{RECORD, TROUBLE};
use crate::transport::sim::pattern::Pattern;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::{Is, content, facts, names, write};
use crate::transport::sim::program::options::Options;
use crate::transport::sim::program::users::Accounts;
use crate::transport::sim::stream::Halt;

pub(super) fn create(
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
    accounts: Arc<Accounts>,
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
                append(&mut self.builder, &mut header, name, &bytes)
            }
            Is::Directory => {
                header.set_entry_type(::tar::EntryType::Directory);
                append(&mut self.builder, &mut header, name, &[])
            }
            Is::Link(target) => {
                header.set_entry_type(::tar::EntryType::Symlink);
                match header.set_link_name_literal(target.as_bytes()) {
                    Ok(()) => append(&mut self.builder, &mut header, name, &[]),
                    Err(_) => self.builder.append_link(&mut header, name, &**target),
                }
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

/// Appends an entry under the very name: `append_data` would take a leading `./` away.
fn append(
    builder: &mut ::tar::Builder<Vec<u8>>,
    header: &mut ::tar::Header,
    name: &str,
    bytes: &[u8],
) -> std::io::Result<()> {
    let field = &mut header.as_old_mut().name;
    if name.len() > field.len() {
        return builder.append_data(header, name, bytes);
    }
    field.fill(0);
    field[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(header, bytes)
}
