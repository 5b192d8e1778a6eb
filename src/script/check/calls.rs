//! Calls that lead nowhere: functions, methods and verbs that do not exist, or not with so many arguments.

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::modules::{self, Target};
use super::names;
use super::receiver::{self, Receiver};
use super::unit;
use super::{Findings, Node, unknown};
use crate::error::Error;
use crate::script::signature::{Signature, ways};

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

/// Looks at a call.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    let (call, method, at) = match node.itself() {
        ASTNode::Expr(Expr::MethodCall(call, at)) => (call, true, *at),
        ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)) => {
            (call, false, *at)
        }
        _ => return,
    };
    if call.is_operator_call() {
        return;
    }
    if call.name == "Fn" {
        pointer(node, call, found);
    }
    if BUILT_IN.contains(&call.name.as_str()) && !call.is_qualified() {
        return;
    }
    if method {
        if let Some(error) = hijacked(node, call) {
            found.error("name", at, error);
        } else {
            as_method(node, call, at, found);
        }
        return;
    }
    let (Some(offer), count) = (Offer::before(node, call), call.args.len()) else {
        return;
    };
    let same = offer.named(&call.name);
    if same.iter().any(|one| one.parameters.len() == count) {
        return;
    }
    let prefix = match call.is_qualified() {
        true => format!("{}::", call.namespace),
        false => String::new(),
    };
    let subject = format!("function `{prefix}{}`", call.name);
    if let Some(file) = offer.private(&call.name) {
        let error = Error::invalid(subject, format!("is private to `{file}`"));
        found.error("function", at, error);
    } else if same.is_empty() {
        let mut error = unknown(subject, &call.name, &prefix, offer.names());
        let name = call.name.as_str();
        if !call.is_qualified() && names::visible(node).contains(name) {
            error = error.with_hint(format!(
                "`{name}` is a variable: a closure in it is called with `{name}.call(...)`"
            ));
        }
        found.error("function", at, error);
    } else {
        found.error("arguments", at, miscounted(subject, count, &same, false));
    }
}

/// The functions that a call may mean.
struct Offer<'a> {
    node: &'a Node<'a, 'a>,
    /// The file that defines them, beside the engine.
    file: Option<&'a unit::Unit>,
    /// The module of the engine, where it is one.
    native: Option<&'a str>,
    /// Whether only what the file shows to others counts.
    from_outside: bool,
}

impl<'a> Offer<'a> {
    /// What can stand where `call` stands; `None` if that is not known, or told elsewhere.
    fn before(node: &'a Node<'a, 'a>, call: &'a FnCallExpr) -> Option<Self> {
        let mut offer = Self {
            node,
            file: None,
            native: None,
            from_outside: call.is_qualified(),
        };
        if !call.is_qualified() {
            offer.file = Some(node.unit);
            offer.native = Some("");
            return Some(offer);
        }
        match modules::target(node.whole, node.unit, &call.namespace) {
            Target::File(file) => offer.file = Some(file),
            Target::Native(module) => offer.native = Some(module),
            Target::Global | Target::Unknown | Target::Missing(..) => return None,
        }
        Some(offer)
    }

    fn named(&self, name: &'a str) -> Vec<&'a Signature> {
        let known = self.node.whole.known;
        let native: &[Signature] = match self.native {
            Some("") => known.functions(name),
            Some(module) => known
                .module(module)
                .and_then(|all| all.get(name))
                .map_or(&[], Vec::as_slice),
            None => &[],
        };
        let own = self.file.into_iter().flat_map(|file| file.named(name));
        let own = own.filter(|one| !self.from_outside || !one.is_private);
        native.iter().chain(own.map(|one| &one.signature)).collect()
    }

    /// The file that keeps the function `name` to itself.
    fn private(&self, name: &'a str) -> Option<&'a str> {
        let file = self.file.filter(|_| self.from_outside)?;
        let mut same = file.named(name).peekable();
        same.peek()?;
        same.all(|one| one.is_private).then_some(&file.name)
    }

    fn names(&self) -> impl Iterator<Item = &'a str> {
        let known = self.node.whole.known;
        let global = (self.native == Some("")).then(|| known.function_names());
        let module = self.native.and_then(|module| known.module(module));
        let own = self.file.into_iter().flat_map(unit::Unit::functions);
        let own = own.filter(|one| !self.from_outside || !one.is_private);
        global
            .into_iter()
            .flatten()
            .chain(
                module
                    .into_iter()
                    .flat_map(|all| all.keys().map(String::as_str)),
            )
            .chain(own.map(|one| one.signature.name.as_str()))
    }
}

/// `Fn("name")`, where the name is written down.
fn pointer(node: &Node<'_, '_>, call: &FnCallExpr, found: &mut Findings) {
    let Some(Expr::StringConstant(name, at)) = call.args.first() else {
        return;
    };
    let known = node.whole.known;
    if BUILT_IN.contains(&name.as_str())
        || !known.functions(name).is_empty()
        || node.unit.named(name).next().is_some()
    {
        return;
    }
    let own = node.unit.functions();
    let names = own
        .map(|one| one.signature.name.as_str())
        .chain(known.function_names());
    let subject = format!("function `{name}`");
    found.error("function", *at, unknown(subject, name, "", names));
}

/// A script's own function goes before a tool's verb of the same name: `host.etcd.start()` would
/// call the script's `fn start()`.
fn hijacked(node: &Node<'_, '_>, call: &FnCallExpr) -> Option<Error> {
    let count = call.args.len();
    let natives = node.whole.known.functions(&call.name);
    let is_verb = natives
        .iter()
        .any(|verb| verb.parameters.len() == count + 1);
    let mut own = node.unit.named(&call.name);
    if !is_verb || !own.any(|own| own.signature.parameters.len() == count) {
        return None;
    }
    let why = "the script has a function of this name, which would be called instead";
    let hint = format!("give the script's function `{}` another name", call.name);
    Some(Error::invalid(format!("method `{}`", call.name), why).with_hint(hint))
}

/// A call in the style of a method: of a verb, of what a type has, or of the script's own function, which
/// finds the value in `this`.
fn as_method(node: &Node<'_, '_>, call: &FnCallExpr, at: Position, found: &mut Findings) {
    let (known, name) = (node.whole.known, call.name.as_str());
    let count = call.args.len();
    let written = |name: &str| node.whole.written.contains(name);
    // A map may hold a closure under this name, which is called then.
    if written(name)
        || node
            .unit
            .named(name)
            .any(|own| own.signature.parameters.len() == count)
    {
        return;
    }
    let natives = known.functions(name);
    let receiver = match Receiver::of(node.path) {
        Receiver::Property(property, at) if !written(property) => Some((property, at)),
        _ => None,
    };
    let tool = receiver
        .map(|(property, _)| property)
        .filter(|one| known.is_tool(one));
    // What a tool's property leads to is that tool, or plain data, which has no verbs.
    let same: Vec<&Signature> = natives
        .iter()
        .filter(|one| tool.is_none() || known.tool_of(one).is_none_or(|of| Some(of) == tool))
        .collect();
    let subject = match tool {
        Some(tool) => format!("verb `{name}` of `{tool}`"),
        None => format!("function `{name}`"),
    };
    if same.is_empty() {
        let other = natives.iter().find_map(|one| known.tool_of(one));
        let error = match (tool, other) {
            (Some(_), Some(other)) => Error::invalid(subject, "does not exist")
                .with_hint(format!("`{other}` has it: `host.{other}.{name}`")),
            (Some(tool), None) => unknown(subject, name, "", known.verbs(tool)),
            (None, _) => unknown(subject, name, "", known.function_names()),
        };
        let kind = if tool.is_some() { "verb" } else { "function" };
        return found.error(kind, at, error);
    }
    if !same.iter().any(|one| one.parameters.len() == count + 1) {
        return found.error("arguments", at, miscounted(subject, count, &same, true));
    }
    // Only tools have this verb, and the property leads to none.
    if let Some((property, at)) = receiver
        && !known.is_property(property)
        && !receiver::is_told(node)
        && same.iter().all(|one| known.tool_of(one).is_some())
    {
        let subject = format!("property `{property}`");
        found.error(
            "property",
            at,
            unknown(subject, property, "", known.tools()),
        );
    }
}

/// `given` arguments, which none of `same` takes.
fn miscounted(subject: String, given: usize, same: &[&Signature], as_method: bool) -> Error {
    let plural = if given == 1 { "" } else { "s" };
    let error = Error::invalid(subject, format!("does not take {given} argument{plural}"));
    error.with_hint(ways(same.iter().copied(), as_method))
}
