//! How a shell begins and ends: `sh`, `bash`, and scripts.

use std::cell::Cell;

use super::super::files::lossy;
use super::super::process::{Ended, Process};
use super::super::program::Program;
use super::super::stream::Halt;
use super::builtin::set;
use super::parse::{SyntaxError, lines, program};
use super::state::{Options, Shell};
use super::{Flow, Stop};

/// The shells, as programs.
pub const PROGRAMS: &[(&str, Program)] = &[("sh", shell), ("bash", shell)];

/// So deep may shells, functions and substitutions stand in one another.
const DEPTH: u32 = 64;

thread_local! {
    static DEEP: Cell<u32> = const { Cell::new(0) };
}

/// Runs `text` as `sh -c` does, with `words` as `$0`, `$1` and so on.
///
/// # Errors
/// [`Halt`], but for the shell's own end, which is a status.
pub fn run(process: &mut Process<'_>, text: &str, words: &[String]) -> Ended {
    let options = Options {
        posix: true,
        text: true,
        ..Options::default()
    };
    start(process, words, options, |shell| shell.text(text))
}

/// Runs the script `text`, called as `argv`.
///
/// # Errors
/// As [`run`].
pub fn script(process: &mut Process<'_>, text: &str, argv: &[String]) -> Ended {
    let first = text.lines().next().unwrap_or_default();
    let mut words = first
        .strip_prefix("#!")
        .unwrap_or("/bin/sh")
        .split_whitespace();
    let interpreter = match words.next() {
        Some("/usr/bin/env") => words.next(),
        other => other,
    };
    let mut options = Options::default();
    match interpreter.and_then(|path| path.rsplit('/').next()) {
        Some("sh") => options.posix = true,
        Some("bash") => {}
        other => {
            let name = argv.first().map_or("", String::as_str);
            return process.unmodelled(format!("{} for {name}", other.unwrap_or("#!")));
        }
    }
    let words: Vec<String> = words.map(str::to_owned).collect();
    if let Some(unknown) = words.iter().find(|word| !set::letters(&mut options, word)) {
        return process.unmodelled(format!("#! ... {unknown}"));
    }
    start(process, argv, options, |shell| shell.text(text))
}

/// `sh` and `bash`.
fn shell(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let mut options = Options {
        posix: argv[0].rsplit('/').next() == Some("sh"),
        ..Options::default()
    };
    let mut rest = &argv[1..];
    let (mut text, mut input) = (false, false);
    while let Some(word) = rest.first() {
        match word.as_str() {
            "--" | "-" => {
                rest = &rest[1..];
                break;
            }
            "--posix" => options.posix = true,
            "--norc" | "--noprofile" => {}
            "-o" | "+o" => {
                let name = rest.get(1).map_or("", String::as_str);
                if !set::named(&mut options, name, word == "-o") {
                    return process.unmodelled(format!("{} {word} {name}", argv[0]));
                }
                rest = &rest[1..];
            }
            _ if word.len() > 1 && word.starts_with(['-', '+']) => {
                let letters: String = word.chars().filter(|c| !"cs".contains(*c)).collect();
                text |= word.contains('c');
                input |= word.contains('s');
                if !set::letters(&mut options, &letters) {
                    return process.unmodelled(format!("{} {word}", argv[0]));
                }
            }
            _ => break,
        }
        rest = &rest[1..];
    }
    if text {
        let Some((command, words)) = rest.split_first() else {
            return process.fail(
                2,
                format_args!("{}: -c: option requires an argument", argv[0]),
            );
        };
        let words = if words.is_empty() { &argv[..1] } else { words };
        options.text = true;
        return start(process, words, options, |shell| shell.text(command));
    }
    if input || rest.is_empty() {
        let words = [&argv[..1], rest].concat();
        return start(process, &words, options, Shell::typed);
    }
    let path = process.path(&rest[0]);
    let content = process.here().files.read(&path);
    let content = match content {
        Ok(content) => content,
        Err(errno) => {
            let status = if errno == super::super::files::Errno::NoEntry {
                127
            } else {
                126
            };
            return process.fail(status, format_args!("{}: {}: {errno}", argv[0], rest[0]));
        }
    };
    start(process, rest, options, |shell| shell.text(&lossy(&content)))
}

fn start<'a>(
    process: &Process<'a>,
    words: &[String],
    options: Options,
    run: impl FnOnce(&mut Shell<'a>) -> Flow,
) -> Ended {
    let name = words.first().map_or("sh", String::as_str);
    let mut shell = Shell::new(process, name, options);
    shell.arguments = words.get(1..).unwrap_or_default().to_vec();
    let ended = shell.deeper(run);
    shell.end(ended)
}

impl<'a> Shell<'a> {
    /// Runs `text`, line by line.
    pub(super) fn text(&mut self, text: &str) -> Flow {
        let (program, error) = lines(text);
        for command in &program.complete_commands {
            let done = self.list(command);
            self.after_abandon(done)?;
        }
        match error {
            None => Ok(()),
            Some(error) => {
                self.syntax_error(&error)?;
                Err(Stop::Exit)
            }
        }
    }

    fn after_abandon(&mut self, done: Flow) -> Flow {
        match done {
            Err(Stop::Abandon) if self.calls == 0 => Ok(()),
            other => other,
        }
    }

    /// Says what is wrong with a text.
    pub(super) fn syntax_error(&mut self, error: &SyntaxError) -> Flow {
        self.status = 2;
        let (name, line) = (&self.name, error.line);
        let text = &error.text;
        self.process.complain(if self.options.text {
            format!("{name}: -c: line {}: {text}\n", line.saturating_sub(1))
        } else {
            format!("{name}: line {line}: {text}\n")
        })?;
        Ok(())
    }

    /// Runs what comes in on standard input. Of that it reads no further than the command at work, so
    /// that the commands can read the rest.
    fn typed(&mut self) -> Flow {
        let mut text = String::new();
        loop {
            let line = self.input_line()?;
            text.push_str(&line);
            let parsed = program(&text);
            match parsed {
                Err(error) if error.unfinished && !line.is_empty() => {}
                Err(error) => {
                    self.syntax_error(&error)?;
                    return Err(Stop::Exit);
                }
                Ok(program) => {
                    text.clear();
                    for command in &program.complete_commands {
                        let done = self.list(command);
                        self.after_abandon(done)?;
                    }
                }
            }
            if line.is_empty() {
                return Ok(());
            }
        }
    }

    fn input_line(&mut self) -> Flow<String> {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while line.last() != Some(&b'\n') && self.process.read(&mut byte)? > 0 {
            line.push(byte[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    /// Runs `run` one level deeper than what is at work.
    pub(super) fn deeper<T>(&mut self, run: impl FnOnce(&mut Self) -> Flow<T>) -> Flow<T> {
        let depth = DEEP.get();
        if depth >= DEPTH {
            return Ok(self
                .process
                .unmodelled(format!("more than {DEPTH} shells in one another"))?);
        }
        DEEP.set(depth + 1);
        let done = run(self);
        DEEP.set(depth);
        done
    }

    /// What a subshell makes of `run`: its status.
    pub(super) fn subshell(&self, run: impl FnOnce(&mut Self) -> Flow) -> Result<u8, Halt> {
        let mut child = self.clone();
        child.inner = true;
        child.process.pid = child.process.here().pid();
        child.jobs.clear();
        child.traps.retain(|_, command| command.is_empty());
        let ended = child.deeper(run);
        child.end(ended)
    }

    /// The status that the shell ends with, after its trap.
    pub(super) fn end(&mut self, ended: Flow) -> Result<u8, Halt> {
        let died = match ended {
            Ok(()) | Err(Stop::Exit | Stop::Return | Stop::Break(_) | Stop::Continue(_)) => None,
            Err(Stop::Abandon) => {
                self.status = 1;
                None
            }
            Err(Stop::Halt(Halt::Exit(status))) => {
                self.status = status;
                None
            }
            Err(Stop::Halt(Halt::Signal(signal))) => Some(signal),
            Err(Stop::Halt(halt)) => return Err(halt),
        };
        const SIGKILL: u8 = 9;
        let status = died.map_or(self.status, |signal| 128 + signal);
        if died != Some(SIGKILL)
            && let Some(command) = self.traps.remove("EXIT")
        {
            self.status = status;
            match self.text(&command) {
                Err(Stop::Exit) => return Ok(died.map_or(self.status, |signal| 128 + signal)),
                Err(Stop::Halt(Halt::Exit(status))) => return Ok(status),
                Err(Stop::Halt(Halt::Signal(signal))) => return Ok(128 + signal),
                Err(Stop::Halt(halt)) => return Err(halt),
                _ => {}
            }
        }
        Ok(status)
    }
}
