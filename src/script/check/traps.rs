//! What the language takes and hardly anybody means.

use rhai::{ASTNode, Expr, FnCallExpr, Position};

use super::{Findings, Node, names};
use crate::error::Error;

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// Looks at a text and at a comparison.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    match node.itself() {
        ASTNode::Expr(Expr::StringConstant(text, at)) => interpolation(node, text, *at, found),
        ASTNode::Expr(Expr::FnCall(call, at)) if call.is_operator_call() => {
            comparison(call, *at, found);
        }
        _ => {}
    }
}

/// `"${x}"` is no value of `x`; to a shell it may be what is meant, unless the script has an `x`.
fn interpolation(node: &Node<'_, '_>, text: &str, at: Position, found: &mut Findings) {
    if !text.contains("${") {
        return;
    }
    let visible = names::visible(node);
    for part in text.split("${").skip(1) {
        let end = part.find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = &part[..end.unwrap_or(part.len())];
        if part.contains('}') && visible.contains(name) {
            let error = Error::invalid(
                format!("`${{{name}}}`"),
                "is plain text between double quotes",
            )
            .with_hint(format!(
                "write the text in backticks to put the value of `{name}` there"
            ));
            return found.warning("interpolation", at, error);
        }
    }
}

/// Values of different types are never equal and never in order, and nothing says so.
fn comparison(call: &FnCallExpr, at: Position, found: &mut Findings) {
    if !COMPARISONS.contains(&call.name.as_str()) {
        return;
    }
    if let [left, right] = &*call.args
        && let (Some(left), Some(right)) = (literal(left), literal(right))
        && left != right
    {
        let always = if call.name == "!=" { "true" } else { "false" };
        let subject = format!("`{}` of a {left} and a {right}", call.name);
        let error = Error::invalid(subject, format!("is always {always}"));
        let hint = "compare values of one type: `parse_int(text)` and `to_string(number)` convert";
        found.warning("comparison", at, error.with_hint(hint));
    }
}

/// The type of a literal; of a text and a letter it is the same, as they can be compared.
fn literal(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::IntegerConstant(..) | Expr::FloatConstant(..) => Some("number"),
        Expr::StringConstant(..) | Expr::InterpolatedString(..) | Expr::CharConstant(..) => {
            Some("text")
        }
        Expr::BoolConstant(..) => Some("boolean"),
        Expr::Array(..) => Some("list"),
        Expr::Map(..) => Some("map"),
        _ => None,
    }
}
