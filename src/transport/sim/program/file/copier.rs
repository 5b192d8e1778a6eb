//! Copying a tree: for `cp`, and for `mv` between file systems.

use super::copy::join_shown;
use crate::transport::sim::files::{Device, Errno, Kind, Node, split, within};
use crate::transport::sim::process::Process;
use crate::transport::sim::program::access::{Facts, Is, facts, names, passable, quoted};
use crate::transport::sim::stream::Halt;

/// How to copy.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    pub recursive: bool,
    pub force: bool,
    pub keep: bool,
    pub verbose: bool,
    /// Keep the mode, the owner, the times, the label.
    pub mode: bool,
    pub owner: bool,
    pub times: bool,
    pub context: bool,
    /// Follow links in the tree, and those that are named.
    pub follow: bool,
    pub follow_named: bool,
    pub one_system: bool,
}

impl Manner {
    /// As `cp -a`.
    pub(super) fn archive() -> Self {
        Self {
            recursive: true,
            mode: true,
            owner: true,
            times: true,
            context: true,
            ..Self::default()
        }
    }
}

/// Copies for one program.
pub(super) struct Copier<'p, 'a> {
    pub process: &'p Process<'a>,
    pub manner: Manner,
    pub name: &'p str,
}

impl Copier<'_, '_> {
    /// Copies `from` to `to`, `named` on the command line; false if something was refused.
    pub(super) fn copy(&self, from: &str, to: &str, named: bool) -> Result<bool, Halt> {
        let process = self.process;
        let manner = self.manner;
        let follow = if named {
            manner.follow_named
        } else {
            manner.follow
        };
        let source = match facts(process, from, follow) {
            Ok(source) => source,
            Err(errno) => {
                return self.no(format_args!(
                    "cannot stat {}: {errno}",
                    quoted(process, from)
                ));
            }
        };
        if source.is_directory() && !manner.recursive {
            return self.no(format_args!("omitting directory {}", quoted(process, from)));
        }
        let there = facts(
            process,
            to,
            source.is_link() || !source.is_directory() && !source.is_link(),
        );
        let there = match there {
            Ok(there) => Some(there),
            Err(_) => facts(process, to, false).ok(),
        };
        if let Some(there) = &there {
            let (one, two) = (quoted(process, from), quoted(process, to));
            if there.real == source.real {
                return self.no(format_args!("{one} and {two} are the same file"));
            }
            match (source.is_directory(), there.is_directory()) {
                (false, true) => {
                    return self.no(format_args!(
                        "cannot overwrite directory {two} with non-directory"
                    ));
                }
                (true, false) => {
                    return self.no(format_args!(
                        "cannot overwrite non-directory {two} with directory {one}"
                    ));
                }
                (false, false) if manner.keep => return Ok(true),
                (false, false) if there.is_link() && !source.is_link() => {
                    return self.no(format_args!("not writing through dangling symlink {two}"));
                }
                _ => {}
            }
        }
        if manner.verbose && (!source.is_directory() || there.is_none()) {
            let (one, two) = (quoted(process, from), quoted(process, to));
            process.line(format_args!("{one} -> {two}"))?;
        }
        if source.is_directory() {
            self.directory(from, to, &source, there.is_some())
        } else {
            self.single(from, to, &source, there)
        }
    }

    fn directory(&self, from: &str, to: &str, source: &Facts, exists: bool) -> Result<bool, Halt> {
        let process = self.process;
        let path = process.path(to);
        let parent = facts(process, split(&path).0, true);
        if parent.is_ok_and(|parent| within(&parent.real, &source.real)) {
            let (one, two) = (quoted(process, from), quoted(process, to));
            return self.no(format_args!(
                "cannot copy a directory, {one}, into itself, {two}"
            ));
        }
        if !exists {
            let by = process.actor();
            let made =
                process
                    .here()
                    .files
                    .make_directory(&path, source.mode & !by.umask | 0o700, &by);
            if let Err(errno) = made {
                return self.no(format_args!(
                    "cannot create directory {}: {errno}",
                    quoted(process, to)
                ));
            }
        }
        let names = match names(process, from) {
            Ok(names) => names,
            Err(errno) => {
                return self.no(format_args!(
                    "cannot access {}: {errno}",
                    quoted(process, from)
                ));
            }
        };
        let mut all = true;
        for name in names {
            let (from, to) = (join_shown(from, &name), join_shown(to, &name));
            if self.manner.one_system && self.elsewhere(&from, &source.real) {
                continue;
            }
            all &= self.copy(&from, &to, false)?;
        }
        if !exists || self.manner.mode || self.manner.owner {
            self.finish(source, &path);
        }
        Ok(all)
    }

    /// Whether `path` lies on another file system than `real`.
    fn elsewhere(&self, path: &str, real: &str) -> bool {
        let Ok(facts) = facts(self.process, path, false) else {
            return false;
        };
        let here = self.process.here();
        here.files.mount_of(&facts.real).path != here.files.mount_of(real).path
    }

    /// Copies what is no directory.
    fn single(
        &self,
        from: &str,
        to: &str,
        source: &Facts,
        there: Option<Facts>,
    ) -> Result<bool, Halt> {
        let process = self.process;
        let (path, by) = (process.path(to), process.actor());
        let done: Result<(), (&str, Errno)> = (|| {
            let mut here = process.here();
            passable(&here.files, &source.real, &by).map_err(|errno| ("open", errno))?;
            let node = here
                .files
                .get(&source.real)
                .map_err(|errno| ("open", errno))?;
            let kind = match &node.kind {
                // Without -R a device is read.
                Kind::Device(Device::Null) if !self.manner.recursive => {
                    Kind::File(std::sync::Arc::default())
                }
                other => other.clone(),
            };
            if source.is == Is::File && !by.may(node, 4) {
                return Err(("open", Errno::Denied));
            }
            let writing = |errno| match errno {
                Errno::NoSpace => ("write", errno),
                other => ("create", other),
            };
            let content = match (&kind, &there) {
                (Kind::File(content), Some(there)) if !there.is_link() => Some(content.clone()),
                _ => None,
            };
            if let (Some(content), Some(_)) = (content, &there) {
                match here.files.write(&path, content.clone(), &by) {
                    Err(Errno::Denied) if self.manner.force => {
                        here.files.remove(&path, &by).map_err(writing)?;
                    }
                    done => return done.map_err(writing),
                }
            } else if there.is_some() {
                here.files.remove(&path, &by).map_err(writing)?;
            }
            let node = Node {
                owner: by.user.clone(),
                group: by.group.clone(),
                ..Node::new(kind, source.mode & 0o777, by.now)
            };
            let node = match source.is {
                Is::Link(_) => node,
                _ => node.mode(source.mode & 0o777 & !by.umask),
            };
            match here.files.insert(&path, node, &by) {
                Err(Errno::NoSpace) => {
                    let empty = Node::file("", by.now).mode(source.mode & !by.umask);
                    here.files.insert(&path, empty, &by).map_err(writing)?;
                    Err(("write", Errno::NoSpace))
                }
                done => done.map_err(writing),
            }
        })();
        match done {
            Ok(()) => {
                self.finish(source, &path);
                Ok(true)
            }
            Err(("open", errno)) => self.no(format_args!(
                "cannot open {} for reading: {errno}",
                quoted(process, from)
            )),
            Err(("write", errno)) => self.no(format_args!(
                "error writing {}: {errno}",
                quoted(process, to)
            )),
            Err((_, errno)) => {
                let what = if source.is_link() {
                    "symbolic link"
                } else {
                    "regular file"
                };
                self.no(format_args!(
                    "cannot create {what} {}: {errno}",
                    quoted(process, to)
                ))
            }
        }
    }

    /// Gives the copy at `path` what is kept of the original.
    pub(super) fn finish(&self, source: &Facts, path: &str) {
        let (manner, by) = (self.manner, self.process.actor());
        let mut here = self.process.here();
        let label = here.label_of(&source.real);
        let real = here.files.real(path, !source.is_link()).unwrap_or_default();
        let own = here.policy_label(&real);
        // What cannot be kept is not an error where `-a` asks for it: only root can.
        let _ = here.files.alter(&real, false, &by, |node| {
            if manner.mode {
                node.mode = source.mode;
            } else if source.is_directory() {
                node.mode = source.mode & 0o777 & !by.umask;
            }
            if manner.owner && &*by.user == "root" {
                node.owner = source.owner.clone();
                node.group = source.group.clone();
            }
            if manner.times {
                node.modified = source.modified;
            }
            if manner.context {
                node.context = label.filter(|label| Some(label) != own.as_ref());
            }
        });
    }

    fn no(&self, text: std::fmt::Arguments<'_>) -> Result<bool, Halt> {
        self.process.complain(format!("{}: {text}\n", self.name))?;
        Ok(false)
    }
}
