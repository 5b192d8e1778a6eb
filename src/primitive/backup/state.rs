//! What a host has installed and enabled, on record before anything is changed.

use serde::{Deserialize, Serialize};

use super::evacuate::{Prepared, prepared};
use crate::error::Result;
use crate::primitive::file::{self, Attributes};
use crate::primitive::{Change, Host};
use crate::transport::Command;

/// What a host had installed and enabled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// `rpm -qa`, sorted.
    pub packages: Vec<String>,
    /// Unit and enable state, one a line, as `systemctl list-unit-files` says.
    pub unit_files: Vec<String>,
}

/// Records which packages are installed and which units are enabled, in `DIR/state/`, unless that
/// was done before: the first record is the one to go back to.
///
/// # Errors
/// `Command` if `rpm` or `systemctl` fails; as [`file::write`].
pub fn capture_state(host: &Host, dir: &str) -> Result<Change<State>> {
    capture_in(host, &prepared(host, dir)?)
}

/// As [`capture_state`], in a directory that was just prepared.
pub(super) fn capture_in(host: &Host, prepared: &Prepared) -> Result<Change<State>> {
    let dir = format!("{}/state", prepared.dir);
    let private = Attributes::new("root:root", "0700");
    let records = ["rpm-qa", "unit-files"].map(|name| format!("{dir}/{name}"));
    let inside = [records[0].as_str(), &records[1]];
    let there = file::mkdirs(host, &[&dir], &private, &inside)?;
    let mut changed = false;
    let mut record = |path: &String, command: Command| -> Result<Vec<String>> {
        if !there.contains(path) {
            let output = host.run(&file::in_english(command))?;
            let text = output.text();
            let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            lines.sort_unstable();
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            file::write_new(host, path, &text, &Attributes::new("root:root", "0600"))?;
            changed = true;
            return Ok(lines.into_iter().map(str::to_owned).collect());
        }
        let text = file::read(host, path)?;
        Ok(text.lines().map(str::to_owned).collect())
    };
    let after = State {
        packages: record(&records[0], Command::reads(["rpm", "-qa"]))?,
        unit_files: record(
            &records[1],
            Command::reads(["systemctl", "list-unit-files", "--no-legend", "--no-pager"]),
        )?,
    };
    Ok(Change {
        changed,
        before: after.clone(),
        after,
    })
}
