//! What is wrong with a file that describes something simulated, and where in it.

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

/// What is wrong with a file, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1; 0 if it is about no line, or there is no file.
    pub line: usize,
    /// What, and what was expected, in one line.
    pub reason: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.reason),
            line => write!(f, "line {line}: {}", self.reason),
        }
    }
}

impl Malformed {
    /// What is wrong as a whole.
    pub fn whole(reason: impl Into<String>) -> Self {
        Self {
            line: 0,
            reason: reason.into(),
        }
    }

    /// What is wrong at the byte `at` of `text`.
    pub fn at(text: &str, at: usize, reason: impl Into<String>) -> Self {
        Self {
            line: 1 + text[..at.min(text.len())].matches('\n').count(),
            reason: reason.into(),
        }
    }

    /// What the parser says of `text`.
    pub fn parsed(text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        Self::at(text, at, error.message().replace('\n', ", "))
    }
}

/// Reads `text`.
///
/// # Errors
/// What the parser says.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Malformed> {
    toml::from_str(text).map_err(|error| Malformed::parsed(text, &error))
}

/// The places of the `[[host]]` tables of `text`.
///
/// # Errors
/// What the parser says.
pub fn hosts(text: &str) -> Result<Vec<usize>, Malformed> {
    #[derive(Deserialize)]
    struct Hosts {
        host: Vec<Spanned<IgnoredAny>>,
    }
    let hosts: Hosts = read(text)?;
    let places = hosts.host.iter();
    Ok(places.map(|host| host.span().start).collect())
}
