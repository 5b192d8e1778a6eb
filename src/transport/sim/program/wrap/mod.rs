//! Programs that wait, or run other programs.

mod around;
mod become_user;
mod wait;
mod xargs;

pub use around::PROGRAMS as AROUND;
pub use become_user::PROGRAMS as BECOME;
pub use wait::PROGRAMS as WAIT;
pub use xargs::PROGRAMS as XARGS;

use super::access::quoted;
use super::options::Options;
use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};

/// Runs `words` for the program `name`, which says so if there is no such program.
fn run(process: &mut Process<'_>, name: &str, words: &[String]) -> Ended {
    match super::find(process, &words[0]) {
        Ok(found) => super::start(process, &found, words),
        Err(errno) => {
            let status = if errno == Errno::NoEntry { 127 } else { 126 };
            let word = quoted(process, &words[0]);
            match name.rsplit('/').next() {
                Some("timeout" | "nohup") => process.fail(
                    status,
                    format_args!("{name}: failed to run command {word}: {errno}"),
                ),
                Some("runuser" | "su" | "setsid") => process.fail(
                    status,
                    format_args!("{name}: failed to execute {}: {errno}", words[0]),
                ),
                _ => process.fail(status, format_args!("{name}: {}: {errno}", words[0])),
            }
        }
    }
}

/// The operands as words of a command of their own.
fn command(options: &Options<'_>) -> Vec<String> {
    options
        .words
        .iter()
        .map(|word| (*word).to_owned())
        .collect()
}
