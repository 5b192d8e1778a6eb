//! Package names that the manual has and no repository.

use super::query::installed;
use crate::error::Result;
use crate::primitive::Host;

/// What the manual calls packages but are services of another package.
const ALIASES: [(&str, &str); 6] = [
    ("atomic-openshift-master-api", "atomic-openshift-master"),
    (
        "atomic-openshift-master-controllers",
        "atomic-openshift-master",
    ),
    (
        "atomic-openshift-master-controller",
        "atomic-openshift-master",
    ),
    ("origin-master-api", "origin-master"),
    ("origin-master-controllers", "origin-master"),
    ("origin-master-controller", "origin-master"),
];

/// `names` with the manual's wrong ones replaced by the packages that exist, each once, in order;
/// and a note for each one replaced.
///
/// Asked for by its wrong name, `atomic-openshift-master` would be removed by dependency and never
/// come back, because yum only mentions names it does not know.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Removing RPMs and Reinstalling RPMs.
pub fn real_names<'a>(names: &[&'a str]) -> (Vec<&'a str>, Vec<String>) {
    let (mut real, mut notes) = (Vec::new(), Vec::new());
    for &name in names {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        if let Some((alias, package)) = alias {
            notes.push(format!(
                "`{alias}` is a service, not a package: took `{package}`, which belongs to it"
            ));
        }
        let name = alias.map_or(name, |(_, package)| package);
        if !real.contains(&name) {
            real.push(name);
        }
    }
    (real, notes)
}

/// What OpenShift's packages on `host` begin with: `atomic-openshift`, or `origin` on OKD; `None`
/// where none is installed.
///
/// # Errors
/// As [`installed`].
pub fn flavor(host: &Host) -> Result<Option<String>> {
    let found = installed(host, &["atomic-openshift*", "origin", "origin-*"])?;
    let prefix = ["atomic-openshift", "origin"].into_iter().find(|prefix| {
        found
            .keys()
            .any(|name| name == prefix || name.starts_with(&format!("{prefix}-")))
    });
    Ok(prefix.map(str::to_owned))
}
