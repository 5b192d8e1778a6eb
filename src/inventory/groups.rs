//! What an inventory file says before any meaning is given to it: hosts, groups and their variables.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::error::{Error, Result};

/// Groups nested deeper than this are a mistake.
const DEEPEST: usize = 100;

/// Where something stands.
#[derive(Debug, Clone)]
pub(super) enum Origin {
    /// A line of a file, counted from 1.
    Line(Arc<str>, usize),
    /// A file without a line worth naming.
    File(Arc<str>),
    /// The variables of this host in `ansible-inventory --list` output: name and whole text of the
    /// file. The line is looked for only when an error needs it.
    Json(Arc<str>, Arc<str>, Arc<str>),
}

impl Origin {
    /// `FILE:LINE` of `variable`, in backticks.
    pub(super) fn of(&self, variable: &str) -> String {
        let Self::Json(file, text, host) = self else {
            return self.to_string();
        };
        let key = |name: &str| serde_json::to_string(name).unwrap_or_default();
        let after = |from: usize, name: &str| {
            let name = key(name);
            let found = text[from..].match_indices(&name).find(|(at, _)| {
                let rest = &text[from + at + name.len()..];
                rest.trim_start().starts_with(':')
            });
            found.map(|(at, _)| from + at + name.len())
        };
        let found = after(0, "hostvars")
            .and_then(|from| after(from, host))
            .and_then(|from| after(from, variable));
        match found {
            Some(end) => format!("`{file}:{}`", text[..end].matches('\n').count() + 1),
            None => format!("`{file}`"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(file, line) => write!(f, "`{file}:{line}`"),
            Self::File(file) | Self::Json(file, ..) => write!(f, "`{file}`"),
        }
    }
}

/// A value and where it was set.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Variables by name.
pub(super) type Variables = BTreeMap<String, Placed>;

/// A host as listed.
#[derive(Debug, Default)]
pub(super) struct ListedHost {
    pub(super) name: String,
    pub(super) variables: Variables,
    /// The groups that list it, as indices into [`Groups::groups`].
    pub(super) groups: Vec<usize>,
    /// Things about its lines that the operator should know.
    pub(super) remarks: Vec<String>,
}

/// A group as listed.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) name: String,
    /// Hosts it lists itself, as indices into [`Groups::hosts`], each once.
    pub(super) hosts: Vec<usize>,
    members: HashSet<usize>,
    children: Vec<(usize, Option<Origin>)>,
    pub(super) parents: Vec<usize>,
    pub(super) variables: Variables,
    /// Distance from `all` by the longest way; known after [`Groups::link`].
    pub(super) depth: usize,
}

/// All hosts and groups of one inventory. Group 0 is `all`, group 1 is `ungrouped`.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) hosts: Vec<ListedHost>,
    pub(super) groups: Vec<Group>,
    host_index: HashMap<String, usize>,
    group_index: HashMap<String, usize>,
}

impl Groups {
    pub(super) const ALL: usize = 0;
    pub(super) const UNGROUPED: usize = 1;

    pub(super) fn new() -> Self {
        let mut groups = Self {
            hosts: Vec::new(),
            groups: Vec::new(),
            host_index: HashMap::new(),
            group_index: HashMap::new(),
        };
        groups.group("all");
        groups.group("ungrouped");
        groups
    }

    /// The index of group `name`, which is created if it is new.
    pub(super) fn group(&mut self, name: &str) -> usize {
        if let Some(&index) = self.group_index.get(name) {
            return index;
        }
        let index = self.groups.len();
        self.group_index.insert(name.to_owned(), index);
        self.groups.push(Group {
            name: name.to_owned(),
            ..Group::default()
        });
        index
    }

    /// Lists host `name` in `group` and returns its index and whether it is new.
    pub(super) fn add_host(&mut self, name: &str, group: usize) -> (usize, bool) {
        let known = self.host_index.get(name).copied();
        let host = known.unwrap_or(self.hosts.len());
        if known.is_none() {
            self.host_index.insert(name.to_owned(), host);
            self.hosts.push(ListedHost {
                name: name.to_owned(),
                ..ListedHost::default()
            });
        }
        if self.groups[group].members.insert(host) {
            self.groups[group].hosts.push(host);
            self.hosts[host].groups.push(group);
        }
        (host, known.is_none())
    }

    /// Makes `child` a child of `parent`, as said at `origin`.
    pub(super) fn add_child(&mut self, parent: usize, child: usize, origin: Option<Origin>) {
        self.groups[parent].children.push((child, origin));
        self.groups[child].parents.push(parent);
    }

    /// Puts every group below `all`, takes hosts that have a group out of `ungrouped`, and measures
    /// depths.
    ///
    /// # Errors
    /// Groups that contain each other, or too deep a nesting, with the line that says so.
    pub(super) fn link(&mut self) -> Result<()> {
        for host in &mut self.hosts {
            if host.groups.iter().any(|&group| group > Self::UNGROUPED) {
                host.groups.retain(|&group| group != Self::UNGROUPED);
            }
        }
        for index in 1..self.groups.len() {
            if self.groups[index].parents.is_empty() {
                self.add_child(Self::ALL, index, None);
            }
        }
        let order = self.parents_first()?;
        for index in order {
            let depth = self.groups[index].depth + 1;
            for at in 0..self.groups[index].children.len() {
                let (child, origin) = &self.groups[index].children[at];
                let child = *child;
                if depth > DEEPEST {
                    let origin = origin.as_ref().map(Origin::to_string).unwrap_or_default();
                    let reason = format!("groups are nested more than {DEEPEST} deep");
                    return Err(Error::invalid(origin, reason));
                }
                self.groups[child].depth = self.groups[child].depth.max(depth);
            }
        }
        Ok(())
    }

    /// All group indices, each after all its parents.
    fn parents_first(&self) -> Result<Vec<usize>> {
        #[derive(Clone, Copy, PartialEq)]
        enum Seen {
            No,
            Open,
            Done,
        }
        let mut seen = vec![Seen::No; self.groups.len()];
        let mut finished = Vec::with_capacity(self.groups.len());
        for root in 0..self.groups.len() {
            if seen[root] != Seen::No {
                continue;
            }
            seen[root] = Seen::Open;
            let mut path = vec![(root, 0)]; // a group, and which of its children comes next
            while let Some((group, next)) = path.last_mut() {
                let group = *group;
                let Some((child, origin)) = self.groups[group].children.get(*next) else {
                    seen[group] = Seen::Done;
                    finished.push(group);
                    path.pop();
                    continue;
                };
                *next += 1;
                match seen[*child] {
                    Seen::Done => {}
                    Seen::No => {
                        seen[*child] = Seen::Open;
                        path.push((*child, 0));
                    }
                    Seen::Open => {
                        let from = path.iter().position(|(g, _)| g == child).unwrap_or(0);
                        let names: Vec<_> = path[from..]
                            .iter()
                            .map(|(g, _)| format!("`{}`", self.groups[*g].name))
                            .chain([format!("`{}`", self.groups[*child].name)])
                            .collect();
                        let at = origin.as_ref().map(Origin::to_string).unwrap_or_default();
                        let reason = format!("groups contain each other: {}", names.join(" > "));
                        return Err(Error::invalid(at, reason)
                            .with_hint("take one of them out of the children of the other"));
                    }
                }
            }
        }
        finished.reverse();
        Ok(finished)
    }

    /// The groups of host `host`, own and inherited and `all`, in the order in which their variables
    /// apply: the later overrides.
    pub(super) fn groups_of(&self, host: usize) -> Vec<usize> {
        let mut seen: HashSet<usize> = HashSet::new();
        let mut open = self.hosts[host].groups.clone();
        open.push(Self::ALL);
        while let Some(group) = open.pop() {
            if seen.insert(group) {
                open.extend(&self.groups[group].parents);
            }
        }
        let mut found: Vec<usize> = seen.into_iter().collect();
        found.sort_by_cached_key(|&index| {
            let group = &self.groups[index];
            (group.depth, group.priority(), group.name.clone())
        });
        found
    }

    /// The hosts of `group` and of all groups below it, in Ansible's order: its own first.
    pub(super) fn members(&self, group: usize) -> Vec<usize> {
        let (mut hosts, mut listed) = (Vec::new(), HashSet::new());
        let (mut level, mut seen) = (vec![group], HashSet::from([group]));
        while !level.is_empty() {
            let mut below = Vec::new();
            for index in level {
                let group = &self.groups[index];
                hosts.extend(group.hosts.iter().filter(|host| listed.insert(**host)));
                let children = group.children.iter().map(|(child, _)| *child);
                below.extend(children.filter(|child| seen.insert(*child)));
            }
            level = below;
        }
        hosts
    }
}

impl Group {
    /// `ansible_group_priority`, which decides between groups of one depth.
    fn priority(&self) -> i64 {
        let set = self.variables.get("ansible_group_priority");
        let priority = set.and_then(|placed| match &placed.value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        });
        priority.unwrap_or(1)
    }
}
