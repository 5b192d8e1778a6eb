//! Asks the operator.

use std::io::{BufRead, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::error::{Error, Result};
use crate::procedure::{Operator, Question};

const ALERT: Style = AnsiColor::Yellow.on_default().bold();

/// The operator at the terminal, or the answer given beforehand with `--yes`.
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
            let mut answer = String::new();
            let read = std::io::stdin().lock().read_line(&mut answer);
            match read.map(|_| answer.trim().to_lowercase()) {
                Ok(word) if word == "yes" => return Ok(true),
                Ok(word) if word == "no" || word == "n" || answer.is_empty() => return Ok(false),
                Ok(_) => {
                    let _ = writeln!(screen, "  please type `yes` or `no`");
                }
                Err(error) => return Err(Error::controller("read the answer", error)),
            }
        }
        Ok(false)
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
