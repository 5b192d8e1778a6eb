//! Files of a host: look, read, write, copy, move, remove, and bring them to the controller.
//!
//! | file         | subject                                                             |
//! |--------------|---------------------------------------------------------------------|
//! | `stat`       | facts: kind, owner, mode, context; lists                            |
//! | `place`      | links resolved, mount points, free space                            |
//! | `content`    | small text files: read, write in one rename                         |
//! | `line`       | replace or add a line of one                                        |
//! | `digest`     | sha256 of a file and of a tree                                      |
//! | `tree`       | copy, move, remove, make a directory                                |
//! | `attributes` | owner, mode, SELinux context                                        |
//! | `carry`      | between the host and the controller, and from host to host          |
//! | `guard`      | which paths may be removed or replaced                              |
//!
//! Every path is absolute. Only stat, find, cp, mv and their like are needed on the host; their
//! options are those of RHEL 7's coreutils 8.22 and findutils 4.5.

mod attributes;
mod carry;
mod content;
mod digest;
pub(crate) mod guard;
mod line;
mod place;
mod stat;
mod tree;

pub use attributes::{restorecon, selinux_enabled, set_mode, set_owner, wrong_labels};
pub use carry::{Carried, fetch, get, put};
pub use content::{Attributes, READ_LIMIT, read, read_existing, read_many, write};
pub use digest::{Manifest, manifest, manifests, sha256};
pub use line::{append_line, replace_line};
pub use place::{
    FileSystem, file_system, file_systems, free_bytes, is_mountpoint, real_path, real_paths,
    real_place,
};
pub use stat::{
    Entry, FileKind, Stat, entries, entries_many, existing, exists, list, list_many, stat,
    stat_many,
};
pub use tree::{copy, copy_all, mkdir, move_to, remove};

pub(crate) use carry::receive;
pub(crate) use content::write_new;
pub(crate) use digest::hex as digest_hex;
pub(crate) use tree::{flush, mkdirs};

use std::time::Duration;

use crate::transport::Command;

/// The limit of a command that reads or writes gigabytes.
pub(crate) const LONG: Duration = Duration::from_secs(2 * 3600);

/// `command` with messages in English, where its text has to be read.
pub(crate) fn in_english(command: Command) -> Command {
    command.env("LC_ALL", "C")
}

/// `path` without its last component; `/` for a top-level one.
pub(crate) fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rfind('/') {
        None | Some(0) => "/",
        Some(at) => &path[..at],
    }
}

/// The last component of `path`.
pub(crate) fn base(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}
