//! OpenShift's excluders: packages whose scripts freeze versions by `exclude=` in `/etc/yum.conf`.

use super::config::{YUM_CONF, patterns, without};
use crate::error::{Error, Result};
use crate::primitive::file::{self, Attributes};
use crate::primitive::{Change, Host};
use crate::transport::{Command, Effect};

/// The scripts, and whether each one guards docker.
const EXCLUDERS: [(&str, bool); 4] = [
    ("atomic-openshift-excluder", false),
    ("atomic-openshift-docker-excluder", true),
    ("origin-excluder", false),
    ("origin-docker-excluder", true),
];

struct Look {
    installed: Vec<(&'static str, bool)>,
    conf: String,
}

impl Look {
    fn patterns(&self) -> Vec<String> {
        patterns(&self.conf)
    }

    fn guarded(&self, docker: bool) -> bool {
        let guards = if docker { is_docker } else { is_openshift };
        self.patterns().iter().any(|pattern| guards(pattern))
    }
}

/// Whether an excluder of OpenShift's own packages writes `pattern`: whole names only, so that a
/// site's `atomic-openshift*` is not taken for one.
fn is_openshift(pattern: &str) -> bool {
    let name = pattern.strip_prefix("tuned-profiles-").unwrap_or(pattern);
    !pattern.contains(['*', '?'])
        && ["atomic-openshift", "origin"].iter().any(|prefix| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
}

/// Whether docker's excluder writes `pattern`, such as `docker*1.13*`.
fn is_docker(pattern: &str) -> bool {
    pattern
        .strip_prefix("docker*1.")
        .and_then(|rest| rest.strip_suffix('*'))
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
}

fn is_excluders(pattern: &str) -> bool {
    is_openshift(pattern) || is_docker(pattern)
}

/// Those of `patterns` that are the site's own: they remain once the excluders are lifted.
pub(super) fn of_site(mut patterns: Vec<String>) -> Vec<String> {
    patterns.retain(|pattern| !is_excluders(pattern));
    patterns
}

fn look(host: &Host) -> Result<Look> {
    let names = EXCLUDERS.map(|(name, _)| name).join(" ");
    let script = format!(
        "for c in {names}; do command -v \"$c\" >/dev/null && printf '%s\\n' \"$c\"; done; echo --; cat {YUM_CONF}"
    );
    let command = Command::shell(script, Effect::Reads);
    let output = host.run(&command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let Some((commands, conf)) = text
        .strip_prefix("--\n")
        .map(|conf| ("", conf))
        .or_else(|| text.split_once("\n--\n"))
    else {
        return Err(host.failed(&command, &output));
    };
    Ok(Look {
        installed: EXCLUDERS
            .into_iter()
            .filter(|(name, _)| commands.lines().any(|line| line == *name))
            .collect(),
        conf: conf.to_owned(),
    })
}

/// Lifts the excluders' patterns from `/etc/yum.conf`; before and after are its `exclude=` patterns.
///
/// Runs the excluders that are installed, then takes out by itself what they left: an excluder of
/// another release, or one already removed, leaves patterns behind. The site's own patterns stay;
/// look at `after` for those that hide packages the procedure needs.
///
/// # Errors
/// `State` when a pattern of theirs is still there.
///
/// Source: OCP 3.9 Upgrading Clusters, Preparing for an Automated Upgrade, excluders.
pub fn unexclude(host: &Host) -> Result<Change<Vec<String>>> {
    let first = look(host)?;
    let before = first.patterns();
    let left = |look: &Look| look.patterns().iter().any(|pattern| is_excluders(pattern));
    if !left(&first) {
        return Ok(Change::between(before.clone(), before));
    }
    let mut now = first;
    let mut said = String::new();
    for (name, _) in now.installed.clone() {
        let output = host.output(&Command::changes([name, "unexclude"]))?;
        said.push_str(&crate::primitive::tail(&output.stderr));
    }
    if !now.installed.is_empty() {
        now = look(host)?;
    }
    if left(&now) {
        let conf = without(&now.conf, is_excluders);
        file::write(host, YUM_CONF, &conf, &Attributes::default())?;
        now = look(host)?;
    }
    if left(&now) {
        return Err(Error::state(
            host.name(),
            format!("`exclude=` in `{YUM_CONF}`"),
            "no pattern of the excluders",
            now.patterns().join(" "),
        )
        .with_evidence(said)
        .with_hint(format!(
            "edit `{YUM_CONF}` on `{}`, then resume",
            host.name()
        )));
    }
    Ok(Change::between(before, now.patterns()))
}

/// Has the installed excluders put their patterns into `/etc/yum.conf`; before and after are its
/// `exclude=` patterns. Where none is installed there is nothing to do.
///
/// # Errors
/// `State` when an excluder ran and its patterns are not there: it writes none where the file has
/// no `installonly_limit=` line.
pub fn exclude(host: &Host) -> Result<Change<Vec<String>>> {
    let first = look(host)?;
    let before = first.patterns();
    let idle: Vec<(&str, bool)> = first
        .installed
        .iter()
        .copied()
        .filter(|(_, docker)| !first.guarded(*docker))
        .collect();
    if idle.is_empty() {
        return Ok(Change::between(before.clone(), before));
    }
    let mut said = String::new();
    for (name, _) in &idle {
        let output = host.output(&Command::changes([*name, "exclude"]))?;
        said.push_str(&crate::primitive::tail(&output.stderr));
    }
    let after = look(host)?;
    if let Some((name, _)) = idle.iter().find(|(_, docker)| !after.guarded(*docker)) {
        return Err(Error::state(
            host.name(),
            format!("`exclude=` in `{YUM_CONF}`"),
            format!("the patterns of `{name}`"),
            format!("`{}`", after.patterns().join(" ")),
        )
        .with_evidence(said)
        .with_hint(format!(
            "the excluder writes its line below `installonly_limit=`: `grep installonly_limit {YUM_CONF}` on `{}`",
            host.name()
        )));
    }
    Ok(Change::between(before, after.patterns()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sites_own_patterns_are_not_the_excluders() {
        for pattern in [
            "atomic-openshift",
            "tuned-profiles-atomic-openshift-node",
            "origin-master",
            "docker*1.20*",
        ] {
            assert!(is_excluders(pattern), "{pattern}");
        }
        for pattern in [
            "docker*",
            "docker*1.1a*",
            "docker*1.*",
            "atomic-openshift*",
            "original",
            "kernel",
            "",
        ] {
            assert!(!is_excluders(pattern), "{pattern}");
        }
    }
}
