//! The built program in a clean directory, and what it answers.
#![allow(dead_code)] // every test binary uses its own part of it

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// One host that is this machine, and one that nothing listens for.
pub const HOSTS: &str = "\
[masters]
one ansible_connection=local ansible_become=false

[etcd]
one

[nodes]
one
two ansible_host=127.0.0.1 ansible_port=1
";

/// A directory of its own with an inventory `hosts`; it is the home directory too, so that local
/// commands start in it.
pub struct Place {
    dir: tempfile::TempDir,
    _filters: insta::internals::SettingsBindDropGuard,
}

/// What the program printed, and its exit status.
pub struct Seen {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let mut settings = insta::Settings::clone_current();
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        settings.set_prepend_module_to_snapshot(true);
        settings.set_omit_expression(true);
        for (pattern, shown) in [
            (regex_escape(&dir.path().display().to_string()), "[dir]"),
            (r"\d{8}-\d{6}(-\d\d)?".to_owned(), "[run]"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d".to_owned(), "[time]"),
            (
                format!(r"tester on {} \(process \d+\)", regex_escape(host.trim())),
                "[operator]",
            ),
            (
                r#""machine":"[^"]*","process":\d+,"controller":"[0-9a-f]+""#.to_owned(),
                "[holder]",
            ),
            (r#""since":"[^"]*""#.to_owned(), "[since]"),
            (r"\d+\.\d s\b".to_owned(), "[n] s"),
            (r"\d+ ms\b".to_owned(), "[n] ms"),
            (r"\b[0-9a-f]{12}\b".to_owned(), "[cluster]"),
            (
                format!("ocpdg {}", env!("CARGO_PKG_VERSION")),
                "ocpdg [version]",
            ),
        ] {
            settings.add_filter(&pattern, shown);
        }
        let place = Self {
            dir,
            _filters: settings.bind_to_scope(),
        };
        place.write("hosts", HOSTS);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    /// The text of `name`; empty if there is no such file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The program, to be started with `arguments`.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ocpdg"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.dir.path())
            .env("USER", "tester")
            .env("XDG_STATE_HOME", self.path("state"))
            // The host `one` is this machine, for all tests at once.
            .env("OCPDG_MARKER", self.path("var/running"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn ocpdg(&self, arguments: &[&str]) -> Seen {
        Seen::of(self.command(arguments).output().expect("the program runs"))
    }

    /// Writes `script` to `test.rhai` and runs it on `hosts`, with further `arguments`.
    pub fn run_with(&self, script: &str, arguments: &[&str]) -> Seen {
        self.write("test.rhai", script);
        let mut all = vec!["run", "test.rhai", "-i", "hosts"];
        all.extend(arguments);
        self.ocpdg(&all)
    }

    pub fn run(&self, script: &str) -> Seen {
        self.run_with(script, &[])
    }

    /// Starts the program and returns while it works.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let child = self.command(arguments).spawn().expect("the program starts");
        Running(Some(child))
    }

    /// Waits until `name` holds `text`.
    pub fn wait_for(&self, name: &str, text: &str) {
        let limit = Instant::now() + Duration::from_secs(30);
        while !self.read(name).contains(text) {
            assert!(Instant::now() < limit, "`{name}` never held `{text}`");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The directories of all runs, the oldest first.
    pub fn runs(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for cluster in entries(&self.path("state/ocpdg")) {
            found.extend(entries(&cluster).into_iter().filter(|path| path.is_dir()));
        }
        found.sort();
        found
    }

    /// The journal of the only run.
    pub fn journal(&self) -> PathBuf {
        let runs = self.runs();
        assert_eq!(runs.len(), 1, "one run was expected: {runs:?}");
        runs[0].join("journal.jsonl")
    }
}

/// What is in `directory`, as paths; nothing if there is no such directory.
pub fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory)
        .map(|entries| {
            entries
                .map(|entry| entry.expect("it can be read").path())
                .collect()
        })
        .unwrap_or_default()
}

fn regex_escape(text: &str) -> String {
    let special = |c: char| !c.is_alphanumeric() && !matches!(c, '/' | '_' | '-');
    text.chars()
        .flat_map(|c| special(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

impl Seen {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints text");
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// All of it, for a golden file.
    pub fn screen(&self) -> String {
        let mut screen = format!("status {}\n", self.status);
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                screen.push_str(&format!("--- {name}\n{text}"));
            }
        }
        screen
    }

    /// The error screen alone: from `error:` to the end.
    pub fn error(&self) -> &str {
        self.stderr
            .find("error:")
            .map_or("", |at| &self.stderr[at..])
    }
}

/// The program at work; killed when dropped.
pub struct Running(Option<Child>);

impl Running {
    /// Sends `signal`.
    pub fn signal(&self, signal: i32) {
        let child = self.0.as_ref().expect("it was not waited for");
        let id = i32::try_from(child.id()).expect("a process id");
        // SAFETY: a plain system call on a child that was not waited for.
        assert_eq!(unsafe { libc::kill(id, signal) }, 0);
    }

    /// Waits for its end.
    pub fn end(mut self) -> Seen {
        let child = self.0.take().expect("it was not waited for");
        Seen::of(child.wait_with_output().expect("its end can be waited for"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
