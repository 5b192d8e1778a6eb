//! Which value of a variable counts for a host.
//!
//! From weak to strong, as in Ansible: group variables of the inventory (`all`, parents, children),
//! `group_vars/all`, `group_vars` of the other groups in the same order, host variables of the
//! inventory, `host_vars`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use super::files::{self, Loaded};
use super::groups::{Groups, ListedHost, Placed, Variables};
use crate::error::Result;

/// The variables of one host: name to value and place.
pub(super) type Merged<'a> = BTreeMap<&'a str, &'a Placed>;

/// The variable files beside the inventory, read once.
pub(super) struct Beside {
    groups: HashMap<usize, Loaded>,
    hosts: HashMap<usize, Loaded>,
}

impl Beside {
    /// Nothing beside the inventory: its own text says everything.
    pub(super) fn nothing() -> Self {
        Self {
            groups: HashMap::new(),
            hosts: HashMap::new(),
        }
    }

    /// Reads `group_vars/` and `host_vars/` in `directory` for all groups that have hosts.
    ///
    /// # Errors
    /// A file that cannot be read or is not a YAML mapping.
    pub(super) fn load(directory: &Path, groups: &Groups) -> Result<Self> {
        let mut beside = Self::nothing();
        let group_directory = directory.join("group_vars");
        if group_directory.is_dir() {
            for (index, group) in groups.groups.iter().enumerate() {
                if index == Groups::ALL || !groups.members(index).is_empty() {
                    let loaded = files::load(&group_directory, &group.name)?;
                    beside.groups.insert(index, loaded);
                }
            }
        }
        let host_directory = directory.join("host_vars");
        if host_directory.is_dir() {
            for (index, host) in groups.hosts.iter().enumerate() {
                let loaded = files::load(&host_directory, &host.name)?;
                beside.hosts.insert(index, loaded);
            }
        }
        Ok(beside)
    }
}

/// Merges variables host by host; hosts of the same groups share the work.
pub(super) struct Merger<'a> {
    groups: &'a Groups,
    beside: &'a Beside,
    shared: HashMap<Vec<usize>, Rc<Merged<'a>>>,
}

impl<'a> Merger<'a> {
    pub(super) fn new(groups: &'a Groups, beside: &'a Beside) -> Self {
        Self {
            groups,
            beside,
            shared: HashMap::new(),
        }
    }

    /// What counts for host `host`, whose groups are `of` ([`Groups::groups_of`]).
    pub(super) fn host(&mut self, host: usize, of: &[usize]) -> Merged<'a> {
        let shared = match self.shared.get(of) {
            Some(shared) => shared.clone(),
            None => {
                let merged = Rc::new(self.of_groups(of));
                self.shared.insert(of.to_owned(), merged.clone());
                merged
            }
        };
        let mut merged = (*shared).clone();
        let listed: &'a ListedHost = &self.groups.hosts[host];
        add(&mut merged, &listed.variables);
        if let Some(loaded) = self.beside.hosts.get(&host) {
            add(&mut merged, &loaded.variables);
        }
        merged
    }

    fn of_groups(&self, of: &[usize]) -> Merged<'a> {
        let mut merged = Merged::new();
        for &group in of {
            add(&mut merged, &self.groups.groups[group].variables);
        }
        // `all` is the first of `of`, so its file comes before those of the others
        for group in of {
            if let Some(loaded) = self.beside.groups.get(group) {
                add(&mut merged, &loaded.variables);
            }
        }
        merged
    }

    /// The encrypted variable files that concern host `host` in groups `of`: nobody has read them.
    pub(super) fn encrypted(&self, host: usize, of: &[usize]) -> Vec<&'a str> {
        let of_groups = of.iter().filter_map(|group| self.beside.groups.get(group));
        let all = of_groups.chain(self.beside.hosts.get(&host));
        all.flat_map(|loaded| loaded.encrypted.iter().map(String::as_str))
            .collect()
    }
}

fn add<'a>(merged: &mut Merged<'a>, variables: &'a Variables) {
    for (name, placed) in variables {
        merged.insert(name, placed);
    }
}

/// Why a value cannot be known without Ansible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opaque {
    /// It holds `{{ ... }}` or `{% ... %}`.
    Jinja,
    /// It is encrypted with Ansible Vault.
    Vault,
}

/// Whether `value`, or anything in it, is for Ansible's eyes only.
pub(super) fn opaque(value: &Value) -> Option<Opaque> {
    match value {
        Value::String(text) if is_vault(text) => Some(Opaque::Vault),
        Value::String(text) if text.contains("{{") || text.contains("{%") => Some(Opaque::Jinja),
        Value::Array(values) => values.iter().find_map(opaque),
        Value::Object(entries) if entries.contains_key("__ansible_vault") => Some(Opaque::Vault),
        Value::Object(entries) => entries.values().find_map(opaque),
        _ => None,
    }
}

/// Whether `text` begins as everything encrypted by Ansible Vault does.
pub(super) fn is_vault(text: &str) -> bool {
    text.trim_start().starts_with("$ANSIBLE_VAULT")
}

/// `value` as text; `None` for null, lists and mappings.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `value` as Ansible's `bool` filter reads it; `None` where it is neither true nor false.
pub(super) fn truth(value: &Value) -> Option<bool> {
    let text = text(value)?.trim().to_ascii_lowercase();
    match text.as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => Some(true),
        "n" | "no" | "off" | "0" | "false" | "f" | "0.0" | "" => Some(false),
        _ => None,
    }
}
