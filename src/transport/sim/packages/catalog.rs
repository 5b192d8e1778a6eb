//! Every package there is, read from `catalog.toml`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::package::{Config, Derived, File, FileKind, Package, Requirement, Scriptlet};
use super::version::Evr;

/// All packages, by the repository that has them.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// Repository by id; each sorted by name, then version.
    pub repositories: BTreeMap<String, Vec<Arc<Package>>>,
    /// Repository by its address, beside those of the shipped mirror.
    pub addresses: BTreeMap<String, String>,
}

/// One table of the file: a package in all its versions.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    summary: String,
    /// Repository by version, `EPOCH:VERSION-RELEASE`.
    versions: BTreeMap<String, String>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    provides: Vec<String>,
    #[serde(default)]
    obsoletes: Vec<String>,
    #[serde(default)]
    files: BTreeMap<String, FileDescription>,
    #[serde(default)]
    pretrans: String,
    #[serde(default)]
    pre: String,
    #[serde(default)]
    post: String,
    #[serde(default)]
    preun: String,
    #[serde(default)]
    postun: String,
    #[serde(default)]
    posttrans: String,
    #[serde(default = "one_megabyte")]
    size: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FileDescription {
    text: Option<String>,
    /// The name of a program of [`super::super::program`].
    program: Option<String>,
    link: Option<String>,
    directory: bool,
    mode: Option<String>,
    owner: Option<String>,
    /// `noreplace` or `replace`.
    config: Option<String>,
    ghost: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    package: Vec<Description>,
}

fn one_megabyte() -> u64 {
    1 << 20
}

impl Catalog {
    /// The packages that are shipped with the program: those that the procedure meets.
    pub fn shipped() -> Arc<Self> {
        static SHIPPED: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
            let text = include_str!("catalog.toml");
            Arc::new(Catalog::parse(text).expect("the shipped catalog can be read"))
        });
        Arc::clone(&SHIPPED)
    }

    /// Reads a catalog.
    ///
    /// # Errors
    /// With the line and what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let page: Page = toml::from_str(text).map_err(|error| error.to_string())?;
        let mut repositories: BTreeMap<String, Vec<Arc<Package>>> = BTreeMap::new();
        for description in &page.package {
            for (evr, repository) in &description.versions {
                let package = description.package(&Evr::parse(evr))?;
                let packages = repositories.entry(repository.clone()).or_default();
                packages.push(Arc::new(package));
            }
        }
        for packages in repositories.values_mut() {
            packages.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.evr.cmp(&b.evr)));
        }
        Ok(Self {
            repositories,
            addresses: BTreeMap::new(),
        })
    }

    /// The package `name` in the version `evr`, as the shipped one of the nearest version is: its files,
    /// requirements and scriptlets.
    pub fn like(name: &str, evr: &Evr) -> Option<Package> {
        static PAGE: LazyLock<Page> = LazyLock::new(|| {
            toml::from_str(include_str!("catalog.toml")).expect("the shipped catalog can be read")
        });
        let release =
            |version: &str| -> String { version.split('.').take(2).collect::<Vec<_>>().join(".") };
        let mut all = PAGE.package.iter().filter(|one| one.name == name);
        let near = all.clone().find(|one| {
            let mut versions = one
                .versions
                .keys()
                .map(|version| Evr::parse(version).version);
            versions.any(|version| release(&version) == release(&evr.version))
        });
        near.or_else(|| all.next())?.package(evr).ok()
    }

    /// The package in the file `content`, if that is the whole file of one of these.
    pub fn of_archive(&self, content: &[u8]) -> Option<&Arc<Package>> {
        let nevra = Package::of_archive(content)?;
        self.repositories
            .values()
            .flatten()
            .find(|package| package.nevra() == nevra)
    }
}

impl Description {
    fn package(&self, evr: &Evr) -> Result<Package, String> {
        // What differs from version to version is written in braces.
        let fill = |text: &str| {
            let epoch = match evr.epoch {
                0 => String::new(),
                epoch => format!("{epoch}:"),
            };
            text.replace("{evr}", &format!("{epoch}{}", evr.version_release()))
                .replace("{version}", &evr.version)
                .replace("{release}", &evr.release)
        };
        let all = |texts: &[String]| -> Vec<Requirement> {
            texts
                .iter()
                .map(|text| Requirement::parse(&fill(text)))
                .collect()
        };
        let files = self
            .files
            .iter()
            .map(|(path, file)| {
                file.read(path, &fill)
                    .map_err(|reason| format!("package {}: {path}: {reason}", self.name))
            })
            .collect::<Result<_, _>>()?;
        let scriptlets = [
            (Scriptlet::Pretrans, &self.pretrans),
            (Scriptlet::Pre, &self.pre),
            (Scriptlet::Post, &self.post),
            (Scriptlet::Preun, &self.preun),
            (Scriptlet::Postun, &self.postun),
            (Scriptlet::Posttrans, &self.posttrans),
        ];
        Ok(Package {
            name: self.name.clone(),
            evr: evr.clone(),
            arch: "x86_64".to_owned(),
            summary: self.summary.clone(),
            requires: all(&self.requires),
            provides: all(&self.provides),
            obsoletes: all(&self.obsoletes),
            files,
            scriptlets: scriptlets
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(scriptlet, text)| (scriptlet, fill(text)))
                .collect(),
            size: self.size,
            derived: Derived::default(),
        })
    }
}

impl FileDescription {
    fn read(&self, path: &str, fill: &dyn Fn(&str) -> String) -> Result<File, String> {
        let kind = match (&self.text, &self.program, &self.link) {
            _ if self.directory => FileKind::Directory,
            (Some(text), None, None) => FileKind::Regular(Arc::new(fill(text).into_bytes())),
            (None, Some(program), None) => {
                let line = super::super::program::file_of(&fill(program));
                FileKind::Regular(Arc::new(line.into_bytes()))
            }
            (None, None, Some(target)) => FileKind::Link(target.clone()),
            (None, None, None) if self.ghost => FileKind::Regular(Arc::default()),
            _ => return Err("one of `text`, `program`, `link`, `directory` is needed".to_owned()),
        };
        let usual = match &kind {
            FileKind::Directory => 0o755,
            _ if self.program.is_some() => 0o755,
            _ => 0o644,
        };
        let mode = match &self.mode {
            None => usual,
            Some(mode) => {
                u16::from_str_radix(mode, 8).map_err(|_| format!("`{mode}` is no octal mode"))?
            }
        };
        let config = match self.config.as_deref() {
            None => Config::No,
            Some("noreplace") => Config::Kept,
            Some("replace") => Config::Replaced,
            Some(other) => {
                return Err(format!(
                    "`config` is `noreplace` or `replace`, not `{other}`"
                ));
            }
        };
        Ok(File {
            path: path.to_owned(),
            kind,
            mode,
            owner: self.owner.clone().unwrap_or_else(|| "root".to_owned()),
            config,
            ghost: self.ghost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalog_holds_what_the_procedure_meets() {
        let catalog = Catalog::shipped();
        let names = |id: &str| -> Vec<&str> {
            catalog.repositories[id]
                .iter()
                .map(|one| one.nevra())
                .collect()
        };
        let old = names("rhel-7-server-ose-3.7-rpms");
        assert!(
            old.iter()
                .any(|name| name.starts_with("atomic-openshift-3.7.23-1")),
            "{old:?}"
        );
        assert_eq!(old.len(), 8);
        let extras = names("rhel-7-server-extras-rpms");
        assert!(
            extras
                .iter()
                .any(|name| name.starts_with("docker-1.12.6-71")),
            "{extras:?}"
        );
    }

    #[test]
    fn every_requirement_can_be_met() {
        let catalog = Catalog::shipped();
        let all: Vec<_> = catalog.repositories.values().flatten().collect();
        for package in &all {
            for wanted in &package.requires {
                assert!(
                    all.iter().any(|other| other.provides(wanted)),
                    "{} requires {wanted}",
                    package.nevra()
                );
            }
        }
    }
}
