//! The plan that a rehearsal prints: per phase and host, what would change.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use similar::TextDiff;

use super::progress::harmless;
use crate::error::Result;
use crate::journal::StepId;
use crate::procedure::{Display, Ended, Level, Operator, Question};
use crate::transport::Stream;
use crate::transport::sim::cluster::Cluster;
use crate::transport::sim::difference::{Difference, Picture};

/// Looks on while a script runs on simulated hosts, and keeps what it changes.
pub struct Plan {
    cluster: Arc<Cluster>,
    kept: Mutex<Kept>,
}

struct Kept {
    before: Picture,
    phases: Vec<Phase>,
}

#[derive(Default)]
struct Phase {
    title: String,
    commands: usize,
    asked: Vec<Question>,
    warnings: Vec<String>,
    failed: Vec<String>,
    hosts: Vec<(String, Vec<Difference>)>,
}

impl Plan {
    /// A plan for what is about to happen on `cluster`.
    pub fn new(cluster: &Arc<Cluster>) -> Self {
        let first = Phase {
            title: "Before the first phase".to_owned(),
            ..Phase::default()
        };
        Self {
            cluster: Arc::clone(cluster),
            kept: Mutex::new(Kept {
                before: Picture::of(cluster),
                phases: vec![first],
            }),
        }
    }

    /// With the phase that is open.
    fn with(&self, keep: impl FnOnce(&mut Phase)) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(phase) = kept.phases.last_mut() {
            keep(phase);
        }
    }

    /// The open phase is over.
    fn close(&self) {
        let now = Picture::of(&self.cluster);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let hosts = kept.before.differences(&now);
        if let Some(phase) = kept.phases.last_mut() {
            phase.hosts = hosts;
        }
        kept.before = now;
    }

    /// The plan as text.
    pub fn text(&self) -> String {
        self.close();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        for phase in &kept.phases {
            let quiet = phase.hosts.is_empty() && phase.asked.is_empty();
            if quiet && phase.title.starts_with("Before") && phase.failed.is_empty() {
                continue;
            }
            phase.write(&mut text);
        }
        harmless(&text)
    }
}

impl Phase {
    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "\n{}", self.title);
        for question in &self.asked {
            let _ = writeln!(text, "  will be asked: {}", question.title);
            if !question.hosts.is_empty() {
                let _ = writeln!(text, "      hosts: {}", question.hosts.join(", "));
            }
            for line in &question.details {
                let _ = writeln!(text, "      {line}");
            }
        }
        for (hosts, changes) in alike(&self.hosts) {
            let _ = writeln!(text, "  {}", listed(&hosts));
            text.push_str(&changes);
        }
        if self.hosts.is_empty() {
            let _ = writeln!(text, "  nothing changes");
        }
        for (word, lines) in [("warning", &self.warnings), ("fails", &self.failed)] {
            for line in lines {
                let _ = writeln!(text, "  {word}: {line}");
            }
        }
        if self.commands > 0 {
            let _ = writeln!(text, "  ({} commands that change something)", self.commands);
        }
    }
}

/// Hosts on which the same changes, each group with the text of what does.
fn alike(hosts: &[(String, Vec<Difference>)]) -> Vec<(Vec<&str>, String)> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<(Vec<&str>, String)> = Vec::new();
    for (host, all) in hosts {
        let mut text = String::new();
        for one in all {
            write(one, &mut text);
        }
        match places.get(&text) {
            Some(place) => groups[*place].0.push(host),
            None => {
                places.insert(text.clone(), groups.len());
                groups.push((vec![host], text));
            }
        }
    }
    groups
}

/// The names in one line, but for those beyond the first ten.
fn listed(hosts: &[&str]) -> String {
    const SHOWN: usize = 10;
    match hosts.len().checked_sub(SHOWN) {
        None | Some(0) => hosts.join(", "),
        Some(more) => format!("{} and {more} more", hosts[..SHOWN].join(", ")),
    }
}

fn write(difference: &Difference, text: &mut String) {
    let said = match difference {
        Difference::Package {
            name,
            before,
            after,
        } => {
            let version = |version: &Option<String>| {
                version
                    .clone()
                    .unwrap_or_else(|| "not installed".to_owned())
            };
            writeln!(
                text,
                "    package  {name}: {} -> {}",
                version(before),
                version(after)
            )
        }
        Difference::Unit {
            name,
            before,
            after,
        } => {
            writeln!(text, "    service  {name}: {before} -> {after}")
        }
        Difference::Docker { before, after } => writeln!(
            text,
            "    docker   {} containers, {} images -> {} containers, {} images",
            before.0, before.1, after.0, after.1
        ),
        Difference::Data { path, how, files } => {
            let files = match files {
                1 => "1 file".to_owned(),
                many => format!("{many} files"),
            };
            writeln!(text, "    data     {how} {path} ({files})")
        }
        Difference::Text {
            path,
            before,
            after,
        } => {
            let how = match (before, after) {
                (None, _) => "new ",
                (_, None) => "removed ",
                _ => "",
            };
            let done = writeln!(text, "    file     {how}{path}");
            // What goes or comes whole is told by its name.
            if let (Some(before), Some(after)) = (before, after) {
                let diff = TextDiff::from_lines(before, after);
                for line in diff.unified_diff().context_radius(1).to_string().lines() {
                    let _ = writeln!(text, "        {line}");
                }
            }
            done
        }
    };
    // A text takes everything.
    let _ = said;
}

impl Operator for Plan {
    fn confirm(&self, question: &Question) -> Result<bool> {
        self.with(|phase| phase.asked.push(question.clone()));
        Ok(true)
    }
}

impl Display for Plan {
    fn phase(&self, title: &str) {
        self.close();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.phases.push(Phase {
            title: title.to_owned(),
            ..Phase::default()
        });
    }

    fn step(&self, _step: &StepId, _hosts: &[&str], _done: &[&str]) {}

    fn ended(&self, step: &StepId, host: &str, how: Ended<'_>, _took: Duration) {
        if let Ended::Failed(error) = how {
            let line = format!("{} on {host}: {error}", step.title);
            self.with(|phase| phase.failed.push(line));
        }
    }

    fn step_ended(&self) {}

    fn command(&self, _number: u64, _host: &str, _line: &str, changes: bool) {
        self.with(|phase| phase.commands += usize::from(changes));
    }

    fn output(&self, _number: u64, _host: &str, _stream: Stream, _bytes: &[u8]) {}

    fn command_ended(&self, _number: u64, _host: &str) {}

    fn note(&self, level: Level, host: Option<&str>, text: &str) {
        if level == Level::Warning {
            let line = match host {
                Some(host) => format!("{host}: {text}"),
                None => text.to_owned(),
            };
            self.with(|phase| phase.warnings.push(line));
        }
    }

    fn table(&self, _header: &[String], _rows: &[Vec<String>]) {}

    fn waiting(&self, _host: Option<&str>, _what: &str, _since: Duration, _limit: Duration) {}
}
