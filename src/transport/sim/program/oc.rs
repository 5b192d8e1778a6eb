//! `oc`, for the few questions that a downgrade asks.

use serde_json::{Value, json};

use super::super::openshift::{self, Api, Refusal, beside};
use super::super::process::{Ended, Process};
use super::super::stream::Halt;
use super::Program;

/// The family.
pub const PROGRAMS: &[(&str, Program)] = &[
    ("oc-3.7.23", |process, argv| oc(process, argv, "3.7.23")),
    ("oc-3.8.37", |process, argv| oc(process, argv, "3.8.37")),
    ("oc-3.9.14", |process, argv| oc(process, argv, "3.9.14")),
];

#[derive(Default)]
struct Request {
    config: Option<String>,
    namespace: String,
    output: String,
    raw: Option<String>,
    words: Vec<String>,
}

impl Request {
    fn read(process: &Process<'_>, argv: &[String]) -> Result<Self, Halt> {
        let mut request = Self {
            namespace: "default".to_owned(),
            ..Self::default()
        };
        let mut words = argv[1..].iter();
        while let Some(word) = words.next() {
            let (key, value) = match word.split_once('=') {
                Some((key, value)) if word.starts_with('-') => (key, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let mut value = || {
                value
                    .clone()
                    .or_else(|| words.next().cloned())
                    .unwrap_or_default()
            };
            match key {
                "--config" => request.config = Some(value()),
                "-n" | "--namespace" => request.namespace = value(),
                "-o" | "--output" => request.output = value(),
                "--raw" => request.raw = Some(value()),
                "-ojson" => request.output = "json".to_owned(),
                _ if key.starts_with("--request-timeout") => {
                    value();
                }
                _ if key.starts_with('-') => return process.unmodelled(format_args!("oc {word}")),
                _ => request.words.push(word.clone()),
            }
        }
        Ok(request)
    }
}

/// A failure of `oc`: its status and what it says.
struct Failed(u8, String);

fn oc(process: &mut Process<'_>, argv: &[String], version: &str) -> Ended {
    let request = Request::read(process, argv)?;
    openshift::settle(process)?;
    let words: Vec<&str> = request.words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["get", kind, rest @ ..] => get(process, &request, version, kind, rest.first().copied()),
        ["get"] if request.raw.is_some() => raw(process, &request),
        ["version"] => return show_version(process, &request, version),
        ["adm", "diagnostics"] => return diagnostics(process, &request, version),
        _ => return process.unmodelled(argv.join(" ")),
    };
    match done {
        Ok(text) => {
            process.write(text)?;
            Ok(0)
        }
        Err(Failed(0, what)) => process.unmodelled(what),
        Err(Failed(status, message)) => process.fail(status, message),
    }
}

/// The address that a kubeconfig leads to, and who answers there.
type Server = (String, Result<Api, Refusal>);

/// The API that the kubeconfig leads to, with its address; nothing if there is no kubeconfig.
fn client(process: &Process<'_>, request: &Request) -> Result<Option<Server>, Failed> {
    let home = process
        .environment
        .get("HOME")
        .map_or("/root", String::as_str);
    let path = match &request.config {
        Some(path) => path.clone(),
        None => process
            .environment
            .get("KUBECONFIG")
            .cloned()
            .unwrap_or_else(|| format!("{home}/.kube/config")),
    };
    let path = process.path(&path);
    let state = process.cluster.state();
    let files = &state.machines[process.machine].files;
    if !files.exists(&path) {
        return match &request.config {
            Some(path) => Err(Failed(
                1,
                format!("Error loading config file \"{path}\": no such file or directory"),
            )),
            None => Ok(None),
        };
    }
    let config = openshift::load(files, &path).map_err(|reason| Failed(1, reason))?;
    let cluster = &config["clusters"][0]["cluster"];
    let authority = cluster["certificate-authority"]
        .as_str()
        .unwrap_or_default();
    if !files.exists(&beside(&path, authority)) {
        return Err(Failed(
            1,
            format!("error: unable to read certificate-authority {authority}"),
        ));
    }
    let server = cluster["server"].as_str().unwrap_or_default().to_owned();
    let (host, port) = server
        .trim_start_matches("https://")
        .rsplit_once(':')
        .unwrap_or(("", "8443"));
    let api = openshift::locate(&state, process.machine, host, port.parse().unwrap_or(8443));
    Ok(Some((server, api)))
}

/// The API, or the words of a client that got no answer.
fn api(process: &Process<'_>, request: &Request) -> Result<Api, Failed> {
    match client(process, request)? {
        Some((_, Ok(api))) => Ok(api),
        Some((server, Err(Refusal::NotConnected(_)))) => Err(Failed(
            1,
            format!(
                "The connection to the server {} was refused - did you specify the right host or port?",
                server.trim_start_matches("https://")
            ),
        )),
        Some((_, Err(Refusal::NoStorage(reason)))) => {
            Err(Failed(1, format!("Error from server (InternalError): {reason}")))
        }
        None => Err(Failed(
            1,
            "The connection to the server localhost:8443 was refused - did you specify the right host or port?".to_owned(),
        )),
    }
}

fn raw(process: &Process<'_>, request: &Request) -> Result<String, Failed> {
    let api = api(process, request)?;
    match request.raw.as_deref() {
        Some("/healthz" | "/healthz/ready") => Ok("ok".to_owned()),
        Some(path) => {
            let found = openshift::object(&process.cluster.state(), &api, path);
            found
                .map(|value| value.to_string())
                .ok_or_else(|| Failed(0, format!("oc get --raw {path}")))
        }
        None => Ok(String::new()),
    }
}

fn get(
    process: &Process<'_>,
    request: &Request,
    version: &str,
    kind: &str,
    name: Option<&str>,
) -> Result<String, Failed> {
    let (kind, name) = match kind.split_once('/') {
        Some((kind, name)) => (kind, Some(name)),
        None => (kind, name),
    };
    let kind = match kind {
        "node" | "nodes" | "no" => "nodes",
        "pod" | "pods" | "po" => "pods",
        "dc" | "deploymentconfig" | "deploymentconfigs" => "deploymentconfigs",
        "namespace" | "namespaces" | "ns" | "project" | "projects" => "namespaces",
        other => return Err(Failed(0, format!("oc get {other}"))),
    };
    let api = api(process, request)?;
    let root = if kind == "deploymentconfigs" {
        "/oapi/v1"
    } else {
        "/api/v1"
    };
    let mut path = if matches!(kind, "nodes" | "namespaces") {
        format!("{root}/{kind}")
    } else {
        format!("{root}/namespaces/{}/{kind}", request.namespace)
    };
    if let Some(name) = name {
        path.push_str(&format!("/{name}"));
    }
    let found = openshift::object(&process.cluster.state(), &api, &path).ok_or_else(|| {
        let name = name.unwrap_or_default();
        Failed(
            1,
            format!("Error from server (NotFound): {kind} \"{name}\" not found"),
        )
    })?;
    let items: Vec<Value> = match name {
        Some(_) => vec![found.clone()],
        None => found["items"].as_array().cloned().unwrap_or_default(),
    };
    match request.output.as_str() {
        "json" => {
            let shown = match name {
                Some(_) => found,
                None => json!({"apiVersion": "v1", "kind": "List", "items": items}),
            };
            Ok(serde_json::to_string_pretty(&shown).unwrap_or_default() + "\n")
        }
        "name" => Ok(items
            .iter()
            .map(|one| {
                format!(
                    "{kind}/{}\n",
                    one["metadata"]["name"].as_str().unwrap_or_default()
                )
            })
            .collect()),
        "" | "wide" => Ok(table(kind, &items, version)),
        other => Err(Failed(0, format!("oc get -o {other}"))),
    }
}

fn is_ready(node: &Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    let mut all = conditions.into_iter().flatten();
    all.any(|one| one["type"] == "Ready" && one["status"] == "True")
}

fn table(kind: &str, items: &[Value], version: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let roles = kind == "nodes" && openshift::minor(version) >= 9;
    let mut rows: Vec<Vec<String>> = vec![
        match kind {
            "nodes" if roles => vec!["NAME", "STATUS", "ROLES", "AGE", "VERSION"],
            "nodes" => vec!["NAME", "STATUS", "AGE", "VERSION"],
            "pods" => vec!["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
            _ => vec!["NAME"],
        }
        .into_iter()
        .map(str::to_owned)
        .collect(),
    ];
    for one in items {
        let name = text(&one["metadata"]["name"]);
        rows.push(match kind {
            "nodes" => {
                let mut status = if is_ready(one) { "Ready" } else { "NotReady" }.to_owned();
                if one["spec"]["unschedulable"] == true {
                    status.push_str(",SchedulingDisabled");
                }
                let mut row = vec![name, status];
                if roles {
                    row.push("compute".to_owned());
                }
                row.extend([
                    "22m".to_owned(),
                    text(&one["status"]["nodeInfo"]["kubeletVersion"]),
                ]);
                row
            }
            "pods" => {
                let statuses = one["status"]["containerStatuses"].as_array();
                let good = statuses
                    .into_iter()
                    .flatten()
                    .filter(|one| one["ready"] == true)
                    .count();
                let all = one["spec"]["containers"].as_array().map_or(0, Vec::len);
                vec![
                    name,
                    format!("{good}/{all}"),
                    text(&one["status"]["phase"]),
                    "0".to_owned(),
                    "22m".to_owned(),
                ]
            }
            _ => vec![name],
        });
    }
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|at| rows.iter().map(|row| row[at].len()).max().unwrap_or(0) + 3)
        .collect();
    let mut shown = String::new();
    for row in rows {
        let line: String = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        shown.push_str(line.trim_end());
        shown.push('\n');
    }
    shown
}

fn show_version(process: &Process<'_>, request: &Request, version: &str) -> Ended {
    process.line(format_args!(
        "oc v{version}\nkubernetes {}\nfeatures: Basic-Auth GSSAPI Kerberos SPNEGO",
        openshift::kubelet(version)
    ))?;
    match client(process, request) {
        Err(Failed(status, message)) => process.fail(status, message),
        Ok(None) => Ok(0),
        Ok(Some((server, Ok(api)))) => {
            process.line(format_args!(
                "\nServer {server}\nopenshift v{}\nkubernetes {}",
                api.version,
                openshift::kubelet(&api.version)
            ))?;
            Ok(0)
        }
        Ok(Some(_)) => process.fail(
            1,
            "\nUnable to connect to a server to handle the version check",
        ),
    }
}

fn diagnostics(process: &Process<'_>, request: &Request, version: &str) -> Ended {
    process.spend(std::time::Duration::from_secs(30))?;
    let mut errors = 0;
    match client(process, request) {
        Err(Failed(status, message)) => return process.fail(status, message),
        Ok(None) => process.line(
            "[Note] Could not configure a client, so client diagnostics are limited to testing configuration and connection\n[Note] No client configuration specified; skipping client and cluster diagnostics.",
        )?,
        Ok(Some((_, Err(_)))) => {
            errors = 1;
            process.line("ERROR: [DClu0003 from diagnostic NodeDefinition@openshift/origin]\n       the API does not answer\n")?;
        }
        Ok(Some((_, Ok(api)))) => {
            process.line("[Note] Running diagnostic: NodeDefinitions\n       Description: Check node records on master\n")?;
            let nodes = openshift::object(&process.cluster.state(), &api, "/api/v1/nodes").unwrap_or_default();
            for node in nodes["items"].as_array().into_iter().flatten().filter(|node| !is_ready(node)) {
                errors += 1;
                process.line(format_args!(
                    "ERROR: [DClu0002 from diagnostic NodeDefinition@openshift/origin]\n       Node {} is not ready\n",
                    node["metadata"]["name"].as_str().unwrap_or_default()
                ))?;
            }
        }
    }
    process.line(format_args!(
        "[Note] Summary of diagnostics execution (version v{version}):"
    ))?;
    if errors == 0 {
        process.line("[Note] Completed with no errors or warnings seen.")?;
        return Ok(0);
    }
    process.line(format_args!("[Note] Errors seen: {errors}"))?;
    Ok(if openshift::minor(version) == 7 {
        255
    } else {
        1
    })
}
