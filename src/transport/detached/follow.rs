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
    let mut gone: Option<(Duration, Failure)> = None;
    let mut pauses = PAUSES.iter();
    let mut pause = PAUSES[0];
    loop {
        let before = seen;
        let failure = match way.attach(operation, &mut seen, output) {
            Ok(verdict) => return Ok(verdict),
            Err(failure) => failure,
        };
        let unreachable = matches!(
            &failure,
            Failure::NotStarted {
                refusal: Refusal::Unreachable,
                ..
            }
        );
        match &failure {
            // It was followed again meanwhile: this is another loss.
            Failure::Lost { reason, .. } if gone.is_none() || seen != before => {
                away(&format!(
                    "the connection was lost ({reason}); what runs there goes on, and is followed again"
                ));
                gone = Some((clock.reading(), failure));
                pauses = PAUSES.iter();
            }
            Failure::Lost { .. } => {}
            _ if unreachable && gone.is_some() => {}
            _ => return Err(failure),
        }
        if let Some((since, first)) = &gone
            && clock.since(*since) > PATIENCE
        {
            return Err(first.clone());
        }
        pause = pauses.next().copied().unwrap_or(pause);
        if !clock.wait(pause) {
            return Err(Failure::Interrupted {
                host: way.host().to_owned(),
                command: operation.command.line(),
            });
        }
    }
}
