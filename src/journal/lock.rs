//! One run at a time: the lock of a cluster on this machine, and who holds it.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Who works on a cluster: what the lock and the marker on the first master say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run's id.
    pub run: String,
    /// Its script.
    pub script: String,
    /// Who runs it.
    pub operator: String,
    /// On which machine.
    pub machine: String,
    /// In which process there.
    pub process: u32,
    /// The name of the directory of journals that it keeps: of one machine, and of no other.
    pub controller: String,
    /// The identity of the cluster.
    pub cluster: String,
    /// When it began to work.
    pub since: jiff::Timestamp,
}

impl Holder {
    /// This process, at work on `run` of `cluster` by `script`.
    pub fn this(controller: &str, cluster: &str, run: &str, script: &str) -> Self {
        Self {
            run: run.to_owned(),
            script: script.to_owned(),
            operator: user(),
            machine: machine(),
            process: std::process::id(),
            controller: controller.to_owned(),
            cluster: cluster.to_owned(),
            since: jiff::Timestamp::now(),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.to_zoned(jiff::tz::TimeZone::system());
        write!(
            f,
            "run {} of {}, by {} on {} (process {}), since {}",
            self.run,
            self.script,
            self.operator,
            self.machine,
            self.process,
            since.strftime("%F %T")
        )
    }
}

/// Takes the lock of `cluster`: one run at a time.
///
/// # Errors
/// If another process holds it, with who and since when; if the disk refuses.
pub fn take(root: &Path, cluster: &str) -> Result<File> {
    private_dir(&root.join(cluster))?;
    let path = root.join(cluster).join("lock");
    let refused =
        |error: std::io::Error| Error::controller(format!("open `{}`", path.display()), error);
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(refused)?;
    // Who only looks whether it is held has it for a moment.
    for _ in 0..20 {
        if file.try_lock().is_ok() {
            return Ok(file);
        }
        thread::sleep(Duration::from_millis(10));
    }
    let holder = said(file).map_err(refused)?;
    Err(
        Error::stopped(format!("another run is working on this cluster: {holder}")).with_hint(
            "wait for it, or end it there with Ctrl-C; `ocpdg status` shows what it does",
        ),
    )
}

/// Writes into the lock `file` who holds it.
///
/// # Errors
/// If the disk refuses.
pub fn name(mut file: &File, holder: &Holder) -> Result<()> {
    let written = (|| {
        let text = serde_json::to_string(holder)?;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        // Not emptied first: some file systems write such a file to the disk at once.
        file.set_len(text.len() as u64)
    })();
    written.map_err(|error: std::io::Error| Error::controller("write the lock", error))
}

/// Who works on `cluster` on this machine now; `None` if nobody does.
///
/// # Errors
/// If the lock cannot be read.
pub fn holder(root: &Path, cluster: &str) -> Result<Option<String>> {
    let path = root.join(cluster).join("lock");
    let refused =
        |error: std::io::Error| Error::controller(format!("read `{}`", path.display()), error);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    if file.try_lock_shared().is_ok() {
        return Ok(None);
    }
    said(file).map(Some).map_err(refused)
}

/// What the lock `file` says of its holder.
fn said(mut file: File) -> std::io::Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(match serde_json::from_str::<Holder>(&text) {
        Ok(holder) => holder.to_string(),
        Err(_) => text.trim().to_owned(),
    })
}

/// The name of the directory of journals `root`, and of no other on any machine: drawn once.
///
/// # Errors
/// If the disk refuses.
pub fn controller(root: &Path) -> Result<String> {
    let path = root.join("controller");
    let refused =
        |error: std::io::Error| Error::controller(format!("name `{}`", root.display()), error);
    private_dir(root)?;
    if !path.exists() {
        let mut random = [0; 16];
        let drawn = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut random));
        drawn.map_err(refused)?;
        let name: String = Sha256::digest(random)[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut file = tempfile::NamedTempFile::new_in(root).map_err(refused)?;
        writeln!(file, "{name}").map_err(refused)?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            // Another process was first.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(refused(error.error)),
        }
    }
    let text = fs::read_to_string(&path).map_err(refused)?;
    Ok(text.trim().to_owned())
}

/// Who runs this process, for the record.
pub fn operator() -> String {
    format!(
        "{} on {} (process {})",
        user(),
        machine(),
        std::process::id()
    )
}

fn user() -> String {
    std::env::var("SUDO_USER")
        .or_else(|_| std::env::var("USER"))
        .or_else(|_| std::env::var("LOGNAME"))
        .unwrap_or_else(|_| "unknown".to_owned())
}

fn machine() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Makes the directory `path`, for its owner only.
///
/// # Errors
/// If the disk refuses.
pub fn private_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Error::controller(format!("create `{}`", path.display()), error))
}
