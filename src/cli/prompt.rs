//! Asks the operator.

use std::io::{BufRead, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

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

/// The line that the operator types, awaited on a thread of its own: Ctrl-C does not end a read.
///
/// # Errors
/// An interrupt; the terminal's own.
pub fn typed(title: &str) -> Result<String> {
    const TICK: Duration = Duration::from_millis(100);
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        // Nobody listens after an interrupt.
        let _ = sender.send(read.map(|_| line));
    });
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(line) => return line.map_err(|error| Error::controller("read the answer", error)),
            Err(RecvTimeoutError::Timeout) if !interrupt::requested() => {}
            Err(_) => return Err(Error::stopped(format!("interrupted at `{title}`"))),
        }
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
