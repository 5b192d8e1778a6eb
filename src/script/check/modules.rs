//! Imports that lead nowhere or in a circle, and names after `::` that a module does not have.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{ASTNode, Expr, Namespace, Position, Stmt};

use super::known::Known;
use super::unit::Unit;
use super::walk;
use super::{Findings, Node, Whole, unknown};
use crate::error::Error;

/// What stands before `::`.
pub enum Target<'a> {
    /// The script's own constants.
    Global,
    /// A module of the engine.
    Native(&'a str),
    /// A file.
    File(&'a Unit),
    /// A module whose file is not known: its name is computed, or it was not found.
    Unknown,
    /// No module at all: the name, and where it stands.
    Missing(&'a str, Position),
}

/// What `namespace` means in `unit`.
pub fn target<'a>(whole: &Whole<'a>, unit: &'a Unit, namespace: &'a Namespace) -> Target<'a> {
    let mut at = unit;
    for (depth, name) in namespace.path.iter().enumerate() {
        match at.modules.get(name.as_str()) {
            Some(file) => match file.as_ref().and_then(|file| whole.units.get(file)) {
                Some(file) => at = file,
                None => return Target::Unknown,
            },
            None if depth == 0 && name.as_str() == "global" => return Target::Global,
            None if depth == 0 && whole.known.module(name.as_str()).is_some() => {
                return Target::Native(name.as_str());
            }
            None => return Target::Missing(name.as_str(), name.pos),
        }
    }
    Target::File(at)
}

/// Looks at a value of a module, and at a call of one that is not imported.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    let itself = node.itself();
    if let Some(call) = walk::called(&itself) {
        if call.is_qualified()
            && let Target::Missing(name, at) = target(node.whole, node.unit, &call.namespace)
        {
            found.error("module", at, not_imported(node, name));
        }
        return;
    }
    let ASTNode::Expr(Expr::Variable(variable, ..)) = itself else {
        return;
    };
    let (_, name, namespace, _) = &**variable;
    if namespace.is_empty() {
        return;
    }
    let at = namespace.position();
    let shown = format!("{namespace}::{name}");
    let prefix = format!("{namespace}::");
    match target(node.whole, node.unit, namespace) {
        Target::Global if !node.unit.constants.contains(name.as_str()) => {
            let constants = node.unit.constants.iter().map(String::as_str);
            let mut error = unknown(format!("constant `{shown}`"), name, &prefix, constants);
            if node.unit.variables.contains(name.as_str()) {
                error = error.with_hint(format!(
                    "`let {name}` is a variable, which functions do not see: write `const {name}`"
                ));
            }
            found.error("constant", at, error);
        }
        Target::Native(module) if !Known::values(module).contains(&name.as_str()) => {
            let names = Known::values(module).iter().copied();
            let subject = format!("variable `{shown}`");
            found.error("constant", at, unknown(subject, name, &prefix, names));
        }
        Target::File(file) if !file.exports.contains(name.as_str()) => {
            let exports = file.exports.iter().map(String::as_str);
            let mut error = unknown(format!("constant `{shown}`"), name, &prefix, exports);
            if file.constants.contains(name.as_str()) {
                error = Error::invalid(
                    format!("constant `{shown}`"),
                    format!("`{}` does not export it", file.name),
                )
                .with_hint(format!("write `export const {name}` there"));
            } else if file.named(name).next().is_some() {
                error = Error::invalid(format!("`{shown}`"), "is a function, which is no value")
                    .with_hint(format!("write a closure: `|x| {shown}(x)`"));
            }
            found.error("constant", at, error);
        }
        Target::Missing(name, at) => found.error("module", at, not_imported(node, name)),
        _ => {}
    }
}

fn not_imported(node: &Node<'_, '_>, name: &str) -> Error {
    let aliases = node.unit.modules.keys().map(String::as_str);
    let known = aliases.chain(node.whole.known.module_names());
    let mut error = unknown(format!("module `{name}`"), name, "", known);
    // Another file of the script may have it under that name.
    let mut elsewhere = node
        .whole
        .units
        .values()
        .flat_map(|unit| &unit.scan.imports);
    if let Some(import) = elsewhere.find(|import| import.alias == name) {
        error = error.with_hint(format!(
            "import it in this file: `import \"{}\" as {name};`",
            import.path
        ));
    }
    error
}

/// The error of an import of `path` that is not found for `reason`; `names` are those of the library, which
/// are offered where they are in the same directory.
pub fn missing<'a>(path: &str, reason: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let error = Error::invalid(format!("module `{path}`"), reason);
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let split = names.filter_map(|one| one.rsplit_once('/'));
    let all: Vec<(&str, &str)> = split.collect();
    let beside = all.iter().filter(|(other, _)| *other == directory);
    let near = super::nearest(name, beside.map(|(_, name)| *name)).map(|near| (directory, near));
    // `import "etcd"` for `ocp/etcd`.
    let whole = all.iter().find(|(_, other)| *other == path).copied();
    match near.or(whole) {
        Some((directory, near)) => error.with_hint(format!("did you mean `{directory}/{near}`?")),
        None => error,
    }
}

/// The imports among `units` by which one loads itself, beginning with the file `first`: a loaded module
/// is kept, so those inside of functions, which are executed later, are none.
pub fn circles(units: &BTreeMap<String, Unit>, first: &str) -> Vec<super::Finding> {
    let mut search = Search {
        units,
        loading: Vec::new(),
        done: BTreeSet::new(),
        found: Vec::new(),
    };
    search.load(first);
    search.found
}

struct Search<'a> {
    units: &'a BTreeMap<String, Unit>,
    loading: Vec<&'a str>,
    done: BTreeSet<&'a str>,
    found: Vec<super::Finding>,
}

impl<'a> Search<'a> {
    fn load(&mut self, name: &str) {
        let Some((name, unit)) = self.units.get_key_value(name) else {
            return;
        };
        if !self.done.insert(name) {
            return;
        }
        self.loading.push(name);
        let mut found = Findings::new(name);
        for (path, at) in first_level_imports(unit) {
            let Some(file) = unit.files.get(path) else {
                continue;
            };
            match self.loading.iter().position(|one| one == file) {
                Some(from) => {
                    let circle = self.loading[from..].join("` imports `");
                    let reason = format!("`{circle}` imports `{file}`");
                    let error = Error::invalid("circular import", reason)
                        .with_hint("move what both need into a module of its own");
                    found.error("circular_import", at, error);
                }
                None => self.load(file),
            }
        }
        self.found.extend(found.sorted());
        self.loading.pop();
    }
}

/// The imports of `unit` that are executed when it is loaded: the name, and where it stands.
fn first_level_imports(unit: &Unit) -> Vec<(&str, Position)> {
    let mut within = BTreeSet::new();
    walk::walk(&unit.ast, &mut |path, function| {
        if let (Some(ASTNode::Stmt(Stmt::Import(import, _))), Some(_)) = (path.last(), function) {
            within.insert(import.0.position());
        }
    });
    let imports = unit.scan.imports.iter();
    imports
        .filter(|import| !within.contains(&import.position))
        .map(|import| (import.path.as_str(), import.position))
        .collect()
}
