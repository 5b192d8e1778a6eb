//! A way through a file: each node with those around it, and with the function that it is in.

use rhai::{AST, ASTNode, Expr, FnCallExpr, Position, ScriptFuncDef, Stmt};

/// The name of a function in the engine and the number of its parameters; nothing for the first level.
pub type Owner = Option<(String, usize)>;

/// Goes through `ast`: its first level, then each function and closure; `look` gets the nodes from the
/// outermost to the one that is looked at, and the function around them.
pub fn walk(ast: &AST, look: &mut dyn FnMut(&[ASTNode<'_>], Option<&ScriptFuncDef>)) {
    let bodies = Bodies::of(ast);
    let mut first_level = ast.statements().len();
    let mut within = None;
    ast.walk(&mut |path| {
        // The engine does not say where one function ends and the next begins.
        if let [root] = path {
            match first_level.checked_sub(1) {
                Some(left) => first_level = left,
                // It stands where the variables are first used, which is inside of another closure.
                None if matches!(root, ASTNode::Stmt(Stmt::Share(..))) => {}
                None => within = bodies.around(root.position()),
            }
        }
        look(path, within);
        true
    });
}

/// The functions of a file by where they begin.
struct Bodies<'a>(Vec<(Position, Position, &'a ScriptFuncDef)>);

impl<'a> Bodies<'a> {
    fn of(ast: &'a AST) -> Self {
        let functions = ast.iter_fn_def();
        let mut bodies: Vec<_> = functions
            .map(|one| (one.body.start_position(), one.body.end_position(), &**one))
            .collect();
        bodies.sort_by_key(|(start, ..)| *start);
        Self(bodies)
    }

    /// The innermost function with a statement that begins at `place`. A closure without braces has no
    /// end, and begins where its only statement does.
    fn around(&self, place: Position) -> Option<&'a ScriptFuncDef> {
        let before = self.0.partition_point(|(start, ..)| *start <= place);
        let mut inwards = self.0[..before].iter().rev();
        let innermost = inwards.find(|(start, end, _)| match end.is_none() {
            true => *start == place,
            false => *end >= place,
        });
        innermost.map(|(.., function)| *function)
    }
}

/// The function `within` as an owner of variables.
pub fn owner(within: Option<&ScriptFuncDef>) -> Owner {
    within.map(|one| (one.name.to_string(), one.params.len()))
}

/// Whether `function` is a closure: their names are made up.
pub fn is_closure(function: &ScriptFuncDef) -> bool {
    function.name.contains('$')
}

/// The call that `node` is.
pub fn called<'a>(node: &ASTNode<'a>) -> Option<&'a FnCallExpr> {
    match *node {
        ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
        | ASTNode::Stmt(Stmt::FnCall(call, _)) => Some(call),
        _ => None,
    }
}

/// Whether `node` is a call in the style of a method.
pub fn is_method(node: &ASTNode<'_>) -> bool {
    matches!(node, ASTNode::Expr(Expr::MethodCall(..)))
}
