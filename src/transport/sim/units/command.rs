//! `ExecStart=`, `Environment=` and environment files, as systemd reads them.

use std::collections::BTreeMap;

use super::file::Unit;
use crate::transport::sim::files::Files;

/// The environment of a service; `None` if a file that has to be there is not.
pub fn environment(files: &Files, unit: &Unit) -> Result<BTreeMap<String, String>, String> {
    let mut all: BTreeMap<String, String> = [
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"),
        ("LANG", "en_US.UTF-8"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for value in unit.all("Service", "Environment") {
        for word in words(value) {
            if let Some((name, value)) = word.split_once('=') {
                all.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    for path in unit.all("Service", "EnvironmentFile") {
        let (optional, path) = match path.strip_prefix('-') {
            Some(path) => (true, path),
            None => (false, path.as_str()),
        };
        match files.text(path) {
            Some(text) => all.extend(assignments(&text)),
            None if optional => {}
            None => return Err(path.to_owned()),
        }
    }
    Ok(all)
}

/// The assignments of an environment file.
fn assignments(text: &str) -> Vec<(String, String)> {
    text.replace("\\\n", "")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| {
            let value = value.trim();
            let bare = ['"', '\'']
                .iter()
                .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            (name.trim().to_owned(), bare.unwrap_or(value).to_owned())
        })
        .collect()
}

/// The words of `command`, its variables replaced: `${NAME}` anywhere, `$NAME` as a word of its own, which
/// becomes as many words as its value has.
pub fn expand(command: &str, environment: &BTreeMap<String, String>) -> Vec<String> {
    let command = command.trim_start_matches(['-', '@', '+', '!', ':']);
    let mut expanded = Vec::new();
    for word in words(command) {
        let name = word.strip_prefix('$').filter(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        });
        match name {
            Some(name) => {
                let value = environment.get(name).map_or("", String::as_str);
                expanded.extend(value.split_whitespace().map(str::to_owned));
            }
            None => expanded.push(replace(&word, environment)),
        }
    }
    expanded
}

fn replace(word: &str, environment: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            text.push('$');
            rest = after;
            continue;
        }
        let named = rest
            .strip_prefix("${")
            .and_then(|rest| rest.split_once('}'));
        match named {
            Some((name, after)) => {
                text.push_str(environment.get(name).map_or("", String::as_str));
                rest = after;
            }
            None => {
                text.push('$');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

/// Words in systemd's quoting.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (_, '\\') => {
                let next = letters.next().unwrap_or('\\');
                word.get_or_insert_default().push(match next {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
            }
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_systemd_reads_them() {
        let environment: BTreeMap<String, String> =
            [("NAME", "m0"), ("OPTS", "-a  -b"), ("NONE", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let etcd = r#"/bin/bash -c "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\"${NAME}\"""#;
        assert_eq!(
            expand(etcd, &environment),
            [
                "/bin/bash",
                "-c",
                "GOMAXPROCS=$(nproc) /usr/bin/etcd --name=\"m0\""
            ]
        );
        assert_eq!(
            expand("-/usr/bin/x $OPTS $NONE ${NONE} a$$b", &environment),
            ["/usr/bin/x", "-a", "-b", "", "a$b"]
        );
    }
}
