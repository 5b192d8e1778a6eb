//! One test, asked of each transport in turn.

use std::sync::Arc;

use ocpdg::transport::local::Local;
use ocpdg::transport::{Transport, ssh};

use super::sshd;

/// Runs `test` on each transport, and says which one it was when it fails.
pub fn on_each(test: impl Fn(Arc<dyn Transport>)) {
    let sshd = sshd::Setup::new().start();
    let ssh = ssh::connect(&sshd.connection(), &sshd.options()).unwrap();
    println!("over ssh");
    test(Arc::new(ssh));
    println!("locally");
    test(Arc::new(Local::new("here", false, None)));
}
