//! What a path holds.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::Entries;

/// A name of a file, a user, a label: shared, because hosts hold many equal ones.
pub type Name = Arc<str>;

/// The content of a file: shared until it is changed.
pub type Bytes = Arc<Vec<u8>>;

/// The owner of most files.
pub(super) static ROOT: LazyLock<Name> = LazyLock::new(|| "root".into());

/// `text` as a name.
pub fn name(text: &str) -> Name {
    match text {
        "root" => ROOT.clone(),
        other => other.into(),
    }
}

/// A file, directory, link or device, with all that `stat` says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is, with its content.
    pub kind: Kind,
    /// The owner's name.
    pub owner: Name,
    /// The group's name.
    pub group: Name,
    /// Permissions, such as `0o644`.
    pub mode: u16,
    /// Last change of the content, since 1970.
    pub modified: Duration,
    /// Last change of name, owner, mode or content, since 1970.
    pub changed: Duration,
    /// The SELinux label, if it is another than the policy has for the path.
    pub context: Option<Name>,
}

/// The kinds of node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File(Bytes),
    /// A directory and what it holds, sorted: shared until it is changed, as hosts are much alike.
    Directory(Arc<Entries>),
    /// A symbolic link and where it points.
    Link(Name),
    /// A device.
    Device(Device),
}

/// The devices that programs use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// `/dev/null`.
    Null,
    /// `/dev/zero`.
    Zero,
    /// `/dev/full`.
    Full,
    /// `/dev/urandom`.
    Random,
}

impl Node {
    /// A node of root's, made at `now`.
    pub fn new(kind: Kind, mode: u16, now: Duration) -> Self {
        Self {
            kind,
            owner: ROOT.clone(),
            group: ROOT.clone(),
            mode,
            modified: now,
            changed: now,
            context: None,
        }
    }

    /// A regular file of root's with `content`, mode 0644.
    pub fn file(content: impl Into<Vec<u8>>, now: Duration) -> Self {
        Self::new(Kind::File(Arc::new(content.into())), 0o644, now)
    }

    /// An empty directory of root's, mode 0755.
    pub fn directory(now: Duration) -> Self {
        Self::new(Kind::Directory(Arc::default()), 0o755, now)
    }

    /// A symbolic link to `target`.
    pub fn link(target: &str, now: Duration) -> Self {
        Self::new(Kind::Link(target.into()), 0o777, now)
    }

    /// The same node with another mode.
    #[must_use]
    pub fn mode(mut self, mode: u16) -> Self {
        self.mode = mode;
        self
    }

    /// The same node with another owner and group.
    #[must_use]
    pub fn owned(mut self, owner: &str, group: &str) -> Self {
        self.owner = name(owner);
        self.group = name(group);
        self
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory(_))
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File(_))
    }

    /// Its entries, if it is a directory.
    pub fn entries(&self) -> Option<&Entries> {
        match &self.kind {
            Kind::Directory(entries) => Some(entries),
            _ => None,
        }
    }

    /// Its content, if it is a regular file.
    pub fn content(&self) -> Option<&Bytes> {
        match &self.kind {
            Kind::File(content) => Some(content),
            _ => None,
        }
    }

    /// The size that `stat` says, in bytes.
    pub fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => content.len() as u64,
            Kind::Directory(_) => 4096,
            Kind::Link(target) => target.len() as u64,
            Kind::Device(_) => 0,
        }
    }

    /// The bytes that it takes on its file system, with everything below it.
    pub fn weight(&self) -> u64 {
        match &self.kind {
            Kind::File(content) => (content.len() as u64).div_ceil(4096) * 4096,
            Kind::Directory(entries) => 4096 + entries.values().map(Self::weight).sum::<u64>(),
            Kind::Link(_) | Kind::Device(_) => 0,
        }
    }
}
