//! Packages as they are written down.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::transport::sim::packages::{Catalog, Derived, Element, Evr, Package, Requirement};

/// The package that `text` tells of, `NAME EPOCH:VERSION-RELEASE ARCH...`, and the words behind; whether the
/// shipped catalog knows it.
pub fn package(text: &str) -> Option<(Arc<Package>, Vec<&str>, bool)> {
    let mut words = text.split_whitespace();
    let (name, evr, arch) = (words.next()?, Evr::parse(words.next()?), words.next()?);
    let known = Catalog::like(name, &evr);
    let is_known = known.is_some();
    let mut package = known.unwrap_or_else(|| Package {
        name: name.to_owned(),
        evr,
        arch: String::new(),
        summary: String::new(),
        requires: Vec::new(),
        provides: Vec::new(),
        obsoletes: Vec::new(),
        files: Vec::new(),
        scriptlets: BTreeMap::new(),
        size: 1 << 20,
        derived: Derived::default(),
    });
    if name == "bash" {
        package.provides = ["/bin/sh", "/bin/bash"].map(Requirement::parse).into();
    }
    arch.clone_into(&mut package.arch);
    Some((Arc::new(package), words.collect(), is_known))
}

/// What a transaction did, each package once.
pub fn elements(texts: &[String]) -> Vec<Element> {
    let mut found: Vec<(String, Element)> = Vec::new();
    for text in texts {
        let Some((sign, rest)) = text.split_at_checked(1) else {
            continue;
        };
        let Some((package, words, _)) = package(rest) else {
            continue;
        };
        let name = package.name.clone();
        let from = words.first().map_or("unknown", |word| word).to_owned();
        let at = found
            .iter()
            .position(|(known, _)| *known == name)
            .unwrap_or_else(|| {
                let nothing = Element {
                    new: None,
                    old: None,
                };
                found.push((name, nothing));
                found.len() - 1
            });
        let element = &mut found[at].1;
        match sign {
            "+" => element.new = Some((package, from)),
            _ => element.old = Some((package, from)),
        }
    }
    found.into_iter().map(|(_, element)| element).collect()
}
