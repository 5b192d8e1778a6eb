//! The lines of earlier sessions, for their owner only.

use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use super::secret;
use crate::journal;

/// How many lines are kept.
pub const LINES: usize = 2000;

/// The file of the history, made if it is not there; nothing where that cannot be.
pub fn file() -> Option<PathBuf> {
    const OWNER_ONLY: u32 = 0o600;
    let root = journal::root().ok()?;
    std::fs::create_dir_all(&root).ok()?;
    let path = root.join("history");
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(OWNER_ONLY)
        .open(&path)
        .ok()?;
    // It may be an older one, with other rights.
    file.set_permissions(std::fs::Permissions::from_mode(OWNER_ONLY))
        .ok()?;
    Some(path)
}

/// Whether `line` is kept: not if it begins with a space, nor if it may hold a secret.
pub fn keeps(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with(' ') && !secret::is_likely(line)
}

#[cfg(test)]
mod tests {
    use super::keeps;

    #[test]
    fn secrets_and_what_begins_with_a_space_are_kept_out() {
        assert!(keeps("cluster::masters.etcd.health()"));
        assert!(!keeps(" !uptime"));
        assert!(!keeps("!mysql --password=hunter2"));
        assert!(!keeps("let token = \"x\""));
    }
}
