//! `~/.ssh/config`, ssh arguments, jump hosts and proxy commands, with real servers.

#[path = "support/outcome.rs"]
mod outcome;
#[path = "support/sshd.rs"]
mod sshd;

use std::time::Duration;

use ocpdg::transport::ssh::{self, Options};
use ocpdg::transport::{Command, Connection, Failure, Refusal, Transport};
use outcome::{echo, refused};
use sshd::{Setup, Sshd};

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
