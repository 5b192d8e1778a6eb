//! A temporary system user, and what sudo lets it do; both gone with the value.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub const PASSWORD: &str = "it's a $ecret";

pub struct TempUser {
    pub name: String,
    sudoers: Option<PathBuf>,
}

impl TempUser {
    /// A user with [`PASSWORD`]; `None`, with a word about it, where we may not make one.
    pub fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if super::sshd::current_user() != "root" {
            eprintln!("skipped: only root can make the temporary user that this test needs");
            return None;
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let user = Self {
            name: format!("ocpdgt{}x{number}", std::process::id()),
            sudoers: None,
        };
        // Tests that run side by side wait for each other's lock on the user database.
        let made = (0..20).any(|_| {
            let done = Command::new("useradd")
                .args(["-M", "-s", "/bin/bash", &user.name])
                .stderr(Stdio::null())
                .status()
                .unwrap();
            done.success() || {
                std::thread::sleep(std::time::Duration::from_millis(200));
                false
            }
        });
        assert!(made, "useradd does not work here");
        let mut chpasswd = Command::new("chpasswd")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let line = format!("{}:{PASSWORD}\n", user.name);
        chpasswd
            .stdin
            .take()
            .unwrap()
            .write_all(line.as_bytes())
            .unwrap();
        assert!(chpasswd.wait().unwrap().success());
        Some(user)
    }

    /// Adds `rule` to sudoers, in which `USER` stands for the user.
    pub fn sudoers(mut self, rule: &str) -> Self {
        assert!(
            std::path::Path::new("/etc/sudoers.d").is_dir(),
            "this test needs sudo: install the package sudo"
        );
        let path = PathBuf::from(format!("/etc/sudoers.d/{}", self.name));
        self.sudoers = Some(path.clone());
        std::fs::write(&path, rule.replace("USER", &self.name) + "\n").unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o440))
            .unwrap();
        self
    }
}

impl Drop for TempUser {
    fn drop(&mut self) {
        if let Some(path) = &self.sudoers {
            let _ = std::fs::remove_file(path);
        }
        for _ in 0..20 {
            let done = Command::new("userdel")
                .args(["-f", &self.name])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            if done.is_ok_and(|done| done.success()) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }
}
