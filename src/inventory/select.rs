//! Narrowing a [`Cluster`] to some of its hosts: `--limit` and `--without`.

use std::collections::BTreeSet;

use super::{Cluster, Host, Role, printable};
use crate::error::{Error, Result};
use crate::transport::quote::quote;

/// How many near names an error offers.
const OFFERED: usize = 3;

impl Cluster {
    /// The cluster with only the hosts that `patterns` name, in the same order. The first master
    /// and the identity stay those of the whole cluster.
    ///
    /// A pattern is a host, an inventory group, or either with `*` and `?`; several may be joined by
    /// commas.
    ///
    /// # Errors
    /// `Invalid` for a pattern that fits nothing, with the nearest names; or if none is given.
    pub fn limit(&self, patterns: &[String]) -> Result<Self> {
        let chosen = self.chosen("--limit", patterns)?;
        Ok(self.narrowed(|index| chosen.contains(&index)))
    }

    /// The cluster without the hosts that `patterns` name, written as for [`Cluster::limit`]: those
    /// hosts are taken for dead. If the first master is one of them, the next master takes its place.
    ///
    /// # Errors
    /// `Invalid` for a pattern that fits nothing, or if no master or no etcd host would be left.
    pub fn without(&self, patterns: &[String]) -> Result<Self> {
        if patterns.is_empty() {
            return Ok(self.clone());
        }
        let dead = self.chosen("--without", patterns)?;
        let mut left = self.narrowed(|index| !dead.contains(&index));
        for role in [Role::Master, Role::Etcd] {
            if left.with_role(role).next().is_none() {
                let reason = format!("no {role} host would be left, so nothing could be restored");
                return Err(Error::invalid("`--without`", reason));
            }
        }
        let first = left.with_role(Role::Master).next().cloned();
        if let Some(first) = first
            && left.host(&self.first_master.name).is_none()
        {
            left.first_master = first;
        }
        Ok(left)
    }

    /// The indices of the hosts that `patterns`, given with `option`, name.
    fn chosen(&self, option: &str, patterns: &[String]) -> Result<BTreeSet<usize>> {
        let mut chosen = BTreeSet::new();
        let patterns = patterns.iter().flat_map(|pattern| pattern.split(','));
        for pattern in patterns
            .map(str::trim)
            .filter(|pattern| !pattern.is_empty())
        {
            let fits = |name: &str| fits(pattern, name);
            let hosts = self.hosts.iter().enumerate();
            let mut known = false;
            for (index, _) in hosts.filter(|(_, host)| fits(&host.name)) {
                chosen.insert(index);
                known = true;
            }
            for (_, members) in self.groups.iter().filter(|(name, _)| fits(name)) {
                chosen.extend(members);
                known = true;
            }
            if !known {
                return Err(self.unknown(option, pattern));
            }
        }
        if chosen.is_empty() {
            return Err(Error::invalid(format!("`{option}`"), "names no host"));
        }
        Ok(chosen)
    }

    fn unknown(&self, option: &str, pattern: &str) -> Error {
        let source = self.source.display();
        let shown = printable(pattern);
        let error = Error::invalid(
            format!("`{option}`"),
            format!("no host or group `{shown}` in `{source}`"),
        );
        let hosts = self.hosts.iter().map(|host| host.name.as_str());
        let names = hosts.chain(self.groups.keys().map(String::as_str));
        let mut near: Vec<(usize, &str)> = names
            .map(|name| (strsim::damerau_levenshtein(pattern, name), name))
            .filter(|(distance, name)| *distance <= name.len().max(pattern.len()) / 3)
            .collect();
        near.sort_unstable();
        near.dedup();
        let near: Vec<String> = near
            .iter()
            .take(OFFERED)
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        let file = source.to_string();
        let list = format!("`ocpdg inventory -i {}` lists them all", quote(&file));
        match near.len() {
            0 => error.with_hint(list),
            _ => error.with_hint(format!("did you mean {}? {list}", near.join(" or "))),
        }
    }

    /// The cluster with the hosts whose index `keep` accepts.
    fn narrowed(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut moved = vec![None; self.hosts.len()];
        let mut hosts: Vec<Host> = Vec::new();
        for (index, host) in self
            .hosts
            .iter()
            .enumerate()
            .filter(|(index, _)| keep(*index))
        {
            moved[index] = Some(hosts.len());
            hosts.push(host.clone());
        }
        let groups = self.groups.iter().map(|(name, members)| {
            let members = members.iter().filter_map(|&index| moved[index]);
            (name.clone(), members.collect())
        });
        Self {
            hosts,
            groups: groups.collect(),
            source: self.source.clone(),
            identity: self.identity.clone(),
            first_master: self.first_master.clone(),
            unsupported: self.unsupported.clone(),
        }
    }
}

/// Whether `name` fits `pattern`, in which `*` stands for any text and `?` for one character.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None; // behind the last `*`, and where it stopped eating
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((behind, eaten)) => {
                    star = Some((behind, eaten + 1));
                    (p, n) = (behind, eaten + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_and_question_marks_stand_for_text() {
        for (pattern, name, wanted) in [
            ("node-1", "node-1", true),
            ("node-1", "node-11", false),
            ("node-?", "node-1", true),
            ("node-?", "node-", false),
            ("*", "", true),
            ("*.example.com", "m1.example.com", true),
            ("m*1*c*", "m1.example.com", true),
            ("m*2*", "m1.example.com", false),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
