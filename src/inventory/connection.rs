//! How a host is reached: its Ansible connection variables, new names before old ones.

use std::path::{Path, PathBuf};

use super::groups::Placed;
use super::printable;
use super::variables::{Merged, Opaque, opaque, text, truth};
use super::words::{Hash, split};
use crate::error::{Error, Result};
use crate::transport::{Connection, Method};

/// The variables of one host, asked for by those who need them.
pub(super) struct Needed<'a> {
    pub(super) host: &'a str,
    pub(super) merged: &'a Merged<'a>,
}

impl<'a> Needed<'a> {
    /// The first of `names` that is set, with the name that was found.
    fn find(&self, names: &[&'static str]) -> Option<(&'static str, &'a Placed)> {
        let found = |name: &&'static str| Some((*name, *self.merged.get(*name)?));
        names.iter().find_map(found)
    }

    /// The first of `names` that is set, as text; an empty text counts as not set.
    fn text(&self, names: &[&'static str]) -> Result<Option<String>> {
        let Some((name, placed)) = self.find(names) else {
            return Ok(None);
        };
        readable(self.host, name, placed)?;
        match text(&placed.value) {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None if placed.value.is_null() => Ok(None),
            None => Err(self.wrong(name, placed, "has to be text")),
        }
    }

    /// Whether variable `name`, set at `placed`, is true; null is not.
    pub(super) fn is_true(&self, name: &str, placed: &Placed) -> Result<bool> {
        readable(self.host, name, placed)?;
        match truth(&placed.value) {
            None if placed.value.is_null() => Ok(false),
            None => Err(self.wrong(name, placed, "has to be yes or no")),
            Some(truth) => Ok(truth),
        }
    }

    fn wrong(&self, name: &str, placed: &Placed, reason: &str) -> Error {
        let host = self.host;
        let found = match text(&placed.value) {
            Some(text) if !["pass", "args"].iter().any(|secret| name.contains(secret)) => {
                format!(", found `{}`", printable(&text))
            }
            _ => String::new(),
        };
        let reason = format!("`{name}` of `{host}` {reason}{found}");
        Error::invalid(placed.origin.of(name), reason)
    }

    /// As [`Needed::text`], for a word that goes on command lines: no blanks, no leading dash.
    fn word(&self, names: &[&'static str]) -> Result<Option<String>> {
        let found = self.text(names)?;
        let bad = |c: char| c.is_whitespace() || c.is_control();
        match (&found, self.find(names)) {
            (Some(word), Some((name, placed))) if word.starts_with('-') || word.contains(bad) => {
                Err(self.wrong(name, placed, "has to be one word without a leading `-`"))
            }
            _ => Ok(found),
        }
    }
}

/// Refuses a variable that only Ansible could evaluate.
///
/// # Errors
/// `Invalid`, naming variable, host, file and line.
pub(super) fn readable(host: &str, name: &str, placed: &Placed) -> Result<()> {
    let Some(why) = opaque(&placed.value) else {
        return Ok(());
    };
    let (what, instead) = match why {
        Opaque::Jinja => ("a Jinja expression", "its plain value"),
        Opaque::Vault => ("encrypted with Ansible Vault", "its decrypted value"),
    };
    let reason = format!("`{name}` of `{host}` is {what}, which only Ansible can read");
    Err(Error::invalid(placed.origin.of(name), reason).with_hint(format!(
        "put {instead} into a copy of the inventory that only you can read, and name that copy with `-i`"
    )))
}

/// How to reach the host of `needed`; `inventory` is the inventory's file.
///
/// # Errors
/// A connection variable that cannot be read, has an impossible value, or asks for a way to become
/// root other than sudo.
pub(super) fn connection(needed: &Needed<'_>, inventory: &Path) -> Result<Connection> {
    let host = needed.host;
    let method = match needed.word(&["ansible_connection"])?.as_deref() {
        None | Some("ssh" | "smart" | "paramiko" | "paramiko_ssh") => Method::Ssh,
        Some("local") => Method::Local,
        Some(_) => return Err(only(needed, &["ansible_connection"], "`ssh` or `local`")),
    };
    let address = needed.word(&["ansible_host", "ansible_ssh_host"])?;
    let become_root = match needed.find(&["ansible_become", "ansible_sudo"]) {
        Some((name, placed)) => needed.is_true(name, placed)?,
        None => false,
    };
    let become_password = if become_root {
        check_become(needed)?;
        needed.text(&[
            "ansible_become_pass",
            "ansible_become_password",
            "ansible_sudo_pass",
            "ansible_sudo_password",
        ])?
    } else {
        None
    };
    let password = match method {
        Method::Ssh => needed.text(&[
            "ansible_password",
            "ansible_ssh_pass",
            "ansible_ssh_password",
        ])?,
        Method::Local => None,
    };
    Ok(Connection {
        name: host.to_owned(),
        method,
        address: address.unwrap_or_else(|| host.to_owned()),
        port: port(needed)?,
        user: needed.word(&["ansible_user", "ansible_ssh_user"])?,
        private_key: private_key(needed, inventory)?,
        password,
        become_root,
        become_password,
        ssh_arguments: ssh_arguments(needed)?,
    })
}

/// The error that the first of `names` is something other than `wanted`.
fn only(needed: &Needed<'_>, names: &[&'static str], wanted: &str) -> Error {
    match needed.find(names) {
        Some((name, placed)) => needed.wrong(name, placed, &format!("has to be {wanted}")),
        None => Error::invalid(
            format!("`{}`", names.join("`, `")),
            format!("has to be {wanted}"),
        ),
    }
}

fn check_become(needed: &Needed<'_>) -> Result<()> {
    for (names, wanted) in [
        (&["ansible_become_user", "ansible_sudo_user"][..], "root"),
        (&["ansible_become_method"][..], "sudo"),
    ] {
        if needed.text(names)?.is_some_and(|found| found != wanted) {
            return Err(only(needed, names, &format!("`{wanted}`"))
                .with_hint("ocpdg works as root through sudo; log in as root, or allow sudo"));
        }
    }
    Ok(())
}

fn port(needed: &Needed<'_>) -> Result<Option<u16>> {
    let names = &["ansible_port", "ansible_ssh_port"];
    let Some(text) = needed.text(names)? else {
        return Ok(None);
    };
    match text.trim().parse() {
        Ok(port) if port > 0 => Ok(Some(port)),
        _ => Err(only(needed, names, "a port from 1 to 65535")),
    }
}

/// The key file. `~` is the home directory; a relative path is looked for in the working directory,
/// as Ansible does, and if it is not there, beside the inventory.
fn private_key(needed: &Needed<'_>, inventory: &Path) -> Result<Option<PathBuf>> {
    let names = &["ansible_ssh_private_key_file", "ansible_private_key_file"];
    let Some(text) = needed.text(names)? else {
        return Ok(None);
    };
    if text.starts_with('~') {
        let below = match text.as_str() {
            "~" => Some(""),
            _ => text.strip_prefix("~/"),
        };
        return match (below, std::env::home_dir()) {
            (Some(below), Some(home)) => Ok(Some(home.join(below))),
            (None, _) => Err(only(needed, names, "a path without `~USER`")),
            (_, None) => Err(only(
                needed,
                names,
                "an absolute path where `HOME` is not set",
            )),
        };
    }
    let path = PathBuf::from(text);
    let beside = inventory.parent().map(|directory| directory.join(&path));
    Ok(Some(match beside {
        Some(beside) if path.is_relative() && !path.exists() && beside.exists() => beside,
        _ => path,
    }))
}

/// The OpenSSH client's arguments, in the order in which Ansible puts them.
fn ssh_arguments(needed: &Needed<'_>) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    for name in [
        "ansible_ssh_args",
        "ansible_ssh_common_args",
        "ansible_ssh_extra_args",
    ] {
        let Some(text) = needed.text(&[name])? else {
            continue;
        };
        let words = split(&text, Hash::Character)
            .map_err(|reason| only(needed, &[name], &format!("ssh arguments, but {reason}")))?;
        arguments.extend(words);
    }
    Ok(arguments)
}
