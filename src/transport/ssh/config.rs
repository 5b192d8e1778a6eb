//! The OpenSSH client's configuration, as far as it concerns reaching a host.
//!
//! Read here, not by `ssh -G`, because that costs a process for each of hundreds of hosts. Where a
//! file uses a condition that only OpenSSH can decide (`Match exec` and the like), `ssh -G` is
//! asked after all.
//!
//! Source: ssh_config(5). The first value of a keyword wins; `IdentityFile` and `CertificateFile`
//! add up.

mod line;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::super::Refusal;
use super::NoWay;
use super::known_hosts::like;
use super::target::{home, login_name};
use line::split_line;

/// Included files may include others, so deep at most.
const DEPTH: usize = 16;

/// What the configuration says about one host: values by keyword in lower case.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: HashMap<String, Vec<String>>,
}

impl Settings {
    /// The value of `keyword`.
    pub(super) fn get(&self, keyword: &str) -> Option<&str> {
        self.all(keyword).first().map(String::as_str)
    }

    /// All values of `keyword`.
    pub(super) fn all(&self, keyword: &str) -> &[String] {
        self.values.get(keyword).map_or(&[], Vec::as_slice)
    }

    /// Adds what a keyword and its arguments say, unless it was said before.
    pub(super) fn set(&mut self, keyword: &str, words: &[String]) {
        let adds_up = matches!(keyword, "identityfile" | "certificatefile");
        // The rest of the line is one command; lists of files stay lists.
        let words = match keyword {
            "proxycommand" => vec![words.join(" ")],
            _ => words.to_vec(),
        };
        // Two ways to say how to get there: the first one counts.
        let rival = match keyword {
            "proxycommand" => Some("proxyjump"),
            "proxyjump" => Some("proxycommand"),
            _ => None,
        };
        if rival.is_some_and(|rival| self.values.contains_key(rival)) {
            return;
        }
        match self.values.get_mut(keyword) {
            None => {
                self.values.insert(keyword.to_owned(), words);
            }
            Some(known) if adds_up => {
                for word in words {
                    if !known.contains(&word) {
                        known.push(word);
                    }
                }
            }
            Some(_) => {}
        }
    }
}

/// Which files to read.
#[derive(Debug, Clone)]
pub(super) enum Files {
    /// `~/.ssh/config` and `/etc/ssh/ssh_config`.
    Default,
    /// Only this one, which has to exist.
    Only(PathBuf),
}

/// Adds to `settings`, which hold the command line's, what `files` say about `host`.
///
/// # Errors
/// A file that cannot be read or makes no sense, with its line.
pub(super) fn read(files: &Files, host: &str, settings: &mut Settings) -> Result<(), NoWay> {
    let before: Vec<String> = as_options(settings);
    let mut reader = Reader {
        host,
        settings,
        is_final: false,
        wants_final: false,
    };
    match reader.read(files) {
        Ok(()) => Ok(()),
        Err(Trouble::Wrong(reason)) => Err(NoWay::new(Refusal::Configuration, reason)),
        Err(Trouble::OnlyOpenSsh(place)) => {
            *settings = ask_openssh(files, host, &before, &place)?;
            Ok(())
        }
    }
}

enum Trouble {
    Wrong(String),
    /// A condition that we cannot decide, with its place.
    OnlyOpenSsh(String),
}

struct Reader<'a> {
    host: &'a str,
    settings: &'a mut Settings,
    /// Whether this is the second pass, which `Match final` asks for.
    is_final: bool,
    wants_final: bool,
}

impl Reader<'_> {
    fn read(&mut self, files: &Files) -> Result<(), Trouble> {
        self.pass(files)?;
        if self.wants_final {
            self.is_final = true;
            self.pass(files)?;
        }
        Ok(())
    }

    fn pass(&mut self, files: &Files) -> Result<(), Trouble> {
        match files {
            Files::Only(path) => self.file(path, true, 0, true),
            Files::Default => {
                self.file(&home().join(".ssh/config"), false, 0, true)?;
                self.file(Path::new("/etc/ssh/ssh_config"), false, 0, true)
            }
        }
    }

    /// Reads one file; `applies` says whether the line that includes it applies to our host.
    fn file(
        &mut self,
        path: &Path,
        required: bool,
        depth: usize,
        applies: bool,
    ) -> Result<(), Trouble> {
        let content = match std::fs::read(path) {
            Ok(content) => String::from_utf8_lossy(&content).into_owned(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => {
                return Ok(());
            }
            Err(error) => {
                return Err(Trouble::Wrong(format!(
                    "`{}` cannot be read: {error}",
                    path.display()
                )));
            }
        };
        let mut active = applies;
        for (number, line) in content.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            let wrong = |what: &str| Trouble::Wrong(format!("{place}: {what}"));
            let Some((keyword, words)) = split_line(line).map_err(wrong)? else {
                continue;
            };
            match keyword.as_str() {
                "host" => active = applies && matches_list(&words, self.host),
                "match" => active = self.condition(&words, &place)? && applies,
                "include" => {
                    if depth == DEPTH {
                        return Err(wrong("files include each other too deeply"));
                    }
                    // A file included under a condition cannot widen it.
                    for pattern in &words {
                        for file in glob(pattern, path) {
                            self.file(&file, false, depth + 1, active)?;
                        }
                    }
                }
                _ if words.is_empty() => return Err(wrong("a keyword without a value")),
                _ if active => self.settings.set(&keyword, &words),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the criteria of a `Match` line hold.
    fn condition(&mut self, words: &[String], place: &str) -> Result<bool, Trouble> {
        let mut holds = true;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let word = word.to_lowercase();
            let (negated, criterion) = match word.strip_prefix('!') {
                Some(criterion) => (true, criterion),
                None => (false, word.as_str()),
            };
            let hostname = self.settings.get("hostname").unwrap_or(self.host);
            let result = match criterion {
                "all" => true,
                "final" => {
                    self.wants_final = true;
                    self.is_final
                }
                // Names are never made canonical here.
                "canonical" => false,
                "host" | "originalhost" | "user" | "localuser" => {
                    let Some(list) = words.next() else {
                        return Err(Trouble::Wrong(format!(
                            "{place}: `Match {criterion}` without a pattern"
                        )));
                    };
                    let local = login_name();
                    let subject = match criterion {
                        "host" => hostname,
                        "originalhost" => self.host,
                        "user" => self.settings.get("user").unwrap_or(&local),
                        _ => &local,
                    };
                    let list: Vec<String> = list.split(',').map(str::to_owned).collect();
                    matches_list(&list, subject)
                }
                _ => {
                    return Err(Trouble::OnlyOpenSsh(format!(
                        "{place} (`Match {criterion}`)"
                    )));
                }
            };
            holds &= result != negated;
        }
        Ok(holds)
    }
}

/// Whether one of `patterns` means `text`, and none of those with `!` does.
fn matches_list(patterns: &[String], text: &str) -> bool {
    let text = text.to_lowercase();
    let mut found = false;
    for pattern in patterns {
        let pattern = pattern.to_lowercase();
        match pattern.strip_prefix('!') {
            Some(pattern) if like(pattern, &text) => return false,
            Some(_) => {}
            None => found |= like(&pattern, &text),
        }
    }
    found
}

/// The files that an `Include` in the file `from` means; patterns in the last part only.
fn glob(pattern: &str, from: &Path) -> Vec<PathBuf> {
    let base = if from.starts_with("/etc/ssh") {
        PathBuf::from("/etc/ssh")
    } else {
        home().join(".ssh")
    };
    let path = match pattern.strip_prefix("~/") {
        Some(rest) => home().join(rest),
        None => base.join(pattern),
    };
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|it| it.to_str()))
    else {
        return Vec::new();
    };
    if !name.contains(['*', '?']) {
        return vec![path];
    }
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| {
            entry.file_name().to_str().is_some_and(|entry| {
                like(name, entry) && (!entry.starts_with('.') || name.starts_with('.'))
            })
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

fn as_options(settings: &Settings) -> Vec<String> {
    let mut options = Vec::new();
    for (keyword, values) in &settings.values {
        let adds_up = matches!(keyword.as_str(), "identityfile" | "certificatefile");
        let values = if adds_up {
            values.clone()
        } else {
            vec![values.join(" ")]
        };
        for value in values {
            options.extend(["-o".to_owned(), format!("{keyword}={value}")]);
        }
    }
    options
}

/// Lets the OpenSSH client evaluate the files, because of what stands at `place`.
fn ask_openssh(
    files: &Files,
    host: &str,
    options: &[String],
    place: &str,
) -> Result<Settings, NoWay> {
    let failed = |reason: String| {
        NoWay::new(
            Refusal::Configuration,
            format!("{place} can be decided only by `ssh -G`, and {reason}"),
        )
    };
    let mut command = std::process::Command::new("ssh");
    command.arg("-G").args(options);
    if let Files::Only(path) = files {
        command.arg("-F").arg(path);
    }
    let output = command
        .arg("--")
        .arg(host)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| failed(format!("that cannot be started: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("that failed: {}", said.trim())));
    }
    let mut settings = Settings::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Ok(Some((keyword, words))) = split_line(line) {
            settings.set(&keyword, &words);
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negated_pattern_wins() {
        let list = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(matches_list(&list("*.example !db.example"), "www.EXAMPLE"));
        assert!(!matches_list(&list("*.example !db.example"), "db.example"));
        assert!(!matches_list(&list("!db.example"), "www.example"));
    }
}
