//! From a path to a node.

use std::sync::Arc;

use super::entries::Number;
use super::{Entries, Errno, Files, Kind, Mount, Node, join, lossy, within};

/// So many links may stand in one path.
const LINKS: u32 = 40;

impl Files {
    /// The node at `path`; where the last component is a link, the link itself.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn get(&self, path: &str) -> Result<&Node, Errno> {
        self.find(path, false)
    }

    /// The node at `path`, links followed.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn follow(&self, path: &str) -> Result<&Node, Errno> {
        self.find(path, true)
    }

    /// The node at `path` as [`Files::get`] finds it, or [`Files::follow`] if `last`, and its path as
    /// [`Files::real`] has it: one walk for both.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn locate(&self, path: &str, last: bool) -> Result<(String, &Node), Errno> {
        let (real, node) = self.place(path, last)?;
        Ok((real, node.ok_or(Errno::NoEntry)?))
    }

    fn find(&self, path: &str, last: bool) -> Result<&Node, Errno> {
        match self.straight(path, last) {
            Some(found) => found?.0.ok_or(Errno::NoEntry),
            None => self.at(&self.winding(path, last)?).ok_or(Errno::NoEntry),
        }
    }

    /// Whether something is at `path`, links followed.
    pub fn exists(&self, path: &str) -> bool {
        self.follow(path).is_ok()
    }

    /// The content of the regular file at `path`, links followed.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn read(&self, path: &str) -> Result<super::Bytes, Errno> {
        match &self.follow(path)?.kind {
            Kind::File(content) => Ok(content.clone()),
            Kind::Directory(_) => Err(Errno::IsDirectory),
            Kind::Link(_) | Kind::Device(_) => Err(Errno::Invalid),
        }
    }

    /// The content of the file at `path` as text, with odd bytes replaced; nothing if there is none.
    pub fn text(&self, path: &str) -> Option<String> {
        let content = self.read(path).ok()?;
        Some(lossy(&content).into_owned())
    }

    /// The entries of the directory at `path`, links followed.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn list(&self, path: &str) -> Result<&Entries, Errno> {
        self.follow(path)?.entries().ok_or(Errno::NotDirectory)
    }

    /// `path` without links, `.` and `..`; the last component need not exist, and is followed if it
    /// is a link and `last` says so.
    ///
    /// # Errors
    /// `NoEntry` if a directory on the way is missing, `NotDirectory`, `Loop`.
    pub fn real(&self, path: &str, last: bool) -> Result<String, Errno> {
        Ok(self.place(path, last)?.0)
    }

    /// As [`Files::real`], and what is there.
    pub(super) fn place(&self, path: &str, last: bool) -> Result<(String, Option<&Node>), Errno> {
        let Some(found) = self.straight(path, last) else {
            let real = self.winding(path, last)?;
            let node = self.at(&real);
            return Ok((real, node));
        };
        let (node, length) = found?;
        if length == path.len() && path.starts_with('/') {
            // There is nothing but the names.
            return Ok((path.to_owned(), node));
        }
        let mut real = String::with_capacity(path.len());
        for (name, _) in names(path) {
            real.push('/');
            real.push_str(name);
        }
        if real.is_empty() {
            real.push('/');
        }
        Ok((real, node))
    }

    /// Grows whenever something is mounted or unmounted, or may change in what is.
    pub fn mounts_changed(&self) -> u64 {
        self.mounted
    }

    /// Grows with every change of `/usr` and of what is below it.
    pub fn programs_changed(&self) -> u64 {
        self.programs
    }

    /// What is at `path`, if there is no link on the way, itself included, and no `..`.
    pub fn unlinked(&self, path: &str) -> Option<Option<&Node>> {
        Some(self.straight(path, true)?.ok().and_then(|(node, _)| node))
    }

    /// The node at `path`, or nothing where only the last component is missing, if there is no link to follow and
    /// no `..` on the way: as most paths are. And how long the names are, with a slash before each.
    fn straight(&self, path: &str, last: bool) -> Option<Result<(Option<&Node>, usize), Errno>> {
        let must_be_directory = path.len() > 1 && path.ends_with('/');
        let mut node = &self.root;
        let mut waiting = names(path);
        let mut length = 0;
        while let Some((name, number)) = waiting.next() {
            length += 1 + name.len();
            if name == ".." {
                return None;
            }
            let Some(entries) = node.entries() else {
                return Some(Err(Errno::NotDirectory));
            };
            let is_last = || waiting.clone().next().is_none();
            let Some(next) = entries.get_by(name, number) else {
                return Some(if is_last() {
                    Ok((None, length))
                } else {
                    Err(Errno::NoEntry)
                });
            };
            let is_link = matches!(next.kind, Kind::Link(_));
            if is_link && (last || must_be_directory || !is_last()) {
                return None;
            }
            node = next;
        }
        if must_be_directory && !node.is_directory() {
            return Some(Err(Errno::NotDirectory));
        }
        Some(Ok((Some(node), length)))
    }

    /// As [`Files::real`], for any path.
    fn winding(&self, path: &str, last: bool) -> Result<String, Errno> {
        let mut waiting: Vec<String> = components(path);
        let must_be_directory = path.len() > 1 && path.ends_with('/');
        let mut real: Vec<String> = Vec::new();
        let mut node = &self.root;
        let mut trail: Vec<&Node> = Vec::new();
        let mut links = 0;
        while let Some(name) = waiting.pop() {
            if name == ".." {
                real.pop();
                node = trail.pop().unwrap_or(&self.root);
                continue;
            }
            let entries = node.entries().ok_or(Errno::NotDirectory)?;
            let Some(next) = entries.get(name.as_str()) else {
                if waiting.is_empty() {
                    real.push(name);
                    return Ok(absolute(&real));
                }
                return Err(Errno::NoEntry);
            };
            if let Kind::Link(target) = &next.kind
                && (!waiting.is_empty() || last || must_be_directory)
            {
                links += 1;
                if links > LINKS {
                    return Err(Errno::Loop);
                }
                if target.starts_with('/') {
                    real.clear();
                    trail.clear();
                    node = &self.root;
                }
                waiting.extend(components(target));
                continue;
            }
            trail.push(node);
            node = next;
            real.push(name);
        }
        if must_be_directory && !node.is_directory() {
            return Err(Errno::NotDirectory);
        }
        Ok(absolute(&real))
    }

    /// The path and node of `path` and of everything below it, parents first, links not followed.
    ///
    /// # Errors
    /// As [`Files::get`].
    pub fn walk(&self, path: &str) -> Result<Vec<(String, &Node)>, Errno> {
        fn descend<'a>(path: String, node: &'a Node, into: &mut Vec<(String, &'a Node)>) {
            into.push((path.clone(), node));
            for (name, node) in node.entries().into_iter().flatten() {
                descend(join(&path, name), node, into);
            }
        }
        let mut found = Vec::new();
        descend(path.to_owned(), self.get(path)?, &mut found);
        Ok(found)
    }

    /// The file system that `path` lies on. Links are the caller's to follow first.
    pub fn mount_of(&self, path: &str) -> &Mount {
        &self.mounts[self.mount_index(path)]
    }

    /// All file systems, the outer ones first.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }

    /// The file system mounted exactly at `path`, to change its size, say.
    pub fn mount_mut(&mut self, path: &str) -> Option<&mut Mount> {
        self.mounted += 1;
        self.mounts.iter_mut().find(|mount| mount.path == path)
    }

    pub(super) fn mount_index(&self, path: &str) -> usize {
        if let [_] = self.mounts.as_slice() {
            return 0;
        }
        self.mounts
            .iter()
            .enumerate()
            .filter(|(_, mount)| within(path, &mount.path))
            .max_by_key(|(_, mount)| mount.path.len())
            .map_or(0, |(at, _)| at)
    }

    /// The node at a path without links.
    pub(super) fn at(&self, real: &str) -> Option<&Node> {
        let mut node = &self.root;
        for (name, number) in names(real) {
            node = node.entries()?.get_by(name, number)?;
        }
        Some(node)
    }

    /// The node at a path without links, to be changed. Every change of the tree comes through here.
    pub(super) fn at_mut(&mut self, real: &str) -> Option<&mut Node> {
        if real == "/" || within(real, "/usr") {
            self.programs += 1;
        }
        let mut node = &mut self.root;
        for (name, number) in names(real) {
            let Kind::Directory(entries) = &mut node.kind else {
                return None;
            };
            node = Arc::make_mut(entries).get_mut_by(name, number)?;
        }
        Some(node)
    }
}

/// The components of `path` with their numbers, without empty ones and `.`.
fn names(path: &str) -> Names<'_> {
    Names { rest: path }
}

/// By bytes: a general search costs more than the few bytes of a name, and each name is looked up.
#[derive(Clone)]
struct Names<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Names<'a> {
    type Item = (&'a str, Number);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let bytes = self.rest.as_bytes();
            let (mut end, mut number) = (0, Number::NONE);
            while end < bytes.len() && bytes[end] != b'/' {
                number = number.and(bytes[end]);
                end += 1;
            }
            let name = &self.rest[..end];
            self.rest = self.rest.get(end + 1..).unwrap_or_default();
            if !name.is_empty() && name != "." {
                return Some((name, number));
            }
        }
        None
    }
}

/// The components of `path`, the first one last.
fn components(path: &str) -> Vec<String> {
    let mut names: Vec<String> = names(path).map(|(name, _)| name.to_owned()).collect();
    names.reverse();
    names
}

fn absolute(names: &[String]) -> String {
    format!("/{}", names.join("/"))
}
