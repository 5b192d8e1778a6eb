//! How to reach one host, as the inventory says it.

use std::path::PathBuf;

/// The connection facts of one host. What is `None` falls to `~/.ssh/config` and then to defaults.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// The host's inventory name: the one used in every message.
    pub name: String,
    /// How to reach it.
    pub method: Method,
    /// Address or DNS name to dial; the inventory name where the inventory gives none.
    pub address: String,
    /// Port to dial.
    pub port: Option<u16>,
    /// Login user.
    pub user: Option<String>,
    /// Private key file.
    pub private_key: Option<PathBuf>,
    /// Login password, where the inventory holds one.
    pub password: Option<String>,
    /// Whether commands run as root through sudo.
    pub become_root: bool,
    /// Password for sudo, where it asks for one.
    pub become_password: Option<String>,
    /// OpenSSH client arguments of `ansible_ssh_common_args` and `ansible_ssh_extra_args`, as words.
    pub ssh_arguments: Vec<String>,
}

/// How a host is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Over SSH.
    #[default]
    Ssh,
    /// It is the machine that ocpdg runs on (`ansible_connection=local`).
    Local,
}

impl std::fmt::Debug for Connection {
    /// Leaves out both passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("name", &self.name)
            .field("method", &self.method)
            .field("address", &self.address)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("private_key", &self.private_key)
            .field("become_root", &self.become_root)
            .field("ssh_arguments", &self.ssh_arguments)
            .finish_non_exhaustive()
    }
}
