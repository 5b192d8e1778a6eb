//! The engine: built for one run, loads a script, runs it.

use std::path::PathBuf;
use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, OptimizationLevel, Scope, Shared};

use super::bindings::{self, Bench, Cluster, CurrentRun};
use super::contents::{Contents, Phase, Text};
use super::excerpt::{self, Excerpt};
use super::explain::Known;
use super::loaded::Loaded;
use super::outline::{self, Part};
use super::reference::{Reference, Source};
use super::report::Trace;
use super::resolver::{Resolver, Sources};
use super::text::Script;
use crate::error::Error;
use crate::procedure::{Run, context};
use crate::transport::interrupt;

/// Why a script ended early, with all that an error screen shows.
#[derive(Debug)]
pub struct Failure {
    /// The error and the places it passed.
    pub trace: Trace,
    /// The line at the innermost place.
    pub excerpt: Option<Box<Excerpt>>,
}

impl Failure {
    /// The error alone, which knows where it came from.
    pub fn into_error(self) -> Error {
        let mut error = self.trace.error;
        if error.at.is_none() {
            error.at = self.trace.places.first().map(ToString::to_string);
        }
        error
    }
}

impl From<Error> for Failure {
    /// `error` outside of any script.
    fn from(error: Error) -> Self {
        Self {
            trace: error.into(),
            excerpt: None,
        }
    }
}

/// The engine: it loads and looks through scripts, and runs them once there is a run.
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) resolver: Resolver,
    pub(super) sources: Sources,
    pub(super) run: CurrentRun,
}

impl Runtime {
    /// A runtime that finds modules in `directories` before the shipped ones.
    pub fn new(directories: Vec<PathBuf>) -> Self {
        let sources = Sources::default();
        let resolver = Resolver::new(directories, Arc::clone(&sources));
        let mut engine = Engine::new();
        speak(&mut engine);
        engine.set_max_call_levels(128);
        engine.set_strict_variables(true);
        // Looking for the least used string among all of them costs more than a copy.
        engine.set_max_strings_interned(0);
        engine.set_fail_on_invalid_map_property(true);
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

    /// Gives scripts what only tests have, to work with `bench`.
    pub fn equip(&mut self, bench: &Bench) {
        let module = bindings::bench(bench);
        self.engine.register_global_module(module.into());
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

    /// Everything that scripts can call: what is native, the shipped library, and the modules of the
    /// directories that `import` looks in.
    pub fn reference(&self) -> Reference {
        let library = self.resolver.modules().into_iter().map(|path| Source {
            ast: match self.resolver.find(&path) {
                Ok(found) => self
                    .resolver
                    .compile(&self.engine, &found.name, &found.text)
                    .map_err(|error| error.to_string()),
                Err(reason) => Err(reason),
            },
            path,
        });
        deeply(|| Reference::of(&library.collect::<Vec<_>>()))
    }

    /// What scripts can call as Rhai definition files, for editors that read them: their paths, and their texts.
    pub fn definitions(&self) -> Vec<(String, String)> {
        let native = self.engine.definitions().include_standard_packages(false);
        // Types that are not told would be left out, which is no definition.
        let told = |text: String| text.replace("-> ;", "-> ?;").replace(": ();", ": ?;");
        let files = native.iter_files();
        let mut files: Vec<_> = files.map(|(name, text)| (name, told(text))).collect();
        files.extend(self.reference().definitions());
        files
    }

    /// Which lines of `text` are which step, phase and function; nothing if it does not parse.
    pub fn parts(&self, text: &str) -> Vec<Part> {
        deeply(|| match self.engine.compile(text) {
            Ok(ast) => outline::parts(&ast),
            Err(_) => Vec::new(),
        })
    }

    /// The phases that `loaded` comes to, and the steps that each leads to.
    pub fn phases(&self, loaded: &Loaded) -> Vec<Phase> {
        let texts = loaded.origins.iter().filter_map(|origin| {
            let scan = loaded.scans.get(&origin.name)?;
            let parts = self.parts(&origin.text);
            Some((origin.name.as_str(), Text { scan, parts }))
        });
        let modules = loaded.origins.iter().filter_map(|origin| {
            let module = origin.module.as_deref()?;
            Some((module, origin.name.as_str()))
        });
        let contents = Contents::new(texts.collect(), modules.collect());
        match loaded.origins.first() {
            Some(script) => contents.phases(&script.name),
            None => Vec::new(),
        }
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
            if let Some(hooks) = &loaded.site {
                self.run.site().begin(&self.engine, hooks)?;
            }
            let scope = &mut Scope::new();
            match &loaded.entry {
                Some(function) => {
                    let called = self
                        .engine
                        .call_fn::<Dynamic>(scope, &loaded.ast, function, ());
                    called.map(drop)
                }
                None => self.engine.run_ast_with_scope(scope, &loaded.ast),
            }
        })
        .map_err(|error| self.failure(&script.name, &error, Some(&loaded.ast)))
    }

    pub(super) fn compile(
        &self,
        name: &str,
        text: &str,
    ) -> std::result::Result<Shared<AST>, Failure> {
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
        let mut trace = Trace::of(error, source, &known);
        let places = std::mem::take(&mut trace.places).into_iter();
        trace.places = places
            .map(|place| match sources.get(&place.source) {
                Some(text) => excerpt::within(text, place),
                None => place,
            })
            .collect();
        let place = trace.places.first();
        let excerpt = place
            .and_then(|place| Excerpt::of(&sources, place))
            .map(Box::new);
        Failure { trace, excerpt }
    }
}

/// Sets what `engine` takes for a script; the defaults of some of it differ between debug and release builds.
pub(super) fn speak(engine: &mut Engine) {
    engine.set_max_expr_depths(256, 128);
    // Mistakes in code that the optimiser would drop are mistakes too.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.disable_symbol("eval");
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
