//! A journal as an operator reads it: the log, and a shell transcript.

use std::collections::HashMap;
use std::fmt::Write;

use super::event::{Ending, Event, Outcome, Record};

/// What of a journal to show.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this host.
    pub host: Option<String>,
    /// Only what failed.
    pub failures: bool,
    /// Commands too.
    pub commands: bool,
}

impl Filter {
    fn wants(&self, host: &str) -> bool {
        self.host.as_deref().is_none_or(|wanted| wanted == host)
    }
}

/// The log: one line per event, commands with the end of what they printed.
pub fn render(records: &[Record], filter: &Filter) -> String {
    let mut log = Log::new(filter.clone());
    records.iter().map(|record| log.take(record)).collect()
}

/// A log that is written as the run goes on.
#[derive(Debug)]
pub struct Log {
    filter: Filter,
    /// The commands that did not end yet: host and command.
    commands: HashMap<u64, (String, String)>,
}

impl Log {
    /// A log of what `filter` wants.
    pub fn new(filter: Filter) -> Self {
        Self {
            filter,
            commands: HashMap::new(),
        }
    }

    /// The lines of the next record; empty if it has none.
    pub fn take(&mut self, record: &Record) -> String {
        let Self { filter, commands } = self;
        let mut log = String::new();
        let mut lines = Vec::new();
        match &record.event {
            Event::RunStarted {
                run,
                script,
                inventory,
                operator,
                version,
                parameters,
                ..
            } => {
                lines.push(format!(
                    "run {run}: {script} on {inventory}, by {operator}, ocpdg {version}"
                ));
                lines.extend(parameters.iter().map(set));
            }
            Event::Resumed {
                operator,
                parameters,
                ..
            } => {
                lines.push(format!("resumed by {operator}"));
                lines.extend(parameters.iter().map(set));
            }
            Event::LeftOut { host } => {
                lines.push(format!("{host} is left out; its steps stay open"))
            }
            Event::PhaseStarted { title } if !filter.failures => lines.push(title.clone()),
            Event::PhaseLeftOut { title, .. } if !filter.failures => {
                lines.push(format!(
                    "{title}: not executed, what it returned is on record"
                ));
            }
            Event::StepSkipped {
                step,
                host,
                operator,
                reason,
            } if filter.wants(host) => lines.push(format!(
                "  {host}: {}: done by hand, says {operator}: {reason}",
                step.title
            )),
            Event::StepFinished {
                step,
                host,
                changed,
                ..
            } if filter.wants(host) && !filter.failures => {
                let how = if *changed { "changed" } else { "ok" };
                lines.push(format!("  {host}: {}: {how}", step.title));
            }
            Event::StepFailed { step, host, error } if filter.wants(host) => {
                let how = if error.is_stop() { "stopped" } else { "FAILED" };
                let why = error.to_string();
                let why = why.strip_prefix("stopped: ").unwrap_or(&why);
                lines.push(format!("  {host}: {}: {how}: {why}", step.title));
                lines.extend(error.at.iter().map(|at| format!("      at {at}")));
                lines.extend(
                    error
                        .details()
                        .into_iter()
                        .map(|line| format!("      {line}")),
                );
            }
            Event::CommandStarted {
                operation,
                host,
                command,
                aside: false,
                ..
            } => {
                commands.insert(*operation, (host.clone(), command.clone()));
            }
            Event::CommandEnded {
                operation,
                outcome,
                duration_ms,
                stdout,
                stderr,
            } => {
                if let Some((host, command)) = commands.remove(operation) {
                    let failed = *outcome != Outcome::Ended { status: 0 };
                    if filter.wants(&host) && filter.commands && (failed || !filter.failures) {
                        let how = match outcome {
                            Outcome::Ended { status } => format!("status {status}"),
                            Outcome::Unknown { reason }
                            | Outcome::NotStarted { reason }
                            | Outcome::CutOff { reason } => reason.clone(),
                        };
                        lines.push(format!("    {host}$ {command}   [{how}, {duration_ms} ms]"));
                        for line in stdout.lines().chain(stderr.lines()) {
                            lines.push(format!("        {line}"));
                        }
                    }
                }
            }
            Event::Confirmed {
                question,
                hosts,
                answer,
                ..
            } => {
                let place = if hosts.is_empty() {
                    String::new()
                } else {
                    format!(" for {}", hosts.join(", "))
                };
                let answer = if *answer { "yes" } else { "no" };
                lines.push(format!("{question} {answer}{place}"));
            }
            Event::Noted {
                warning,
                host,
                text,
            } if !filter.failures && host.as_deref().is_none_or(|host| filter.wants(host)) => {
                let place = host
                    .as_ref()
                    .map(|host| format!("{host}: "))
                    .unwrap_or_default();
                let mark = if *warning { "warning: " } else { "" };
                lines.push(format!("    {mark}{place}{text}"));
            }
            Event::Tabled { header, rows } if !filter.failures => {
                lines.extend(
                    aligned(header, rows)
                        .into_iter()
                        .map(|row| format!("    {row}")),
                );
            }
            Event::RunEnded {
                ending,
                changes,
                error,
            } => {
                let how = match ending {
                    Ending::Completed => "completed",
                    Ending::Failed => "failed",
                    Ending::Stopped => "stopped",
                };
                let why = error
                    .as_ref()
                    .map(|error| format!(": {error}"))
                    .unwrap_or_default();
                lines.push(format!("{how}, {changes} changing commands{why}"));
            }
            _ => {}
        }
        let time = record.time.strftime("%F %T");
        let mut margin = time.to_string();
        for line in &lines {
            let indent = line.len() - line.trim_start().len();
            for (at, part) in line.lines().enumerate() {
                // What follows a line break belongs below what stands before it.
                let deeper = if at == 0 { 0 } else { indent + 2 };
                // Writing to a string cannot fail.
                let _ = writeln!(log, "{margin}  {:deeper$}{part}", "");
                margin = " ".repeat(19);
            }
        }
        log
    }
}

/// A parameter as `--set` takes it.
fn set((name, value): (&String, &serde_json::Value)) -> String {
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    format!("  --set {name}={value}")
}

/// `header` and `rows` as lines, their columns below each other.
fn aligned(header: &[String], rows: &[Vec<String>]) -> Vec<String> {
    let all = || std::iter::once(header).chain(rows.iter().map(Vec::as_slice));
    let columns = all().map(<[String]>::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = all().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    all()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let line: String = cells
                .map(|(cell, width)| format!("{:width$}  ", one_line(cell)))
                .collect();
            line.trim_end().to_owned()
        })
        .collect()
}

/// What was run on `host`, as commands to be typed there, in order, under the manual's headings.
///
/// Only changing commands: what a human needs to finish by hand.
pub fn transcript(records: &[Record], host: &str) -> String {
    let mut text = String::new();
    let mut heading = String::new();
    let mut ended: HashMap<u64, &Outcome> = HashMap::new();
    for record in records {
        if let Event::CommandEnded {
            operation, outcome, ..
        } = &record.event
        {
            ended.insert(*operation, outcome);
        }
    }
    let _ = writeln!(text, "# what ocpdg ran on {host}");
    for record in records {
        let Event::CommandStarted {
            operation,
            step,
            host: on,
            command,
            changes: true,
            ..
        } = &record.event
        else {
            continue;
        };
        if on != host {
            continue;
        }
        let title = step.as_ref().map(ToString::to_string);
        let title = title.unwrap_or_else(|| "outside of steps".to_owned());
        let title = one_line(&title);
        if title != heading {
            let _ = writeln!(text, "\n# {title}");
            heading = title;
        }
        let _ = writeln!(text, "{}", command.trim_end_matches('\n'));
        // On a line of its own: behind the end of a here-document it would belong to it.
        let _ = match ended.get(operation) {
            Some(Outcome::Ended { status: 0 }) => Ok(()),
            Some(Outcome::Ended { status }) => writeln!(text, "#   ended with status {status}"),
            Some(
                Outcome::Unknown { reason }
                | Outcome::NotStarted { reason }
                | Outcome::CutOff { reason },
            ) => writeln!(text, "#   {}", one_line(reason)),
            None => writeln!(text, "#   never ended, as far as is known"),
        };
    }
    text
}

/// `text` without line breaks, so that it stays a comment.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
