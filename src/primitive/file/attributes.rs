//! Owner, mode and SELinux context.

use super::content::{check_mode, check_owner};
use super::stat::stat;
use super::{guard, in_english};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::{Command, Exit};

/// Gives `path`, and with `recursive` all below it, to `owner` (`owner`, `owner:group`, `:group`).
///
/// Before and after are whether everything belongs to it.
///
/// # Errors
/// `Command` if the host refuses, an unknown user among the reasons; `State` if it had no effect.
pub fn set_owner(host: &Host, path: &str, owner: &str, recursive: bool) -> Result<Change<bool>> {
    check_owner(owner)?;
    let path = guard::plain(path)?;
    // Owner and group stay names with a dot in them: chown's old `owner.group` is not offered.
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    let all_theirs = |host: &Host| -> Result<bool> {
        let mut argv = vec!["find", path];
        if !recursive {
            argv.extend(["-maxdepth", "0"]);
        }
        argv.push("(");
        if !user.is_empty() {
            argv.extend(["!", "-user", user]);
        }
        if !user.is_empty() && !group.is_empty() {
            argv.push("-o");
        }
        if !group.is_empty() {
            argv.extend(["!", "-group", group]);
        }
        argv.extend([")", "-print", "-quit"]);
        Ok(host.run(&Command::reads(argv))?.stdout.is_empty())
    };
    let before = all_theirs(host)?;
    if !before {
        let mut argv = vec!["chown", "-h"];
        if recursive {
            argv.push("-R");
        }
        argv.extend(["--", owner, path]);
        host.run(&Command::changes(argv))?;
        if !all_theirs(host)? {
            let subject = format!("the owner of `{path}`");
            return Err(Error::state(host.name(), subject, owner, "another one"));
        }
    }
    Ok(Change::between(before, true))
}

/// Sets the permissions of `path` to `mode`, octal digits. Before and after are modes.
///
/// # Errors
/// `State` if there is nothing at `path` or it had no effect; `Command` if the host refuses.
pub fn set_mode(host: &Host, path: &str, mode: &str) -> Result<Change<String>> {
    check_mode(mode)?;
    let wanted = format!("{mode:0>4}");
    let look = |host: &Host| -> Result<String> {
        Ok(stat(host, path)?.ok_or_else(|| missing(host, path))?.mode)
    };
    let before = look(host)?;
    if before == wanted {
        return Ok(Change::between(before, wanted));
    }
    host.run(&Command::changes([
        "chmod",
        &wanted,
        "--",
        guard::plain(path)?,
    ]))?;
    let after = look(host)?;
    if after != wanted {
        let subject = format!("the mode of `{path}`");
        return Err(Error::state(host.name(), subject, wanted, after));
    }
    Ok(Change::between(before, after))
}

/// The error that says there is nothing at `path`.
pub(super) fn missing(host: &Host, path: &str) -> Error {
    Error::state(
        host.name(),
        format!("`{path}`"),
        "a file or directory",
        "nothing",
    )
}

/// Whether SELinux is enabled on `host`; false where its tools are not installed.
///
/// # Errors
/// The transport's failures.
pub fn selinux_enabled(host: &Host) -> Result<bool> {
    match host.output(&Command::reads(["selinuxenabled"])) {
        Ok(output) => Ok(output.exit == Exit::Status(0)),
        Err(error) if not_started(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the program itself is absent: a transport may say so instead of exiting with 127.
fn not_started(error: &Error) -> bool {
    use crate::error::Kind;
    use crate::transport::{Failure, Refusal};
    matches!(
        &*error.kind,
        Kind::Transport {
            failure: Failure::NotStarted {
                refusal: Refusal::Start,
                ..
            }
        }
    )
}

/// What at and below `paths` has another SELinux context than the policy says, each with that context;
/// nothing where SELinux is off.
///
/// # Errors
/// `Command` if `restorecon` fails; `State` if it says something else.
pub fn wrong_labels(host: &Host, paths: &[&str]) -> Result<Vec<(String, String)>> {
    if paths.is_empty() || !selinux_enabled(host)? {
        return Ok(Vec::new());
    }
    labels_to_reset(host, paths)
}

fn labels_to_reset(host: &Host, paths: &[&str]) -> Result<Vec<(String, String)>> {
    let argv = ["restorecon", "-RFnv"]
        .into_iter()
        .chain(paths.iter().copied());
    let output = host.run(&in_english(Command::reads(argv)))?;
    let unknown = |line: &str| {
        let wanted = "`restorecon reset PATH context FROM->TO`";
        Error::state(
            host.name(),
            "the output of `restorecon -RFnv`",
            wanted,
            line,
        )
    };
    let text = output.text();
    let lines = text.lines();
    lines
        .map(|line| label_in(line).ok_or_else(|| unknown(line)))
        .collect()
}

/// The path and its present context in a line of `restorecon -nv`, as RHEL 7 and later ones write it.
fn label_in(line: &str) -> Option<(String, String)> {
    let said = line.strip_prefix("restorecon reset ");
    let (path, label) = match said {
        Some(rest) => {
            let (path, change) = rest.rsplit_once(" context ")?;
            (path, change.split_once("->")?.0)
        }
        None => {
            let (path, change) = line.strip_prefix("Would relabel ")?.rsplit_once(" from ")?;
            (path, change.split_once(" to ")?.0)
        }
    };
    Some((path.to_owned(), label.to_owned()))
}

/// Gives everything at and below `path` the SELinux context that the policy says, customizable
/// types included (`restorecon -RF`); nothing where SELinux is off.
///
/// Before and after are how many labels were wrong.
///
/// # Errors
/// `Command` if `restorecon` fails; `State` if labels are still wrong after it.
pub fn restorecon(host: &Host, path: &str) -> Result<Change<u64>> {
    let path = guard::plain(path)?;
    if !selinux_enabled(host)? {
        return Ok(Change::between(0, 0));
    }
    let wrong = |host: &Host| labels_to_reset(host, &[path]).map(|all| all.len() as u64);
    let before = wrong(host)?;
    if before == 0 {
        return Ok(Change::between(0, 0));
    }
    host.run(&Command::changes(["restorecon", "-RF", path]))?;
    let after = wrong(host)?;
    if after > 0 {
        let subject = format!("the SELinux labels below `{path}`");
        let found = format!("{after} others");
        return Err(
            Error::state(host.name(), subject, "those of the policy", found).with_hint(format!(
                "look at `restorecon -RFnv {path}` on `{}`",
                host.name()
            )),
        );
    }
    Ok(Change::between(before, after))
}

#[cfg(test)]
mod tests {
    use super::label_in;

    #[test]
    fn labels_are_read_from_the_lines_of_old_and_new_restorecon() {
        let old = "restorecon reset /etc/a context b context unconfined_u:object_r:etc_t:s0->system_u:object_r:etcd_t:s0";
        let new = "Would relabel /etc/a from b from unconfined_u:object_r:etc_t:s0 to system_u:object_r:etcd_t:s0";
        let label = "unconfined_u:object_r:etc_t:s0".to_owned();
        assert_eq!(
            label_in(old),
            Some(("/etc/a context b".to_owned(), label.clone()))
        );
        assert_eq!(label_in(new), Some(("/etc/a from b".to_owned(), label)));
        assert_eq!(label_in("restorecon: lstat(/x) failed"), None);
    }
}
