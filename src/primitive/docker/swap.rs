//! Taking docker's packages to another version, with the site's settings and the enable state kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::settings::holds_deferred_deletion;
use crate::error::{Error, Result};
use crate::primitive::yum::download::fetched;
use crate::primitive::yum::query::{packages, versions};
use crate::primitive::yum::transaction::{all_fetched, from_files};
use crate::primitive::yum::{Install, Noted, install, matching_version, run};
use crate::primitive::{Change, Host};
use crate::transport::{Command, Effect};

/// What docker consists of on RHEL 7.
const PARTS: [&str; 3] = ["docker", "docker-client", "docker-common"];
/// Where the settings wait while the packages change; there only while a swap is under way.
const ASIDE: &str = "/var/lib/ocpdg/docker-settings";
const LOCK_WAIT_SECS: u64 = 600;

/// How [`swap`] does it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Swap {
    /// A directory on the host with the packages, fetched before (see
    /// [`download()`](crate::primitive::yum::download())): the swap then needs no repository.
    pub from: Option<String>,
}

/// Brings `docker`, `docker-client` and `docker-common` to `version` (`1.12.6`); before and after
/// are the docker packages installed, as name to `version-release`.
///
/// The packages are named one by one: a pattern would also take `docker-latest` and plugins. Parts
/// of the same build as docker go along; other docker packages are left alone, and a note names
/// them. Packages that were fetched before are taken without asking a repository; where they do not
/// do, and where there are none, `yum swap` takes the repositories'. Where a run before was cut off
/// with docker removed, it is installed. What the transaction changed in `/etc/sysconfig/docker*` and
/// `/etc/docker/daemon.json` is put back, and docker is enabled again if it was. The daemon is not
/// restarted, see [`super::restart`].
///
/// # Errors
/// `State` naming what is not at `version` afterwards, with the end of yum's output; `State` when
/// another yum holds the lock.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Downgrading Docker, step 3.
pub fn swap(host: &Host, version: &str, how: &Swap) -> Result<Noted<BTreeMap<String, String>>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !version.starts_with(|c: char| c.is_ascii_digit()) || !version.bytes().all(plain) {
        return Err(Error::invalid(
            format!("docker version `{}`", version.escape_debug()),
            "give a version such as `1.12.6`",
        ));
    }
    let all = versions(packages(host, &[])?);
    let before = dockers(&all);
    let mut notes = Vec::new();
    let mut now = all.clone();
    if !is_at(&before, version) {
        save(host)?;
        let said;
        (now, said) = bring(host, version, how, &all)?;
        notes.extend(said);
    } else if !look(host)?.saved {
        notes.extend(others(&before, &family(&before)));
        return Ok(Noted {
            change: Change::between(before.clone(), before),
            notes,
        });
    }
    for file in restore(host)? {
        notes.push(format!("put back `{file}`, which the packages had changed"));
    }
    let along: Vec<String> = all
        .iter()
        .filter(|(name, _)| !now.contains_key(*name))
        .map(|(name, version)| format!("`{name}` {version}"))
        .collect();
    if !along.is_empty() {
        notes.push(format!("removed by this: {}", along.join(", ")));
    }
    let after = dockers(&now);
    notes.extend(others(&after, &family(&before)));
    Ok(Noted {
        change: Change {
            changed: true,
            before,
            after,
        },
        notes,
    })
}

/// Brings docker's packages to `version` on a host that has the packages `all`; returns those that it has
/// then, and what is to be told.
fn bring(
    host: &Host,
    version: &str,
    how: &Swap,
    all: &BTreeMap<String, String>,
) -> Result<(BTreeMap<String, String>, Vec<String>)> {
    let before = &dockers(all);
    let options = Install {
        version: Some(version.to_owned()),
        from: how.from.clone(),
        lock_wait_secs: LOCK_WAIT_SECS,
        ..Install::default()
    };
    let files = match &how.from {
        Some(directory) => fetched(host, directory)?,
        None => Vec::new(),
    };
    let mut family = family(before);
    // With docker taken away, only what was fetched tells which other parts there were.
    for file in &files {
        let part = file.name.starts_with("docker-") && !family.contains(&file.name);
        if part && before.is_empty() && matching_version(&file.version_release, version) {
            family.push(file.name.clone());
        }
    }
    let names: Vec<&str> = family.iter().map(String::as_str).collect();
    let mut now = all.clone();
    if all_fetched(&names, &options, before, &files) {
        from_files(host, &names, &options, before, &files)?;
        now = versions(packages(host, &[])?);
    }
    if is_at(&now, version) {
        return Ok((now, Vec::new()));
    }
    let installed: Vec<&String> = family
        .iter()
        .filter(|name| now.contains_key(*name))
        .collect();
    // dnf's own swap takes one name for one name: there the downgrade below does it all.
    if !installed.is_empty() && !look(host)?.dnf {
        let mut args: Vec<String> = ["swap", "--", "remove"].map(str::to_owned).to_vec();
        args.extend(installed.into_iter().cloned());
        args.extend(["--", "install"].map(str::to_owned));
        args.extend(family.iter().map(|name| format!("{name}-{version}")));
        run::run(host, &args, LOCK_WAIT_SECS)?;
    }
    // Looks again, and finishes or tells what was not done.
    let notes = install(host, &PARTS, &options)?.notes;
    Ok((versions(packages(host, &[])?), notes))
}

fn is_at(have: &BTreeMap<String, String>, version: &str) -> bool {
    PARTS.iter().all(|part| {
        have.get(*part)
            .is_some_and(|have| matching_version(have, version))
    })
}

/// The packages that [`swap`] will bring: docker's own parts, and what was built with the installed
/// docker.
///
/// # Errors
/// As [`packages`].
pub fn parts(host: &Host) -> Result<Vec<String>> {
    Ok(family(&versions(packages(host, &["docker", "docker-*"])?)))
}

/// Whether a swap was cut off on `host`: its settings still wait to be put back, or docker 1.12 is
/// installed and its storage options hold what it refuses to start with.
///
/// # Errors
/// As [`packages`]; `Command` when the storage options cannot be read.
pub fn swap_unfinished(host: &Host) -> Result<bool> {
    if look(host)?.saved {
        return Ok(true);
    }
    let installed = versions(packages(host, &["docker"])?);
    let old = |version: &String| matching_version(version, "1.12");
    Ok(installed.get("docker").is_some_and(old) && holds_deferred_deletion(host)?)
}

fn dockers(all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    all.iter()
        .filter(|(name, _)| *name == "docker" || name.starts_with("docker-"))
        .map(|(name, version)| (name.clone(), version.clone()))
        .collect()
}

/// The names to take along: docker's own parts, and what was built with the installed one.
fn family(installed: &BTreeMap<String, String>) -> Vec<String> {
    let build = PARTS.iter().find_map(|part| installed.get(*part));
    PARTS
        .iter()
        .map(|part| (*part).to_owned())
        .chain(
            installed
                .iter()
                .filter(|(name, have)| Some(*have) == build && !PARTS.contains(&name.as_str()))
                .map(|(name, _)| name.clone()),
        )
        .collect()
}

fn others(installed: &BTreeMap<String, String>, family: &[String]) -> Option<String> {
    let names: Vec<String> = installed
        .iter()
        .filter(|(name, _)| !family.contains(name))
        .map(|(name, version)| format!("`{name}` {version}"))
        .collect();
    (!names.is_empty()).then(|| format!("left alone: {}", names.join(", ")))
}

struct UnderWay {
    /// Whether settings wait to be put back, from this swap or one that was cut off.
    saved: bool,
    /// Whether `yum` is dnf.
    dnf: bool,
}

fn look(host: &Host) -> Result<UnderWay> {
    let script = format!(
        "[ -e {ASIDE}/complete ] && echo saved; case $(readlink -f \"$(command -v yum)\") in *dnf*) echo dnf;; esac; :"
    );
    let text = host.run(&Command::shell(script, Effect::Reads))?.text();
    let has = |word: &str| text.lines().any(|line| line == word);
    Ok(UnderWay {
        saved: has("saved"),
        dnf: has("dnf"),
    })
}

/// Sets the settings and the enable state aside. Those of a swap that was cut off are kept: by now
/// the host's own may be the new package's. A file that rpm has already renamed is taken from there.
fn save(host: &Host) -> Result<()> {
    let script = format!(
        "d={ASIDE}; [ -e \"$d/complete\" ] && exit 0; rm -rf -- \"$d\"; mkdir -p -m 0700 -- \"$d\" || exit 1; \
         for f in /etc/sysconfig/docker* /etc/docker/daemon.json*; do \
         case $f in *.rpmnew|*.rpmorig|*.ocpdg-new|*~) continue;; esac; [ -f \"$f\" ] || continue; \
         t=${{f%.rpmsave}}; if [ \"$t\" != \"$f\" ] && [ -e \"$t\" ]; then continue; fi; \
         mkdir -p -- \"$d${{t%/*}}\" && cp -a -- \"$f\" \"$d$t\" || exit 1; done; \
         systemctl is-enabled docker >\"$d/enabled\" 2>/dev/null; sync; : >\"$d/complete\""
    );
    host.run(&Command::shell(script, Effect::Changes))?;
    Ok(())
}

/// Puts the settings back where they differ and the enable state if docker was enabled; returns the
/// files put back.
fn restore(host: &Host) -> Result<Vec<String>> {
    let script = format!(
        "d={ASIDE}; [ -e \"$d/complete\" ] || exit 0; cd \"$d\" || exit 1; \
         find etc -type f 2>/dev/null | while IFS= read -r f; do cmp -s \"$f\" \"/$f\" && continue; \
         mkdir -p -- \"/${{f%/*}}\" && cp -a -- \"$f\" \"/$f.ocpdg-new\" && mv -f -- \"/$f.ocpdg-new\" \"/$f\" && \
         printf '/%s\\n' \"$f\" || exit 1; done || exit 1; \
         if [ \"$(cat enabled)\" = enabled ]; then systemctl enable docker >/dev/null || exit 1; fi; \
         sync; cd / && rm -rf -- \"$d\""
    );
    let output = host.run(&Command::shell(script, Effect::Changes).env("LC_ALL", "C"))?;
    Ok(output.text().lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_same_build_go_along_and_others_stay() {
        let installed: BTreeMap<String, String> = [
            ("docker", "1.13.1-63"),
            ("docker-client", "1.13.1-63"),
            ("docker-rhel-push-plugin", "1.13.1-63"),
            ("docker-latest", "1.13.1-58"),
        ]
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .into();
        let family = family(&installed);
        assert_eq!(
            family,
            [
                "docker",
                "docker-client",
                "docker-common",
                "docker-rhel-push-plugin"
            ]
        );
        assert_eq!(
            others(&installed, &family).as_deref(),
            Some("left alone: `docker-latest` 1.13.1-58")
        );
    }
}
