//! One running program: what it sees of its host, and its streams.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;
use std::sync::MutexGuard;
use std::time::Duration;

use super::cluster::{Cluster, State};
use super::environment::Environment;
use super::etcd;
use super::files::{self, Actor, Device, Errno, Name, join};
use super::machine::Machine;
use super::stream::{DeviceSource, Fault, Halt, Pipe, SharedSink, SharedSource};
use crate::transport::Effect;

/// A running program. Cloning it is how a shell makes a child.
#[derive(Clone)]
pub struct Process<'a> {
    /// The cluster that its host belongs to.
    pub cluster: &'a Cluster,
    /// The place of its host in [`State::machines`].
    pub machine: usize,
    /// Its id.
    pub pid: u32,
    /// The user that it runs as.
    pub user: Name,
    /// The working directory.
    pub directory: String,
    /// The environment.
    pub environment: Environment,
    /// The bits that files it makes do not get.
    pub umask: u16,
    /// Standard input.
    pub input: SharedSource<'a>,
    /// Standard output.
    pub output: SharedSink<'a>,
    /// Standard error.
    pub errors: SharedSink<'a>,
    /// The reading of the clock at which the command's time is over.
    pub deadline: Option<Duration>,
    /// What the command was sent for: it decides whether Ctrl-C ends it.
    pub effect: Effect,
}

/// What a program returns: its exit status, 128 + n for signal n.
pub type Ended = Result<u8, Halt>;

/// The host of a process, locked.
pub struct Here<'a> {
    state: MutexGuard<'a, State>,
    machine: usize,
}

impl Deref for Here<'_> {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.state.machines[self.machine]
    }
}

impl DerefMut for Here<'_> {
    fn deref_mut(&mut self) -> &mut Machine {
        &mut self.state.machines[self.machine]
    }
}

impl<'a> Process<'a> {
    /// A process that nobody sent, of root on the host at `machine`: its output is nobody's to hear.
    pub fn of_system(cluster: &'a Cluster, machine: usize) -> Self {
        let output = Rc::new(RefCell::new(Pipe::default()));
        let environment = [
            ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"),
            ("HOME", "/root"),
        ];
        Self {
            cluster,
            machine,
            pid: cluster.state().machines[machine].pid(),
            user: files::name("root"),
            directory: "/".to_owned(),
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            umask: 0o022,
            input: Rc::new(RefCell::new(DeviceSource(Device::Null))),
            output: output.clone(),
            errors: output,
            deadline: None,
            effect: Effect::Changes,
        }
    }

    /// Its host. Give it back before reading or writing a stream.
    pub fn here(&self) -> Here<'a> {
        let mut state = self.cluster.state();
        etcd::write_back(&mut state, self.machine);
        state.machines[self.machine].show(self.cluster.now());
        Here {
            state,
            machine: self.machine,
        }
    }

    /// The time of day, since 1970.
    pub fn now(&self) -> Duration {
        self.cluster.now()
    }

    /// Who changes files when it does.
    pub fn actor(&self) -> Actor {
        Actor {
            user: self.user.clone(),
            group: self.user.clone(),
            umask: self.umask,
            now: self.now(),
        }
    }

    /// Whether it may do everything.
    pub fn is_root(&self) -> bool {
        &*self.user == "root"
    }

    /// `path` as an absolute one; links, `.` and `..` stay in it.
    pub fn path(&self, path: &str) -> String {
        if path.starts_with('/') {
            path.to_owned()
        } else {
            join(&self.directory, path)
        }
    }

    /// Lets `time` pass: what the program takes, or how long it sleeps.
    ///
    /// # Errors
    /// As [`Cluster::pass`].
    pub fn spend(&self, time: Duration) -> Result<(), Halt> {
        self.cluster.pass(time, self.deadline, self.effect)
    }

    /// Reads some bytes of standard input; 0 is the end.
    ///
    /// # Errors
    /// As [`super::stream::Source::read`].
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, Halt> {
        self.input.borrow_mut().read(buffer)
    }

    /// Reads at most so many bytes of standard input; none is the end.
    ///
    /// # Errors
    /// As [`super::stream::Source::read`].
    pub fn take(&self, most: usize) -> Result<Vec<u8>, Halt> {
        self.input.borrow_mut().take(most)
    }

    /// All of standard input.
    ///
    /// # Errors
    /// As [`Process::read`].
    pub fn read_all(&self) -> Result<Vec<u8>, Halt> {
        let mut all = Vec::new();
        self.input.borrow_mut().read_all(&mut all)?;
        Ok(all)
    }

    /// Writes to standard output.
    ///
    /// # Errors
    /// A refusal by the kernel is said on standard error and ends the program with status 1.
    pub fn write(&self, bytes: impl AsRef<[u8]>) -> Result<(), Halt> {
        let done = self.output.borrow_mut().write(bytes.as_ref());
        match done {
            Ok(()) => Ok(()),
            Err(Fault::Halt(halt)) => Err(halt),
            Err(Fault::Refused(errno)) => {
                self.complain(format!("write error: {errno}\n"))?;
                Err(Halt::Exit(1))
            }
        }
    }

    /// Writes a line to standard output.
    ///
    /// # Errors
    /// As [`Process::write`].
    pub fn line(&self, text: impl std::fmt::Display) -> Result<(), Halt> {
        self.write(format!("{text}\n"))
    }

    /// Writes to standard error.
    ///
    /// # Errors
    /// [`Halt`]; a refusal by the kernel is nobody's to hear.
    pub fn complain(&self, bytes: impl AsRef<[u8]>) -> Result<(), Halt> {
        match self.errors.borrow_mut().write(bytes.as_ref()) {
            Ok(()) | Err(Fault::Refused(_)) => Ok(()),
            Err(Fault::Halt(halt)) => Err(halt),
        }
    }

    /// Says `text` on standard error, with a line end, and returns `status`: the end of many a program.
    ///
    /// # Errors
    /// As [`Process::complain`].
    pub fn fail(&self, status: u8, text: impl std::fmt::Display) -> Ended {
        self.complain(format!("{text}\n"))?;
        Ok(status)
    }

    /// As [`Process::fail`], in coreutils' words: `NAME: WHAT: REASON`.
    ///
    /// # Errors
    /// As [`Process::complain`].
    pub fn refused(&self, name: &str, what: &str, errno: Errno) -> Ended {
        self.fail(1, format_args!("{name}: {what}: {errno}"))
    }

    /// The error that says that the simulated cluster does not model `what`.
    pub fn unmodelled<T>(&self, what: impl std::fmt::Display) -> Result<T, Halt> {
        Err(Halt::Unmodelled(format!("`{what}`")))
    }
}
