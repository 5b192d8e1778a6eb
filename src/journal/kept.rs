//! What a run keeps beside its journal: the texts that it ran, and what it knew of its hosts.

use std::fs;
use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::lock::private_dir;
use crate::error::{Error, Result};

/// Keeps `text`, whose SHA-256 is `digest`, in the directory of a run; for its owner only.
///
/// # Errors
/// If the disk refuses.
pub fn keep_source(run: &Path, digest: &str, text: &str) -> Result<()> {
    let directory = run.join("sources");
    private_dir(&directory)?;
    if directory.join(digest).exists() {
        return Ok(());
    }
    keep(&directory, digest, text)
}

/// The text whose SHA-256 is `digest`, if the run kept it.
pub fn source(run: &Path, digest: &str) -> Option<String> {
    // It comes from a journal, and is part of a path.
    if !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let text = fs::read_to_string(run.join("sources").join(digest)).ok()?;
    let found: String = Sha256::digest(&text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    (found == digest).then_some(text)
}

/// Writes `text` as the file `name` in `directory`; for its owner only. Whoever reads it has to see
/// whether it is whole: it is not synced.
///
/// # Errors
/// If the disk refuses.
pub fn keep(directory: &Path, name: &str, text: &str) -> Result<()> {
    let kept = (|| {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(text.as_bytes())?;
        file.persist(directory.join(name))?;
        Ok(())
    })();
    kept.map_err(|error: std::io::Error| {
        Error::controller(format!("write `{}`", directory.join(name).display()), error)
    })
}
