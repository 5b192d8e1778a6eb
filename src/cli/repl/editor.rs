//! The line editor: completion, hints, colours, several lines, history.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor};

use super::completion::{complete, signature};
use super::highlight::coloured;
use super::input::Input;
use super::{history, target};
use crate::error::{Error, Result};
use crate::script::{Console, Readiness};

/// The console, as the editor and the session share it.
pub type Shared = Rc<RefCell<Console>>;

/// A line editor with its history.
pub struct Lines {
    editor: Editor<Helper, FileHistory>,
    history: Option<PathBuf>,
}

/// What was typed.
pub enum Typed {
    /// An input.
    Input(String),
    /// Ctrl-C: the line is given up.
    Cancelled,
    /// Ctrl-D.
    End,
}

impl Lines {
    /// An editor for what `console` understands.
    ///
    /// # Errors
    /// A terminal that cannot be used.
    pub fn new(console: &Shared) -> Result<Self> {
        let refused = |error: ReadlineError| Error::controller("read from the terminal", error);
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .color_mode(if plain {
                ColorMode::Disabled
            } else {
                ColorMode::Enabled
            })
            .max_history_size(history::LINES)
            .map_err(refused)?
            .history_ignore_space(true)
            .build();
        let mut editor = Editor::with_config(config).map_err(refused)?;
        editor.set_helper(Some(Helper {
            console: Rc::clone(console),
        }));
        let history = history::file();
        if let Some(file) = &history {
            // Without it, one begins anew.
            let _ = editor.load_history(file);
        }
        Ok(Self { editor, history })
    }

    /// Reads the next input behind `prompt`.
    ///
    /// # Errors
    /// A terminal that cannot be read.
    pub fn next(&mut self, prompt: &str) -> Result<Typed> {
        match self.editor.readline(prompt) {
            Ok(line) => {
                self.keep(&line);
                Ok(Typed::Input(line))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::Cancelled),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::Interrupted => {
                Ok(Typed::Cancelled)
            }
            Err(error) => Err(Error::controller("read from the terminal", error)),
        }
    }

    fn keep(&mut self, line: &str) {
        if !history::keeps(line) || !matches!(self.editor.add_history_entry(line), Ok(true)) {
            return;
        }
        if let Some(file) = &self.history {
            // A history that cannot be written is no reason to stop.
            let _ = self.editor.append_history(file);
        }
    }
}

struct Helper {
    console: Shared,
}

impl rustyline::Helper for Helper {}

impl Completer for Helper {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete(line, at, &mut self.console.borrow_mut()))
    }
}

impl Hinter for Helper {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<String> {
        if at < line.len() {
            return None;
        }
        let way = signature(line, &mut self.console.borrow_mut())?;
        Some(format!("   {way}"))
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        coloured(line, &self.console.borrow())
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\x1b[1m{prompt}\x1b[0m"))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let line = context.input();
        let mut console = self.console.borrow_mut();
        let is_code = matches!(
            Input::of(line, |line| target::is_meant(line, &console)),
            Input::Code(_)
        );
        Ok(
            match is_code && console.readiness(line) == Readiness::Incomplete {
                true => ValidationResult::Incomplete,
                false => ValidationResult::Valid(None),
            },
        )
    }
}
