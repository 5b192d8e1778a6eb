//! What the repositories offer.

use std::collections::BTreeMap;

use super::query::check_patterns;
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
    check_patterns(names)?;
    let (names, _) = real_names(names);
    let mut found: BTreeMap<String, Vec<String>> = names
        .iter()
        .map(|name| ((*name).to_owned(), Vec::new()))
        .collect();
    if names.is_empty() {
        return Ok(found);
    }
    let fixed = ["-q", "--showduplicates", "--disableexcludes=all"];
    let args = fixed
        .into_iter()
        .map(str::to_owned)
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

/// Reads `yum list available`: name.arch, version and repository, where yum breaks lines that are
/// too long for it and indents the rest.
fn parse(text: &str) -> Vec<(String, String)> {
    let mut entries: Vec<Vec<&str>> = Vec::new();
    let mut listing = false;
    for line in text.lines() {
        if line.trim_end() == "Available Packages" {
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
        .filter_map(|entry| {
            let [name_arch, version, _repository] = entry.as_slice() else {
                return None;
            };
            let (name, _arch) = name_arch.rsplit_once('.')?;
            version
                .contains('-')
                .then(|| (name.to_owned(), without_epoch(version).to_owned()))
        })
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
