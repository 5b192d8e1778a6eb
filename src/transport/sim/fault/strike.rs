//! What each fault does around a command.

use std::sync::Arc;
use std::time::Duration;

use super::super::cluster::{Cluster, State};
use super::super::files::{Actor, Files, Kind};
use super::super::pattern::Pattern;
use super::super::stream::Halt;
use super::super::{Sim, etcd, reboot};
use super::{Damage, Fault, Times, What, When};
use crate::transport::{Command, Exit, Failure, Refusal, Stream, Streams};

/// How long a command without a time limit hangs.
const HOUR: Duration = Duration::from_secs(3600);
/// What the controller sees of a connection that dropped.
const DROPPED: &str = "connection timed out";
/// What it sees of a host that goes down.
const REBOOTS: &str = "connection closed by the host, which goes down";

/// The faults that strike `command` on the host at `machine`; counts it.
pub fn due(cluster: &Cluster, machine: usize, command: &Command) -> Vec<Arc<Fault>> {
    let mut state = cluster.state();
    let State {
        machines, faults, ..
    } = &mut *state;
    if faults.armed.is_empty() {
        return Vec::new();
    }
    let line = command.line();
    let name = &machines[machine].name;
    let mut due = Vec::new();
    for one in &mut faults.armed {
        if !one.is_on(name) || !one.is_at(&line) {
            continue;
        }
        one.seen += 1;
        if one.fault.times == Times::Every || one.fault.times == Times::Nth(one.seen) {
            due.push(Arc::clone(&one.fault));
        }
    }
    due
}

/// Boots the hosts whose time it is. Returns why the controller cannot reach the one at `machine`, if so.
///
/// # Errors
/// [`Halt`] when a service needs what the simulation does not model.
pub fn wake(cluster: &Cluster, machine: usize) -> Result<Option<&'static str>, Halt> {
    let now = cluster.now();
    let due: Vec<(usize, Duration)> = {
        let mut state = cluster.state();
        let boots = &mut state.faults.boots;
        let due = boots.iter().filter(|(_, at)| **at <= now);
        let due = due.map(|(machine, at)| (*machine, *at)).collect();
        boots.retain(|_, at| *at > now);
        due
    };
    for (machine, at) in due {
        reboot::boot(cluster, machine, at)?;
    }
    let state = cluster.state();
    Ok(match state.faults.away.get(&machine) {
        _ if !state.machines[machine].up => Some("no route to host"),
        Some(until) if *until > now => Some(DROPPED),
        _ => None,
    })
}

impl Cluster {
    /// The host at `machine` comes up, if it reboots and its time has come.
    ///
    /// # Errors
    /// [`Halt`] when a service needs what the simulation does not model.
    pub fn wake(&self, machine: usize) -> Result<(), Halt> {
        wake(self, machine).map(drop)
    }

    /// The host at `machine` goes down, and is up again after `away`.
    ///
    /// # Errors
    /// [`Halt`] when a service needs what the simulation does not model.
    pub fn reboot(&self, machine: usize, away: Duration) -> Result<(), Halt> {
        let now = self.now();
        {
            let mut state = self.state();
            reboot::shut_down(&mut state, machine, now);
            state.faults.boots.insert(machine, now + away);
        }
        self.wake(machine)
    }
}

/// Does `run`, with what the faults that are `due` do before and after it.
///
/// # Errors
/// [`Failure`], the command's own or that of a fault.
pub fn strike(
    sim: &Sim,
    machine: usize,
    due: &[Arc<Fault>],
    command: &Command,
    mut streams: Streams<'_>,
    run: impl FnOnce(Streams<'_>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let blow = Blow {
        sim,
        machine,
        command,
    };
    for fault in due {
        if let Some(exit) = blow.before(fault, &mut streams)? {
            return Ok(exit);
        }
    }
    let mut ended = run(streams);
    if matches!(ended, Err(Failure::NotStarted { .. })) {
        return ended;
    }
    for fault in due {
        if let Some(failure) = blow.after(fault)?
            && ended.is_ok()
        {
            ended = Err(failure);
        }
    }
    ended
}

/// A command that is struck.
struct Blow<'a> {
    sim: &'a Sim,
    machine: usize,
    command: &'a Command,
}

impl Blow<'_> {
    /// What `fault` does before the command; the command's end if it does not run any more.
    fn before(
        &self,
        fault: &Arc<Fault>,
        streams: &mut Streams<'_>,
    ) -> Result<Option<Exit>, Failure> {
        let cluster = &self.sim.cluster;
        match &fault.what {
            What::Exit { status, stderr } => {
                self.struck(fault);
                self.pass(super::super::ROUND_TRIP)?;
                if !stderr.is_empty() {
                    let text = format!("{}\n", stderr.trim_end_matches('\n'));
                    (streams.output)(Stream::Stderr, text.as_bytes())
                        .map_err(|error| self.lost(&error.to_string()))?;
                }
                return Ok(Some(super::super::exit(*status)));
            }
            What::Hang => {
                self.struck(fault);
                let limit = self.command.timeout.unwrap_or(HOUR);
                self.pass(limit)?;
                return Err(Failure::TimedOut {
                    host: self.sim.name.clone(),
                    command: self.command.line(),
                    limit_secs: limit.as_secs(),
                });
            }
            What::Drop {
                when: When::Before,
                away,
            } => {
                self.struck(fault);
                self.away(*away);
                return Err(self.sim.refused(Refusal::Unreachable, DROPPED));
            }
            What::Reboot {
                when: When::Before,
                away,
            } => {
                self.struck(fault);
                self.reboot(*away)?;
                if !cluster.state().machines[self.machine].up {
                    return Err(self.sim.refused(Refusal::Unreachable, REBOOTS));
                }
            }
            What::KillController { when: When::Before } => {
                self.struck(fault);
                return Err(self.kill());
            }
            What::FillDisk { path, leave } => {
                self.on_files(|files| fill(files, path, *leave));
                self.struck(fault);
            }
            What::Corrupt { path, damage } => {
                let now = cluster.now();
                let damaged = self.on_files(|files| corrupt(files, path, *damage, now));
                self.struck_if(fault, damaged);
            }
            What::Slow { by } => {
                self.struck(fault);
                self.pass(*by)?;
            }
            What::Drop { .. } | What::Reboot { .. } | What::KillController { .. } => {}
        }
        Ok(None)
    }

    /// What `fault` does after the command; the failure that the controller sees in place of its end.
    fn after(&self, fault: &Arc<Fault>) -> Result<Option<Failure>, Failure> {
        let (when, why) = match &fault.what {
            What::Drop { when, away } if *when != When::Before => {
                self.away(*away);
                (when, DROPPED)
            }
            What::Reboot { when, away } if *when != When::Before => {
                self.reboot(*away)?;
                (when, REBOOTS)
            }
            What::KillController { when } if *when != When::Before => {
                self.struck(fault);
                return Err(self.kill());
            }
            _ => return Ok(None),
        };
        self.struck(fault);
        Ok((*when == When::During).then(|| self.lost(why)))
    }

    /// Does `work` with the files of the host.
    fn on_files<T>(&self, work: impl FnOnce(&mut Files) -> T) -> T {
        let mut state = self.sim.cluster.state();
        etcd::write_back(&mut state, self.machine);
        work(&mut state.machines[self.machine].files)
    }

    fn struck(&self, fault: &Arc<Fault>) {
        self.struck_if(fault, true);
    }

    /// Counts that `fault` had an effect, if it had.
    fn struck_if(&self, fault: &Arc<Fault>, effect: bool) {
        let armed = &mut self.sim.cluster.state().faults.armed;
        let one = armed.iter_mut().find(|one| Arc::ptr_eq(&one.fault, fault));
        if let Some(one) = one {
            one.struck += u32::from(effect);
        }
    }

    /// Lets `time` pass, within the command's own limit.
    fn pass(&self, time: Duration) -> Result<(), Failure> {
        let cluster = &self.sim.cluster;
        let passed = match self.command.timeout {
            Some(limit) if limit < time => cluster
                .pass(limit, None, self.command.effect)
                .and(Err(Halt::Overdue)),
            _ => cluster.pass(time, None, self.command.effect),
        };
        passed.map_err(|halt| self.sim.failure(self.command, halt))
    }

    fn away(&self, time: Duration) {
        let until = self.sim.cluster.now() + time;
        let away = &mut self.sim.cluster.state().faults.away;
        away.insert(self.machine, until);
    }

    fn reboot(&self, away: Duration) -> Result<(), Failure> {
        let done = self.sim.cluster.reboot(self.machine, away);
        done.map_err(|halt| self.sim.failure(self.command, halt))
    }

    fn kill(&self) -> Failure {
        let kill = self.sim.cluster.state().faults.kill;
        kill(&self.sim.name, &self.command.line())
    }

    fn lost(&self, reason: &str) -> Failure {
        Failure::Lost {
            host: self.sim.name.clone(),
            command: self.command.line(),
            reason: reason.to_owned(),
        }
    }
}

/// Leaves `leave` bytes on the file system that `path` lies on.
fn fill(files: &mut Files, path: &str, leave: u64) {
    let path = files.real(path, true).unwrap_or_else(|_| path.to_owned());
    let mount = files.mount_of(&path).path.clone();
    if let Some(mount) = files.mount_mut(&mount) {
        mount.other += mount.free().saturating_sub(leave);
    }
}

/// Damages the files that `pattern` matches, and nothing about them but their content; whether there was one.
fn corrupt(files: &mut Files, pattern: &str, damage: Damage, now: Duration) -> bool {
    let wanted = Pattern::new(pattern);
    let literal = pattern.find(['*', '?', '[', '\\']).unwrap_or(pattern.len());
    let root = match pattern[..literal].rfind('/') {
        Some(at) if at > 0 => &pattern[..at],
        _ => "/",
    };
    let found: Vec<(String, Vec<u8>, Duration)> = files
        .walk(root)
        .into_iter()
        .flatten()
        .filter(|(path, node)| {
            !path.starts_with("/proc/") && node.is_file() && wanted.matches(path)
        })
        .filter_map(|(path, node)| match &node.kind {
            Kind::File(content) => Some((path, content.to_vec(), node.modified)),
            _ => None,
        })
        .collect();
    let by = Actor::root(now);
    let mut damaged = false;
    for (path, mut content, modified) in found {
        let before = content.clone();
        match damage {
            Damage::Truncate(size) => content.truncate(usize::try_from(size).unwrap_or(usize::MAX)),
            Damage::Flip(at) => {
                let byte = usize::try_from(at).ok().and_then(|at| content.get_mut(at));
                if let Some(byte) = byte {
                    *byte = !*byte;
                }
            }
        }
        let written = content != before && files.write(&path, Arc::new(content), &by).is_ok();
        if written {
            damaged = true;
            // It is the disk that does it: no time tells of it.
            let _ = files.alter(&path, false, &by, |node| node.modified = modified);
        }
    }
    damaged
}
