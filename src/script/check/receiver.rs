//! What stands before a dot, as far as it is known for certain; and its properties.

use std::ptr;

use rhai::{ASTFlags, ASTNode, Expr, Position};

use super::known::Kind;
use super::unit::Role;
use super::walk;
use super::{Findings, Node, unknown};

/// What a method or a property belongs to.
pub enum Receiver<'n> {
    /// A property of something, such as `systemctl` in `host.systemctl.stop()`.
    Property(&'n str, Position),
    /// The begin of a chain.
    Value(&'n Expr),
    /// An element of a value.
    Element(&'n Expr),
    /// It is not known.
    Unknown,
}

impl<'n> Receiver<'n> {
    /// What the last node of `path` belongs to.
    pub fn of(path: &'n [ASTNode<'n>]) -> Self {
        let Some((&ASTNode::Expr(itself), outer)) = path.split_last() else {
            return Self::Unknown;
        };
        let mut node = itself;
        for (at, parent) in outer.iter().enumerate().rev() {
            let ASTNode::Expr(expr) = *parent else {
                return Self::Unknown;
            };
            match expr {
                Expr::Dot(parts, ..) | Expr::Index(parts, ..) if ptr::eq(&parts.lhs, node) => {
                    node = expr;
                }
                Expr::Dot(parts, ..) => {
                    let above = at.checked_sub(1).map(|up| outer[up]);
                    return match above {
                        // `a[0].b`: what stands before the dot is the index.
                        Some(ASTNode::Expr(Expr::Index(above, flags, _)))
                            if ptr::eq(&above.rhs, expr) && !flags.intersects(ASTFlags::BREAK) =>
                        {
                            Self::Element(&above.lhs)
                        }
                        _ => match &parts.lhs {
                            Expr::Property(property, at) => Self::Property(&property.2, *at),
                            Expr::MethodCall(..) => Self::Unknown,
                            value => Self::Value(value),
                        },
                    };
                }
                _ => return Self::Unknown,
            }
        }
        Self::Unknown
    }

    /// Its type, where that is certain.
    pub fn kind(&self, node: &Node<'_, '_>) -> Option<Kind> {
        match self {
            Self::Value(Expr::Variable(variable, ..)) => match variable.2.to_string().as_str() {
                "cluster" => Kind::of_cluster(&variable.1),
                "" => is_host(&variable.1, node).then_some(Kind::Host),
                _ => None,
            },
            Self::Value(Expr::FnCall(call, _)) => {
                let is_host = call.name == "host" && call.namespace.to_string() == "cluster";
                is_host.then_some(Kind::Host)
            }
            Self::Element(Expr::Variable(variable, ..)) => {
                let is_cluster = variable.2.to_string() == "cluster";
                let group = Kind::of_cluster(&variable.1).filter(|_| is_cluster)?;
                (group == Kind::Group).then_some(Kind::Host)
            }
            _ => None,
        }
    }
}

/// The values at the begin of the chains of dots that the last node of `path` stands in: the engine holds
/// them until it is done.
pub fn held<'n>(path: &'n [ASTNode<'n>]) -> Vec<&'n Expr> {
    let mut held = Vec::new();
    let Some((&ASTNode::Expr(itself), outer)) = path.split_last() else {
        return held;
    };
    let mut node = itself;
    for parent in outer.iter().rev() {
        let ASTNode::Expr(expr) = *parent else {
            break;
        };
        match expr {
            // An index is worked out before anything is held.
            Expr::Index(parts, flags, _)
                if ptr::eq(&parts.rhs, node) && flags.intersects(ASTFlags::BREAK) =>
            {
                break;
            }
            Expr::Dot(parts, ..) | Expr::Index(parts, ..) => {
                if ptr::eq(&parts.rhs, node) {
                    held.push(&parts.lhs);
                }
                node = expr;
            }
            _ => break,
        }
    }
    held
}

/// Whether the variable `name` is the host that a step or `each` calls the closure around `node` with.
fn is_host(name: &str, node: &Node<'_, '_>) -> bool {
    let Some(closure) = node.within.filter(|one| walk::is_closure(one)) else {
        return false;
    };
    let sites = node.unit.sites(&closure.name);
    let owner = walk::owner(node.within);
    closure.params.last().is_some_and(|last| last == name)
        && !sites.is_empty()
        && sites.iter().all(|site| {
            site.role == Role::Parallel && site.captured.len() + 1 == closure.params.len()
        })
        && !node.unit.replaces(&owner, name)
}

/// Whether what is wrong with the property before the last node of `node` is told where the property stands.
pub fn is_told(node: &Node<'_, '_>) -> bool {
    let Some((_, outer)) = node.path.split_last() else {
        return false;
    };
    let mut before = Vec::from(outer);
    if let Some(ASTNode::Expr(Expr::Dot(parts, ..))) = outer.last() {
        before.push(ASTNode::Expr(&parts.lhs));
    }
    Receiver::of(&before).kind(node).is_some()
}

/// Looks at a property of something whose type is certain.
pub fn look(node: &Node<'_, '_>, found: &mut Findings) {
    let ASTNode::Expr(Expr::Property(property, at)) = node.itself() else {
        return;
    };
    let Some(kind) = Receiver::of(node.path).kind(node) else {
        return;
    };
    let name = property.2.as_str();
    let has = node.whole.known.properties(kind);
    if !has.contains(name) {
        let names = has.iter().map(String::as_str);
        let subject = format!("property `{name}` of a {}", kind.name());
        found.error("property", *at, unknown(subject, name, "", names));
    }
}
