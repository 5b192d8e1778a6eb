//! What the repositories offer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::config::{YUM_CONF, hiding};
use super::excluder::of_site;
use super::query::{check_patterns, fits};
use super::run::reads;
use super::version::{compare, without_epoch};
use super::{Repos, real_names};
use crate::error::Result;
use crate::primitive::Host;

/// The versions of `names` that the repositories offer, as name to `version-release`, oldest first;
/// a name that is not offered has none. Excludes are passed over: they say nothing about the
/// repositories. What is installed in the very same version may be left out by yum.
///
/// # Errors
/// `Command` when the repositories cannot be read.
pub fn available(
    host: &Host,
    names: &[&str],
    repos: &Repos,
) -> Result<BTreeMap<String, Vec<String>>> {
    listed(host, names, repos, "--disableexcludes=all".to_owned())
}

/// As [`available()`], with yum's view as `view`, an option, makes it.
fn listed(
    host: &Host,
    names: &[&str],
    repos: &Repos,
    view: String,
) -> Result<BTreeMap<String, Vec<String>>> {
    check_patterns(names)?;
    let (names, _) = real_names(names);
    let mut found: BTreeMap<String, Vec<String>> = names
        .iter()
        .map(|name| ((*name).to_owned(), Vec::new()))
        .collect();
    if names.is_empty() {
        return Ok(found);
    }
    let args = ["-q", "--showduplicates"]
        .map(str::to_owned)
        .into_iter()
        .chain([view])
        .chain(repos.flags())
        .chain(["list", "available"].map(str::to_owned))
        .chain(names.iter().map(|name| (*name).to_owned()));
    let command = reads(args);
    let output = host.output(&command)?;
    if !output.exit.success() {
        let text = format!("{}\n{}", output.text(), output.error_text());
        if !text.to_lowercase().contains("no matching packages") {
            return Err(host.failed(&command, &output).with_hint(format!(
                "the repositories cannot be read: `yum repolist -v` on `{}`",
                host.name()
            )));
        }
    }
    for (name, version) in parse(&output.text()) {
        if let Some(versions) = found.get_mut(&name)
            && !versions.contains(&version)
        {
            versions.push(version);
        }
    }
    for versions in found.values_mut() {
        versions.sort_by(|a, b| compare(a, b));
    }
    Ok(found)
}

/// What the repositories offer of a package, and what the host lets yum see of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The versions in the repositories, as `version-release`, oldest first.
    pub versions: Vec<String>,
    /// Those of them that yum takes.
    pub visible: Vec<String>,
    /// What keeps the others from yum, as far as `/etc/yum.conf` and versionlock's list tell.
    pub hidden_by: Vec<String>,
}

/// What the repositories offer of `names`, and what of it yum takes: a site's own `exclude=`, also
/// that of a repository, and versionlock count; the excluders of OpenShift do not, because they are
/// lifted before anything is installed.
///
/// # Errors
/// `Command` when the repositories cannot be read.
pub fn offers(host: &Host, names: &[&str], repos: &Repos) -> Result<BTreeMap<String, Offer>> {
    let all = available(host, names, repos)?;
    let (excludes, locks) = hiding(host)?;
    let excludes = of_site(excludes);
    // Without excludes: an empty value. dnf would add to the list unless it begins with nothing.
    let value: String = excludes
        .iter()
        .map(|pattern| format!(",{pattern}"))
        .collect();
    let mut seen = listed(host, names, repos, format!("--setopt=exclude={value}"))?;
    let offer = |(name, versions): (String, Vec<String>)| {
        let visible = seen.remove(&name).unwrap_or_default();
        let hidden = versions.iter().filter(|version| !visible.contains(version));
        let hidden_by = hiders(&name, hidden, &excludes, &locks);
        let offer = Offer {
            versions,
            visible,
            hidden_by,
        };
        (name, offer)
    };
    Ok(all.into_iter().map(offer).collect())
}

/// Which of the patterns in `excludes`, and of the versions in `locks`, keep one of the `hidden`
/// versions of `name` from yum.
fn hiders<'a>(
    name: &str,
    hidden: impl Iterator<Item = &'a String>,
    excludes: &[String],
    locks: &[String],
) -> Vec<String> {
    // The forms in which yum compares a pattern, but for the epoch.
    let forms: Vec<String> = hidden
        .flat_map(|full| {
            let version = full.split('-').next().unwrap_or(full);
            let plain = [
                name.to_owned(),
                format!("{name}-{version}"),
                format!("{name}-{full}"),
            ];
            plain
                .into_iter()
                .flat_map(|form| ["", ".x86_64", ".noarch"].map(|arch| format!("{form}{arch}")))
        })
        .collect();
    if forms.is_empty() {
        return Vec::new();
    }
    let excluded = excludes
        .iter()
        .filter(|pattern| forms.iter().any(|form| fits(pattern, form)))
        .map(|pattern| format!("`exclude={pattern}` in {YUM_CONF}"));
    let is_of = |lock: &str| {
        let rest = without_epoch(lock.trim_start_matches('!')).strip_prefix(name);
        let version = rest.and_then(|rest| rest.strip_prefix('-'));
        version.is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
    };
    let locked = locks
        .iter()
        .filter(|lock| is_of(lock))
        .map(|lock| format!("versionlock `{lock}`"));
    excluded.chain(locked).collect()
}

/// Reads `yum list available`.
fn parse(text: &str) -> Vec<(String, String)> {
    entries(text, "Available Packages")
        .into_iter()
        .filter_map(|[name_arch, version, _repository]| {
            let (name, _arch) = name_arch.rsplit_once('.')?;
            version
                .contains('-')
                .then(|| (name.to_owned(), without_epoch(version).to_owned()))
        })
        .collect()
}

/// The entries below `title` of `yum list`: name.arch, version and repository, where yum breaks lines
/// that are too long for it and indents the rest.
pub(super) fn entries<'a>(text: &'a str, title: &str) -> Vec<[&'a str; 3]> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    let mut listing = false;
    for line in text.lines() {
        if line.trim_end() == title {
            listing = true;
        } else if line.trim_end().ends_with(" Packages") {
            listing = false;
        } else if !listing {
            continue;
        } else if line.starts_with([' ', '\t']) {
            if let Some(entry) = entries.last_mut() {
                entry.extend(line.split_whitespace());
            }
        } else {
            entries.push(line.split_whitespace().collect());
        }
    }
    entries
        .into_iter()
        .filter_map(|entry| entry.try_into().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_joined_and_noise_is_skipped() {
        let text = "Repodata is over 2 weeks old.\nAvailable Packages\n\
            atomic-openshift.x86_64         3.7.23-1.git.0.8edc154.el7       rhel-7-server-ose-3.7-rpms\n\
            tuned-profiles-atomic-openshift-node.x86_64\n\
            \x20                               3.7.23-1.git.0.8edc154.el7\n\
            \x20                                                                 rhel-7-server-ose-3.7-rpms\n\
            docker.x86_64  2:1.12.6-71.git3e8e77d.el7  rhel-7-server-extras-rpms\n\
            only-a-name\n x\nInstalled Packages\netcd.x86_64 3.2.5-1 @extras\n";
        assert_eq!(
            parse(text),
            [
                ("atomic-openshift", "3.7.23-1.git.0.8edc154.el7"),
                (
                    "tuned-profiles-atomic-openshift-node",
                    "3.7.23-1.git.0.8edc154.el7"
                ),
                ("docker", "1.12.6-71.git3e8e77d.el7"),
            ]
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
        );
    }
}
