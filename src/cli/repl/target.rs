//! The hosts that lines work on: `@masters + node1`, `@nodes - node2`, `+ node3`.

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::script::{Console, Group};

/// The groups that are there whatever the inventory calls its own, and the two hosts.
const GROUPS: [&str; 6] = [
    "all",
    "masters",
    "nodes",
    "etcd",
    "first_master",
    "first_etcd",
];

/// Whether `line` says what to work on: it begins with `@`, or with a sign that a host or group follows.
pub fn is_meant(line: &str, console: &Console) -> bool {
    let Some(rest) = line.strip_prefix(['+', '-']) else {
        return line.starts_with('@');
    };
    let first = rest.split_whitespace().next().unwrap_or_default();
    find(first.trim_start_matches('@'), console).is_ok()
        || (rest.starts_with(' ') && first.starts_with(|c: char| c.is_alphabetic() || c == '@'))
}

/// Makes the hosts that `line` names the target of `console`.
///
/// # Errors
/// A name that is no host and no group; nothing left.
pub fn aim(line: &str, console: &mut Console) -> Result<()> {
    let (mut label, mut group) = match line.starts_with('@') {
        true => (String::new(), Group::default()),
        false => console.target(),
    };
    let mut sign = '+';
    for word in words(line) {
        if let "+" | "-" = word {
            sign = if word == "+" { '+' } else { '-' };
            continue;
        }
        let found = find(word, console)?;
        group = match sign {
            '-' => group.minus(&found),
            _ => group.union(&found),
        };
        label = match label.as_str() {
            "" => word.to_owned(),
            before => format!("{before} {sign} {word}"),
        };
        sign = '+';
    }
    if group.hosts().is_empty() {
        let reason = "leaves no host to work on";
        return Err(Error::invalid(format!("`{line}`"), reason).with_hint(
            "write `@masters`, `@HOST`, `@masters + HOST`, `- HOST`; `:hosts` shows all",
        ));
    }
    console.aim(label, group);
    Ok(())
}

/// The names and signs of `line`; a sign may stand close to the name that follows it.
fn words(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for word in line.split(|c: char| c.is_whitespace() || c == ',') {
        let mut rest = word.trim_start_matches('@');
        if let Some(sign) = rest.get(..1).filter(|sign| ["+", "-"].contains(sign)) {
            found.push(sign);
            rest = rest[1..].trim_start_matches('@');
        }
        // `masters+node1`: no name has a plus in it.
        for (place, part) in rest.split('+').enumerate() {
            if place > 0 {
                found.push("+");
            }
            if !part.is_empty() {
                found.push(part);
            }
        }
    }
    found
}

/// The hosts that `name` names: a group, a host, or the beginning of a host's name before its first dot.
fn find(name: &str, console: &Console) -> Result<Group> {
    let all = console.everyone();
    let named = |name: &str| all.named(name).cloned().map(|host| Group::new([host]));
    let roles = || ["masters", "nodes", "etcd"].map(|role| all.filtered(|host| host.is_in(role)));
    let group = match name {
        "first_master" => named(console.first_master()),
        "first_etcd" => roles()[2]
            .hosts()
            .first()
            .cloned()
            .map(|host| Group::new([host])),
        "all" => Some(
            roles()
                .iter()
                .fold(Group::default(), |all, group| all.union(group)),
        ),
        _ => Some(all.filtered(|host| host.is_in(name))),
    };
    if let Some(group) = group.filter(|group| !group.hosts().is_empty()) {
        return Ok(group);
    }
    if let Some(host) = named(name) {
        return Ok(host);
    }
    let short = all.filtered(|host| host.name().split('.').next() == Some(name));
    if short.hosts().len() == 1 {
        return Ok(short);
    }
    let names = names(console);
    let short = |known: &str| known.split('.').next().map(str::len).unwrap_or_default();
    let alike = |known: &String| strsim::jaro_winkler(&known[..short(known)], name);
    let near = names.iter().max_by(|a, b| alike(a).total_cmp(&alike(b)));
    let error = Error::invalid(format!("`@{name}`"), "is no host and no group");
    Err(match near {
        Some(near) => error.with_hint(format!("did you mean `@{near}`? `:hosts` shows all")),
        None => error,
    })
}

/// Every name that a target can be made of: groups first, then hosts.
pub fn names(console: &Console) -> Vec<String> {
    let hosts = console.everyone().hosts();
    let groups: BTreeSet<&str> = hosts.iter().flat_map(|host| host.groups()).collect();
    let groups = groups.into_iter().filter(|group| !GROUPS.contains(group));
    let hosts = hosts.iter().map(|host| host.name());
    let names = GROUPS.into_iter().chain(groups).chain(hosts);
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn signs_are_found_beside_names_and_within_none() {
        assert_eq!(words("@masters + node-1"), ["masters", "+", "node-1"]);
        assert_eq!(words("@nodes -node-2"), ["nodes", "-", "node-2"]);
        assert_eq!(words("+ @node1, node2"), ["+", "node1", "node2"]);
        assert_eq!(words("@masters+node1"), ["masters", "+", "node1"]);
    }
}
