//! A simulated cluster: hosts that behave, for rehearsals, for script authors and for tests.
//!
//! The same commands come in as over SSH. Nothing outside of this room knows whether a host is real.
//!
//! | room      | what it models                                                    |
//! |-----------|-------------------------------------------------------------------|
//! | `build`   | clusters to start with, built by living through an upgrade        |
//! | `cluster` | all hosts, their clock, the lock around them                      |
//! | `difference` | what became of the hosts meanwhile                        |
//! | `machine` | one host                                                          |
//! | `certificate` | certificates that anybody can read                            |
//! | `fault`   | what goes wrong, by plan                                          |
//! | `kept`    | what was worked out once                                         |
//! | `malformed` | what is wrong with a file that describes any of this, and where |
//! | `files`   | its file tree                                                     |
//! | `packages`| its rpm database and repositories                                 |
//! | `pattern` | shell patterns                                                    |
//! | `docker`  | its containers and images                                         |
//! | `operation` | commands that outlive the connection                              |
//! | `openshift` | masters and nodes: what they need, and what they do               |
//! | `etcd`    | etcd's members, data and clusters                                 |
//! | `shell`   | what `sh` makes of text                                           |
//! | `program` | what programs do, by name                                         |
//! | `proc`    | `/proc`                                                           |
//! | `process` | a running program's view of its host                              |
//! | `environment` | the variables that a program is given                       |
//! | `reboot`  | going down and coming up again                                    |
//! | `units`   | systemd                                                           |
//! | `selinux` | what labels the policy has for paths                              |
//! | `stream`  | pipes, devices, and what ends a program from outside              |

pub mod build;
pub mod certificate;
pub mod cluster;
pub mod difference;
pub mod docker;
pub mod environment;
pub mod etcd;
pub mod fault;
pub mod files;
mod kept;
pub mod machine;
pub mod malformed;
pub mod openshift;
mod operation;
pub mod packages;
pub mod pattern;
pub mod proc;
pub mod process;
pub mod program;
mod reboot;
pub mod selinux;
pub mod shell;
pub mod stream;
pub mod units;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cluster::Cluster;
use environment::Environment;
use machine::Sudo;
use process::Process;
use stream::{FromController, Halt, SharedSink, ToController};

use super::clock::Clock;
use super::detached::Detached;
use super::{Body, Command, Exit, Failure, Refusal, Stream, Streams, Transport};

/// What one round trip takes.
const ROUND_TRIP: Duration = Duration::from_millis(20);

/// What is said of a command for which no time is left.
const OVERSPENT: &str = "the simulated time that the run may take is over";

/// A way to one host of a simulated cluster.
pub struct Sim {
    cluster: Arc<Cluster>,
    name: String,
    become_root: bool,
    become_password: Option<String>,
}

impl Sim {
    /// The host `name` of `cluster`; commands run as root through sudo if `become_root`.
    pub fn new(
        cluster: &Arc<Cluster>,
        name: &str,
        become_root: bool,
        become_password: Option<String>,
    ) -> Self {
        Self {
            cluster: Arc::clone(cluster),
            name: name.to_owned(),
            become_root,
            become_password,
        }
    }

    fn refused(&self, refusal: Refusal, reason: impl Into<String>) -> Failure {
        Failure::NotStarted {
            host: self.name.clone(),
            refusal,
            reason: reason.into(),
        }
    }

    /// The user that `command` runs as on the host at `machine`.
    fn user(&self, command: &Command, machine: usize) -> Result<String, Failure> {
        let login = self.cluster.state().machines[machine].login.clone();
        if !command.privileged || !self.become_root || login.user == "root" {
            return Ok(login.user);
        }
        match (&login.sudo, &self.become_password) {
            (Sudo::Free, _) => Ok("root".to_owned()),
            (Sudo::Password(wanted), Some(given)) if wanted == given => Ok("root".to_owned()),
            (Sudo::Password(_), Some(_)) => {
                Err(self.refused(Refusal::Become, "sudo does not accept the password"))
            }
            (Sudo::Password(_), None) => Err(self.refused(
                Refusal::Become,
                "sudo asks for a password, and none is given",
            )),
            (Sudo::Refused, _) => {
                Err(self.refused(Refusal::Become, "the login user is not in sudoers"))
            }
        }
    }

    fn failure(&self, command: &Command, halt: Halt) -> Failure {
        let (host, line) = (self.name.clone(), command.line());
        match halt {
            Halt::Overdue => Failure::TimedOut {
                host,
                command: line,
                limit_secs: command.timeout.unwrap_or_default().as_secs(),
            },
            Halt::Overspent => Failure::Lost {
                host,
                command: line,
                reason: OVERSPENT.to_owned(),
            },
            Halt::Interrupted => Failure::Interrupted {
                host,
                command: line,
            },
            Halt::Refused(error) => Failure::Lost {
                host,
                command: line,
                reason: error.to_string(),
            },
            Halt::Lost(reason) => Failure::Lost {
                host,
                command: line,
                reason,
            },
            Halt::Unmodelled(what) => Failure::NotStarted {
                host,
                refusal: Refusal::Unmodelled,
                reason: what,
            },
            // A daemon that somebody runs by hand holds its terminal.
            Halt::Serving(serving) => Failure::Lost {
                host,
                command: line,
                reason: format!("`{}` serves and does not return", serving.program),
            },
            Halt::Exit(status) | Halt::Signal(status) => Failure::Lost {
                host,
                command: line,
                reason: format!("the simulated shell lost a status: {status}"),
            },
        }
    }

    /// Runs `command` as `user` on the host at `machine`, under the eyes of who watches the cluster; `ran` is
    /// told how it ended before they are.
    fn watched(
        &self,
        machine: usize,
        user: &str,
        command: &Command,
        streams: Streams<'_>,
        ran: impl FnOnce(&Result<Exit, Failure>),
    ) -> Result<Exit, Failure> {
        let watch = self.cluster.watcher();
        if let Some(watch) = &watch {
            watch.before(&self.cluster, &self.name, command)?;
        }
        let ended = self.run(machine, user, command, streams);
        ran(&ended);
        if let Some(watch) = &watch {
            watch.after(&self.cluster, &self.name, command, &ended);
        }
        ended
    }

    /// Runs `command` as `user` on the host at `machine`.
    fn run(
        &self,
        machine: usize,
        user: &str,
        command: &Command,
        streams: Streams<'_>,
    ) -> Result<Exit, Failure> {
        let pid = self.cluster.state().machines[machine].pid();
        let taker = Rc::new(RefCell::new(streams.output));
        let sink = |stream| -> SharedSink<'_> {
            Rc::new(RefCell::new(ToController {
                stream,
                taker: Rc::clone(&taker),
            }))
        };
        let ended = (|| {
            let mut environment = at_login(user);
            for (name, value) in &command.env {
                environment.insert(name, value.clone());
            }
            let started = self.cluster.clock.reading();
            let mut process = Process {
                cluster: &self.cluster,
                machine,
                pid,
                user: files::name(user),
                directory: home(user),
                environment,
                umask: 0o022,
                input: FromController::shared(streams.input),
                output: sink(Stream::Stdout),
                errors: sink(Stream::Stderr),
                deadline: command.timeout.map(|limit| started + limit),
                effect: command.effect,
            };
            process.spend(ROUND_TRIP)?;
            match &command.body {
                Body::Argv(argv) => program::execute(&mut process, argv),
                Body::Shell(text) => shell::run(&mut process, text, &["sh".to_owned()]),
            }
        })();
        match ended {
            Ok(status) => Ok(exit(status)),
            Err(halt) => Err(self.failure(command, halt)),
        }
    }
}

/// The home directory of `user`.
fn home(user: &str) -> String {
    match user {
        "root" => "/root".to_owned(),
        other => format!("/home/{other}"),
    }
}

/// The environment that `user` has after login.
fn at_login(user: &str) -> Environment {
    static OF_ROOT: LazyLock<Environment> = LazyLock::new(|| dressed("root"));
    match user {
        "root" => OF_ROOT.clone(),
        other => dressed(other),
    }
}

fn dressed(user: &str) -> Environment {
    [
        ("HOME", home(user).as_str()),
        ("USER", user),
        ("LOGNAME", user),
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"),
        ("SHELL", "/bin/bash"),
        ("LANG", "en_US.UTF-8"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into_iter()
    .collect()
}

/// How a command that ended with `status` ended: as over SSH, where the login shell tells 128 + n of
/// signal n.
fn exit(status: u8) -> Exit {
    match status {
        code @ 129..=192 => Exit::Signal(code - 128),
        status => Exit::Status(status),
    }
}

impl Transport for Sim {
    fn execute(&self, command: &Command, streams: Streams<'_>) -> Result<Exit, Failure> {
        let (machine, user) = self.open(command)?;
        let due = fault::due(&self.cluster, machine, command);
        fault::strike(self, machine, &due, command, streams, |streams| {
            self.watched(machine, &user, command, streams, |_| ())
        })
    }

    fn clock(&self) -> &dyn Clock {
        &*self.cluster.clock
    }

    fn detached(&self) -> Option<Box<dyn Detached + '_>> {
        Some(Box::new(self))
    }
}
