//! What TAB offers, by where the cursor stands and by the type of what stands before it.

use std::path::Path;

use super::commands::NAMES;
use super::target;
use crate::script::{Console, PartKind};

/// The units that a cluster of this product lives by.
const UNITS: [&str; 12] = [
    "atomic-openshift-master-api",
    "atomic-openshift-master-controllers",
    "atomic-openshift-node",
    "dnsmasq",
    "docker",
    "etcd",
    "firewalld",
    "iptables",
    "NetworkManager",
    "openvswitch",
    "ovs-vswitchd",
    "ovsdb-server",
];

/// The type of hosts by the names that closures give them.
const HOST_NAMES: [&str; 6] = ["h", "host", "m", "master", "member", "node"];

/// What can replace the text of `line` from the returned byte to `at`.
pub fn complete(line: &str, at: usize, console: &mut Console) -> (usize, Vec<String>) {
    let line = &line[..at];
    if let Some(rest) = line.strip_prefix(':') {
        return commanded(rest, at);
    }
    if let Some(name) = line.strip_prefix("help ") {
        let (start, mut found) = code(name, console);
        if start == 0 {
            let tools = console.vocabulary().tools().into_iter();
            found.extend(
                tools
                    .map(|(tool, _)| tool)
                    .filter(|tool| tool.starts_with(name)),
            );
        }
        let found = found
            .into_iter()
            .map(|name| name.trim_end_matches(['(', ':']).to_owned());
        let found: std::collections::BTreeSet<String> = found.collect();
        return ("help ".len() + start, found.into_iter().collect());
    }
    if line.starts_with('!') || line.starts_with('@') || target::is_meant(line, console) {
        let start = line
            .rfind(|c: char| c.is_whitespace() || matches!(c, '@' | '!' | '=' | ','))
            .map_or(0, |at| at + 1);
        let begun = &line[start..];
        let names = match line.starts_with('!') {
            true => units(begun),
            false => beginning(target::names(console), begun),
        };
        return (start, names);
    }
    code(line, console)
}

fn beginning(names: Vec<String>, begun: &str) -> Vec<String> {
    names
        .into_iter()
        .filter(|name| name.starts_with(begun))
        .collect()
}

fn units(begun: &str) -> Vec<String> {
    let units = UNITS
        .iter()
        .filter(|unit| !begun.is_empty() && unit.starts_with(begun));
    units.map(|unit| (*unit).to_owned()).collect()
}

fn commanded(rest: &str, at: usize) -> (usize, Vec<String>) {
    if let Some(begun) = rest.strip_prefix("load ") {
        let mut found = files(begun);
        let shipped = crate::script::shipped::FILES
            .iter()
            .filter_map(|(path, _)| {
                let name = path.strip_prefix("scripts/")?.strip_suffix(".rhai")?;
                name.starts_with(begun).then(|| name.to_owned())
            });
        found.extend(shipped);
        return (at - begun.len(), found);
    }
    let names = NAMES.iter().filter(|(name, ..)| name.starts_with(rest));
    (
        at - rest.len(),
        names.map(|(name, ..)| (*name).to_owned()).collect(),
    )
}

/// Files of this machine whose path begins with `begun`.
fn files(begun: &str) -> Vec<String> {
    let (directory, name) = begun
        .rsplit_once('/')
        .map_or(("", begun), |(directory, name)| (directory, name));
    let place = match (begun.contains('/'), directory) {
        (false, _) => Path::new("."),
        (true, "") => Path::new("/"),
        (true, directory) => Path::new(directory),
    };
    let Ok(entries) = std::fs::read_dir(place) else {
        return Vec::new();
    };
    let mut found: Vec<String> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let file = entry.file_name().into_string().ok()?;
            if !file.starts_with(name) || (file.starts_with('.') && name.is_empty()) {
                return None;
            }
            let slash = if entry.path().is_dir() { "/" } else { "" };
            let before = &begun[..begun.len() - name.len()];
            Some(format!("{before}{file}{slash}"))
        })
        .collect();
    found.sort();
    found
}

/// The end of `text` that a name could be.
fn word(text: &str) -> usize {
    text.rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| {
            at + text[at..].chars().next().map_or(1, char::len_utf8)
        })
}

fn code(line: &str, console: &mut Console) -> (usize, Vec<String>) {
    let open = Open::of(line);
    if let Some(start) = open.text {
        let begun = &line[start..];
        if begun.starts_with(['/', '.', '~']) {
            return (start, files(begun));
        }
        let mut names = beginning(target::names(console), begun);
        names.extend(units(begun));
        return (start, names);
    }
    let start = word(line);
    let (before, begun) = line.split_at(start);
    if let Some(before) = before.strip_suffix("::") {
        let module = &before[word(before)..];
        return (start, console.vocabulary().within(module, begun));
    }
    if let Some(owner) = before.strip_suffix('.') {
        let kind = kind(owner, console);
        if kind == "map" {
            let name = &owner[word(owner)..];
            let keys = beginning(console.keys_of(name), begun);
            if !keys.is_empty() {
                return (start, keys);
            }
        }
        return (start, console.vocabulary().members(&kind, begun));
    }
    let key = before.trim_end().ends_with([',', '{']);
    if let (true, Some((of, name))) = (key, open.map_of(line, console)) {
        let keys = console.vocabulary().options(&of, &name);
        let keys: Vec<String> = beginning(keys, begun)
            .into_iter()
            .map(|key| format!("{key}: "))
            .collect();
        if !keys.is_empty() {
            return (start, keys);
        }
    }
    if begun.is_empty() && !before.trim().is_empty() {
        return (start, Vec::new());
    }
    let mut names = console.vocabulary().globals(begun);
    names.extend(beginning(console.variables(), begun));
    names.sort();
    names.dedup();
    (start, names)
}

/// The way to call the function that is being typed at the end of `line`.
pub fn signature(line: &str, console: &mut Console) -> Option<String> {
    if line.starts_with([':', '@', '!']) || line.starts_with("help") {
        return None;
    }
    let open = Open::of(line);
    let call = open.calls.last()?;
    let (of, name) = called(line, *call, console)?;
    console.vocabulary().signature(&of, &name)
}

/// The function that the `(` at byte `at` calls: what it is called on, or its module, and its name.
fn called(line: &str, at: usize, console: &mut Console) -> Option<(String, String)> {
    let before = line[..at].trim_end();
    let start = word(before);
    let (owner, name) = before.split_at(start);
    if name.is_empty() {
        return None;
    }
    let of = if let Some(module) = owner.strip_suffix("::") {
        module[word(module)..].to_owned()
    } else if let Some(owner) = owner.strip_suffix('.') {
        kind(owner, console)
    } else {
        String::new()
    };
    Some((of, name.to_owned()))
}

/// What is open at the end of a line.
#[derive(Default)]
struct Open {
    /// Where the text that is being typed begins, behind its quote.
    text: Option<usize>,
    /// The brackets that are open, each with its place.
    brackets: Vec<(char, usize)>,
    /// The `(` of them.
    calls: Vec<usize>,
}

impl Open {
    fn of(line: &str) -> Self {
        let mut open = Self::default();
        let mut quote: Option<(char, usize)> = None;
        let mut escaped = false;
        for (at, c) in line.char_indices() {
            if let Some((mark, _)) = quote {
                if escaped {
                    escaped = false;
                } else if c == '\\' {
                    escaped = true;
                } else if c == mark {
                    quote = None;
                }
                continue;
            }
            match c {
                '"' | '`' | '\'' => quote = Some((c, at + 1)),
                '(' | '[' | '{' => open.brackets.push((c, at)),
                ')' | ']' | '}' => drop(open.brackets.pop()),
                _ => {}
            }
        }
        open.text = quote.map(|(_, at)| at);
        let calls = open.brackets.iter().filter(|(bracket, _)| *bracket == '(');
        open.calls = calls.map(|(_, at)| *at).collect();
        open
    }

    /// The function whose option map is being typed.
    fn map_of(&self, line: &str, console: &mut Console) -> Option<(String, String)> {
        match self.brackets[..] {
            [.., ('(', call), ('{', brace)] if line[..brace].ends_with('#') => {
                called(line, call, console)
            }
            _ => None,
        }
    }
}

/// The type of the value that the end of `text` stands for; nothing if that cannot be told.
fn kind(text: &str, console: &mut Console) -> String {
    let text = text.trim_end().trim_end_matches('?');
    if text.ends_with('"') {
        return "string".to_owned();
    }
    let closed = match text.chars().next_back() {
        Some(')') => '(',
        Some(']') => '[',
        _ => return named(text, console),
    };
    let mut depth = 0;
    let mut quoted = false;
    let begin = text.char_indices().rev().find_map(|(at, c)| {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            ')' | ']' => depth += 1,
            '(' | '[' => {
                depth -= 1;
                return (depth == 0).then_some(at);
            }
            _ => {}
        }
        None
    });
    let Some(before) = begin.map(|at| &text[..at]) else {
        return String::new();
    };
    if closed == '[' {
        return match kind(before, console).as_str() {
            "group" => "host".to_owned(),
            _ => String::new(),
        };
    }
    let (owner, name) = before.split_at(word(before));
    match name {
        "host" if owner.ends_with("cluster::") => "host".to_owned(),
        "filter" if owner.ends_with('.') => kind(owner.trim_end_matches('.'), console),
        "each" if owner.is_empty() => "outcomes".to_owned(),
        "step" => "outcomes".to_owned(),
        _ if owner.ends_with('.') => {
            // A verb of a group answers for each of its hosts.
            let (base, tool) = match owner.trim_end_matches('.').rsplit_once('.') {
                Some((base, tool)) if console.vocabulary().is_tool(tool) => (base, true),
                _ => (owner.trim_end_matches('.'), name == "run"),
            };
            match kind(base, console).as_str() {
                "group" if tool => "outcomes".to_owned(),
                "host" if tool => "map".to_owned(),
                _ => String::new(),
            }
        }
        _ => String::new(),
    }
}

/// The type of the name at the end of `text`, with what stands before it.
fn named(text: &str, console: &mut Console) -> String {
    let (owner, name) = text.split_at(word(text));
    if owner.ends_with("cluster::") {
        let kind = match name {
            "first_master" | "first_etcd" => "host",
            "left_out" => "array",
            _ => "group",
        };
        return kind.to_owned();
    }
    if let Some(owner) = owner.strip_suffix('.') {
        let base = kind(owner, console);
        let kind = match (base.as_str(), name) {
            ("host" | "group", tool) if console.vocabulary().is_tool(tool) => tool,
            ("group", "first") => "host",
            ("group", "hosts" | "names") | ("outcomes", "hosts" | "values") => "array",
            ("host", "name") => "string",
            _ => "",
        };
        return kind.to_owned();
    }
    match console.type_of(name) {
        Some(kind) => kind.to_owned(),
        None if HOST_NAMES.contains(&name) => "host".to_owned(),
        None => String::new(),
    }
}

/// The numbered outline that `:load` shows.
pub fn outline(parts: &[crate::script::Part]) -> String {
    let lines = parts.iter().enumerate().map(|(at, part)| {
        let (indent, kind) = match part.kind {
            PartKind::Phase => ("", "phase"),
            PartKind::Step => ("  ", "step"),
            PartKind::Function => ("", "fn"),
        };
        format!(
            "{:>3}  {indent}{kind} \"{}\"  line {}",
            at + 1,
            part.name,
            part.first
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
