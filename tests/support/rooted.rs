//! A transport that runs commands here, over an `/etc` and a `/var` of their own.
//!
//! For what the primitives write in shell: real sh, real coreutils, real files. The two directories
//! are bind-mounted in a mount namespace of each command; programs put into `bin` hide the real
//! ones. Where this machine does not allow mount namespaces, [`Rooted::new`] says so and is `None`.
#![allow(dead_code)] // every test binary uses its own part of it

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::{Command, Exit, Failure, Stream, Streams, Transport};

/// The root, removed when dropped; clones share it.
#[derive(Clone)]
pub struct Rooted {
    root: Arc<tempfile::TempDir>,
}

impl Rooted {
    pub fn new() -> Option<Self> {
        let root = tempfile::tempdir().unwrap();
        for directory in ["bin", "etc", "var/lib", "var/run"] {
            std::fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        let rooted = Self {
            root: Arc::new(root),
        };
        let works = rooted
            .run(&["sh", "-c", ": >/etc/here"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !works || !rooted.path("/etc/here").exists() {
            eprintln!("skipped: this machine allows no mount namespaces");
            return None;
        }
        std::fs::remove_file(rooted.path("/etc/here")).unwrap();
        Some(rooted)
    }

    fn run(&self, argv: &[&str]) -> std::process::Command {
        let root = self.root.path().to_str().unwrap();
        let mut command = std::process::Command::new("unshare");
        let mount = format!(
            "mount --bind {root}/etc /etc && mount --bind {root}/var /var && PATH={root}/bin:$PATH && export PATH && exec \"$@\""
        );
        command
            .args(["-r", "-m", "sh", "-c", &mount, "sh"])
            .args(argv);
        command
    }

    /// Where the absolute `path` lies for this test.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Puts a shell script called `name` before all programs.
    pub fn program(&self, name: &str, script: &str) {
        let path = format!("/bin/{name}");
        self.write(&path, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(self.path(&path), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn host(&self, name: &str) -> Host {
        Host::new(name, Arc::new(self.clone()), Arc::new(Unobserved))
    }
}

impl Transport for Rooted {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        let argv = command.argv();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let mut child = self
            .run(&argv)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = Vec::new();
        streams.input.read_to_end(&mut input).unwrap();
        // A command that does not read its input closes it; that is its right.
        let _ = child.stdin.take().unwrap().write_all(&input);
        let output = child.wait_with_output().unwrap();
        for (stream, bytes) in [
            (Stream::Stdout, &output.stdout),
            (Stream::Stderr, &output.stderr),
        ] {
            (streams.output)(stream, bytes).unwrap();
        }
        Ok(match output.status.signal() {
            Some(signal) => Exit::Signal(signal as u8),
            None => Exit::Status(output.status.code().unwrap() as u8),
        })
    }
}
