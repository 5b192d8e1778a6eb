//! Finding, reading and judging the copies of configuration files.

use super::config::{Candidate, Maker};
use super::content::{Subject, Verdict, judge};
use super::names::{host_times, recognise};
use crate::error::{Kind, Result};
use crate::primitive::Host;
use crate::primitive::file::{self, Entry, FileKind};

/// What was found of one configuration file.
pub(super) struct Found {
    /// Whether there is anything at its own path.
    pub(super) exists: bool,
    /// As [`config_candidates`](super::config_candidates) tells; what keeps one copy from being read is the error.
    pub(super) candidates: Result<Vec<Candidate>>,
}

/// One copy, of which its content is not known yet.
struct Copy {
    /// The directory to which the names in it are relative.
    parent: String,
    entry: Entry,
    maker: Maker,
    /// The time in its name.
    time: Option<String>,
}

/// Looks for the copies of each of `paths` in `dirs`, at all of them together.
pub(super) fn look(host: &Host, paths: &[&str], dirs: &[&str]) -> Result<Vec<Found>> {
    let patterns: Vec<Vec<String>> = paths.iter().map(|path| places(path, dirs)).collect();
    let mut listed = file::entries_many(host, &patterns.concat())?.into_iter();
    let (mut exists, mut found) = (Vec::new(), Vec::new());
    for (path, patterns) in paths.iter().zip(&patterns) {
        let listed: Vec<Entry> = listed.by_ref().take(patterns.len()).flatten().collect();
        exists.push(listed.iter().any(|entry| entry.path == *path));
        found.push(copies(path, listed));
    }
    let candidates = examine(host, times(host, found)?)?;
    let found = exists.into_iter().zip(candidates);
    Ok(found
        .map(|(exists, candidates)| Found { exists, candidates })
        .collect())
}

/// Where copies of `path` may be, as patterns.
fn places(path: &str, dirs: &[&str]) -> Vec<String> {
    let (parent, base) = (file::parent(path), file::base(path));
    let mut places = vec![parent.to_owned()];
    for dir in dirs {
        let dir = dir.trim_end_matches('/');
        places.extend([dir.to_owned(), format!("{dir}{parent}")]);
    }
    places
        .iter()
        .map(|place| format!("{}/{base}*", place.trim_end_matches('/')))
        .collect()
}

/// Those of `listed` that are copies of `path`, or the file itself.
fn copies(path: &str, listed: Vec<Entry>) -> Vec<Copy> {
    let (parent, base) = (file::parent(path), file::base(path));
    listed
        .into_iter()
        .filter(|entry| entry.kind == FileKind::File)
        .filter_map(|entry| {
            let rest = file::base(&entry.path).strip_prefix(base)?.to_owned();
            let (maker, time) = recognise(&rest, entry.path == path)?;
            Some(Copy {
                parent: parent.to_owned(),
                entry,
                maker,
                time,
            })
        })
        .collect()
}

/// The `copies` of each file, each with when it was taken.
fn times(host: &Host, copies: Vec<Vec<Copy>>) -> Result<Vec<Vec<(Copy, i64)>>> {
    let written = |copies: &[Copy]| -> Vec<String> {
        let times = copies.iter().filter_map(|copy| copy.time.clone());
        times.collect()
    };
    let all: Vec<Vec<String>> = copies.iter().map(|copies| written(copies)).collect();
    let mut times = host_times(host, all.iter().flatten().map(String::as_str))?;
    if all.len() > 1 && times.iter().all(Option::is_none) {
        // A time that does not exist hides only those of copies of the same file.
        times.clear();
        for one in &all {
            times.extend(host_times(host, one.iter().map(String::as_str))?);
        }
    }
    let mut times = times.into_iter();
    let mut taken = |copy: Copy| {
        let named = copy.time.as_ref().and_then(|_| times.next().flatten());
        let taken = named.unwrap_or(match copy.maker {
            Maker::Rpmsave => copy.entry.status_changed,
            _ => copy.entry.modified,
        });
        (copy, taken)
    };
    let of_each = copies.into_iter();
    Ok(of_each
        .map(|copies| copies.into_iter().map(&mut taken).collect())
        .collect())
}

/// Reads and judges the `copies` of each file, each with when it was taken; the files that they name have to
/// be there. The candidates of each file, earliest first.
fn examine(host: &Host, copies: Vec<Vec<(Copy, i64)>>) -> Result<Vec<Result<Vec<Candidate>>>> {
    let all = || copies.iter().flatten().map(|(copy, _)| copy);
    let paths: Vec<&str> = all().map(|copy| copy.entry.path.as_str()).collect();
    let mut verdicts: Vec<Result<Verdict>> = Vec::new();
    for (path, text) in paths.iter().zip(file::read_many(host, &paths)?) {
        verdicts.push(match text {
            Ok(text) => Ok(judge(Subject::of(path), &text)),
            // A copy that is no text is no candidate, but no reason to stop either.
            Err(error) if matches!(*error.kind, Kind::State { .. }) => Ok(Verdict {
                reasons: vec![error.to_string()],
                ..Verdict::default()
            }),
            Err(error) if error.is_cut_off() => return Err(error),
            Err(error) => Err(error),
        });
    }
    let judged = all().zip(&verdicts);
    let mut named: Vec<String> = judged
        .filter_map(|(copy, verdict)| Some(named(copy, verdict.as_ref().ok()?)))
        .flatten()
        .collect();
    named.sort();
    named.dedup();
    let there = file::existing(host, &named)?;
    let mut verdicts = verdicts.into_iter();
    let mut candidate = |(copy, taken): (Copy, i64)| {
        let verdict = verdicts.next().transpose()?.unwrap_or_default();
        Ok(candidate(copy, taken, verdict, &there))
    };
    let mut found = Vec::new();
    for copies in copies {
        // All of them, so that the verdicts stay in step.
        let all: Vec<Result<Candidate>> = copies.into_iter().map(&mut candidate).collect();
        let all: Result<Vec<Candidate>> = all.into_iter().collect();
        found.push(all.map(|mut all| {
            all.sort_by(|a, b| (a.taken, &a.path).cmp(&(b.taken, &b.path)));
            all
        }));
    }
    Ok(found)
}

/// `name` in `copy` as an absolute path.
fn absolute(copy: &Copy, name: &String) -> String {
    match name.starts_with('/') {
        true => name.clone(),
        false => format!("{}/{name}", copy.parent),
    }
}

/// The files that `copy` names, as far as they can be looked at.
fn named(copy: &Copy, verdict: &Verdict) -> Vec<String> {
    let names = verdict.files.iter().chain(&verdict.console_files);
    let names = names.map(|name| absolute(copy, name));
    names
        .filter(|name| file::guard::plain(name).is_ok())
        .collect()
}

/// `copy` as a candidate; `there` is what exists of all that copies name.
fn candidate(copy: Copy, taken: i64, mut verdict: Verdict, there: &[String]) -> Candidate {
    let is_there = |name: &str| there.iter().any(|path| path == name.trim_end_matches('/'));
    let console = verdict.console_files.iter();
    let console: Vec<String> = console.map(|name| absolute(&copy, name)).collect();
    let missing = named(&copy, &verdict)
        .into_iter()
        .filter(|name| !is_there(name));
    let (missing_console_files, others): (Vec<String>, Vec<String>) =
        missing.partition(|name| console.contains(name));
    let lacking = others
        .iter()
        .map(|name| format!("it names `{name}`, which is missing"));
    verdict.reasons.extend(lacking);
    verdict.ok = verdict.reasons.is_empty();
    Candidate {
        path: copy.entry.path,
        maker: copy.maker,
        taken,
        modified: copy.entry.modified,
        size: copy.entry.size,
        verdict,
        missing_console_files,
    }
}
