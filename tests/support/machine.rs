//! A transport that runs commands on this machine, with a systemd of one unit: `etcd`, started by
//! hand from the environment file of the test. For primitives that need a real etcd, none of the
//! machine's own.
#![allow(dead_code)] // every test binary uses its own part of it

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::{Body, Command, Exit, Failure, Refusal, Stream, Streams, Transport};

/// One member: a directory with `etcd.conf`, `data` and `log`.
pub struct Machine {
    name: String,
    pub dir: PathBuf,
    pub client: String,
    pub peer: String,
    running: Mutex<Option<Child>>,
    seen: Mutex<Vec<String>>,
}

/// Why real tests cannot run here; `None` if they can.
pub fn unable() -> Option<&'static str> {
    let there = |program: &str| Process::new(program).arg("--version").output().is_ok();
    if !there("etcd") || !there("etcdctl") {
        return Some("etcd and etcdctl are not installed");
    }
    let id = Process::new("id").arg("-u").output().expect("id runs");
    if id.stdout != b"0\n" {
        return Some("only root can give files to the user `etcd`");
    }
    let user = Process::new("id").arg("etcd").output().expect("id runs");
    (!user.status.success()).then_some("there is no user `etcd`")
}

fn free_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

impl Machine {
    /// A member called `name` below `root`, configured as a new cluster of one.
    pub fn new(name: &str, root: &Path) -> Arc<Self> {
        let dir = root.join(name);
        fs::create_dir_all(dir.join("data")).unwrap();
        let machine = Self {
            name: name.to_owned(),
            client: free_url(),
            peer: free_url(),
            dir,
            running: Mutex::default(),
            seen: Mutex::default(),
        };
        let Self { client, peer, .. } = &machine;
        let data = machine.dir.join("data");
        let conf = format!(
            "ETCD_NAME={name}\nETCD_DATA_DIR={}/\nETCD_LISTEN_PEER_URLS={peer}\n\
             ETCD_LISTEN_CLIENT_URLS={client}\nETCD_INITIAL_ADVERTISE_PEER_URLS={peer}\n\
             ETCD_ADVERTISE_CLIENT_URLS={client}\nETCD_INITIAL_CLUSTER={name}={peer}\n\
             ETCD_INITIAL_CLUSTER_STATE=new\nETCD_INITIAL_CLUSTER_TOKEN=etcd-cluster-1\n\
             ETCD_ENABLE_V2=true\nETCD_HEARTBEAT_INTERVAL=50\nETCD_ELECTION_TIMEOUT=500\n",
            data.display()
        );
        fs::write(machine.dir.join("etcd.conf"), conf).unwrap();
        Arc::new(machine)
    }

    pub fn host(self: &Arc<Self>) -> Host {
        Host::new(&self.name, self.clone(), Arc::new(Unobserved))
    }

    pub fn conf_path(&self) -> String {
        self.path("etcd.conf")
    }

    /// `relative` below the machine's directory.
    pub fn path(&self, relative: &str) -> String {
        self.dir.join(relative).to_str().unwrap().to_owned()
    }

    /// The command lines sent so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Runs `etcdctl` of API `api` against this member.
    pub fn etcdctl(&self, api: &str, arguments: &[&str]) -> String {
        let output = Process::new("etcdctl")
            .env("ETCDCTL_API", api)
            .args(["--endpoints", &self.client])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn start(&self) {
        let mut running = self.running.lock().unwrap();
        assert!(running.is_none(), "it runs already");
        let text = fs::read_to_string(self.dir.join("etcd.conf")).unwrap();
        let log = File::create(self.dir.join("log")).unwrap();
        let mut process = Process::new("etcd");
        for line in text.lines() {
            let (name, value) = line.split_once('=').unwrap();
            process.env(name, value);
        }
        process
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null());
        *running = Some(process.spawn().unwrap());
        drop(running);
        // As Type=notify: it is up when it answers.
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            let output = Process::new("etcdctl")
                .env("ETCDCTL_API", "3")
                .args(["--endpoints", &self.client, "endpoint", "health"])
                .output()
                .unwrap();
            if output.status.success() || !self.is_running() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn stop(&self) {
        if let Some(mut child) = self.running.lock().unwrap().take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub fn is_running(&self) -> bool {
        let mut running = self.running.lock().unwrap();
        match running.as_mut().map(Child::try_wait) {
            Some(Ok(None)) => true,
            _ => {
                *running = None;
                false
            }
        }
    }

    fn systemctl(&self, words: &[String]) -> String {
        let verb = words[1].as_str();
        match verb {
            "start" => {
                if !self.is_running() {
                    self.start();
                }
            }
            "stop" => self.stop(),
            "restart" => {
                self.stop();
                self.start();
            }
            "enable" => fs::write(self.dir.join("enabled"), "").unwrap(),
            "daemon-reload" | "reset-failed" => {}
            "cat" => return "[Service]\nExecStart=/usr/lib/etcd-wrapper.sh\n".to_owned(),
            "show" if words[3] == "ExecStart" => {
                return "ExecStart={ path=/usr/lib/etcd-wrapper.sh }\n".to_owned();
            }
            "show" => {
                let active = if self.is_running() {
                    "active"
                } else {
                    "inactive"
                };
                let pid = match &*self.running.lock().unwrap() {
                    Some(child) => child.id(),
                    None => 0,
                };
                let enabled = self.dir.join("enabled").exists();
                let enabled = if enabled { "enabled" } else { "disabled" };
                return format!(
                    "Id=etcd.service\nLoadState=loaded\nActiveState={active}\nSubState=x\n\
                     UnitFileState={enabled}\nType=notify\nMainPID={pid}\nResult=success\n\
                     FragmentPath=/usr/lib/systemd/system/etcd.service\nDropInPaths=\n\
                     NeedDaemonReload=no\n"
                );
            }
            other => panic!("the test's systemd does not know `{other}`: {words:?}"),
        }
        String::new()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Transport for Machine {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        self.seen.lock().unwrap().push(command.line());
        if let Body::Argv(words) = &command.body {
            let answer = match words[0].as_str() {
                "systemctl" => Some(self.systemctl(words)),
                "journalctl" => Some(fs::read_to_string(self.dir.join("log")).unwrap()),
                _ => None,
            };
            if let Some(text) = answer {
                (streams.output)(Stream::Stdout, text.as_bytes()).unwrap();
                return Ok(Exit::Status(0));
            }
        }
        let argv = command.argv();
        let mut child = Process::new(&argv[0])
            .args(&argv[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::NotStarted {
                host: self.name.clone(),
                refusal: Refusal::Start,
                reason: error.to_string(),
            })?;
        let mut input = child.stdin.take().unwrap();
        let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let from = streams.input;
        let mut errors = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // A program that does not read its input is no failure.
                let _ = std::io::copy(from, &mut input);
            });
            let errors = &mut errors;
            scope.spawn(move || stderr.read_to_end(errors).unwrap());
            let mut buffer = [0; 1 << 16];
            loop {
                let read = stdout.read(&mut buffer).unwrap();
                if read == 0 {
                    break;
                }
                (streams.output)(Stream::Stdout, &buffer[..read]).unwrap();
            }
        });
        (streams.output)(Stream::Stderr, &errors).unwrap();
        let status = child.wait().unwrap();
        Ok(match status.code() {
            Some(code) => Exit::Status(code as u8),
            None => Exit::Signal(status.signal().unwrap() as u8),
        })
    }
}
