//! A script as it was loaded: everything that it imports, and where each part came from.

use std::collections::BTreeMap;
use std::path::Path;

use rhai::{AST, Shared};
use sha2::{Digest, Sha256};

use super::ejected;
use super::resolver;
use super::runtime::{Failure, Runtime, deeply};
use super::scan::{Import, Parameter, Scan};
use super::shipped;
use super::site;
use super::text::{Script, shipped_script};
use crate::error::Error;

/// A script, everything it imports, and the digest of each.
pub struct Loaded {
    pub(super) ast: Shared<AST>,
    /// The function to call once the script's own lines are done; only they are run without one.
    pub(super) entry: Option<String>,
    /// Declared parameters, in order, each once.
    pub parameters: Vec<Parameter>,
    /// SHA-256 of every text, by the absolute path of its file, or the name of a shipped one.
    pub digests: BTreeMap<String, String>,
    /// The texts, by the same names.
    pub texts: BTreeMap<String, String>,
    /// Where each came from: the script first, then modules in the order in which they were met.
    pub origins: Vec<Origin>,
    /// The hooks of the site's `site.rhai`, if there is one.
    pub site: Option<Vec<&'static str>>,
    /// What was found in each text, by name.
    pub(super) scans: BTreeMap<String, Scan>,
}

impl Loaded {
    /// What the script says of itself in its `//!` lines.
    pub fn doc(&self) -> Vec<String> {
        let lines = self.ast.doc().lines();
        let said = |line: &str| line.trim_start_matches("//!").trim_start().to_owned();
        lines.map(said).collect()
    }

    /// The functions of the script: name, number of parameters, first line.
    pub fn functions(&self) -> Vec<(String, usize, usize)> {
        let all = self.ast.iter_fn_def();
        all.map(|one| {
            let line = one.body.start_position().line().unwrap_or_default();
            (one.name.to_string(), one.params.len(), line)
        })
        .collect()
    }

    /// Has `function`, which takes nothing, called after the script's own lines.
    pub fn enter(&mut self, function: &str) {
        self.entry = Some(function.to_owned());
    }

    /// Whether `origin` is the site's own file.
    pub fn is_site(&self, origin: &Origin) -> bool {
        self.site.is_some() && origin.module.as_deref() == Some(site::MODULE)
    }
}

/// Where a script or a module came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The module, as `import` names it; nothing for the script itself.
    pub module: Option<String>,
    /// Its file, or the name of a shipped one.
    pub name: String,
    /// Whether it is a file of the operator's.
    pub is_file: bool,
    /// Its text.
    pub text: String,
    /// The shipped one of the same name: its path in the repository and its text.
    pub shipped: Option<shipped::File>,
}

impl Origin {
    /// Whether it says something else than the shipped one of the same name.
    pub fn differs(&self) -> bool {
        let shipped = self.shipped.map(|(_, text)| text);
        shipped.is_some_and(|text| text != ejected::without_mark(&self.text))
    }
}

impl Runtime {
    /// Compiles `script` and looks through it and everything it imports.
    ///
    /// # Errors
    /// What does not parse, and imports that are not found.
    pub(super) fn look_through(&self, script: &Script) -> std::result::Result<Loaded, Failure> {
        let mut loaded = Loaded {
            ast: self.compile(&script.name, &script.text)?,
            entry: None,
            parameters: Vec::new(),
            digests: BTreeMap::new(),
            texts: BTreeMap::new(),
            origins: vec![Origin {
                module: None,
                name: script.name.clone(),
                is_file: script.directory.is_some(),
                text: script.text.clone(),
                shipped: shipped_script(&file_name(&script.name)),
            }],
            site: None,
            scans: BTreeMap::new(),
        };
        let key = match &script.directory {
            Some(_) => absolute(&script.name),
            None => script.name.clone(),
        };
        loaded.digests.insert(key.clone(), digest(&script.text));
        loaded.texts.insert(key, script.text.clone());
        let scan = Scan::of(&loaded.ast);
        let from = |name: &str, imports: Vec<Import>| -> Vec<(String, Import)> {
            let imports = imports.into_iter();
            imports.map(|import| (name.to_owned(), import)).collect()
        };
        let mut pending = from(&script.name, scan.imports.clone());
        loaded.parameters.clone_from(&scan.parameters);
        if self.has_site(script)? {
            pending.push((script.name.clone(), Import::site()));
            loaded.site = Some(Vec::new());
        }
        loaded.scans.insert(script.name.clone(), scan);
        while let Some((importer, import)) = pending.pop() {
            let found = self.resolver.find(&import.path).map_err(|reason| {
                let error = resolver::missing(&import.path, &reason, import.position);
                self.failure(&importer, &error, None)
            })?;
            let key = match found.is_file {
                true => absolute(&found.name),
                false => found.name.clone(),
            };
            let known = loaded.digests.insert(key.clone(), digest(&found.text));
            if known.is_some() {
                continue;
            }
            loaded.texts.insert(key, found.text.clone());
            loaded.origins.push(Origin {
                module: Some(import.path.clone()),
                name: found.name.clone(),
                is_file: found.is_file,
                text: found.text.clone(),
                shipped: shipped::module(&import.path),
            });
            let ast = self.compile(&found.name, &found.text)?;
            if import.path == site::MODULE && loaded.site.is_some() {
                loaded.site = Some(site::defined(&ast));
            }
            let scan = Scan::of(&ast);
            pending.extend(from(&found.name, scan.imports.clone()));
            for parameter in &scan.parameters {
                if !loaded
                    .parameters
                    .iter()
                    .any(|known| known.name == parameter.name)
                {
                    loaded.parameters.push(parameter.clone());
                }
            }
            loaded.scans.insert(found.name, scan);
        }
        Ok(loaded)
    }

    /// Takes up the way of the site where no script is run: executes the statements of its `site.rhai`, and has its
    /// hooks called from then on. Returns the name of the file, if there is one.
    ///
    /// # Errors
    /// [`Failure`]: what is wrong with the file, and what its statements fail with.
    pub(super) fn follow_site(&self) -> std::result::Result<Option<String>, Failure> {
        let found = self.resolver.own(site::MODULE).map_err(|reason| {
            Failure::from(Error::invalid(format!("module `{}`", site::MODULE), reason))
        })?;
        let Some(found) = found else {
            return Ok(None);
        };
        let ast = self.compile(&found.name, &found.text)?;
        if let Some((at, error)) = site::stranger(&ast) {
            let error = super::convert::throw(error, at);
            return Err(self.failure(&found.name, &error, None));
        }
        let hooks = site::defined(&ast);
        deeply(|| self.run.site().begin(&self.engine, &hooks))
            .map_err(|error| self.failure(&found.name, &error, None))?;
        Ok(Some(found.name))
    }

    /// Whether there is a `site.rhai` that is not `script` itself.
    pub(super) fn has_site(&self, script: &Script) -> std::result::Result<bool, Failure> {
        let found = self.resolver.own(site::MODULE).map_err(|reason| {
            Failure::from(Error::invalid(format!("module `{}`", site::MODULE), reason))
        })?;
        let itself = script.directory.is_some().then(|| absolute(&script.name));
        Ok(found.is_some_and(|found| Some(absolute(&found.name)) != itself))
    }
}

/// The last part of the path `name`.
fn file_name(name: &str) -> String {
    let last = Path::new(name).file_name();
    last.map_or_else(String::new, |last| last.to_string_lossy().into_owned())
}

fn absolute(name: &str) -> String {
    std::path::absolute(name).map_or_else(|_| name.to_owned(), |path| path.display().to_string())
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
