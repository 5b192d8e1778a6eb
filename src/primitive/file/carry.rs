//! Files between a host, the controller, and another host.
//!
//! What lands on the controller is the owner's alone (0600 in 0700 directories): certificates and
//! keys pass here.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::content::{Attributes, Target};
use super::digest::hex;
use super::{LONG, guard, sha256};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::Command;

/// A file that came to the controller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// Where it is on the controller.
    pub local: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its sha256, equal on both sides.
    pub sha256: String,
}

/// Copies the file at `path` to `local` on the controller, unless an equal one is there.
///
/// # Errors
/// `Command` if it cannot be read; `Controller` if it cannot be written here; `State` if it
/// changed on the way.
pub fn get(host: &Host, path: &str, local: &Path) -> Result<Change<Option<Carried>>> {
    let path = guard::plain(path)?;
    let wanted = sha256(host, path)?;
    receive(
        host,
        &Command::reads(["cat", "--", path]).timeout(LONG),
        local,
        &wanted,
    )
}

/// Writes the standard output of `command`, whose sha256 has to be `wanted`, to `local`.
pub(crate) fn receive(
    host: &Host,
    command: &Command,
    local: &Path,
    wanted: &str,
) -> Result<Change<Option<Carried>>> {
    let carried = |size| Carried {
        local: local.to_owned(),
        size,
        sha256: wanted.to_owned(),
    };
    let cannot =
        |reason: std::io::Error| Error::controller(format!("write `{}`", local.display()), reason);
    let before = match local_sha256(local) {
        Ok(Some((sum, size))) if sum == wanted => {
            return Ok(Change::between(Some(carried(size)), Some(carried(size))));
        }
        Ok(Some((sum, size))) => Some(Carried {
            local: local.to_owned(),
            size,
            sha256: sum,
        }),
        Ok(None) => None,
        Err(error) => return Err(cannot(error)),
    };
    let folder = local.parent().unwrap_or(Path::new("."));
    if !folder.as_os_str().is_empty() {
        let mut builder = DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(cannot)?;
    }
    let mut partial = local.as_os_str().to_owned();
    partial.push(".part");
    let partial = PathBuf::from(partial);
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)
        .map_err(cannot)?;
    let (mut hasher, mut size) = (Sha256::new(), 0_u64);
    let output = host.stream(command, &mut std::io::empty(), &mut |bytes| {
        hasher.update(bytes);
        size += bytes.len() as u64;
        file.write_all(bytes)
    })?;
    if !output.exit.success() {
        return Err(host.failed(command, &output));
    }
    let arrived = hex(&hasher.finalize());
    if arrived != wanted {
        return Err(Error::state(
            host.name(),
            format!("`{}` on its way to the controller", command.line()),
            format!("sha256 {wanted}"),
            format!("{arrived} after {size} bytes"),
        )
        .with_hint("something may be writing to it: stop that, and run again"));
    }
    // What came from a simulated host need not outlast the controller's power.
    let lasts = host.clock().simulated().is_none();
    if lasts {
        file.sync_all().map_err(cannot)?;
    }
    fs::rename(&partial, local).map_err(cannot)?;
    if lasts {
        let folder = match folder.as_os_str().is_empty() {
            true => Path::new("."),
            false => folder,
        };
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(cannot)?;
    }
    Ok(Change {
        changed: true,
        before,
        after: Some(carried(size)),
    })
}

/// Copies `local` from the controller to `path`, unless an equal file is there, as
/// [`write`](super::write) does. Before and after are sha256 sums.
///
/// # Errors
/// `Controller` if it cannot be read; as [`write`](super::write).
pub fn put(
    host: &Host,
    local: &Path,
    path: &str,
    attributes: &Attributes,
) -> Result<Change<Option<String>>> {
    attributes.check()?;
    let cannot = |reason: &dyn std::fmt::Display| {
        Error::controller(format!("read `{}`", local.display()), reason)
    };
    let (wanted, _) = local_sha256(local)
        .map_err(|error| cannot(&error))?
        .ok_or_else(|| cannot(&"no such file"))?;
    let target = Target::look(host, path)?;
    if target.sha256.as_ref() == Some(&wanted) {
        return target.keep(host, attributes);
    }
    let command = target.receive(attributes, &wanted).timeout(LONG);
    let mut file = File::open(local).map_err(|error| cannot(&error))?;
    let mut said = Vec::new();
    let mut output = host.stream(&command, &mut file, &mut |bytes| {
        said.extend_from_slice(bytes);
        Ok(())
    })?;
    output.stdout = said;
    target.received(host, &command, output, wanted)
}

/// Copies the file `path` of `from` to the path `to_path` of `to`, by way of the controller: it
/// rests there in `by_way_of`, the owner's alone, until it has arrived.
///
/// # Errors
/// As [`get`] and [`put`].
pub fn fetch(
    from: &Host,
    path: &str,
    to: &Host,
    to_path: &str,
    by_way_of: &Path,
    attributes: &Attributes,
) -> Result<Change<Option<String>>> {
    let wanted = sha256(from, path)?;
    let local = by_way_of.join(format!("{wanted}.carried"));
    get(from, path, &local)?;
    let change = put(to, &local, to_path, attributes);
    let removed = fs::remove_file(&local);
    let change = change?;
    removed.map_err(|error| Error::controller(format!("remove `{}`", local.display()), error))?;
    Ok(change)
}

/// sha256 and size of a file on the controller, nothing if there is none.
fn local_sha256(path: &Path) -> std::io::Result<Option<(String, u64)>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Some((hex(&hasher.finalize()), size)));
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
}
