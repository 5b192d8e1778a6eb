//! The phases that a run went through, and what each returned.

use std::collections::HashMap;

use serde_json::Value;

use super::event::{Event, Record};

/// A phase that reached its end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Passed {
    /// What it returned, where that could be kept.
    pub value: Option<Value>,
    /// Why it could not.
    pub lacking: Option<String>,
    /// The hosts that it was not for: left out then.
    pub without: Vec<String>,
    /// The hosts that there were.
    pub hosts: Vec<String>,
}

/// Phases that reached their end, by title and by which one of that title they are.
pub type PassedPhases = HashMap<(String, u32), Passed>;

/// The phases that reached their end, by title and by which one of that title it is in a process; the
/// last time counts.
pub fn passed(records: &[Record]) -> PassedPhases {
    let mut found = PassedPhases::new();
    let (mut hosts, mut without) = (Vec::new(), Vec::new());
    let mut met: HashMap<&str, u32> = HashMap::new();
    for record in records {
        match &record.event {
            Event::RunStarted { hosts: all, .. } => hosts.clone_from(all),
            Event::Resumed { .. } => {
                met.clear();
                without.clear();
            }
            Event::LeftOut { host } => without.push(host.clone()),
            Event::PhaseStarted { title } => *met.entry(title).or_default() += 1,
            Event::PhaseLeftOut { title, value } => {
                let number = met.entry(title).or_default();
                *number += 1;
                // It is of an earlier run, or was on record with more about it already.
                let passed = found
                    .entry((title.clone(), *number))
                    .or_insert_with(|| Passed {
                        hosts: hosts.clone(),
                        ..Passed::default()
                    });
                passed.value = Some(value.clone());
            }
            Event::PhaseFinished {
                title,
                value,
                lacking,
            } => {
                let number = met.get(title.as_str()).copied().unwrap_or(1);
                let passed = Passed {
                    value: value.clone(),
                    lacking: lacking.clone(),
                    without: without.clone(),
                    hosts: hosts.clone(),
                };
                found.insert((title.clone(), number), passed);
            }
            _ => {}
        }
    }
    found
}
