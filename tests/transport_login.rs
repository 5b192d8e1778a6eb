//! Ways to log in to a real server: keys, agent, certificate, password.

#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/sshd.rs"]
mod sshd;
#[path = "support/user.rs"]
mod user;

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ocpdg::transport::ssh::{self, Options, Prompt};
use ocpdg::transport::{Connection, Refusal};
use outcome::{echo, refused};
use sshd::{Setup, Sshd};
use user::{PASSWORD, TempUser};

/// Answers each question with the same text, and remembers them.
struct Answer(&'static str, Mutex<Vec<String>>);

impl Prompt for Answer {
    fn secret(&self, what: &str) -> Option<String> {
        self.1.lock().unwrap().push(what.to_owned());
        Some(self.0.to_owned())
    }
}

fn asking(sshd: &Sshd, answer: &'static str) -> (Arc<Answer>, Options) {
    let answer = Arc::new(Answer(answer, Mutex::default()));
    let options = Options {
        ask: Arc::clone(&answer) as Arc<dyn Prompt>,
        ..sshd.options()
    };
    (answer, options)
}

fn authorize(sshd: &Sshd, key: &Path) {
    let public = PathBuf::from(format!("{}.pub", key.display()));
    std::fs::copy(public, sshd.path("authorized_keys")).unwrap();
}

#[test]
fn a_key_with_a_passphrase_asks_for_it() {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let sshd = Setup::new().start();
        let key = sshd.path("locked");
        sshd::keygen(&key, kind, "open sesame");
        authorize(&sshd, &key);
        let mut connection = sshd.connection();
        connection.private_key = Some(key.clone());
        let (answer, options) = asking(&sshd, "open sesame");
        echo(&ssh::connect(&connection, &options).unwrap());
        let asked = answer.1.lock().unwrap().clone();
        assert_eq!(asked, [format!("passphrase of `{}`", key.display())]);
        let (_, options) = asking(&sshd, "wrong");
        let (refusal, reason) = refused(ssh::connect(&connection, &options));
        assert_eq!(refusal, Refusal::Login);
        assert!(reason.contains("wrong passphrase"), "{reason}");
        let (_, reason) = refused(ssh::connect(&connection, &sshd.options()));
        assert!(reason.contains("no passphrase given"), "{reason}");
    }
}

#[test]
fn a_question_is_asked_once_for_all_hosts() {
    struct Once(Mutex<u32>);
    impl Prompt for Once {
        fn secret(&self, _what: &str) -> Option<String> {
            *self.0.lock().unwrap() += 1;
            Some("open sesame".to_owned())
        }
    }
    let remembered = ssh::Remembered::new(Once(Mutex::new(0)));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(remembered.secret("x").unwrap(), "open sesame"));
        }
    });
    assert_eq!(remembered.secret("x").unwrap(), "open sesame");
}

#[test]
fn a_key_that_is_not_authorized_says_what_was_tried() {
    let sshd = Setup::new().start();
    let mut connection = sshd.connection();
    sshd::keygen(&sshd.path("other"), "ed25519", "");
    connection.private_key = Some(sshd.path("other"));
    let (refusal, reason) = refused(ssh::connect(&connection, &sshd.options()));
    assert_eq!(refusal, Refusal::Login);
    assert!(
        reason.contains("/other`") && reason.contains("publickey"),
        "{reason}"
    );
}

#[test]
fn a_certificate_beside_the_key_logs_in() {
    let sshd = Setup::new();
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca");
    sshd::keygen(&ca, "ed25519", "");
    let sshd = sshd
        .line(format!(
            "TrustedUserCAKeys {}",
            ca.with_extension("pub").display()
        ))
        .start();
    let key = sshd.path("signed");
    sshd::keygen(&key, "ed25519", "");
    let done = Process::new("ssh-keygen")
        .args(["-q", "-s"])
        .arg(&ca)
        .args(["-I", "test", "-n", &sshd::current_user()])
        .arg(key.with_extension("pub"))
        .status();
    assert!(done.unwrap().success());
    let mut connection = sshd.connection();
    connection.private_key = Some(key);
    echo(&ssh::connect(&connection, &sshd.options()).unwrap());
}

/// A running ssh-agent that holds `key`.
struct Agent(std::process::Child, PathBuf);

impl Agent {
    fn with(key: &Path) -> Self {
        let socket = PathBuf::from(format!("{}.agent", key.display()));
        let child = Process::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let agent = Self(child, socket);
        while !agent.1.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let done = Process::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &agent.1)
            .status();
        assert!(done.unwrap().success());
        agent
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_agents_key_logs_in() {
    let sshd = Setup::new().start();
    let key = sshd.path("held");
    sshd::keygen(&key, "rsa", "");
    authorize(&sshd, &key);
    let agent = Agent::with(&key);
    std::fs::remove_file(&key).unwrap();
    let mut connection = sshd.connection();
    connection.private_key = None;
    connection.ssh_arguments = vec!["-o".into(), format!("IdentityAgent={}", agent.1.display())];
    echo(&ssh::connect(&connection, &sshd.options()).unwrap());
    // A named key that does not open is followed by the agent's.
    connection.private_key = Some(sshd.path("user"));
    echo(&ssh::connect(&connection, &sshd.options()).unwrap());
    connection.ssh_arguments.push("-oIdentitiesOnly=yes".into());
    assert_eq!(
        refused(ssh::connect(&connection, &sshd.options())).0,
        Refusal::Login
    );
}

#[test]
fn a_password_logs_in_both_ways() {
    let Some(user) = TempUser::new() else { return };
    for method in ["PasswordAuthentication", "KbdInteractiveAuthentication"] {
        let sshd = Setup::new()
            .line("UsePAM yes")
            .line(format!("{method} yes"))
            .start();
        let mut connection = Connection {
            user: Some(user.name.clone()),
            private_key: None,
            password: Some(PASSWORD.to_owned()),
            ssh_arguments: vec!["-oIdentityFile=none".into(), "-oIdentityAgent=none".into()],
            ..sshd.connection()
        };
        echo(
            &ssh::connect(&connection, &sshd.options())
                .unwrap_or_else(|failure| panic!("{method}: {failure}")),
        );
        connection.password = None;
        let (answer, options) = asking(&sshd, PASSWORD);
        echo(&ssh::connect(&connection, &options).unwrap());
        let asked = answer.1.lock().unwrap().clone();
        assert_eq!(asked, [format!("password of `{}` on `node-1`", user.name)]);
        let (_, reason) = refused(ssh::connect(&connection, &sshd.options()));
        assert!(reason.contains("none given"), "{reason}");
        connection.password = Some("wrong".to_owned());
        let failure = ssh::connect(&connection, &sshd.options()).err().unwrap();
        assert!(!failure.to_string().contains("wrong"), "{failure}");
    }
}
