//! Whether every call in a script leads somewhere, found without running it.

use std::collections::BTreeMap;

use rhai::Engine;

use super::scan::{Call, Scan};
use super::signature::{Signature, nearest, ways};
use crate::error::Error;

/// Functions that the language itself handles, which no list of functions names.
const BUILT_IN: [&str; 9] = [
    "Fn",
    "call",
    "curry",
    "debug",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "type_of",
];

/// The functions that the engine offers.
pub struct Known {
    /// By module, which is empty for those without one, and name.
    functions: BTreeMap<String, BTreeMap<String, Vec<Signature>>>,
}

impl Known {
    /// What `engine` offers now.
    pub fn of(engine: &Engine) -> Self {
        let mut functions: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
        for signature in Signature::all(engine, None) {
            let module = functions.entry(signature.module.clone()).or_default();
            let named = module.entry(signature.name.clone()).or_default();
            named.push(signature);
        }
        Self { functions }
    }

    fn knows(&self, module: &str) -> bool {
        self.functions.contains_key(module)
    }

    fn named(&self, module: &str, name: &str) -> &[Signature] {
        let module = self.functions.get(module);
        module
            .and_then(|all| all.get(name))
            .map_or(&[], Vec::as_slice)
    }

    /// The first place of `scan`, as line and column, that goes wrong, and why; `module` finds what a
    /// module defines.
    pub fn first_unknown<'a>(
        &self,
        scan: &'a Scan,
        module: &dyn Fn(&str) -> Option<&'a Scan>,
    ) -> Option<((usize, usize), Error)> {
        if let Some(found) = hidden_variable(scan) {
            return Some(found);
        }
        scan.calls.iter().find_map(|call| {
            if let Some(error) = self.hijacked(call, scan) {
                return Some(((call.line, call.column), error));
            }
            let defined: &[Signature] = if call.module.is_empty() {
                &scan.functions
            } else if self.knows(&call.module) {
                &[]
            } else {
                let mut imports = scan.imports.iter();
                let import = imports.find(|import| import.alias == call.module)?;
                &module(&import.path)?.functions
            };
            self.wrong(call, defined)
                .map(|error| ((call.line, call.column), error))
        })
    }

    /// A script's own function goes before a tool's verb of the same name: `host.etcd.start()` would
    /// call the script's `fn start()`.
    fn hijacked(&self, call: &Call, scan: &Scan) -> Option<Error> {
        let takes = |one: &Signature, count: usize| one.parameters.len() == count;
        let is_verb = self
            .named("", &call.name)
            .iter()
            .any(|verb| takes(verb, call.arguments));
        let hides = |own: &Signature| own.name == call.name && takes(own, call.arguments - 1);
        if !call.method || !is_verb || !scan.functions.iter().any(hides) {
            return None;
        }
        let why = "the script has a function of this name, which would be called instead";
        Some(
            Error::invalid(format!("method `{}`", call.name), why).with_hint(format!(
                "give the script's function `{}` another name",
                call.name
            )),
        )
    }

    /// What is wrong with `call`, which may mean a native function or one of `defined`.
    fn wrong(&self, call: &Call, defined: &[Signature]) -> Option<Error> {
        if BUILT_IN.contains(&call.name.as_str()) {
            return None;
        }
        let native = self.named(&call.module, &call.name).iter();
        let same: Vec<&Signature> = native
            .chain(defined.iter().filter(|one| one.name == call.name))
            .collect();
        if same
            .iter()
            .any(|one| one.parameters.len() == call.arguments)
        {
            return None;
        }
        let prefix = match call.module.as_str() {
            "" => String::new(),
            module => format!("{module}::"),
        };
        let subject = format!("function `{prefix}{}`", call.name);
        if same.is_empty() {
            let error = Error::invalid(subject, "does not exist");
            let offered = self.functions.get(&call.module).into_iter();
            let names = offered
                .flat_map(|all| all.keys().map(String::as_str))
                .chain(defined.iter().map(|one| one.name.as_str()));
            return Some(match nearest(&call.name, names) {
                Some(near) => error.with_hint(format!("did you mean `{prefix}{near}`?")),
                None => error,
            });
        }
        // A method's receiver stands before the dot.
        let given = call.arguments - usize::from(call.method);
        let plural = if given == 1 { "" } else { "s" };
        let error = Error::invalid(subject, format!("does not take {given} argument{plural}"));
        Some(error.with_hint(ways(same.into_iter(), call.method)))
    }
}

/// Inside a closure the name of a variable means the script's function, if there is one of that name.
fn hidden_variable(scan: &Scan) -> Option<((usize, usize), Error)> {
    let (name, line, column) = scan
        .variables
        .iter()
        .find(|(name, ..)| scan.functions.iter().any(|one| one.name == *name))?;
    let why = "the script has a function of this name, which closures would see instead";
    let error = Error::invalid(format!("variable `{name}`"), why)
        .with_hint(format!("give the variable `{name}` another name"));
    Some(((*line, *column), error))
}
