//! A backup restored on trial: it is good, or it is no good, or it could not be tried.
//!
//! The third must not pass for the second: a lost connection says nothing about a backup, and taking
//! another one for it would be a choice that nobody made.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::primitive::Host;
use crate::primitive::etcd::{Proof, trial_restore};
use crate::transport::Exit;

/// What a trial said about a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The proof that it can be restored; nothing if it cannot.
    pub proof: Option<Proof>,
    /// Why it cannot be restored; empty if it can.
    pub reason: String,
}

/// Restores a copy of the backup at `path` on trial below `scratch`, as [`trial_restore`] does, and
/// tells a backup that is no good from a trial that could not be made.
///
/// # Errors
/// Whatever kept the trial from being made: `Transport` for a lost connection, `Refused` or `Command`
/// for a full disk, `Command` for a missing `etcdctl`.
///
/// Source: OCP 3.9 Downgrading, Verifying backups.
pub fn prove(host: &Host, path: &str, scratch: &str) -> Result<Trial> {
    match trial_restore(host, path, scratch) {
        Ok(proof) => Ok(Trial {
            proof: Some(proof),
            reason: String::new(),
        }),
        Err(error) if is_verdict(&error) => Ok(Trial {
            proof: None,
            reason: std::iter::once(error.to_string())
                .chain(error.details().into_iter().last())
                .collect::<Vec<_>>()
                .join(": "),
        }),
        Err(error) => Err(error.with_hint(
            "this says nothing about the backup: repair the host, then `ocpdg resume`, or name another backup with `--set etcd_backup=HOST:PATH`",
        )),
    }
}

/// Whether `error` is about the backup and not about the host that tried it.
fn is_verdict(error: &Error) -> bool {
    // What a host lacks, as the C library and Go word it, in any case of letters.
    const LACKS: &[&str] = &[
        "no space left",
        "quota exceeded",
        "read-only file system",
        "cannot allocate memory",
        "too many open files",
        "permission denied",
    ];
    match &*error.kind {
        Kind::State { .. } => true,
        Kind::Command {
            command,
            exit: Exit::Status(status),
            stderr,
            ..
        } => {
            let said = stderr.to_lowercase();
            command.starts_with("etcdctl ")
                && !matches!(status, 126 | 127)
                && !LACKS.iter().any(|lack| said.contains(lack))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_host_lacks_is_no_verdict_on_the_backup() {
        let command = |command: &str, exit, stderr: &str| {
            Error::new(Kind::Command {
                host: "m0".to_owned(),
                command: command.to_owned(),
                exit,
                stdout: String::new(),
                stderr: stderr.to_owned(),
            })
        };
        let restore = "etcdctl snapshot restore /x/db";
        let rows = [
            (
                command(restore, Exit::Status(1), "Error: invalid database"),
                true,
            ),
            (
                command(restore, Exit::Status(2), "panic: page 3 already freed"),
                true,
            ),
            (
                Error::state("m0", "the data in `db`", "whole", "cut off"),
                true,
            ),
            (
                command(
                    restore,
                    Exit::Status(1),
                    "write db: no space left on device",
                ),
                false,
            ),
            (
                command(restore, Exit::Status(127), "env: etcdctl: No such file"),
                false,
            ),
            (command(restore, Exit::Signal(9), ""), false),
            (
                command("cp -T -- /x/db /y/db", Exit::Status(1), "cp: error"),
                false,
            ),
            (
                Error::refused("m0", "restore `x` on trial", "no room"),
                false,
            ),
            (Error::stopped("Ctrl-C"), false),
        ];
        for (error, verdict) in rows {
            assert_eq!(is_verdict(&error), verdict, "{error}");
        }
    }
}
