//! A dialogue with the built program on a pseudo-terminal.
#![allow(dead_code)] // every test binary uses its own part of it

use std::os::fd::AsRawFd;
use std::process::Stdio;

use rexpect::session::{Options, PtySession, spawn_with_options};

use super::program::Place;

/// What ends the prompt's line.
const PROMPT: &str = r"\n\r?[^\r\n]* \d+/\d+> ";

/// The program, on a terminal of its own.
pub struct Dialogue(PtySession);

impl Dialogue {
    /// Starts the program with `arguments`.
    pub fn start(place: &Place, arguments: &[&str]) -> Self {
        let mut command = place.command(arguments);
        command
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit())
            .env("TERM", "xterm")
            .env("NO_COLOR", "1");
        let options = Options::new()
            .timeout_ms(Some(15_000))
            .strip_ansi_escape_codes(true);
        let session = spawn_with_options(command, options).expect("the program starts");
        let terminal = session
            .process()
            .get_file_handle()
            .expect("it has a terminal");
        let size = libc::winsize {
            ws_row: 50,
            ws_col: 500,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        // SAFETY: a plain system call on an open terminal, with a size that outlives it.
        let set = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
        assert_eq!(set, 0, "a terminal has a size");
        Self(session)
    }

    /// Starts the program, and waits for its first prompt.
    pub fn prompted(place: &Place, arguments: &[&str]) -> Self {
        let mut dialogue = Self::start(place, arguments);
        dialogue.prompt();
        dialogue
    }

    /// Waits for the next prompt; returns all that was shown before and the prompt itself.
    pub fn prompt(&mut self) -> String {
        let (before, prompt) = self.0.exp_regex(PROMPT).expect("a prompt appears");
        clean(&format!("{before}{prompt}"))
    }

    /// Waits for `text`; returns what was shown before.
    pub fn wait(&mut self, text: &str) -> String {
        let found = self.0.exp_string(text);
        clean(&found.unwrap_or_else(|error| panic!("`{text}` never came: {error}")))
    }

    /// Types `line` and Enter; returns what it led to, with the next prompt.
    pub fn ask(&mut self, line: &str) -> String {
        self.line(line);
        let seen = self.prompt();
        // What was typed is shown, key by key, on a line of its own.
        let (_, answer) = seen.split_once('\n').expect("a line ends");
        answer.to_owned()
    }

    /// Types `line` and Enter.
    pub fn line(&mut self, line: &str) {
        self.keys(&format!("{line}\r"));
    }

    /// Presses `keys`.
    pub fn keys(&mut self, keys: &str) {
        self.0.send(keys).expect("keys can be pressed");
        self.0.flush().expect("keys can be pressed");
    }

    /// Presses Ctrl and `key`.
    pub fn control(&mut self, key: char) {
        self.0.send_control(key).expect("keys can be pressed");
    }

    /// Waits for the end; returns what was shown and the status.
    pub fn end(mut self) -> (String, i32) {
        let seen = clean(&self.0.exp_eof().expect("the program ends"));
        let status = self.0.process().wait().expect("its end can be waited for");
        // Its type cannot be named: `Exited(Pid(7), 0)`.
        let text = format!("{status:?}");
        let exited = text
            .strip_prefix("Exited(")
            .and_then(|rest| rest.split(", ").nth(1));
        let status = exited
            .and_then(|status| status.trim_end_matches(')').parse().ok())
            .unwrap_or(-1);
        (seen, status)
    }

    /// Leaves with Ctrl-D.
    pub fn leave(mut self) -> (String, i32) {
        self.control('d');
        self.end()
    }
}

fn clean(text: &str) -> String {
    text.replace('\r', "")
}
