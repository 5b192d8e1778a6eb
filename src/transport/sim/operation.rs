//! Commands that outlive the connection, as a host keeps them.
//!
//! A command has its effect when it is started, and its record says when it ends: who follows it waits
//! until then. A real host does the same with a supervisor and a record on disk, see
//! [`detached`](crate::transport::detached).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{OVERSPENT, ROUND_TRIP, Sim, fault};
use crate::transport::clock::Clock;
use crate::transport::detached::{Detached, Operation, OperationId, Seen, Taker, Verdict};
use crate::transport::{Command, Effect, Exit, Failure, Refusal, Stream, Streams};

/// Where a host keeps records, and what the smallest takes there, in bytes.
const PLACE: &str = "/var/lib/ocpdg/operations";
const RECORD: u64 = 16 << 10;

/// The record of an operation.
#[derive(Debug, Clone)]
pub struct Record {
    command: Command,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// When it ends, since 1970.
    ends: Duration,
    end: Verdict,
}

impl Record {
    /// The host goes down at `now`, since 1970.
    pub fn shut_down(&mut self, now: Duration) {
        if self.ends > now {
            self.end = Verdict::Rebooted;
        }
    }
}

impl Detached for &Sim {
    fn host(&self) -> &str {
        &self.name
    }

    fn attach(
        &self,
        operation: &Operation<'_>,
        seen: &mut Seen,
        output: &mut Taker<'_>,
    ) -> Result<Verdict, Failure> {
        let (machine, user) = self.open(operation.command)?;
        let id = operation.id.to_string();
        let known = {
            let host = &mut self.cluster.state().machines[machine];
            for one in operation.spent {
                host.operations.remove(&one.to_string());
            }
            host.operations.get(&id).cloned()
        };
        match known {
            Some(record) => self.again(operation, &record, seen, output),
            None if !operation.start => {
                self.pass(ROUND_TRIP, operation.command)?;
                // It will not begin any more.
                let record = Record {
                    command: operation.command.clone(),
                    stdout: Vec::new(),
                    stderr: Vec::new(),
                    ends: Duration::ZERO,
                    end: Verdict::Unstarted,
                };
                let host = &mut self.cluster.state().machines[machine];
                host.operations.insert(id, record);
                Ok(Verdict::Absent)
            }
            None => self.begin(machine, &user, operation, seen, output),
        }
    }

    fn forget(&self, spent: &[OperationId]) -> Result<(), Failure> {
        let command = Command::shell("", Effect::Reads);
        let (machine, _) = self.open(&command)?;
        self.pass(ROUND_TRIP, &command)?;
        let host = &mut self.cluster.state().machines[machine];
        for one in spent {
            host.operations.remove(&one.to_string());
        }
        Ok(())
    }

    fn forget_run(&self, run: &str) -> Result<(), Failure> {
        let command = Command::shell("", Effect::Reads);
        let (machine, _) = self.open(&command)?;
        self.pass(ROUND_TRIP, &command)?;
        let host = &mut self.cluster.state().machines[machine];
        let of_run = |name: &str| OperationId::parse(name).is_some_and(|id| id.run() == run);
        host.operations.retain(|name, _| !of_run(name));
        Ok(())
    }

    fn leftovers(&self) -> Result<Vec<(OperationId, Verdict)>, Failure> {
        let command = Command::shell("", Effect::Reads);
        let (machine, _) = self.open(&command)?;
        self.pass(ROUND_TRIP, &command)?;
        let now = self.cluster.now();
        let host = &self.cluster.state().machines[machine];
        let all = host.operations.iter();
        Ok(all
            .filter_map(|(name, record)| {
                let verdict = match record.ends > now {
                    true => Verdict::Running,
                    false => record.end.clone(),
                };
                Some((OperationId::parse(name)?, verdict))
            })
            .collect())
    }
}

impl Sim {
    /// Starts `operation` on the host at `machine` as `user`.
    fn begin(
        &self,
        machine: usize,
        user: &str,
        operation: &Operation<'_>,
        seen: &mut Seen,
        output: &mut Taker<'_>,
    ) -> Result<Verdict, Failure> {
        let command = operation.command;
        let free = {
            let files = &self.cluster.state().machines[machine].files;
            files.mount_of(PLACE).free()
        };
        if free < RECORD {
            let reason = format!("{PLACE}: No space left on device");
            return Err(self.refused(Refusal::Record, reason));
        }
        let id = operation.id.to_string();
        let (begun, booted) = (self.cluster.clock.reading(), self.booted(machine));
        let due = fault::due(&self.cluster, machine, command);
        let kept = Mutex::new((Vec::new(), Vec::new()));
        let mut take = |stream, bytes: &[u8]| {
            let (stdout, stderr) = &mut *kept.lock().unwrap_or_else(PoisonError::into_inner);
            let (kept, seen) = match stream {
                Stream::Stdout => (stdout, &mut seen.stdout),
                Stream::Stderr => (stderr, &mut seen.stderr),
            };
            kept.extend_from_slice(bytes);
            *seen += bytes.len() as u64;
            output(stream, bytes)
        };
        let streams = Streams {
            input: &mut command.stdin.as_deref().unwrap_or_default(),
            output: &mut take,
        };
        let ran = |ended: &Result<Exit, Failure>| {
            let end = match ended {
                Ok(exit) => Verdict::Done(*exit),
                // There is nothing like it in the simulation.
                Err(Failure::NotStarted { .. }) => return,
                // It is given up here, and has no end that anybody could tell.
                Err(_) => Verdict::Killed,
            };
            let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let record = Record {
                command: command.clone(),
                stdout: kept.0.clone(),
                stderr: kept.1.clone(),
                ends: self.cluster.now(),
                end,
            };
            let host = &mut self.cluster.state().machines[machine];
            host.operations.insert(id.clone(), record);
        };
        let struck = fault::strike(self, machine, &due, command, streams, |streams| {
            self.watched(machine, user, command, streams, ran)
        });
        if matches!(struck, Err(Failure::Lost { .. })) {
            let rebooted = self.booted(machine) != booted;
            let record = &mut self.cluster.state().machines[machine].operations;
            if let Some(record) = record.get_mut(&id)
                && let Verdict::Done(_) = record.end
            {
                // The connection went away while it ran, not when it was over.
                let now = self.cluster.clock.reading();
                self.cluster
                    .clock
                    .set(begun + now.saturating_sub(begun) / 2);
                if rebooted {
                    record.end = Verdict::Rebooted;
                }
            }
        }
        struck.map(Verdict::Done)
    }

    /// Follows the operation that has `record`.
    fn again(
        &self,
        operation: &Operation<'_>,
        record: &Record,
        seen: &mut Seen,
        output: &mut Taker<'_>,
    ) -> Result<Verdict, Failure> {
        let (wanted, kept) = (operation.command, &record.command);
        let same =
            (&wanted.body, &wanted.stdin, &wanted.env) == (&kept.body, &kept.stdin, &kept.env);
        if operation.start && !same && record.end != Verdict::Unstarted {
            return Err(self.refused(Refusal::Record, operation.differs(&record.command.line())));
        }
        let left = record.ends.saturating_sub(self.cluster.now());
        self.pass(ROUND_TRIP.max(left), wanted)?;
        let outputs = [
            (Stream::Stdout, &record.stdout, &mut seen.stdout),
            (Stream::Stderr, &record.stderr, &mut seen.stderr),
        ];
        for (stream, bytes, seen) in outputs {
            let from = usize::try_from(*seen)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            if from < bytes.len() {
                *seen = bytes.len() as u64;
                output(stream, &bytes[from..]).map_err(|error| Failure::Lost {
                    host: self.name.clone(),
                    command: wanted.line(),
                    reason: error.to_string(),
                })?;
            }
        }
        Ok(record.end.clone())
    }

    fn booted(&self, machine: usize) -> (bool, Duration) {
        let host = &self.cluster.state().machines[machine];
        (host.up, host.booted)
    }

    fn pass(&self, time: Duration, command: &Command) -> Result<(), Failure> {
        let deadline = command
            .timeout
            .map(|limit| self.cluster.clock.reading() + limit);
        self.cluster
            .pass(time, deadline, command.effect)
            .map_err(|halt| self.failure(command, halt))
    }

    /// The host that `command` goes to, and the user there.
    ///
    /// # Errors
    /// [`Failure`] if there is no way to it.
    pub(super) fn open(&self, command: &Command) -> Result<(usize, String), Failure> {
        crate::transport::dialogue::check(command).map_err(|why| why.of(&self.name, command))?;
        if self.cluster.clock.overspent().is_some() {
            return Err(self.refused(Refusal::Unreachable, OVERSPENT));
        }
        let Some(machine) = self.cluster.state().find(&self.name) else {
            return Err(self.refused(Refusal::Unreachable, "no route to host"));
        };
        let shut =
            fault::wake(&self.cluster, machine).map_err(|halt| self.failure(command, halt))?;
        if let Some(reason) = shut {
            return Err(self.refused(Refusal::Unreachable, reason));
        }
        let user = self.user(command, machine)?;
        Ok((machine, user))
    }
}
