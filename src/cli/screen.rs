//! An error as the operator sees it: the sentence, where, why, and what to type next.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::progress::harmless;
use crate::error::{Error, Kind};
use crate::script::Excerpt;
use crate::transport::{Failure, interrupt};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();

/// An error with all that is shown beside it.
pub struct Screen {
    /// What happened.
    pub error: Box<Error>,
    /// Whether it stops nobody.
    pub is_warning: bool,
    /// The lines of scripts that it came through, the innermost first.
    pub places: Vec<String>,
    /// The innermost of them.
    pub excerpt: Option<Box<Excerpt>>,
    /// The command that goes on from here.
    pub next: Option<String>,
    /// The exit status, where the error alone does not tell it.
    pub status: Option<u8>,
}

impl From<Error> for Screen {
    fn from(error: Error) -> Self {
        Self {
            error: error.into(),
            is_warning: false,
            places: Vec::new(),
            excerpt: None,
            next: None,
            status: None,
        }
    }
}

impl Screen {
    /// Prints it on standard error.
    pub fn print(&self) {
        // Standard error may be gone (a closed terminal): there is nobody to tell.
        let _ = self.write(&mut anstream::stderr());
    }

    /// Writes it to `out`, with colours.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (label, style) = match self.is_warning {
            true => ("warning:", YELLOW),
            false => ("error:", RED),
        };
        let sentence = harmless(&self.error.to_string());
        writeln!(out, "\n{style}{label}{style:#} {BOLD}{sentence}{BOLD:#}")?;
        for (depth, place) in self.places.iter().enumerate() {
            let arrow = if depth == 0 { "-->" } else { "  in" };
            writeln!(out, "  {BLUE}{arrow}{BLUE:#} {place}")?;
            if let (0, Some(excerpt)) = (depth, &self.excerpt) {
                marked(out, excerpt, style)?;
            }
        }
        for line in self.error.details() {
            writeln!(out, "  {}", harmless(&line))?;
        }
        if let Some(hint) = &self.error.hint {
            writeln!(out, "{CYAN}hint:{CYAN:#} {}", harmless(hint))?;
        }
        if let Some(command) = &self.next {
            writeln!(out, "{BOLD}next:{BOLD:#} {command}")?;
        }
        Ok(())
    }

    /// Its lines, with colours.
    pub fn lines(&self) -> Vec<String> {
        let mut text = Vec::new();
        // Memory takes everything.
        let _ = self.write(&mut text);
        let text = String::from_utf8_lossy(&text);
        text.trim_start().lines().map(str::to_owned).collect()
    }

    /// The exit status that `ocpdg --help` lists.
    pub fn status(&self) -> u8 {
        let interrupted = interrupt::requested()
            || matches!(
                &*self.error.kind,
                Kind::Transport {
                    failure: Failure::Interrupted { .. }
                }
            );
        if let (Some(status), false) = (self.status, interrupted) {
            return status;
        }
        match &*self.error.kind {
            _ if interrupted => 130,
            Kind::Invalid { .. } => 2,
            Kind::Stopped { .. } => 3,
            _ => 1,
        }
    }
}

/// The line of `excerpt`, with its token marked below.
fn marked(out: &mut dyn Write, excerpt: &Excerpt, style: Style) -> io::Result<()> {
    let number = excerpt.line.to_string();
    let gutter = " ".repeat(number.len());
    writeln!(out, "   {gutter} {BLUE}|{BLUE:#}")?;
    let text = harmless(&excerpt.text);
    writeln!(out, "   {BLUE}{number} |{BLUE:#} {text}")?;
    if excerpt.column > 0 {
        let (indent, mark) = (excerpt.indent(), "^".repeat(excerpt.width));
        writeln!(
            out,
            "   {gutter} {BLUE}|{BLUE:#} {indent}{style}{mark}{style:#}"
        )?;
    }
    Ok(())
}
