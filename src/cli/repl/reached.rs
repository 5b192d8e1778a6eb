//! Which hosts answered so far: nothing is asked for the prompt's sake.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;
use crate::primitive::{Observer, Started};
use crate::transport::{Command, Failure, Output, Stream};

/// What became of the last command on each host: whether there was an answer, or why not.
#[derive(Default)]
pub struct Reached {
    hosts: Mutex<HashMap<String, Option<String>>>,
}

impl Reached {
    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Option<String>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of `hosts` answered when they were asked last.
    pub fn count<'a>(&self, hosts: impl Iterator<Item = &'a str>) -> usize {
        let known = self.hosts();
        hosts
            .filter(|host| matches!(known.get(*host), Some(None)))
            .count()
    }

    /// What is known of `host`, in words.
    pub fn of(&self, host: &str) -> String {
        match self.hosts().get(host) {
            None => "not asked yet".to_owned(),
            Some(None) => "answers".to_owned(),
            Some(Some(why)) => why.clone(),
        }
    }
}

/// Takes notice of who answers, and passes everything on.
pub struct Noticing {
    /// Who is told.
    pub reached: Arc<Reached>,
    /// Who sees the commands.
    pub observer: Arc<dyn Observer>,
}

impl Observer for Noticing {
    fn starting(&self, host: &str, command: &Command, detached: bool) -> Result<Started> {
        self.observer.starting(host, command, detached)
    }

    fn output(&self, command: u64, host: &str, stream: Stream, bytes: &[u8]) {
        self.observer.output(command, host, stream, bytes);
    }

    fn away(&self, command: u64, host: &str, why: &str) {
        self.observer.away(command, host, why);
    }

    fn ended(
        &self,
        command: &Started,
        host: &str,
        outcome: std::result::Result<&Output, &Failure>,
    ) -> Result<()> {
        match outcome {
            Ok(_) => drop(self.reached.hosts().insert(host.to_owned(), None)),
            Err(failure) if failure.is_interrupt() => {}
            Err(failure) => {
                let why = Some(failure.to_string());
                self.reached.hosts().insert(host.to_owned(), why);
            }
        }
        self.observer.ended(command, host, outcome)
    }
}
