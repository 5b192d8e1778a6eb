//! Whether every call in a script leads somewhere, found without running it.

use std::collections::{BTreeMap, BTreeSet};

use rhai::Engine;

use super::scan::{Call, Scan};
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

/// The functions that the engine offers: the numbers of parameters of each name.
pub struct Known {
    /// Without a module.
    functions: BTreeMap<String, BTreeSet<usize>>,
    /// Of the static modules, by module.
    modules: BTreeMap<String, BTreeMap<String, BTreeSet<usize>>>,
}

impl Known {
    /// What `engine` offers now.
    pub fn of(engine: &Engine) -> Self {
        let all = engine.collect_fn_metadata(
            None,
            |info| {
                let metadata = info.metadata;
                Some((
                    info.namespace.to_string(),
                    metadata.name.to_string(),
                    metadata.num_params,
                ))
            },
            true,
        );
        let mut known = Self {
            functions: BTreeMap::new(),
            modules: BTreeMap::new(),
        };
        for (module, name, parameters) in all {
            let room = if module.is_empty() {
                &mut known.functions
            } else {
                known.modules.entry(module).or_default()
            };
            room.entry(name).or_default().insert(parameters);
        }
        known
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
            let wrong = if call.module.is_empty() {
                self.wrong(call, &[&self.functions, &defined(scan)])
            } else if let Some(functions) = self.modules.get(&call.module) {
                self.wrong(call, &[functions])
            } else {
                let import = scan
                    .imports
                    .iter()
                    .find(|import| import.alias == call.module)?;
                self.wrong(call, &[&defined(module(&import.path)?)])
            };
            wrong.map(|error| ((call.line, call.column), error))
        })
    }

    /// A script's own function goes before a tool's verb of the same name: `host.etcd.start()` would
    /// call the script's `fn start()`.
    fn hijacked(&self, call: &Call, scan: &Scan) -> Option<Error> {
        let verbs = self.functions.get(&call.name)?;
        let own = (call.name.clone(), call.arguments.checked_sub(1)?);
        if !call.method || !verbs.contains(&call.arguments) || !scan.functions.contains(&own) {
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

    fn wrong(&self, call: &Call, rooms: &[&BTreeMap<String, BTreeSet<usize>>]) -> Option<Error> {
        if BUILT_IN.contains(&call.name.as_str()) {
            return None;
        }
        let counts: BTreeSet<usize> = rooms
            .iter()
            .filter_map(|room| room.get(&call.name))
            .flatten()
            .copied()
            .collect();
        if counts.contains(&call.arguments) {
            return None;
        }
        let prefix = if call.module.is_empty() {
            String::new()
        } else {
            format!("{}::", call.module)
        };
        let subject = format!("function `{prefix}{}`", call.name);
        if counts.is_empty() {
            let error = Error::invalid(subject, "there is none of this name");
            let nearest = rooms
                .iter()
                .flat_map(|room| room.keys())
                .map(|name| (strsim::jaro_winkler(name, &call.name), name))
                .filter(|(likeness, _)| *likeness > 0.75)
                .max_by(|a, b| a.0.total_cmp(&b.0));
            return Some(match nearest {
                Some((_, name)) => error.with_hint(format!("did you mean `{prefix}{name}`?")),
                None => error,
            });
        }
        let takes: Vec<String> = counts.iter().map(usize::to_string).collect();
        Some(Error::invalid(
            subject,
            format!(
                "gets {} arguments and takes {}, the receiver of a method counted",
                call.arguments,
                takes.join(" or ")
            ),
        ))
    }
}

/// Inside a closure the name of a variable means the script's function, if there is one of that name.
fn hidden_variable(scan: &Scan) -> Option<((usize, usize), Error)> {
    let (name, line, column) = scan
        .variables
        .iter()
        .find(|(name, ..)| scan.functions.iter().any(|(function, _)| function == name))?;
    let why = "the script has a function of this name, which closures would see instead";
    let error = Error::invalid(format!("variable `{name}`"), why)
        .with_hint(format!("give the variable `{name}` another name"));
    Some(((*line, *column), error))
}

fn defined(scan: &Scan) -> BTreeMap<String, BTreeSet<usize>> {
    let mut functions: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (name, parameters) in &scan.functions {
        functions
            .entry(name.clone())
            .or_default()
            .insert(*parameters);
    }
    functions
}
