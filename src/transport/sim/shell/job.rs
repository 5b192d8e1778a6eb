//! What runs in the background.
//!
//! A job runs to its end when it is started, on a line of time of its own: the clock is set back
//! afterwards, and the process stays in [`Machine::processes`] until its end is reached. What it
//! changes is there at once.
//!
//! [`Machine::processes`]: crate::transport::sim::machine::Machine

use std::time::Duration;

use brush_parser::ast::AndOrList;

use super::super::files::Device;
use super::super::machine::Running;
use super::super::program::kill::SIGNALS;
use super::super::stream::{DeviceSource, Halt};
use super::state::Shell;
use super::{Flow, Stop};
use crate::transport::clock::Clock;

/// What still runs after so long runs for ever.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);
/// What still runs after so many commands runs for ever.
const ENDLESS: u32 = 100_000;

/// A job of a shell.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub pid: u32,
    /// Its status, once it has ended.
    status: u8,
    /// When it ends, since 1970; `None` if it does not.
    ends: Option<Duration>,
    /// The signal that this shell killed it with.
    killed: Option<u8>,
}

impl Shell<'_> {
    /// Starts `list` in the background.
    pub(super) fn background(&mut self, list: &AndOrList) -> Flow {
        let clock = &self.process.cluster.clock;
        let (started, since) = (clock.reading(), self.process.now());
        let (mut pid, mut argv, mut endless) = (0, Vec::new(), false);
        let ended = self.subshell(|child| {
            pid = child.process.pid;
            child.last_program = Some(Vec::new());
            child.left = Some(child.left.map_or(ENDLESS, |left| left.min(ENDLESS)));
            child.process.deadline = Some(started + FOREVER);
            child.read_from(std::rc::Rc::new(std::cell::RefCell::new(DeviceSource(
                Device::Null,
            ))));
            let done = child.and_or(list);
            argv = child.last_program.take().unwrap_or_default();
            endless = child.left == Some(0);
            done
        });
        let ends = self.process.now();
        self.process.cluster.clock.set(started);
        let (status, ends) = match ended {
            Ok(status) if !endless => (status, Some(ends)),
            Ok(_) | Err(Halt::Overdue) => (0, None),
            Err(halt) => return Err(halt.into()),
        };
        if argv.is_empty() {
            argv = vec![self.name.clone(), list.to_string()];
        }
        let running = Running {
            program: String::new(),
            listens: Vec::new(),
            argv,
            environment: self.process.environment.clone(),
            user: self.process.user.to_string(),
            unit: None,
            started: since,
            ends,
        };
        if ends.is_none_or(|end| end > since) {
            self.process.here().processes.insert(pid, running);
        }
        self.jobs.push(Job {
            pid,
            status,
            ends,
            killed: None,
        });
        self.last_job = Some(pid);
        self.status = 0;
        self.die_if_doomed()
    }

    /// Waits for the job `pid`; its status, or nothing if it is no job of this shell.
    pub(super) fn wait_for(&mut self, pid: u32) -> Flow<Option<u8>> {
        let Some(at) = self.jobs.iter().position(|job| job.pid == pid) else {
            return Ok(None);
        };
        let job = self.jobs.remove(at);
        let now = self.process.now();
        let alive = self.process.here().processes.contains_key(&pid);
        let over = job.ends.is_some_and(|end| end <= now);
        if !alive && !over {
            const SIGTERM: u8 = 15;
            return Ok(Some(128 + job.killed.unwrap_or(SIGTERM)));
        }
        match job.ends {
            Some(end) => self.process.spend(end.saturating_sub(now))?,
            None if self.process.deadline.is_some() => self.process.spend(Duration::MAX)?,
            None => self.process.unmodelled("wait for what never ends")?,
        }
        let now = self.process.now();
        self.process.here().reap(now);
        Ok(Some(job.status))
    }

    /// Notes that the job `pid`, if it is one, got the signal `number`.
    pub(super) fn killed(&mut self, pid: u32, number: u8) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.pid == pid) {
            job.killed = Some(number);
        }
    }

    /// What the signal `number` does to this shell.
    pub(super) fn signal(&mut self, number: u8) -> Flow {
        let name = SIGNALS.iter().find(|(_, known)| *known == number);
        let command = name.and_then(|(name, _)| self.traps.get(*name).cloned());
        const SIGKILL: u8 = 9;
        const SIGCHLD: u8 = 17;
        const SIGCONT: u8 = 18;
        const STOPPING: std::ops::RangeInclusive<u8> = 19..=22;
        match command {
            _ if number == SIGKILL => {}
            Some(command) => {
                let status = self.status;
                self.text(&command)?;
                self.status = status;
                return Ok(());
            }
            None if matches!(number, 0 | SIGCHLD | SIGCONT | 23 | 28) => return Ok(()),
            None if STOPPING.contains(&number) => {
                return Ok(self.process.unmodelled("a signal that stops a process")?);
            }
            None => {}
        }
        Err(Stop::Halt(Halt::Signal(number)))
    }
}
