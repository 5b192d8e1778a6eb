//! What the API says: nodes, images, pods, health.
//!
//! `oc` runs on a master with its administrator's configuration, and answers in JSON: the columns
//! of its tables differ between 3.7 and 3.9.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::primitive::{Host, file};
use crate::transport::{Command, Exit, Output};

/// The administrator's configuration on every master.
const ADMIN: &str = "--config=/etc/origin/master/admin.kubeconfig";

/// How many seconds an answer of the API may take: one that hangs must not hang us.
const ANSWER_SECS: &str = "60";

/// How many seconds `oc adm diagnostics` may take: it starts pods, which may pull their images.
const DIAGNOSTICS_SECS: &str = "600";

/// What `timeout` exits with when the time was over.
const OVERDUE: i64 = 124;

const MASTER_CONFIG: &str = "/etc/origin/master/master-config.yaml";

/// A node, as the API knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether its condition `Ready` is true.
    pub ready: bool,
    /// Whether pods may be placed on it; masters of 3.7 are not.
    pub schedulable: bool,
    /// Whether it is labelled as a master, which the upgrade to 3.9 does.
    pub master: bool,
    /// Its kubelet's version: `v1.7...` in 3.7, `v1.9...` in 3.9.
    pub kubelet_version: String,
}

/// A pod, as the API knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// `Running`, `Pending`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: String,
    /// How many of its containers are ready.
    pub ready: u64,
    /// How many containers it has.
    pub containers: u64,
    /// The node it is on, if any.
    pub node: Option<String>,
    /// Their images.
    pub images: Vec<String>,
}

/// What a health address answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healthz {
    /// The address.
    pub url: String,
    /// Whether it answered exactly `ok`.
    pub ok: bool,
    /// What it answered, or what `curl` said.
    pub answer: String,
}

/// What `oc version` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The client's, such as `v3.7.23`.
    pub client: String,
    /// The server's; nothing if the API did not answer.
    pub server: Option<String>,
}

/// What `oc adm diagnostics` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Whether the cluster was looked at at all: without an administrator's configuration it is
    /// not, and the summary says that all is well.
    pub complete: bool,
    /// How many errors.
    pub errors: u64,
    /// How many warnings, of which nearly every cluster has some.
    pub warnings: u64,
    /// Each error: its id and the first line of its text.
    pub messages: Vec<String>,
}

fn oc<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    within(ANSWER_SECS, arguments)
}

fn within<'a>(secs: &'a str, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    // `-k`: what ignores the first signal is killed.
    let prefix = ["timeout", "-k", "5", secs, "oc", ADMIN];
    file::in_english(Command::reads(prefix.into_iter().chain(arguments)))
}

fn json(host: &Host, command: &Command) -> Result<Value> {
    let output = host.output(command)?;
    if !output.exit.success() {
        return Err(failed(host, command, &output));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| odd(host, command, &error.to_string()))
}

/// The error that `command` ended with `output`, or not in time.
fn failed(host: &Host, command: &Command, output: &Output) -> Error {
    let error = host.failed(command, output);
    if output.exit.code() == OVERDUE {
        return error.with_hint(format!(
            "there was no answer in time; see `journalctl -u atomic-openshift-master-api --no-pager -n 100` on `{}`",
            host.name()
        ));
    }
    error
}

fn odd(host: &Host, command: &Command, found: &str) -> Error {
    let subject = format!("the answer of `{}`", command.line());
    Error::state(host.name(), subject, "JSON of the API", found)
}

/// All nodes, in the API's order.
///
/// # Errors
/// `Command` if the API does not answer; `State` if the answer is odd.
///
/// Source: OCP 3.9 Downgrading, Verifying the downgrade, step 1.
pub fn nodes(host: &Host) -> Result<Vec<Node>> {
    let command = oc(["get", "nodes", "-o", "json"]);
    let answer = json(host, &command)?;
    let items = answer["items"].as_array();
    let items = items.ok_or_else(|| odd(host, &command, "no `items`"))?;
    Ok(items
        .iter()
        .map(|item| {
            let conditions = item["status"]["conditions"].as_array();
            let ready = conditions
                .into_iter()
                .flatten()
                .any(|one| one["type"] == "Ready" && one["status"] == "True");
            Node {
                name: text(&item["metadata"]["name"]),
                ready,
                schedulable: item["spec"]["unschedulable"] != true,
                master: item["metadata"]["labels"]["node-role.kubernetes.io/master"] == "true",
                kubelet_version: text(&item["status"]["nodeInfo"]["kubeletVersion"]),
            }
        })
        .collect())
}

/// The images of the deployment config `name` in `namespace`; nothing if it is not deployed.
///
/// # Errors
/// `Command` if the API does not answer.
///
/// Source: OCP 3.9 Downgrading, Verifying the downgrade, step 2.
pub fn images(host: &Host, namespace: &str, name: &str) -> Result<Option<Vec<String>>> {
    check_name("namespace", namespace)?;
    check_name("deployment config", name)?;
    let object = format!("dc/{name}");
    let command = oc(["get", "-n", namespace, &object, "-o", "json"]);
    let output = host.output(&command)?;
    if !output.exit.success() {
        if output.error_text().contains("(NotFound)") {
            return Ok(None);
        }
        return Err(failed(host, &command, &output));
    }
    let answer: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| odd(host, &command, &error.to_string()))?;
    let containers = &answer["spec"]["template"]["spec"]["containers"];
    Ok(Some(container_images(containers)))
}

fn container_images(containers: &Value) -> Vec<String> {
    let containers = containers.as_array().into_iter().flatten();
    containers.map(|one| text(&one["image"])).collect()
}

/// The pods of `namespace`.
///
/// # Errors
/// `Command` if the API does not answer; `State` if the answer is odd.
pub fn pods(host: &Host, namespace: &str) -> Result<Vec<Pod>> {
    check_name("namespace", namespace)?;
    let command = oc(["get", "pods", "-n", namespace, "-o", "json"]);
    let answer = json(host, &command)?;
    let items = answer["items"].as_array();
    let items = items.ok_or_else(|| odd(host, &command, "no `items`"))?;
    Ok(items
        .iter()
        .map(|item| {
            let statuses = item["status"]["containerStatuses"].as_array();
            let ready = statuses
                .into_iter()
                .flatten()
                .filter(|one| one["ready"] == true);
            let containers = item["spec"]["containers"].as_array();
            Pod {
                name: text(&item["metadata"]["name"]),
                phase: text(&item["status"]["phase"]),
                ready: ready.count() as u64,
                containers: containers.map_or(0, |all| all.len() as u64),
                node: item["spec"]["nodeName"].as_str().map(str::to_owned),
                images: container_images(&item["spec"]["containers"]),
            }
        })
        .collect())
}

/// Asks `address` of the API of `host` itself, such as `healthz/ready`, by the host's own name and
/// the port of its master-config: the load balancer's name would answer for any master.
///
/// `name` replaces the host's own (`hostname`). An API that does not answer is an answer.
///
/// # Errors
/// `Command` if the host's name or configuration cannot be read.
pub fn healthz(host: &Host, name: Option<&str>, address: &str) -> Result<Healthz> {
    let config = master_config(host)?;
    let port = config["servingInfo"]["bindAddress"]
        .as_str()
        .and_then(|bind| bind.rsplit(':').next())
        .and_then(|port| port.parse::<u16>().ok())
        .unwrap_or(8443);
    ask(host, name, port, address)
}

/// Asks the controllers of `host` for their health, at port 8444.
///
/// Controllers that do not answer are an answer; those that wait to lead do answer.
///
/// # Errors
/// `Command` if the host's name cannot be read.
pub fn controllers_healthz(host: &Host) -> Result<Healthz> {
    ask(host, None, 8444, "healthz")
}

fn ask(host: &Host, name: Option<&str>, port: u16, address: &str) -> Result<Healthz> {
    let name = match name {
        Some(name) => name.to_owned(),
        None => host.run(&Command::reads(["hostname"]))?.text(),
    };
    check_name("host name", &name)?;
    let url = format!("https://{name}:{port}/{}", address.trim_start_matches('/'));
    let output = host.output(&Command::reads([
        "curl",
        "--silent",
        "--show-error",
        "--tlsv1.2",
        "--max-time",
        "5",
        "--noproxy",
        "*",
        "--cacert",
        "/etc/origin/master/ca-bundle.crt",
        &url,
    ]))?;
    let body = output.text();
    let ok = output.exit == Exit::Status(0) && body == "ok";
    let answer = if body.is_empty() {
        output.error_text()
    } else {
        body
    };
    Ok(Healthz {
        url,
        ok,
        answer: super::tail(answer.as_bytes()),
    })
}

/// The etcd members that the master of `host` asks: `etcdClientInfo.urls` of its configuration.
///
/// # Errors
/// `Command` if the configuration cannot be read, `State` if it is no YAML.
pub fn etcd_urls(host: &Host) -> Result<Vec<String>> {
    let config = master_config(host)?;
    let urls = config["etcdClientInfo"]["urls"].as_array();
    Ok(urls.into_iter().flatten().map(text).collect())
}

fn master_config(host: &Host) -> Result<Value> {
    let config = file::read(host, MASTER_CONFIG)?;
    serde_saphyr::from_str(&config).map_err(|error| {
        let found = error.to_string();
        let found = found.lines().next().unwrap_or_default().to_owned();
        Error::state(host.name(), format!("`{MASTER_CONFIG}`"), "YAML", found)
    })
}

/// The versions of client and server.
///
/// # Errors
/// `Command` if `oc` cannot be run; `State` if it does not tell its own version.
pub fn version(host: &Host) -> Result<Version> {
    let command = oc(["version"]);
    let output = host.output(&command)?;
    let text = output.text();
    let of = |program: &str| {
        text.lines().find_map(|line| {
            let version = line.strip_prefix(program)?.strip_prefix(' ')?;
            version.starts_with('v').then(|| version.trim().to_owned())
        })
    };
    Ok(Version {
        client: of("oc").ok_or_else(|| failed(host, &command, &output))?,
        server: of("openshift"),
    })
}

/// Runs `oc adm diagnostics` (minutes: it starts pods; ten at most) and counts what it found.
///
/// # Errors
/// `State` if it came to no summary.
///
/// Source: OCP 3.9 Downgrading, Verifying the downgrade, step 3.
pub fn diagnostics(host: &Host) -> Result<Diagnostics> {
    let command = within(DIAGNOSTICS_SECS, ["adm", "diagnostics"]);
    let output = host.output(&command)?;
    let text = format!("{}\n{}", output.text(), output.error_text());
    parse_diagnostics(&text).ok_or_else(|| failed(host, &command, &output))
}

/// The summary of `oc adm diagnostics`; nothing if it has none.
pub fn parse_diagnostics(text: &str) -> Option<Diagnostics> {
    if !text.contains("Summary of diagnostics execution") {
        return None;
    }
    let count = |label: &str| {
        text.lines()
            .find_map(|line| {
                line.strip_prefix(&format!("[Note] {label} seen: "))?
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0)
    };
    Some(Diagnostics {
        complete: !text.contains("skipping client and cluster diagnostics"),
        errors: count("Errors"),
        warnings: count("Warnings"),
        messages: messages(text),
    })
}

/// The errors in `text`: the line that begins each, and the indented one below it, which says more.
fn messages(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let errors = lines.iter().enumerate().filter_map(|(at, line)| {
        let id = line.strip_prefix("ERROR: ")?;
        let more = lines.get(at + 1).filter(|more| more.starts_with(' '));
        Some(
            format!("{id} {}", more.map_or("", |more| more.trim()))
                .trim_end()
                .to_owned(),
        )
    });
    errors.collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Names are part of commands and addresses.
fn check_name(what: &str, name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    if name.is_empty() || name.starts_with('-') || !name.bytes().all(plain) {
        let subject = format!("{what} `{}`", name.escape_debug());
        return Err(Error::invalid(
            subject,
            "wanted letters, digits, `.` and `-`",
        ));
    }
    Ok(())
}
