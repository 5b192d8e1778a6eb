//! What a run that is resumed was begun with.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::event::{Event, Record};
use crate::error::{Error, Result};

/// What the processes before this one worked with.
pub struct Before {
    /// The inventory file.
    pub inventory: String,
    /// The script, as [`Event::RunStarted`] has it.
    pub script: String,
    /// Further directories that modules came from.
    pub libraries: Vec<String>,
    /// What `--limit` said.
    pub limit: Vec<String>,
    /// The phase that it began with, if it was not the first.
    pub from: Option<String>,
    /// The hosts of the inventory.
    pub hosts: Vec<String>,
    /// SHA-256 of the script and every module: the latest that was agreed to.
    pub sources: BTreeMap<String, String>,
    /// Parameters given by name: the latest of each.
    pub parameters: Map<String, Value>,
}

impl Before {
    /// What `records` say of them.
    ///
    /// # Errors
    /// If they do not begin with the start of a run.
    pub fn of(records: &[Record]) -> Result<Self> {
        let mut events = records.iter().map(|record| &record.event);
        let Some(Event::RunStarted {
            inventory,
            script,
            sources,
            parameters,
            libraries,
            limit,
            from,
            hosts,
            ..
        }) = events.next()
        else {
            return Err(Error::controller(
                "resume",
                "the journal does not begin with the start of a run",
            ));
        };
        let mut before = Self {
            inventory: inventory.clone(),
            script: script.clone(),
            libraries: libraries.clone(),
            limit: limit.clone(),
            from: from.clone(),
            hosts: hosts.clone(),
            sources: sources.clone(),
            parameters: parameters.clone(),
        };
        for event in events {
            if let Event::Resumed {
                sources,
                parameters,
                ..
            } = event
            {
                before.sources.clone_from(sources);
                before.parameters.extend(parameters.clone());
            }
        }
        Ok(before)
    }
}
