//! Copies of a configuration file, and the choice among them.

use serde::{Deserialize, Serialize};

use super::MARGIN_SECS;
use super::content::{Subject, Verdict, judge};
use super::names::{host_times, recognise};
use crate::error::{Error, Kind, Result};
use crate::primitive::Host;
use crate::primitive::file::{self, FileKind, Stat};

/// Who made a copy, as its name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maker {
    /// The file itself.
    Current,
    /// `F.20180405T091502`: openshift-ansible's `yedit` since 3.9.15.
    Yedit,
    /// `F.orig`: older `yedit`, overwritten at every edit.
    Orig,
    /// `F.1234.2018-04-05@09:15:02~`: Ansible's own `backup: yes`.
    Ansible,
    /// `F.rpmsave`: rpm, when it removed a package.
    Rpmsave,
    /// Any other ending after the file's name: somebody's own copy.
    Other,
    /// The same name in a directory of copies that the operator named.
    Named,
}

/// One copy of a configuration file, or the file itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Where it is.
    pub path: String,
    /// Who made it.
    pub maker: Maker,
    /// When it was made, seconds since 1970: by its name where that holds a time, else as the
    /// file system tells.
    pub taken: i64,
    /// Last change of its content, seconds since 1970. Ansible's copies keep the original's.
    pub modified: i64,
    /// Bytes.
    pub size: u64,
    /// What its content says.
    pub verdict: Verdict,
    /// Console files that it names and the host lacks; they have to be written before 3.7 starts.
    pub missing_console_files: Vec<String>,
}

/// Why a candidate was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It is the earliest copy of this upgrade whose content passes.
    EarliestOfUpgrade,
    /// It lies in a directory that the operator named, from before the upgrade.
    NamedByOperator,
    /// rpm set it aside since the upgrade began.
    SavedByRpm,
    /// There is no copy of this upgrade, and the file itself passes.
    CurrentPasses,
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::EarliestOfUpgrade => "earliest copy of this upgrade that 3.7 starts with",
            Self::NamedByOperator => "from `config_backup_dir`, made before the upgrade",
            Self::SavedByRpm => "set aside by rpm since the upgrade began",
            Self::CurrentPasses => "no copy of this upgrade; 3.7 starts with the file as it is",
        })
    }
}

/// The copy to put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// The path of the copy, which is the file itself under [`Rule::CurrentPasses`].
    pub path: String,
    /// Why this one.
    pub rule: Rule,
    /// The same in words.
    pub reason: String,
    /// Console files that it names and the host lacks, as [`Candidate::missing_console_files`].
    pub missing_console_files: Vec<String>,
    /// All that were looked at, earliest first.
    pub candidates: Vec<Candidate>,
}

/// Every copy of the configuration file `path` beside it and in `dirs`, and the file itself,
/// earliest first, each with the verdict on its content.
///
/// A directory of `dirs` is searched as it is and as the root of a copied tree
/// (`DIR/etc/origin/master/`).
///
/// # Errors
/// `Command` if a copy cannot be read; `Invalid` for paths that are not absolute.
///
/// Source: OCP 3.9 Downgrading, Verifying backups.
pub fn config_candidates(host: &Host, path: &str, dirs: &[&str]) -> Result<Vec<Candidate>> {
    let (parent, base) = (file::parent(path), file::base(path));
    let mut places = vec![parent.to_owned()];
    for dir in dirs {
        let dir = dir.trim_end_matches('/');
        places.extend([dir.to_owned(), format!("{dir}{parent}")]);
    }
    let patterns: Vec<String> = places
        .iter()
        .map(|place| format!("{}/{base}*", place.trim_end_matches('/')))
        .collect();
    let paths: Vec<String> = file::list_many(host, &patterns)?.concat();
    let stats: Vec<Stat> = file::stat_many(host, &paths)?
        .into_iter()
        .flatten()
        .collect();
    let mut found: Vec<(Stat, Maker, Option<String>)> = stats
        .into_iter()
        .filter(|stat| stat.kind == FileKind::File)
        .filter_map(|stat| {
            let rest = file::base(&stat.path).strip_prefix(base)?.to_owned();
            let (maker, time) = recognise(&rest, stat.path == path)?;
            Some((stat, maker, time))
        })
        .collect();
    let times = host_times(
        host,
        found.iter().filter_map(|(_, _, time)| time.as_deref()),
    )?;
    let mut times = times.into_iter();
    let mut copies = Vec::new();
    for (stat, maker, time) in found.drain(..) {
        let named = time.and_then(|_| times.next().flatten());
        let taken = named.unwrap_or(match maker {
            Maker::Rpmsave => stat.status_changed,
            _ => stat.modified,
        });
        copies.push((stat, maker, taken));
    }
    let mut candidates = examine(host, parent, copies)?;
    candidates.sort_by(|a, b| (a.taken, &a.path).cmp(&(b.taken, &b.path)));
    Ok(candidates)
}

/// Reads and judges `copies`, each with its maker and when it was taken; the files that they name have to
/// be there, relative to `parent`.
fn examine(host: &Host, parent: &str, copies: Vec<(Stat, Maker, i64)>) -> Result<Vec<Candidate>> {
    let paths: Vec<&str> = copies.iter().map(|(stat, ..)| stat.path.as_str()).collect();
    let mut verdicts = Vec::new();
    for (path, text) in paths.iter().zip(file::read_many(host, &paths)?) {
        verdicts.push(match text {
            Ok(text) => judge(Subject::of(path), &text),
            // A copy that is no text is no candidate, but no reason to stop either.
            Err(error) if matches!(*error.kind, Kind::State { .. }) => Verdict {
                reasons: vec![error.to_string()],
                ..Verdict::default()
            },
            Err(error) => return Err(error),
        });
    }
    let absolute = |name: &String| match name.starts_with('/') {
        true => name.clone(),
        false => format!("{parent}/{name}"),
    };
    let named = |verdict: &Verdict| -> Vec<String> {
        let names = verdict.files.iter().chain(&verdict.console_files);
        let names = names.map(absolute);
        names
            .filter(|name| file::guard::plain(name).is_ok())
            .collect()
    };
    let mut all: Vec<String> = verdicts.iter().flat_map(named).collect();
    all.sort();
    all.dedup();
    let there = file::existing(host, &all)?;
    let is_there = |name: &str| there.iter().any(|path| path == name.trim_end_matches('/'));
    let candidate = |((stat, maker, taken), mut verdict): ((Stat, Maker, i64), Verdict)| {
        let console: Vec<String> = verdict.console_files.iter().map(absolute).collect();
        let missing = named(&verdict).into_iter().filter(|name| !is_there(name));
        let (missing_console_files, others): (Vec<String>, Vec<String>) =
            missing.partition(|name| console.contains(name));
        let lacking = others
            .iter()
            .map(|name| format!("it names `{name}`, which is missing"));
        verdict.reasons.extend(lacking);
        verdict.ok = verdict.reasons.is_empty();
        Candidate {
            path: stat.path,
            maker,
            taken,
            modified: stat.modified,
            size: stat.size,
            verdict,
            missing_console_files,
        }
    };
    Ok(copies.into_iter().zip(verdicts).map(candidate).collect())
}

/// Chooses the copy of `path` to put back: the earliest of this upgrade whose content 3.7 starts
/// with; else the one that the operator keeps in `dirs` from before it; else what rpm set aside since
/// then; else the file itself if it passes.
///
/// `upgrade_started` is in seconds since 1970; copies from [`MARGIN_SECS`] before it on count, and
/// somebody's own copies from a day before it on.
///
/// # Errors
/// `State` when none passes, with every candidate and the reason against it as evidence.
///
/// Source: OCP 3.9 Downgrading, Verifying backups and Bringing services back online.
pub fn choose_config(
    host: &Host,
    path: &str,
    dirs: &[&str],
    upgrade_started: i64,
) -> Result<Choice> {
    let candidates = config_candidates(host, path, dirs)?;
    choose(candidates, upgrade_started).map_err(|candidates| {
        let evidence: Vec<String> = candidates
            .iter()
            .map(|one| {
                let why = if one.verdict.ok {
                    "made before this upgrade".to_owned()
                } else {
                    one.verdict.reasons.join("; ")
                };
                format!("{} (taken {}): {why}", one.path, stamp(one.taken))
            })
            .collect();
        let found = match candidates.len() {
            0 => format!("neither the file nor a copy `{path}.*`"),
            n => format!("{n} candidates, none of which serves"),
        };
        Error::state(
            host.name(),
            format!("a copy of `{path}`"),
            "one that 3.7 starts with",
            found,
        )
        .with_evidence(evidence.join("\n"))
        .with_hint(format!(
            "put a copy from before the upgrade beside it as `{path}.<timestamp>`, then run again"
        ))
    })
}

/// The rule of [`choose_config`] alone.
///
/// # Errors
/// The candidates themselves, when none serves.
pub fn choose(
    candidates: Vec<Candidate>,
    upgrade_started: i64,
) -> std::result::Result<Choice, Vec<Candidate>> {
    const DAY: i64 = 86_400;
    let of_upgrade = |one: &&Candidate| match one.maker {
        Maker::Current | Maker::Rpmsave => false,
        Maker::Other | Maker::Named => one.taken >= upgrade_started - DAY,
        _ => one.taken >= upgrade_started - MARGIN_SECS,
    };
    let passing = || candidates.iter().filter(|one| one.verdict.ok);
    let chosen = passing()
        .filter(of_upgrade)
        .min_by_key(|one| one.taken)
        .map(|one| (one, Rule::EarliestOfUpgrade))
        .or_else(|| {
            passing()
                .find(|one| one.maker == Maker::Named)
                .map(|one| (one, Rule::NamedByOperator))
        })
        .or_else(|| {
            passing()
                .find(|one| one.maker == Maker::Rpmsave && one.taken >= upgrade_started)
                .map(|one| (one, Rule::SavedByRpm))
        })
        .or_else(|| {
            passing()
                .find(|one| one.maker == Maker::Current)
                .map(|one| (one, Rule::CurrentPasses))
        });
    match chosen.map(|(one, rule)| (one.clone(), rule)) {
        Some((one, rule)) => Ok(Choice {
            path: one.path,
            rule,
            reason: rule.to_string(),
            missing_console_files: one.missing_console_files,
            candidates,
        }),
        None => Err(candidates),
    }
}

/// Seconds since 1970 as a readable time: `2018-04-05 09:15:02 UTC`.
pub fn stamp(epoch: i64) -> String {
    jiff::Timestamp::from_second(epoch).map_or_else(
        |_| epoch.to_string(),
        |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}
