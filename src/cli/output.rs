//! Results on standard output.

use std::io::{self, Write};

use crate::error::{Error, Result};

/// Prints `text`, as far as anybody reads it: `ocpdg doc | head` is no error.
///
/// # Errors
/// Standard output does not take it, such as a full disk.
pub fn print(text: &str) -> Result<()> {
    read_or_not(|out| write!(out, "{text}"))
}

/// Has `write` print, as far as anybody reads it.
///
/// # Errors
/// As [`print()`].
pub fn read_or_not(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = anstream::stdout();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::controller("print the result", error))
        }
        _ => Ok(()),
    }
}
