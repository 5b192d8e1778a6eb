//! `journalctl`.

use std::time::Duration;

use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::super::units::{self, full_name};
use super::Program;
use super::time::utc;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[("journalctl", journalctl)];

/// `journalctl -u UNIT [-n N] [--since=@SECONDS] [--no-pager]`.
fn journalctl(process: &mut Process<'_>, argv: &[String]) -> Ended {
    let (mut wanted, mut lines, mut since, mut follow) = (Vec::new(), None, None, false);
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-u" | "--unit" => wanted.extend(words.next().map(|name| full_name(name))),
            "-n" | "--lines" => lines = words.next().and_then(|text| text.parse::<usize>().ok()),
            "--no-pager" | "-q" | "-l" | "-x" | "-e" | "-xe" | "--no-hostname" => {}
            "-f" | "--follow" => follow = true,
            "-fu" => {
                follow = true;
                wanted.extend(words.next().map(|name| full_name(name)));
            }
            _ => match word.split_once('=') {
                Some(("--since", text)) if text.starts_with('@') => {
                    since = text[1..].parse::<u64>().ok().map(Duration::from_secs);
                }
                Some(("--lines", text)) => lines = text.parse().ok(),
                Some(("--unit", name)) => wanted.push(full_name(name)),
                _ => return process.unmodelled(format_args!("journalctl {word}")),
            },
        }
    }
    units::settle(process)?;
    let (name, found) = {
        let here = process.here();
        let found: Vec<_> = here
            .units
            .journal
            .iter()
            .filter(|line| wanted.is_empty() || wanted.contains(&line.unit))
            .filter(|line| since.is_none_or(|since| line.time >= since))
            .cloned()
            .collect();
        (
            here.name.split('.').next().unwrap_or_default().to_owned(),
            found,
        )
    };
    let skipped = lines.map_or(0, |lines| found.len().saturating_sub(lines));
    let mut text = match found.first() {
        None => "-- No entries --\n".to_owned(),
        Some(first) => format!(
            "-- Logs begin at {}. --\n",
            utc(first.time, "%a %Y-%m-%d %H:%M:%S UTC")
        ),
    };
    for line in found.iter().skip(skipped) {
        text.push_str(&format!(
            "{} {name} {}[{}]: {}\n",
            utc(line.time, "%b %d %H:%M:%S"),
            line.by,
            line.pid,
            line.text
        ));
    }
    process.write(text)?;
    if follow {
        // It never ends by itself: it meets the command's time, or whoever waits for it.
        loop {
            process.spend(Duration::from_secs(60))?;
            if process.deadline.is_none() {
                return Err(Halt::Lost("`journalctl -f` never ends".to_owned()));
            }
        }
    }
    Ok(0)
}
