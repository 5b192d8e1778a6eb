//! The functions that a script can call, as an operator reads them.

use rhai::{AST, Engine, FuncInfo, NativeCallContext};

/// Names less alike than this are no help.
const ALIKE: f64 = 0.8;
/// How many ways to call a function an error shows.
const SHOWN: usize = 4;

/// A function that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The module that it is in, or nothing.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The names of its parameters, the receiver of a method first.
    pub parameters: Vec<String>,
}

impl Signature {
    /// All that `engine` offers, and what the script around `context` defines.
    pub fn all(engine: &Engine, context: Option<&NativeCallContext<'_>>) -> Vec<Self> {
        engine.collect_fn_metadata(context, |info| Some(Self::from(&info)), true)
    }

    /// What the script `ast` defines.
    pub fn of(ast: &AST) -> Vec<Self> {
        ast.iter_functions()
            .map(|function| Self {
                module: String::new(),
                name: function.name.to_owned(),
                parameters: function.params.iter().map(ToString::to_string).collect(),
            })
            .collect()
    }

    /// The function that the engine knows as `info`.
    pub fn from(info: &FuncInfo<'_>) -> Self {
        let parameters = match &info.script {
            Some(script) => script.params.iter().map(ToString::to_string).collect(),
            None => {
                let named = info.metadata.params_info.iter().map(ToString::to_string);
                let unnamed = std::iter::repeat("_".to_owned());
                named
                    .chain(unnamed)
                    .take(info.metadata.num_params)
                    .collect()
            }
        };
        Self {
            module: info.namespace.to_string(),
            name: info.metadata.name.to_string(),
            parameters,
        }
    }

    /// Its name, with that of its module.
    pub fn full_name(&self) -> String {
        match self.module.as_str() {
            "" => self.name.clone(),
            module => format!("{module}::{}", self.name),
        }
    }

    /// The way to call it, such as `note(text: string)`; as a method, `systemctl.stop(units)`.
    pub fn shown(&self, as_method: bool) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(|one| brief(one)).collect();
        match parameters.split_first() {
            Some((receiver, others)) if as_method => {
                let receiver = receiver.split(':').next().unwrap_or_default();
                format!("{receiver}.{}({})", self.name, others.join(", "))
            }
            _ => format!("{}({})", self.full_name(), parameters.join(", ")),
        }
    }
}

/// `parameter` without the keys that a map may have there: they are many, and not what is asked for.
fn brief(parameter: &str) -> String {
    match parameter.split_once(": #{") {
        Some((name, _)) => format!("{name}: map"),
        None => parameter.to_owned(),
    }
}

/// A hint that says how `same` are called: the same function with other parameters.
pub fn ways<'a>(same: impl Iterator<Item = &'a Signature>, as_method: bool) -> String {
    let mut shown: Vec<String> = same.map(|one| one.shown(as_method)).collect();
    shown.sort();
    shown.dedup();
    shown.truncate(SHOWN);
    format!("it is called as `{}`", shown.join("`, `"))
}

/// The one of `names` that `wanted` was most likely meant to be.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .filter(|name| *name != wanted && !name.contains('$'))
        .map(|name| {
            let alike = strsim::jaro_winkler(wanted, name);
            (is_slip(wanted, name), alike, name)
        })
        .filter(|(is_slip, alike, _)| *is_slip || *alike >= ALIKE)
        .max_by(|a, b| {
            let alike = a.1.total_cmp(&b.1);
            a.0.cmp(&b.0).then(alike).then(b.2.cmp(a.2))
        })
        .map(|(.., name)| name)
}

/// Whether one letter too many, missing, wrong or in another place makes `wanted` of `name`.
fn is_slip(wanted: &str, name: &str) -> bool {
    wanted.len() > 2
        && wanted.len().abs_diff(name.len()) <= 1
        && strsim::damerau_levenshtein(wanted, name) == 1
}

#[cfg(test)]
mod tests {
    use super::{Signature, nearest};

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let names = ["note", "warn", "confirm", "anon$1"];
        assert_eq!(nearest("notte", names.into_iter()), Some("note"));
        assert_eq!(nearest("comfirm", names.into_iter()), Some("confirm"));
        assert_eq!(nearest("wran", names.into_iter()), Some("warn"));
        assert_eq!(
            nearest("nwo", ["now", "new_group"].into_iter()),
            Some("now")
        );
        assert_eq!(nearest("zzz", names.into_iter()), None);
        assert_eq!(nearest("anon$2", names.into_iter()), None);
    }

    #[test]
    fn a_call_is_shown_as_it_is_typed() {
        let signature = Signature {
            module: String::new(),
            name: "stop".to_owned(),
            parameters: vec!["systemctl".to_owned(), "units".to_owned()],
        };
        assert_eq!(signature.shown(true), "systemctl.stop(units)");
        assert_eq!(signature.shown(false), "stop(systemctl, units)");
    }
}
