//! `ocpdg status`: how a run stands, from a second terminal.

use std::fmt::Write;

use super::Screen;
use super::arguments::StatusArguments;
use super::changes::on;
use super::progress::harmless;
use super::work::shorten;
use crate::error::{Error, Result};
use crate::journal::{self, Ending, OnHost, Past, Pasts, Standing, State};

/// Lines that are shown of one kind.
const SHOWN: usize = 12;

/// What becomes of a run, and the exit status that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It ran to its end, on all hosts.
    Complete,
    /// It failed, or its process died.
    Broken,
    /// It was stopped, or left hosts out.
    Stopped,
    /// It is at work.
    Working,
}

impl Fate {
    fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Broken => 1,
            Self::Stopped => 3,
            Self::Working => 4,
        }
    }
}

/// Prints how a run stands; returns the exit status that says it, too.
pub fn show(request: &StatusArguments) -> std::result::Result<u8, Screen> {
    let root = journal::root()?;
    let pasts = Pasts::read(&root, None)?;
    let past = match &request.run {
        Some(wanted) => pasts.named(wanted)?,
        None => current(&pasts)?,
    };
    let (records, _) = past.summary.read()?;
    let standing = Standing::of(&records);
    let holder = lives(past)?;
    let fate = match (&holder, standing.ending) {
        (Some(_), None) => Fate::Working,
        (_, Some(Ending::Completed)) if past.complete => Fate::Complete,
        (_, Some(Ending::Completed | Ending::Stopped)) => Fate::Stopped,
        _ => Fate::Broken,
    };
    print!("{}", harmless(&told(past, &standing, fate)));
    Ok(fate.code())
}

/// The run that is at work, or was last.
pub fn current(pasts: &Pasts) -> Result<&Past> {
    for past in &pasts.runs {
        if lives(past)?.is_some() {
            return Ok(past);
        }
    }
    match (pasts.latest(), pasts.damaged.last()) {
        (Some(latest), _) => Ok(latest),
        (None, Some((_, error))) => Err(error.clone()),
        (None, None) => Err(Error::invalid("a run to look at", "there is none")
            .with_hint("`ocpdg run SCRIPT` begins one")),
    }
}

/// Who works on `past` now; `None` if nobody does, or on another run of its cluster.
pub fn lives(past: &Past) -> Result<Option<String>> {
    let Some(root) = past
        .summary
        .directory
        .parent()
        .and_then(std::path::Path::parent)
    else {
        return Ok(None);
    };
    let holder = journal::holder(root, &past.summary.cluster)?;
    let own = format!("run {} ", past.summary.run);
    Ok(holder.filter(|holder| holder.starts_with(&own)))
}

fn told(past: &Past, standing: &Standing, fate: Fate) -> String {
    let now = jiff::Timestamp::now();
    let ago = |since: jiff::Timestamp| duration(now.duration_since(since).as_secs());
    let mut text = String::new();
    let mut say = |line: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    say(format!("run {}: {}", past.summary.run, past.script));
    let begun = standing.since.map(clock).unwrap_or_default();
    let by = format!("{}, since {begun}", standing.operator);
    say(match fate {
        Fate::Working => format!("at work: {by}"),
        Fate::Broken if standing.ending.is_none() => format!(
            "its process died: {by}; its last event was {} ago",
            standing.last.map(ago).unwrap_or_default()
        ),
        _ => format!("{}: {by}", past.state()),
    });
    if let Some((phase, since)) = &standing.phase {
        say(format!("phase: {phase}, for {}", ago(*since)));
    } else if let Some(phase) = standing.phases.last() {
        say(format!("phase: after {phase}"));
    }
    let open = standing.open();
    let of = |wanted: fn(&OnHost) -> bool| -> Vec<String> {
        let mut lines = Vec::new();
        for (step, hosts) in &open {
            let hosts: Vec<&&OnHost> = hosts.iter().filter(|on| wanted(on)).collect();
            let Some(since) = hosts.iter().map(|on| on.since).min() else {
                continue;
            };
            let names: Vec<&str> = hosts.iter().map(|on| on.host.as_str()).collect();
            lines.push(format!("`{step}` on {}, for {}", on(&names), ago(since)));
        }
        lines
    };
    let began = of(|on| on.state == State::Open);
    let failed = of(|on| matches!(on.state, State::Failed(_)));
    let commands: Vec<String> = standing
        .commands
        .values()
        .map(|command| {
            let changes = if command.changes { "" } else { ", only looks" };
            let line = shorten(&command.command, 100);
            format!(
                "{}: `{line}`, for {}{changes}",
                command.host,
                ago(command.since)
            )
        })
        .collect();
    let mut waits: Vec<String> = standing
        .waits
        .iter()
        .map(|(host, wait)| {
            let place = host
                .as_ref()
                .map(|host| format!("{host}: "))
                .unwrap_or_default();
            let limit = duration(i64::try_from(wait.limit_secs).unwrap_or(i64::MAX));
            format!(
                "{place}{}, for {} of at most {limit}",
                wait.what,
                ago(wait.since)
            )
        })
        .collect();
    if let Some((question, since)) = &standing.asked {
        waits.push(format!("an answer to `{question}`, for {}", ago(*since)));
    }
    let under_way = match fate {
        Fate::Working => "commands under way",
        _ => "commands whose end is not known",
    };
    let steps = match fate {
        Fate::Working => "steps at work",
        _ => "steps begun",
    };
    for (title, lines) in [
        (steps, began),
        ("steps that failed", failed),
        (under_way, commands),
        ("waits for", waits),
    ] {
        if !lines.is_empty() {
            say(format!("{title}:"));
        }
        let more = lines.len().saturating_sub(SHOWN);
        for line in lines.into_iter().take(SHOWN) {
            say(format!("  {line}"));
        }
        if more > 0 {
            say(format!("  and {more} more"));
        }
    }
    if let Some((step, on, how)) = last(standing) {
        say(format!(
            "last: `{step}` {how} on {}, {} ago",
            on.host,
            ago(on.since)
        ));
    }
    if !standing.left_out.is_empty() {
        say(format!("left out: {}", standing.left_out.join(", ")));
    }
    let run = &past.summary.run;
    say(match fate {
        Fate::Working if standing.asked.is_some() => {
            "next: answer in the terminal where it runs".to_owned()
        }
        Fate::Stopped | Fate::Broken if past.is_typed() => {
            format!("next: nothing goes on from here; `ocpdg log {run}` shows what it did")
        }
        Fate::Working => format!("next: wait; `ocpdg log -f {run}` follows it"),
        Fate::Complete => {
            format!("next: nothing is left to do; `ocpdg log {run}` shows what it did")
        }
        _ => format!(
            "next: `ocpdg resume {run}` goes on; `ocpdg log --failures {run}` shows what went wrong"
        ),
    });
    text
}

/// The step that was settled last, where, and how.
fn last(standing: &Standing) -> Option<(String, &OnHost, &'static str)> {
    let all = standing
        .steps
        .iter()
        .flat_map(|(step, hosts)| hosts.iter().map(move |on| (step, on)));
    let settled = all.filter_map(|(step, on)| {
        let how = match &on.state {
            State::Finished(_) => "finished",
            State::Failed(_) => "failed",
            State::Skipped => "was skipped",
            State::Open => return None,
        };
        Some((step.to_string(), on, how))
    });
    settled.max_by_key(|(_, on, _)| on.since)
}

fn clock(time: jiff::Timestamp) -> String {
    let time = time.to_zoned(jiff::tz::TimeZone::system());
    time.strftime("%F %T").to_string()
}

/// `secs` in words.
fn duration(secs: i64) -> String {
    match secs.max(0) {
        secs @ ..120 => format!("{secs} s"),
        secs @ ..7200 => format!("{} min", secs / 60),
        secs => format!("{} h {} min", secs / 3600, secs / 60 % 60),
    }
}
