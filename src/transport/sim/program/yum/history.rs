//! `yum history list` and `yum history info`.

use std::sync::Arc;

use super::Request;
use crate::transport::sim::packages::{Entry, Package};
use crate::transport::sim::pattern;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::time::utc;

/// `yum history [list [PATTERN...] | info [ID...]]`.
pub fn run(process: &Process<'_>, request: &Request) -> Ended {
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    match words.split_first() {
        None => list(process, &[]),
        Some((&"list", patterns)) => list(process, patterns),
        Some((&"info", ids)) => info(process, ids),
        Some((other, _)) => process.unmodelled(format_args!("yum history {other}")),
    }
}

fn list(process: &Process<'_>, patterns: &[&str]) -> Ended {
    let mut text =
        "ID     | Command line             | Date and time    | Action(s)      | Altered\n"
            .to_owned();
    text.push_str(&"-".repeat(79));
    text.push('\n');
    let here = process.here();
    let entries: Vec<(usize, Arc<Entry>)> = here
        .packages
        .history
        .iter()
        .enumerate()
        .filter(|(_, entry)| {
            patterns.is_empty()
                || packages(entry).any(|one| {
                    patterns
                        .iter()
                        .any(|wanted| pattern::matches(wanted, &one.name))
                })
        })
        .map(|(at, entry)| (at + 1, Arc::clone(entry)))
        .collect();
    drop(here);
    for (id, entry) in entries.iter().rev() {
        let line: String = entry.command.chars().take(24).collect();
        text.push_str(&format!(
            "{id:>6} | {line:<24} | {} | {:<14} | {:>4}{}\n",
            utc(entry.began, "%Y-%m-%d %H:%M"),
            action(entry),
            entry.elements.len(),
            if entry.complete { "" } else { " **" },
        ));
    }
    text.push_str("history list\n");
    process.write(text)?;
    Ok(0)
}

fn info(process: &Process<'_>, ids: &[&str]) -> Ended {
    let history = process.here().packages.history.clone();
    let wanted: Vec<usize> = if ids.is_empty() {
        vec![history.len()]
    } else {
        ids.iter().filter_map(|id| id.parse().ok()).collect()
    };
    let mut text = String::new();
    for (at, id) in wanted.iter().enumerate() {
        let Some(entry) = id.checked_sub(1).and_then(|at| history.get(at)) else {
            return process.fail(1, "Error: No transaction ID, or package, given");
        };
        if at > 0 {
            text.push_str(&"-".repeat(79));
            text.push('\n');
        }
        let result = if entry.complete {
            "Success"
        } else {
            "** Aborted **"
        };
        text.push_str(&format!(
            "Transaction ID : {id}\nBegin time     : {}\nReturn-Code    : {result}\nCommand Line   : {}\nPackages Altered:\n",
            utc(entry.began, "%a %b %e %H:%M:%S %Y"),
            entry.command,
        ));
        for element in &entry.elements {
            match (&element.old, &element.new) {
                (Some((old, from)), Some((new, to))) => {
                    let newer = new.evr > old.evr;
                    let (was, is) = if newer {
                        ("Updated", "Update")
                    } else {
                        ("Downgrade", "Downgraded")
                    };
                    text.push_str(&format!("    {was:<10} {} @{from}\n", old.nevra()));
                    let indent = " ".repeat(old.name.len() + 1);
                    text.push_str(&format!(
                        "    {is:<10} {indent}{}.{} @{to}\n",
                        new.evr.version_release(),
                        new.arch
                    ));
                }
                (None, Some((new, to))) => {
                    text.push_str(&format!("    {:<10} {} @{to}\n", "Install", new.nevra()));
                }
                (Some((old, from)), None) => {
                    text.push_str(&format!("    {:<10} {} @{from}\n", "Erase", old.nevra()));
                }
                (None, None) => {}
            }
        }
    }
    text.push_str("history info\n");
    process.write(text)?;
    Ok(0)
}

fn packages(entry: &Entry) -> impl Iterator<Item = &Package> {
    entry
        .elements
        .iter()
        .flat_map(|element| element.new.iter().chain(&element.old))
        .map(|(package, _)| &**package)
}

fn action(entry: &Entry) -> &'static str {
    let mut kinds: Vec<&str> = entry
        .elements
        .iter()
        .map(|element| match (&element.old, &element.new) {
            (Some((old, _)), Some((new, _))) if new.evr > old.evr => "Update",
            (Some(_), Some(_)) => "Downgrade",
            (None, _) => "Install",
            (Some(_), None) => "Erase",
        })
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    match kinds.as_slice() {
        [one] => one,
        _ => "I, U, E",
    }
}
