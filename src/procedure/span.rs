//! Which phases of a procedure are executed: all, or those from one to another.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::journal::PassedPhases;

/// Which phases are executed.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// The title of the first one; those before it are not executed.
    pub from: Option<String>,
    /// The title of the last one; the run stops after it.
    pub to: Option<String>,
    /// What is on record of phases that were executed earlier.
    pub passed: PassedPhases,
    /// The hosts that are worked on.
    pub hosts: Vec<String>,
}

impl Span {
    /// What the phase `title`, the `number`th of that title, returned when it was executed.
    ///
    /// # Errors
    /// `Invalid` if that is on no record, or was not for all the hosts of now.
    pub fn recorded(&self, title: &str, number: u32) -> Result<Value> {
        let from = self.from.as_deref().unwrap_or_default();
        let refused = |why: String| {
            Error::invalid(
                format!("`--from {from}`"),
                format!("phase `{title}` comes before it and would not be executed, and {why}"),
            )
            .with_hint("begin at that phase, or leave `--from` away: steps that are finished are not done again")
        };
        let Some(passed) = self.passed.get(&(title.to_owned(), number)) else {
            return Err(refused(
                "what it returns is not on record: it never reached its end".to_owned(),
            ));
        };
        let absent: Vec<&str> = self
            .hosts
            .iter()
            .filter(|host| passed.without.contains(host) || !passed.hosts.contains(host))
            .map(String::as_str)
            .collect();
        if !absent.is_empty() {
            return Err(refused(format!("it was not for {}", absent.join(", "))));
        }
        match (&passed.value, &passed.lacking) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(why)) => Err(refused(format!("what it returns is not on record: {why}"))),
            (None, None) => Err(refused(
                "what it returns is not on record: an earlier version ran it".to_owned(),
            )),
        }
    }
}

/// The one of `titles`, each there once, that `wanted` means: by its number, or by how it begins, with or without that.
///
/// # Errors
/// `Invalid` with all titles, if none or several are meant.
pub fn named(option: &str, wanted: &str, titles: &[String]) -> Result<String> {
    let lower = |text: &str| text.to_lowercase();
    let number = |title: &&String| title.split_whitespace().next() == Some(wanted);
    let prefix = |title: &&String| {
        let words = title.split_once(' ').map_or("", |(_, words)| words);
        lower(title).starts_with(&lower(wanted)) || lower(words).starts_with(&lower(wanted))
    };
    let mut meant: Vec<&String> = titles.iter().filter(number).collect();
    if meant.is_empty() && !wanted.trim().is_empty() {
        meant = titles.iter().filter(prefix).collect();
    }
    if let [one] = meant[..] {
        return Ok(one.clone());
    }
    let all: Vec<String> = titles.iter().map(|title| format!("`{title}`")).collect();
    let reason = match (meant.len(), all.len()) {
        (_, 0) => "the script has no phase with a title that is known before it runs",
        (0, _) => "there is no such phase",
        _ => "several phases begin so",
    };
    let error = Error::invalid(format!("`{option} {wanted}`"), reason);
    Err(match all.is_empty() {
        true => error,
        false => error.with_hint(format!("there are {}", all.join(", "))),
    })
}
