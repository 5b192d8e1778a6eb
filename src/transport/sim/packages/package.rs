//! A package: names, versions, requirements, files, scriptlets.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::version::Evr;
use crate::transport::sim::files::Bytes;
use crate::transport::sim::pattern::{self, Pattern};

/// A package, as it lies in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Such as `atomic-openshift-node`.
    pub name: String,
    /// Its version.
    pub evr: Evr,
    /// Such as `x86_64`.
    pub arch: String,
    /// One line.
    pub summary: String,
    /// What has to be installed with it.
    pub requires: Vec<Requirement>,
    /// What it is called besides its own name.
    pub provides: Vec<Requirement>,
    /// What it takes the place of.
    pub obsoletes: Vec<Requirement>,
    /// What it lays down, parents first.
    pub files: Vec<File>,
    /// Its scriptlets.
    pub scriptlets: BTreeMap<Scriptlet, String>,
    /// Bytes to download.
    pub size: u64,
    /// What follows from all this.
    pub derived: Derived,
}

/// What is asked of a package again and again, made when it is first asked for: once a package is shared, nobody
/// changes it any more. A copy starts without, for it may be.
#[derive(Debug, Default)]
pub struct Derived {
    spellings: OnceLock<[String; 9]>,
    archive: OnceLock<Bytes>,
}

impl Clone for Derived {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Derived {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Derived {}

/// A name, with a version it has to compare with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// A package's name, or what one provides.
    pub name: String,
    /// How, and with what.
    pub version: Option<(Relation, Evr)>,
}

/// How a version compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it goes.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Permissions.
    pub mode: u16,
    /// Owner, its group of the same name.
    pub owner: String,
    /// Whether an administrator may edit it.
    pub config: Config,
    /// Whether the package only claims it, and something else makes it.
    pub ghost: bool,
}

/// What a file of a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FileKind {
    Regular(Bytes),
    Directory,
    Link(String),
}

/// What becomes of a file that was edited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Config {
    /// It is no configuration: it is replaced.
    No,
    /// The edited one is set aside as `.rpmsave`.
    Replaced,
    /// The new one is laid beside it as `.rpmnew`.
    Kept,
}

/// The scriptlets, in the order of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "these are rpm's names")]
pub enum Scriptlet {
    Pretrans,
    Pre,
    Post,
    Preun,
    Postun,
    Posttrans,
}

/// Which of the spellings is `NAME-VERSION`, and which one `rpm -qa` shows.
const NAME_VERSION: usize = 2;
const NEVRA: usize = 4;

impl Package {
    /// `NAME-VERSION-RELEASE.ARCH`, as `rpm -qa` shows it.
    pub fn nevra(&self) -> &str {
        &self.spellings()[NEVRA]
    }

    /// `NAME-VERSION`.
    pub fn name_version(&self) -> &str {
        &self.spellings()[NAME_VERSION]
    }

    /// Whether `wanted` is met by this package.
    pub fn provides(&self, wanted: &Requirement) -> bool {
        let own = wanted.name == self.name && wanted.fits(&self.evr);
        own || self.provides.iter().any(|provided| {
            provided.name == wanted.name
                && match (&wanted.version, &provided.version) {
                    (None, _) => true,
                    (Some(_), Some((_, evr))) => wanted.fits(evr),
                    (Some(_), None) => false,
                }
        }) || wanted.name.starts_with('/') && self.files.iter().any(|file| file.path == wanted.name)
    }

    /// Every way to write this package on yum's command line.
    fn spellings(&self) -> &[String; 9] {
        self.derived.spellings.get_or_init(|| self.spelled())
    }

    fn spelled(&self) -> [String; 9] {
        let Self {
            name, evr, arch, ..
        } = self;
        let Evr {
            epoch,
            version,
            release,
        } = evr;
        [
            name.clone(),
            format!("{name}.{arch}"),
            format!("{name}-{version}"),
            format!("{name}-{version}-{release}"),
            format!("{name}-{version}-{release}.{arch}"),
            format!("{epoch}:{name}-{version}-{release}"),
            format!("{epoch}:{name}-{version}-{release}.{arch}"),
            format!("{name}-{epoch}:{version}-{release}"),
            format!("{name}-{epoch}:{version}-{release}.{arch}"),
        ]
    }

    /// Whether `word` is one of its spellings.
    pub fn is_written(&self, word: &str) -> bool {
        // Every spelling has the name in it.
        word.contains(&self.name) && self.spellings().iter().any(|text| text == word)
    }

    /// Whether `pattern` matches one of its spellings.
    pub fn is_called(&self, pattern: &str) -> bool {
        if pattern::is_plain(pattern) {
            return self.is_written(pattern);
        }
        self.is_matched(&Pattern::new(pattern))
    }

    /// As [`Package::is_called`], for a pattern that many are held against.
    pub fn is_matched(&self, pattern: &Pattern) -> bool {
        self.spellings().iter().any(|text| pattern.matches(text))
    }

    /// The text of a file `NAME.rpm` that holds this package: what is read back from it is only which
    /// package it is, and whether all of it is there.
    pub fn archive(&self) -> &Bytes {
        self.derived.archive.get_or_init(|| {
            let filling = "#".repeat(2048);
            let text = format!("\u{ed}RPM {}\n{filling}\nend\n", self.nevra());
            Arc::new(text.into_bytes())
        })
    }

    /// The name of the package in the file `content`, as [`Package::nevra`] spells it.
    pub(super) fn of_archive(content: &[u8]) -> Option<&str> {
        let text = std::str::from_utf8(content).ok()?;
        let (first, rest) = text.strip_prefix("\u{ed}RPM ")?.split_once('\n')?;
        rest.ends_with("\nend\n").then_some(first)
    }
}

impl File {
    /// Whether `content` is what this file lays down.
    pub fn is_content(&self, content: &[u8]) -> bool {
        matches!(&self.kind, FileKind::Regular(own) if own.as_slice() == content)
    }
}

impl Requirement {
    /// Reads `NAME`, or `NAME >= VERSION`.
    pub fn parse(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default().to_owned();
        let relation = match words.next() {
            Some("=") => Some(Relation::Equal),
            Some("<") => Some(Relation::Less),
            Some("<=") => Some(Relation::LessOrEqual),
            Some(">") => Some(Relation::Greater),
            Some(">=") => Some(Relation::GreaterOrEqual),
            _ => None,
        };
        let version = relation.zip(words.next().map(Evr::parse));
        Self { name, version }
    }

    /// Whether `evr` compares as wanted.
    pub fn fits(&self, evr: &Evr) -> bool {
        let Some((relation, wanted)) = &self.version else {
            return true;
        };
        let order = evr.cmp(wanted);
        match relation {
            Relation::Equal => order.is_eq(),
            Relation::Less => order.is_lt(),
            Relation::LessOrEqual => order.is_le(),
            Relation::Greater => order.is_gt(),
            Relation::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        let Some((relation, evr)) = &self.version else {
            return Ok(());
        };
        let sign = match relation {
            Relation::Equal => "=",
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Greater => ">",
            Relation::GreaterOrEqual => ">=",
        };
        write!(f, " {sign} ")?;
        if evr.epoch > 0 {
            write!(f, "{}:", evr.epoch)?;
        }
        f.write_str(&evr.version)?;
        if !evr.release.is_empty() {
            write!(f, "-{}", evr.release)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_compare_versions() {
        let wanted = Requirement::parse("docker >= 1.12");
        assert!(wanted.fits(&Evr::parse("2:1.12.6-71.el7")));
        let exact = Requirement::parse("docker-common = 2:1.12.6-71.el7");
        assert!(!exact.fits(&Evr::parse("1.12.6-71.el7")));
        assert_eq!(exact.to_string(), "docker-common = 2:1.12.6-71.el7");
    }
}
