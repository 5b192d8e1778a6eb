//! The file tree of a simulated host: owners, modes, times, labels, links, mounts and free space.
//!
//! Paths are absolute. A process's working directory, its globs and its redirections are the shell's
//! business ([`super::shell`]), what programs do with files is theirs ([`super::program`]).
//!
//! | file     | subject                                        |
//! |----------|------------------------------------------------|
//! | `node`   | what a path holds                              |
//! | `entries` | what a directory holds                        |
//! | `lookup` | from a path to a node, links followed          |
//! | `change` | write, make, remove, rename, with all refusals |
//! | `errno`  | the refusals, in the words of the C library    |

use std::borrow::Cow;

mod change;
mod entries;
mod errno;
mod lookup;
mod node;

pub use change::Actor;
pub use entries::Entries;
pub use errno::Errno;
pub use node::{Bytes, Device, Kind, Name, Node, name};

/// The file tree of one host.
#[derive(Debug, Clone)]
pub struct Files {
    root: Node,
    mounts: Vec<Mount>,
    /// How often something may have changed below `/usr`, and of what is mounted.
    programs: u64,
    mounted: u64,
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted: `/`, or an absolute path without a trailing slash.
    pub path: String,
    /// What is mounted, as `df` shows it.
    pub source: String,
    /// Its size in bytes.
    pub size: u64,
    /// Bytes in use that no file of the tree accounts for.
    pub other: u64,
    /// Whether nothing can be written to it.
    pub read_only: bool,
    /// Bytes that its files take.
    used: u64,
}

impl Mount {
    /// A file system of `size` bytes at `path`.
    pub fn new(path: &str, source: &str, size: u64) -> Self {
        Self {
            path: path.to_owned(),
            source: source.to_owned(),
            size,
            other: 0,
            read_only: false,
            used: 0,
        }
    }

    /// What kind of file system it is, by what is mounted.
    pub fn kind(&self) -> &str {
        match self.source.as_str() {
            kind @ ("tmpfs" | "proc" | "sysfs" | "devtmpfs") => kind,
            _ => "xfs",
        }
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        (self.used + self.other).min(self.size)
    }

    /// Bytes that can still be written.
    pub fn free(&self) -> u64 {
        self.size.saturating_sub(self.used + self.other)
    }
}

/// Whether `inner` is `outer` or lies below it.
pub fn within(inner: &str, outer: &str) -> bool {
    let outer = match outer.as_bytes() {
        [.., b'/'] => outer.trim_end_matches('/').as_bytes(),
        outer => outer,
    };
    let rest = inner.as_bytes().strip_prefix(outer);
    matches!(rest, Some([] | [b'/', ..]))
}

/// `path` without its last component, and that component.
pub fn split(path: &str) -> (&str, &str) {
    let path = path.trim_end_matches('/');
    match path.rfind('/') {
        Some(0) => ("/", &path[1..]),
        Some(at) => (&path[..at], &path[at + 1..]),
        None => ("/", path),
    }
}

/// `name` in the directory `directory`.
pub fn join(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

/// `bytes` as text, odd ones replaced. As the standard library has it, which looks at each byte for
/// itself, but nearly all bytes are text.
pub fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
