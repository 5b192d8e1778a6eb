//! What yum's configuration keeps away from it.

use crate::error::Result;
use crate::primitive::Host;
use crate::transport::{Command, Effect};

pub(super) const YUM_CONF: &str = "/etc/yum.conf";

/// Prints the lists of the versionlock plugin that are there.
const LOCKS: &str = "for f in /etc/yum/pluginconf.d/versionlock.list /etc/dnf/plugins/versionlock.list; \
                     do [ -f \"$f\" ] && cat \"$f\"; done; :";

/// The patterns that `exclude=` in `/etc/yum.conf` names, in its order.
///
/// # Errors
/// `Command` when the file cannot be read.
pub fn excludes(host: &Host) -> Result<Vec<String>> {
    let text = host.run(&Command::reads(["cat", YUM_CONF]))?.text();
    Ok(patterns(&text))
}

/// The entries of yum's versionlock plugin: `!` before one means that this version is excluded;
/// empty where the plugin is not used.
///
/// # Errors
/// The transport's failures.
pub fn version_locks(host: &Host) -> Result<Vec<String>> {
    let text = host.run(&Command::shell(LOCKS, Effect::Reads))?.text();
    Ok(locks(&text))
}

/// What [`excludes`] and [`version_locks`] tell; one round trip.
///
/// # Errors
/// As [`excludes`].
pub(super) fn hiding(host: &Host) -> Result<(Vec<String>, Vec<String>)> {
    let script = format!("cat {YUM_CONF} || exit 1; printf '\\0'; {LOCKS}");
    let command = Command::shell(script, Effect::Reads);
    let output = host.run(&command)?;
    let text = output.text();
    match text.rsplit_once('\0') {
        Some((conf, list)) => Ok((patterns(conf), locks(list))),
        None => Err(host.failed(&command, &output)),
    }
}

fn locks(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// The patterns of the `exclude=` options in the main section of `text`.
pub(super) fn patterns(text: &str) -> Vec<String> {
    text.lines()
        .zip(exclude_values(text))
        .filter_map(|(line, start)| Some(&line[start?..]))
        .flat_map(words)
        .map(str::to_owned)
        .collect()
}

/// `text` without the patterns of its `exclude=` options that `drop` names; all else stays.
pub(super) fn without(text: &str, drop: impl Fn(&str) -> bool) -> String {
    let mut result = String::with_capacity(text.len());
    for (line, start) in text.lines().zip(exclude_values(text)) {
        match start {
            Some(start) if words(&line[start..]).any(&drop) => {
                let kept: Vec<&str> = words(&line[start..]).filter(|word| !drop(word)).collect();
                let indented = line.starts_with([' ', '\t']);
                if indented && kept.is_empty() {
                    continue;
                }
                result.push_str(&line[..start]);
                if indented {
                    result.push(' ');
                }
                result.push_str(&kept.join(" "));
            }
            _ => result.push_str(line),
        }
        result.push('\n');
    }
    result
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
}

/// For each line of `text`, where the value of an `exclude=` option begins in it, if it is part of
/// one: the option's own line, or an indented one that continues it.
fn exclude_values(text: &str) -> Vec<Option<usize>> {
    let mut main = true;
    let mut inside = false;
    text.lines()
        .map(|line| {
            let bare = line.trim();
            if bare.starts_with('#') || bare.starts_with(';') {
                return None;
            }
            if line.starts_with([' ', '\t']) && !bare.is_empty() {
                return inside.then_some(0);
            }
            inside = false;
            if bare.starts_with('[') {
                main = bare == "[main]";
                return None;
            }
            let (key, _) = line.split_once('=')?;
            inside = main && matches!(key.trim(), "exclude" | "excludepkgs");
            inside.then_some(key.len() + 1)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "[main]\ncachedir=/var/cache\nexclude= atomic-openshift-node  docker*1.13* kernel*,etcd\n  atomic-openshift\n\tfoo\n# exclude=no\ninstalonly_limit=5\n[other]\nexclude=not-main\n";

    #[test]
    fn continued_lines_belong_to_the_option() {
        assert_eq!(
            patterns(CONF),
            [
                "atomic-openshift-node",
                "docker*1.13*",
                "kernel*",
                "etcd",
                "atomic-openshift",
                "foo"
            ]
        );
        assert!(patterns("exclude=\n").is_empty());
        assert!(patterns("no option\n[\n=\n\u{feff}\n").is_empty());
    }

    #[test]
    fn only_the_named_patterns_go() {
        let text = without(CONF, |word| {
            word.starts_with("atomic") || word == "docker*1.13*"
        });
        assert_eq!(patterns(&text), ["kernel*", "etcd", "foo"]);
        assert!(text.contains("[other]\nexclude=not-main\n"));
        assert_eq!(without(CONF, |_| false), CONF);
    }
}
