//! What a script says about itself without being run: its parameters and its imports.

use rhai::{AST, ASTNode, Expr, Stmt};

/// What was found in a script, in the order it stands there.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Scan {
    /// Calls of `param` whose name is a literal.
    pub parameters: Vec<Parameter>,
    /// Imported modules whose name is a literal.
    pub imports: Vec<String>,
}

/// A parameter that a script declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The name for `--set`.
    pub name: String,
    /// Its documentation.
    pub doc: String,
}

impl Scan {
    /// Looks through `ast`.
    pub fn of(ast: &AST) -> Self {
        let mut scan = Self::default();
        ast.walk(&mut |nodes| {
            match nodes.last() {
                Some(
                    ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _)),
                ) if call.name == "param" => {
                    let text = |at: usize| match call.args.get(at) {
                        Some(Expr::StringConstant(text, _)) => Some(text.to_string()),
                        _ => None,
                    };
                    if let Some(name) = text(0) {
                        let doc = text(2).unwrap_or_default();
                        scan.parameters.push(Parameter { name, doc });
                    }
                }
                Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                    if let Expr::StringConstant(path, _) = &import.0 {
                        scan.imports.push(path.to_string());
                    }
                }
                _ => {}
            }
            true
        });
        scan
    }
}
