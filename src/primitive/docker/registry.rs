//! Where a node's images come from, and whether it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::primitive::{Host, file, tail};
use crate::transport::Command;

/// Docker's own settings on RHEL: additional registries, proxies.
const SYSCONFIG: &str = "/etc/sysconfig/docker";
/// Where RHEL's docker looks for names without a registry.
const DEFAULT: &str = "registry.access.redhat.com";
const CONNECT_SECS: &str = "5";
const ANSWER_SECS: &str = "15";

/// The registry of a node's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// Its host, with the port where it is not the usual one.
    pub name: String,
    /// Where it was asked.
    pub url: String,
    /// Whether it answered as a registry does.
    pub answers: bool,
    /// The HTTP status, or what kept it from being asked.
    pub detail: String,
}

/// The registry that `imageConfig.format` in the node's configuration at `node_config` names, and
/// whether it answers the host: 200, or 401 where it wants a login first. Nothing where there is no such
/// configuration.
///
/// It is asked through the proxy that docker has. Its certificate is not judged: docker may trust
/// authorities of its own.
///
/// # Errors
/// `Command` if the configuration cannot be read; `State` if it names no registry.
pub fn registry(host: &Host, node_config: &str) -> Result<Option<Registry>> {
    let odd = |found: String| {
        let subject = format!("`imageConfig.format` in `{node_config}`");
        Error::state(host.name(), subject, "the name of an image", found)
    };
    let Some(text) = file::read_existing(host, node_config)? else {
        return Ok(None);
    };
    let config: Value = serde_saphyr::from_str(&text).map_err(|_| odd("no YAML".to_owned()))?;
    let format = config["imageConfig"]["format"].as_str();
    let format = format.ok_or_else(|| odd("none".to_owned()))?;
    let settings = match file::read_existing(host, SYSCONFIG)? {
        Some(text) => crate::primitive::etcd::conf::parse(&text),
        None => BTreeMap::new(),
    };
    let name = name_in(format)
        .or_else(|| added(settings.get("ADD_REGISTRY")?))
        .unwrap_or(DEFAULT);
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if name.starts_with('-') || !name.chars().all(plain) {
        return Err(odd(format!("`{}`", name.escape_debug())));
    }
    let url = format!("https://{name}/v2/");
    let mut command = Command::reads([
        "curl",
        "-sSk",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--connect-timeout",
        CONNECT_SECS,
        "--max-time",
        ANSWER_SECS,
        &url,
    ]);
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"] {
        let value = settings.get(variable);
        let value = value.or_else(|| settings.get(&variable.to_lowercase()));
        if let Some(value) = value {
            command = command.env(variable, value);
        }
    }
    let output = host.output(&command)?;
    let status = output.text();
    let said = tail(&output.stderr);
    Ok(Some(Registry {
        name: name.to_owned(),
        url,
        answers: output.exit.success() && matches!(status.as_str(), "200" | "401"),
        detail: match said.lines().last() {
            Some(line) => line.to_owned(),
            None => format!("HTTP status {status}"),
        },
    }))
}

/// The registry in an image's name: its first part, if that looks like a host.
fn name_in(format: &str) -> Option<&str> {
    let (first, _) = format.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first)
}

/// The first registry of `--add-registry REGISTRY ...`.
fn added(value: &str) -> Option<&str> {
    let mut words = value
        .split([' ', '=', '\t'])
        .filter(|word| !word.is_empty());
    words.by_ref().find(|word| *word == "--add-registry")?;
    words.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_first_part_that_looks_like_a_host_is_a_registry() {
        let image = "/openshift3/ose-${component}:${version}";
        assert_eq!(
            name_in(&format!("registry.example.com:5000{image}")),
            Some("registry.example.com:5000")
        );
        assert_eq!(name_in(&image[1..]), None);
        assert_eq!(name_in("ose-pod:v3.7"), None);
        assert_eq!(
            added("--add-registry a.example.com --add-registry b"),
            Some("a.example.com")
        );
        assert_eq!(added("--add-registry=a"), Some("a"));
        assert_eq!(added(""), None);
    }
}
