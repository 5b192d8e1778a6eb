//! A transport that answers from a table: command lines in, canned answers out.
//!
//! For command tables: a test says what the host answers to which command line, runs a primitive,
//! and compares the lines that were sent, whole and in order. A command that the table does not
//! list panics with its line, so that nothing is sent unnoticed.
//!
//! ```ignore
//! let script = Scripted::new()
//!     .on("rpm -q etcd", "package etcd is not installed\n", 1) // the first time
//!     .on("rpm -q etcd", "etcd-3.2.22-1.el7.x86_64\n", 0)      // from then on
//!     .on("yum -y install ...", "Complete!\n", 0);             // any line that begins so
//! let host = script.host("m1");
//! ```
#![allow(dead_code)] // every test binary uses its own part of it

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::{Body, Command, Exit, Failure, Stream, Streams, Transport};

/// The answer to one command.
#[derive(Debug, Clone)]
pub struct Reply {
    pub exit: Exit,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// Instead of an exit status.
    pub failure: Option<Failure>,
}

impl Reply {
    pub fn new(stdout: impl Into<Vec<u8>>, status: u8) -> Self {
        Self {
            exit: Exit::Status(status),
            stdout: stdout.into(),
            stderr: Vec::new(),
            failure: None,
        }
    }

    pub fn stderr(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stderr = text.into();
        self
    }
}

type Answer = Box<dyn FnMut(&Command) -> Reply + Send>;

struct Row {
    pattern: String,
    answers: Vec<Answer>,
    next: usize,
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    /// Files that are written and read back; `None` where there is none yet.
    files: BTreeMap<String, Option<String>>,
    seen: Vec<Command>,
}

/// The table; clones share it.
#[derive(Clone, Default)]
pub struct Scripted {
    table: Arc<Mutex<Table>>,
}

impl Scripted {
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers `pattern` with `stdout` and `status`.
    ///
    /// A pattern is a whole command line, or its beginning if it ends in `...`. Several answers to
    /// one pattern are given in turn; the last one stays. Whole lines are preferred to beginnings,
    /// and longer beginnings to shorter ones.
    #[must_use]
    pub fn on(self, pattern: &str, stdout: &str, status: u8) -> Self {
        self.reply(pattern, Reply::new(stdout, status))
    }

    /// As [`Scripted::on`], with a whole [`Reply`].
    #[must_use]
    pub fn reply(self, pattern: &str, reply: Reply) -> Self {
        self.with(pattern, move |_| reply.clone())
    }

    /// As [`Scripted::on`], with a function that may look at the command and keep state.
    #[must_use]
    pub fn with(
        self,
        pattern: &str,
        answer: impl FnMut(&Command) -> Reply + Send + 'static,
    ) -> Self {
        {
            let mut table = self.table.lock().unwrap();
            let answer: Answer = Box::new(answer);
            match table.rows.iter_mut().find(|row| row.pattern == pattern) {
                Some(row) => row.answers.push(answer),
                None => table.rows.push(Row {
                    pattern: pattern.to_owned(),
                    answers: vec![answer],
                    next: 0,
                }),
            }
        }
        self
    }

    /// Keeps a small file at `path`, which is written and read back by the file primitives.
    #[must_use]
    pub fn file(self, path: &str, content: Option<&str>) -> Self {
        let content = content.map(str::to_owned);
        let mut table = self.table.lock().unwrap();
        table.files.insert(path.to_owned(), content);
        drop(table);
        self
    }

    /// What the file at `path` holds now.
    pub fn content(&self, path: &str) -> String {
        let table = self.table.lock().unwrap();
        table.files[path].clone().expect("it was written")
    }

    /// A host that answers from this table.
    pub fn host(&self, name: &str) -> Host {
        Host::new(name, Arc::new(self.clone()), Arc::new(Unobserved))
    }

    /// The command lines sent so far.
    pub fn lines(&self) -> Vec<String> {
        self.commands().iter().map(Command::line).collect()
    }

    /// The command lines of those that change something.
    pub fn changes(&self) -> Vec<String> {
        self.commands()
            .iter()
            .filter(|command| command.effect == ocpdg::transport::Effect::Changes)
            .map(Command::line)
            .collect()
    }

    /// The commands sent so far.
    pub fn commands(&self) -> Vec<Command> {
        self.table.lock().unwrap().seen.clone()
    }
}

fn fit(pattern: &str, line: &str) -> Option<usize> {
    match pattern.strip_suffix("...") {
        Some(start) => line.starts_with(start).then_some(start.len()),
        None => (pattern == line).then_some(usize::MAX),
    }
}

/// The sha256 of `text`.
fn sum(text: &str) -> String {
    use sha2::{Digest, Sha256};
    let sum = Sha256::digest(text.as_bytes());
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Table {
    /// What `stat`, `sha256sum` (alone or by `find`) and the writing of a kept file answer, and `head` of one that
    /// is not there yet.
    fn of_a_file(&mut self, command: &Command) -> Option<Reply> {
        let Body::Argv(argv) = &command.body else {
            return None;
        };
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        let (path, writes) = match words.as_slice() {
            ["sh", "-c", _, "ocpdg-write", path, ..] => (*path, true),
            ["head", .., path] if self.files.get(*path) == Some(&None) => (*path, false),
            ["find", path, "-maxdepth", "0", "-type", ..] => (*path, false),
            ["sha256sum", .., path] | ["stat", _, "--", path] => (*path, false),
            _ => return None,
        };
        let content = self.files.get_mut(path)?;
        if writes {
            let text = String::from_utf8(command.stdin.clone().unwrap()).unwrap();
            let sum = sum(&text);
            *content = Some(text);
            return Some(Reply::new(format!("{sum}  -\n"), 0));
        }
        Some(match content {
            None => Reply::new("", 1).stderr(format!("{path}: No such file or directory\n")),
            Some(text) if words[0] == "stat" => {
                let size = text.len();
                Reply::new(format!("81a4\t{size}\troot\troot\t1\t1\t?\t{path}\0"), 0)
            }
            Some(text) => Reply::new(format!("{}  {path}\n", sum(text)), 0),
        })
    }
}

impl Transport for Scripted {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        let line = command.line();
        let reply = {
            let mut table = self.table.lock().unwrap();
            table.seen.push(command.clone());
            table.of_a_file(command).unwrap_or_else(|| {
                let row = table
                    .rows
                    .iter_mut()
                    .filter_map(|row| fit(&row.pattern, &line).map(|length| (length, row)))
                    .max_by_key(|(length, _)| *length)
                    .map(|(_, row)| row)
                    .unwrap_or_else(|| panic!("the table has no answer to: {line}"));
                let turn = row.next.min(row.answers.len() - 1);
                row.next += 1;
                (row.answers[turn])(command)
            })
        };
        if let Some(failure) = reply.failure {
            return Err(failure);
        }
        for (stream, bytes) in [
            (Stream::Stdout, &reply.stdout),
            (Stream::Stderr, &reply.stderr),
        ] {
            (streams.output)(stream, bytes).expect("output is taken");
        }
        Ok(reply.exit)
    }
}

impl Scripted {
    /// Has a POSIX shell parse every shell text that was sent.
    pub fn assert_shell_is_well_formed(&self) {
        for command in self.commands() {
            let text = match &command.body {
                Body::Shell(text) => Some(text),
                Body::Argv(argv) if argv.starts_with(&["sh".to_owned(), "-c".to_owned()]) => {
                    argv.get(2)
                }
                Body::Argv(_) => None,
            };
            if let Some(text) = text {
                let status = std::process::Command::new("sh")
                    .args(["-n", "-c", text])
                    .status()
                    .expect("sh runs");
                assert!(status.success(), "not a shell text: {text}");
            }
        }
    }
}
