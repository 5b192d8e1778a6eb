//! Which paths may be removed or replaced.

use crate::error::{Error, Result};

/// Directories whose loss a host does not survive, or that hold the last copy of something.
const KEPT: &[&str] = &[
    "/etc/etcd",
    "/etc/origin",
    "/etc/sysconfig",
    "/etc/systemd",
    "/etc/systemd/system",
    "/etc/pki",
    "/etc/ssh",
    "/etc/yum.repos.d",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/lib/systemd",
    "/usr/lib/systemd/system",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
    "/var/cache",
    "/var/lib",
    "/var/lib/docker",
    "/var/lib/etcd",
    "/var/lib/ocpdg",
    "/var/lib/origin",
    "/var/lib/rpm",
    "/var/log",
    "/var/run",
    "/var/spool",
];

/// `path` if it is absolute and plain, without a trailing slash.
///
/// # Errors
/// `Invalid` for a relative path, one with `.` or `..`, or with a NUL byte.
pub(crate) fn plain(path: &str) -> Result<&str> {
    let refuse = |reason: &str| {
        Err(Error::invalid(
            format!("path `{}`", path.escape_debug()),
            reason,
        ))
    };
    if !path.starts_with('/') {
        return refuse("must be absolute");
    }
    if path.contains('\0') {
        return refuse("holds a NUL byte");
    }
    if path.split('/').any(|part| part == "." || part == "..") {
        return refuse("must not hold `.` or `..`");
    }
    let trimmed = path.trim_end_matches('/');
    Ok(if trimmed.is_empty() { "/" } else { trimmed })
}

/// Whether `inner` is `outer` or lies below it.
pub(crate) fn within(inner: &str, outer: &str) -> bool {
    let outer = outer.trim_end_matches('/');
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Refuses to `action` a whole system directory: `/`, a top-level one, or one of a short list.
///
/// # Errors
/// `Refused` with the reason; `Invalid` as [`plain`].
pub(crate) fn expendable(host: &str, action: &str, path: &str) -> Result<()> {
    let path = plain(path)?;
    let squeezed: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let path = format!("/{}", squeezed.join("/"));
    let action = format!("{action} `{path}`");
    if squeezed.len() < 2 {
        return Err(Error::refused(host, action, "it is a system directory"));
    }
    if path == "/var/lib/etcd" || path == "/var/lib/etcd/member" {
        return Err(Error::refused(
            host,
            action,
            "it holds the cluster's data, and its backups lie inside",
        )
        .with_hint("use `etcd.restore_snapshot` with a proof: it sets the old data aside first"));
    }
    if KEPT.contains(&path.as_str()) {
        return Err(Error::refused(host, action, "it is a system directory"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_directories_are_not_expendable() {
        for path in [
            "/",
            "//",
            "/etc",
            "/var/",
            "/var/lib",
            "/var//lib/",
            "/var/lib/etcd/",
            "/var/lib/etcd/member",
            "relative",
            "/var/lib/../lib",
            "/var/lib/./x",
            "",
        ] {
            assert!(expendable("m0", "remove", path).is_err(), "{path}");
        }
        for path in ["/var/lib/etcd.old", "/var/lib/ocpdg/run/x", "/etc/foo.conf"] {
            assert!(expendable("m0", "remove", path).is_ok(), "{path}");
        }
    }

    #[test]
    fn within_counts_whole_components() {
        assert!(within("/var/lib/etcd", "/var/lib/etcd/"));
        assert!(within("/var/lib/etcd/member", "/var/lib/etcd"));
        assert!(!within("/var/lib/etcd.old", "/var/lib/etcd"));
    }
}
