//! What can be typed: functions, tools and verbs by type, modules, and their documentation.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

use rhai::{Array, Engine, ImmutableString, Map};

use super::bindings::CLUSTER_NAMES;
use super::hosts::{Group, HostRef, Outcomes};
use super::modules::{self, about, functions, plain};
use super::signature::Signature;

/// A function or property.
#[derive(Debug, Clone)]
struct Word {
    name: String,
    /// What stands before the dot or the `::`; nothing for a function of its own.
    of: String,
    signature: Signature,
    method: bool,
    property: bool,
    doc: String,
}

/// Everything that can be called, sorted by what it is called on.
#[derive(Debug, Default)]
pub struct Vocabulary {
    words: Vec<Word>,
    tools: BTreeSet<String>,
    modules: BTreeMap<String, String>,
}

impl Vocabulary {
    /// What `engine` and the shipped modules offer.
    pub fn of(engine: &Engine) -> Self {
        let mut vocabulary = Self::default();
        let types = [
            (TypeId::of::<HostRef>(), "host"),
            (TypeId::of::<Group>(), "group"),
            (TypeId::of::<Outcomes>(), "outcomes"),
            (TypeId::of::<Array>(), "array"),
            (TypeId::of::<Map>(), "map"),
            (TypeId::of::<ImmutableString>(), "string"),
        ];
        let words = engine.collect_fn_metadata(
            None,
            |info| {
                let metadata = info.metadata;
                if info.script.is_some() || !info.namespace.is_empty() {
                    return None;
                }
                let named = metadata.params_info.iter().map(ToString::to_string);
                let parameters: Vec<String> = named
                    .chain(std::iter::repeat("_".to_owned()))
                    .take(metadata.num_params)
                    .collect();
                let property = metadata.name.strip_prefix("get$");
                let name = property.unwrap_or(&metadata.name).to_owned();
                if !name.starts_with(|c: char| c.is_alphabetic()) || name.contains('$') {
                    return None;
                }
                let first = metadata.param_types.first();
                let by_type = types
                    .iter()
                    .find(|(id, _)| first == Some(id))
                    .map(|(_, name)| (*name).to_owned());
                Some((
                    name,
                    property.is_some(),
                    by_type,
                    parameters,
                    metadata.comments.join("\n"),
                ))
            },
            true,
        );
        for (name, property, of, _, _) in &words {
            if *property && of.as_deref() == Some("host") {
                vocabulary.tools.insert(name.clone());
            }
        }
        // What verbs are called on: the name of a host is none.
        let is_tool = |tool: &String| {
            let mut firsts = words
                .iter()
                .filter_map(|(.., parameters, _)| parameters.first());
            firsts.any(|first| first == tool)
        };
        vocabulary.tools.retain(is_tool);
        for (name, property, of, parameters, doc) in words {
            let receiver = parameters
                .first()
                .filter(|first| vocabulary.tools.contains(*first));
            let of = receiver.cloned().or(of).unwrap_or_default();
            let verb = name == "run" && (of == "host" || of == "group");
            // What takes a text or a list first is a function more often than not.
            let method = property || receiver.is_some() || verb || {
                let by_reference = |first: &String| {
                    first == "_" || first.contains('&') || first.ends_with("ImmutableString")
                };
                !of.is_empty() && parameters.first().is_some_and(by_reference)
            };
            vocabulary.words.push(Word {
                signature: Signature {
                    module: String::new(),
                    name: name.clone(),
                    parameters,
                },
                name,
                of: if method { of } else { String::new() },
                method,
                property,
                doc: plain(&doc),
            });
        }
        for (module, text) in modules::shipped() {
            vocabulary.add_module(module, text);
        }
        let host = Signature {
            module: "cluster".to_owned(),
            name: "host".to_owned(),
            parameters: vec!["name: string".to_owned()],
        };
        vocabulary.words.push(Word {
            name: "host".to_owned(),
            of: "cluster".to_owned(),
            signature: host,
            method: false,
            property: false,
            doc: "The host called `name`.".to_owned(),
        });
        vocabulary
    }

    /// Takes in what the module `name` offers, as its `text` says.
    pub fn add_module(&mut self, name: &str, text: &str) {
        self.words.retain(|word| word.method || word.of != name);
        self.modules.insert(name.to_owned(), about(text));
        for (signature, doc) in functions(name, text) {
            self.words.push(Word {
                name: signature.name.clone(),
                of: name.to_owned(),
                signature,
                method: false,
                property: false,
                doc,
            });
        }
    }

    /// Takes in functions that were typed.
    pub fn add_functions(&mut self, text: &str) {
        for (signature, doc) in functions("", text) {
            self.words.retain(|word| {
                !(word.of.is_empty() && word.name == signature.name && word.doc.is_empty())
            });
            self.words.push(Word {
                name: signature.name.clone(),
                of: String::new(),
                signature,
                method: false,
                property: false,
                doc,
            });
        }
    }

    /// Whether `name` is a tool, such as `systemctl`.
    pub fn is_tool(&self, name: &str) -> bool {
        self.tools.contains(name)
    }

    /// The names that begin with `begun` and can stand after a dot behind a value of type `of`; those of
    /// functions end in `(`.
    pub fn members(&self, of: &str, begun: &str) -> Vec<String> {
        self.listed(begun, |word| word.method && word.of == of)
    }

    /// What can stand after `module::`.
    pub fn within(&self, module: &str, begun: &str) -> Vec<String> {
        let mut names = self.listed(begun, |word| !word.method && word.of == module);
        if module == "cluster" {
            let groups = CLUSTER_NAMES.iter().filter(|name| name.starts_with(begun));
            names.extend(groups.map(|name| (*name).to_owned()));
            names.sort();
        }
        names
    }

    /// What can stand alone: functions, and modules with their `::`.
    pub fn globals(&self, begun: &str) -> Vec<String> {
        let mut names = self.listed(begun, |word| !word.method && word.of.is_empty());
        let modules = self.modules.keys().map(String::as_str).chain(["cluster"]);
        names.extend(
            modules
                .filter(|name| name.starts_with(begun))
                .map(|name| format!("{name}::")),
        );
        names.sort();
        names.dedup();
        names
    }

    fn listed(&self, begun: &str, of: impl Fn(&Word) -> bool) -> Vec<String> {
        let words = self
            .words
            .iter()
            .filter(|word| word.name.starts_with(begun) && of(word));
        let mut names: Vec<String> = words
            .map(|word| match word.property {
                true => word.name.clone(),
                false => format!("{}(", word.name),
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The tools, each with the first line about it.
    pub fn tools(&self) -> Vec<(String, String)> {
        let about = |tool: &String| {
            let word = self
                .words
                .iter()
                .find(|word| word.property && word.name == *tool);
            let doc = word.map_or("", |word| word.doc.lines().next().unwrap_or_default());
            (tool.clone(), doc.to_owned())
        };
        self.tools.iter().map(about).collect()
    }

    /// The modules, each with the first line about it.
    pub fn modules(&self) -> Vec<(String, String)> {
        let modules = self.modules.iter();
        modules
            .map(|(name, about)| {
                (
                    name.clone(),
                    about.lines().next().unwrap_or_default().to_owned(),
                )
            })
            .collect()
    }

    /// The way to call `name`, called on a value of type `of` if it is given, or of the module `of`.
    pub fn signature(&self, of: &str, name: &str) -> Option<String> {
        let same = |word: &&Word| word.name == name && !word.property;
        let mut words = self.words.iter().filter(same);
        let found = words.clone().find(|word| word.of == of);
        // The type before the dot is not always known.
        found
            .or_else(|| words.next().filter(|word| of.is_empty() || word.method))
            .map(shown)
    }

    /// The option keys that `name` takes, called on a value of type `of` if it is known.
    pub fn options(&self, of: &str, name: &str) -> Vec<String> {
        let mut keys = BTreeSet::new();
        let same = |word: &&Word| word.name == name && !word.property;
        let words = || self.words.iter().filter(same);
        let is_known = words().any(|word| word.of == of);
        for word in words().filter(|word| !is_known || word.of == of) {
            for parameter in &word.signature.parameters {
                // As in `options: #{check, stdin}`.
                let listed = parameter.split_once("#{").map_or("", |(_, listed)| listed);
                let listed = listed.trim_end_matches('}').split(", ");
                keys.extend(listed.filter(|key| !key.is_empty()).map(str::to_owned));
            }
        }
        keys.into_iter().collect()
    }
}

fn shown(word: &Word) -> String {
    let mut signature = word.signature.clone();
    signature.module = if word.method {
        String::new()
    } else {
        word.of.clone()
    };
    signature.shown(word.method)
}
