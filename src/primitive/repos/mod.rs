//! Repositories: which are enabled, and switching from one release's to another's.
//!
//! Sites differ: subscription-manager where the host has its own subscription, yum-config-manager
//! for plain repository files, and the files themselves where neither is there. All of them are
//! judged by `yum repolist`.

mod files;

use serde::{Deserialize, Serialize};

use super::yum::query::{fits, is_glob};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host, tail};
use crate::transport::{Command, Effect, Output};

/// What switches repositories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Those that are on the host, in the order below, until the state is reached.
    #[default]
    Auto,
    /// `subscription-manager repos`.
    SubscriptionManager,
    /// `yum-config-manager`, of yum-utils.
    YumConfigManager,
    /// `enabled=` in the files below `/etc/yum.repos.d`.
    RepoFiles,
}

/// Which repositories [`switch`] disables and enables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switch {
    /// Ids, or patterns of ids (`*-ose-3.9-rpms`), to disable. One that is not known is disabled.
    pub disable: Vec<String>,
    /// Ids to enable.
    pub enable: Vec<String>,
    /// What to do it with.
    pub method: Method,
}

/// The ids of the enabled repositories, sorted.
///
/// # Errors
/// `Command` when yum cannot read its configuration.
pub fn enabled(host: &Host) -> Result<Vec<String>> {
    let command = Command::reads(["yum", "-q", "repolist", "enabled"]).env("LC_ALL", "C");
    Ok(parse(&host.run(&command)?.text()))
}

fn parse(text: &str) -> Vec<String> {
    let mut ids: Vec<String> = text
        .lines()
        .skip_while(|line| !line.starts_with("repo id"))
        .skip(1)
        .filter(|line| !line.starts_with("repolist:") && !line.starts_with([' ', '\t']))
        .filter_map(|line| line.split_whitespace().next())
        // yum 3: `!ID/7Server/x86_64`, `!` for old metadata, `*` for metadata to be checked.
        .filter_map(|word| word.trim_start_matches(['!', '*']).split('/').next())
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// What is still to do.
struct Todo {
    disable: Vec<String>,
    enable: Vec<String>,
}

impl Todo {
    fn from(switch: &Switch, enabled: &[String]) -> Self {
        let unwanted = |id: &String| switch.disable.iter().any(|glob| fits(glob, id));
        Self {
            disable: enabled.iter().filter(|id| unwanted(id)).cloned().collect(),
            enable: switch
                .enable
                .iter()
                .filter(|id| !enabled.contains(id))
                .cloned()
                .collect(),
        }
    }

    fn is_done(&self) -> bool {
        self.disable.is_empty() && self.enable.is_empty()
    }
}

/// Disables and enables repositories; before and after are the ids of the enabled ones.
///
/// Only what is enabled is disabled, so an id that a host never heard of is no failure there. After
/// a change yum's caches are cleared.
///
/// # Errors
/// `State` naming what is not as wanted, with what the tools said, when the methods at hand did not
/// reach it; `Invalid` for an id to enable that is a pattern, or to be disabled as well.
///
/// Source: OCP 3.9 Upgrading Clusters, Downgrading, Reinstalling RPMs, step 1.
pub fn switch(host: &Host, switch: &Switch) -> Result<Change<Vec<String>>> {
    check(switch)?;
    let before = enabled(host)?;
    let mut todo = Todo::from(switch, &before);
    if todo.is_done() {
        return Ok(Change::between(before.clone(), before));
    }
    let mut now = before.clone();
    let mut said = Vec::new();
    for method in methods(host, switch.method)? {
        said.extend(apply(host, method, &todo)?);
        now = enabled(host)?;
        todo = Todo::from(switch, &now);
        if todo.is_done() {
            break;
        }
    }
    if now != before {
        host.run(&Command::changes(["yum", "clean", "all"]).env("LC_ALL", "C"))?;
    }
    if todo.is_done() {
        return Ok(Change::between(before, now));
    }
    let list = |ids: &[String], state: &str| {
        ids.iter()
            .map(|id| format!("`{id}` {state}"))
            .collect::<Vec<_>>()
    };
    let wanted = [
        list(&todo.enable, "enabled"),
        list(&todo.disable, "disabled"),
    ]
    .concat();
    Err(Error::state(
        host.name(),
        "repositories",
        wanted.join(", "),
        match now.as_slice() {
            [] => "none enabled".to_owned(),
            now => format!("enabled: {}", now.join(", ")),
        },
    )
    .with_evidence(said.join("\n"))
    .with_hint(format!(
        "`yum repolist all` on `{}` shows the ids this site has; switch them there, or give the script the site's own",
        host.name()
    )))
}

/// The ids of the repositories that would be enabled after [`switch`], sorted; nothing is changed.
///
/// # Errors
/// `Command` when yum cannot read its configuration; `Invalid` as [`switch`].
pub fn enabled_after(host: &Host, switch: &Switch) -> Result<Vec<String>> {
    check(switch)?;
    let mut ids = enabled(host)?;
    let todo = Todo::from(switch, &ids);
    ids.retain(|id| !todo.disable.contains(id));
    ids.extend(todo.enable);
    ids.sort();
    Ok(ids)
}

fn check(switch: &Switch) -> Result<()> {
    for id in switch.disable.iter().chain(&switch.enable) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-*?".contains(&byte);
        if id.is_empty() || id.starts_with('-') || !id.bytes().all(plain) {
            return Err(Error::invalid(
                format!("repository `{}`", id.escape_debug()),
                "an id has letters, digits and `_.:-` only, patterns to disable also `*` and `?`",
            ));
        }
    }
    for id in &switch.enable {
        if is_glob(id) {
            return Err(Error::invalid(
                format!("repository `{id}`"),
                "give the whole id of a repository to enable",
            ));
        }
        if let Some(glob) = switch.disable.iter().find(|glob| fits(glob, id)) {
            return Err(Error::invalid(
                format!("repository `{id}`"),
                format!("it is to be enabled, and disabled by `{glob}`"),
            ));
        }
    }
    Ok(())
}

/// The methods to try, in order.
fn methods(host: &Host, method: Method) -> Result<Vec<Method>> {
    if method != Method::Auto {
        return Ok(vec![method]);
    }
    let script = "for c in subscription-manager yum-config-manager; do command -v \"$c\" >/dev/null && echo \"$c\"; done; :";
    let text = host.run(&Command::shell(script, Effect::Reads))?.text();
    let has = |name: &str| text.lines().any(|line| line == name);
    let mut methods = Vec::new();
    if has("subscription-manager") {
        methods.push(Method::SubscriptionManager);
    }
    if has("yum-config-manager") {
        methods.push(Method::YumConfigManager);
    }
    methods.push(Method::RepoFiles);
    Ok(methods)
}

/// Does what `method` can, and returns what it said. Its exit status tells nothing: with an unknown
/// id subscription-manager fails and does the rest, and where it may not manage repositories it
/// succeeds and does nothing.
fn apply(host: &Host, method: Method, todo: &Todo) -> Result<Vec<String>> {
    let run = |argv: Vec<String>| -> Result<String> {
        let command = Command::changes(argv).env("LC_ALL", "C");
        let output = host.output(&command)?;
        Ok(heard(&command, &output))
    };
    match method {
        Method::SubscriptionManager => {
            let mut argv = vec!["subscription-manager".to_owned(), "repos".to_owned()];
            argv.extend(todo.disable.iter().map(|id| format!("--disable={id}")));
            argv.extend(todo.enable.iter().map(|id| format!("--enable={id}")));
            Ok(vec![run(argv)?])
        }
        Method::YumConfigManager => [("--disable", &todo.disable), ("--enable", &todo.enable)]
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(flag, ids)| {
                let fixed = ["yum-config-manager", flag].map(str::to_owned);
                run(fixed.into_iter().chain(ids.iter().cloned()).collect())
            })
            .collect(),
        Method::RepoFiles | Method::Auto => {
            files::switch(host, &todo.disable, &todo.enable).map(|note| vec![note])
        }
    }
}

/// The lines of `output` that are worth showing when it all failed.
fn heard(command: &Command, output: &Output) -> String {
    let (out, err) = (tail(&output.stdout), tail(&output.stderr));
    let said = if err.is_empty() { out } else { err };
    format!("$ {}\n{said}", command.line())
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_yum_3_and_from_dnf() {
        let yum = "Repodata is over 2 weeks old.\nrepo id                     repo name          status\n\
            !rhel-7-server-ose-3.9-rpms/x86_64  Red Hat OpenShift  1,045\n\
            *rhel-7-server-rpms/7Server/x86_64 Red Hat   20,000+3\nrepolist: 21,045\n";
        assert_eq!(
            parse(yum),
            ["rhel-7-server-ose-3.9-rpms", "rhel-7-server-rpms"]
        );
        let dnf = "repo id                       repo name\nb  The b\na  The a\n";
        assert_eq!(parse(dnf), ["a", "b"]);
        assert!(parse("").is_empty());
        assert!(parse("no header\nx y\n").is_empty());
    }
}
