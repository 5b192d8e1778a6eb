//! `group_vars/` and `host_vars/`: which files belong to a name, and what is in them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, NonFiniteFloatPolicy, Spanned};

use super::groups::{Origin, Placed, Variables};
use super::variables::is_vault;
use crate::error::{Error, Result};

/// The variables of one name, from all its files.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) variables: Variables,
    /// Files encrypted as a whole, which were not read.
    pub(super) encrypted: Vec<String>,
}

/// Reads the files in `directory` for `name`: a file or a folder of that name, else the name with
/// `.yml`, `.yaml` or `.json`. The first that exists is the only one, as in Ansible.
///
/// # Errors
/// A file that cannot be read, or is not a YAML mapping.
pub(super) fn load(directory: &Path, name: &str) -> Result<Loaded> {
    let mut loaded = Loaded::default();
    if name.contains('/') {
        return Ok(loaded); // never leave the directory
    }
    let candidates =
        ["", ".yml", ".yaml", ".json"].map(|end| directory.join(format!("{name}{end}")));
    let Some(found) = candidates.into_iter().find(|path| path.exists()) else {
        return Ok(loaded);
    };
    let mut files = Vec::new();
    if found.is_dir() {
        collect(&found, &mut files, 0)?;
    } else {
        files.push(found);
    }
    for file in files {
        read(&file, &mut loaded)?;
    }
    Ok(loaded)
}

/// Folders in folders deeper than this are a loop of links.
const DEEPEST: usize = 20;

/// Adds the variable files below `directory`, in the order of their names.
fn collect(directory: &Path, files: &mut Vec<PathBuf>, depth: usize) -> Result<()> {
    let failed = |error| Error::controller(format!("read `{}`", directory.display()), error);
    let entries = std::fs::read_dir(directory).map_err(failed)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(failed)?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        if path.is_dir() && extension.is_empty() && depth < DEEPEST {
            collect(&path, files, depth + 1)?;
        } else if path.is_file() && ["", "yml", "yaml", "json"].contains(&&*extension) {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path, loaded: &mut Loaded) -> Result<()> {
    let file: Arc<str> = path.display().to_string().into();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::controller(format!("read `{file}`"), error))?;
    if is_vault(&text) {
        loaded.encrypted.push(file.to_string());
        return Ok(());
    }
    for (name, placed) in parse(&text, &file)? {
        loaded.variables.insert(name, placed);
    }
    Ok(())
}

/// The variables that the YAML `text` of `file` sets; an empty file sets none.
fn parse(text: &str, file: &Arc<str>) -> Result<Variables> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        leading_zero_numbers_as_strings: true,
    };
    let read: Option<Entries> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let line = error.location().map_or(0, |location| location.line());
            let message = error.to_string();
            let reason = message.lines().next().unwrap_or_default();
            let reason = format!("not a YAML mapping of variables: {reason}");
            let error = Error::invalid(place(file, line).to_string(), reason);
            let index = usize::try_from(line).unwrap_or_default().saturating_sub(1);
            match text.lines().nth(index) {
                Some(line) if line.contains("{{") => {
                    error.with_hint("quote a value that begins with `{{`")
                }
                _ => error,
            }
        })?;
    let placed = |(key, value): (Spanned<String>, Value)| {
        let origin = place(file, key.referenced.line());
        (key.value, Placed { value, origin })
    };
    Ok(read.map_or_else(Variables::new, |entries| {
        entries.0.into_iter().map(placed).collect()
    }))
}

fn place(file: &Arc<str>, line: u64) -> Origin {
    match usize::try_from(line) {
        Ok(line) if line > 0 => Origin::Line(file.clone(), line),
        _ => Origin::File(file.clone()),
    }
}

/// The entries of the outermost mapping, each with the place of its key.
struct Entries(Vec<(Spanned<String>, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Outermost;

        impl<'de> Visitor<'de> for Outermost {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Outermost)
    }
}
