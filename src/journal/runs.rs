//! The runs on record: where they lie, and which there are.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::event::Record;
use super::lines::read_back;
use crate::error::{Error, Result};

/// The name of the journal in the directory of its run.
pub const FILE: &str = "journal.jsonl";

/// The name of `run` that no other run has, from its first line: who began it on which machine, and when.
pub fn mark(run: &str, line: &[u8]) -> String {
    let sum = String::from_utf8_lossy(&line[..line.len().min(8)]);
    format!("{run}-{sum}")
}

/// One run, as `ocpdg log --list` shows it.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The run's id.
    pub run: String,
    /// Its directory.
    pub directory: PathBuf,
    /// The identity of its cluster.
    pub cluster: String,
}

/// Where all journals lie: `$XDG_STATE_HOME/ocpdg`, or `~/.local/state/ocpdg`.
///
/// # Errors
/// Without a home directory.
pub fn root() -> Result<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .map(|state| state.join("ocpdg"))
        .ok_or_else(|| {
            Error::controller(
                "find a place for the journal",
                "neither HOME nor XDG_STATE_HOME is set",
            )
        })
}

/// Every run below `root`, the oldest first; of one cluster if `cluster` is given.
///
/// # Errors
/// If a directory cannot be read.
pub fn list(root: &Path, cluster: Option<&str>) -> Result<Vec<Summary>> {
    let mut found = Vec::new();
    for group in names(root)? {
        if cluster.is_some_and(|wanted| wanted != group) {
            continue;
        }
        for run in names(&root.join(&group))? {
            let directory = root.join(&group).join(&run);
            if directory.join(FILE).is_file() {
                found.push(Summary {
                    run,
                    directory,
                    cluster: group.clone(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.run.cmp(&b.run));
    Ok(found)
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => {
            return Err(Error::controller(
                format!("read `{}`", directory.display()),
                error,
            ));
        }
    };
    Ok(entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect())
}

impl Summary {
    /// The run's name among all runs of all controllers; `None` if it has no first record.
    pub fn mark(&self) -> Option<String> {
        let mut line = [0; 8];
        let mut file = fs::File::open(self.directory.join(FILE)).ok()?;
        file.read_exact(&mut line).ok()?;
        Some(mark(&self.run, &line))
    }

    /// Every record of the run, and a warning if its end is torn.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged before its end.
    pub fn read(&self) -> Result<(Vec<Record>, Option<String>)> {
        let path = self.directory.join(FILE);
        let bytes = fs::read(&path)
            .map_err(|error| Error::controller(format!("read `{}`", path.display()), error))?;
        let read = read_back(self, &bytes)?;
        Ok((read.records, read.torn))
    }
}
