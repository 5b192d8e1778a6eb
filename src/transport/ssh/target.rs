//! Who is meant, and how to get there: inventory, OpenSSH configuration and defaults together.

use std::path::PathBuf;

use super::super::Connection;
use super::{NoWay, Options};

/// One host to dial, fully resolved.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The inventory name, for messages.
    pub(super) name: String,
    /// What to dial.
    pub(super) address: String,
    pub(super) port: u16,
    pub(super) user: String,
    /// The name that known_hosts has it under, if another than the address.
    pub(super) host_key_alias: Option<String>,
    /// Private keys the operator named: tried before anything else.
    pub(super) keys: Vec<PathBuf>,
    /// Whether only those may be tried.
    pub(super) only_named_keys: bool,
    pub(super) password: Option<String>,
    /// Read in this order; new keys go to the first.
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) accept_new_host_keys: bool,
}

impl Target {
    /// Puts together what `connection`, the configuration files and the defaults say.
    ///
    /// # Errors
    /// A configuration that cannot be followed.
    pub(super) fn resolve(connection: &Connection, options: &Options) -> Result<Self, NoWay> {
        let home = home();
        Ok(Self {
            name: connection.name.clone(),
            address: connection.address.clone(),
            port: connection.port.unwrap_or(22),
            user: connection.user.clone().unwrap_or_else(login_name),
            host_key_alias: None,
            keys: connection.private_key.iter().cloned().collect(),
            only_named_keys: false,
            password: connection.password.clone(),
            known_hosts: match &options.known_hosts {
                Some(path) => vec![path.clone()],
                None => vec![
                    home.join(".ssh/known_hosts"),
                    home.join(".ssh/known_hosts2"),
                    PathBuf::from("/etc/ssh/ssh_known_hosts"),
                ],
            },
            accept_new_host_keys: options.accept_new_host_keys,
        })
    }
}

/// The operator's home directory.
pub(super) fn home() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/root"))
}

/// The operator's own login name, which is the default one there.
pub(super) fn login_name() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| "root".to_owned())
}
