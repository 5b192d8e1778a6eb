//! What came of a connection.

use ocpdg::transport::ssh::Ssh;
use ocpdg::transport::{Command, Failure, Refusal, Transport};

/// The refusal and reason of a connection that was not made.
pub fn refused(result: Result<Ssh, Failure>) -> (Refusal, String) {
    match result.err().expect("it connected") {
        Failure::NotStarted {
            refusal, reason, ..
        } => (refusal, reason),
        failure => panic!("{failure}"),
    }
}

/// Runs a command that has to work.
pub fn echo(ssh: &Ssh) {
    let output = ssh.output(&Command::reads(["echo", "hello"])).unwrap();
    assert_eq!(output.text(), "hello");
}
