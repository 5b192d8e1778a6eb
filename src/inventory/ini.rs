//! The INI dialect of Ansible inventories.
//!
//! ```text
//! host k=v k="v with blanks"     before the first section: host of no group
//! [group]                        hosts
//! [group:children]               names of groups, which may be defined further down
//! [group:vars]                   key=value; the value is the rest of the line
//! ```
//!
//! `#` and `;` begin comment lines. No INI crate reads this; the rules are those of Ansible's own
//! inventory plugin, with its errors, plus a few for what Ansible lets pass and cannot be meant.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::groups::{Groups, Origin, Placed};
use super::words::{Hash, split};
use super::{literal, printable, range};
use crate::error::{Error, Result};

/// Reads `bytes`, the content of `file`.
///
/// # Errors
/// What Ansible would refuse too, with file and line.
pub(super) fn parse(bytes: &[u8], file: &Arc<str>) -> Result<Groups> {
    let mut parser = Parser {
        file: file.clone(),
        line: 0,
        groups: Groups::new(),
        group: Groups::UNGROUPED,
        section: Section::Hosts,
        seen: HashSet::from([Groups::ALL, Groups::UNGROUPED]),
        pending: HashMap::new(),
    };
    for (index, bytes) in bytes.split(|byte| *byte == b'\n').enumerate() {
        parser.line = index + 1;
        let text = String::from_utf8_lossy(bytes);
        let line = text.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if std::str::from_utf8(bytes).is_err() {
            return Err(parser.error("the line is not UTF-8 text"));
        }
        parser.read(line)?;
    }
    parser.finish()
}

#[derive(Clone, Copy)]
enum Section {
    Hosts,
    Children,
    Variables,
}

struct Parser {
    file: Arc<str>,
    line: usize,
    groups: Groups,
    /// The group that the current section speaks of.
    group: usize,
    section: Section,
    /// Groups that have had a section of any type.
    seen: HashSet<usize>,
    /// Groups that were named but not defined yet.
    pending: HashMap<usize, Pending>,
}

/// A group that needs a section of its own further down.
struct Pending {
    line: usize,
    why: String,
    /// Its parents so far, which get it as a child when it is defined. Ansible does it in this order
    /// too, and the order of children is the order of hosts.
    parents: Vec<(usize, Origin)>,
}

impl Parser {
    fn read(&mut self, line: &str) -> Result<()> {
        if let Some((name, kind)) = section(line) {
            return self.enter(name, kind);
        }
        if line.starts_with('[') && line.ends_with(']') {
            let reason = format!("`{}` is not a section header", printable(line));
            return Err(self.error(reason).with_hint(
                "write `[GROUP]`, `[GROUP:children]` or `[GROUP:vars]`, without blanks inside",
            ));
        }
        match self.section {
            Section::Hosts => self.host_line(line),
            Section::Children => self.child_line(line),
            Section::Variables => self.variable_line(line),
        }
    }

    fn enter(&mut self, name: &str, kind: Option<&str>) -> Result<()> {
        self.section = match kind {
            None | Some("hosts") => Section::Hosts,
            Some("children") => Section::Children,
            Some("vars") => Section::Variables,
            Some(other) => {
                let reason = format!("section `[{name}:{other}]` is of unknown type `{other}`");
                return Err(self
                    .error(reason)
                    .with_hint("write `[GROUP]`, `[GROUP:children]` or `[GROUP:vars]`"));
            }
        };
        self.group = self.groups.group(name);
        let new = self.seen.insert(self.group);
        if !matches!(self.section, Section::Variables) {
            let pending = self.pending.remove(&self.group);
            for (parent, origin) in pending.into_iter().flat_map(|pending| pending.parents) {
                self.groups.add_child(parent, self.group, Some(origin));
            }
        } else if new {
            let why = format!("`[{name}:vars]` is for group `{name}`, which is nowhere defined");
            self.pend(self.group, why);
        }
        Ok(())
    }

    fn pend(&mut self, group: usize, why: String) -> &mut Pending {
        let line = self.line;
        self.pending.entry(group).or_insert_with(|| Pending {
            line,
            why,
            parents: Vec::new(),
        })
    }

    fn host_line(&mut self, line: &str) -> Result<()> {
        let words = split(line, Hash::Comment).map_err(|reason| self.error(reason))?;
        let [pattern, assignments @ ..] = &words[..] else {
            return Ok(());
        };
        let (names, port) = range::expand(pattern).map_err(|reason| self.error(reason))?;
        let mut variables = Vec::with_capacity(assignments.len());
        for word in assignments {
            let Some((key, value)) = word.split_once('=') else {
                let reason = format!("`{}` is not `key=value`", printable(word));
                return Err(self
                    .error(reason)
                    .with_hint("put no blanks around `=`, and quote values that hold blanks"));
            };
            variables.push((key, literal::read(value)));
        }
        for name in &names {
            let (host, new) = self.groups.add_host(name, self.group);
            if let Some(port) = port {
                self.port(host, new, port);
            }
            for (key, value) in &variables {
                self.set(host, key, value);
            }
        }
        Ok(())
    }

    /// As Ansible: a port after the name counts only where the host is listed first.
    fn port(&mut self, host: usize, new: bool, port: u16) {
        let value = Value::from(port);
        if new {
            return self.set(host, "ansible_port", &value);
        }
        let listed = &mut self.groups.hosts[host];
        let known = listed.variables.get("ansible_port");
        if known.is_none_or(|placed| placed.value != value) {
            let line = self.line;
            listed.remarks.push(format!(
                "port {port} of line {line} does not count: Ansible takes it from the first listing"
            ));
        }
    }

    fn set(&mut self, host: usize, key: &str, value: &Value) {
        let origin = self.origin();
        let listed = &mut self.groups.hosts[host];
        let value = value.clone();
        let placed = Placed { value, origin };
        let Some(before) = listed.variables.insert(key.to_owned(), placed) else {
            return;
        };
        let Origin::Line(_, earlier) = before.origin else {
            return;
        };
        if before.value != listed.variables[key].value && key != "ansible_port" {
            let line = self.line;
            listed.remarks.push(format!(
                "`{key}` differs between lines {earlier} and {line}: the later counts"
            ));
        }
    }

    fn child_line(&mut self, line: &str) -> Result<()> {
        let (name, after) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let after = after.trim_start();
        if name.contains([':', ']']) || !(after.is_empty() || after.starts_with('#')) {
            let reason = format!("`{}` is not the name of a group", printable(line));
            return Err(self.error(reason));
        }
        let child = self.groups.group(name);
        if child == Groups::ALL {
            return Err(self.error("`all` contains every group and cannot be a child"));
        }
        let (parent, origin) = (self.group, self.origin());
        if self.seen.contains(&child) {
            self.groups.add_child(parent, child, Some(origin));
        } else {
            let parent_name = &self.groups.groups[parent].name;
            let why = format!(
                "`[{parent_name}:children]` names group `{name}`, which is nowhere defined"
            );
            self.pend(child, why).parents.push((parent, origin));
        }
        Ok(())
    }

    fn variable_line(&mut self, line: &str) -> Result<()> {
        let Some((key, value)) = line.split_once('=') else {
            let reason = format!("`{}` is not `key=value`", printable(line));
            return Err(self.error(reason));
        };
        let placed = Placed {
            value: literal::read(value.trim()),
            origin: self.origin(),
        };
        let variables = &mut self.groups.groups[self.group].variables;
        variables.insert(key.trim().to_owned(), placed);
        Ok(())
    }

    fn finish(mut self) -> Result<Groups> {
        if let Some(pending) = self.pending.values().min_by_key(|pending| pending.line) {
            self.line = pending.line;
            return Err(self.error(&pending.why).with_hint(
                "add a `[GROUP]` section for it, which may be empty, or correct the name",
            ));
        }
        self.groups.link()?;
        Ok(self.groups)
    }

    fn origin(&self) -> Origin {
        Origin::Line(self.file.clone(), self.line)
    }

    fn error(&self, reason: impl std::fmt::Display) -> Error {
        Error::invalid(self.origin().to_string(), reason)
    }
}

/// The name and the type of a section header, such as `masters` and `vars`.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inside, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    if !after.is_empty() && !after.starts_with('#') {
        return None;
    }
    let (name, kind) = match inside.split_once(':') {
        Some((name, kind)) => (name, Some(kind)),
        None => (inside, None),
    };
    let word =
        |kind: &str| !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || c == '_');
    let well_formed =
        !name.is_empty() && !name.contains(char::is_whitespace) && kind.is_none_or(word);
    well_formed.then_some((name, kind))
}
