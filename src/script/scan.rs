//! What a script says about itself without being run: its parameters and its imports.

use rhai::{AST, ASTNode, Expr, Position, Stmt};
use serde_json::Value;

use super::convert;
use super::site;

/// What was found in a script, in the order it stands there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Calls of `param` whose name is a literal.
    pub parameters: Vec<Parameter>,
    /// Imported modules whose name is a literal.
    pub imports: Vec<Import>,
    /// Calls of functions.
    pub calls: Vec<Call>,
}

/// A call in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The module alias before `::`, or nothing.
    pub module: String,
    /// The function.
    pub name: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// An `import` whose name is a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module, such as `ocp/etcd`.
    pub path: String,
    /// The name that the script gives it.
    pub alias: String,
    /// Where its name stands.
    pub position: Position,
}

impl Import {
    /// That of the site's own file, which no script writes.
    pub fn site() -> Self {
        Self {
            path: site::MODULE.to_owned(),
            alias: site::MODULE.to_owned(),
            position: Position::NONE,
        }
    }
}

/// A parameter that a script declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name for `--set`.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// Its default, where that is a literal.
    pub default: Option<Value>,
}

impl Scan {
    /// Looks through `ast`.
    pub fn of(ast: &AST) -> Self {
        let mut scan = Self::default();
        let mut parameters = Vec::new();
        ast.walk(&mut |nodes| {
            if let Some(
                ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)),
            ) = nodes.last()
            {
                scan.calls.push(Call {
                    module: call.namespace.to_string(),
                    name: call.name.to_string(),
                    line: at.line().unwrap_or_default(),
                    column: at.position().unwrap_or_default(),
                });
            }
            match nodes.last() {
                Some(
                    ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at)),
                ) if call.name == "param" => {
                    let text = |at: usize| match call.args.get(at) {
                        Some(Expr::StringConstant(text, _)) => Some(text.to_string()),
                        _ => None,
                    };
                    if let Some(name) = text(0) {
                        let doc = text(2).unwrap_or_default();
                        let default = call.args.get(1).and_then(|value| {
                            let literal = value.get_literal_value(None)?;
                            convert::to_value(&literal).ok()
                        });
                        parameters.push((*at, Parameter { name, doc, default }));
                    }
                }
                Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                    if let Expr::StringConstant(path, position) = &import.0 {
                        scan.imports.push(Import {
                            path: path.to_string(),
                            alias: import.1.name.to_string(),
                            position: *position,
                        });
                    }
                }
                _ => {}
            }
            true
        });
        // The engine keeps functions in no order.
        parameters.sort_by_key(|(at, _)| *at);
        scan.parameters = parameters.into_iter().map(|(_, one)| one).collect();
        scan.imports.sort_by_key(|import| import.position);
        scan.calls.sort_by_key(|call| (call.line, call.column));
        scan
    }
}
