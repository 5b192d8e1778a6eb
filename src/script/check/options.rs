//! Keys of options that a function does not take, where the map is written down at the call.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, FnCallExpr};

use super::receiver::Receiver;
use super::walk;
use super::{Findings, Node};
use crate::error::Error;
use crate::script::accepts;

/// Looks at the maps among the arguments of a call.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    let itself = node.itself();
    let Some(call) = walk::called(&itself) else {
        return;
    };
    if call.is_qualified() || node.unit.named(&call.name).next().is_some() {
        return;
    }
    if call.name == "settings" {
        return settings(node, call, found);
    }
    let method = walk::is_method(&itself);
    for (place, argument) in call.args.iter().enumerate() {
        let maps: Vec<(&Expr, bool)> = match argument {
            Expr::Map(..) => vec![(argument, false)],
            Expr::Array(elements, _) => elements.iter().map(|one| (one, true)).collect(),
            _ => continue,
        };
        if !maps.iter().any(|(map, _)| matches!(map, Expr::Map(..))) {
            continue;
        }
        let Some((keys, is_list)) = taken(node, call, method, place) else {
            continue;
        };
        for (map, in_list) in maps {
            if in_list == is_list {
                compare(map, &keys, &format!("`{}`", call.name), found);
            }
        }
    }
}

/// The keys that the argument number `place` of `call` may have, and whether it is a list of such maps;
/// `None` if it is not known for each function that may be meant.
fn taken<'a>(
    node: &'a Node<'_, '_>,
    call: &FnCallExpr,
    method: bool,
    place: usize,
) -> Option<(BTreeSet<&'a str>, bool)> {
    let known = node.whole.known;
    let ahead = usize::from(method);
    let tool = match Receiver::of(node.path) {
        Receiver::Property(name, _)
            if method && known.is_tool(name) && !node.whole.written.contains(name) =>
        {
            Some(name)
        }
        _ => None,
    };
    let same = known.functions(&call.name).iter();
    let same = same.filter(|one| {
        one.parameters.len() == call.args.len() + ahead
            && (tool.is_none() || known.tool_of(one) == tool)
    });
    let mut all = BTreeSet::new();
    let mut lists = None;
    for one in same {
        let (keys, is_list) = accepts::keys(one.parameters.get(place + ahead)?)?;
        if *lists.get_or_insert(is_list) != is_list {
            return None;
        }
        all.extend(keys);
    }
    Some((all, lists?))
}

/// `settings(#{...})`: its keys are parameters of some file of the script.
fn settings(node: &Node<'_, '_>, call: &FnCallExpr, found: &mut Findings) {
    let units = || node.whole.units.values();
    if units().any(|unit| unit.computes_parameters) {
        return;
    }
    let Some(map @ Expr::Map(keys, _)) = call.args.first() else {
        return;
    };
    let parameters = units().flat_map(|unit| &unit.scan.parameters);
    let known: BTreeSet<&str> = parameters.map(|one| one.name.as_str()).collect();
    if known.is_empty() && !keys.0.is_empty() {
        let error = Error::invalid("`settings`", "the script has no parameters");
        return found.error("option", call_position(node), error);
    }
    compare(map, &known, "`settings`", found);
}

fn call_position(node: &Node<'_, '_>) -> rhai::Position {
    match node.itself() {
        ASTNode::Expr(expr) => expr.position(),
        other => other.position(),
    }
}

/// Tells the keys of `map` that are not among `known`.
fn compare(map: &Expr, known: &BTreeSet<&str>, of: &str, found: &mut Findings) {
    let Expr::Map(keys, _) = map else {
        return;
    };
    for (key, _) in &keys.0 {
        if known.contains(key.name.as_str()) {
            continue;
        }
        let error = accepts::unknown(&key.name, of, known.iter().copied());
        found.error("option", key.pos, error);
    }
}
