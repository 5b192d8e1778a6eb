//! Changing the tree: each call is one system call, refused as the kernel refuses it.

use std::sync::Arc;
use std::time::Duration;

use super::node::ROOT;
use super::{Bytes, Device, Errno, Files, Kind, Mount, Name, Node, split, within};

/// Who changes something, and when.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user; root may do everything.
    pub user: Name,
    /// The user's group.
    pub group: Name,
    /// The bits that new files do not get.
    pub umask: u16,
    /// The time that the change is given, since 1970.
    pub now: Duration,
}

impl Actor {
    /// Root, at `now`.
    pub fn root(now: Duration) -> Self {
        Self {
            user: ROOT.clone(),
            group: ROOT.clone(),
            umask: 0o022,
            now,
        }
    }

    /// Whether it may do `what` (4 read, 2 write, 1 execute or search) with `node`.
    pub fn may(&self, node: &Node, what: u16) -> bool {
        if &*self.user == "root" {
            return what != 1 || node.is_directory() || node.mode & 0o111 != 0;
        }
        let shift = if node.owner == self.user {
            6
        } else if node.group == self.group {
            3
        } else {
            0
        };
        node.mode >> shift & what == what
    }
}

impl Files {
    /// A tree with an empty root directory on one file system of `size` bytes.
    pub fn new(size: u64, now: Duration) -> Self {
        Self {
            root: Node::directory(now),
            mounts: vec![Mount::new("/", "/dev/mapper/rhel-root", size)],
            programs: 0,
            mounted: 0,
        }
    }

    /// Mounts an empty file system; the directory is made if missing.
    ///
    /// # Errors
    /// As [`Files::make_directories`].
    pub fn mount(&mut self, mount: Mount, by: &Actor) -> Result<(), Errno> {
        self.make_directories(&mount.path, by)?;
        let at = self.real(&mount.path, true)?;
        let below = self.at(&at).map_or(0, Node::weight);
        let outer = self.mount_index(&at);
        self.mounts[outer].used = self.mounts[outer].used.saturating_sub(below);
        self.mounted += 1;
        self.mounts.push(Mount {
            path: at,
            used: below,
            ..mount
        });
        Ok(())
    }

    /// Puts `node` in the place of what is at the real path `path`, whatever it weighs: what the
    /// kernel shows takes no room.
    pub fn show(&mut self, path: &str, node: Node) {
        if let Some(there) = self.at_mut(path) {
            *there = node;
        }
    }

    /// Puts `node` at the real path `path`, or nothing, in place of what is there; no time moves: it is as if it
    /// had always been so.
    pub fn graft(&mut self, path: &str, node: Option<Node>) {
        let mount = self.mount_index(path);
        let (directory, name) = split(path);
        let Some(Kind::Directory(entries)) = self.at_mut(directory).map(|node| &mut node.kind)
        else {
            return;
        };
        let entries = Arc::make_mut(entries);
        let after = node.as_ref().map_or(0, Node::weight);
        let before = match node {
            Some(node) => entries.insert(name, node),
            None => entries.remove(name),
        };
        let before = before.as_ref().map_or(0, Node::weight);
        let used = &mut self.mounts[mount].used;
        *used = (*used + after).saturating_sub(before);
    }

    /// Takes the file system at `path` away, with all that is on it.
    ///
    /// # Errors
    /// `Invalid` if nothing is mounted there.
    pub fn unmount(&mut self, path: &str, by: &Actor) -> Result<(), Errno> {
        let at = self.real(path, true)?;
        let index = self.mounts.iter().position(|mount| mount.path == at);
        let index = index.filter(|index| *index > 0).ok_or(Errno::Invalid)?;
        self.mounted += 1;
        self.mounts.remove(index);
        if let Some(node) = self.at_mut(&at) {
            node.kind = Kind::Directory(Arc::default());
            node.changed = by.now;
        }
        Ok(())
    }

    /// Writes a regular file as `open(O_CREAT | O_TRUNC)` and `write` do: owner and mode stay where
    /// there is one, links are followed, devices swallow it.
    ///
    /// # Errors
    /// As the kernel has them; on `NoSpace` the file is there, empty.
    pub fn write(&mut self, path: &str, content: Bytes, by: &Actor) -> Result<(), Errno> {
        let (path, node) = self.place(path, true)?;
        let Some(node) = node else {
            let node = Node {
                owner: by.user.clone(),
                group: by.group.clone(),
                ..Node::new(Kind::File(Bytes::default()), 0o666 & !by.umask, by.now)
            };
            self.insert(&path, node, by)?;
            return self.fill(&path, content, by);
        };
        match &node.kind {
            Kind::Directory(_) => Err(Errno::IsDirectory),
            Kind::Device(Device::Full) => Err(Errno::NoSpace),
            Kind::Device(_) => Ok(()),
            Kind::File(_) | Kind::Link(_) => {
                if !by.may(node, 2) {
                    return Err(Errno::Denied);
                }
                self.fill(&path, content, by)
            }
        }
    }

    /// Gives the file at a real path its content.
    fn fill(&mut self, real: &str, content: Bytes, by: &Actor) -> Result<(), Errno> {
        let mount = self.mount_index(real);
        let node = self.at_mut(real).ok_or(Errno::NoEntry)?;
        let before = node.weight();
        node.kind = Kind::File(Arc::clone(&content));
        node.modified = by.now;
        node.changed = by.now;
        let after = node.weight();
        let mounted = &mut self.mounts[mount];
        if mounted.read_only {
            return Err(Errno::ReadOnly);
        }
        mounted.used = mounted.used.saturating_sub(before);
        if after > mounted.free() {
            if let Some(node) = self.at_mut(real) {
                node.kind = Kind::File(Bytes::default());
            }
            return Err(Errno::NoSpace);
        }
        mounted.used += after;
        Ok(())
    }

    /// Writes into the regular file at the real path `path` as `write(2)` on an open file does: at
    /// `offset`, or at its end without one. Returns where the next write goes.
    ///
    /// A file that is gone meanwhile swallows what is written, as one that nobody can open any more.
    ///
    /// # Errors
    /// `NoSpace`, `ReadOnly`.
    pub fn write_at(
        &mut self,
        path: &str,
        offset: Option<usize>,
        bytes: &[u8],
        by: &Actor,
    ) -> Result<usize, Errno> {
        let mount = self.mount_index(path);
        let mounted = &self.mounts[mount];
        let (free, read_only) = (mounted.free(), mounted.read_only);
        let Some(node) = self.at_mut(path) else {
            return Ok(offset.unwrap_or(0) + bytes.len());
        };
        let before = node.weight();
        let Kind::File(content) = &mut node.kind else {
            return Ok(offset.unwrap_or(0) + bytes.len());
        };
        if read_only {
            return Err(Errno::ReadOnly);
        }
        let start = offset.unwrap_or(content.len());
        let end = start + bytes.len();
        let after = (end.max(content.len()) as u64).div_ceil(4096) * 4096;
        if after.saturating_sub(before) > free {
            return Err(Errno::NoSpace);
        }
        let content = Arc::make_mut(content);
        if start == content.len() {
            content.extend_from_slice(bytes);
        } else {
            content.resize(end.max(content.len()), 0);
            content[start..end].copy_from_slice(bytes);
        }
        node.modified = by.now;
        node.changed = by.now;
        let used = &mut self.mounts[mount].used;
        *used = (*used + after).saturating_sub(before);
        Ok(end)
    }

    /// Puts `node`, with all below it, at `path`, where nothing may be yet.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn insert(&mut self, path: &str, node: Node, by: &Actor) -> Result<(), Errno> {
        let path = self.real(path, false)?;
        let (directory, name) = split(&path);
        let mount = self.mount_index(&path);
        let weight = node.weight();
        self.writable(directory, by)?;
        let mounted = &mut self.mounts[mount];
        if mounted.read_only {
            return Err(Errno::ReadOnly);
        }
        if weight > mounted.free() {
            return Err(Errno::NoSpace);
        }
        let used = mounted.used + weight;
        let parent = self.at_mut(directory).ok_or(Errno::NoEntry)?;
        let Kind::Directory(entries) = &mut parent.kind else {
            return Err(Errno::NotDirectory);
        };
        if name.is_empty() || entries.contains_key(name) {
            return Err(Errno::Exists);
        }
        Arc::make_mut(entries).insert(name, node);
        parent.modified = by.now;
        parent.changed = by.now;
        self.mounts[mount].used = used;
        Ok(())
    }

    /// Makes one directory.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn make_directory(&mut self, path: &str, mode: u16, by: &Actor) -> Result<(), Errno> {
        let node = Node {
            owner: by.user.clone(),
            group: by.group.clone(),
            ..Node::directory(by.now).mode(mode)
        };
        self.insert(path, node, by)
    }

    /// Makes the directory `path` and those above it that are missing.
    ///
    /// # Errors
    /// As the kernel has them; nothing to do is no error.
    pub fn make_directories(&mut self, path: &str, by: &Actor) -> Result<(), Errno> {
        if self.follow(path).is_ok_and(Node::is_directory) {
            return Ok(());
        }
        let mut so_far = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            so_far = format!("{so_far}/{name}");
            match self.follow(&so_far) {
                Ok(node) if node.is_directory() => {}
                Ok(_) => return Err(Errno::NotDirectory),
                Err(Errno::NoEntry) => self.make_directory(&so_far, 0o777 & !by.umask, by)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Puts `node` at `path`, making directories above it, in place of what was there: how a package
    /// or an installer lays a file down.
    ///
    /// # Errors
    /// As the kernel has them.
    pub fn lay(&mut self, path: &str, node: Node, by: &Actor) -> Result<(), Errno> {
        self.make_directories(split(path).0, by)?;
        if self.get(path).is_ok() {
            self.remove_all(path, by)?;
        }
        self.insert(path, node, by)
    }

    /// Removes one file, link or empty directory.
    ///
    /// # Errors
    /// `NotEmpty`, `Busy` for a mount point, and the others as the kernel has them.
    pub fn remove(&mut self, path: &str, by: &Actor) -> Result<(), Errno> {
        if self.get(path)?.entries().is_some_and(|all| !all.is_empty()) {
            return Err(Errno::NotEmpty);
        }
        self.take(path, by).map(drop)
    }

    /// Removes `path` and everything below it.
    ///
    /// # Errors
    /// `Busy` if a file system is mounted at it or below it; nothing is removed then.
    pub fn remove_all(&mut self, path: &str, by: &Actor) -> Result<(), Errno> {
        self.take(path, by).map(drop)
    }

    /// Takes the node at `path` out of the tree.
    fn take(&mut self, path: &str, by: &Actor) -> Result<Node, Errno> {
        let (path, node) = self.place(path, false)?;
        let (directory, name) = split(&path);
        if name.is_empty() || self.mounts.iter().any(|mount| within(&mount.path, &path)) {
            return Err(Errno::Busy);
        }
        node.ok_or(Errno::NoEntry)?;
        self.writable(directory, by)?;
        let mount = self.mount_index(&path);
        if self.mounts[mount].read_only {
            return Err(Errno::ReadOnly);
        }
        let parent = self.at_mut(directory).ok_or(Errno::NoEntry)?;
        let Kind::Directory(entries) = &mut parent.kind else {
            return Err(Errno::NotDirectory);
        };
        let node = Arc::make_mut(entries).remove(name).ok_or(Errno::NoEntry)?;
        parent.modified = by.now;
        parent.changed = by.now;
        self.mounts[mount].used = self.mounts[mount].used.saturating_sub(node.weight());
        Ok(node)
    }

    /// Renames as `rename(2)` does: a file replaces a file, a directory an empty directory.
    ///
    /// # Errors
    /// `CrossDevice` between file systems, `Busy` for a mount point, `Invalid` for a directory into
    /// itself, and the others as the kernel has them.
    pub fn rename(&mut self, from: &str, to: &str, by: &Actor) -> Result<(), Errno> {
        let (from, to) = (self.real(from, false)?, self.real(to, false)?);
        if from == to {
            return Ok(());
        }
        let moving = self.at(&from).ok_or(Errno::NoEntry)?;
        if moving.is_directory() && within(&to, &from) {
            return Err(Errno::Invalid);
        }
        // As the kernel asks: first where the two directories lie, then what is mounted on the names.
        if self.mount_index(split(&from).0) != self.mount_index(split(&to).0) {
            return Err(Errno::CrossDevice);
        }
        let is_mount = |path: &str| self.mounts.iter().any(|mount| mount.path == path);
        if is_mount(&from) || is_mount(&to) {
            return Err(Errno::Busy);
        }
        if let Some(there) = self.at(&to) {
            match (moving.is_directory(), there.is_directory()) {
                (true, false) => return Err(Errno::NotDirectory),
                (false, true) => return Err(Errno::IsDirectory),
                (true, true) if there.entries().is_some_and(|all| !all.is_empty()) => {
                    return Err(Errno::NotEmpty);
                }
                _ => {}
            }
        }
        self.writable(split(&to).0, by)?;
        let mut node = self.take(&from, by)?;
        if self.at(&to).is_some() {
            self.take(&to, by)?;
        }
        node.changed = by.now;
        self.insert(&to, node, by)
    }

    /// Changes facts of the node at `path` other than its content: owner, mode, times, label. Links
    /// are followed if `follow`.
    ///
    /// # Errors
    /// `NotPermitted` for somebody else's file, and the others as the kernel has them.
    pub fn alter(
        &mut self,
        path: &str,
        follow: bool,
        by: &Actor,
        change: impl FnOnce(&mut Node),
    ) -> Result<(), Errno> {
        let path = self.real(path, follow)?;
        let mount = self.mount_index(&path);
        let read_only = self.mounts[mount].read_only;
        let node = self.at_mut(&path).ok_or(Errno::NoEntry)?;
        if &*by.user != "root" && node.owner != by.user {
            return Err(Errno::NotPermitted);
        }
        if read_only {
            return Err(Errno::ReadOnly);
        }
        node.changed = by.now;
        change(node);
        Ok(())
    }

    /// Refuses unless `by` may add to and remove from `directory`.
    fn writable(&self, directory: &str, by: &Actor) -> Result<(), Errno> {
        let node = self.at(directory).ok_or(Errno::NoEntry)?;
        if !node.is_directory() {
            return Err(Errno::NotDirectory);
        }
        if by.may(node, 2) {
            return Ok(());
        }
        Err(Errno::Denied)
    }
}
