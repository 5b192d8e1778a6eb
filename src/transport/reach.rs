//! The way to a host, opened when the first command wants to go there.

use std::sync::{Arc, Mutex, PoisonError};

use super::detached::{ByShell, Detached};
use super::local::Local;
use super::ssh::{self, Options, Ssh};
use super::{Command, Connection, Exit, Failure, Method, Streams, Transport};

/// The transport that `connection` asks for.
///
/// Nothing is dialled yet: a host that cannot be reached says so at its first command, and at each
/// later one it is tried again.
pub fn reach(connection: &Connection, options: &Options) -> Arc<dyn Transport> {
    match connection.method {
        Method::Local => Arc::new(Local::new(
            &connection.name,
            connection.become_root,
            connection.become_password.clone(),
        )),
        Method::Ssh => Arc::new(Lazy {
            connection: connection.clone(),
            options: options.clone(),
            open: Mutex::new(None),
        }),
    }
}

struct Lazy {
    connection: Connection,
    options: Options,
    open: Mutex<Option<Arc<Ssh>>>,
}

impl Transport for Lazy {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        let ssh = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            match &*open {
                Some(ssh) => Arc::clone(ssh),
                None => {
                    let ssh = Arc::new(ssh::connect(&self.connection, &self.options)?);
                    *open = Some(Arc::clone(&ssh));
                    ssh
                }
            }
        };
        ssh.execute(command, streams)
    }

    fn detached(&self) -> Option<Box<dyn Detached + '_>> {
        Some(Box::new(ByShell::new(self, &self.connection.name)))
    }
}
