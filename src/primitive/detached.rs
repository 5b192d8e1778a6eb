//! Commands that outlive the connection, and the records that they leave on the host.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Host, Started};
use crate::transport::detached::{self, Operation, OperationId, Taker, Verdict};
use crate::transport::{Command, Exit, Failure, Output, Stream, Streams};

/// The records on a host of which we know the end.
#[derive(Debug, Default)]
pub(super) struct Records(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Nobody needs them any more.
    spent: Vec<OperationId>,
    /// Their step may still ask for them.
    held: Vec<OperationId>,
}

impl Records {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operation `begun` ended with `outcome`, which the journal has. What nobody knows the end of keeps its record.
    pub(super) fn ended(&self, begun: Started, outcome: &Result<Output, Failure>) {
        let (Some(operation), Ok(_)) = (begun.operation, outcome) else {
            return;
        };
        let kept = &mut *self.kept();
        match begun.held {
            true => kept.held.push(operation),
            false => kept.spent.push(operation),
        }
    }
}

impl Host {
    /// Runs `command` so that it outlives the connection, and hands its output to `take`.
    pub(super) fn follow(
        &self,
        way: &dyn detached::Detached,
        command: &Command,
        begun: &Started,
        take: &mut Taker<'_>,
    ) -> Result<Exit, Failure> {
        let Some(id) = &begun.operation else {
            unreachable!("who calls this has a name for it");
        };
        // Their ends are on disk: what announces a command is, and they stand before it.
        let spent = std::mem::take(&mut self.records.kept().spent);
        let operation = Operation {
            id,
            command,
            start: !begun.before,
            spent: &spent,
        };
        let mut away = |why: &str| self.observer.away(begun.number, &self.name, why);
        detached::follow(way, self.clock(), &operation, take, &mut away)
    }

    /// Runs `command`, which changes nothing, and asks again when the connection is lost over it; what it
    /// printed is in `stdout` and `stderr`.
    pub(super) fn look(
        &self,
        command: &Command,
        begun: &Started,
        stdout: &mut Vec<u8>,
        stderr: &mut Vec<u8>,
    ) -> Result<Exit, Failure> {
        let mut away = |why: &str| self.observer.away(begun.number, &self.name, why);
        detached::look(self.clock(), &self.name, command, &mut away, || {
            stdout.clear();
            stderr.clear();
            self.transport.execute(
                command,
                Streams {
                    input: &mut command.stdin.as_deref().unwrap_or_default(),
                    output: &mut |stream, bytes| {
                        self.observer
                            .output(begun.number, &self.name, stream, bytes);
                        match stream {
                            Stream::Stdout => &mut *stdout,
                            Stream::Stderr => &mut *stderr,
                        }
                        .extend_from_slice(bytes);
                        Ok(())
                    },
                },
            )
        })
    }

    /// What became of the operation `id`, which an earlier process started here as `line`, with its whole
    /// output; waits for its end if it runs. `None` where nothing outlives a connection.
    ///
    /// # Errors
    /// [`Failure`] if the host cannot be asked.
    pub fn settle(
        &self,
        number: u64,
        id: &OperationId,
        line: &str,
    ) -> Result<Option<(Verdict, Output)>, Failure> {
        let Some(way) = self.transport.detached() else {
            return Ok(None);
        };
        let started = self.clock().reading();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let verdict = detached::settle(
            &*way,
            self.clock(),
            id,
            line,
            &mut |stream, bytes| {
                self.observer.output(number, &self.name, stream, bytes);
                match stream {
                    Stream::Stdout => &mut stdout,
                    Stream::Stderr => &mut stderr,
                }
                .extend_from_slice(bytes);
                Ok(())
            },
            &mut |why| self.observer.away(number, &self.name, why),
        )?;
        let exit = match verdict {
            Verdict::Done(exit) => exit,
            _ => Exit::Signal(9),
        };
        let output = Output {
            exit,
            stdout,
            stderr,
            duration: self.clock().since(started),
        };
        Ok(Some((verdict, output)))
    }

    /// The journal has the end of `operation`: its record is not needed any more.
    pub fn spend(&self, operation: OperationId) {
        self.records.kept().spent.push(operation);
    }

    /// The journal has the end of `operation`, but its step may still ask for its record.
    pub fn hold(&self, operation: OperationId) {
        self.records.kept().held.push(operation);
    }

    /// The step that held records here is over.
    pub fn release(&self) {
        let kept = &mut *self.records.kept();
        kept.spent.append(&mut kept.held);
    }

    /// Removes the records of which the journal has the end, if there are any.
    ///
    /// # Errors
    /// [`Failure`]; they are then left behind.
    pub fn sweep(&self) -> Result<(), Failure> {
        let spent = std::mem::take(&mut self.records.kept().spent);
        match self.transport.detached() {
            Some(way) if !spent.is_empty() => way.forget(&spent),
            _ => Ok(()),
        }
    }

    /// Removes all records of the run called `run`.
    ///
    /// # Errors
    /// [`Failure`]; they are then left behind.
    pub fn sweep_run(&self, run: &str) -> Result<(), Failure> {
        self.transport
            .detached()
            .map_or(Ok(()), |way| way.forget_run(run))
    }

    /// The operations of which the host has a record, with what became of each.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn leftovers(&self) -> Result<Vec<(OperationId, Verdict)>, Failure> {
        self.transport
            .detached()
            .map_or_else(|| Ok(Vec::new()), |way| way.leftovers())
    }
}
