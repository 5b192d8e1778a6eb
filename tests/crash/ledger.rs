//! What may be done once, and was done: the commands that are not safe to repeat.
//!
//! Not repeatable is, on its host, with its words:
//! - a yum transaction that changed packages (it stands in yum's history);
//! - `etcdctl member add`, `remove` and `update` that succeeded;
//! - any other changing command whose program is not one of [`REPEATABLE`], and whose text is not [`GUARDED`].
//!
//! Such a command that succeeded must never start again. `member add` of a member that the cluster has, must
//! not start whatever its words.

use std::collections::BTreeMap;

use ocpdg::transport::sim::cluster::State;
use ocpdg::transport::{Body, Command, Effect, Exit, Failure};

/// Programs that lead to the same state when they run again.
const REPEATABLE: &[&str] = &[
    "chmod",
    "chown",
    "cp",
    "docker",
    "etcdctl",
    "mkdir",
    "mv",
    "restorecon",
    "rm",
    "rmdir",
    "sed",
    "sh",
    "sha256sum",
    "subscription-manager",
    "sync",
    "systemctl",
    "yum",
    "atomic-openshift-excluder",
    "atomic-openshift-docker-excluder",
];

/// The beginnings of shell texts that lead to the same state when they run again: this one keeps a mark of its
/// own, and does nothing where it finds it.
const GUARDED: &[&str] = &["d=/var/lib/ocpdg/docker-settings; [ -e \"$d/complete\" ] && exit 0;"];

/// What was done, each with how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger(pub BTreeMap<String, u32>);

/// A command that is under way.
pub struct UnderWay {
    title: String,
    /// What counts as done if it succeeds.
    once: bool,
    /// yum's transactions on its host before.
    transactions: usize,
}

impl Ledger {
    /// `command` is about to run on the host at `machine`; what is wrong with that, if anything.
    pub fn starts(
        &self,
        state: &State,
        machine: usize,
        command: &Command,
    ) -> (UnderWay, Option<String>) {
        let host = &state.machines[machine];
        let words = words(command);
        let title = format!("{}: {}", host.name, command.line());
        let mut wrong = self
            .0
            .contains_key(&title)
            .then(|| format!("it was done, and starts again: {title}"));
        if let Some(url) = added(&words) {
            let groups = state.etcd.groups.values();
            let mut members = groups.flat_map(|group| &group.log.members);
            if members.any(|member| member.peer_urls.contains(&url)) {
                wrong = Some(format!("the member is added already: {title}"));
            }
        }
        let under_way = UnderWay {
            title,
            once: command.effect == Effect::Changes && !is_repeatable(&words),
            transactions: transactions(state, machine),
        };
        (under_way, wrong)
    }

    /// It ended.
    pub fn ended(
        &mut self,
        under_way: UnderWay,
        state: &State,
        machine: usize,
        ended: &Result<Exit, Failure>,
    ) {
        let transacted = transactions(state, machine) > under_way.transactions;
        let succeeded = matches!(ended, Ok(Exit::Status(0)));
        if transacted || succeeded && under_way.once {
            *self.0.entry(under_way.title).or_default() += 1;
        }
    }
}

fn transactions(state: &State, machine: usize) -> usize {
    let history = state.machines[machine].packages.history.iter();
    history.filter(|entry| !entry.elements.is_empty()).count()
}

fn words(command: &Command) -> Vec<String> {
    match &command.body {
        Body::Argv(words) => words.clone(),
        Body::Shell(text) => text
            .split_whitespace()
            .skip_while(|word| word.starts_with("ETCDCTL_API="))
            .map(str::to_owned)
            .collect(),
    }
}

fn is_repeatable(words: &[String]) -> bool {
    let first = words.first().map_or("", String::as_str);
    let changes_members = words.iter().any(|word| word == "member")
        && words
            .iter()
            .any(|word| matches!(word.as_str(), "add" | "remove" | "update"));
    if GUARDED.iter().any(|text| words.join(" ").starts_with(text)) {
        return true;
    }
    REPEATABLE.contains(&first) && !(first == "etcdctl" && changes_members)
}

/// The peer URL that `etcdctl member add` is told.
fn added(words: &[String]) -> Option<String> {
    if words.first()? != "etcdctl" {
        return None;
    }
    let at = words.iter().position(|word| word == "member")?;
    if words.get(at + 1)? != "add" {
        return None;
    }
    let url = words[at..].iter().find(|word| word.contains("://"))?;
    Some(url.trim_start_matches("--peer-urls=").to_owned())
}
