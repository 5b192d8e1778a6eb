//! The simulated shell does what the real ones do: the same texts, run by bash and by dash on this
//! machine and by the simulation, in the same directory, print the same.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ocpdg::transport::sim::Sim;
use ocpdg::transport::sim::cluster::Cluster;
use ocpdg::transport::sim::files::{Actor, Node};
use ocpdg::transport::sim::machine::Machine;
use ocpdg::transport::{Command, Effect, Exit, Transport};

/// Files that are in the directory when a text begins.
const FILES: &[(&str, &str)] = &[
    (".hidden", "hidden\n"),
    ("a.txt", "one\ntwo\nthree\n"),
    ("b.txt", "a:b:c\n1:2:3\n"),
    ("c d.log", "spaces\n"),
    ("empty", ""),
    ("lib.sh", "greet() { echo \"hello $1\"; }\nfrom_lib=yes\n"),
    ("sub/x.txt", "x\n"),
    ("sub/y.log", "y\n"),
];

/// What stands for the status of a command that the simulation refuses.
const UNMODELLED: u8 = 255;

/// What a shell made of a text.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: u8,
    stdout: String,
    stderr: String,
}

/// Without what tells the shells apart: their names, and how they count lines.
fn plain(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let mut line = line;
        for name in ["bash: ", "sh: ", "environment: ", "-c: "] {
            line = line.strip_prefix(name).unwrap_or(line);
        }
        if let Some(rest) = line.strip_prefix("line ")
            && let Some((number, rest)) = rest.split_once(": ")
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            line = rest;
        }
        lines.push_str(line);
        lines.push('\n');
    }
    lines
}

/// The texts of a table: each begins after a `$`, further lines of it after a `>`.
fn texts(table: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for line in table.lines() {
        if let Some(text) = line.strip_prefix("$ ") {
            texts.push(text.to_owned());
        } else if let Some(more) = line.strip_prefix("> ") {
            let text = texts.last_mut().expect("a text begins with `$`");
            text.push('\n');
            text.push_str(more);
        } else {
            assert!(line.is_empty() || line.starts_with("# "), "{line}");
        }
    }
    texts
}

const PORTABLE: &str = include_str!("sim_shell/portable.txt");
const EITHER: &str = include_str!("sim_shell/either.txt");
const BASH: &str = include_str!("sim_shell/bash.txt");
const SH: &str = include_str!("sim_shell/sh.txt");

/// Runs `text` by the real `program`, called `name`, in a fresh directory.
fn real(program: &str, name: &str, text: &str) -> (Seen, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    for (name, content) in FILES {
        let path = place.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let output = Process::new(program)
        .arg0(name)
        .args(["-c", text])
        .current_dir(place.path())
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")
        .env("HOME", "/root")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let killed = output.status.signal().map(|signal| 128 + signal);
    let seen = Seen {
        status: killed.or(output.status.code()).unwrap() as u8,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: plain(&String::from_utf8_lossy(&output.stderr)),
    };
    (seen, place)
}

/// Runs `text` by the simulated shell `name`, with the same files in the same place.
fn simulated(name: &str, text: &str, place: &Path) -> Seen {
    let start = Duration::from_secs(1_500_000_000);
    let mut machine = Machine::new("here", "10.0.0.1", 1 << 30, start);
    let root = Actor::root(start);
    for (name, content) in FILES {
        let path = place.join(name);
        machine.lay(path.to_str().unwrap(), Node::file(*content, start), &root);
    }
    let cluster = Arc::new(Cluster::new(vec![machine], start));
    let sim = Sim::new(&cluster, "here", false, None);
    let begin = format!("cd {} && exec {name} -c \"$TEXT\"", place.display());
    let command = Command::shell(begin, Effect::Reads)
        .env("TEXT", text)
        .timeout(Duration::from_secs(3600));
    match sim.output(&command) {
        Ok(output) => Seen {
            status: match output.exit {
                Exit::Status(status) => status,
                Exit::Signal(signal) => 128 + signal,
            },
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: plain(&String::from_utf8_lossy(&output.stderr)),
        },
        Err(failure) => Seen {
            status: UNMODELLED,
            stdout: String::new(),
            stderr: failure.to_string(),
        },
    }
}

/// Compares the texts of `tables` on the real `program`, called `name`, with the simulated `name`; the
/// messages too, if `messages`.
fn agree(tables: &[&str], program: &str, name: &str, messages: bool) {
    let mut wrong = Vec::new();
    let texts: Vec<String> = tables.iter().flat_map(|table| texts(table)).collect();
    for text in &texts {
        let (mut real, place) = real(program, name, text);
        let mut simulated = simulated(name, text, place.path());
        if !messages && simulated.status != UNMODELLED {
            real.stderr.clear();
            simulated.stderr.clear();
        }
        // What is wrong with a text, each says in its own words.
        if real.stderr.contains("syntax error") || real.stderr.contains("unexpected EOF") {
            assert!(!simulated.stderr.is_empty(), "{text}");
            simulated.stderr.clone_from(&real.stderr);
        }
        if real != simulated {
            wrong.push(format!(
                "{text}\n  {program}: {real:?}\n  simulated: {simulated:?}"
            ));
        }
    }
    let (count, all) = (wrong.len(), texts.len());
    assert!(wrong.is_empty(), "{count} of {all}:\n{}", wrong.join("\n"));
}

#[test]
fn it_does_what_bash_does() {
    agree(&[PORTABLE, EITHER, BASH], "bash", "bash", true);
}

#[test]
fn it_does_what_bash_does_as_sh() {
    agree(&[PORTABLE, EITHER, SH], "bash", "sh", true);
}

#[test]
fn it_does_what_dash_does() {
    agree(&[PORTABLE], "dash", "sh", false);
}
