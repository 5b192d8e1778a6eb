//! Variables that do not exist, and names of a script that hide others.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, Position, Stmt};

use super::unit::Unit;
use super::walk;
use super::{Findings, Node, Whole, unknown};
use crate::error::Error;

/// Looks at a variable that is used, and at one that is declared.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    match node.itself() {
        ASTNode::Expr(Expr::Variable(variable, short, at))
            if short.is_none() && variable.0.is_none() && variable.2.is_empty() =>
        {
            if let Some(error) = missing(node, &variable.1, *at) {
                found.error("variable", *at, error);
            }
        }
        // Inside a closure the name of a variable means the script's function, if there is one of that name.
        ASTNode::Stmt(Stmt::Var(declared, ..)) => {
            let name = &declared.0.name;
            if node.unit.named(name).next().is_some() {
                let why =
                    "the script has a function of this name, which closures would see instead";
                let error = Error::invalid(format!("variable `{name}`"), why)
                    .with_hint(format!("give the variable `{name}` another name"));
                found.error("name", declared.0.pos, error);
            }
        }
        _ => {}
    }
}

/// Why there is no `name` at `at`, which is no variable of the function around `node`.
fn missing(node: &Node<'_, '_>, name: &str, at: Position) -> Option<Error> {
    let subject = format!("variable `{name}`");
    // What a closure captures in vain is told where the outermost closure stands.
    let is_closure = node.within.is_some_and(walk::is_closure);
    let parameters = node.within.into_iter().flat_map(|one| &one.params);
    if is_closure && parameters.into_iter().any(|one| one == name) {
        return None;
    }
    if (is_closure || node.within.is_none()) && node.unit.outer.contains(name) {
        return None;
    }
    let mut own = node.unit.named(name).peekable();
    if own.peek().is_some() {
        if is_closure || own.any(|one| one.name_at < at) {
            return None;
        }
        let error = Error::invalid(format!("function `{name}`"), "is defined further down");
        let hint = format!("move it up, or write a closure: `|x| {name}(x)`");
        return Some(error.with_hint(hint));
    }
    let all = visible(node);
    let error = unknown(subject, name, "", all.iter().map(String::as_str));
    Some(if all.contains(name) {
        error.with_hint("it is declared further down, or in another block")
    } else if node.within.is_none() {
        error
    } else if node.unit.constants.contains(name) {
        error.with_hint(format!("functions see it as `global::{name}`"))
    } else if node.unit.variables.contains(name) {
        error.with_hint("functions do not see the script's variables: hand it over as an argument")
    } else {
        error
    })
}

/// The variables that the function around `node` has somewhere.
pub fn visible(node: &Node<'_, '_>) -> BTreeSet<String> {
    let owner = walk::owner(node.within);
    let parameters = node.within.into_iter().flat_map(|one| &one.params);
    let locals = node.unit.locals(&owner).map(str::to_owned);
    parameters.map(ToString::to_string).chain(locals).collect()
}

/// Looks at the functions of `unit`: one of the same name as the engine's is called instead of it.
pub fn functions(whole: &Whole<'_>, unit: &Unit, found: &mut Findings) {
    for own in unit.functions() {
        let name = &own.signature.name;
        if whole.known.is_ours(name, own.signature.parameters.len()) {
            let error = Error::invalid(
                format!("function `{name}`"),
                "is called instead of the one that every script has",
            )
            .with_hint(format!("give the script's function `{name}` another name"));
            found.warning("name", own.name_at, error);
        }
    }
}
