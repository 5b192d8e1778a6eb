//! What is installed, from the rpm database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::version;
use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::transport::{Command, Output};

/// One installed package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name, such as `atomic-openshift-node`.
    pub name: String,
    /// Its version, such as `3.7.23`.
    pub version: String,
    /// Its release, such as `1.git.0.8edc154.el7`.
    pub release: String,
    /// When it was installed: seconds since 1970.
    pub install_time: i64,
}

impl Package {
    /// `3.7.23-1.git.0.8edc154.el7`.
    pub fn version_release(&self) -> String {
        format!("{}-{}", self.version, self.release)
    }
}

const FORMAT: &str = r"%{NAME}\t%{VERSION}\t%{RELEASE}\t%{INSTALLTIME}\n";

/// The installed packages whose names match `patterns` (`atomic-openshift*`, `etcd`), as name to
/// `version-release`; one round trip. No pattern asks for all. Of a package that is installed more
/// than once, such as the kernel, the newest counts.
///
/// # Errors
/// As [`packages`].
pub fn installed(host: &Host, patterns: &[&str]) -> Result<BTreeMap<String, String>> {
    Ok(versions(packages(host, patterns)?))
}

/// The installed packages whose names match `patterns`, with their install times.
///
/// # Errors
/// `Invalid` for what cannot be a package's name; `Command` when the rpm database cannot be read.
pub fn packages(host: &Host, patterns: &[&str]) -> Result<Vec<Package>> {
    check_patterns(patterns)?;
    let globs = patterns.is_empty() || patterns.iter().any(|name| is_glob(name));
    let mut argv = vec!["rpm", if globs { "-qa" } else { "-q" }, "--qf", FORMAT];
    argv.extend(patterns);
    let command = Command::reads(argv).env("LC_ALL", "C");
    let output = host.output(&command)?;
    // `rpm -q` counts the names that are not installed in its status: only its words tell those
    // apart from a database that cannot be read.
    if broken(&output) {
        return Err(host.failed(&command, &output).with_hint(format!(
            "the rpm database on `{}` does not answer: `rpm -qa | tail`, then `rpm --rebuilddb`",
            host.name()
        )));
    }
    Ok(parse(&output.text())
        .into_iter()
        .filter(|package| {
            patterns.is_empty() || patterns.iter().any(|glob| fits(glob, &package.name))
        })
        .collect())
}

fn broken(output: &Output) -> bool {
    let complains = output
        .error_text()
        .lines()
        .any(|line| line.starts_with("error:") || line.contains("rpmdb"));
    let answers = output.text().lines().any(|line| line.contains('\t'));
    let absent = output.text().contains("is not installed");
    !output.exit.success() && (complains || !(answers || absent))
}

fn parse(text: &str) -> Vec<Package> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let package = Package {
                name: fields.next()?.to_owned(),
                version: fields.next()?.to_owned(),
                release: fields.next()?.to_owned(),
                install_time: fields.next()?.trim().parse().ok()?,
            };
            fields.next().is_none().then_some(package)
        })
        .collect()
}

/// Name to `version-release`, the newest of each name.
pub(crate) fn versions(packages: Vec<Package>) -> BTreeMap<String, String> {
    let mut map: BTreeMap<String, String> = BTreeMap::new();
    for package in packages {
        let found = package.version_release();
        let kept = map.entry(package.name).or_insert_with(|| found.clone());
        if version::compare(&found, kept).is_gt() {
            *kept = found;
        }
    }
    map
}

pub(crate) fn is_glob(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Refuses names that yum or rpm would read as an option, a path or a group.
pub(crate) fn check_patterns(names: &[&str]) -> Result<()> {
    for name in names {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+_.-*?:~".contains(&byte);
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(plain) {
            return Err(Error::invalid(
                format!("package `{}`", name.escape_debug()),
                "a package's name has letters, digits and `+_.-` only, patterns also `*` and `?`",
            ));
        }
    }
    Ok(())
}

/// Whether `name`, which is ASCII as all names of packages are, fits `glob`, of which only `*` and `?` are special.
pub(crate) fn fits(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.as_bytes(), name.as_bytes());
    let (mut g, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if g < glob.len() && glob[g] == b'*' {
            retry = Some((g, n));
            g += 1;
        } else if g < glob.len() && (glob[g] == b'?' || glob[g] == name[n]) {
            g += 1;
            n += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            g = star + 1;
            n = from + 1;
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        assert!(fits("docker*", "docker"));
        assert!(fits("*-node", "atomic-openshift-node"));
        assert!(fits("a?c", "abc"));
        assert!(!fits("etcd", "etcd3"));
        assert!(!fits("a*b*c", "abd"));
        assert!(fits("a*b*c", "abdbc"));
    }

    #[test]
    fn the_newest_of_several_counts_and_garbage_is_skipped() {
        let text = "kernel\t3.10.0\t9\t5\nkernel\t3.10.0\t10\t4\npackage x is not installed\na\tb\n\t\t\t\t\n";
        assert_eq!(versions(parse(text))["kernel"], "3.10.0-10");
        assert_eq!(parse(text).len(), 2);
    }
}
