//! From names to a transaction: what has to come along, and what has to go.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::database::Database;
use super::package::{Package, Requirement};
use super::repository::Available;

/// Why a transaction cannot be: a package and the requirement of it that nothing meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The package.
    pub package: String,
    /// What it needs.
    pub requires: String,
}

/// What is to be installed besides `wanted` (each with its repository), so that all requirements are
/// met; `database` is the host's, with what is erased taken out.
///
/// # Errors
/// The requirements that nothing meets.
pub fn resolve_install(
    database: &Database,
    available: &Available,
    wanted: Vec<(Arc<Package>, String)>,
) -> Result<Vec<(Arc<Package>, String)>, Vec<Problem>> {
    let mut chosen: BTreeMap<String, (Arc<Package>, String)> = wanted
        .into_iter()
        .map(|(package, from)| (package.name.clone(), (package, from)))
        .collect();
    let mut problems = Vec::new();
    let mut waiting: Vec<Arc<Package>> = chosen.values().map(|(one, _)| Arc::clone(one)).collect();
    while let Some(package) = waiting.pop() {
        for requirement in &package.requires {
            let met = chosen.values().any(|(one, _)| one.provides(requirement))
                || database
                    .packages()
                    .any(|one| !chosen.contains_key(&one.name) && one.provides(requirement));
            if met {
                continue;
            }
            let best = available
                .packages
                .iter()
                .filter(|(one, _)| one.provides(requirement))
                // Nothing is taken back to an older version unless it was asked for.
                .filter(|(one, _)| {
                    database
                        .get(&one.name)
                        .is_none_or(|have| have.evr < one.evr)
                })
                .max_by(|(a, _), (b, _)| a.evr.cmp(&b.evr));
            match best {
                Some((best, from)) => {
                    waiting.push(Arc::clone(best));
                    chosen.insert(best.name.clone(), (Arc::clone(best), from.clone()));
                }
                None => problems.push(Problem {
                    package: package.nevra().to_owned(),
                    requires: requirement.to_string(),
                }),
            }
        }
    }
    // What stays has to be content with what changed: else it is updated along, if it can be.
    loop {
        let unhappy = missing_requirements(database, &chosen);
        let mut moved = false;
        for (package, requirement) in &unhappy {
            let update = available
                .packages
                .iter()
                .filter(|(one, _)| one.name == package.name && one.evr > package.evr)
                .filter(|(one, _)| {
                    one.requires.iter().all(|requirement| {
                        chosen
                            .values()
                            .any(|(other, _)| other.provides(requirement))
                            || database.meets(requirement)
                            || one.provides(requirement)
                    })
                })
                .max_by(|(a, _), (b, _)| a.evr.cmp(&b.evr));
            match update {
                Some((update, from)) if !chosen.contains_key(&update.name) => {
                    chosen.insert(update.name.clone(), (Arc::clone(update), from.clone()));
                    moved = true;
                }
                _ => problems.push(Problem {
                    package: package.nevra().to_owned(),
                    requires: requirement.to_string(),
                }),
            }
        }
        if !moved {
            break;
        }
        problems.clear();
    }
    if problems.is_empty() {
        return Ok(chosen.into_values().collect());
    }
    problems.dedup();
    Err(problems)
}

/// What stays installed and would lose a requirement when `chosen` takes the place of what is there.
pub fn missing_requirements(
    database: &Database,
    chosen: &BTreeMap<String, (Arc<Package>, String)>,
) -> Vec<(Arc<Package>, Requirement)> {
    let stays = || {
        database
            .packages()
            .filter(|one| !chosen.contains_key(&one.name))
    };
    let mut missing = Vec::new();
    for package in stays() {
        for requirement in &package.requires {
            let was_met = database.meets(requirement);
            let is_met = stays().any(|one| one.provides(requirement))
                || chosen.values().any(|(one, _)| one.provides(requirement));
            if was_met && !is_met {
                missing.push((Arc::clone(package), requirement.clone()));
            }
        }
    }
    missing
}

/// Packages that require one of `names`, which are about to go, and nothing that stays meets them.
pub fn requirers(database: &Database, names: &[String]) -> Vec<String> {
    let stays = |one: &Arc<Package>| !names.contains(&one.name);
    database
        .packages()
        .filter(|one| stays(one))
        .filter(|one| {
            one.requires.iter().any(|requirement| {
                database.meets(requirement)
                    && !database
                        .packages()
                        .any(|other| stays(other) && other.provides(requirement))
            })
        })
        .map(|one| one.name.clone())
        .collect()
}

/// `names` and everything that cannot stay without them.
pub fn erase_with_dependents(database: &Database, names: &[String]) -> Vec<String> {
    let mut gone = names.to_vec();
    loop {
        let more = requirers(database, &gone);
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}
