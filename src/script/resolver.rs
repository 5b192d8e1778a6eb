//! Where `import` looks: the operator's directories first, the shipped library last.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rhai::{AST, Engine, EvalAltResult, Module, ModuleResolver, Position, Scope, Shared};

use super::{convert, shipped};
use crate::error::Error;

/// The texts of everything loaded so far, by the name that messages use.
pub type Sources = Arc<Mutex<BTreeMap<String, String>>>;

/// A module's text.
pub struct Found {
    /// The name that messages use.
    pub name: String,
    /// The text.
    pub text: String,
    /// Whether it is a file of the operator's, not the shipped copy.
    pub is_file: bool,
}

/// The error of an import of `path` that was not found.
pub fn missing(path: &str, reason: &str, position: Position) -> Box<EvalAltResult> {
    // The engine would replace its own kind of this error by one without the reason.
    convert::throw(Error::invalid(format!("module `{path}`"), reason), position)
}

/// Finds modules; keeps each once.
#[derive(Clone)]
pub struct Resolver {
    directories: Vec<PathBuf>,
    sources: Sources,
    /// What was compiled, by the name that messages use: each module is looked through before it is run.
    compiled: Arc<Mutex<BTreeMap<String, Shared<AST>>>>,
    modules: Arc<Mutex<BTreeMap<String, Shared<Module>>>>,
}

thread_local! {
    /// The modules that are being loaded on this thread, outermost first: a module that imports
    /// itself by a detour would otherwise overflow the stack.
    static LOADING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

impl Resolver {
    /// A resolver that looks in `directories`, in this order, before the shipped library.
    pub fn new(directories: Vec<PathBuf>, sources: Sources) -> Self {
        Self {
            directories,
            sources,
            compiled: Arc::default(),
            modules: Arc::default(),
        }
    }

    /// The text of module `path`, such as `ocp/etcd`.
    ///
    /// # Errors
    /// Why there is none, as a sentence without a subject.
    pub fn find(&self, path: &str) -> Result<Found, String> {
        if path.split('/').any(|part| part == "..") || path.starts_with('/') {
            return Err("leaves its directory, which module names do not".to_owned());
        }
        if let Some(found) = self.own(path)? {
            return Ok(found);
        }
        match shipped::module(path) {
            Some((name, text)) => Ok(Found {
                name: name.to_owned(),
                text: text.to_owned(),
                is_file: false,
            }),
            None => {
                let mut looked: Vec<String> = self
                    .directories
                    .iter()
                    .map(|directory| match directory.as_os_str().is_empty() {
                        true => "the working directory".to_owned(),
                        false => format!("`{}`", directory.display()),
                    })
                    .collect();
                looked.push("the shipped library".to_owned());
                Err(format!("does not exist; looked in {}", looked.join(", ")))
            }
        }
    }

    /// The text of module `path` in the operator's directories, if one of them has it.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence without a subject.
    pub fn own(&self, path: &str) -> Result<Option<Found>, String> {
        for directory in &self.directories {
            let file = directory.join(format!("{path}.rhai"));
            match std::fs::read_to_string(&file) {
                Ok(text) => {
                    return Ok(Some(Found {
                        name: file.display().to_string(),
                        text,
                        is_file: true,
                    }));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(format!("cannot be read from `{}`: {error}", file.display()));
                }
            }
        }
        Ok(None)
    }

    /// The names of all modules that [`Self::find`] finds, sorted: those of the shipped library, and the files of
    /// the directories.
    pub fn modules(&self) -> Vec<String> {
        let shipped = shipped::FILES.iter().map(|(name, _)| *name);
        let shipped =
            shipped.filter_map(|name| name.strip_prefix("stdlib/")?.strip_suffix(".rhai"));
        let mut names: BTreeSet<String> = shipped.map(str::to_owned).collect();
        for directory in &self.directories {
            below(directory, "", DEEPEST, &mut names);
        }
        names.into_iter().collect()
    }

    /// Compiles `text` under the name `name`, which its errors will carry.
    pub fn compile(
        &self,
        engine: &Engine,
        name: &str,
        text: &str,
    ) -> Result<Shared<AST>, Box<EvalAltResult>> {
        let mut sources = self.sources.lock().expect("no panic while holding it");
        let before = sources.insert(name.to_owned(), text.to_owned());
        drop(sources);
        let mut compiled = self.compiled.lock().expect("no panic while holding it");
        if before.as_deref() == Some(text)
            && let Some(ast) = compiled.get(name)
        {
            return Ok(Arc::clone(ast));
        }
        let mut ast = engine.compile(text)?;
        ast.set_source(name);
        let ast = Arc::new(ast);
        compiled.insert(name.to_owned(), Arc::clone(&ast));
        Ok(ast)
    }

    fn load(
        &self,
        engine: &Engine,
        name: &str,
        text: &str,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let ast = self.compile(engine, name, text)?;
        let mut module = Module::eval_ast_as_new(Scope::new(), &ast, engine)?;
        module.set_id(name);
        Ok(module.into())
    }
}

/// So many directories deep modules are listed; a name that is typed is found anywhere.
const DEEPEST: usize = 4;

/// Adds the modules below `directory`, whose names begin with `prefix`. What cannot be listed has no names: an
/// import of it says why.
fn below(directory: &Path, prefix: &str, depth: usize, names: &mut BTreeSet<String>) {
    let directory = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        if let Some(module) = name.strip_suffix(".rhai") {
            names.insert(format!("{prefix}{module}"));
        } else if depth > 1 && path.is_dir() {
            below(&path, &format!("{prefix}{name}/"), depth - 1, names);
        }
    }
}

impl ModuleResolver for Resolver {
    fn resolve(
        &self,
        engine: &Engine,
        _source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        if let Some(module) = self
            .modules
            .lock()
            .expect("no panic while holding it")
            .get(path)
        {
            return Ok(Arc::clone(module));
        }
        let Found { name, text, .. } = self
            .find(path)
            .map_err(|reason| missing(path, &reason, position))?;
        let circle = LOADING.with_borrow(|loading| {
            loading
                .iter()
                .position(|other| *other == name)
                .map(|at| loading[at..].join("` imports `"))
        });
        if let Some(circle) = circle {
            return Err(convert::throw(
                Error::invalid("circular import", format!("`{circle}` imports `{name}`")),
                position,
            ));
        }
        LOADING.with_borrow_mut(|loading| loading.push(name.clone()));
        let loaded = self.load(engine, &name, &text);
        LOADING.with_borrow_mut(Vec::pop);
        let module = loaded.map_err(|error| {
            Box::new(EvalAltResult::ErrorInModule(name.clone(), error, position))
        })?;
        self.modules
            .lock()
            .expect("no panic while holding it")
            .insert(path.to_owned(), Arc::clone(&module));
        Ok(module)
    }
}
