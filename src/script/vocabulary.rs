//! What can be typed: functions, tools and verbs by type, modules, and their documentation.

use std::any::TypeId;
use std::collections::{BTreeMap, BTreeSet};

use rhai::{Array, Engine, ImmutableString, Map};

use super::bindings::CLUSTER_NAMES;
use super::hosts::{Group, HostRef, Outcomes};
use super::modules::{self, about, functions, plain};
use super::signature::Signature;

/// What a name means, for `help`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Help {
    /// The ways to call it.
    pub ways: Vec<String>,
    /// Its documentation, without comment marks.
    pub doc: String,
}

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
        vocabulary.tools.remove("name");
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

    /// What `name` means: a function, a verb (`yum.install`), a tool (`yum`), a module (`etcd`) or one of its
    /// functions (`etcd::restore`). A tool and a module of one name are both told.
    pub fn help(&self, name: &str) -> Vec<Help> {
        let mut found = Vec::new();
        let (of, last) = match (name.rsplit_once("::"), name.rsplit_once('.')) {
            (Some((module, last)), _) => (Some((module, false)), last),
            (None, Some((owner, last))) => (Some((owner, true)), last),
            (None, None) => (None, name),
        };
        let mut by_doc: BTreeMap<&str, Vec<&Word>> = BTreeMap::new();
        for word in self
            .words
            .iter()
            .filter(|word| word.name == last && !word.property)
        {
            let meant = match of {
                None => true,
                Some((owner, true)) => {
                    let owner = owner.rsplit('.').next().unwrap_or(owner);
                    word.method && word.of == owner
                }
                Some((owner, false)) => !word.method && word.of == owner,
            };
            if meant {
                by_doc.entry(&word.doc).or_default().push(word);
            }
        }
        for (doc, words) in by_doc {
            let mut ways: Vec<String> = words.iter().map(|word| shown(word)).collect();
            ways.sort();
            ways.dedup();
            found.push(Help {
                ways,
                doc: doc.to_owned(),
            });
        }
        if self.tools.contains(name) {
            let about = self
                .words
                .iter()
                .find(|word| word.property && word.name == name);
            let verbs = self
                .words
                .iter()
                .filter(|word| word.method && word.of == name);
            found.push(Help {
                ways: sorted(
                    verbs
                        .map(|word| first_line(&shown(word), &word.doc))
                        .collect(),
                ),
                doc: about.map(|word| word.doc.clone()).unwrap_or_default(),
            });
        }
        if let Some(about) = self.modules.get(name) {
            let functions = self
                .words
                .iter()
                .filter(|word| !word.method && word.of == name);
            found.push(Help {
                ways: sorted(
                    functions
                        .map(|word| first_line(&shown(word), &word.doc))
                        .collect(),
                ),
                doc: about.clone(),
            });
        }
        found
    }

    /// The nearest name to `name` that `help` knows.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let near = |names: &mut dyn Iterator<Item = &str>, last: &str| {
            super::signature::nearest(last, names).map(str::to_owned)
        };
        if let Some((owner, verb)) = name.rsplit_once(['.', ':'])
            && let owner = owner
                .trim_end_matches(':')
                .rsplit('.')
                .next()
                .unwrap_or(owner)
            && let mut verbs = self.words.iter().filter(|word| word.of == owner)
            && let Some(verb) = near(&mut verbs.by_ref().map(|word| word.name.as_str()), verb)
        {
            let sign = if self.tools.contains(owner) {
                "."
            } else {
                "::"
            };
            return Some(format!("{owner}{sign}{verb}"));
        }
        let last = name.rsplit(['.', ':']).next().unwrap_or(name);
        let words = self.words.iter().map(|word| word.name.as_str());
        near(
            &mut words.chain(self.modules.keys().map(String::as_str)),
            last,
        )
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

    /// The option keys that the documentation of `name` lists.
    pub fn options(&self, of: &str, name: &str) -> Vec<String> {
        let words = self
            .words
            .iter()
            .filter(|word| word.name == name && !word.property);
        let mut words = words.filter(|word| word.doc.contains("ptions:"));
        let word = words
            .clone()
            .find(|word| word.of == of)
            .or_else(|| words.next());
        let Some((_, listed)) = word.and_then(|word| word.doc.split_once("ptions:")) else {
            return Vec::new();
        };
        let mut keys: Vec<String> = listed
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|key| {
                !key.is_empty()
                    && key
                        .bytes()
                        .all(|byte| byte == b'_' || byte.is_ascii_lowercase())
            })
            .map(str::to_owned)
            .collect();
        keys.sort();
        keys.dedup();
        keys
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

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

fn first_line(way: &str, doc: &str) -> String {
    match doc.lines().next() {
        Some(line) if !line.is_empty() => format!("{way:44}  {line}"),
        _ => way.to_owned(),
    }
}
