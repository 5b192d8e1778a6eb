//! Enabled and masked: links below `/etc/systemd/system`.

use super::file::{Load, PLACES, Unit};
use crate::transport::sim::files::{Actor, Errno, Files, Kind, Node, split};

const HERE: &str = "/etc/systemd/system";

/// As `systemctl is-enabled` says it; empty where there is no unit.
pub fn state_of(files: &Files, unit: &Unit) -> &'static str {
    match unit.load {
        Load::NotFound => "",
        Load::Masked => "masked",
        Load::Loaded if links(unit).iter().any(|link| files.get(link).is_ok()) => "enabled",
        Load::Loaded if unit.can_be_enabled() => "disabled",
        Load::Loaded => "static",
    }
}

/// Links the unit to those that want it. Returns what was made, as `systemctl` tells it.
///
/// # Errors
/// As the kernel has them.
pub fn enable(files: &mut Files, unit: &Unit, by: &Actor) -> Result<Vec<String>, Errno> {
    let mut made = Vec::new();
    for link in links(unit) {
        if files.get(&link).is_ok() {
            continue;
        }
        files.make_directories(split(&link).0, by)?;
        files.insert(&link, Node::link(&unit.path, by.now), by)?;
        made.push(format!("Created symlink from {link} to {}.", unit.path));
    }
    Ok(made)
}

/// Takes the links away.
///
/// # Errors
/// As the kernel has them.
pub fn disable(files: &mut Files, unit: &Unit, by: &Actor) -> Result<Vec<String>, Errno> {
    let mut gone = Vec::new();
    for link in all_links(files, &unit.name) {
        files.remove(&link, by)?;
        gone.push(format!("Removed symlink {link}."));
    }
    Ok(gone)
}

/// Masks the unit, unless its own file is where the link would have to be.
///
/// # Errors
/// `Exists` in that case.
pub fn mask(files: &mut Files, unit: &Unit, by: &Actor) -> Result<Vec<String>, Errno> {
    let path = format!("{HERE}/{}", unit.name);
    match files.get(&path).map(|node| node.kind.clone()) {
        Ok(Kind::Link(target)) if &*target == "/dev/null" => return Ok(Vec::new()),
        Ok(_) => return Err(Errno::Exists),
        Err(_) => {}
    }
    files.insert(&path, Node::link("/dev/null", by.now), by)?;
    Ok(vec![format!("Created symlink from {path} to /dev/null.")])
}

/// Takes the mask away.
///
/// # Errors
/// As the kernel has them.
pub fn unmask(files: &mut Files, unit: &Unit, by: &Actor) -> Result<Vec<String>, Errno> {
    let path = format!("{HERE}/{}", unit.name);
    let is_mask = files
        .get(&path)
        .is_ok_and(|node| matches!(&node.kind, Kind::Link(target) if &**target == "/dev/null"));
    if !is_mask {
        return Ok(Vec::new());
    }
    files.remove(&path, by)?;
    Ok(vec![format!("Removed symlink {path}.")])
}

/// The links that enabling makes.
fn links(unit: &Unit) -> Vec<String> {
    let of = |key: &str, kind: &str| -> Vec<String> {
        unit.names("Install", key)
            .iter()
            .map(|wanter| format!("{HERE}/{wanter}.{kind}/{}", unit.name))
            .collect()
    };
    [of("WantedBy", "wants"), of("RequiredBy", "requires")].concat()
}

/// The links there are to `name`, whatever its file says now.
fn all_links(files: &Files, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    let directories = files.list(HERE).into_iter().flatten();
    for (directory, node) in directories {
        let holds = directory.ends_with(".wants") || directory.ends_with(".requires");
        if holds
            && node
                .entries()
                .is_some_and(|entries| entries.contains_key(name))
        {
            found.push(format!("{HERE}/{directory}/{name}"));
        }
    }
    found
}

/// The units that are linked to `name` as wanted by it.
pub fn wanted_by(files: &Files, name: &str) -> Vec<String> {
    PLACES
        .iter()
        .flat_map(|place| {
            files
                .list(&format!("{place}/{name}.wants"))
                .into_iter()
                .flatten()
        })
        .map(|(name, _)| name.to_string())
        .collect()
}

/// Every unit that has a file, sorted.
pub fn unit_files(files: &Files) -> Vec<String> {
    let mut names: Vec<String> = PLACES
        .iter()
        .flat_map(|place| files.list(place).into_iter().flatten())
        .filter(|(name, node)| name.ends_with(".service") && !node.is_directory())
        .map(|(name, _)| name.to_string())
        .collect();
    names.sort();
    names.dedup();
    names
}
