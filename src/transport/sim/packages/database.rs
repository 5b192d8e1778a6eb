//! What is installed, and yum's history of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::package::{Package, Requirement};
use crate::transport::sim::files::Name;

/// The rpm database of one host, with yum's history beside it.
#[derive(Debug, Clone, Default)]
pub struct Database {
    /// By name: no package of this world is installed twice.
    pub installed: BTreeMap<String, Installed>,
    /// yum's transactions, the first one first.
    pub history: Vec<Arc<Entry>>,
}

/// A package that is installed.
#[derive(Debug, Clone)]
pub struct Installed {
    /// Which.
    pub package: Arc<Package>,
    /// Since when, since 1970.
    pub since: Duration,
    /// The repository that it came from.
    pub from: Name,
}

/// One of yum's transactions.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When it began, since 1970.
    pub began: Duration,
    /// The words after `yum`.
    pub command: String,
    /// Whether all of it was done.
    pub complete: bool,
    /// What it changed.
    pub elements: Vec<Element>,
}

/// What a transaction did with one package.
#[derive(Debug, Clone)]
pub struct Element {
    /// The package that is there now, with its repository.
    pub new: Option<(Arc<Package>, String)>,
    /// The package that was there before, with its repository.
    pub old: Option<(Arc<Package>, String)>,
}

impl Database {
    /// The installed package called `name`.
    pub fn get(&self, name: &str) -> Option<&Arc<Package>> {
        self.installed.get(name).map(|one| &one.package)
    }

    /// All installed packages.
    pub fn packages(&self) -> impl Iterator<Item = &Arc<Package>> {
        self.installed.values().map(|one| &one.package)
    }

    /// Whether something installed meets `wanted`.
    pub fn meets(&self, wanted: &Requirement) -> bool {
        self.packages().any(|package| package.provides(wanted))
    }

    /// The package that laid `path` down.
    pub fn owner_of(&self, path: &str) -> Option<&Arc<Package>> {
        self.packages()
            .find(|package| package.files.iter().any(|file| file.path == path))
    }
}
