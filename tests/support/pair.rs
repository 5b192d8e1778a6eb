//! A simulated host beside this machine: the same commands, on the same tree, with the same answers.
//!
//! A row is a command line; `@/` stands for the tree's directory, and rows see what earlier ones did.
//! Where RHEL 7's program says something in other words than this machine's, the row begins with `~`
//! and what is said on standard error is not compared. Where a program shows a directory's entries as
//! the file system has them, the row begins with `=` and the order of lines is not compared.

#![allow(dead_code)] // every test binary uses its own part of it

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::files::{Actor, Node};
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Command, Output, Transport};

/// 2018-04-05 09:15:02 UTC.
const NOW: Duration = Duration::from_secs(1_522_919_702);

/// What the tree holds: directories, files with their content, links with their targets.
const TREE: &[(&str, &str)] = &[
    ("text/", ""),
    ("text/fruit", "pear\napple\napple\nfig\nbanana\n"),
    ("text/numbers", "10\n9\n2\n33\n1\n"),
    ("text/table", "b:2:x\na:10:y\nc:1:x\n"),
    (
        "text/words",
        "  two words\tand a tab\n\n\nlast line without end",
    ),
    ("text/empty", ""),
    (
        "text/config",
        "# comment\nexclude=docker*\n[main]\nkey = value with spaces\nOPTIONS=\"--a --b\"\n",
    ),
    ("deep/", ""),
    ("deep/one/", ""),
    ("deep/one/two/", ""),
    ("deep/one/two/file", "at the bottom\n"),
    ("deep/one/.hidden", "hidden\n"),
    ("deep/link", "-> one/two/file"),
    ("deep/dangling", "-> nowhere"),
    ("deep/directory", "-> one"),
    ("made/", ""),
];

/// The real directory and the simulated host with the same tree.
pub struct Pair {
    pub real: tempfile::TempDir,
    pub sim: Sim,
}

impl Pair {
    pub fn new() -> Self {
        let real = tempfile::Builder::new().prefix("sim").tempdir().unwrap();
        let root = real.path().to_str().unwrap();
        let mut machine = Machine::new("m1.example.com", "192.0.2.11", 1 << 30, NOW);
        let by = Actor::root(NOW);
        machine.lay(root, Node::directory(NOW).mode(0o700), &by);
        for (name, content) in TREE {
            let path = format!("{root}/{name}");
            if let Some(target) = content.strip_prefix("-> ") {
                std::os::unix::fs::symlink(target, &path).unwrap();
                machine.lay(&path, Node::link(target, NOW), &by);
            } else if let Some(path) = path.strip_suffix('/') {
                std::fs::create_dir(path).unwrap();
                set_mode(path, 0o755);
                machine.lay(path, Node::directory(NOW), &by);
            } else {
                std::fs::write(&path, content).unwrap();
                set_mode(&path, 0o644);
                let file = std::fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(std::time::UNIX_EPOCH + NOW).unwrap();
                machine.lay(&path, Node::file(*content, NOW), &by);
            }
        }
        let cluster = Arc::new(Cluster::new(vec![machine], NOW));
        let sim = Sim::new(&cluster, "m1.example.com", false, None);
        Self { real, sim }
    }

    pub fn words(&self, line: &str) -> Vec<String> {
        split(line)
            .into_iter()
            .map(|word| word.replace("@/", &format!("{}/", self.real.path().to_str().unwrap())))
            .collect()
    }

    pub fn really(&self, argv: &[String], input: &str) -> (i64, String, String) {
        let mut child = std::process::Command::new(&argv[0])
            .args(&argv[1..])
            .env_clear()
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .current_dir(self.real.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", argv[0]));
        // A program that does not read its input to the end is no failure.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        (
            code(output.status),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    pub fn simulated(&self, argv: &[String], input: &str) -> (i64, String, String) {
        let command = Command::changes(argv.iter().cloned())
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(input);
        let output = self
            .sim
            .output(&command)
            .unwrap_or_else(|failure| panic!("{argv:?}: {failure}"));
        shown(&output)
    }

    /// Runs `rows`, and fails with all that differ.
    pub fn agree(&self, rows: &[&str]) {
        self.agree_on("", rows);
    }

    pub fn agree_on(&self, input: &str, rows: &[&str]) {
        let mut wrong = Vec::new();
        for row in rows {
            let line = row.trim_start_matches(['~', '=']);
            let argv = self.words(line);
            let (mut real, mut sim) = (self.really(&argv, input), self.simulated(&argv, input));
            if row.starts_with('~') {
                (real.2, sim.2) = (String::new(), String::new());
            }
            if row.starts_with('=') {
                for text in [&mut real.1, &mut sim.1] {
                    let mut lines: Vec<&str> = text.lines().collect();
                    lines.sort_unstable();
                    *text = lines.join("\n");
                }
            }
            if real != sim {
                wrong.push(format!("{line}\n  real {real:?}\n  sim  {sim:?}"));
            }
        }
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    }
}

/// A status as a shell has it.
fn code(status: std::process::ExitStatus) -> i64 {
    use std::os::unix::process::ExitStatusExt;
    let signal = status.signal().map_or(-1, |signal| 128 + signal);
    status.code().unwrap_or(signal).into()
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub fn shown(output: &Output) -> (i64, String, String) {
    (
        output.exit.code(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A line as words; single quotes hold them together.
pub fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut started) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '\'' => (quoted, started) = (!quoted, true),
            ' ' if !quoted => {
                if started {
                    words.push(std::mem::take(&mut word));
                }
                started = false;
            }
            letter => {
                word.push(letter);
                started = true;
            }
        }
    }
    if started {
        words.push(word);
    }
    words
}
