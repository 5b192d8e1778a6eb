//! Installing and removing packages.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::download::{Fetched, fetched, newest};
use super::query::{check_patterns, fits, is_glob, packages, versions};
use super::run::{failed, run};
use super::{Noted, Repos, compare, matching_version, real_names};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::Output;

/// How [`install`] does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Install {
    /// The wanted version of all names that `versions` does not mention: a series (`3.7`), a
    /// version (`3.7.23`) or a version with its release; any version if `None`.
    pub version: Option<String>,
    /// The wanted versions of single names; `None` for any.
    pub versions: BTreeMap<String, Option<String>>,
    /// Repositories to leave out.
    pub disable_repos: Vec<String>,
    /// Repositories to take in.
    pub enable_repos: Vec<String>,
    /// Whether to pass over `exclude=` in yum's configuration.
    pub disable_excludes: bool,
    /// A directory on the host with packages fetched before (see [`super::download()`]): no
    /// repository is asked for them, as long as what they require is installed.
    pub from: Option<String>,
    /// How long to wait for another yum, in seconds; 600 unless told.
    pub lock_wait_secs: u64,
}

impl Default for Install {
    fn default() -> Self {
        Self {
            version: None,
            versions: BTreeMap::new(),
            disable_repos: Vec::new(),
            enable_repos: Vec::new(),
            disable_excludes: false,
            from: None,
            lock_wait_secs: 600,
        }
    }
}

impl Install {
    /// The version wanted of `name`.
    pub(crate) fn wanted(&self, name: &str) -> Option<&str> {
        wanted(name, &self.version, &self.versions)
    }
}

/// How [`remove`] does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remove {
    /// How long to wait for another yum, in seconds; 600 unless told.
    pub lock_wait_secs: u64,
}

impl Default for Remove {
    fn default() -> Self {
        Self {
            lock_wait_secs: 600,
        }
    }
}

/// The version wanted of `name`.
pub(crate) fn wanted<'a>(
    name: &str,
    version: &'a Option<String>,
    versions: &'a BTreeMap<String, Option<String>>,
) -> Option<&'a str> {
    versions.get(name).unwrap_or(version).as_deref()
}

/// What to write on yum's command line for `name` in version `wanted`.
///
/// `3.7` becomes a pattern, because yum takes a version as a whole.
pub(crate) fn spec(name: &str, wanted: Option<&str>) -> String {
    match wanted {
        None => name.to_owned(),
        Some(wanted) if wanted.matches('.').count() < 2 && !wanted.contains('-') => {
            format!("{name}-{wanted}.*")
        }
        Some(wanted) => format!("{name}-{wanted}"),
    }
}

/// Brings `names` onto the host, each in the wanted version; before and after are name to
/// `version-release`.
///
/// Names of the manual that are none are replaced, see [`real_names`]. A package that is there in a
/// newer version than wanted is downgraded, all such in one transaction before the others. With
/// [`Install::from`], what was fetched is taken, and no repository is asked; only where that does
/// not do they are, for the rest and for what the packages require, and a note tells it. Ends with
/// `rpm -q`, whatever yum said.
///
/// # Errors
/// `State` naming every package that is missing or has another version, with the end of yum's
/// output; `State` when another yum holds the lock; `Invalid` for names and patterns.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Reinstalling RPMs.
pub fn install(
    host: &Host,
    names: &[&str],
    options: &Install,
) -> Result<Noted<BTreeMap<String, String>>> {
    check_patterns(names)?;
    if let Some(glob) = names.iter().find(|name| is_glob(name)) {
        return Err(Error::invalid(
            format!("package `{glob}`"),
            "give whole names to install, so that what is missing can be told",
        ));
    }
    let (names, mut notes) = real_names(names);
    let before = versions(packages(host, &names)?);
    let mut outputs: Vec<Output> = Vec::new();
    let mut after = before.clone();
    let files = match options.from.as_deref() {
        Some(directory) if !settled(&names, options, &after) => fetched(host, directory)?,
        _ => Vec::new(),
    };
    if all_fetched(&names, options, &after, &files) {
        outputs.extend(from_files(host, &names, options, &after, &files)?);
        after = versions(packages(host, &names)?);
    }
    if !settled(&names, options, &after) {
        if let Some(directory) = &options.from {
            notes.push(format!(
                "the packages in `{directory}` are not all that is needed: repositories were asked for the rest"
            ));
        }
        outputs.extend(from_repositories(host, &names, options, &after, &files)?);
        after = versions(packages(host, &names)?);
    }
    let (mut wanted_list, mut found_list) = (Vec::new(), Vec::new());
    for &name in names.iter().filter(|name| !fitting(name, options, &after)) {
        wanted_list.push(match options.wanted(name) {
            Some(want) => format!("`{name}` {want}"),
            None => format!("`{name}`"),
        });
        found_list.push(match after.get(name) {
            Some(have) => format!("`{name}` {have}"),
            None => format!("no `{name}`"),
        });
    }
    if !wanted_list.is_empty() {
        let (wanted, found) = (wanted_list.join(", "), found_list.join(", "));
        return Err(failed(host, wanted, found, &outputs));
    }
    Ok(Noted {
        change: Change::between(before, after),
        notes,
    })
}

/// Whether everything that is still to be done can be done with `files`.
pub(crate) fn all_fetched(
    names: &[&str],
    options: &Install,
    have: &BTreeMap<String, String>,
    files: &[Fetched],
) -> bool {
    !settled(names, options, have)
        && names.iter().all(|name| {
            fitting(name, options, have) || newest(files, name, options.wanted(name)).is_some()
        })
}

/// Installs `names` from `files`, without any repository: one that has gone away cannot stop it.
/// Whether it came out as wanted has to be asked of rpm.
///
/// # Errors
/// As [`run`].
pub(crate) fn from_files(
    host: &Host,
    names: &[&str],
    options: &Install,
    have: &BTreeMap<String, String>,
    files: &[Fetched],
) -> Result<Vec<Output>> {
    let args = vec!["--disablerepo=*".to_owned()];
    transact(host, names, options, have, files, args)
}

fn from_repositories(
    host: &Host,
    names: &[&str],
    options: &Install,
    have: &BTreeMap<String, String>,
    files: &[Fetched],
) -> Result<Vec<Output>> {
    let repos = Repos {
        disable: options.disable_repos.clone(),
        enable: options.enable_repos.clone(),
    };
    let mut args: Vec<String> = repos.flags().collect();
    if options.disable_excludes {
        args.push("--disableexcludes=all".to_owned());
    }
    transact(host, names, options, have, files, args)
}

/// One transaction for those of `names` that are there in a newer version, one for the others; what
/// was fetched is preferred.
fn transact(
    host: &Host,
    names: &[&str],
    options: &Install,
    have: &BTreeMap<String, String>,
    files: &[Fetched],
    args: Vec<String>,
) -> Result<Vec<Output>> {
    let newer = |name: &str| {
        let have = have.get(name).zip(options.wanted(name));
        have.is_some_and(|(have, want)| compare(have, want).is_gt())
    };
    let open = names.iter().filter(|name| !fitting(name, options, have));
    let (down, others): (Vec<&str>, Vec<&str>) = open.copied().partition(|name| newer(name));
    let mut outputs = Vec::new();
    for (verb, group) in [("downgrade", down), ("install", others)] {
        if group.is_empty() {
            continue;
        }
        let mut args = args.clone();
        args.push(verb.to_owned());
        args.extend(group.into_iter().map(|name| {
            let file = newest(files, name, options.wanted(name));
            file.map_or_else(
                || spec(name, options.wanted(name)),
                |file| file.path.clone(),
            )
        }));
        outputs.push(run(host, &args, options.lock_wait_secs)?);
    }
    Ok(outputs)
}

/// Whether `name` is there as wanted.
fn fitting(name: &str, options: &Install, have: &BTreeMap<String, String>) -> bool {
    have.get(name).is_some_and(|have| {
        options
            .wanted(name)
            .is_none_or(|want| matching_version(have, want))
    })
}

fn settled(names: &[&str], options: &Install, have: &BTreeMap<String, String>) -> bool {
    names.iter().all(|name| fitting(name, options, have))
}

/// Takes `names` (patterns are allowed) off the host. Before lists everything that went, with its
/// version; after what is left of `names`, which is nothing.
///
/// Notes tell which packages went along because they required these, and which configuration files
/// rpm set aside as `.rpmsave`. What was only a dependency of these stays. Names that are not
/// installed are no error; names of the manual that are none are replaced, see [`real_names`].
///
/// # Errors
/// `State` naming every package that is still installed, with the end of yum's output; `State` when
/// another yum holds the lock.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Removing RPMs.
pub fn remove(
    host: &Host,
    names: &[&str],
    options: &Remove,
) -> Result<Noted<BTreeMap<String, String>>> {
    check_patterns(names)?;
    let (names, mut notes) = real_names(names);
    let named = |package: &str| names.iter().any(|glob| fits(glob, package));
    let all = versions(packages(host, &[])?);
    let present: Vec<String> = all.keys().filter(|name| named(name)).cloned().collect();
    if present.is_empty() {
        return Ok(Noted {
            change: Change::between(BTreeMap::new(), BTreeMap::new()),
            notes,
        });
    }
    let fixed = [
        // dnf hides excluded packages from `remove`, and takes dependencies along unless told.
        "--disableexcludes=all",
        "--setopt=clean_requirements_on_remove=0",
        "remove",
    ];
    let args: Vec<String> = fixed
        .into_iter()
        .map(str::to_owned)
        .chain(present)
        .collect();
    let output = run(host, &args, options.lock_wait_secs)?;
    let mut left = versions(packages(host, &[])?);
    let gone: BTreeMap<String, String> = all
        .into_iter()
        .filter(|(name, _)| !left.contains_key(name))
        .collect();
    left.retain(|name, _| named(name));
    if !left.is_empty() {
        let list = |map: &BTreeMap<String, String>| {
            map.iter()
                .map(|(name, version)| format!("`{name}` {version}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        return Err(failed(
            host,
            "none of the names removed",
            list(&left),
            &[output],
        ));
    }
    let along: Vec<String> = gone
        .iter()
        .filter(|(name, _)| !named(name))
        .map(|(name, version)| format!("`{name}` {version}"))
        .collect();
    if !along.is_empty() {
        notes.push(format!(
            "also removed, because they required these: {}",
            along.join(", ")
        ));
    }
    notes.extend(set_aside(&output));
    Ok(Noted {
        change: Change {
            changed: true,
            before: gone,
            after: left,
        },
        notes,
    })
}

/// rpm's words about configuration files that it renamed.
pub(crate) fn set_aside(output: &Output) -> Vec<String> {
    let text = format!("{}\n{}", output.text(), output.error_text());
    let files: BTreeSet<String> = text
        .lines()
        .filter_map(|line| line.split_once("warning: ").map(|(_, rest)| rest))
        .filter_map(|rest| {
            let (from, to) = rest
                .split_once(" saved as ")
                .or_else(|| rest.split_once(" created as "))?;
            let to = to.trim();
            (to.ends_with(".rpmsave") || to.ends_with(".rpmnew"))
                .then(|| format!("`{}` is now `{}`", from.trim(), to))
        })
        .collect();
    files.into_iter().collect()
}
