//! Which configuration a version refuses.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

use serde_json::Value;

use crate::transport::sim::files::{Bytes, Files, join, split};

/// The second part of `version`: 7 of `3.7.23`.
pub fn minor(version: &str) -> u32 {
    version
        .split('.')
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// The YAML file at `path`.
///
/// # Errors
/// What the service says of it.
pub fn load(files: &Files, path: &str) -> Result<Rc<Value>, String> {
    let refused =
        |why: &dyn Display| format!("Error: could not load config file \"{path}\": {why}");
    let content = files
        .read(path)
        .map_err(|_| refused(&"no such file or directory"))?;
    let known = READ.with_borrow(|read| {
        let mut known = read.iter().filter(|(text, _)| *text == content);
        known.next().map(|(_, value)| Rc::clone(value))
    });
    if let Some(value) = known {
        return Ok(value);
    }
    let text = String::from_utf8_lossy(&content);
    let value: Value = serde_saphyr::from_str(&text).map_err(|error| refused(&error))?;
    let value = Rc::new(value);
    READ.with_borrow_mut(|read| {
        read.truncate(KEPT - 1);
        read.insert(0, (content, Rc::clone(&value)));
    });
    Ok(value)
}

/// So many configurations are kept as read: those of masters that start again and again.
const KEPT: usize = 16;

thread_local! {
    /// Files as last read, the newest first, by what is in them.
    static READ: RefCell<Vec<(Bytes, Rc<Value>)>> = const { RefCell::new(Vec::new()) };
}

/// `file` as the configuration at `config` means it: beside it, unless it is absolute.
pub fn beside(config: &str, file: &str) -> String {
    if file.starts_with('/') {
        file.to_owned()
    } else {
        join(split(config).0, file)
    }
}

/// The master's configuration at `path`, checked as `version` checks it.
///
/// # Errors
/// What the API server says before it ends.
pub fn check_master(files: &Files, version: &str, path: &str) -> Result<Rc<Value>, String> {
    let config = load(files, path)?;
    let mut wrong = Vec::new();
    if minor(version) < 9 {
        let asset = &config["assetConfig"];
        if asset.is_null() {
            wrong.push("assetConfig: Required value".to_owned());
        }
        for script in asset["extensionScripts"].as_array().into_iter().flatten() {
            let script = script.as_str().unwrap_or_default();
            if !files.exists(script) {
                wrong.push(format!(
                    "assetConfig.extensionScripts: Invalid value: \"{script}\": could not read file: stat {script}: no such file or directory"
                ));
            }
        }
    }
    let arguments = &config["kubernetesMasterConfig"]["apiServerArguments"];
    if arguments["storage-backend"] != serde_json::json!(["etcd3"]) {
        wrong.push(
            "kubernetesMasterConfig.apiServerArguments.storage-backend: must be etcd3".to_owned(),
        );
    }
    for key in ["ca", "certFile", "keyFile"] {
        let file = config["etcdClientInfo"][key].as_str().unwrap_or_default();
        if !files.exists(&beside(path, file)) {
            wrong.push(format!(
                "etcdClientInfo.{key}: Invalid value: \"{file}\": could not read file"
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(config);
    }
    Err(format!(
        "Invalid MasterConfig {path}\n  {}",
        wrong.join("\n  ")
    ))
}

/// Refuses a scheduler policy with a predicate that `version` does not know.
///
/// # Errors
/// What the controllers say before they end.
pub fn check_scheduler(
    files: &Files,
    version: &str,
    config: &Value,
    path: &str,
) -> Result<(), String> {
    let file = config["kubernetesMasterConfig"]["schedulerConfigFile"]
        .as_str()
        .unwrap_or("/etc/origin/master/scheduler.json");
    let policy = load(files, &beside(path, file))?;
    let unknown = if minor(version) < 9 {
        "CheckVolumeBinding"
    } else {
        "NoVolumeNodeConflict"
    };
    for predicate in policy["predicates"].as_array().into_iter().flatten() {
        if predicate["name"] == unknown {
            return Err(format!(
                "Invalid configuration: Predicate type not found for {unknown}"
            ));
        }
    }
    Ok(())
}
