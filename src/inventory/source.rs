//! Which kind of inventory a file is, and the refusal of those that only Ansible can read.

use std::path::Path;
use std::sync::Arc;

use super::groups::Groups;
use super::{dynamic, ini};
use crate::error::{Error, Result};
use crate::transport::quote::quote;

/// What a file turned out to be.
pub(super) enum Listed {
    /// INI: variables may lie beside it.
    Ini(Groups),
    /// JSON: all variables are in it.
    Json(Groups),
}

/// Reads `path` and decides by its content what it is.
///
/// # Errors
/// A file that cannot be read or parsed, or that only Ansible itself can read.
pub(super) fn read(path: &Path) -> Result<Listed> {
    let file: Arc<str> = path.display().to_string().into();
    let wrong = |reason: &str| Error::invalid(format!("inventory `{file}`"), reason);
    let convert = |options: &str| {
        let word = quote(&file);
        let command = format!("ansible-inventory -i {word} {options}--list > hosts.json");
        format!("convert it with `{command}`, then use `-i hosts.json`")
    };
    if path.is_dir() {
        return Err(wrong("is a directory, which only Ansible can merge").with_hint(convert("")));
    }
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            wrong("no such file").with_hint("name the inventory of the cluster with `-i FILE`")
        }
        _ => wrong(&error.to_string()),
    })?;
    let content = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if content.starts_with(b"#!") || content.starts_with(b"\x7fELF") {
        return Err(wrong("is a program, which ocpdg does not run").with_hint(convert("")));
    }
    if content.starts_with(b"$ANSIBLE_VAULT") {
        return Err(
            wrong("is encrypted with Ansible Vault").with_hint(convert("--ask-vault-pass "))
        );
    }
    if content.trim_ascii_start().starts_with(b"{") {
        let text = std::str::from_utf8(content).map_err(|_| wrong("is not UTF-8 text"))?;
        return dynamic::parse(text, &file).map(Listed::Json);
    }
    if looks_like_yaml(content) {
        return Err(wrong("is YAML, which ocpdg does not read").with_hint(convert("")));
    }
    ini::parse(content, &file).map(Listed::Ini)
}

/// Whether the first line that says something is one of YAML: `---` or `all:`.
fn looks_like_yaml(content: &[u8]) -> bool {
    let mut lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    first.is_some_and(|line| {
        let key = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        line.starts_with(b"---") || (key.trim_ascii().ends_with(b":") && !line.starts_with(b"["))
    })
}
