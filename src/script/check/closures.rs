//! What goes wrong in closures: variables assigned in vain, and parameters that nobody fills.

use rhai::{ASTNode, Expr, FnCallExpr, Position, Stmt};

use super::receiver::{self, Receiver};
use super::unit::{self, Role};
use super::walk;
use super::{Findings, Node};
use crate::error::Error;
use crate::script::signature::Signature;

/// Methods that change a list, map or text in place.
const CHANGING: [&str; 13] = [
    "append",
    "chop",
    "clear",
    "dedup",
    "drain",
    "fill_with",
    "insert",
    "mixin",
    "pop",
    "push",
    "retain",
    "shift",
    "truncate",
];

/// Looks at an assignment, a method that changes its value, and a call with closures.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    match node.itself() {
        ASTNode::Stmt(Stmt::Assignment(parts)) => {
            if let Some((variable, at)) = root(&parts.1.lhs) {
                lost(node, variable, at, found);
            }
        }
        ASTNode::Expr(Expr::MethodCall(call, at)) => {
            in_use(node, call, *at, found);
            changed(node, call, found);
        }
        _ => {}
    }
    parameters(node, found);
}

/// Looks at a method that changes the value it is called on.
fn changed(node: &Node<'_, '_>, call: &FnCallExpr, found: &mut Findings) {
    let known = node.whole.known;
    let mut same = known.functions(&call.name).iter();
    // What a tool's verb changes is a host.
    if CHANGING.contains(&call.name.as_str())
        && !same.any(|one| known.tool_of(one).is_some())
        && let Receiver::Value(value) = Receiver::of(node.path)
        && let Some((variable, at)) = root(value)
    {
        lost(node, variable, at, found);
    }
}

/// A variable is held while a method is called on it, and a closure among the arguments that uses it finds
/// it in use.
fn in_use(node: &Node<'_, '_>, call: &FnCallExpr, at: Position, found: &mut Findings) {
    let captured: Vec<&str> = call.args.iter().flat_map(unit::captured).collect();
    let held = receiver::held(node.path).into_iter();
    let mut held = held.filter_map(|value| match value {
        Expr::Variable(variable, ..) if variable.2.is_empty() => Some(variable.1.as_str()),
        _ => None,
    });
    if let Some(name) = held.find(|name| captured.contains(name)) {
        let error = Error::invalid(
            format!("a call of `{}`", call.name),
            format!("its closure uses the variable `{name}` that it is called on"),
        );
        let hint = format!("use a copy inside the closure: `let copy = {name};` and then `copy`");
        found.error("in_use", at, error.with_hint(hint));
    }
}

/// The variable that an assignment to `target` changes, unless it belongs to the closure itself.
fn root(target: &Expr) -> Option<(&str, Position)> {
    match target {
        Expr::Variable(variable, short, at)
            if short.is_none() && variable.0.is_none() && variable.2.is_empty() =>
        {
            Some((&variable.1, *at))
        }
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => root(&parts.lhs),
        _ => None,
    }
}

/// Tells a change of the captured `variable` that does not outlive the closure.
fn lost(node: &Node<'_, '_>, variable: &str, at: Position, found: &mut Findings) {
    let Some(closure) = node.within.filter(|one| walk::is_closure(one)) else {
        return;
    };
    match fate(node, &closure.name, variable, 0) {
        Role::Parallel => {
            let why = "is changed in a closure that runs for hosts side by side, on a copy: it stays as it was";
            let error = Error::invalid(format!("variable `{variable}`"), why)
                .with_hint("return a value instead: `each` and `step` return those of all hosts");
            found.error("captured_assignment", at, error);
        }
        Role::Recorded => {
            let why =
                "is changed in a step, which `resume` does not do again: it stays as it was then";
            let error = Error::invalid(format!("variable `{variable}`"), why)
                .with_hint("return a value instead: the step's value is on record");
            found.warning("captured_assignment", at, error);
        }
        Role::InPlace => {}
    }
}

/// What becomes of a change of `variable` in `closure`, which may stand in other closures that captured
/// it too.
fn fate(node: &Node<'_, '_>, closure: &str, variable: &str, depth: usize) -> Role {
    let mut worst = Role::InPlace;
    // A closure does not stand inside itself; the limit is for names that are alike by chance.
    if depth > 32 {
        return worst;
    }
    for site in node.unit.sites(closure) {
        if !site.captured.iter().any(|one| one == variable) {
            continue;
        }
        let outer = match &site.maker {
            Some((maker, _)) if node.unit.captures(maker, variable) => {
                fate(node, maker, variable, depth + 1)
            }
            _ => Role::InPlace,
        };
        for role in [site.role, outer] {
            worst = match (worst, role) {
                (Role::Parallel, _) | (_, Role::Parallel) => Role::Parallel,
                (Role::Recorded, _) | (_, Role::Recorded) => Role::Recorded,
                _ => Role::InPlace,
            };
        }
    }
    worst
}

/// Tells closures with another number of parameters than they are called with.
fn parameters(node: &Node<'_, '_>, found: &mut Findings) {
    let itself = node.itself();
    let Some(call) = walk::called(&itself) else {
        return;
    };
    if call.is_qualified() || node.unit.named(&call.name).next().is_some() {
        return;
    }
    let ahead = usize::from(walk::is_method(&itself));
    for (place, argument) in call.args.iter().enumerate() {
        let Some((closure, captured)) = unit::closure(argument) else {
            continue;
        };
        let same = node.whole.known.functions(&call.name).iter();
        let same = same.filter(|one| one.parameters.len() == call.args.len() + ahead);
        let wanted: Option<Vec<usize>> = same
            .map(|one: &Signature| called_with(one.parameters.get(place + ahead)?))
            .collect();
        let (Some(wanted), Some(all)) = (wanted, node.unit.parameters(&closure)) else {
            continue;
        };
        let has = all.saturating_sub(captured);
        if let Some(first) = wanted.first()
            && !wanted.contains(&has)
        {
            let subject = format!("closure of `{}`", call.name);
            let number = |count: usize| match count {
                0 => "no parameters".to_owned(),
                1 => "1 parameter".to_owned(),
                many => format!("{many} parameters"),
            };
            let error = Error::invalid(subject, format!("has {}", number(has)));
            let error = error.with_hint(match first {
                0 => "it is called without any: `|| ...`",
                _ => "it is called with the host: `|host| ...`",
            });
            found.error("arguments", argument.start_position(), error);
        }
    }
}

/// How many values the closure that is `parameter` is called with; `None` if it is none, or not known.
fn called_with(parameter: &str) -> Option<usize> {
    let (_, shape) = parameter.split_once(": ")?;
    match shape {
        "closure" => Some(0),
        "|host|" => Some(1),
        _ => None,
    }
}
