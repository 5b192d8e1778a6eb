//! Fetching packages before anything is removed: after the removal there is no way back without
//! them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::query::check_patterns;
use super::run::failed;
use super::transaction::{spec, wanted};
use super::{Noted, Repos, compare, matching_version, real_names};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::Command;

/// What [`download()`] fetches, and from where to where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Download {
    /// The wanted version of all names that `versions` does not mention, as in [`super::Install`].
    pub version: Option<String>,
    /// The wanted versions of single names; `None` for any.
    pub versions: BTreeMap<String, Option<String>>,
    /// Repositories to leave out.
    pub disable_repos: Vec<String>,
    /// Repositories to take in.
    pub enable_repos: Vec<String>,
    /// The directory on the host to put them into: an absolute path, made if missing.
    pub directory: String,
}

/// A package file on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) version_release: String,
}

/// The package files in `directory`; none if there is no such directory.
pub(crate) fn fetched(host: &Host, directory: &str) -> Result<Vec<Fetched>> {
    // rpm reads each file's header, so one that was cut off is not listed.
    const LIST: &str = r#"for f in "$1"/*.rpm; do [ -f "$f" ] || continue; rpm -qp --nosignature --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t' "$f" 2>/dev/null && printf '%s\n' "$f"; done; :"#;
    check_directory(directory)?;
    let argv = ["sh", "-c", LIST, "ocpdg-fetched", directory];
    let output = host.run(&Command::reads(argv).env("LC_ALL", "C"))?;
    Ok(output
        .text()
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some(Fetched {
                name: fields.next()?.to_owned(),
                version_release: fields.next()?.to_owned(),
                path: fields
                    .next()
                    .filter(|path| path.starts_with('/'))?
                    .to_owned(),
            })
        })
        .collect())
}

/// The newest of `files` that is `name` in version `wanted`.
pub(crate) fn newest<'a>(
    files: &'a [Fetched],
    name: &str,
    wanted: Option<&str>,
) -> Option<&'a Fetched> {
    files
        .iter()
        .filter(|file| file.name == name)
        .filter(|file| wanted.is_none_or(|wanted| matching_version(&file.version_release, wanted)))
        .max_by(|a, b| compare(&a.version_release, &b.version_release))
}

/// Puts the package files of `names` into a directory on the host, for [`super::Install::from`].
/// Before and after are the paths of the files that fit.
///
/// Uses `yumdownloader` (package yum-utils), which fetches what is older than what is installed;
/// where it is missing, `yum --downloadonly`.
///
/// Fetches the names alone. What they require and is installed now is covered too, because
/// [`super::remove`] leaves it; what they require and is not installed now is not: it needs its
/// repository when they are installed.
///
/// # Errors
/// `State` naming what could not be fetched, with the end of the output.
pub fn download(host: &Host, names: &[&str], options: &Download) -> Result<Noted<Vec<String>>> {
    check_patterns(names)?;
    let (names, notes) = real_names(names);
    let want = |name: &str| wanted(name, &options.version, &options.versions);
    let paths = |files: &[Fetched]| -> Vec<String> {
        names
            .iter()
            .filter_map(|name| newest(files, name, want(name)))
            .map(|file| file.path.clone())
            .collect()
    };
    let files = fetched(host, &options.directory)?;
    let before = paths(&files);
    let missing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| newest(&files, name, want(name)).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(Noted {
            change: Change::between(before.clone(), before),
            notes,
        });
    }
    let repos = Repos {
        disable: options.disable_repos.clone(),
        enable: options.enable_repos.clone(),
    };
    const DOWNLOAD: &str = r#"d=$1; shift; mkdir -p -m 0755 -- "$d" || exit 1; if command -v yumdownloader >/dev/null; then exec yumdownloader --disableexcludes=all --destdir="$d" "$@"; else exec yum -y --disableexcludes=all --downloadonly --downloaddir="$d" install "$@"; fi"#;
    let argv = ["sh", "-c", DOWNLOAD, "ocpdg-download", &options.directory].map(str::to_owned);
    let words = repos
        .flags()
        .chain(missing.iter().map(|name| spec(name, want(name))));
    let command = Command::changes(argv.into_iter().chain(words))
        .env("LC_ALL", "C")
        .timeout(std::time::Duration::from_secs(30 * 60));
    let output = host.output(&command)?;
    let files = fetched(host, &options.directory)?;
    let missing: Vec<String> = names
        .iter()
        .filter(|name| newest(&files, name, want(name)).is_none())
        .map(|name| format!("`{}`", spec(name, want(name))))
        .collect();
    if !missing.is_empty() {
        return Err(failed(
            host,
            format!("in `{}`: {}", options.directory, missing.join(", ")),
            "not fetched",
            &[output],
        ));
    }
    Ok(Noted {
        change: Change {
            changed: true,
            before,
            after: paths(&files),
        },
        notes,
    })
}

fn check_directory(directory: &str) -> Result<()> {
    if directory.starts_with('/') && !directory.contains(['\n', '\t', '\0']) {
        return Ok(());
    }
    Err(Error::invalid(
        format!("directory `{}`", directory.escape_debug()),
        "an absolute path is needed",
    ))
}
