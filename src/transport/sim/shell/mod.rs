//! The shell of a simulated host: text in, programs run.

use super::process::{Ended, Process};

/// Runs `text` as `sh -c` does, with `words` as `$0`, `$1` and so on.
///
/// # Errors
/// [`super::stream::Halt`], but for the shell's own end, which is a status.
pub fn run(process: &mut Process<'_>, _text: &str, _words: &[String]) -> Ended {
    process.unmodelled("sh")
}

/// Runs the script `text`, called as `argv`.
///
/// # Errors
/// As [`run`].
pub fn script(process: &mut Process<'_>, text: &str, argv: &[String]) -> Ended {
    run(process, text, argv)
}
