//! Drop-ins: files that add to a unit or override parts of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::enablement::directory;
use super::{check_names, show};
use crate::error::{Error, Result};
use crate::primitive::file::{self, Attributes};
use crate::primitive::{Change, Host};
use crate::transport::quote::quote;
use crate::transport::{Command, Effect};

/// One drop-in of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropIn {
    /// Where it lies.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The drop-ins of `unit` that lie on the disk, whether systemd has read them yet or not.
///
/// # Errors
/// `Invalid` for what cannot be a unit's name; `Command` when they cannot be read.
pub fn drop_ins(host: &Host, unit: &str) -> Result<Vec<DropIn>> {
    check_names(&[unit])?;
    let own = directory(unit);
    let name = own.rsplit('/').next().unwrap_or_default();
    let globs = [
        "/usr/lib/systemd/system",
        "/run/systemd/system",
        "/etc/systemd/system",
    ]
    .map(|place| format!("{}/*.conf", quote(&format!("{place}/{name}"))));
    let script = format!(
        "for f in {}; do if [ -f \"$f\" ]; then printf '%s\\n' \"$f\"; base64 -w0 \"$f\" || exit 1; echo; fi; done",
        globs.join(" ")
    );
    let command = Command::shell(script, Effect::Reads);
    let output = host.run(&command)?;
    let text = output.text();
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(path) = lines.next() {
        let bytes = lines
            .next()
            .and_then(|line| STANDARD.decode(line.trim()).ok())
            .ok_or_else(|| host.failed(&command, &output))?;
        found.push(DropIn {
            path: path.to_owned(),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        });
    }
    Ok(found)
}

/// Writes the drop-in `name` (such as `temp.conf`) of `unit` and makes systemd read it.
///
/// Before and after are the file's content, `None` where there was none.
///
/// # Errors
/// `Invalid` for a name that is none or does not end in `.conf`; `State` when systemd does not see
/// the drop-in afterwards.
///
/// Source: OCP 3.9 Downgrading, Restoring etcd, the temporary drop-in of step 4.
pub fn write_drop_in(
    host: &Host,
    unit: &str,
    name: &str,
    text: &str,
) -> Result<Change<Option<String>>> {
    let path = path(unit, name)?;
    let before = content(host, unit, &path)?;
    let stale = show(host, &[unit])?.iter().any(|state| state.needs_reload);
    if before.as_deref() == Some(text) && !stale {
        return Ok(Change::between(before.clone(), before));
    }
    put(host, unit, &path, text)?;
    let after = content(host, unit, &path)?;
    let read = show(host, &[unit])?
        .iter()
        .all(|state| !state.exists() || state.drop_in_paths.contains(&path));
    if after.as_deref() != Some(text) || !read {
        return Err(Error::state(
            host.name(),
            format!("drop-in `{path}`"),
            "written and read by systemd",
            if read { "other content" } else { "not read" },
        )
        .with_hint(format!("see `systemctl cat {unit}` on `{}`", host.name())));
    }
    Ok(Change {
        changed: true,
        before,
        after,
    })
}

/// Removes the drop-in `name` of `unit` and makes systemd forget it.
///
/// Before and after are the file's content, `None` where there is none.
///
/// # Errors
/// `Invalid` for a name that is none; `State` when systemd still uses the drop-in afterwards.
///
/// Source: OCP 3.9 Downgrading, Restoring etcd, step 7.
pub fn remove_drop_in(host: &Host, unit: &str, name: &str) -> Result<Change<Option<String>>> {
    let path = path(unit, name)?;
    let before = content(host, unit, &path)?;
    // After a crash between the removal and the reload the file is gone but still in force.
    let in_force = show(host, &[unit])?
        .iter()
        .any(|state| state.drop_in_paths.contains(&path) || state.needs_reload);
    if before.is_none() && !in_force {
        return Ok(Change::between(None, None));
    }
    let script = format!(
        "rm -f -- {path} && {{ rmdir -- {directory} 2>/dev/null || :; }} && systemctl daemon-reload",
        path = quote(&path),
        directory = quote(&directory(unit)),
    );
    host.run(&Command::shell(script, Effect::Changes))?;
    let after = content(host, unit, &path)?;
    let in_force = show(host, &[unit])?
        .iter()
        .any(|state| state.drop_in_paths.contains(&path));
    if after.is_some() || in_force {
        return Err(Error::state(
            host.name(),
            format!("drop-in `{path}`"),
            "gone",
            if in_force {
                "still used by systemd"
            } else {
                "still there"
            },
        )
        .with_hint(format!("see `systemctl cat {unit}` on `{}`", host.name())));
    }
    Ok(Change {
        changed: true,
        before,
        after,
    })
}

fn path(unit: &str, name: &str) -> Result<String> {
    check_names(&[unit])?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if !name.bytes().all(plain) || !name.ends_with(".conf") || name.starts_with('.') {
        return Err(Error::invalid(
            format!("drop-in `{}`", name.escape_debug()),
            "a drop-in's name has letters, digits and `_.-` only, and ends in `.conf`",
        ));
    }
    Ok(format!("{}/{name}", directory(unit)))
}

/// Writes the file `path` among the drop-ins of `unit`, and makes systemd read it.
pub(super) fn put(host: &Host, unit: &str, path: &str, text: &str) -> Result<()> {
    let attributes = Attributes::default();
    let there = file::mkdirs(host, &[&directory(unit)], &attributes, &[path])?;
    match there.is_empty() {
        true => file::write_new(host, path, text, &attributes)?,
        false => {
            file::write(host, path, text, &attributes)?;
        }
    }
    host.run(&Command::changes(["systemctl", "daemon-reload"]))?;
    Ok(())
}

fn content(host: &Host, unit: &str, path: &str) -> Result<Option<String>> {
    Ok(drop_ins(host, unit)?
        .into_iter()
        .find(|drop_in| drop_in.path == path)
        .map(|drop_in| drop_in.text))
}
