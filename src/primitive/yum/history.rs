//! When the upgrade that is to be undone began.

use serde::{Deserialize, Serialize};

use super::query::packages;
use super::run::reads;
use crate::error::Result;
use crate::primitive::Host;

/// The earliest trace of the upgrade on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpgradeStart {
    /// Seconds since 1970.
    pub time: i64,
    /// What says so, such as "yum transaction 12: `atomic-openshift` 3.8.37".
    pub evidence: String,
    /// The version that was replaced, such as `3.7.23`, where yum's history tells it.
    pub replaced: Option<String>,
}

/// The earliest time at which `PREFIX` (`atomic-openshift`, or `origin`) of 3.8 or 3.9 came onto
/// the host; `None` where it never did. yum's history still knows of 3.8 when 3.9 has replaced it;
/// where it cannot be read, the install time of the package that is there has to do.
///
/// # Errors
/// As [`packages`].
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Verifying Backups ("the day of the upgrade").
pub fn upgrade_start(host: &Host, prefix: &str) -> Result<Option<UpgradeStart>> {
    let installed = packages(host, &[prefix])?
        .into_iter()
        .filter(|package| is_upgraded(&package.version))
        .map(|package| UpgradeStart {
            time: package.install_time,
            evidence: format!("rpm: `{}` {}", package.name, package.version_release()),
            replaced: None,
        });
    // yum prints local times: asked in UTC they need no zone. A host without history is no error.
    let ask = |words: Vec<String>| host.output(&reads(words).env("TZ", "UTC"));
    let list = ask(["history", "list", prefix].map(str::to_owned).to_vec())?;
    let ids = transactions(&list.text());
    let mut found = Vec::new();
    if !ids.is_empty() {
        let mut words = vec!["history".to_owned(), "info".to_owned()];
        words.extend(ids);
        found.extend(starts(&ask(words)?.text(), prefix));
    }
    // Of two of the same second the first counts: yum's, which tells more.
    found.extend(installed);
    Ok(found.into_iter().min_by_key(|start| start.time))
}

/// Whether `version` is one that the upgrade brought.
fn is_upgraded(version: &str) -> bool {
    version.starts_with("3.8.") || version.starts_with("3.9.")
}

/// The ids in the table of `yum history list`, at most the 100 newest.
fn transactions(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(id, _)| id.trim())
        .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        .take(100)
        .map(str::to_owned)
        .collect()
}

/// One transaction of `yum history info`, as far as one package is concerned.
#[derive(Default)]
struct Transaction<'a> {
    id: &'a str,
    time: Option<i64>,
    versions: Vec<&'a str>,
}

/// The transactions of `yum history info` that brought an upgraded `package`.
fn starts(text: &str, package: &str) -> Vec<UpgradeStart> {
    parse(text, package)
        .into_iter()
        .filter_map(|transaction| {
            let (new, old): (Vec<&str>, Vec<&str>) = transaction
                .versions
                .iter()
                .partition(|version| is_upgraded(version));
            Some(UpgradeStart {
                time: transaction.time?,
                evidence: format!(
                    "yum transaction {}: `{package}` {}",
                    transaction.id,
                    new.first()?
                ),
                replaced: old.first().map(|version| (*version).to_owned()),
            })
        })
        .collect()
}

/// yum 3 writes `Updated NAME-3.7.23-1.x86_64 @repo` and below it `Update  3.8.37-1.x86_64 @repo`,
/// without the name; dnf writes the name in both lines.
fn parse<'a>(text: &'a str, package: &str) -> Vec<Transaction<'a>> {
    let mut found: Vec<Transaction<'a>> = Vec::new();
    let mut ours = false;
    for line in text.lines() {
        if let Some((key, value)) = line.split_once(" : ") {
            match (key.trim(), found.last_mut()) {
                ("Transaction ID", _) => found.push(Transaction {
                    id: value.trim(),
                    ..Transaction::default()
                }),
                ("Begin time", Some(transaction)) => transaction.time = epoch(value),
                _ => {}
            }
            ours = false;
            continue;
        }
        let what = line.split_whitespace().nth(1).unwrap_or_default();
        let named = what
            .strip_prefix(package)
            .and_then(|rest| rest.strip_prefix('-'));
        let version = named.or_else(|| ours.then_some(what));
        let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        ours = version.is_some();
        if let (Some(version), Some(transaction)) = (version, found.last_mut()) {
            transaction.versions.extend(version.split('-').next());
        }
    }
    found
}

/// `Thu Apr  5 09:31:02 2018`, as the C locale writes it, in UTC.
fn epoch(text: &str) -> Option<i64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [_weekday, month, day, clock, year] = words[..] else {
        return None;
    };
    let text = format!("{month} {day} {clock} {year}");
    let time = jiff::civil::DateTime::strptime("%b %d %H:%M:%S %Y", text).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_update_line_of_yum_3_has_no_name() {
        let text = "Transaction ID : 12\nBegin time     : Thu Apr  5 09:31:10 2018\n\
            Begin rpmdb    : 600:abc\nReturn-Code    : Success\nPackages Altered:\n\
            \x20   Updated atomic-openshift-3.7.23-1.git.0.x86_64          @ose-3.7\n\
            \x20   Update                   3.8.37-1.git.0.x86_64          @ose-3.8\n\
            \x20   Updated atomic-openshift-node-3.7.23-1.git.0.x86_64     @ose-3.7\n\
            \x20   Update                        3.9.14-1.git.0.x86_64     @ose-3.9\n";
        let found = starts(text, "atomic-openshift");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].time, 1_522_920_670);
        assert_eq!(
            found[0].evidence,
            "yum transaction 12: `atomic-openshift` 3.8.37"
        );
        assert_eq!(found[0].replaced.as_deref(), Some("3.7.23"));
    }

    #[test]
    fn ids_come_from_the_table_only() {
        let text = "ID     | Login user | Date and time    | Action(s) | Altered\n-----\n    12 | root <root> | 2018-04-05 09:31 | Update | 3\n x | y\n|\nhistory list\n";
        assert_eq!(transactions(text), ["12"]);
    }
}
