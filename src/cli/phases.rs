//! `--from` and `--to`: which phases of a script are executed.

use serde_json::{Map, Value};

use super::arguments::Phases;
use crate::error::{Error, Result};
use crate::journal::{self, Event, PassedPhases, Pasts};
use crate::procedure::{self, Span};
use crate::script::{Loaded, PartKind, Runtime, Script};

/// The titles of the phases of `script` and what it imports, and those of `met`; each once.
pub fn titles(script: &Script, loaded: &Loaded, runtime: &Runtime, met: &[String]) -> Vec<String> {
    let texts = std::iter::once(&script.text).chain(loaded.texts.values());
    let parts = texts.flat_map(|text| runtime.parts(text));
    let phases = parts
        .filter(|part| part.kind == PartKind::Phase)
        .map(|part| part.name);
    let mut titles: Vec<String> = Vec::new();
    for title in phases.chain(met.iter().cloned()) {
        if !titles.contains(&title) {
            titles.push(title);
        }
    }
    titles
}

/// The span that `asked` means, among `titles`; `passed` is what is on record.
///
/// # Errors
/// A phase that is none of them.
pub fn span(asked: &Phases, titles: &[String], passed: PassedPhases) -> Result<Span> {
    let named = |option: &str, wanted: &Option<String>| match wanted {
        Some(wanted) => procedure::named(option, wanted, titles).map(Some),
        None => Ok(None),
    };
    Ok(Span {
        from: named("--from", &asked.from)?,
        to: named("--to", &asked.to)?,
        passed,
        hosts: Vec::new(),
    })
}

/// What the latest run of the same `script` on the same cluster, among `pasts`, has on record, with its
/// id; nothing if there was none.
///
/// # Errors
/// If it did not complete, or what it found does not hold any more.
pub fn earlier(
    pasts: &Pasts,
    script: &str,
    limit: &[String],
    loaded: &Loaded,
    parameters: &Map<String, Value>,
) -> Result<Option<(String, PassedPhases)>> {
    let same = |past: &&journal::Past| past.script == script && past.limit == limit;
    let Some(past) = pasts.runs.iter().filter(same).max_by_key(|past| past.last) else {
        return Ok(None);
    };
    let run = &past.summary.run;
    let refused = |why: String| Error::invalid("`--from`", why);
    if !past.complete {
        let why = format!(
            "run {} did not complete, and a new one knows nothing of it",
            past.line()
        );
        return Err(
            refused(why).with_hint(format!("`ocpdg resume {run} --from PHASE` goes on with it"))
        );
    }
    let hint = "run it without `--from`: what is as it has to be is not done again";
    if let Some(other) = pasts.changed_since(past).first() {
        let why = format!(
            "what run {run} found does not hold: run {} changed the cluster since",
            other.line()
        );
        return Err(refused(why).with_hint(hint));
    }
    let (records, _) = past.summary.read()?;
    let (mut texts, mut set) = (None, Map::new());
    for record in &records {
        if let Event::RunStarted {
            sources,
            parameters,
            ..
        }
        | Event::Resumed {
            sources,
            parameters,
            ..
        } = &record.event
        {
            texts = Some(sources);
            set.extend(parameters.clone());
        }
    }
    if set != *parameters {
        let why = format!("what run {run} found does not hold: it ran with other parameters");
        return Err(
            refused(why).with_hint("give the same with `--set`, or run it without `--from`")
        );
    }
    if texts != Some(&loaded.digests) {
        let why = format!("what run {run} found does not hold: the script was another then");
        return Err(refused(why).with_hint(hint));
    }
    Ok(Some((run.clone(), journal::passed(&records))))
}
