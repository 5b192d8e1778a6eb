//! The protocol between us and a host's shell: what is sent, and how the answers are read.

use std::sync::LazyLock;

use super::{Detached, Operation, OperationId, Seen, Taker, Verdict};
use crate::transport::dialogue;
use crate::transport::framing::{Side, State};
use crate::transport::quote::quote;
use crate::transport::{
    Body, Command, Effect, Exit, Failure, Refusal, Stream, Streams, Survival, Transport, sys,
};

const JUDGE: &str = include_str!("judge.sh");
static ATTACH: LazyLock<String> = LazyLock::new(|| bare(&[JUDGE, include_str!("attach.sh")]));
static SUPERVISOR: LazyLock<String> = LazyLock::new(|| bare(&[include_str!("supervisor.sh")]));
static LEFTOVERS: LazyLock<String> = LazyLock::new(|| bare(&[JUDGE, include_str!("leftovers.sh")]));

/// Removes what was begun and never became a record, and directories of ours that hold nothing.
const TIDY: &str = "find \"$root\" -mindepth 1 -maxdepth 1 -name '.*' -mmin +60 -exec rm -rf {} +\n\
    rmdir \"$root\" \"${root%/*}\" 2>/dev/null || :\n";

/// `texts` without their comments, which need not travel.
fn bare(texts: &[&str]) -> String {
    let lines = texts.iter().flat_map(|text| text.lines());
    let mut text = String::new();
    for line in lines.filter(|line| !line.trim_start().starts_with('#') && !line.is_empty()) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// A way on which a host's shell starts and follows operations.
pub struct ByShell<'a> {
    way: &'a dyn Transport,
    host: &'a str,
}

impl<'a> ByShell<'a> {
    /// Over `way` to `host`.
    pub fn new(way: &'a dyn Transport, host: &'a str) -> Self {
        Self { way, host }
    }
}

impl Detached for ByShell<'_> {
    fn host(&self) -> &str {
        self.host
    }

    fn attach(
        &self,
        operation: &Operation<'_>,
        seen: &mut Seen,
        output: &mut Taker<'_>,
    ) -> Result<Verdict, Failure> {
        dialogue::check(operation.command).map_err(|why| why.of(self.host, operation.command))?;
        let (head, tail) = (":ocpdg-", sys::unpredictable());
        let token = format!("{head}{tail}");
        let job = if operation.start {
            job(operation.command)
        } else {
            Default::default()
        };
        let [environment, command, input] = job.each_ref().map(|part| part.len().to_string());
        let start = if operation.start { "yes" } else { "no" };
        let (out, err) = (seen.stdout.to_string(), seen.stderr.to_string());
        let id = operation.id.to_string();
        let sizes = [&environment, &command, &input].map(String::as_str);
        let words = [
            &[start, head, &tail, &out, &err],
            &sizes[..],
            &[&id, &SUPERVISOR],
        ]
        .concat();
        let mut side = Side::default();
        let exit = self.way.execute(
            &ask(operation.command, &ATTACH, &words, operation.spent),
            Streams {
                input: &mut job.concat().as_slice(),
                output: &mut |stream, bytes| {
                    let mut taken = Ok(());
                    let mut take = |seen: &mut u64, piece: &[u8]| {
                        if taken.is_ok() {
                            taken = output(stream, piece);
                            *seen += piece.len() as u64;
                        }
                    };
                    match stream {
                        Stream::Stdout => side.received(token.as_bytes(), bytes, &mut |piece| {
                            take(&mut seen.stdout, piece);
                        }),
                        Stream::Stderr => take(&mut seen.stderr, bytes),
                    }
                    taken
                },
            },
        );
        let exit = exit.map_err(|failure| about(failure, operation.command))?;
        if side.state != State::Ended {
            return Err(Failure::Lost {
                host: self.host.to_owned(),
                command: operation.command.line(),
                reason: format!("what followed it on the host {exit}"),
            });
        }
        read(self.host, operation, &String::from_utf8_lossy(&side.held))
    }

    fn forget(&self, spent: &[OperationId]) -> Result<(), Failure> {
        let text = bare(&[JUDGE, "for one; do rm -rf \"${root:?}/$one\"; done\n", TIDY]);
        let command = Command::shell("", Effect::Reads);
        let tidied = self.way.output(&ask(&command, &text, &[], spent));
        tidied.map(drop)
    }

    fn forget_run(&self, run: &str) -> Result<(), Failure> {
        let text = bare(&[JUDGE, "rm -rf \"${root:?}/${1:?}\".*\n", TIDY]);
        let command = Command::shell("", Effect::Reads);
        let tidied = self.way.output(&ask(&command, &text, &[run], &[]));
        tidied.map(drop)
    }

    fn leftovers(&self) -> Result<Vec<(OperationId, Verdict)>, Failure> {
        let command = Command::shell("", Effect::Reads);
        let found = self.way.output(&ask(&command, &LEFTOVERS, &[], &[]))?;
        let lines = found.text();
        lines
            .lines()
            .filter_map(|line| line.split_once(' '))
            // What is not called as an operation is none of ours.
            .filter_map(|(name, said)| Some((OperationId::parse(name)?, said)))
            .map(|(id, said)| Ok((id, verdict(self.host, said)?)))
            .collect()
    }
}

/// The command that runs `text` with `words` and `spent`, as who is to run `command`.
fn ask(command: &Command, text: &str, words: &[&str], spent: &[OperationId]) -> Command {
    let shell = ["sh", "-c", text, "ocpdg"].into_iter();
    let words = shell.chain(words.iter().copied()).map(str::to_owned);
    Command {
        body: Body::Argv(words.chain(spent.iter().map(ToString::to_string)).collect()),
        stdin: None,
        env: Vec::new(),
        effect: command.effect,
        privileged: command.privileged,
        survival: Survival::None,
        timeout: command.timeout,
    }
}

/// `command` as the supervisor's shell reads it: exports, command, input.
fn job(command: &Command) -> [Vec<u8>; 3] {
    let exports = command.env.iter();
    let exports: String = exports
        .map(|(name, value)| format!("export {name}={}\n", quote(value)))
        .collect();
    let text = match &command.body {
        Body::Argv(_) => format!("exec {}\n", command.line()),
        Body::Shell(text) => text.clone(),
    };
    let input = command.stdin.clone().unwrap_or_default();
    [exports.into_bytes(), text.into_bytes(), input]
}

/// `failure` of following as a failure of `command`.
fn about(failure: Failure, command: &Command) -> Failure {
    let line = command.line();
    match failure {
        Failure::NotStarted { .. } | Failure::CutOff { .. } => failure,
        Failure::Lost { host, reason, .. } => Failure::Lost {
            host,
            command: line,
            reason,
        },
        Failure::TimedOut {
            host, limit_secs, ..
        } => Failure::TimedOut {
            host,
            command: line,
            limit_secs,
        },
        Failure::Interrupted { host, .. } => Failure::Interrupted {
            host,
            command: line,
        },
    }
}

/// What the host `said` of `operation`.
fn read(host: &str, operation: &Operation<'_>, said: &str) -> Result<Verdict, Failure> {
    let refused = |refusal, reason| {
        Err(Failure::NotStarted {
            host: host.to_owned(),
            refusal,
            reason,
        })
    };
    match said.split_once(' ') {
        Some(("unwritable", why)) => refused(Refusal::Record, printable(why)),
        Some(("differs", recorded)) => refused(
            Refusal::Record,
            operation.differs(&printable(recorded.trim_start_matches("exec ").trim_end())),
        ),
        _ => verdict(host, said),
    }
}

fn verdict(host: &str, said: &str) -> Result<Verdict, Failure> {
    Ok(match said {
        "running" => Verdict::Running,
        "absent" => Verdict::Absent,
        "unstarted" => Verdict::Unstarted,
        "lost killed" => Verdict::Killed,
        "lost reboot" => Verdict::Rebooted,
        _ => match said.strip_prefix("done ").map(str::parse::<u8>) {
            // As on a direct way: a shell tells 128 + n of signal n.
            Some(Ok(code @ 129..=192)) => Verdict::Done(Exit::Signal(code - 128)),
            Some(Ok(status)) => Verdict::Done(Exit::Status(status)),
            _ => {
                return Err(Failure::NotStarted {
                    host: host.to_owned(),
                    refusal: Refusal::Record,
                    reason: format!("its record cannot be read: `{}`", printable(said)),
                });
            }
        },
    })
}

/// `text` of a host on one line.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(500).map(shown).collect()
}
