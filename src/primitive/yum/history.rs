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
/// the host in its latest upgrade; `None` where it never did. An upgrade that was undone by installing
/// an older version again does not count once another one came after it.
///
/// yum's history still knows of 3.8 when 3.9 has replaced it; where it cannot be read, the install time
/// of the package that is there has to do.
///
/// # Errors
/// As [`packages`].
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Verifying Backups ("the day of the upgrade").
pub fn upgrade_start(host: &Host, prefix: &str) -> Result<Option<UpgradeStart>> {
    let installed = packages(host, &[prefix])?
        .into_iter()
        .map(|package| Arrival {
            upgraded: is_upgraded(&package.version),
            start: UpgradeStart {
                time: package.install_time,
                evidence: format!("rpm: `{}` {}", package.name, package.version_release()),
                replaced: None,
            },
        });
    // yum prints local times: asked in UTC they need no zone. A host without history is no error.
    let ask = |words: Vec<String>| host.output(&reads(words).env("TZ", "UTC"));
    let list = ask(["history", "list", prefix].map(str::to_owned).to_vec())?;
    let ids = transactions(&list.text());
    let mut found = Vec::new();
    if !ids.is_empty() {
        let mut words = vec!["history".to_owned(), "info".to_owned()];
        words.extend(ids);
        found.extend(arrivals(&ask(words)?.text(), prefix));
    }
    // Of two of the same second the first counts: yum's, which tells more.
    found.extend(installed);
    Ok(latest_upgrade(found))
}

/// A version of the package that came onto the host.
#[derive(Debug, PartialEq, Eq)]
struct Arrival {
    /// Whether it is one that the upgrade brings.
    upgraded: bool,
    start: UpgradeStart,
}

/// The first of the last upgraded versions that came with no older one between them.
fn latest_upgrade(mut arrivals: Vec<Arrival>) -> Option<UpgradeStart> {
    arrivals.sort_by_key(|arrival| arrival.start.time);
    let mut latest = None;
    let mut undone = true;
    for arrival in arrivals {
        if arrival.upgraded && undone {
            latest = Some(arrival.start);
        }
        undone = !arrival.upgraded;
    }
    latest
}

/// Whether `version` is one that the upgrade brought.
fn is_upgraded(version: &str) -> bool {
    version.starts_with("3.8.") || version.starts_with("3.9.")
}

/// The ids in the table of `yum history list`, at most the 100 newest.
pub(super) fn transactions(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(id, _)| id.trim())
        .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        .take(100)
        .map(str::to_owned)
        .collect()
}

/// The transactions of `yum history info` that brought a version of `package`.
fn arrivals(text: &str, package: &str) -> Vec<Arrival> {
    parse(text, package)
        .into_iter()
        .filter_map(|transaction| {
            let version = *transaction.came.first()?;
            let upgraded = is_upgraded(version);
            let before = transaction
                .were
                .iter()
                .find(|version| !is_upgraded(version));
            let id = transaction.id;
            Some(Arrival {
                upgraded,
                start: UpgradeStart {
                    time: transaction.time?,
                    evidence: format!("yum transaction {id}: `{package}` {version}"),
                    replaced: before
                        .filter(|_| upgraded)
                        .map(|version| (*version).to_owned()),
                },
            })
        })
        .collect()
}

/// One transaction of `yum history info`, as far as one package is concerned.
#[derive(Default)]
struct Transaction<'a> {
    id: &'a str,
    time: Option<i64>,
    /// Versions that came.
    came: Vec<&'a str>,
    /// Versions that were there before.
    were: Vec<&'a str>,
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
        let mut words = line.split_whitespace();
        let state = words.next().unwrap_or_default();
        let what = words.next().unwrap_or_default();
        let named = what
            .strip_prefix(package)
            .and_then(|rest| rest.strip_prefix('-'));
        let version = named.or_else(|| ours.then_some(what));
        let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
        ours = version.is_some();
        if let (Some(version), Some(transaction)) = (version, found.last_mut()) {
            // The other states tell what was there before: `Updated`, `Erase`, `Removed`, `Downgraded`.
            let came =
                ["Install", "Dep-Install", "Update", "Upgrade", "Downgrade"].contains(&state);
            let side = if came {
                &mut transaction.came
            } else {
                &mut transaction.were
            };
            side.extend(version.split('-').next());
        }
    }
    found
}

/// `Thu Apr  5 09:31:02 2018`, as the C locale writes it, in UTC.
pub(super) fn epoch(text: &str) -> Option<i64> {
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
        let found = arrivals(text, "atomic-openshift");
        assert_eq!(found.len(), 1);
        assert!(found[0].upgraded);
        assert_eq!(found[0].start.time, 1_522_920_670);
        assert_eq!(
            found[0].start.evidence,
            "yum transaction 12: `atomic-openshift` 3.8.37"
        );
        assert_eq!(found[0].start.replaced.as_deref(), Some("3.7.23"));
    }

    #[test]
    fn an_upgrade_that_was_undone_gives_way_to_the_next() {
        let arrival = |time, version: &str| Arrival {
            upgraded: is_upgraded(version),
            start: UpgradeStart {
                time,
                evidence: version.to_owned(),
                replaced: None,
            },
        };
        let first = [(1, "3.7.23"), (2, "3.8.37"), (3, "3.9.14")];
        let undone = [(4, "3.7.23")];
        let second = [(6, "3.9.14"), (5, "3.8.37")];
        for (events, expected) in [
            (first.to_vec(), Some(2)),
            // Half way through the downgrade: it is still the upgrade that is undone.
            ([&first[..], &undone].concat(), Some(2)),
            ([&first[..], &undone, &second].concat(), Some(5)),
            (undone.to_vec(), None),
        ] {
            let arrivals = events.iter().map(|(time, version)| arrival(*time, version));
            let found = latest_upgrade(arrivals.collect());
            assert_eq!(found.map(|start| start.time), expected, "{events:?}");
        }
    }

    #[test]
    fn ids_come_from_the_table_only() {
        let text = "ID     | Login user | Date and time    | Action(s) | Altered\n-----\n    12 | root <root> | 2018-04-05 09:31 | Update | 3\n x | y\n|\nhistory list\n";
        assert_eq!(transactions(text), ["12"]);
    }
}
