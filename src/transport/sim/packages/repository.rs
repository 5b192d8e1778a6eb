//! The repositories of a host: `/etc/yum.repos.d`, `/etc/yum.conf`, and the mirrors behind them.

use std::sync::Arc;

use super::super::files::Files;
use super::catalog::Catalog;
use super::package::Package;
use crate::transport::sim::pattern::Pattern;

/// Where the packages of the catalog's repository ID are served: this, and ID.
pub const MIRROR: &str = "https://mirror.example.com/";

/// A repository that a file of the host defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Whether it is used.
    pub enabled: bool,
    /// The file that defines it.
    pub file: String,
}

impl Repository {
    /// What it holds; nothing if nobody answers at its address.
    pub fn packages<'a>(&self, catalog: &'a Catalog) -> Option<&'a [Arc<Package>]> {
        let url = self.url.trim_end_matches('/');
        let id = match catalog.addresses.get(url) {
            Some(id) => id,
            None => url.strip_prefix(MIRROR)?,
        };
        catalog.repositories.get(id).map(Vec::as_slice)
    }
}

/// The repositories that the files below `/etc/yum.repos.d` define, in the order of files and lines.
pub fn repositories(files: &Files) -> Vec<Repository> {
    let Ok(entries) = files.list("/etc/yum.repos.d") else {
        return Vec::new();
    };
    let names = entries.keys().filter(|name| name.ends_with(".repo"));
    names
        .flat_map(|name| {
            let file = format!("/etc/yum.repos.d/{name}");
            let text = files.text(&file).unwrap_or_default();
            sections(&text)
                .into_iter()
                .map(move |(id, pairs)| {
                    let get = |key: &str| pairs.iter().rev().find(|(name, _)| name == key);
                    let text = |key: &str| get(key).map(|(_, value)| value.clone());
                    Repository {
                        name: text("name").unwrap_or_else(|| id.clone()),
                        url: ["baseurl", "mirrorlist", "metalink"]
                            .into_iter()
                            .find_map(text)
                            .unwrap_or_default(),
                        enabled: text("enabled").is_none_or(|value| is_true(&value)),
                        file: file.clone(),
                        id,
                    }
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What `/etc/yum.conf` says, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conf {
    /// The patterns of `exclude=`.
    pub exclude: Vec<String>,
    /// Whether dependencies nobody needs any more go along.
    pub clean_requirements_on_remove: bool,
}

/// Reads `/etc/yum.conf`.
pub fn read_conf(files: &Files) -> Conf {
    let text = files.text("/etc/yum.conf").unwrap_or_default();
    let mut conf = Conf::default();
    for (section, pairs) in sections(&text) {
        if section != "main" {
            continue;
        }
        for (key, value) in pairs {
            match key.as_str() {
                // A later line stands over an earlier one.
                "exclude" => {
                    conf.exclude = value
                        .split([' ', ',', '\t', '\n'])
                        .filter(|word| !word.is_empty())
                        .map(str::to_owned)
                        .collect();
                }
                "clean_requirements_on_remove" => {
                    conf.clean_requirements_on_remove = is_true(&value);
                }
                _ => {}
            }
        }
    }
    conf
}

/// What a yum command can see.
#[derive(Debug, Clone, Default)]
pub struct Available {
    /// Each package with the id of its repository.
    pub packages: Vec<(Arc<Package>, String)>,
    /// Enabled repositories at whose address nobody answers.
    pub silent: Vec<Repository>,
}

impl Available {
    /// Everything in the enabled repositories of `repositories`.
    pub fn of(repositories: &[Repository], catalog: &Catalog) -> Self {
        let mut available = Self::default();
        for repository in repositories.iter().filter(|one| one.enabled) {
            match repository.packages(catalog) {
                Some(packages) => available.packages.extend(
                    packages
                        .iter()
                        .map(|package| (Arc::clone(package), repository.id.clone())),
                ),
                None => available.silent.push(repository.clone()),
            }
        }
        available
    }

    /// Hides what one of `patterns` matches in any of its spellings.
    pub fn exclude(&mut self, patterns: &[String]) {
        let patterns: Vec<Pattern> = patterns.iter().map(|one| Pattern::new(one)).collect();
        self.packages
            .retain(|(package, _)| !patterns.iter().any(|one| package.is_matched(one)));
    }
}

/// The sections of an INI file, with their keys and values; continued lines are joined.
pub fn sections(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(id) = bare
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            found.push((id.to_owned(), Vec::new()));
            continue;
        }
        let Some((_, pairs)) = found.last_mut() else {
            continue;
        };
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = pairs.last_mut() {
                value.push('\n');
                value.push_str(bare);
            }
        } else if let Some((key, value)) = bare.split_once('=') {
            pairs.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

fn is_true(value: &str) -> bool {
    matches!(value.to_lowercase().as_str(), "1" | "true" | "yes")
}
