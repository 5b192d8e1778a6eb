//! `ocpdg resume`: find the run to go on with, put it together again, and let it go.

use std::path::{Path, PathBuf};

use super::Screen;
use super::arguments::ResumeArguments;
use super::attempt::{Attempt, chosen};
use super::check::checked;
use super::phases::{span, titles};
use super::progress::harmless;
use super::prompt::Terminal;
use super::run::{libraries, parameters, usable};
use super::world::World;
use super::{changes, skip};
use crate::error::{Error, Result};
use crate::journal::{self, Before, Event, Journal, Past, Pasts, Standing};
use crate::procedure::{Operator, Question};
use crate::script::{Runtime, Script};

/// Continues a run where it stopped.
pub fn resume(request: &ResumeArguments) -> std::result::Result<(), Screen> {
    request.manner.on_error.possible()?;
    let root = journal::root()?;
    // A run that is named is found whatever the inventory says, which is compared below.
    let cluster = match &request.inventory.inventory {
        Some(file) if request.run.is_none() => Some(usable(file)?.identity()),
        _ => None,
    };
    let pasts = Pasts::read(&root, cluster.as_deref())?;
    let past = match &request.run {
        Some(wanted) => named(&pasts, wanted)?,
        None => first_open(&pasts, &root)?,
    };
    let (journal, records, torn) = Journal::reopen(&root, &past.summary)?;
    if let Some(torn) = torn {
        eprintln!("warning: {torn}");
    }
    let before = Before::of(&records)?;
    let file = request.inventory.inventory.as_deref();
    let cluster = usable(file.unwrap_or(Path::new(&before.inventory)))?;
    if cluster.identity() != past.summary.cluster {
        return Err(Error::invalid(
            format!("inventory `{}`", cluster.source.display()),
            format!("describes another cluster than run {}", past.summary.run),
        )
        .with_hint(format!(
            "give the inventory of that run: `-i {}`",
            before.inventory
        ))
        .into());
    }
    chosen(&cluster, &before.limit, &request.manner.without)?;
    let script = Script::recorded(&before.script, &shown(&before.script)).map_err(|error| {
        error.with_hint(format!(
            "the run began with `{}`: put it back there",
            before.script
        ))
    })?;
    let mut further = request.manner.lib.clone();
    further.extend(before.libraries.iter().map(PathBuf::from));
    let runtime = Runtime::new(libraries(&further, &script));
    let loaded = checked(&runtime, &script)?;
    let set = parameters(&request.set, &loaded)?;
    eprintln!("resuming run {} of {}", past.summary.run, past.script);
    let standing = Standing::of(&records);
    tell_left_out(&standing, &request.manner.without);
    let mut asked = request.phases.clone();
    // A run that began within the procedure has no record of what comes before.
    asked.from = asked.from.or(before.from.clone());
    let titles = titles(&script, &loaded, &runtime, &standing.phases);
    let span = span(&asked, &titles, journal::passed(&records))?;
    let skips = skip::meant(&request.skip, &standing)?;
    let run = &past.summary.directory;
    let mut different = changes::of_sources(run, &before.sources, &loaded, &runtime, &standing);
    different.extend(changes::of_hosts(run, &before.hosts, &cluster));
    let reason = request.reason.clone().unwrap_or_default();
    let questions = doubts(&pasts, past, different)
        .into_iter()
        .chain((!skips.is_empty()).then(|| skip::question(&skips, &reason)));
    let mut answered = Vec::new();
    for question in questions {
        let terminal = Terminal {
            yes: request.manner.yes,
        };
        if !terminal.confirm(&question)? {
            let reason = format!("the answer to `{}` was no", question.title);
            return Err(Error::stopped(reason).into());
        }
        answered.push(question);
    }
    journal.append(Event::Resumed {
        format: journal::FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        operator: journal::operator(),
        sources: loaded.digests.clone(),
        parameters: set.clone(),
    })?;
    for question in answered {
        journal.append(Event::Confirmed {
            question: question.title,
            hosts: question.hosts,
            details: question.details,
            answer: true,
        })?;
    }
    for skip in skips {
        journal.append(Event::StepSkipped {
            step: skip.step,
            host: skip.host,
            operator: journal::operator(),
            reason: reason.clone(),
        })?;
    }
    let mut parameters = before.parameters;
    for (name, value) in set {
        eprintln!(
            "parameter `{name}` is set anew; steps that are finished keep what they did before"
        );
        parameters.insert(name, value);
    }
    Attempt {
        journal,
        world: World::real(cluster),
        script,
        runtime,
        loaded,
        parameters,
        limit: before.limit,
        span,
    }
    .go(&request.manner)
}

/// The run called `wanted`.
///
/// # Errors
/// If there is none, or nothing of it is left to do.
fn named<'a>(pasts: &'a Pasts, wanted: &str) -> Result<&'a Past> {
    let past = pasts.named(wanted)?;
    if past.is_typed() {
        let run = &past.summary.run;
        let reason = "was typed line by line: there is no script to go on with";
        return Err(Error::invalid(format!("run {run}"), reason)
            .with_hint(format!("`ocpdg log {run}` shows what was done")));
    }
    if !past.complete {
        return Ok(past);
    }
    let cluster = &past.summary.cluster;
    let other = pasts
        .open()
        .into_iter()
        .find(|run| run.summary.cluster == *cluster);
    Err(match other {
        Some(other) => Error::invalid(format!("run {}", past.summary.run), "has completed")
            .with_hint(format!(
                "another one has not: `ocpdg resume {}` continues {}",
                other.summary.run,
                other.line()
            )),
        None => nothing_left(past),
    })
}

/// The run to go on with when none is named; names the others that did not complete.
///
/// # Errors
/// If all are complete; if runs of several clusters are not.
fn first_open<'a>(pasts: &'a Pasts, root: &Path) -> Result<&'a Past> {
    let open = pasts.open();
    let Some(first) = open.first() else {
        return Err(match (pasts.damaged.last(), pasts.latest()) {
            (Some((_, error)), _) => error.clone(),
            (None, Some(latest)) => nothing_left(latest),
            (None, None) => {
                let reason = format!("there is none in `{}`", root.display());
                Error::invalid("a run to resume", reason).with_hint("`ocpdg run SCRIPT` begins one")
            }
        });
    };
    if open
        .iter()
        .any(|run| run.summary.cluster != first.summary.cluster)
    {
        let lines: Vec<String> = open.iter().map(|run| run.line()).collect();
        return Err(Error::invalid(
            "a run to resume",
            format!(
                "those of several clusters did not complete: {}",
                lines.join(", ")
            ),
        )
        .with_hint("name the run, or its inventory with `-i FILE`"));
    }
    for (_, error) in &pasts.damaged {
        eprintln!("warning: {}", harmless(&error.to_string()));
    }
    for other in &open[1..] {
        eprintln!(
            "not resumed, though it did not complete: run {}",
            other.line()
        );
    }
    let cluster = &first.summary.cluster;
    let latest = pasts
        .runs
        .iter()
        .filter(|run| run.summary.cluster == *cluster)
        .max_by_key(|run| &run.summary.run);
    if let Some(latest) = latest.filter(|latest| latest.complete && latest.script != first.script) {
        eprintln!("the latest run is of another script: {}", latest.line());
    }
    Ok(first)
}

fn nothing_left(past: &Past) -> Error {
    let run = &past.summary.run;
    let reason = "has completed: nothing is left to do";
    Error::invalid(format!("run {run}"), reason).with_hint(format!(
        "`ocpdg log {run}` shows what it did, `ocpdg run SCRIPT` begins another"
    ))
}

/// Says which hosts the process before left out, and what becomes of them now.
fn tell_left_out(standing: &Standing, without: &[String]) {
    let (still, back): (Vec<&String>, Vec<&String>) = standing
        .left_out
        .iter()
        .partition(|host| without.contains(host));
    for host in back {
        eprintln!(
            "{host} was left out before: its steps are done now; if it is still dead, `--without {host}`"
        );
    }
    for host in still {
        eprintln!("{host} was left out before, and is again");
    }
}

/// The question whether to go on with `past` although the script or the inventory is `different`, or the
/// cluster; `None` if nothing is.
fn doubts(pasts: &Pasts, past: &Past, different: Vec<String>) -> Option<Question> {
    let mut details = different;
    for other in pasts.changed_since(past) {
        details.push(format!(
            "another run changed the cluster since: {}",
            other.line()
        ));
    }
    (!details.is_empty()).then(|| Question {
        title: format!("Resume run {} all the same?", past.summary.run),
        hosts: Vec::new(),
        details,
    })
}

/// The absolute `path` as an operator in the working directory would type it.
fn shown(path: &str) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(path);
    path.strip_prefix(here).unwrap_or(path).to_owned()
}
