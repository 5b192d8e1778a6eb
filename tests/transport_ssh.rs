//! SSH against real servers: connections that break, sudo, noisy shells, sessions that run out.

#[path = "support/sshd.rs"]
mod sshd;
#[path = "support/user.rs"]
mod user;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ocpdg::transport::ssh::{self, Ssh};
use ocpdg::transport::{Command, Effect, Exit, Failure, Output, Refusal, Transport};
use sshd::{Setup, Sshd};
use user::{PASSWORD, TempUser};

fn shell(text: &str) -> Command {
    Command::shell(text, Effect::Reads)
}

fn run(ssh: &Ssh, text: &str) -> Output {
    ssh.output(&shell(text)).unwrap()
}

fn connect(sshd: &Sshd) -> Ssh {
    ssh::connect(&sshd.connection(), &sshd.options()).unwrap()
}

/// The refusal and reason of a command that did not start.
fn not_started<T>(result: Result<T, Failure>) -> (Refusal, String) {
    match result.err().expect("it started") {
        Failure::NotStarted {
            host,
            refusal,
            reason,
        } => {
            assert_eq!(host, "node-1");
            (refusal, reason)
        }
        failure => panic!("{failure}"),
    }
}

#[test]
fn a_server_that_goes_away_mid_command_leaves_its_fate_unknown() {
    let mut sshd = Setup::new().start();
    let ssh = Arc::new(connect(&sshd));
    let far = Arc::clone(&ssh);
    let command = std::thread::spawn(move || far.output(&shell("echo begun; sleep 30")));
    std::thread::sleep(Duration::from_millis(700));
    sshd.kill();
    let started = Instant::now();
    let failure = command.join().unwrap().unwrap_err();
    assert!(matches!(failure, Failure::Lost { .. }), "{failure}");
    assert!(started.elapsed() < Duration::from_secs(5));
    // And a command after that does not start.
    assert_eq!(
        not_started(ssh.output(&shell("true"))).0,
        Refusal::Unreachable
    );
    // Until the server is back.
    sshd.restart();
    assert_eq!(run(&ssh, "echo back").text(), "back");
}

#[test]
fn an_idle_connection_that_died_is_replaced_unnoticed() {
    let mut sshd = Setup::new().start();
    let ssh = connect(&sshd);
    assert_eq!(run(&ssh, "echo one").text(), "one");
    sshd.kill();
    sshd.restart();
    assert_eq!(run(&ssh, "echo two").text(), "two");
    // Also when the death has not been noticed yet.
    sshd.signal_sessions("-9");
    assert_eq!(run(&ssh, "echo three").text(), "three");
}

#[test]
fn a_channel_closed_without_a_status_is_no_success() {
    let sshd = Setup::new().start();
    let ssh = connect(&sshd);
    let failure = ssh.output(&shell("echo begun; kill -9 $PPID")).unwrap_err();
    let Failure::Lost { reason, .. } = &failure else {
        panic!("{failure}");
    };
    assert!(reason.contains("without reporting a status"), "{reason}");
    assert_eq!(run(&ssh, "echo alive").text(), "alive");
}

#[test]
fn a_server_that_stops_answering_holds_nobody() {
    let sshd = Setup::new().start();
    let ssh = connect(&sshd);
    assert_eq!(run(&ssh, "echo one").text(), "one");
    sshd.signal_sessions("-STOP");
    let started = Instant::now();
    let failure = ssh
        .output(&shell("echo two").timeout(Duration::from_secs(1)))
        .unwrap_err();
    assert!(matches!(failure, Failure::TimedOut { .. }), "{failure}");
    drop(ssh);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn silence_is_given_up_after_the_idle_limit() {
    let sshd = Setup::new().start();
    let options = ssh::Options {
        idle_timeout: Some(Duration::from_secs(1)),
        ..sshd.options()
    };
    let ssh = ssh::connect(&sshd.connection(), &options).unwrap();
    let output = run(&ssh, "for i in 1 2 3 4; do sleep 0.5; echo $i; done");
    assert_eq!(output.exit, Exit::Status(0));
    let failure = ssh.output(&shell("sleep 30")).unwrap_err();
    assert!(
        matches!(failure, Failure::TimedOut { limit_secs: 1, .. }),
        "{failure}"
    );
}

#[test]
fn a_noisy_bashrc_does_not_reach_the_output() {
    let sshd = Setup::new().start();
    std::fs::write(
        sshd.path("home/.bashrc"),
        "echo 'Welcome! Unauthorised use :ocpdg- is 0;'\necho careful >&2\nset -xv\n",
    )
    .unwrap();
    let ssh = connect(&sshd);
    let output = ssh
        .output(&shell("cat; echo err >&2; exit 5").env("A", "b").stdin("in"))
        .unwrap();
    assert_eq!(output.exit, Exit::Status(5));
    assert_eq!(
        (output.text(), output.error_text()),
        ("in".into(), "err".into())
    );
}

#[test]
fn a_login_shell_that_refuses_says_so() {
    let sshd = Setup::new().start();
    std::fs::write(sshd.path("home/.bashrc"), "echo 'go away' >&2; exit 1\n").unwrap();
    let (refusal, reason) = not_started(connect(&sshd).output(&shell("true")));
    assert_eq!(refusal, Refusal::Start);
    assert!(reason.contains("go away"), "{reason}");
}

#[test]
fn commands_beyond_the_servers_sessions_wait_for_their_turn() {
    for sessions in [1, 2, 10] {
        let sshd = Setup::new().line(format!("MaxSessions {sessions}")).start();
        let ssh = connect(&sshd);
        std::thread::scope(|scope| {
            for number in 0..15 {
                let ssh = &ssh;
                scope.spawn(move || {
                    let output = run(ssh, &format!("sleep 0.1; echo {number}"));
                    assert_eq!(output.text(), number.to_string());
                });
            }
        });
    }
}

#[test]
fn a_server_without_sessions_says_so() {
    let sshd = Setup::new().line("MaxSessions 0").start();
    let (refusal, reason) = not_started(connect(&sshd).output(&shell("true")));
    assert_eq!(refusal, Refusal::Start);
    assert!(reason.contains("MaxSessions"), "{reason}");
}

#[test]
fn a_server_that_closes_idle_channels_is_no_trouble() {
    let sshd = Setup::new().line("ChannelTimeout session=1s").start();
    let ssh = connect(&sshd);
    assert_eq!(run(&ssh, "echo one").text(), "one");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(run(&ssh, "echo two").text(), "two");
}

#[test]
fn the_servers_own_keepalive_is_answered_while_idle() {
    let sshd = Setup::new()
        .line("ClientAliveInterval 1")
        .line("ClientAliveCountMax 1")
        .start();
    let ssh = connect(&sshd);
    let before = run(&ssh, "echo $SSH_CONNECTION").text();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(run(&ssh, "echo $SSH_CONNECTION").text(), before);
}

#[test]
fn doors_that_are_shut_are_told_apart() {
    let sshd = Setup::new().start();
    let options = ssh::Options {
        connect_timeout: Duration::from_secs(1),
        ..sshd.options()
    };
    let dial = |port, address: &str| {
        let mut connection = sshd.connection();
        connection.port = Some(port);
        connection.address = address.to_owned();
        not_started(ssh::connect(&connection, &options))
    };
    let (refusal, reason) = dial(sshd::free_port(), "127.0.0.1");
    assert_eq!(refusal, Refusal::Unreachable);
    assert!(reason.contains("refused"), "{reason}");
    let (refusal, reason) = dial(22, "no-such-host.invalid");
    assert_eq!(refusal, Refusal::Unreachable);
    assert!(reason.contains("cannot be resolved"), "{reason}");
    // Accepts, and never says a word.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (refusal, reason) = dial(mute.local_addr().unwrap().port(), "127.0.0.1");
    assert_eq!(refusal, Refusal::Unreachable);
    assert!(reason.contains("no answer in time"), "{reason}");
    let mut connection = sshd.connection();
    connection.private_key = Some("/no/such/key".into());
    let (refusal, reason) = not_started(ssh::connect(&connection, &options));
    assert_eq!(refusal, Refusal::Configuration);
    assert!(reason.contains("/no/such/key"), "{reason}");
}

/// A server that `user` may log in to with the test's key, and the way there through sudo.
fn sudo_way(user: &TempUser, password: Option<&str>) -> (Sshd, Result<Ssh, Failure>) {
    let sshd = Setup::new().start();
    let mut connection = sshd.connection();
    connection.user = Some(user.name.clone());
    connection.become_root = true;
    connection.become_password = password.map(str::to_owned);
    let ssh = ssh::connect(&connection, &sshd.options());
    (sshd, ssh)
}

#[test]
fn sudo_without_a_password_makes_us_root() {
    let Some(user) = TempUser::new() else { return };
    let user = user.sudoers("USER ALL=(ALL) NOPASSWD: ALL");
    // A password that nobody asks for does not end up in the command's input.
    for password in [None, Some(PASSWORD)] {
        let (_sshd, ssh) = sudo_way(&user, password);
        let ssh = ssh.unwrap();
        let output = ssh
            .output(&shell("id -un; cat; exit 3").env("A", "x\ny").stdin("input"))
            .unwrap();
        assert_eq!(output.text(), "root\ninput");
        assert_eq!(output.exit, Exit::Status(3));
        let mut plain = shell("id -un");
        plain.privileged = false;
        assert_eq!(ssh.output(&plain).unwrap().text(), user.name);
        let killed = ssh.output(&shell("kill -9 $$")).unwrap();
        assert_eq!(killed.exit, Exit::Signal(9));
    }
}

#[test]
fn sudo_with_a_password_makes_us_root() {
    let Some(user) = TempUser::new() else { return };
    let user = user.sudoers("Defaults:USER timestamp_timeout=0\nUSER ALL=(ALL) ALL");
    let (_sshd, ssh) = sudo_way(&user, Some(PASSWORD));
    let ssh = ssh.unwrap();
    let output = ssh
        .output(
            &shell("id -un; echo $A; cat; echo err >&2")
                .env("A", "x")
                .stdin("input"),
        )
        .unwrap();
    assert_eq!(output.text(), "root\nx\ninput");
    assert_eq!(output.error_text(), "err");
    assert_eq!(ssh.output(&shell("cat")).unwrap().text(), "");
    let size = 3 << 20;
    let output = ssh.output(&shell("wc -c").stdin(vec![b'x'; size])).unwrap();
    assert_eq!(output.text(), size.to_string());
}

#[test]
fn sudos_refusals_are_told_apart() {
    let Some(user) = TempUser::new() else { return };
    let refusal = |user: &TempUser, password| {
        let (_sshd, ssh) = sudo_way(user, password);
        let (refusal, reason) = not_started(ssh.unwrap().output(&shell("true")));
        assert_eq!(refusal, Refusal::Become, "{reason}");
        reason
    };
    let reason = refusal(&user, Some(PASSWORD));
    assert!(reason.contains("not in sudoers"), "{reason}");
    let user = user.sudoers("Defaults:USER timestamp_timeout=0\nUSER ALL=(ALL) ALL");
    let reason = refusal(&user, None);
    assert!(reason.contains("asks for a password"), "{reason}");
    let reason = refusal(&user, Some("wrong"));
    assert!(reason.contains("does not accept the password"), "{reason}");
    let user = user.sudoers("USER ALL=(ALL) NOPASSWD: /bin/true");
    let reason = refusal(&user, None);
    assert!(reason.contains("asks for a password"), "{reason}");
    let user = user.sudoers("Defaults:USER requiretty\nUSER ALL=(ALL) NOPASSWD: ALL");
    let reason = refusal(&user, None);
    assert!(reason.contains("requiretty"), "{reason}");
}

#[test]
fn files_are_written_as_root_through_sudo() {
    use ocpdg::primitive::file::{self, Attributes};
    use ocpdg::primitive::{Host, Unobserved};
    use std::os::unix::fs::MetadataExt;

    let Some(user) = TempUser::new() else { return };
    let user = user.sudoers("USER ALL=(ALL) NOPASSWD: ALL");
    let (sshd, ssh) = sudo_way(&user, None);
    let host = Host::new("node-1", Arc::new(ssh.unwrap()), Arc::new(Unobserved));
    let path = sshd.path("home/file");
    let text = path.to_str().unwrap();
    let (here, back) = (sshd.path("here"), sshd.path("back"));
    std::fs::write(&here, "secret").unwrap();
    file::put(&host, &here, text, &Attributes::new("root", "0600")).unwrap();
    let facts = std::fs::metadata(&path).unwrap();
    assert_eq!((facts.uid(), facts.mode() & 0o7777), (0, 0o600));
    file::get(&host, text, &back).unwrap();
    assert_eq!(std::fs::read(&back).unwrap(), b"secret");
}
