//! Whom a connection trusts: known_hosts against real servers.

#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/sshd.rs"]
mod sshd;

use std::path::Path;
use std::process::{Command as Process, Stdio};

use ocpdg::transport::ssh::{self, Options, Ssh};
use ocpdg::transport::{Failure, Refusal};
use outcome::{echo, refused};
use sshd::{Setup, Sshd};

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
