//! What a script goes through, found without running it: its phases, and the steps that each leads to.

use std::collections::{BTreeMap, BTreeSet};

use super::outline::{Part, PartKind};
use super::scan::{Call, Scan};

/// A phase of a script, or what stands outside of any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    /// Its title; nothing for what stands outside of the phases.
    pub title: Option<String>,
    /// Where it stands: the name of the text and the line.
    pub source: String,
    /// The line, from 1.
    pub line: usize,
    /// The steps that it leads to, in the order of the text, each once.
    pub steps: Vec<Step>,
}

/// A step whose title is a literal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// Its title.
    pub title: String,
    /// The text that it stands in.
    pub source: String,
    /// The line, from 1.
    pub line: usize,
}

/// A text that was looked through.
pub struct Text<'a> {
    /// What was found in it.
    pub scan: &'a Scan,
    /// Its phases, steps and functions.
    pub parts: Vec<Part>,
}

/// All texts by name, and how they call each other.
pub struct Contents<'a> {
    texts: BTreeMap<&'a str, Text<'a>>,
    /// The name of the text of a module, by what `import` calls it.
    modules: BTreeMap<&'a str, &'a str>,
}

impl<'a> Contents<'a> {
    /// Of these texts; `modules` are the names of their texts.
    pub fn new(texts: BTreeMap<&'a str, Text<'a>>, modules: BTreeMap<&'a str, &'a str>) -> Self {
        Self { texts, modules }
    }

    /// The phases that the text `name` comes to, in the order of the text; those of a module that it imports for
    /// its statements, too.
    pub fn phases(&self, name: &str) -> Vec<Phase> {
        let mut phases = Vec::new();
        self.gather(name, &mut phases, &mut BTreeSet::new());
        phases
    }

    fn gather(&self, name: &str, phases: &mut Vec<Phase>, seen: &mut BTreeSet<String>) {
        let Some(text) = self.texts.get(name) else {
            return;
        };
        if !seen.insert(name.to_owned()) {
            return;
        }
        for import in &text.scan.imports {
            if let Some(module) = self.modules.get(import.path.as_str()) {
                self.gather(module, phases, seen);
            }
        }
        let in_function = |line: usize| {
            text.parts
                .iter()
                .any(|part| part.kind == PartKind::Function && part.has(line))
        };
        let own: Vec<&Part> = text
            .parts
            .iter()
            .filter(|part| part.kind == PartKind::Phase)
            .collect();
        let outside = |line: usize| !in_function(line) && !own.iter().any(|part| part.has(line));
        let loose = self.steps(name, &outside);
        if !loose.is_empty() {
            phases.push(Phase {
                title: None,
                source: name.to_owned(),
                line: loose[0].line,
                steps: loose,
            });
        }
        for part in &own {
            phases.push(Phase {
                title: Some(part.name.clone()),
                source: name.to_owned(),
                line: part.first,
                steps: self.steps(name, &|line| part.has(line)),
            });
        }
    }

    /// The steps that the lines of the text `name` for which `within` says yes lead to.
    fn steps(&self, name: &str, within: &dyn Fn(usize) -> bool) -> Vec<Step> {
        let mut steps = Vec::new();
        self.follow(name, within, &mut steps, &mut BTreeSet::new());
        steps
    }

    fn follow(
        &self,
        name: &str,
        within: &dyn Fn(usize) -> bool,
        steps: &mut Vec<Step>,
        met: &mut BTreeSet<(String, String)>,
    ) {
        let Some(text) = self.texts.get(name) else {
            return;
        };
        // Steps and calls in the order of the text: each leads to what it leads to before the next one does.
        let mut marks: Vec<(usize, usize, Mark<'_>)> = Vec::new();
        for part in &text.parts {
            if part.kind == PartKind::Step && within(part.first) {
                marks.push((part.first, 0, Mark::Step(part)));
            }
        }
        for call in text.scan.calls.iter().filter(|call| within(call.line)) {
            marks.push((call.line, call.column, Mark::Call(call)));
        }
        marks.sort_by_key(|(line, column, _)| (*line, *column));
        for (line, _, mark) in marks {
            match mark {
                Mark::Step(part) => {
                    let step = Step {
                        title: part.name.clone(),
                        source: name.to_owned(),
                        line,
                    };
                    if !steps.contains(&step) {
                        steps.push(step);
                    }
                }
                Mark::Call(call) => self.called(name, text, call, steps, met),
            }
        }
    }

    fn called(
        &self,
        name: &str,
        text: &Text<'_>,
        call: &Call,
        steps: &mut Vec<Step>,
        met: &mut BTreeSet<(String, String)>,
    ) {
        let target = match call.module.as_str() {
            "" => Some(name),
            alias => {
                let import = text.scan.imports.iter().find(|one| one.alias == alias);
                import.and_then(|one| self.modules.get(one.path.as_str()).copied())
            }
        };
        let Some((target, there)) =
            target.and_then(|target| self.texts.get(target).map(|text| (target, text)))
        else {
            return;
        };
        let function = there
            .parts
            .iter()
            .find(|part| part.kind == PartKind::Function && part.name == call.name);
        if let Some(function) = function
            && met.insert((target.to_owned(), call.name.clone()))
        {
            self.follow(target, &|line| function.has(line), steps, met);
        }
    }
}

enum Mark<'a> {
    Step(&'a Part),
    Call(&'a Call),
}
