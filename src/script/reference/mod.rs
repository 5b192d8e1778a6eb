//! The reference: everything that a script can call, as the doc comments beside the code say it.
//!
//! | file       | subject                                               |
//! |------------|-------------------------------------------------------|
//! | `comment`  | a doc comment, taken apart                            |
//! | `collect`  | the entries, from the bindings and the library        |
//! | `text`     | entries as lines for a terminal                       |
//! | `markdown` | all of them as a Markdown page                        |
//! | `html`     | all of them as an HTML page                           |
//! | `language` | what Rhai has of its own                              |
//! | `defined`  | library modules as Rhai definition files              |

mod collect;
mod comment;
mod defined;
mod html;
mod language;
mod markdown;
mod text;

pub use collect::Source;
pub use comment::Comment;

use super::bindings::CLUSTER;
use super::signature::nearest;
use crate::error::{Error, Result};

/// What the pages are called.
const TITLE: &str = "What scripts of ocpdg can call";
/// What they begin with.
const ABOUT: &str = "Made by `ocpdg doc` from the comments beside the code; every example is run by a test. What the Rhai \
    language has of its own (texts, lists, maps) is told at https://rhai.rs/book.";

/// What a script can call, in the order of a manual.
#[derive(Debug, Clone, Default)]
pub struct Reference {
    /// The entries, by chapter; within one, what belongs to a tool, type or module follows it.
    pub entries: Vec<Entry>,
    /// What the language has of its own: found by name, and in no list.
    pub language: Vec<Entry>,
}

/// A subject of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Chapter {
    /// The functions that shape a procedure.
    Flow,
    /// What is said to the operator and heard from them.
    Talk,
    /// Hosts, groups, the cluster.
    Hosts,
    /// The tools of hosts and groups.
    Tools,
    /// What is decided over all hosts.
    Backups,
    /// What only script tests have.
    Testing,
    /// The modules to import.
    Library,
    /// What the language has of its own; in no list.
    Language,
}

impl Chapter {
    /// All that are listed, in the order of the reference.
    pub const ALL: [Self; 7] = [
        Self::Flow,
        Self::Talk,
        Self::Hosts,
        Self::Tools,
        Self::Backups,
        Self::Testing,
        Self::Library,
    ];

    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Flow => "Shaping a procedure",
            Self::Talk => "The operator and the run",
            Self::Hosts => "Hosts, groups, the cluster",
            Self::Tools => "Tools",
            Self::Backups => "Backups and times",
            Self::Testing => "Script tests",
            Self::Library => "Library modules",
            Self::Language => "The language's own",
        }
    }

    /// The anchor of its heading on a page.
    fn anchor(self) -> String {
        format!("chapter-{}", anchor(&self.title().to_lowercase()))
    }

    /// What stands below its heading.
    pub fn about(self) -> &'static str {
        match self {
            Self::Flow => "How work is divided, recorded, repeated and waited for.",
            Self::Talk => "What is said to the operator, asked and told; parameters.",
            Self::Hosts => "What a script works on.",
            Self::Tools => {
                "`host.TOOL.VERB(...)` acts on one host and returns its value; `cluster::masters.TOOL.VERB(...)` \
                 acts on all hosts of the group side by side and returns the outcome of each."
            }
            Self::Backups => "What is decided over the backups of all hosts.",
            Self::Testing => "Only under `ocpdg test`.",
            Self::Library => {
                "`import \"ocp/names\" as names;` makes `names::packages(host)` callable."
            }
            Self::Language => "What Rhai has for texts, lists, maps and numbers.",
        }
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A type of value, such as `group`; its properties, methods and operators follow.
    Type,
    /// A tool of hosts and groups; its verbs follow.
    Tool,
    /// A module to import; its functions follow.
    Module,
    /// A value that is there without being declared, such as `cluster::masters`.
    Value,
    /// A function.
    Function,
    /// A property of a type.
    Property,
    /// A method of a type.
    Method,
    /// An operator of a type.
    Operator,
    /// A verb of a tool.
    Verb,
}

/// One name of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its subject.
    pub chapter: Chapter,
    /// What it is.
    pub kind: Kind,
    /// The type, tool or module that it belongs to, or nothing.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The ways to call it; those that say the same are one.
    pub forms: Vec<Form>,
}

/// Ways to call something, with what is said about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// How they are called.
    pub signatures: Vec<String>,
    /// What its doc comment says.
    pub doc: Comment,
}

impl Entry {
    /// The name that [`Reference::find`] takes and no other entry has: `yum.install`, `cluster::masters`,
    /// `ocp/etcd::restore`.
    pub fn full_name(&self) -> String {
        match (self.owner.as_str(), self.kind) {
            ("", _) => self.name.clone(),
            (owner, Kind::Operator) => format!("{owner} {}", self.name),
            (owner, Kind::Property | Kind::Method | Kind::Verb) => format!("{owner}.{}", self.name),
            (owner, _) => format!("{owner}::{}", self.name),
        }
    }

    /// What it is about, in a sentence without its period.
    pub fn summary(&self) -> &str {
        let first = self.forms.first().map_or("", |form| form.doc.text.as_str());
        comment::first_sentence(first)
    }

    /// Whether others belong to it.
    pub fn is_head(&self) -> bool {
        matches!(self.kind, Kind::Type | Kind::Tool | Kind::Module)
    }

    /// Whether it is named where everything is listed: members are told about where they belong.
    fn is_listed(&self) -> bool {
        self.owner.is_empty() || self.owner == CLUSTER.0
    }

    /// Its examples.
    pub fn examples(&self) -> impl Iterator<Item = &str> {
        let forms = self.forms.iter();
        forms.flat_map(|form| form.doc.examples.iter().map(String::as_str))
    }

    /// The names that an operator may mean it by, the most exact first.
    fn names(&self) -> [String; 4] {
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        match self.kind {
            Kind::Tool => [
                self.name.clone(),
                format!("host.{}", self.name),
                format!("group.{}", self.name),
                String::new(),
            ],
            Kind::Module => [
                self.name.clone(),
                last(&self.name),
                String::new(),
                String::new(),
            ],
            Kind::Verb => [
                self.full_name(),
                format!("host.{}", self.full_name()),
                format!("group.{}", self.full_name()),
                self.name.clone(),
            ],
            _ => [
                self.full_name(),
                format!("{}::{}", last(&self.owner), self.name),
                self.name.clone(),
                match self.chapter {
                    Chapter::Language => self.owner.clone(),
                    _ => String::new(),
                },
            ],
        }
    }
}

impl Reference {
    /// What `name` may mean, as it is typed: `yum`, `host.yum`, `yum.install`, `step`, `cluster::masters`,
    /// `ocp/etcd`, `etcd::restore`. What is meant most exactly comes alone; what the language has of its own, only
    /// where nothing else has that name.
    pub fn find<'a>(&'a self, name: &str) -> Vec<&'a Entry> {
        let name = name.trim().trim_end_matches("()");
        let exact = |entries: &'a [Entry], place: usize| -> Vec<&'a Entry> {
            let named = |entry: &&Entry| !name.is_empty() && entry.names()[place] == name;
            entries.iter().filter(named).collect()
        };
        let places = |entries: &'a [Entry]| (0..4).map(move |place| (entries, place));
        places(&self.entries)
            .chain(places(&self.language))
            .map(|(entries, place)| exact(entries, place))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    /// What belongs to `entry`: the verbs of a tool, the functions of a module.
    pub fn members(&self, entry: &Entry) -> Vec<&Entry> {
        if !entry.is_head() {
            return Vec::new();
        }
        let same = |other: &&Entry| other.chapter == entry.chapter && other.owner == entry.name;
        self.entries.iter().filter(same).collect()
    }

    /// Other entries that `name` could mean as well, by their full names.
    pub fn others(&self, name: &str) -> Vec<String> {
        let found = self.find(name);
        let all = self.entries.iter().chain(&self.language);
        let meant = |entry: &&Entry| {
            let names = entry.names();
            // All that a type of the language has would be too much.
            let names = if entry.chapter == Chapter::Language {
                &names[..3]
            } else {
                &names[..]
            };
            names.iter().any(|known| known == name) && !found.contains(entry)
        };
        let mut names: Vec<String> = all.filter(meant).map(Entry::full_name).collect();
        names.dedup();
        names
    }

    /// The name that `name` was most likely meant to be.
    pub fn nearest(&self, name: &str) -> Option<String> {
        let all = || self.entries.iter().chain(&self.language);
        let full: Vec<String> = all().map(Entry::full_name).collect();
        let bare = all().map(|entry| entry.name.as_str());
        let names = full.iter().map(String::as_str).chain(bare);
        nearest(name, names).map(str::to_owned)
    }

    /// What is said about `name`, as lines of a terminal that is `width` wide.
    ///
    /// # Errors
    /// [`Error::invalid`] where nothing has that name, with the nearest.
    pub fn lines(&self, name: &str, width: usize) -> Result<Vec<String>> {
        let found = self.find(name);
        if found.is_empty() {
            let error = Error::invalid(format!("`{name}`"), "is nothing that scripts can call");
            return Err(error.with_hint(match self.nearest(name) {
                Some(near) => format!("did you mean `{near}`? `ocpdg doc` lists everything"),
                None => "`ocpdg doc` lists everything".to_owned(),
            }));
        }
        let mut lines = Vec::new();
        for entry in &found {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(text::page(entry, &self.members(entry), width));
        }
        let others = self.others(name);
        if !others.is_empty() {
            lines.push(String::new());
            let told = format!("See also: {}", others.join(", "));
            lines.extend(text::wrapped(&told, "", width));
        }
        Ok(lines)
    }

    /// The entries of each chapter that has some.
    fn chapters(&self) -> Vec<(Chapter, Vec<&Entry>)> {
        let of = |chapter| {
            let entries = self.entries.iter();
            entries
                .filter(move |entry| entry.chapter == chapter)
                .collect::<Vec<_>>()
        };
        let all = Chapter::ALL
            .into_iter()
            .map(|chapter| (chapter, of(chapter)));
        all.filter(|(_, entries)| !entries.is_empty()).collect()
    }

    /// All of it as one Markdown page.
    pub fn markdown(&self) -> String {
        markdown::page(self)
    }

    /// All of it as one HTML page that needs no other file.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// The library modules as Rhai definition files: their paths, and their texts.
    pub fn definitions(&self) -> Vec<(String, String)> {
        let modules = self
            .entries
            .iter()
            .filter(|entry| entry.kind == Kind::Module);
        modules
            .map(|module| {
                (
                    format!("{}.d.rhai", module.name),
                    defined::file(module, &self.members(module)),
                )
            })
            .collect()
    }

    /// Everything by subject, a line each, for a terminal that is `width` wide.
    pub fn overview(&self, width: usize) -> Vec<String> {
        text::overview(&self.entries, width)
    }
}

/// `name` as an anchor of a page, which no other name has.
fn anchor(name: &str) -> String {
    let mut anchor = String::new();
    for c in name.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' => anchor.push(c),
            ' ' | '/' | ':' => anchor.push('-'),
            other => anchor.push_str(&format!("x{:x}", u32::from(other))),
        }
    }
    anchor
}
