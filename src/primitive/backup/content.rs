//! Whether the content of a configuration file is one that 3.7 starts with.
//!
//! Names and dates of copies lie (`.orig` is overwritten at every edit); what is inside does not.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which configuration file it is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// `master-config.yaml`.
    MasterConfig,
    /// `scheduler.json`.
    Scheduler,
    /// `node-config.yaml`.
    NodeConfig,
    /// A file of `NAME=value` lines, as in `/etc/sysconfig`.
    Environment,
}

impl Subject {
    /// The subject of the file at `path`, whatever copy's ending it has.
    pub fn of(path: &str) -> Self {
        let base = path.rsplit('/').next().unwrap_or(path);
        if base.starts_with("master-config.yaml") {
            Self::MasterConfig
        } else if base.starts_with("scheduler.json") {
            Self::Scheduler
        } else if base.starts_with("node-config.yaml") {
            Self::NodeConfig
        } else {
            Self::Environment
        }
    }
}

/// What the content of a copy says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether 3.7 starts with it.
    pub ok: bool,
    /// Why not; empty if it does.
    pub reasons: Vec<String>,
    /// Every file it names, relative ones to the directory of the configuration.
    pub files: Vec<String>,
    /// Those of `files` that only the web console reads (`assetConfig.extensionScripts` and its
    /// like): the 3.9 upgrade deletes one of them, and it can be written anew.
    pub console_files: Vec<String>,
}

/// The default node selector that only 3.9 sets: the label is not on 3.7's nodes.
const SELECTOR_OF_39: &str = "node-role.kubernetes.io/compute=true";

/// Judges the `text` of a copy of `subject`.
pub fn judge(subject: Subject, text: &str) -> Verdict {
    let mut verdict = Verdict::default();
    let reasons = match subject {
        Subject::MasterConfig => parse_yaml(text).map(|value| master(&value, &mut verdict)),
        Subject::NodeConfig => parse_yaml(text).map(|value| node(&value, &mut verdict)),
        Subject::Scheduler => serde_json::from_str(text)
            .map_err(|error| format!("no JSON: {error}"))
            .map(|value| scheduler(&value)),
        Subject::Environment => Ok(environment(text)),
    };
    verdict.reasons = reasons.unwrap_or_else(|reason| vec![reason]);
    verdict.ok = verdict.reasons.is_empty();
    verdict
}

fn parse_yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str(text).map_err(|error| {
        let text = error.to_string();
        format!("no YAML: {}", text.lines().next().unwrap_or_default())
    })
}

fn master(value: &Value, verdict: &mut Verdict) -> Vec<String> {
    let mut reasons = of_kind(value, "MasterConfig");
    if !value["assetConfig"].is_object() {
        reasons.push("no `assetConfig`: the 3.9 upgrade removed it, and 3.7 needs it".to_owned());
    }
    let storage = &value["kubernetesMasterConfig"]["apiServerArguments"]["storage-backend"];
    if storage != &serde_json::json!(["etcd3"]) {
        reasons.push(format!("`storage-backend` is {storage}, not [\"etcd3\"]"));
    }
    if value["projectConfig"]["defaultNodeSelector"] == SELECTOR_OF_39 {
        reasons.push(format!(
            "`defaultNodeSelector` is 3.9's `{SELECTOR_OF_39}`, a label that 3.7's nodes lack"
        ));
    }
    reasons.extend(image_format(value));
    let assets = &value["assetConfig"];
    for list in ["extensionScripts", "extensionStylesheets"] {
        let names = assets[list].as_array().into_iter().flatten();
        verdict
            .console_files
            .extend(names.filter_map(Value::as_str).map(str::to_owned));
    }
    collect_files(value, &mut verdict.files);
    reasons
}

fn node(value: &Value, verdict: &mut Verdict) -> Vec<String> {
    let mut reasons = of_kind(value, "NodeConfig");
    if value["nodeName"].as_str().is_none_or(str::is_empty) {
        reasons.push("no `nodeName`".to_owned());
    }
    reasons.extend(image_format(value));
    collect_files(value, &mut verdict.files);
    reasons
}

fn of_kind(value: &Value, kind: &str) -> Vec<String> {
    if value["kind"] == kind {
        return Vec::new();
    }
    vec![format!("`kind` is {}, not \"{kind}\"", value["kind"])]
}

/// Images pinned to the version that is to go; `${version}` is the usual form.
fn image_format(value: &Value) -> Option<String> {
    let format = value["imageConfig"]["format"].as_str()?;
    ["v3.8", "v3.9", "v3.10"]
        .iter()
        .any(|version| format.contains(version))
        .then(|| format!("`imageConfig.format` is `{format}`"))
}

/// A policy may leave its predicates or its priorities to the scheduler's defaults.
fn scheduler(value: &Value) -> Vec<String> {
    let says = |key: &str| value[key].is_array();
    if value["kind"] != "Policy" && !says("predicates") && !says("priorities") {
        return vec!["no `Policy`, and no `predicates` or `priorities`".to_owned()];
    }
    let predicates = value["predicates"].as_array();
    predicates
        .into_iter()
        .flatten()
        .filter(|predicate| predicate["name"] == "CheckVolumeBinding")
        .map(|_| "predicate `CheckVolumeBinding` is unknown to 3.7's controllers".to_owned())
        .collect()
}

fn environment(text: &str) -> Vec<String> {
    let assignments: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        .collect();
    if assignments.is_empty() {
        return vec!["no setting in it".to_owned()];
    }
    assignments
        .iter()
        .filter_map(|line| {
            let version = line.strip_prefix("IMAGE_VERSION=")?;
            let version = version.trim_matches(['"', '\'']);
            (!version.starts_with("v3.7")).then(|| format!("`IMAGE_VERSION` is `{version}`"))
        })
        .collect()
}

/// The values of the keys that name a file, wherever they are.
fn collect_files(value: &Value, found: &mut Vec<String>) {
    const KEYS: &[&str] = &[
        "ca",
        "caFile",
        "certFile",
        "clientCA",
        "file",
        "filename",
        "htpasswd",
        "keyFile",
        "kubeConfig",
        "masterCA",
        "masterKubeConfig",
        "openshiftLoopbackKubeConfig",
        "externalKubernetesKubeConfig",
        "privateKeyFile",
        "proxyClientInfo",
        "schedulerConfigFile",
        "serviceAccountCA",
        "sessionSecretsFile",
    ];
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(name) if KEYS.contains(&key.as_str()) && !name.is_empty() => {
                        found.push(name.clone());
                    }
                    Value::Array(names) if key == "publicKeyFiles" => {
                        found.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    other => collect_files(other, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect_files(value, found)),
        _ => {}
    }
    found.sort();
    found.dedup();
}
