//! A private OpenSSH server: its own keys, its own unprivileged port on loopback, gone with its
//! value.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ocpdg::transport::Connection;
use ocpdg::transport::ssh::Options;

const SSHD: &str = "/usr/sbin/sshd";

/// A running server; dropping it ends it, with everything that it runs.
pub struct Sshd {
    pub dir: tempfile::TempDir,
    pub port: u16,
    child: Child,
}

/// How a server is to be.
pub struct Setup {
    lines: Vec<String>,
    key_types: Vec<&'static str>,
    port: Option<u16>,
}

impl Setup {
    pub fn new() -> Self {
        Self {
            lines: Vec::new(),
            key_types: vec!["ed25519"],
            port: None,
        }
    }

    /// Adds a line to sshd_config; the first line of a kind wins.
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Which host keys it has.
    pub fn key_types(mut self, types: &[&'static str]) -> Self {
        self.key_types = types.to_vec();
        self
    }

    /// Listens on `port`, such as one that another server had.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Starts the server and waits until it listens.
    pub fn start(self) -> Sshd {
        assert!(
            Path::new(SSHD).exists(),
            "these tests need an SSH server: install the package openssh-server"
        );
        let dir = tempfile::Builder::new()
            .prefix("ocpdg-sshd-")
            .tempdir()
            .unwrap();
        // Other users log in too, and sshd reads their authorized keys as them.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let at = |name: &str| dir.path().join(name);
        for kind in &self.key_types {
            keygen(&at(&format!("host_{kind}")), kind, "");
        }
        keygen(&at("user"), "ed25519", "");
        fs::copy(at("user.pub"), at("authorized_keys")).unwrap();
        // The logins' home: the machine's own `.bashrc` may be slow, or noisy.
        fs::create_dir(at("home")).unwrap();
        // The server refuses to start without it; a system without a running sshd may lack it.
        let _ = fs::create_dir_all("/run/sshd");
        for attempt in 0.. {
            let port = self.port.unwrap_or_else(free_port);
            let mut config = self.lines.join("\n");
            config.push_str(&format!(
                "\nPort {port}\nListenAddress 127.0.0.1\nPidFile none\nStrictModes no\nUsePAM no\n\
                 AuthorizedKeysFile {}\nPermitRootLogin yes\nMaxStartups 2000\nLoginGraceTime 30\n\
                 PasswordAuthentication no\nKbdInteractiveAuthentication no\nUseDNS no\n\
                 PrintMotd no\nPrintLastLog no\nSetEnv HOME={}\n",
                at("authorized_keys").display(),
                at("home").display()
            ));
            for kind in &self.key_types {
                config.push_str(&format!(
                    "HostKey {}\n",
                    at(&format!("host_{kind}")).display()
                ));
            }
            fs::write(at("sshd_config"), config).unwrap();
            match launch(dir.path(), port) {
                Ok(child) => return Sshd { dir, port, child },
                Err(log) => assert!(attempt < 5, "sshd does not start: {log}"),
            }
        }
        unreachable!("every attempt returns or fails")
    }
}

/// Starts the server that `dir` describes; its log if it does not start.
fn launch(dir: &Path, port: u16) -> Result<Child, String> {
    let log = fs::File::create(dir.join("log")).unwrap();
    // What this process was started with ignored (under nohup, say) is not to be the commands'.
    let mut child = Command::new("env")
        .args(["--default-signal", SSHD])
        .arg("-D")
        .arg("-e")
        .arg("-f")
        .arg(dir.join("sshd_config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let listens = format!("Server listening on 127.0.0.1 port {port}.");
    loop {
        // Its own word: that something answers on the port would be true of a stranger too.
        let log = fs::read_to_string(dir.join("log")).unwrap();
        if log.contains(&listens) {
            return Ok(child);
        }
        if child.try_wait().unwrap().is_some() || Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            return Err(log);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that nobody uses just now, and that no connection is given by chance: it is below the
/// ephemeral range, so that a server that was killed gets it again.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 20_000;
    for _ in 0..COUNT {
        let turn = TAKEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + std::process::id().wrapping_mul(97).wrapping_add(turn) % COUNT;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port between {FIRST} and {} is free", FIRST + COUNT)
}

/// Makes a key pair, `path` and `path.pub`.
pub fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let done = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"])
        .arg(path)
        .status()
        .expect("these tests need ssh-keygen: install the package openssh-client");
    assert!(done.success());
}

impl Sshd {
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Its public host key of `kind`, as `TYPE BASE64`.
    pub fn host_key(&self, kind: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("host_{kind}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// A known_hosts file with `lines`.
    pub fn known_hosts(&self, lines: &str) -> PathBuf {
        let path = self.path("known_hosts");
        fs::write(&path, lines).unwrap();
        path
    }

    /// The facts to reach it with its own user key.
    pub fn connection(&self) -> Connection {
        Connection {
            name: "node-1".to_owned(),
            address: "127.0.0.1".to_owned(),
            port: Some(self.port),
            user: Some(current_user()),
            private_key: Some(self.path("user")),
            ..Connection::default()
        }
    }

    /// Options that know its first key and nothing of the machine's own configuration.
    pub fn options(&self) -> Options {
        let known = format!("[127.0.0.1]:{} {}\n", self.port, self.host_key("ed25519"));
        let file = self.path("its_own_key");
        fs::write(&file, known).unwrap();
        Options {
            known_hosts: Some(file),
            ssh_config: Some(PathBuf::from("/dev/null")),
            connect_timeout: Duration::from_secs(20),
            ..Options::default()
        }
    }

    /// The process that listens.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Starts it again, as it was, after [`Sshd::kill`].
    pub fn restart(&mut self) {
        self.child = launch(self.dir.path(), self.port).unwrap();
    }

    /// Sends `signal` to everything the server runs, its connections first. Returns after the
    /// death of what it kills: until then a connection may still take a command.
    pub fn signal_sessions(&self, signal: &str) {
        let pids = descendants(self.child.id());
        for pid in &pids {
            let _ = Command::new("kill")
                .args([signal, &pid.to_string()])
                .stderr(Stdio::null())
                .status();
        }
        while signal == "-9" && pids.iter().any(|pid| alive(*pid)) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Cuts all connections: the server's own processes end, what runs behind them does not.
    pub fn cut(&self) {
        for pid in descendants(self.child.id()) {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            if name.starts_with("sshd") {
                let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            }
        }
    }

    /// Ends the server and all its connections, at once.
    pub fn kill(&mut self) {
        self.signal_sessions("-9");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether `pid` runs: a dead one that its parent has not heard of has closed its sockets.
fn alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

/// All processes below `pid`, from /proc.
pub fn descendants(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        at += 1;
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(child) = entry.file_name().to_str().and_then(|s| s.parse().ok()) else {
                continue;
            };
            let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
                continue;
            };
            let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
            if fields.split_whitespace().nth(1) == Some(&parent.to_string()) {
                found.push(child);
            }
        }
    }
    found.split_off(1)
}

pub fn current_user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The same, asked only once.
pub fn current_user_cached() -> String {
    static USER: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    USER.get_or_init(current_user).clone()
}
