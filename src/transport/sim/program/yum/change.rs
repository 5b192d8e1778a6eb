//! `yum install`, `remove`, `swap`, `downgrade`, `update`: from words to a transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Request;
use super::report::{agreed, closing, summary, unresolved};
use crate::transport::sim::packages::{
    self, Available, Change, Database, Package, Plan, Problem, erase_with_dependents,
    resolve_install,
};
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::stream::Halt;

type Chosen = Vec<(Arc<Package>, String)>;

/// What is to be done, and what was said on the way.
#[derive(Default)]
struct Choice {
    install: Chosen,
    /// Names to go.
    erase: Vec<String>,
    /// Names that the command line asked for and that were not found anywhere.
    unknown: usize,
    /// Lines for standard output.
    said: Vec<String>,
}

/// Runs the command of `request`, the lock in hand.
pub fn run(process: &mut Process<'_>, request: &Request) -> Ended {
    let choice = match request.command.as_str() {
        "remove" | "erase" => removal(process, &request.words),
        "install" | "localinstall" => installation(process, request, &request.words)?,
        "swap" => match swap(process, request)? {
            Some(choice) => choice,
            None => return Ok(0),
        },
        "downgrade" => downgrade(process, request)?,
        _ => update(process, request)?,
    };
    for line in &choice.said {
        process.line(line)?;
    }
    if choice.install.is_empty() && choice.erase.is_empty() {
        return nothing(process, request, &choice);
    }
    if request.strict_names && choice.unknown > 0 {
        return process.fail(1, "Not tolerating missing names on install, stopping.");
    }
    let changes = match resolve(process, request, choice)? {
        Ok(changes) => changes,
        Err(problems) => return unresolved(process, &problems),
    };
    summary(process, &changes)?;
    if request.download_only {
        return download(process, request, &changes);
    }
    if !agreed(process, request)? {
        return Ok(1);
    }
    process.line("Running transaction")?;
    let plan = Plan {
        changes,
        command: Some(request.line.clone()),
    };
    let said = packages::run(process, &plan)?;
    for line in said {
        process.line(line)?;
    }
    closing(process, &plan.changes)?;
    process.line("Complete!")?;
    Ok(0)
}

fn nothing(process: &Process<'_>, request: &Request, choice: &Choice) -> Ended {
    match request.command.as_str() {
        "remove" | "erase" => {
            process.line("No Packages marked for removal")?;
            Ok(0)
        }
        // Names that are all there already are no error, names that nobody knows are.
        _ if choice.unknown == 0 => {
            process.line("Nothing to do")?;
            Ok(0)
        }
        _ => process.fail(1, "Error: Nothing to do"),
    }
}

/// What of the installed packages `patterns` name.
fn removal(process: &Process<'_>, patterns: &[String]) -> Choice {
    let here = process.here();
    let mut choice = Choice::default();
    for pattern in patterns {
        let found = installed(&here.packages, pattern);
        if found.is_empty() {
            choice.unknown += 1;
            choice
                .said
                .push(format!("No Match for argument: {pattern}"));
        }
        for package in found {
            if !choice.erase.contains(&package.name) {
                choice.erase.push(package.name.clone());
            }
        }
    }
    choice
}

fn installation(
    process: &Process<'_>,
    request: &Request,
    patterns: &[String],
) -> Result<Choice, Halt> {
    let available = super::available(process, request)?;
    let mut choice = Choice::default();
    for pattern in patterns {
        if pattern.ends_with(".rpm") {
            let package = local(process, pattern)?;
            take(process, &mut choice, package, pattern.clone());
            continue;
        }
        let found = newest(matching(&available, pattern));
        if found.is_empty() {
            let here = process.here();
            match installed(&here.packages, pattern).first() {
                Some(there) => choice.said.push(latest(there)),
                None => {
                    choice.unknown += 1;
                    choice.said.push(format!("No package {pattern} available."));
                }
            }
        }
        for (package, from) in found {
            take(process, &mut choice, package, from);
        }
    }
    Ok(choice)
}

fn latest(package: &Package) -> String {
    format!(
        "Package {} already installed and latest version",
        package.nevra()
    )
}

/// Takes `package` in unless it, or a newer one, is there.
fn take(process: &Process<'_>, choice: &mut Choice, package: Arc<Package>, from: String) {
    let here = process.here();
    match here.packages.get(&package.name) {
        Some(have) if have.evr == package.evr => choice.said.push(latest(have)),
        Some(have) if have.evr > package.evr => choice.said.push(format!(
            "Package matching {} already installed. Checking for update.",
            package.nevra()
        )),
        _ => choice.install.push((package, from)),
    }
}

/// The package in the file `path`.
fn local(process: &Process<'_>, path: &str) -> Result<Arc<Package>, Halt> {
    let found = {
        let state = process.cluster.state();
        let content = state.machines[process.machine]
            .files
            .read(&process.path(path))
            .ok();
        content.and_then(|content| state.catalog.of_archive(&content).cloned())
    };
    let Some(package) = found else {
        process.complain(format!(
            "Cannot open: {path}. Skipping.\nError: Nothing to do\n"
        ))?;
        return Err(Halt::Exit(1));
    };
    process.line(format_args!("Examining {path}: {}", package.nevra()))?;
    Ok(package)
}

/// `swap A B`, or `swap -- remove A... -- install B...`; nothing if there is nothing to remove: the whole
/// command then ends with status 0, and installs nothing.
fn swap(process: &Process<'_>, request: &Request) -> Result<Option<Choice>, Halt> {
    let (mut out, mut into) = (Vec::new(), Vec::new());
    if request.words.iter().any(|word| word == "--") {
        for part in request
            .words
            .split(|word| word == "--")
            .filter(|part| !part.is_empty())
        {
            match part[0].as_str() {
                "remove" | "erase" => out.extend_from_slice(&part[1..]),
                "install" => into.extend_from_slice(&part[1..]),
                other => return process.unmodelled(format_args!("yum swap -- {other}")),
            }
        }
    } else {
        out.extend(request.words.first().cloned());
        into.extend(request.words.iter().skip(1).cloned());
    }
    let gone = removal(process, &out);
    for line in &gone.said {
        process.line(line)?;
    }
    if gone.erase.is_empty() {
        return Ok(None);
    }
    let available = super::available(process, request)?;
    let mut choice = Choice {
        erase: gone.erase,
        ..Choice::default()
    };
    for pattern in &into {
        if pattern.ends_with(".rpm") {
            choice
                .install
                .push((local(process, pattern)?, pattern.clone()));
            continue;
        }
        let found = newest(matching(&available, pattern));
        if found.is_empty() {
            choice.unknown += 1;
            choice.said.push(format!("No package {pattern} available."));
        }
        choice.install.extend(found);
    }
    choice.erase.retain(|name| {
        choice
            .install
            .iter()
            .all(|(package, _)| package.name != *name)
    });
    Ok(Some(choice))
}

fn downgrade(process: &Process<'_>, request: &Request) -> Result<Choice, Halt> {
    let available = super::available(process, request)?;
    let mut choice = Choice::default();
    for pattern in &request.words {
        let candidates = if pattern.ends_with(".rpm") {
            vec![(local(process, pattern)?, pattern.clone())]
        } else {
            matching(&available, pattern)
        };
        let here = process.here();
        let lower = candidates
            .into_iter()
            .filter(|(one, _)| {
                here.packages
                    .get(&one.name)
                    .is_some_and(|have| one.evr < have.evr)
            })
            .collect();
        let found = newest(lower);
        if found.is_empty() {
            choice.unknown += 1;
            choice
                .said
                .push(format!("No Match for available package: {pattern}"));
        }
        choice.install.extend(found);
    }
    Ok(choice)
}

fn update(process: &Process<'_>, request: &Request) -> Result<Choice, Halt> {
    let available = super::available(process, request)?;
    let here = process.here();
    let newer = available
        .packages
        .iter()
        .filter(|(one, _)| {
            here.packages
                .get(&one.name)
                .is_some_and(|have| one.evr > have.evr)
        })
        .filter(|(one, _)| {
            request.words.is_empty() || request.words.iter().any(|word| one.is_called(word))
        })
        .cloned()
        .collect();
    Ok(Choice {
        install: newest(newer),
        ..Choice::default()
    })
}

fn installed(database: &Database, pattern: &str) -> Vec<Arc<Package>> {
    database
        .packages()
        .filter(|one| one.is_called(pattern))
        .cloned()
        .collect()
}

fn matching(available: &Available, pattern: &str) -> Chosen {
    let all = available.packages.iter();
    all.filter(|(one, _)| one.is_called(pattern))
        .cloned()
        .collect()
}

/// The newest of each name.
fn newest(packages: Chosen) -> Chosen {
    let mut best: BTreeMap<String, (Arc<Package>, String)> = BTreeMap::new();
    for (package, from) in packages {
        let better = best
            .get(&package.name)
            .is_none_or(|(have, _)| have.evr < package.evr);
        if better {
            best.insert(package.name.clone(), (package, from));
        }
    }
    best.into_values().collect()
}

/// The whole transaction of `choice`.
fn resolve(
    process: &Process<'_>,
    request: &Request,
    choice: Choice,
) -> Result<Result<Vec<Change>, Vec<Problem>>, Halt> {
    let removes_only = choice.install.is_empty();
    let available = if removes_only {
        Available::default()
    } else {
        super::available(process, request)?
    };
    let here = process.here();
    // What is erased takes along what cannot be without it, unless what comes keeps that content.
    let mut with_new = Database {
        installed: here.packages.installed.clone(),
        history: Vec::new(),
    };
    for name in &choice.erase {
        with_new.installed.remove(name);
    }
    let erased = if removes_only {
        erase_with_dependents(&here.packages, &choice.erase)
    } else {
        choice.erase.clone()
    };
    let install = if removes_only {
        Vec::new()
    } else {
        match resolve_install(&with_new, &available, choice.install) {
            Ok(install) => install,
            Err(problems) => return Ok(Err(problems)),
        }
    };
    let mut changes: Vec<Change> = install
        .into_iter()
        .map(|(package, from)| Change {
            old: here.packages.get(&package.name).cloned(),
            new: Some((package, from)),
        })
        .collect();
    changes.extend(erased.iter().filter_map(|name| {
        here.packages.get(name).map(|old| Change {
            new: None,
            old: Some(Arc::clone(old)),
        })
    }));
    Ok(Ok(changes))
}

fn download(process: &Process<'_>, request: &Request, changes: &[Change]) -> Ended {
    let directory = request
        .download_dir
        .clone()
        .unwrap_or_else(|| "/var/cache/yum".to_owned());
    let packages = changes.iter().filter_map(|change| change.new.as_ref());
    for (package, _) in packages {
        super::tools::store(process, package, &directory)?;
    }
    process.line("exiting because \"Download Only\" specified")?;
    Ok(0)
}
