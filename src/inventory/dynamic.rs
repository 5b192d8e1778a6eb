//! The JSON that `ansible-inventory --list` and dynamic inventories print.
//!
//! `{"masters": {"hosts": [...], "children": [...], "vars": {...}}, "_meta": {"hostvars": {...}}}`;
//! a group may also be a bare list of hosts. `ansible-inventory` has merged all variables into
//! `hostvars` already, so nothing is read beside such a file.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::groups::{Groups, Origin, Placed};
use super::range;
use crate::error::{Error, Result};

/// Reads `text`, the content of `file`.
///
/// # Errors
/// Text that is not JSON, with its line; groups of another shape; hosts without `_meta.hostvars`.
pub(super) fn parse(text: &str, file: &Arc<str>) -> Result<Groups> {
    let invalid = |reason: String| Error::invalid(format!("`{file}`"), reason);
    let mut listed: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Error::invalid(
            format!("`{file}:{}`", error.line()),
            format!("not JSON: {error}"),
        )
    })?;
    let Some(Value::Object(mut meta)) = listed.shift_remove("_meta") else {
        return Err(
            invalid("there is no `_meta`, so the hosts' variables are missing".to_owned())
                .with_hint("write it with `ansible-inventory -i INVENTORY --list > hosts.json`"),
        );
    };
    let mut groups = Groups::new();
    for (name, content) in listed {
        let group = groups.group(&name);
        let (hosts, children, variables) = sections(content).ok_or_else(|| {
            invalid(format!(
                "group `{name}` is not a list of hosts, or an object with \
                                            `hosts`, `children` and `vars`"
            ))
        })?;
        for host in
            names(hosts).map_err(|found| invalid(format!("a host of `{name}` is {found}")))?
        {
            if let Some(reason) = range::refuse_name(&host) {
                return Err(invalid(format!("in group `{name}`, {reason}")));
            }
            groups.add_host(&host, group);
        }
        for child in
            names(children).map_err(|found| invalid(format!("a child of `{name}` is {found}")))?
        {
            let child = groups.group(&child);
            if child == Groups::ALL {
                return Err(invalid(
                    "`all` contains every group and cannot be a child".to_owned(),
                ));
            }
            groups.add_child(group, child, Some(Origin::File(file.clone())));
        }
        for (key, value) in variables {
            let origin = Origin::File(file.clone());
            let value = unwrap_unsafe(value);
            groups.groups[group]
                .variables
                .insert(key, Placed { value, origin });
        }
    }
    host_variables(&mut groups, meta.remove("hostvars"), text, file)?;
    groups.link()?;
    Ok(groups)
}

/// Sets the variables of all hosts from `_meta.hostvars`; hosts without variables may be missing.
fn host_variables(
    groups: &mut Groups,
    hostvars: Option<Value>,
    text: &str,
    file: &Arc<str>,
) -> Result<()> {
    let invalid = |reason: String| Error::invalid(format!("`{file}`"), reason);
    let mut hostvars = match hostvars {
        None => Map::new(),
        Some(Value::Object(hostvars)) => hostvars,
        Some(_) => return Err(invalid("`_meta.hostvars` is not an object".to_owned())),
    };
    let text: Arc<str> = text.into();
    for host in &mut groups.hosts {
        let variables = match hostvars.get_mut(&host.name).map(Value::take) {
            None => continue,
            Some(Value::Object(variables)) => variables,
            Some(_) => {
                let name = &host.name;
                return Err(invalid(format!(
                    "the variables of `{name}` are not an object"
                )));
            }
        };
        let name: Arc<str> = host.name.as_str().into();
        for (key, value) in variables {
            let origin = Origin::Json(file.clone(), text.clone(), name.clone());
            let value = unwrap_unsafe(value);
            host.variables.insert(key, Placed { value, origin });
        }
    }
    Ok(())
}

/// The `hosts`, `children` and `vars` of one group.
fn sections(content: Value) -> Option<(Value, Value, Map<String, Value>)> {
    match content {
        Value::Array(_) => Some((content, Value::Null, Map::new())),
        Value::Object(mut content) => {
            let mut take = |key: &str| content.remove(key).unwrap_or_default();
            let (hosts, children) = (take("hosts"), take("children"));
            match take("vars") {
                Value::Null => Some((hosts, children, Map::new())),
                Value::Object(variables) => Some((hosts, children, variables)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The strings of a list; null is an empty list. Else what was found instead.
fn names(list: Value) -> std::result::Result<Vec<String>, String> {
    match list {
        Value::Null => Ok(Vec::new()),
        Value::Array(values) => values
            .into_iter()
            .map(|value| match value {
                Value::String(name) => Ok(name),
                other => Err(format!("`{other}` and not a name")),
            })
            .collect(),
        other => Err(format!("`{other}` and not in a list")),
    }
}

/// The text inside `{"__ansible_unsafe": "..."}`, Ansible's mark for text that is no template.
fn unwrap_unsafe(value: Value) -> Value {
    match value {
        Value::Object(mut wrapped) if wrapped.len() == 1 => wrapped
            .remove("__ansible_unsafe")
            .unwrap_or(Value::Object(wrapped)),
        other => other,
    }
}
