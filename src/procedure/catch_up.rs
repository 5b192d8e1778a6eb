//! What earlier processes of a run left under way on the hosts is let to its end, before anything is
//! done again.

use super::fan;
use super::run::Run;
use super::watch::Level;
use crate::error::{Error, Kind, Result};
use crate::journal::{Begun, Event, Outcome};
use crate::primitive::{Host, tail};
use crate::transport::detached::{OperationId, Verdict};
use crate::transport::interrupt;

impl Run {
    /// Waits for the commands that may still run on `hosts` though nobody follows them, and puts their ends
    /// on record.
    ///
    /// # Errors
    /// [`Kind::Hosts`] with each host that cannot be asked.
    pub fn catch_up(&self, hosts: &[Host]) -> Result<()> {
        let adrift = self.journal.adrift();
        let busy: Vec<Host> = hosts
            .iter()
            .filter(|host| adrift.contains_key(host.name()))
            .cloned()
            .collect();
        let results = fan::out(&busy, self.forks(), self.clock(), &|host| {
            let mut here = adrift.get(host.name()).into_iter().flatten();
            here.try_for_each(|(number, begun)| self.catch_up_with(host, *number, begun))
        });
        let failures: Vec<(String, Error)> = busy
            .iter()
            .zip(results)
            .filter_map(|(host, result)| Some((host.name().to_owned(), result.err()?)))
            .collect();
        if failures.is_empty() {
            return Ok(());
        }
        Err(Error::new(Kind::Hosts {
            action: "asking what became of the commands that were under way".to_owned(),
            failures,
        }))
    }

    /// Removes from `hosts` the records of commands that nobody needs any more: all of this run's if it is
    /// `over` and earlier processes had a part in it. What cannot be removed is said, and stays: it takes a
    /// little room and does no harm.
    pub fn sweep(&self, hosts: &[Host], over: bool) {
        if interrupt::requested() {
            return;
        }
        let results = fan::out(hosts, self.forks(), self.clock(), &|host| match over {
            true if self.journal.left_records_on(host.name()) => {
                host.sweep_run(self.journal.mark())
            }
            _ => host.sweep(),
        });
        for (host, result) in hosts.iter().zip(results) {
            if let Err(failure) = result {
                let text =
                    format!("records of its commands stay there, for `ocpdg clean`: {failure}");
                self.display.note(Level::Warning, Some(host.name()), &text);
            }
        }
    }

    fn catch_up_with(&self, host: &Host, number: u64, begun: &Begun) -> Result<()> {
        let id = OperationId::of(self.journal.mark(), number);
        let line = &begun.command;
        self.display.command(number, host.name(), line, true);
        let settled = host.settle(number, &id, line);
        self.display.command_ended(number, host.name());
        let Some((verdict, output)) = settled? else {
            return Ok(());
        };
        let cut_off = |by: &str| {
            (
                Outcome::CutOff {
                    reason: by.to_owned(),
                },
                by.to_owned(),
            )
        };
        let (outcome, how) = match verdict {
            Verdict::Done(exit) => (
                Outcome::Ended {
                    status: exit.code(),
                },
                format!("it went on by itself, and {exit}"),
            ),
            Verdict::Absent | Verdict::Unstarted => {
                let reason = "the host has nothing of it, it had not begun".to_owned();
                let outcome = Outcome::NotStarted {
                    reason: reason.clone(),
                };
                (outcome, reason)
            }
            Verdict::Killed => cut_off("something killed it before its end"),
            Verdict::Rebooted => cut_off("the host went down before its end"),
            Verdict::Running => {
                return Err(Error::stopped(format!(
                    "`{line}` still runs on `{}`",
                    host.name()
                )));
            }
        };
        self.journal.append(Event::CommandEnded {
            operation: number,
            outcome,
            duration_ms: u64::try_from(output.duration.as_millis()).unwrap_or(u64::MAX),
            stdout: tail(&output.stdout),
            stderr: tail(&output.stderr),
        })?;
        self.display.note(
            Level::Note,
            Some(host.name()),
            &format!("`{line}` was under way: {how}"),
        );
        match verdict {
            // It keeps what was on its way from beginning after all; it goes with the last of the run.
            Verdict::Absent | Verdict::Unstarted => {}
            _ if begun.once => host.hold(id),
            _ => host.spend(id),
        }
        Ok(())
    }
}
