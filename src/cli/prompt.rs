//! Asks the operator.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::error::{Error, Result};
use crate::procedure::{Operator, Question};
use crate::transport::interrupt;

const ALERT: Style = AnsiColor::Yellow.on_default().bold();

/// The operator at the terminal, or the answer given beforehand with `--yes`.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Answer yes without asking.
    pub yes: bool,
}

impl Operator for Terminal {
    fn confirm(&self, question: &Question) -> Result<bool> {
        let mut screen = anstream::stderr();
        let mut say = |line: String| writeln!(screen, "{line}");
        let shown = (|| {
            say(format!("\n{ALERT}{}{ALERT:#}", question.title))?;
            if !question.hosts.is_empty() {
                say(format!("  hosts: {}", question.hosts.join(", ")))?;
            }
            for line in &question.details {
                say(format!("  {line}"))?;
            }
            Ok::<(), std::io::Error>(())
        })();
        shown.map_err(|error| Error::controller("show a question", error))?;
        if self.yes {
            say("  yes, by --yes".to_owned())
                .map_err(|error| Error::controller("show a question", error))?;
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            return Err(Error::stopped(format!(
                "`{}` needs an answer and there is no terminal to ask on",
                question.title
            ))
            .with_hint("answer beforehand with `--yes`, or run it in a terminal"));
        }
        let mut screen = anstream::stderr();
        for _ in 0..3 {
            let _ = write!(screen, "  go on? yes/no: ");
            let _ = screen.flush();
            let answer = typed(&question.title)?;
            match answer.trim().to_lowercase().as_str() {
                "yes" => return Ok(true),
                "no" | "n" => return Ok(false),
                // The end of the input: nobody is there any more.
                _ if answer.is_empty() => return Ok(false),
                _ => {
                    let _ = writeln!(screen, "  please type `yes` or `no`");
                }
            }
        }
        Ok(false)
    }
}

/// The line that the operator types, with its end; nothing at the end of the input.
///
/// Read letter by letter, and only what is there: Ctrl-C does not end a read, and what comes after the line is
/// somebody else's to read.
///
/// # Errors
/// An interrupt; the terminal's own.
pub fn typed(title: &str) -> Result<String> {
    let refused = |error: std::io::Error| Error::controller("read the answer", error);
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        if interrupt::requested() {
            return Err(Error::stopped(format!("interrupted at `{title}`")));
        }
        if !is_ready().map_err(refused)? {
            continue;
        }
        let mut letter = [0_u8];
        // SAFETY: a plain system call that writes one byte at most to a buffer of one.
        match unsafe { libc::read(libc::STDIN_FILENO, letter.as_mut_ptr().cast(), 1) } {
            1 => line.extend(letter),
            0 => break,
            _ => {
                let error = std::io::Error::last_os_error();
                if error.kind() != std::io::ErrorKind::Interrupted {
                    return Err(refused(error));
                }
            }
        }
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Whether there is something to read on standard input; waits a little for it.
fn is_ready() -> std::io::Result<bool> {
    const TICK_MS: libc::c_int = 100;
    let mut input = libc::pollfd {
        fd: libc::STDIN_FILENO,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: a plain system call on one entry that outlives it.
    match unsafe { libc::poll(&raw mut input, 1, TICK_MS) } {
        0 => Ok(false),
        1.. => Ok(true),
        _ => match std::io::Error::last_os_error() {
            error if error.kind() == std::io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}

/// Asks for passphrases and passwords, without showing what is typed.
pub struct Secrets;

impl crate::transport::ssh::Prompt for Secrets {
    fn secret(&self, what: &str) -> Option<String> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        rpassword::prompt_password(format!("{what}: "))
            .ok()
            .filter(|answer| !answer.is_empty())
    }
}
