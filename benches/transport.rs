//! Our SSH transport beside a minimal ssh2 program, in one run, against private servers on loopback.
//!
//!     cargo bench --bench transport              # 128 hosts, 16 hosts x 50 commands
//!     cargo bench --bench transport -- --large   # and 1,000 hosts
//!
//! The minimal program makes one blocking connection per host and one channel per command, and
//! checks nothing. Each measurement is a process of its own; what counts is its CPU time, so that a
//! busy machine and the servers, which run beside it, matter little. The goal: at most 1.3 times the
//! minimal program's CPU, at most 60 MiB resident at 128 hosts.

#[path = "../tests/support/sshd.rs"]
mod sshd;

use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ocpdg::transport::ssh::{self, Options, Ssh};
use ocpdg::transport::{Command, Connection, Transport};

/// Hosts worked on at the same time, by both programs.
const FORKS: usize = 16;
const SERVERS: usize = 4;
const ROUNDS: usize = 9;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "measure") {
        let [_, program, dir, ports, hosts, commands] = &words[..] else {
            panic!("measure PROGRAM DIR PORTS HOSTS COMMANDS");
        };
        let ports: Vec<u16> = ports.split(',').map(|it| it.parse().unwrap()).collect();
        let case = Case {
            dir: PathBuf::from(dir),
            ports,
            hosts: hosts.parse().unwrap(),
            commands: commands.parse().unwrap(),
        };
        match program.as_str() {
            "ours" => case.ours(),
            _ => case.minimal(),
        }
        return;
    }
    // `cargo test --benches` runs this, too, and wants no measurement.
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let servers: Vec<sshd::Sshd> = (0..SERVERS).map(|_| sshd::Setup::new().start()).collect();
    let key = servers[0].path("user");
    let public = std::fs::read(servers[0].path("user.pub")).unwrap();
    for server in &servers {
        std::fs::write(server.path("authorized_keys"), &public).unwrap();
    }
    let known: String = servers
        .iter()
        .map(|it| format!("[127.0.0.1]:{} {}\n", it.port, it.host_key("ed25519")))
        .collect();
    servers[0].known_hosts(&known);
    let ports: Vec<String> = servers.iter().map(|it| it.port.to_string()).collect();
    let dir = key.parent().unwrap();

    println!("{:28} {:>12} {:>12} {:>8}", "", "minimal", "ours", "ratio");
    let mut cases = vec![
        ("connect 128 hosts", 128, 0, ROUNDS),
        ("16 hosts x 50 commands", 16, 50, ROUNDS),
    ];
    if words.iter().any(|word| word == "--large") {
        cases.push(("connect 1000 hosts", 1000, 0, 1));
    }
    for (name, hosts, commands, rounds) in cases {
        let mut best = [f64::INFINITY; 2];
        let mut resident = [0; 2];
        // In turns, so that a machine that slows down slows both.
        for _ in 0..rounds {
            for (at, program) in ["minimal", "ours"].into_iter().enumerate() {
                let (cpu_ms, kib) = measure(program, dir, &ports.join(","), hosts, commands);
                best[at] = best[at].min(cpu_ms);
                resident[at] = resident[at].max(kib);
            }
        }
        let ratio = best[1] / best[0];
        println!(
            "{name:28} {:>9.1} ms {:>9.1} ms {ratio:>8.2}",
            best[0], best[1]
        );
        let mib = resident.map(|kib| kib as f64 / 1024.0);
        println!(
            "{:28} {:>8.1} MiB {:>8.1} MiB {:>8.2}",
            "  resident",
            mib[0],
            mib[1],
            mib[1] / mib[0]
        );
        let each = best.map(|ms| ms / hosts as f64);
        println!(
            "{:28} {:>9.2} ms {:>9.2} ms",
            "  CPU per host", each[0], each[1]
        );
    }
}

/// CPU time in ms and resident KiB of one run of `program`.
fn measure(program: &str, dir: &Path, ports: &str, hosts: usize, commands: usize) -> (f64, u64) {
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["measure", program])
        .arg(dir)
        .args([ports, &hosts.to_string(), &commands.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<&str> = text.split_whitespace().collect();
    let [cpu, kib] = numbers[..] else {
        panic!(
            "{program}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    (cpu.parse().unwrap(), kib.parse().unwrap())
}

struct Case {
    dir: PathBuf,
    ports: Vec<u16>,
    hosts: usize,
    commands: usize,
}

impl Case {
    /// Does `work` for each host number, so many at a time; prints what it cost while all results
    /// are alive.
    fn each<T: Send>(&self, work: impl Fn(usize) -> T + Sync) {
        let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..FORKS {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.hosts {
                            return;
                        }
                        let result = work(number);
                        results.lock().unwrap().push(result);
                    }
                });
            }
        });
        let (cpu_ms, kib) = cost();
        println!("{cpu_ms} {kib}");
        // Closing a thousand connections is no part of it.
        std::process::exit(0);
    }

    fn port(&self, number: usize) -> u16 {
        self.ports[number % self.ports.len()]
    }

    fn ours(&self) {
        let options = Options {
            known_hosts: Some(self.dir.join("known_hosts")),
            ssh_config: Some(PathBuf::from("/dev/null")),
            connect_timeout: std::time::Duration::from_secs(60),
            ..Options::default()
        };
        self.each(|number| -> Ssh {
            let connection = Connection {
                name: format!("host-{number}"),
                address: "127.0.0.1".to_owned(),
                port: Some(self.port(number)),
                user: Some(sshd::current_user_cached()),
                private_key: Some(self.dir.join("user")),
                ..Connection::default()
            };
            let ssh = ssh::connect(&connection, &options).unwrap();
            for turn in 0..self.commands {
                let output = ssh
                    .output(&Command::reads(["echo", &turn.to_string()]))
                    .unwrap();
                assert!(output.exit.success() && output.text() == turn.to_string());
            }
            ssh
        });
    }

    fn minimal(&self) {
        raise_open_files();
        self.each(|number| {
            let tcp = TcpStream::connect(("127.0.0.1", self.port(number))).unwrap();
            let mut session = ssh2::Session::new().unwrap();
            session.set_tcp_stream(tcp);
            session.handshake().unwrap();
            let user = sshd::current_user_cached();
            let key = self.dir.join("user");
            session
                .userauth_pubkey_file(&user, None, &key, None)
                .unwrap();
            for turn in 0..self.commands {
                let mut channel = session.channel_session().unwrap();
                channel.exec(&format!("echo {turn}")).unwrap();
                let mut text = String::new();
                channel.read_to_string(&mut text).unwrap();
                channel.wait_close().unwrap();
                assert_eq!(
                    (channel.exit_status().unwrap(), text.trim()),
                    (0, turn.to_string().as_str())
                );
            }
            session
        });
    }
}

fn raise_open_files() {
    let limit = libc::rlimit {
        rlim_cur: 4096,
        rlim_max: 4096,
    };
    // SAFETY: a plain system call on a valid value.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
}

/// This process's CPU time in ms, and its resident memory in KiB just now.
fn cost() -> (f64, u64) {
    // SAFETY: all-zero bytes are a valid `rusage`, and the call fills it.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kib = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (ms(usage.ru_utime) + ms(usage.ru_stime), kib)
}
