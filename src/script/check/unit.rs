//! One file of a script, as it was parsed: what it defines, and what its closures are made for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr;

use rhai::{
    AST, ASTFlags, ASTNode, Expr, FnAccess, FnCallExpr, FnPtr, Position, ScriptFuncDef, Shared,
    Stmt,
};

use super::super::scan::Scan;
use super::super::signature::Signature;
use super::known::Known;
use super::walk::{Owner, called, is_closure, is_method, owner, walk};

/// One file.
pub struct Unit {
    /// The name that messages use.
    pub name: String,
    /// What was parsed.
    pub ast: Shared<AST>,
    /// Its parameters and imports.
    pub scan: Scan,
    /// The files that it imports, by their names there, such as `ocp/etcd`.
    pub files: BTreeMap<String, String>,
    /// The files behind its aliases; `None` where it is not known which.
    pub modules: BTreeMap<String, Option<String>>,
    /// Its functions by name, closures not among them.
    functions: BTreeMap<String, Vec<Function>>,
    /// How many parameters each closure has, those that it captures among them.
    parameters: HashMap<String, usize>,
    /// The constants of its first level, which functions reach as `global::NAME`.
    pub constants: BTreeSet<String>,
    /// The variables of its first level, which functions do not reach.
    pub variables: BTreeSet<String>,
    /// The variables that are there before its first line.
    pub outer: BTreeSet<String>,
    /// What it exports to those who import it.
    pub exports: BTreeSet<String>,
    /// Keys of maps and names of properties that it writes: properties of these names may hold anything.
    pub written: BTreeSet<String>,
    /// Whether a parameter's name is made up when it runs.
    pub computes_parameters: bool,
    /// Where each closure is made, by its name in the engine.
    closures: HashMap<String, Vec<Site>>,
    /// The variables that each function declares.
    locals: HashMap<Owner, BTreeSet<String>>,
    /// The variables that each function assigns.
    assigned: HashMap<Owner, BTreeSet<String>>,
}

/// A function of a file.
pub struct Function {
    /// How it is called.
    pub signature: Signature,
    /// Whether only its own file can call it.
    pub is_private: bool,
    /// Where its name stands.
    pub name_at: Position,
}

/// A place where a closure is made.
pub struct Site {
    /// The function in which it is made.
    pub maker: Owner,
    /// The variables that it captures.
    pub captured: Vec<String>,
    /// What becomes of it.
    pub role: Role,
}

/// What becomes of a closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is called for hosts side by side, with copies of what it captured.
    Parallel,
    /// It is the work of a step, which a resumed run does not call again.
    Recorded,
    /// Anything else.
    InPlace,
}

impl Unit {
    /// What `ast` says, which was parsed from `text`, the file called `name`.
    pub fn new(name: &str, text: &str, ast: Shared<AST>, known: &Known) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let (closures, named): (Vec<_>, Vec<_>) =
            ast.iter_fn_def().partition(|one| is_closure(one));
        let functions = named.into_iter().map(|one| Function {
            signature: Signature {
                module: String::new(),
                name: one.name.to_string(),
                parameters: one.params.iter().map(ToString::to_string).collect(),
            },
            is_private: one.access == FnAccess::Private,
            name_at: name_at(&lines, &one.name, one.body.start_position()),
        });
        let mut unit = Self {
            name: name.to_owned(),
            scan: Scan::of(&ast),
            files: BTreeMap::new(),
            modules: BTreeMap::new(),
            functions: BTreeMap::new(),
            parameters: closures
                .into_iter()
                .map(|one| (one.name.to_string(), one.params.len()))
                .collect(),
            constants: BTreeSet::new(),
            variables: BTreeSet::new(),
            outer: BTreeSet::new(),
            exports: BTreeSet::new(),
            written: BTreeSet::new(),
            computes_parameters: false,
            closures: HashMap::new(),
            locals: HashMap::new(),
            assigned: HashMap::new(),
            ast: Shared::clone(&ast),
        };
        for function in functions {
            let name = function.signature.name.clone();
            unit.functions.entry(name).or_default().push(function);
        }
        for statement in ast.statements() {
            unit.first_level(statement);
        }
        walk(&ast, &mut |path, within| unit.note(path, within, known));
        unit
    }

    /// Adds the functions of `ast`, which were defined elsewhere.
    pub fn add_functions(&mut self, ast: &AST) {
        let functions = ast.iter_fn_def().filter(|one| !is_closure(one));
        for one in functions {
            let same = self.functions.entry(one.name.to_string()).or_default();
            same.push(Function {
                signature: Signature {
                    module: String::new(),
                    name: one.name.to_string(),
                    parameters: one.params.iter().map(ToString::to_string).collect(),
                },
                is_private: false,
                name_at: Position::NONE,
            });
        }
    }

    /// Notes that the module `path`, known here as `alias`, is the file `file`, if there is one.
    pub fn import(&mut self, path: &str, alias: &str, file: Option<&str>) {
        if let Some(file) = file {
            self.files.insert(path.to_owned(), file.to_owned());
        }
        let file = file.map(str::to_owned);
        let same = self.modules.entry(alias.to_owned()).or_insert(file.clone());
        // One alias for several modules, in several blocks: which it is, is not known.
        if *same != file {
            *same = None;
        }
    }

    fn first_level(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Var(declared, flags, _) => {
                let name = declared.0.name.to_string();
                if flags.intersects(ASTFlags::EXPORTED) {
                    self.exports.insert(name.clone());
                }
                if flags.intersects(ASTFlags::CONSTANT) {
                    self.constants.insert(name);
                } else {
                    self.variables.insert(name);
                }
            }
            Stmt::Export(export, _) => {
                let (name, alias) = &**export;
                let shown = if alias.name.is_empty() { name } else { alias };
                self.exports.insert(shown.name.to_string());
            }
            _ => {}
        }
    }

    fn note(&mut self, path: &[ASTNode<'_>], within: Option<&ScriptFuncDef>, known: &Known) {
        let owner = owner(within);
        let mut local = |name: &str| {
            let locals = self.locals.entry(owner.clone()).or_default();
            locals.insert(name.to_owned());
        };
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(declared, ..))) => local(&declared.0.name),
            Some(ASTNode::Stmt(Stmt::For(parts, _))) => {
                local(&parts.0.name);
                parts.1.iter().for_each(|counter| local(&counter.name));
            }
            Some(ASTNode::Stmt(Stmt::TryCatch(flow, _))) => {
                if let Expr::Variable(caught, ..) = &flow.expr {
                    local(&caught.1);
                }
            }
            Some(ASTNode::Stmt(Stmt::Import(import, _)))
                if !matches!(import.0, Expr::StringConstant(..)) =>
            {
                self.import("", &import.1.name, None);
            }
            Some(ASTNode::Stmt(Stmt::Assignment(parts))) => match &parts.1.lhs {
                Expr::Variable(variable, ..) => {
                    let assigned = self.assigned.entry(owner).or_default();
                    assigned.insert(variable.1.to_string());
                }
                other => self.written.extend(last_property(other)),
            },
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                let keys = map.0.iter().map(|(key, _)| key.name.to_string());
                self.written.extend(keys);
            }
            Some(ASTNode::Expr(Expr::DynamicConstant(value, _))) => {
                if let Some(pointer) = value.read_lock::<FnPtr>() {
                    let site = site(path, owner, known);
                    let name = pointer.fn_name().to_owned();
                    self.closures.entry(name).or_default().push(site);
                }
            }
            Some(node) => {
                if let Some(call) = called(node)
                    && call.name == "param"
                    && !matches!(call.args.first(), Some(Expr::StringConstant(..)))
                {
                    self.computes_parameters = true;
                }
            }
            None => {}
        }
    }

    /// Where the closure `name` is made.
    pub fn sites(&self, name: &str) -> &[Site] {
        self.closures.get(name).map_or(&[], Vec::as_slice)
    }

    /// The variables that the function `owner` declares.
    pub fn locals(&self, owner: &Owner) -> impl Iterator<Item = &str> {
        let locals = self.locals.get(owner).into_iter().flatten();
        locals.map(String::as_str)
    }

    /// Whether the function `owner` gives its parameter `name` another value, or another meaning.
    pub fn replaces(&self, owner: &Owner, name: &str) -> bool {
        let all = [self.locals.get(owner), self.assigned.get(owner)];
        all.into_iter().flatten().any(|names| names.contains(name))
    }

    /// Whether `variable` of the closure `name` is one of those that it captured.
    pub fn captures(&self, name: &str, variable: &str) -> bool {
        let mut sites = self.sites(name).iter();
        sites.any(|site| site.captured.iter().any(|one| one == variable))
    }

    /// How many parameters the closure `name` has, those that it captures among them.
    pub fn parameters(&self, name: &str) -> Option<usize> {
        self.parameters.get(name).copied()
    }

    /// Its functions.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values().flatten()
    }

    /// Its functions called `name`.
    pub fn named(&self, name: &str) -> std::slice::Iter<'_, Function> {
        self.functions
            .get(name)
            .map_or(&[][..], Vec::as_slice)
            .iter()
    }
}

/// The closure that `argument` is: its name in the engine, and how many variables it captured.
pub fn closure(argument: &Expr) -> Option<(String, usize)> {
    let pointer = |expr: &Expr| match expr {
        Expr::DynamicConstant(value, _) => {
            let pointer = value.read_lock::<FnPtr>()?;
            Some(pointer.fn_name().to_owned()).filter(|name| name.contains('$'))
        }
        _ => None,
    };
    match argument {
        Expr::Stmt(block) if matches!(block.iter().next(), Some(Stmt::Share(..))) => {
            block.iter().find_map(|statement| match statement {
                Stmt::Expr(expr) => match &**expr {
                    Expr::FnCall(curry, _) if curry.name == "curry" => {
                        Some((pointer(curry.args.first()?)?, curry.args.len() - 1))
                    }
                    _ => None,
                },
                _ => None,
            })
        }
        other => Some((pointer(other)?, 0)),
    }
}

/// The variables that the closure `argument` captured.
pub fn captured(argument: &Expr) -> Vec<&str> {
    let Expr::Stmt(block) = argument else {
        return Vec::new();
    };
    let shared = block.iter().filter_map(|statement| match statement {
        Stmt::Share(variables) => Some(variables),
        _ => None,
    });
    let names = shared.flat_map(|variables| variables.iter());
    names.map(|(variable, _)| variable.as_str()).collect()
}

/// What becomes of the closure whose pointer ends `path`.
fn site(path: &[ASTNode<'_>], maker: Owner, known: &Known) -> Site {
    let mut captured = Vec::new();
    let mut at = path.len() - 1;
    // A closure that captures stands in a block: its variables are shared, then handed over.
    if let Some(curry) = at.checked_sub(1).and_then(|up| called(&path[up]))
        && curry.name == "curry"
    {
        captured.extend(curry.args.iter().skip(1).filter_map(|one| match one {
            Expr::Variable(variable, ..) => Some(variable.1.to_string()),
            _ => None,
        }));
        at = at.saturating_sub(3);
    }
    let role = match (at.checked_sub(1).map(|up| &path[up]), path[at]) {
        (Some(parent), ASTNode::Expr(pointer)) => called(parent)
            .and_then(|call| {
                let place = call.args.iter().position(|one| ptr::eq(one, pointer))?;
                Some(role(call, place, is_method(parent), known))
            })
            .unwrap_or(Role::InPlace),
        _ => Role::InPlace,
    };
    Site {
        maker,
        captured,
        role,
    }
}

/// What the functions that `call` may mean do with a closure that is its argument number `place`.
fn role(call: &FnCallExpr, place: usize, method: bool, known: &Known) -> Role {
    let ahead = usize::from(method);
    let same: Vec<&String> = known
        .functions(&call.name)
        .iter()
        .filter(|one| one.parameters.len() == call.args.len() + ahead)
        .filter_map(|one| one.parameters.get(place + ahead))
        .collect();
    match same.is_empty() {
        true => Role::InPlace,
        // A list has a `filter`, too.
        false if same.iter().all(|wanted| takes_hosts(wanted)) => Role::Parallel,
        false if call.name == "step" => Role::Recorded,
        false => Role::InPlace,
    }
}

/// Whether `parameter` is a closure that is called with a host: `work: |host|`.
fn takes_hosts(parameter: &str) -> bool {
    parameter.ends_with("|host|")
}

/// Where the name of the function stands whose body begins at `body`: on the same line, or else there.
fn name_at(lines: &[&str], name: &str, body: Position) -> Position {
    let line = body.line().unwrap_or(1);
    let found = lines.get(line - 1).and_then(|text| {
        let at = text.find(&format!("fn {name}("))? + "fn ".len();
        u16::try_from(text[..at].chars().count() + 1).ok()
    });
    match (found, u16::try_from(line)) {
        (Some(column), Ok(line)) => Position::new(line, column),
        _ => body,
    }
}

/// The property that an assignment to `target` sets.
fn last_property(target: &Expr) -> Option<String> {
    match target {
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => last_property(&parts.rhs),
        Expr::Property(property, _) => Some(property.2.to_string()),
        Expr::StringConstant(text, _) => Some(text.to_string()),
        _ => None,
    }
}
