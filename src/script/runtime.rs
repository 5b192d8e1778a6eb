//! The engine: built for one run, loads a script, runs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, Scope, Shared};
use sha2::{Digest, Sha256};

use super::bindings::{self, Cluster, CurrentRun};
use super::check;
use super::explain::Known;
use super::outline::{self, Part};
use super::report::{self, Place, Trace};
use super::resolver::{self, Resolver, Sources};
use super::scan::{Import, Parameter, Scan};
use super::shipped;
use crate::error::{Error, Result};
use crate::procedure::{Run, context};
use crate::transport::interrupt;

/// A script's text, and the name that its errors carry.
#[derive(Debug, Clone)]
pub struct Script {
    /// As the operator named it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The directory it lies in, where it is a file: `import` looks there too.
    pub directory: Option<PathBuf>,
}

impl Script {
    /// Reads the script at `path`; a shipped script is found by its name even where no file is.
    ///
    /// # Errors
    /// [`Error::invalid`] when there is neither.
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self {
                name,
                text,
                directory: Some(path.parent().unwrap_or(Path::new("")).to_owned()),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                match shipped_script(&name) {
                    Some((name, text)) => Ok(Self {
                        name: name.to_owned(),
                        text: text.to_owned(),
                        directory: None,
                    }),
                    None => Err(Error::invalid(
                        format!("script `{name}`"),
                        "there is no such file",
                    )
                    .with_hint(format!("shipped scripts: {}", shipped_names().join(", ")))),
                }
            }
            Err(error) => Err(Error::invalid(format!("script `{name}`"), error)),
        }
    }
}

impl Script {
    /// The script that a journal calls `name`: a shipped one, or the file at `path`.
    ///
    /// # Errors
    /// [`Error::invalid`] when it is not there any more.
    pub fn recorded(name: &str, path: &Path) -> Result<Self> {
        match shipped::FILES.iter().find(|(known, _)| *known == name) {
            Some((name, text)) => Ok(Self {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
                directory: None,
            }),
            None => Self::load(path),
        }
    }
}

/// The shipped script called `name`: with or without `scripts/` and `.rhai`. Another directory is
/// never left out, lest a mistyped path runs the shipped script instead of a site's own.
fn shipped_script(name: &str) -> Option<(&'static str, &'static str)> {
    let bare = name.strip_prefix("scripts/").unwrap_or(name);
    let bare = bare.strip_suffix(".rhai").unwrap_or(bare);
    let path = format!("scripts/{bare}.rhai");
    let found = shipped::FILES.iter().find(|(known, _)| *known == path);
    found.copied()
}

fn shipped_names() -> Vec<&'static str> {
    shipped::FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.starts_with("scripts/"))
        .collect()
}

/// Why a script ended early, with all that an error screen shows.
#[derive(Debug)]
pub struct Failure {
    /// The error and the places it passed.
    pub trace: Trace,
    /// The lines around the innermost place.
    pub excerpt: Vec<String>,
}

impl From<Error> for Failure {
    /// `error` outside of any script.
    fn from(error: Error) -> Self {
        Self {
            trace: error.into(),
            excerpt: Vec::new(),
        }
    }
}

/// A script, everything it imports, and the digest of each.
pub struct Loaded {
    pub(super) ast: Shared<AST>,
    /// Declared parameters, in order, each once.
    pub parameters: Vec<Parameter>,
    /// SHA-256 of every text, by the absolute path of its file, or the name of a shipped one.
    pub digests: BTreeMap<String, String>,
    /// The texts, by the same names.
    pub texts: BTreeMap<String, String>,
    /// What was found in each text, by name.
    pub(super) scans: BTreeMap<String, Scan>,
}

/// The engine: it loads and looks through scripts, and runs them once there is a run.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) resolver: Resolver,
    pub(super) sources: Sources,
    run: CurrentRun,
}

impl Runtime {
    /// A runtime that finds modules in `directories` before the shipped ones.
    pub fn new(directories: Vec<PathBuf>) -> Self {
        let sources = Sources::default();
        let resolver = Resolver::new(directories, Arc::clone(&sources));
        let mut engine = Engine::new();
        // The defaults of these differ between debug and release builds.
        engine.set_max_call_levels(128);
        engine.set_max_expr_depths(256, 128);
        engine.set_strict_variables(true);
        // Looking for the least used string among all of them costs more than a copy.
        engine.set_max_strings_interned(0);
        // Mistakes in code that the optimiser would drop are mistakes too.
        engine.set_optimization_level(OptimizationLevel::None);
        engine.set_fail_on_invalid_map_property(true);
        engine.disable_symbol("eval");
        engine.set_module_resolver(resolver.clone());
        let run = CurrentRun::default();
        engine.register_global_module(bindings::module(&run).into());
        // Strict variables ask for the module when compiling, before there is a cluster.
        engine.register_static_module("cluster", Cluster::nowhere().module().into());
        engine.on_progress(|_| ends_here().then_some(Dynamic::UNIT));
        Self {
            engine,
            resolver,
            sources,
            run,
        }
    }

    /// Lets scripts work for `run`, on `cluster`.
    pub fn attach(&mut self, run: &Arc<Run>, cluster: &Cluster) {
        self.run.begin(run, &cluster.all);
        self.engine
            .register_static_module("cluster", cluster.module().into());
        let timed = Arc::clone(run);
        self.engine.on_progress(move |_| {
            let ends = ends_here() || timed.clock().overspent().is_some();
            ends.then_some(Dynamic::UNIT)
        });
        let said = Arc::clone(run);
        self.engine.on_print(move |text| {
            said.display()
                .note(crate::procedure::Level::Note, None, text);
        });
    }

    /// Compiles `script` and looks through it and everything it imports.
    ///
    /// # Errors
    /// What does not parse, and imports that are not found.
    pub fn load(&self, script: &Script) -> std::result::Result<Loaded, Failure> {
        deeply(|| self.look_through(script))
    }

    fn look_through(&self, script: &Script) -> std::result::Result<Loaded, Failure> {
        let mut loaded = Loaded {
            ast: self.compile(&script.name, &script.text)?,
            parameters: Vec::new(),
            digests: BTreeMap::new(),
            texts: BTreeMap::new(),
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
            let ast = self.compile(&found.name, &found.text)?;
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

    /// Which lines of `text` are which step, phase and function; nothing if it does not parse.
    pub fn parts(&self, text: &str) -> Vec<Part> {
        deeply(|| match self.engine.compile(text) {
            Ok(ast) => outline::parts(&ast),
            Err(_) => Vec::new(),
        })
    }

    /// Looks every call of `loaded` up, without running anything: a function that does not exist, or
    /// not with that many arguments, is found before a host is touched.
    ///
    /// # Errors
    /// The first call that leads nowhere, with the nearest name.
    pub fn check(&self, loaded: &Loaded) -> std::result::Result<(), Failure> {
        let known = check::Known::of(&self.engine);
        for (source, scan) in &loaded.scans {
            let module = |path: &str| {
                let found = self.resolver.find(path).ok()?;
                loaded.scans.get(&found.name)
            };
            if let Some(((line, column), error)) = known.first_unknown(scan, &module) {
                let place = Place {
                    source: source.clone(),
                    line,
                    column,
                    function: None,
                };
                let sources = self.sources.lock().expect("no panic while holding it");
                return Err(Failure {
                    excerpt: report::excerpt(&sources, &place),
                    trace: Trace {
                        error,
                        places: vec![place],
                    },
                });
            }
        }
        Ok(())
    }

    /// Runs `loaded` from its first line, for the run that was attached.
    ///
    /// # Errors
    /// [`Failure`] with the trace and the excerpt.
    pub fn run(&self, script: &Script, loaded: &Loaded) -> std::result::Result<(), Failure> {
        if !self.run.is_there() {
            return Err(Error::invalid("script", "there is no run to execute it").into());
        }
        deeply(|| {
            self.engine
                .run_ast_with_scope(&mut Scope::new(), &loaded.ast)
        })
        .map_err(|error| self.failure(&script.name, &error, Some(&loaded.ast)))
    }

    fn compile(&self, name: &str, text: &str) -> std::result::Result<Shared<AST>, Failure> {
        self.resolver
            .compile(&self.engine, name, text)
            .map_err(|error| self.failure(name, &error, None))
    }

    pub(super) fn failure(
        &self,
        source: &str,
        error: &EvalAltResult,
        ast: Option<&AST>,
    ) -> Failure {
        let sources = self.sources.lock().expect("no panic while holding it");
        let known = Known {
            engine: &self.engine,
            context: None,
            ast,
            text: sources.get(source).map_or("", String::as_str),
        };
        let trace = Trace::of(error, source, &known);
        let excerpt = trace
            .places
            .first()
            .map(|place| report::excerpt(&sources, place))
            .unwrap_or_default();
        Failure { trace, excerpt }
    }
}

/// Whether the operator's interrupt ends the script where it is. A step goes on to its next command,
/// which is not started: if there is none, it is done, and need not be done again.
fn ends_here() -> bool {
    interrupt::requested() && (context::current().step.is_none() || interrupt::insisted())
}

/// Does `work` on a thread whose stack holds the deepest script, whatever limit the shell has set.
pub(super) fn deeply<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("script".to_owned())
            .stack_size(32 << 20)
            .spawn_scoped(scope, work)
            .expect("the system has room for one more thread");
        match thread.join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
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
