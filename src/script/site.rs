//! What a site defines in its `site.rhai`: parameters, and functions that the procedure calls at its places.
//!
//! The file is a module like any other, found in the operator's directories. Its statements are executed before the
//! script's first line; its functions are called by name.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use rhai::{AST, Dynamic, Engine, EvalAltResult, FnAccess, NativeCallContext, Position, Scope};

use super::convert::{self, ScriptResult};
use super::signature::nearest;
use crate::error::{Error, Result};

/// The module that it is, as `import` would name it.
pub const MODULE: &str = "site";

/// A place of the procedure at which a site's function is called.
pub struct Hook {
    /// The function.
    pub name: &'static str,
    /// What it is given.
    pub parameters: &'static [&'static str],
    /// What it is for.
    pub doc: &'static str,
}

/// Every hook.
pub const HOOKS: &[Hook] = &[
    Hook {
        name: "before_phase",
        parameters: &["title"],
        doc: "called as each phase begins, as a part of it",
    },
    Hook {
        name: "after_phase",
        parameters: &["title"],
        doc: "called before each phase ends, as a part of it",
    },
    Hook {
        name: "packages",
        parameters: &["host", "names"],
        doc: "returns the OpenShift packages of the host; `names` are the shipped ones",
    },
    Hook {
        name: "switch_repositories",
        parameters: &["host"],
        doc: "makes the host install from 3.7's repositories, instead of the shipped way",
    },
    Hook {
        name: "backup_dir",
        parameters: &["host", "directory"],
        doc: "returns the directory for the host's copies; `directory` is what the parameter says",
    },
];

/// The hook called `name`.
pub fn hook(name: &str) -> Option<&'static Hook> {
    HOOKS.iter().find(|hook| hook.name == name)
}

impl Hook {
    /// The way a site defines it, such as `fn before_phase(title)`.
    pub fn shown(&self) -> String {
        format!("fn {}({})", self.name, self.parameters.join(", "))
    }
}

/// The functions of `ast` that others can call: name, number of parameters, where it begins.
fn public(ast: &AST) -> impl Iterator<Item = (&str, usize, Position)> {
    let functions = ast.iter_fn_def();
    let functions = functions.filter(|one| matches!(one.access, FnAccess::Public));
    functions
        .filter(|one| !one.name.starts_with("anon$"))
        .map(|one| {
            (
                one.name.as_str(),
                one.params.len(),
                one.body.start_position(),
            )
        })
}

/// The first function of a site's `ast` that nobody would call, and where it begins: a misspelt hook would be left out
/// in silence.
pub fn stranger(ast: &AST) -> Option<(Position, Error)> {
    public(ast).find_map(|(name, parameters, at)| {
        let Some(hook) = hook(name) else {
            let names = HOOKS.iter().map(|hook| hook.name);
            let hint = match nearest(name, names.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "the hooks are {}; write `private fn {name}` for a function of your own",
                    names.collect::<Vec<_>>().join(", ")
                ),
            };
            let error = Error::invalid(format!("function `{name}` of site.rhai"), "is no hook");
            return Some((at, error.with_hint(hint)));
        };
        if parameters == hook.parameters.len() {
            return None;
        }
        let error = Error::invalid(
            format!("hook `{name}`"),
            format!("takes {parameters} parameters"),
        );
        Some((at, error.with_hint(format!("write `{}`", hook.shown()))))
    })
}

/// The hooks that `ast` defines, in the order of [`HOOKS`].
pub fn defined(ast: &AST) -> Vec<&'static str> {
    let names: Vec<&str> = public(ast).map(|(name, ..)| name).collect();
    let hooks = HOOKS.iter().map(|hook| hook.name);
    hooks.filter(|name| names.contains(name)).collect()
}

/// The hooks of the site, once it has begun. Cheap to copy.
#[derive(Clone, Default)]
pub struct Site(Arc<OnceLock<BTreeMap<&'static str, AST>>>);

impl Site {
    /// Executes the site's statements; `hooks` are those that it defines.
    ///
    /// # Errors
    /// Those of its statements.
    pub fn begin(
        &self,
        engine: &Engine,
        hooks: &[&'static str],
    ) -> std::result::Result<(), Box<EvalAltResult>> {
        let import = format!("import \"{MODULE}\" as {MODULE};");
        engine.run_with_scope(&mut Scope::new(), &import)?;
        let mut calls = BTreeMap::new();
        for hook in HOOKS.iter().filter(|hook| hooks.contains(&hook.name)) {
            // A module's function is called with its own imports and constants only from a script.
            let (name, given) = (hook.name, hook.parameters.join(", "));
            let text = format!("{import} fn {name}({given}) {{ {MODULE}::{name}({given}) }}");
            calls.insert(name, engine.compile(text)?);
        }
        self.0.get_or_init(|| calls);
        Ok(())
    }

    /// What the site's function `name` returns for `arguments`; `None` if it has none.
    ///
    /// # Errors
    /// Whatever it throws.
    pub fn call(
        &self,
        ctx: &NativeCallContext,
        name: &str,
        arguments: Vec<Dynamic>,
    ) -> Option<ScriptResult> {
        let ast = self.0.get()?.get(name)?;
        let called = ctx
            .engine()
            .call_fn::<Dynamic>(&mut Scope::new(), ast, name, arguments);
        Some(called.map_err(|mut error| {
            // Not where the line that `begin` wrote has it, which no operator knows.
            error.set_position(ctx.call_position());
            error
        }))
    }
}

/// What the site's `name` returns for `arguments`, or `otherwise` where there is none.
///
/// # Errors
/// A name that is no hook, and whatever the function throws.
pub fn by_site(
    site: &Site,
    ctx: &NativeCallContext,
    name: &str,
    arguments: Vec<Dynamic>,
    otherwise: impl FnOnce() -> ScriptResult,
) -> ScriptResult {
    known(name, arguments.len()).map_err(|error| convert::throw(error, ctx.call_position()))?;
    site.call(ctx, name, arguments).unwrap_or_else(otherwise)
}

fn known(name: &str, arguments: usize) -> Result<()> {
    match hook(name) {
        Some(hook) if hook.parameters.len() == arguments => Ok(()),
        Some(hook) => Err(Error::invalid(
            format!("hook `{name}`"),
            format!("is `{}`", hook.shown()),
        )),
        None => Err(Error::invalid(format!("hook `{name}`"), "does not exist")),
    }
}
