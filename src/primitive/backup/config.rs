//! Copies of a configuration file, and the choice among them.

use serde::{Deserialize, Serialize};

use super::MARGIN_SECS;
use super::content::Verdict;
use super::copies::look;
use crate::error::{Error, Kind, Result};
use crate::primitive::Host;

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
    let found = look(host, &[path], dirs)?.pop();
    found.map_or(Ok(Vec::new()), |found| found.candidates)
}

/// The choice among the copies of one of many files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The file.
    pub path: String,
    /// Whether there is anything at its own path.
    pub exists: bool,
    /// Whether there is any copy, or the file itself.
    pub has_candidates: bool,
    /// As [`choose_config`] chooses; nothing if it fails.
    pub choice: Option<Choice>,
    /// Why it fails, and the evidence, one line each.
    pub trouble: Vec<String>,
}

/// As [`choose_config`] for each of `paths`, in order, looking at all of them together.
///
/// # Errors
/// `Command` if the host cannot be looked at; what is wrong with one file is told in its place.
///
/// Source: OCP 3.9 Downgrading, Verifying backups and Bringing services back online.
pub fn choose_configs(
    host: &Host,
    paths: &[&str],
    dirs: &[&str],
    upgrade_started: i64,
) -> Result<Vec<Chosen>> {
    let mut all = Vec::new();
    for (path, found) in paths.iter().zip(look(host, paths, dirs)?) {
        let candidates = found.candidates.as_ref();
        let has_candidates = !candidates.is_ok_and(Vec::is_empty);
        let chosen = found
            .candidates
            .and_then(|candidates| choose_among(host, path, candidates, upgrade_started));
        let (choice, trouble) = match chosen {
            Ok(choice) => (Some(choice), Vec::new()),
            Err(error) => (None, lines(&error)),
        };
        all.push(Chosen {
            path: (*path).to_owned(),
            exists: found.exists,
            has_candidates,
            choice,
            trouble,
        });
    }
    Ok(all)
}

/// What `error` says, and its evidence.
fn lines(error: &Error) -> Vec<String> {
    let mut lines = vec![error.to_string()];
    if let Kind::State { evidence, .. } = &*error.kind {
        let evidence = evidence.lines().filter(|line| !line.is_empty());
        lines.extend(evidence.map(|line| format!("  {line}")));
    }
    lines
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
    choose_among(host, path, candidates, upgrade_started)
}

/// [`choose_config`] among `candidates`.
fn choose_among(
    host: &Host,
    path: &str,
    candidates: Vec<Candidate>,
    upgrade_started: i64,
) -> Result<Choice> {
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
