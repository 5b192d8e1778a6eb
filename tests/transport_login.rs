//! SSH against real servers: host keys, ways to log in, and `~/.ssh/config`.

#[path = "support/sshd.rs"]
mod sshd;
#[path = "support/user.rs"]
mod user;

use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ocpdg::transport::ssh::{self, Options, Prompt, Ssh};
use ocpdg::transport::{Command, Connection, Failure, Refusal, Transport};
use sshd::{Setup, Sshd};
use user::{PASSWORD, TempUser};

/// The refusal and reason of a connection that was not made.
fn refused(result: Result<Ssh, Failure>) -> (Refusal, String) {
    match result.err().expect("it connected") {
        Failure::NotStarted {
            refusal, reason, ..
        } => (refusal, reason),
        failure => panic!("{failure}"),
    }
}

fn echo(ssh: &Ssh) {
    let output = ssh.output(&Command::reads(["echo", "hello"])).unwrap();
    assert_eq!(output.text(), "hello");
}

/// Connects with `lines` as known_hosts, in which `HOST` stands for the server.
fn with_known_hosts(sshd: &Sshd, lines: &str) -> Result<Ssh, Failure> {
    let host = format!("[127.0.0.1]:{}", sshd.port);
    let options = Options {
        known_hosts: Some(sshd.known_hosts(&lines.replace("HOST", &host))),
        ..sshd.options()
    };
    ssh::connect(&sshd.connection(), &options)
}

fn stranger(dir: &Path, kind: &str) -> String {
    let path = dir.join(format!("stranger_{kind}"));
    if !path.exists() {
        sshd::keygen(&path, kind, "");
    }
    let text = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    text.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn known_hosts_lines_decide() {
    let sshd = Setup::new().key_types(&["ed25519", "ecdsa", "rsa"]).start();
    let (ed25519, ecdsa) = (sshd.host_key("ed25519"), sshd.host_key("ecdsa"));
    let rsa = sshd.host_key("rsa");
    let other = stranger(sshd.dir.path(), "ed25519");
    let port = sshd.port;

    for good in [
        format!("HOST {ed25519}"),
        format!("# comment\n\nother {other}\nHOST {ed25519} a comment"),
        format!("a.example,HOST,10.0.0.1\t{ed25519}"),
        format!("[127.0.0.*]:{port} {ed25519}"),
        format!("[127.0.?.1]:*,!other {ed25519}"),
        // A line of one type must not make the server show another.
        format!("HOST {ecdsa}"),
        format!("HOST {rsa}"),
        // Nonsense stops nobody.
        format!(
            "HOST\nHOST x\nHOST ssh-ed25519 !!!\n@strange HOST {other}\nHOST ssh-foo AAAA\nHOST {ed25519}"
        ),
        format!("HOST {other}\nHOST {ed25519}"),
    ] {
        echo(&with_known_hosts(&sshd, &good).unwrap_or_else(|failure| panic!("{good}: {failure}")));
    }

    for (lines, wanted, part) in [
        (
            String::new(),
            Refusal::UnknownHostKey,
            "ssh-ed25519 SHA256:",
        ),
        (
            format!("other {ed25519}"),
            Refusal::UnknownHostKey,
            "SHA256:",
        ),
        (
            format!("127.0.0.1 {ed25519}"),
            Refusal::UnknownHostKey,
            "SHA256:",
        ),
        (
            format!("!HOST,[127.*]:* {ed25519}"),
            Refusal::UnknownHostKey,
            "SHA256:",
        ),
        (
            format!("@cert-authority HOST {other}"),
            Refusal::UnknownHostKey,
            "certificate authority",
        ),
        (
            format!("HOST {other}"),
            Refusal::WrongHostKey,
            "known_hosts:1 says ssh-ed25519",
        ),
        (
            format!("HOST {ed25519}\n@revoked * {ed25519}"),
            Refusal::UnknownHostKey,
            "",
        ),
        (
            format!("HOST {ed25519}\n@revoked HOST {ed25519}"),
            Refusal::WrongHostKey,
            "known_hosts:2 revokes",
        ),
        (
            format!("@revoked [*]:* {ed25519}\nHOST {ed25519}"),
            Refusal::WrongHostKey,
            "revokes",
        ),
    ] {
        if part.is_empty() {
            // `*` stands for names without a port as well: it revokes too.
            let (refusal, _) = refused(with_known_hosts(&sshd, &lines));
            assert_eq!(refusal, Refusal::WrongHostKey, "{lines}");
            continue;
        }
        let (refusal, reason) = refused(with_known_hosts(&sshd, &lines));
        assert_eq!(refusal, wanted, "{lines}: {reason}");
        assert!(reason.contains(part), "{lines}: {reason}");
    }
}

#[test]
fn hashed_known_hosts_are_understood() {
    let sshd = Setup::new().start();
    let line = format!("[127.0.0.1]:{} {}\n", sshd.port, sshd.host_key("ed25519"));
    let file = sshd.known_hosts(&line);
    let done = Process::new("ssh-keygen")
        .args(["-H", "-f"])
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(done.unwrap().success());
    let hashed = std::fs::read_to_string(&file).unwrap();
    assert!(hashed.starts_with("|1|"));
    echo(&with_known_hosts(&sshd, &hashed).unwrap());
    let wrong = hashed.replace(
        &sshd.host_key("ed25519"),
        &stranger(sshd.dir.path(), "ed25519"),
    );
    assert_eq!(
        refused(with_known_hosts(&sshd, &wrong)).0,
        Refusal::WrongHostKey
    );
}

#[test]
fn a_new_key_is_written_down_only_when_the_operator_says_so() {
    let sshd = Setup::new().start();
    let file = sshd.path("deep/known_hosts");
    let mut options = Options {
        known_hosts: Some(file.clone()),
        ..sshd.options()
    };
    assert_eq!(
        refused(ssh::connect(&sshd.connection(), &options)).0,
        Refusal::UnknownHostKey
    );
    assert!(!file.exists());
    options.accept_new_host_keys = true;
    echo(&ssh::connect(&sshd.connection(), &options).unwrap());
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        written,
        format!("[127.0.0.1]:{} {}\n", sshd.port, sshd.host_key("ed25519"))
    );
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    options.accept_new_host_keys = false;
    echo(&ssh::connect(&sshd.connection(), &options).unwrap());
    // A changed key is refused even then; a last line without its end stays whole.
    options.accept_new_host_keys = true;
    let line = format!(
        "[127.0.0.1]:{} {}",
        sshd.port,
        stranger(sshd.dir.path(), "ed25519")
    );
    std::fs::write(&file, &line).unwrap();
    assert_eq!(
        refused(ssh::connect(&sshd.connection(), &options)).0,
        Refusal::WrongHostKey
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), line);
    std::fs::write(&file, "other ssh-ed25519 AAAA").unwrap();
    echo(&ssh::connect(&sshd.connection(), &options).unwrap());
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("other ssh-ed25519 AAAA\n[127")
    );
}

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

/// Options that read `text` as `~/.ssh/config`, and nothing else.
fn configured(sshd: &Sshd, text: &str) -> Options {
    std::fs::write(sshd.path("config"), text).unwrap();
    Options {
        ssh_config: Some(sshd.path("config")),
        ..sshd.options()
    }
}

fn bare(name: &str) -> Connection {
    Connection {
        name: name.to_owned(),
        address: name.to_owned(),
        ..Connection::default()
    }
}

#[test]
fn the_ssh_configuration_is_followed() {
    let sshd = Setup::new().start();
    let user = sshd::current_user();
    let dir = sshd.dir.path().display().to_string();
    std::fs::write(
        sshd.path("extra.conf"),
        format!("IdentityFile \"{dir}/user\"\nUser {user}\n"),
    )
    .unwrap();
    let known = sshd.known_hosts(&format!("alias {}\n", sshd.host_key("ed25519")));
    let text = format!(
        "# a comment\nHost other\n  Port 1\nHost master-* !master-9\n  HostName=127.0.0.1\n  Port {}\n  Include {dir}/ext*.conf\n\
         Match host 127.0.0.1 user {user}\n  HostKeyAlias alias\n  UserKnownHostsFile \"{}\" /dev/null\nHost *\n  User nobody\n  Port 2\n",
        sshd.port,
        known.display()
    );
    let options = Options {
        known_hosts: None,
        ..configured(&sshd, &text)
    };
    echo(&ssh::connect(&bare("master-1"), &options).unwrap());
    assert_eq!(
        refused(ssh::connect(&bare("master-9"), &options)).0,
        Refusal::Unreachable
    );
    // What only OpenSSH can decide, it is asked.
    let exec = Options {
        known_hosts: None,
        ..configured(
            &sshd,
            &format!("Match exec true\n  HostName 127.0.0.1\n{text}"),
        )
    };
    echo(&ssh::connect(&bare("master-1"), &exec).unwrap());
    // What the inventory says goes first, then its arguments.
    let mut connection = bare("master-9");
    connection.address = "127.0.0.1".to_owned();
    connection.user = Some(user.clone());
    let file = configured(&sshd, "");
    connection.ssh_arguments = [
        "-C",
        "-o",
        "ControlMaster=auto",
        "-o",
        "ControlPersist=60s",
        "-p",
        &sshd.port.to_string(),
        "-oUser=nobody",
        "-i",
        &format!("{dir}/user"),
    ]
    .map(str::to_owned)
    .to_vec();
    echo(&ssh::connect(&connection, &file).unwrap());
    for (text, part) in [
        ("Host \"a\n", "config:1: a quote is not closed"),
        ("Port\n", "config:1: a keyword without a value"),
        ("Port many\n", "`many` is no port"),
        ("ProxyCommand nc %Z\n", "`%Z`"),
        ("ProxyJump master-1\n", "jump hosts in a row"),
    ] {
        let (refusal, reason) = refused(ssh::connect(&bare("master-1"), &configured(&sshd, text)));
        assert_eq!(refusal, Refusal::Configuration, "{text}: {reason}");
        assert!(reason.contains(part), "{text}: {reason}");
    }
    connection.ssh_arguments = vec!["-Z".to_owned()];
    let (refusal, reason) = refused(ssh::connect(&connection, &file));
    assert_eq!(refusal, Refusal::Configuration, "{reason}");
}

/// Two servers, and a configuration that knows both: `bastion` and `node-1`.
fn behind_a_bastion(way: &str) -> (Sshd, Sshd, Options) {
    let (bastion, sshd) = (Setup::new().start(), Setup::new().start());
    let known = sshd.known_hosts(&format!(
        "[127.0.0.1]:{} {}\n[127.0.0.1]:{} {}\n",
        sshd.port,
        sshd.host_key("ed25519"),
        bastion.port,
        bastion.host_key("ed25519"),
    ));
    let user = sshd::current_user();
    let text = format!(
        "Host bastion\n  HostName 127.0.0.1\n  Port {}\n  User {user}\n  IdentityFile {}\n\
         Host node-1\n  HostName 127.0.0.1\n  Port {}\n  User {user}\n  IdentityFile {}\n  {way}\nHost *\n  UserKnownHostsFile {}\n",
        bastion.port,
        bastion.path("user").display(),
        sshd.port,
        sshd.path("user").display(),
        known.display(),
    );
    let options = Options {
        known_hosts: None,
        ..configured(
            &sshd,
            &text.replace("CONFIG", &sshd.path("config").display().to_string()),
        )
    };
    (bastion, sshd, options)
}

#[test]
fn a_jump_host_leads_there() {
    let (mut bastion, _sshd, options) = behind_a_bastion("ProxyJump bastion");
    let ssh = ssh::connect(&bare("node-1"), &options).unwrap();
    echo(&ssh);
    let size = 20 << 20;
    let output = ssh
        .output(&Command::reads([
            "head",
            "-c",
            &size.to_string(),
            "/dev/zero",
        ]))
        .unwrap();
    assert_eq!(output.stdout.len(), size);
    let output = ssh
        .output(&Command::reads(["wc", "-c"]).stdin(vec![b'x'; size]))
        .unwrap();
    assert_eq!(output.text(), size.to_string());
    bastion.kill();
    std::thread::sleep(Duration::from_millis(300));
    let (refusal, reason) = match ssh.output(&Command::reads(["true"])).unwrap_err() {
        Failure::NotStarted {
            refusal, reason, ..
        } => (refusal, reason),
        failure => panic!("{failure}"),
    };
    assert_eq!(refusal, Refusal::Unreachable);
    assert!(reason.contains("jump host `bastion`"), "{reason}");
    bastion.restart();
    echo(&ssh);
}

#[test]
fn jump_hosts_follow_one_another() {
    let (bastion, _sshd, options) = behind_a_bastion("User ignored");
    let mut connection = bare("node-1");
    let user = sshd::current_user();
    connection.user = Some(user.clone());
    let key = bastion.path("user").display().to_string();
    connection.ssh_arguments = vec![
        "-J".into(),
        format!("bastion,{user}@bastion:{}", bastion.port),
    ];
    echo(&ssh::connect(&connection, &options).unwrap());
    // What the bastion cannot reach is told as such.
    connection.ssh_arguments = vec!["-oProxyJump=bastion".into(), "-i".into(), key];
    connection.port = Some(sshd::free_port());
    let (refusal, reason) = refused(ssh::connect(&connection, &options));
    assert_eq!(refusal, Refusal::Unreachable);
    assert!(
        reason.contains("does not connect us to 127.0.0.1"),
        "{reason}"
    );
}

#[test]
fn a_proxy_command_leads_there() {
    let (_bastion, _sshd, options) =
        behind_a_bastion("ProxyCommand ssh -F CONFIG -W %h:%p bastion");
    echo(&ssh::connect(&bare("node-1"), &options).unwrap());
    let (_bastion, _sshd, options) = behind_a_bastion("ProxyCommand echo 'no way' >&2; exit 1");
    let (refusal, reason) = refused(ssh::connect(&bare("node-1"), &options));
    assert_eq!(refusal, Refusal::Unreachable);
    assert!(reason.contains("no way"), "{reason}");
}
