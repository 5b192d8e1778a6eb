//! A script as a text: a file of the operator's, or a shipped one.

use std::path::{Path, PathBuf};

use super::shipped;
use crate::error::{Error, Result};

/// A script's text, and the name that its errors carry.
#[derive(Debug, Clone)]
pub struct Script {
    /// As the operator named it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The directory it lies in, where it is a file: `import` looks there too.
    pub directory: Option<PathBuf>,
}

impl Script {
    /// Reads the script at `path`; a shipped script is found by its name even where no file is.
    ///
    /// # Errors
    /// [`Error::invalid`] when there is neither.
    pub fn load(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self {
                name,
                text,
                directory: Some(path.parent().unwrap_or(Path::new("")).to_owned()),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                match shipped_script(&name) {
                    Some((name, text)) => Ok(Self {
                        name: name.to_owned(),
                        text: text.to_owned(),
                        directory: None,
                    }),
                    None => Err(Error::invalid(
                        format!("script `{name}`"),
                        "there is no such file",
                    )
                    .with_hint(format!("shipped scripts: {}", shipped_names().join(", ")))),
                }
            }
            Err(error) => Err(Error::invalid(format!("script `{name}`"), error)),
        }
    }
}

impl Script {
    /// The script that a journal calls `name`: a shipped one, or the file at `path`.
    ///
    /// # Errors
    /// [`Error::invalid`] when it is not there any more.
    pub fn recorded(name: &str, path: &Path) -> Result<Self> {
        match shipped::FILES.iter().find(|(known, _)| *known == name) {
            Some((name, text)) => Ok(Self {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
                directory: None,
            }),
            None => Self::load(path),
        }
    }
}

/// The shipped script called `name`: with or without `scripts/` and `.rhai`. Another directory is
/// never left out, lest a mistyped path runs the shipped script instead of a site's own.
pub(super) fn shipped_script(name: &str) -> Option<(&'static str, &'static str)> {
    let bare = name.strip_prefix("scripts/").unwrap_or(name);
    let bare = bare.strip_suffix(".rhai").unwrap_or(bare);
    let path = format!("scripts/{bare}.rhai");
    let found = shipped::FILES.iter().find(|(known, _)| *known == path);
    found.copied()
}

fn shipped_names() -> Vec<&'static str> {
    shipped::FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| name.starts_with("scripts/"))
        .collect()
}
