//! Following an operation across lost connections.

use std::time::Duration;

use super::{Detached, Operation, OperationId, Seen, Taker, Verdict};
use crate::transport::clock::Clock;
use crate::transport::{Command, Effect, Exit, Failure, Refusal};

/// How long a host may be away while an operation runs on it.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long to wait before the first and before further attempts to reach it again.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(5),
];

const KILLED: &str = "something killed it before its end";
const REBOOTED: &str = "the host went down before its end";

/// Starts `operation` if it is to be started, and returns how it ended. A connection that is lost meanwhile
/// is built up again; `away` is told why it was lost.
///
/// # Errors
/// [`Failure::NotStarted`] if nothing happened; [`Failure::Lost`] if the host stays away;
/// [`Failure::CutOff`] if the operation did not come to its end there; the operator's interrupt and the
/// command's own time limit.
pub fn follow(
    way: &dyn Detached,
    clock: &dyn Clock,
    operation: &Operation<'_>,
    output: &mut Taker<'_>,
    away: &mut dyn FnMut(&str),
) -> Result<Exit, Failure> {
    let verdict = verdict(way, clock, operation, output, away)?;
    let cut_off = |reason: &str| {
        Err(Failure::CutOff {
            host: way.host().to_owned(),
            command: operation.command.line(),
            reason: reason.to_owned(),
        })
    };
    match verdict {
        Verdict::Done(exit) => Ok(exit),
        Verdict::Killed => cut_off(KILLED),
        Verdict::Rebooted => cut_off(REBOOTED),
        Verdict::Running => Err(Failure::Lost {
            host: way.host().to_owned(),
            command: operation.command.line(),
            reason: "the host stopped following it".to_owned(),
        }),
        Verdict::Absent | Verdict::Unstarted => Err(Failure::NotStarted {
            host: way.host().to_owned(),
            refusal: Refusal::Start,
            reason: "there is no trace of it on the host".to_owned(),
        }),
    }
}

/// What became of the operation `id`, which an earlier process started as `line`; waits for its end
/// if it runs.
///
/// # Errors
/// [`Failure`] if the host cannot be asked, and the operator's interrupt.
pub fn settle(
    way: &dyn Detached,
    clock: &dyn Clock,
    id: &OperationId,
    line: &str,
    output: &mut Taker<'_>,
    away: &mut dyn FnMut(&str),
) -> Result<Verdict, Failure> {
    let command = Command::shell(line, Effect::Changes);
    let operation = Operation {
        id,
        command: &command,
        start: false,
        spent: &[],
    };
    verdict(way, clock, &operation, output, away)
}

/// Follows `operation` over as many connections as it takes.
fn verdict(
    way: &dyn Detached,
    clock: &dyn Clock,
    operation: &Operation<'_>,
    output: &mut Taker<'_>,
    away: &mut dyn FnMut(&str),
) -> Result<Verdict, Failure> {
    let mut seen = Seen::default();
    let mut losses = Losses::new(clock, "what runs there goes on, and is followed again");
    loop {
        let before = seen;
        match way.attach(operation, &mut seen, output) {
            Ok(verdict) => return Ok(verdict),
            Err(failure) => {
                losses.bear(failure, seen != before, away, || Failure::Interrupted {
                    host: way.host().to_owned(),
                    command: operation.command.line(),
                })?
            }
        }
    }
}

/// Does `look`, which runs `command` on `host` and changes nothing there, over as many connections as it
/// takes; `away` is told of each that is lost.
///
/// # Errors
/// Those of `look`; [`Failure::Lost`] if the host stays away.
pub fn look<T>(
    clock: &dyn Clock,
    host: &str,
    command: &Command,
    away: &mut dyn FnMut(&str),
    mut look: impl FnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut losses = Losses::new(clock, "what was asked there is asked again");
    loop {
        match look() {
            Ok(seen) => return Ok(seen),
            Err(failure) => losses.bear(failure, false, away, || Failure::Interrupted {
                host: host.to_owned(),
                command: command.line(),
            })?,
        }
    }
}

/// The connections that were lost over one command.
struct Losses<'a> {
    clock: &'a dyn Clock,
    /// What is done about it, for the operator.
    remedy: &'a str,
    /// When the last one was lost, and how.
    gone: Option<(Duration, Failure)>,
    /// The attempts since then.
    attempts: usize,
}

impl<'a> Losses<'a> {
    fn new(clock: &'a dyn Clock, remedy: &'a str) -> Self {
        Self {
            clock,
            remedy,
            gone: None,
            attempts: 0,
        }
    }

    /// Waits before the next attempt, if `failure` is a loss and the host has not been away for too long;
    /// `anew` if it was reached meanwhile.
    fn bear(
        &mut self,
        failure: Failure,
        anew: bool,
        away: &mut dyn FnMut(&str),
        interrupted: impl FnOnce() -> Failure,
    ) -> Result<(), Failure> {
        match (&failure, &self.gone) {
            (Failure::Lost { reason, .. }, gone) if gone.is_none() || anew => {
                away(&format!(
                    "the connection was lost ({reason}); {}",
                    self.remedy
                ));
                self.gone = Some((self.clock.reading(), failure));
                self.attempts = 0;
            }
            (Failure::Lost { .. }, _) => {}
            (
                Failure::NotStarted {
                    refusal: Refusal::Unreachable,
                    ..
                },
                Some(_),
            ) => {}
            _ => return Err(failure),
        }
        if let Some((since, first)) = &self.gone
            && self.clock.since(*since) > PATIENCE
        {
            return Err(first.clone());
        }
        let pause = PAUSES[self.attempts.min(PAUSES.len() - 1)];
        self.attempts += 1;
        match self.clock.wait(pause) {
            true => Ok(()),
            false => Err(interrupted()),
        }
    }
}
