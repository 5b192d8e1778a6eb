//! The entries of the reference, from the bindings and the library.

use std::any::TypeId;

use rhai::{AST, Engine, FnAccess, FuncInfo};

use super::super::bindings::{self, CurrentRun};
use super::super::hosts::{Group, HostRef, Outcomes};
use super::{Chapter, Comment, Entry, Form, Kind, Reference, language};

/// A module of the library.
pub struct Source {
    /// The name to import it by.
    pub path: String,
    /// What it compiles to, or why it does not.
    pub ast: Result<rhai::Shared<AST>, String>,
}

/// One function, before those of one name are put together.
pub struct Known {
    pub chapter: Chapter,
    pub kind: Kind,
    pub owner: String,
    pub name: String,
    pub signature: String,
    pub doc: Comment,
}

impl Reference {
    /// The reference of everything native, and of `library`.
    pub fn of(library: &[Source]) -> Self {
        let mut known = Vec::new();
        for (chapter, register) in bindings::ROOMS.into_iter().chain([bindings::TESTING]) {
            let mut module = rhai::Module::new();
            register(&mut module, &CurrentRun::default());
            known.extend(within(chapter, module));
        }
        known.extend(types());
        known.extend(cluster());
        for source in library {
            known.extend(imported(source));
        }
        Self {
            entries: entries(known),
            language: language::all(),
        }
    }
}

/// What `module`, the one of `chapter`, registers.
fn within(chapter: Chapter, module: rhai::Module) -> Vec<Known> {
    let mut engine = Engine::new_raw();
    engine.register_global_module(module.into());
    let all = engine.collect_fn_metadata(None, |info| Some(Native::of(&info)), false);
    let tools: Vec<String> = all
        .iter()
        .filter_map(|one| one.name.strip_prefix("get$"))
        .filter(|_| chapter == Chapter::Tools)
        .map(str::to_owned)
        .collect();
    all.into_iter()
        .map(|one| one.known(chapter, &tools))
        .collect()
}

/// A native function as it is registered.
struct Native {
    name: String,
    parameters: Vec<String>,
    first: Option<TypeId>,
    doc: Comment,
}

impl Native {
    fn of(info: &FuncInfo) -> Self {
        let about = info.metadata;
        let named = about.params_info.iter().map(ToString::to_string);
        let parameters = named.chain(std::iter::repeat("_".to_owned()));
        Self {
            name: about.name.to_string(),
            parameters: parameters.take(about.num_params).collect(),
            first: about.param_types.first().copied(),
            doc: Comment::read(about.comments.iter().map(|block| block.as_str())),
        }
    }

    /// What it is, in a chapter that has `tools`.
    fn known(self, chapter: Chapter, tools: &[String]) -> Known {
        let receiver = self
            .parameters
            .first()
            .map_or("", |name| name.split(':').next().unwrap_or(name));
        let others = self.parameters.get(1..).unwrap_or_default().join(", ");
        let owner = self.first.and_then(type_name).unwrap_or_default();
        let (kind, owner, name, signature) = if let Some(name) = self.name.strip_prefix("get$") {
            match tools.iter().any(|tool| tool == name) {
                true => (Kind::Tool, "", name, format!("host.{name}, group.{name}")),
                false => (Kind::Property, owner, name, format!("{owner}.{name}")),
            }
        } else if self.name == "index$get$" {
            (Kind::Operator, owner, "[]", format!("{owner}[{others}]"))
        } else if tools.iter().any(|tool| tool == receiver) {
            let signature = format!("host.{receiver}.{}({others})", self.name);
            (Kind::Verb, receiver, self.name.as_str(), signature)
        } else if !self.name.starts_with(|c: char| c.is_alphabetic()) {
            let signature = format!("{receiver} {} {others}", self.name);
            (Kind::Operator, owner, self.name.as_str(), signature)
        } else if is_method(chapter, owner) {
            let signature = format!("{owner}.{}({others})", self.name);
            (Kind::Method, owner, self.name.as_str(), signature)
        } else {
            let signature = format!("{}({})", self.name, self.parameters.join(", "));
            (Kind::Function, "", self.name.as_str(), signature)
        };
        Known {
            chapter: match (chapter, kind) {
                // Methods of hosts, such as `run`, are told about with the hosts.
                (Chapter::Tools, Kind::Method) => Chapter::Hosts,
                (Chapter::Tools, Kind::Function) => Chapter::Backups,
                _ => chapter,
            },
            kind,
            owner: owner.to_owned(),
            name: name.to_owned(),
            signature,
            doc: self.doc,
        }
    }
}

/// Whether what takes an `owner` first is written as its method.
fn is_method(chapter: Chapter, owner: &str) -> bool {
    !owner.is_empty() && matches!(chapter, Chapter::Hosts | Chapter::Tools)
}

/// The name of a type of this program, as scripts have it.
fn type_name(id: TypeId) -> Option<&'static str> {
    let known = [
        (TypeId::of::<HostRef>(), "host"),
        (TypeId::of::<Group>(), "group"),
        (TypeId::of::<Outcomes>(), "outcomes"),
    ];
    known
        .into_iter()
        .find(|(known, _)| *known == id)
        .map(|(_, name)| name)
}

fn types() -> impl Iterator<Item = Known> {
    let known = bindings::TYPES.into_iter().chain([bindings::CLUSTER]);
    known.map(|(name, doc)| Known {
        chapter: Chapter::Hosts,
        kind: Kind::Type,
        owner: String::new(),
        name: name.to_owned(),
        signature: name.to_owned(),
        doc: Comment::read([doc]),
    })
}

/// The static module `cluster`.
fn cluster() -> Vec<Known> {
    let known = |kind, name: &str, signature: String, doc| Known {
        chapter: Chapter::Hosts,
        kind,
        owner: "cluster".to_owned(),
        name: name.to_owned(),
        signature: format!("cluster::{signature}"),
        doc,
    };
    let mut engine = Engine::new_raw();
    engine.register_global_module(bindings::Cluster::nowhere().module().into());
    let functions = engine.collect_fn_metadata(None, |info| Some(Native::of(&info)), false);
    let functions = functions.into_iter().map(|one| {
        let signature = format!("{}({})", one.name, one.parameters.join(", "));
        known(Kind::Function, &one.name, signature, one.doc)
    });
    let values = bindings::CLUSTER_VALUES.into_iter();
    let values =
        values.map(|(name, doc)| known(Kind::Value, name, name.to_owned(), Comment::read([doc])));
    values.chain(functions).collect()
}

/// A module of the library and its functions.
fn imported(source: &Source) -> Vec<Known> {
    let last = source.path.rsplit('/').next().unwrap_or_default();
    let head = |doc| Known {
        chapter: Chapter::Library,
        kind: Kind::Module,
        owner: String::new(),
        name: source.path.clone(),
        signature: format!("import \"{}\" as {last};", source.path),
        doc,
    };
    let ast = match &source.ast {
        Ok(ast) => ast,
        Err(why) => {
            let text = format!("It does not parse: {why}");
            return vec![head(Comment {
                text,
                examples: Vec::new(),
            })];
        }
    };
    let functions = ast.iter_functions();
    let functions =
        functions.filter(|one| one.access == FnAccess::Public && !one.name.contains('$'));
    let functions = functions.map(|one| Known {
        chapter: Chapter::Library,
        kind: Kind::Function,
        owner: source.path.clone(),
        name: one.name.to_owned(),
        signature: format!("{last}::{}({})", one.name, one.params.join(", ")),
        doc: Comment::read(one.comments.iter().copied()),
    });
    std::iter::once(head(Comment::read([ast.doc()])))
        .chain(functions)
        .collect()
}

/// `known` in the order of a manual, with those of one name together.
pub fn entries(mut known: Vec<Known>) -> Vec<Entry> {
    // What belongs to others follows them; getters of a tool are there for a host and for a group.
    known.sort_by(|a, b| place(a).cmp(&place(b)));
    let mut entries: Vec<Entry> = Vec::new();
    for one in known {
        let same = |last: &&mut Entry| {
            (last.chapter, last.kind) == (one.chapter, one.kind)
                && (&last.owner, &last.name) == (&one.owner, &one.name)
        };
        let Some(entry) = entries.last_mut().filter(same) else {
            entries.push(Entry {
                chapter: one.chapter,
                kind: one.kind,
                owner: one.owner,
                name: one.name,
                forms: vec![Form {
                    signatures: vec![one.signature],
                    doc: one.doc,
                }],
            });
            continue;
        };
        let Some(form) = entry.forms.iter_mut().find(|form| form.doc == one.doc) else {
            entry.forms.push(Form {
                signatures: vec![one.signature],
                doc: one.doc,
            });
            continue;
        };
        if !form.signatures.contains(&one.signature) {
            form.signatures.push(one.signature);
        }
    }
    for entry in &mut entries {
        // What most ways have in common comes first.
        entry
            .forms
            .sort_by_key(|form| std::cmp::Reverse(form.signatures.len()));
    }
    entries
}

/// Where an entry stands: its chapter, what it belongs to, what it is, its name, its signature.
fn place(one: &Known) -> (Chapter, &str, Kind, &str, usize, &str) {
    let owner = match one.owner.as_str() {
        "" if matches!(one.kind, Kind::Type | Kind::Tool | Kind::Module) => &one.name,
        owner => owner,
    };
    (
        one.chapter,
        owner,
        one.kind,
        &one.name,
        one.signature.len(),
        &one.signature,
    )
}
