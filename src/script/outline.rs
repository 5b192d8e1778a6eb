//! Which lines of a script are which step, phase and function.

use std::collections::HashMap;

use rhai::{AST, ASTNode, Expr, FnPtr};

/// A named part of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// The title of a step or phase, the name of a function.
    pub name: String,
    /// Its first line.
    pub first: usize,
    /// Its last line.
    pub last: usize,
}

impl Part {
    /// Whether `line` is one of its lines.
    pub fn has(&self, line: usize) -> bool {
        (self.first..=self.last).contains(&line)
    }
}

/// What a part of a script is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// A function.
    Function,
    /// A phase whose title is a literal.
    Phase,
    /// A step whose title is a literal.
    Step,
}

/// The parts of `ast`, as far as they have names.
pub fn parts(ast: &AST) -> Vec<Part> {
    placed(ast).into_iter().map(|(part, _)| part).collect()
}

/// The parts of `ast`, each with the line and the column where its name is called, or its function begins.
pub fn placed(ast: &AST) -> Vec<(Part, (usize, usize))> {
    let mut bodies = HashMap::new();
    let mut parts = Vec::new();
    for function in ast.iter_fn_def() {
        let first = function.body.start_position().line().unwrap_or_default();
        let last = function.body.end_position().line().unwrap_or(first);
        bodies.insert(function.name.to_string(), (first, last));
        if !function.name.starts_with("anon$") {
            let part = Part {
                kind: PartKind::Function,
                name: function.name.to_string(),
                first,
                last,
            };
            parts.push((part, (first, 1)));
        }
    }
    // A closure is a function of its own; where it stands there is a pointer to it.
    let mut calls: HashMap<(usize, usize), Part> = HashMap::new();
    ast.walk(&mut |nodes| {
        for node in nodes {
            let (kind, title, at) = match titled(node) {
                Some(found) => found,
                None => continue,
            };
            let first = at.line().unwrap_or_default();
            let place = (first, at.position().unwrap_or_default());
            let part = calls.entry(place).or_insert_with(|| Part {
                kind,
                name: title,
                first,
                last: first,
            });
            if let Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) = nodes.last()
                && let Some(pointer) = value.read_lock::<FnPtr>()
                && let Some((_, last)) = bodies.get(pointer.fn_name())
            {
                part.last = part.last.max(*last);
            }
            if let Some(line) = nodes.last().and_then(|node| node.position().line()) {
                part.last = part.last.max(line);
            }
        }
        true
    });
    parts.extend(calls.into_iter().map(|(place, part)| (part, place)));
    parts.sort_by_key(|(part, place)| (part.first, std::cmp::Reverse(part.last), place.1));
    parts
}

/// The call of `phase` or `step` with a literal title that `node` is.
fn titled(node: &ASTNode) -> Option<(PartKind, String, rhai::Position)> {
    let (call, at) = match node {
        ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(rhai::Stmt::FnCall(call, at)) => {
            (call, *at)
        }
        _ => return None,
    };
    let kind = match call.name.as_str() {
        "phase" => PartKind::Phase,
        "step" => PartKind::Step,
        _ => return None,
    };
    match call.args.first() {
        Some(Expr::StringConstant(title, _)) => Some((kind, title.to_string(), at)),
        _ => None,
    }
}
