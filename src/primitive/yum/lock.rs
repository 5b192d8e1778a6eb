//! Who holds the yum lock, and what an earlier yum left undone.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::primitive::Host;
use crate::transport::{Command, Effect};

/// The process that holds a lock of yum's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// Its process id.
    pub pid: i64,
    /// Its command line.
    pub command: String,
    /// Since when it holds the lock: seconds since 1970.
    pub since: i64,
    /// The lock file.
    pub path: String,
}

/// yum 3's lock, and dnf's three.
const LOCKS: &str = "/var/run/yum.pid /var/cache/dnf/metadata_lock.pid /var/cache/dnf/download_lock.pid \
                     /var/lib/dnf/rpmdb_lock.pid";

/// Who holds the yum lock on `host`; `None` if nobody does. A lock file whose process is gone does
/// not count: yum takes it over.
///
/// # Errors
/// The transport's failures.
pub fn lock(host: &Host) -> Result<Option<LockHolder>> {
    let script = format!(
        "for f in {LOCKS}; do [ -f \"$f\" ] || continue; p=$(head -n 1 \"$f\"); \
         case $p in ''|*[!0-9]*) continue;; esac; [ -d \"/proc/$p\" ] || continue; \
         printf '%s\\t%s\\t%s\\t' \"$p\" \"$(stat -c %Y \"$f\")\" \"$f\"; tr '\\0\\n\\t' '   ' <\"/proc/$p/cmdline\"; echo; done"
    );
    let output = host.output(&Command::shell(script, Effect::Reads))?;
    Ok(output.text().lines().find_map(|line| {
        let mut fields = line.splitn(4, '\t');
        Some(LockHolder {
            pid: fields.next()?.parse().ok()?,
            since: fields.next()?.parse().ok()?,
            path: fields.next()?.to_owned(),
            command: fields.next()?.trim().to_owned(),
        })
    }))
}

pub(super) fn describe(holder: &LockHolder) -> String {
    format!(
        "process {} (`{}`) holds `{}`",
        holder.pid,
        holder.command.escape_debug(),
        holder.path
    )
}

/// The transactions that an earlier yum began and did not finish, as the files it left; empty if
/// none. `yum-complete-transaction --cleanup-only` clears them.
///
/// # Errors
/// The transport's failures.
pub fn pending_transactions(host: &Host) -> Result<Vec<String>> {
    let script = "for f in /var/lib/yum/transaction-all*; do case $f in *.disabled) continue;; esac; \
                  [ -e \"$f\" ] && printf '%s\\n' \"$f\"; done; :";
    let output = host.run(&Command::shell(script, Effect::Reads))?;
    Ok(output.text().lines().map(str::to_owned).collect())
}
