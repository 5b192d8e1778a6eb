//! Packages in full: where they came from, what one repository offers, and yum's history.

use super::available::entries;
use super::history::{epoch, transactions as ids};
use super::run::reads;
use crate::error::Result;
use crate::primitive::Host;

/// A transaction of yum's history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Its number.
    pub id: u64,
    /// When it began, seconds since 1970.
    pub began: i64,
    /// The words after `yum`.
    pub command: String,
    /// Whether yum says that all of it was done.
    pub complete: bool,
    /// What it did.
    pub elements: Vec<Element>,
}

/// What a transaction did with one package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Whether the package came; otherwise it was there before.
    pub came: bool,
    /// Its name.
    pub name: String,
    /// `EPOCH:VERSION-RELEASE`, without the epoch where yum does not tell it.
    pub version: String,
    /// Its architecture.
    pub arch: String,
    /// The repository it came from.
    pub repository: String,
}

/// The repository of each installed package, as `NAME.ARCH` and id.
///
/// # Errors
/// `Command` when yum cannot read its configuration.
pub fn origins(host: &Host) -> Result<Vec<(String, String)>> {
    let words = ["-q", "list", "installed"].map(str::to_owned);
    let text = host.run(&reads(words))?.text();
    let found = entries(&text, "Installed Packages").into_iter();
    Ok(found
        .map(|[name, _, from]| (name.to_owned(), from.trim_start_matches('@').to_owned()))
        .collect())
}

/// What the repository `id`, enabled or not, offers of the packages that fit `patterns`, as `NAME.ARCH`
/// and version with its epoch; excludes are passed over.
///
/// # Errors
/// `Command` when it cannot be read.
pub fn offered(host: &Host, id: &str, patterns: &[&str]) -> Result<Vec<(String, String)>> {
    let enable = format!("--enablerepo={id}");
    let options = [
        "-q",
        "--showduplicates",
        "--disableexcludes=all",
        "--disablerepo=*",
        &enable,
        "list",
        "available",
    ];
    let words = options
        .iter()
        .chain(patterns)
        .map(|word| (*word).to_owned());
    let command = reads(words);
    let output = host.output(&command)?;
    let said = format!("{}\n{}", output.text(), output.error_text()).to_lowercase();
    if !output.exit.success() && !said.contains("no matching packages") {
        return Err(host.failed(&command, &output));
    }
    Ok(entries(&output.text(), "Available Packages")
        .into_iter()
        .map(|[name, version, _]| (name.to_owned(), version.to_owned()))
        .collect())
}

/// The transactions with packages that fit `patterns`, at most the 100 newest, the first one first.
///
/// # Errors
/// The transport's failures; a host without history is no error.
pub fn transactions(host: &Host, patterns: &[&str]) -> Result<Vec<Transaction>> {
    let ask = |words: Vec<String>| host.output(&reads(words).env("TZ", "UTC"));
    let mut words = ["history", "list"].map(str::to_owned).to_vec();
    words.extend(patterns.iter().map(|word| (*word).to_owned()));
    let ids = ids(&ask(words)?.text());
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut words = ["history", "info"].map(str::to_owned).to_vec();
    words.extend(ids);
    let mut found = parse(&ask(words)?.text());
    // yum 3 tells them as they were asked for, dnf the newest one first.
    found.sort_by_key(|one| one.id);
    Ok(found)
}

/// Reads `yum history info`: yum 3 leaves the name out in the second line of an update.
fn parse(text: &str) -> Vec<Transaction> {
    let mut found: Vec<Transaction> = Vec::new();
    let mut last = String::new();
    for line in text.lines() {
        if let Some((key, value)) = line.split_once(" : ") {
            let value = value.trim();
            match (key.trim(), found.last_mut()) {
                ("Transaction ID", _) => found.push(Transaction {
                    id: value.parse().unwrap_or(0),
                    ..Transaction::default()
                }),
                ("Begin time", Some(one)) => one.began = epoch(value).unwrap_or(0),
                ("Return-Code", Some(one)) => one.complete = value.starts_with("Success"),
                ("Command Line", Some(one)) => value.clone_into(&mut one.command),
                _ => {}
            }
            continue;
        }
        let mut words = line.split_whitespace();
        let (Some(state), Some(what)) = (words.next(), words.next()) else {
            continue;
        };
        let from = words.next().filter(|word| word.starts_with('@'));
        let (Some(one), Some(from)) = (found.last_mut(), from) else {
            continue;
        };
        let (epoch, what) = match what.split_once(':') {
            Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                (format!("{epoch}:"), rest)
            }
            _ => (String::new(), what),
        };
        let Some((what, arch)) = what.rsplit_once('.') else {
            continue;
        };
        let mut parts = what.rsplitn(3, '-');
        let (release, version) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let name = parts.next().map_or_else(|| last.clone(), str::to_owned);
        last.clone_from(&name);
        let came = [
            "Install",
            "Dep-Install",
            "Update",
            "Upgrade",
            "Downgrade",
            "Reinstall",
        ];
        one.elements.push(Element {
            came: came.contains(&state),
            name,
            version: format!("{epoch}{version}-{release}"),
            arch: arch.to_owned(),
            repository: from.trim_start_matches('@').to_owned(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_of_an_update_are_told() {
        let text = "Transaction ID : 12\nBegin time     : Thu Apr  5 09:31:10 2018\nReturn-Code    : Success\n\
            Command Line   : -y install docker-1.13.1\nPackages Altered:\n\
            \x20   Updated docker-2:1.12.6-71.git3e8e77d.el7.x86_64 @extras\n\
            \x20   Update         2:1.13.1-58.git87f2fab.el7.x86_64 @extras\n\
            \x20   Install etcd-3.2.22-1.el7.x86_64 @extras\nhistory info\n";
        let found = parse(text);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].id, found[0].began, found[0].complete),
            (12, 1_522_920_670, true)
        );
        assert_eq!(found[0].command, "-y install docker-1.13.1");
        let told: Vec<String> = found[0]
            .elements
            .iter()
            .map(|one| format!("{} {} {} {}", one.came, one.name, one.version, one.arch))
            .collect();
        assert_eq!(
            told,
            [
                "false docker 2:1.12.6-71.git3e8e77d.el7 x86_64",
                "true docker 2:1.13.1-58.git87f2fab.el7 x86_64",
                "true etcd 3.2.22-1.el7 x86_64",
            ]
        );
    }
}
