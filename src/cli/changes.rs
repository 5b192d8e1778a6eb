//! What is not as it was when a run worked last: the text of its script, and its hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use similar::{ChangeTag, TextDiff};

use super::progress::harmless;
use crate::error::{Error, Result};
use crate::inventory::{Cluster, Host};
use crate::journal::{self, Journal, Standing};
use crate::script::{Loaded, Part, PartKind, Runtime};

/// Lines of a difference that are shown of one text.
const SHOWN: usize = 40;
/// The file that says what a run knew of its hosts.
const HOSTS: &str = "hosts.json";

/// What is different between the texts of `before`, by name and digest, and those of `loaded`, line by
/// line; nothing if they are the same.
pub fn of_sources(
    run: &Path,
    before: &BTreeMap<String, String>,
    loaded: &Loaded,
    runtime: &Runtime,
    standing: &Standing,
) -> Vec<String> {
    let mut lines = Vec::new();
    let names: BTreeSet<&String> = before.keys().chain(loaded.digests.keys()).collect();
    for name in names {
        match (before.get(name), loaded.digests.get(name)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(_)) => {
                lines.push(format!("changed since it ran last: {name}"));
                let new = loaded.texts.get(name).map_or("", String::as_str);
                match journal::source(run, old) {
                    Some(old_text) => {
                        let kept = run.join("sources").join(old);
                        lines.extend(of_text(&old_text, new, &kept, runtime, standing));
                    }
                    None => lines.push("  (there is no copy of the text of then)".to_owned()),
                }
            }
            (Some(_), None) => lines.push(format!("not imported any more: {name}")),
            (None, _) => lines.push(format!("imported anew: {name}")),
        }
    }
    if !lines.is_empty() {
        lines.push(
            "what is finished is not done again; what is open is done as the new text says"
                .to_owned(),
        );
    }
    lines
}

/// The difference between `old`, kept at `kept`, and `new`: where it is, what it is, and which steps
/// stand in that text.
fn of_text(
    old: &str,
    new: &str,
    kept: &Path,
    runtime: &Runtime,
    standing: &Standing,
) -> Vec<String> {
    let (before, after) = (runtime.parts(old), runtime.parts(new));
    let diff = TextDiff::from_lines(old, new);
    let mut places = Vec::new();
    for change in diff.iter_all_changes() {
        let place = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => change.old_index().map(|line| part(&before, line + 1)),
            ChangeTag::Insert => change.new_index().map(|line| part(&after, line + 1)),
        };
        if let Some(place) = place.filter(|place| !places.contains(place)) {
            places.push(place);
        }
    }
    let mut lines = vec![format!("  in {}", places.join(", "))];
    let text = diff.unified_diff().context_radius(1).to_string();
    let all: Vec<&str> = text.lines().collect();
    lines.extend(
        all.iter()
            .take(SHOWN)
            .map(|line| format!("  | {}", harmless(line))),
    );
    if all.len() > SHOWN {
        lines.push(format!(
            "  and {} more lines; the text of then is {}",
            all.len() - SHOWN,
            kept.display()
        ));
    }
    let titles: BTreeSet<&str> = before
        .iter()
        .chain(&after)
        .filter(|part| part.kind == PartKind::Step)
        .map(|part| part.name.as_str())
        .collect();
    let (mut finished, mut open) = (Vec::new(), Vec::new());
    for (step, hosts) in &standing.steps {
        if !titles.contains(step.title.as_str()) {
            continue;
        }
        let of = |is_open: bool| -> Vec<&str> {
            let hosts = hosts.iter().filter(|on| on.state.is_open() == is_open);
            hosts.map(|on| on.host.as_str()).collect()
        };
        match of(true)[..] {
            [] => finished.push(format!("`{}`", step.title)),
            ref hosts => open.push(format!("`{}` on {}", step.title, on(hosts))),
        }
    }
    if !finished.is_empty() {
        lines.push(format!("  finished steps in it: {}", finished.join(", ")));
    }
    if !open.is_empty() {
        lines.push(format!("  open steps in it: {}", open.join(", ")));
    }
    lines
}

/// Names `hosts`; many are counted.
pub fn on(hosts: &[&str]) -> String {
    match hosts {
        [journal] if *journal == crate::procedure::CONTROLLER => "the controller".to_owned(),
        few if few.len() <= 4 => few.join(", "),
        many => format!("{} hosts", many.len()),
    }
}

/// What of `parts` the line `line` belongs to: a step before a function before a phase.
fn part(parts: &[Part], line: usize) -> String {
    let around = |kind: PartKind| {
        let around = parts
            .iter()
            .filter(|part| part.kind == kind && part.has(line));
        around.min_by_key(|part| part.last - part.first)
    };
    let found = around(PartKind::Step)
        .or_else(|| around(PartKind::Function))
        .or_else(|| around(PartKind::Phase));
    match found {
        Some(part) => {
            let kind = match part.kind {
                PartKind::Step => "step",
                PartKind::Function => "function",
                PartKind::Phase => "phase",
            };
            format!("{kind} `{}`", part.name)
        }
        None => "the text around".to_owned(),
    }
}

/// What a run knew of its hosts: no values of variables, which may be secret, but what tells whether
/// they are the same.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    salt: String,
    hosts: BTreeMap<String, BTreeMap<String, String>>,
}

impl Known {
    fn of(cluster: &Cluster, salt: &str) -> Self {
        let hosts = cluster.hosts().iter();
        Self {
            salt: salt.to_owned(),
            hosts: hosts
                .map(|host| (host.name.clone(), facts(host, salt)))
                .collect(),
        }
    }
}

/// The facts of `host`; a value that may be secret as its digest with `salt`.
fn facts(host: &Host, salt: &str) -> BTreeMap<String, String> {
    let connection = &host.connection;
    let text = |text: Option<&str>| text.unwrap_or("none").to_owned();
    let secret = |value: &Option<String>| {
        value
            .as_deref()
            .map_or_else(|| "none".to_owned(), |value| digest(salt, value))
    };
    let key = connection.private_key.as_ref();
    let port = connection.port.map(|port| port.to_string());
    let mut facts = BTreeMap::from([
        ("address".to_owned(), connection.address.clone()),
        ("port".to_owned(), text(port.as_deref())),
        ("user".to_owned(), text(connection.user.as_deref())),
        (
            "method".to_owned(),
            format!("{:?}", connection.method).to_lowercase(),
        ),
        ("sudo".to_owned(), connection.become_root.to_string()),
        (
            "key".to_owned(),
            text(key.map(|path| path.display().to_string()).as_deref()),
        ),
        (
            "ssh arguments".to_owned(),
            connection.ssh_arguments.join(" "),
        ),
        ("#password".to_owned(), secret(&connection.password)),
        (
            "#sudo password".to_owned(),
            secret(&connection.become_password),
        ),
        ("groups".to_owned(), host.groups.join(" ")),
    ]);
    for (name, value) in host.variables.iter() {
        // What it says of the connection is told as such.
        if !name.starts_with("ansible_") {
            facts.insert(format!("#{name}"), digest(salt, &value.to_string()));
        }
    }
    facts
}

fn digest(salt: &str, value: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(salt.as_bytes()) else {
        return String::new();
    };
    mac.update(value.as_bytes());
    let digest = mac.finalize().into_bytes();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Keeps beside `journal` what the run goes by from now on: the texts of `loaded`, and what `cluster` is.
///
/// # Errors
/// If the disk refuses.
pub fn keep(journal: &Journal, loaded: &Loaded, cluster: &Cluster) -> Result<()> {
    for (name, text) in &loaded.texts {
        if let Some(digest) = loaded.digests.get(name) {
            journal::keep_source(journal.directory(), digest, text)?;
        }
    }
    let mut salt = [0; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut salt))
        .map_err(|error| Error::controller("draw a random number", error))?;
    let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = serde_json::to_string(&Known::of(cluster, &salt))
        .map_err(|error| Error::controller("write down the hosts", error))?;
    journal::keep(journal.directory(), HOSTS, &text)
}

/// How `cluster` is another than it was when the run in the directory `run` worked last, line by line; by
/// `names`, its hosts at the beginning, where nothing else was kept.
pub fn of_hosts(run: &Path, names: &[String], cluster: &Cluster) -> Vec<String> {
    let known = std::fs::read_to_string(run.join(HOSTS)).ok();
    let known = known.and_then(|text| serde_json::from_str::<Known>(&text).ok());
    let known = known.unwrap_or_else(|| Known {
        salt: String::new(),
        hosts: names
            .iter()
            .map(|name| (name.clone(), BTreeMap::new()))
            .collect(),
    });
    let now = Known::of(cluster, &known.salt);
    // Many hosts may share one change, by a variable of their group.
    let mut changes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, facts) in &known.hosts {
        let Some(present) = now.hosts.get(name) else {
            let text = "not in the inventory any more: its steps are not done".to_owned();
            changes.entry(text).or_default().push(name);
            continue;
        };
        if facts.is_empty() {
            continue;
        }
        for key in facts.keys().chain(present.keys()).collect::<BTreeSet<_>>() {
            let (old, new) = (facts.get(key), present.get(key));
            if old == new {
                continue;
            }
            let text = match (key.strip_prefix('#'), old, new) {
                (Some(variable), None, _) => format!("variable `{variable}` is new"),
                (Some(variable), _, None) => format!("variable `{variable}` is gone"),
                (Some(secret @ ("password" | "sudo password")), ..) => {
                    format!("its {secret} is another")
                }
                (Some(variable), ..) => format!("variable `{variable}` has another value"),
                (None, old, new) => format!(
                    "its {key} was {}, and is {}",
                    old.map_or("none", String::as_str),
                    new.map_or("none", String::as_str)
                ),
            };
            changes.entry(text).or_default().push(name);
        }
    }
    for name in now
        .hosts
        .keys()
        .filter(|name| !known.hosts.contains_key(*name))
    {
        let text = "new in the inventory: all steps are done there".to_owned();
        changes.entry(text).or_default().push(name);
    }
    changes
        .into_iter()
        .map(|(text, hosts)| format!("inventory, {}: {}", on(&hosts), harmless(&text)))
        .collect()
}
