//! Verified copies of what must not be lost, below `/var/lib/ocpdg` and on the controller.
//!
//! `DIR/etc/origin/...` is the copy of `/etc/origin/...`; `DIR/SHA256SUMS` lists what was verified,
//! in the form that `sha256sum -c` reads, and is written last: a path that is listed is never
//! copied again, whatever has become of its source. `DIR/HOST` says whose copies they are.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::state::capture_in;
use crate::error::{Error, Result};
use crate::primitive::file::{self, Attributes, Carried, guard};
use crate::primitive::{Change, Host};
use crate::transport::Command;

const SUMS: &str = "SHA256SUMS";

/// The file that says whose copies a directory holds: several hosts may share a mount.
const MARK: &str = "HOST";

/// Proof that paths of a host were copied and the copies verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The host.
    pub host: String,
    /// The directory that holds the copies, on that host.
    pub dir: String,
    /// The paths that are copied below it.
    pub sources: Vec<String>,
    /// What was asked for and does not exist.
    pub absent: Vec<String>,
    /// How many files were verified.
    pub files: u64,
    /// sha256 of the list of their sums.
    pub sha256: String,
}

impl Evidence {
    /// Refuses to go on if the copies are not what they were, or lie inside `doomed`. Every copy is
    /// read again and compared with its recorded sum.
    ///
    /// # Errors
    /// `Refused` with what is wrong; `State` with the first copy that differs; `Command` if the host
    /// cannot be asked.
    pub fn verify(&self, host: &Host, doomed: &str) -> Result<()> {
        let action = format!("clear `{doomed}`");
        let refuse = |reason: String| {
            Err(Error::refused(host.name(), &action, reason)
                .with_hint("evacuate again: run the step that copies the backups"))
        };
        if self.host != host.name() {
            return refuse(format!("the evidence is about `{}`", self.host));
        }
        let (dir, doomed) = (
            file::real_path(host, &self.dir)?,
            file::real_path(host, doomed)?,
        );
        if guard::within(&dir, &doomed) {
            return refuse(format!("the copies in `{}` lie inside it", self.dir));
        }
        let sums = format!("{}/{SUMS}", self.dir);
        if !file::exists(host, &sums)? || file::sha256(host, &sums)? != self.sha256 {
            return refuse(format!("`{sums}` is not the one that was recorded"));
        }
        check_recorded(host, &self.dir, &read_sums(host, &self.dir)?)
    }
}

/// Copies `sources` (absolute paths, or patterns with `*`, `?`, `[...]`) below the directory `dir`,
/// owners, modes, times and contexts included, and compares every file's sha256 with its source.
///
/// `dir` is root's alone (0700), and marked as this host's. What was copied and verified before is
/// compared with its recorded sum and left as it is, even if its source has changed since: the
/// first copy is the one that counts. What does not exist is reported as absent.
///
/// # Errors
/// `Refused` for a `dir` below `/var/lib/etcd`, a top-level one, or one with another host's copies;
/// `State` if a copy differs from its source or its record; `Command` if the host refuses, a full
/// disk among the reasons.
///
/// Source: OCP 3.9 Downgrading, Verifying backups; Day Two guide, Creating a backup of a host.
pub fn evacuate<S: AsRef<str>>(host: &Host, sources: &[S], dir: &str) -> Result<Change<Evidence>> {
    evacuate_in(host, sources, prepared(host, dir)?)
}

/// Records the state of `host` as [`capture_state`](super::capture_state) does, then copies as [`evacuate`] does.
///
/// # Errors
/// As those two.
pub fn secure<S: AsRef<str>>(host: &Host, sources: &[S], dir: &str) -> Result<Change<Evidence>> {
    let prepared = prepared(host, dir)?;
    let captured = capture_in(host, &prepared)?;
    let mut copied = evacuate_in(host, sources, prepared)?;
    copied.changed |= captured.changed;
    Ok(copied)
}

fn evacuate_in<S: AsRef<str>>(
    host: &Host,
    sources: &[S],
    prepared: Prepared,
) -> Result<Change<Evidence>> {
    let Prepared { dir, has_sums } = prepared;
    let asked: Vec<&str> = sources
        .iter()
        .map(|source| guard::plain(source.as_ref()))
        .collect::<Result<_>>()?;
    let found = expand(host, "", &asked)?;
    let mut recorded = match has_sums {
        true => read_sums(host, &dir)?,
        false => BTreeMap::new(),
    };
    let kept = match recorded.is_empty() {
        // Copies without a record count for nothing.
        true => vec![Vec::new(); asked.len()],
        false => expand(host, &dir, &asked)?,
    };
    let before = evidence(host, &dir, &recorded, &asked, &kept);
    check_recorded(host, &dir, &recorded)?;

    // A source with a record is done; one that holds no file at all is copied again, which is cheap.
    let pending: Vec<&String> = found
        .iter()
        .flatten()
        .filter(|source| !recorded.keys().any(|path| guard::within(path, source)))
        .collect();
    for source in &pending {
        if guard::within(&dir, source) {
            let reason = "the copies would lie inside their source";
            return Err(Error::invalid(
                format!("evacuation of `{source}` to `{dir}`"),
                reason,
            ));
        }
    }
    if pending.is_empty() {
        let after = before.clone();
        return Ok(Change::between(before, after));
    }
    let copies: Vec<String> = pending
        .iter()
        .map(|source| format!("{dir}{source}"))
        .collect();
    let mut argv = vec!["rm".to_owned(), "-rf".to_owned(), "--".to_owned()];
    argv.extend(copies.iter().cloned());
    host.run(&Command::changes(argv))?;
    // From `/`, for coreutils 9.1 looks for an absolute path's directories below its own one.
    const COPY: &str = r#"cd / && dir=$1 && shift && exec cp -a --parents -t "$dir" -- "$@""#;
    let mut argv = ["sh", "-c", COPY, "ocpdg-copy", &dir]
        .map(str::to_owned)
        .to_vec();
    argv.extend(pending.iter().map(|source| source[1..].to_owned()));
    host.run(&Command::changes(argv).timeout(file::LONG))?;
    let all: Vec<&String> = pending.iter().copied().chain(&copies).collect();
    let all = file::manifests(host, &all)?;
    for (source, copy) in pending.iter().zip(&copies) {
        let (original, copied) = (all.within(source), all.within(copy));
        let path = |below: &str| format!("{source}/{below}").trim_end_matches('/').to_owned();
        if original != copied {
            let path = path(&original.difference(&copied).unwrap_or_default());
            return Err(Error::state(
                host.name(),
                format!("the copy `{dir}{path}`"),
                format!("equal to `{path}`"),
                "a difference",
            )
            .with_hint("something may be writing to it: stop that, and run again"));
        }
        let files = copied.files.into_iter();
        recorded.extend(files.map(|(below, sum)| (path(&below), sum)));
    }
    file::flush(host)?;
    write_sums(host, &dir, &recorded, has_sums)?;
    // What exists has been copied by now, and compared.
    let all: Vec<Vec<String>> = kept
        .into_iter()
        .zip(found)
        .map(|(kept, found)| {
            let copies = found.into_iter().map(|source| format!("{dir}{source}"));
            kept.into_iter().chain(copies).collect()
        })
        .collect();
    let after = evidence(host, &dir, &recorded, &asked, &all);
    Ok(Change {
        changed: before.files != after.files,
        before,
        after,
    })
}

/// A directory for copies that may be used.
pub(super) struct Prepared {
    pub(super) dir: String,
    /// Whether it has a list of sums.
    has_sums: bool,
}

/// `dir`, made root's alone, where it may be at all.
pub(super) fn prepared(host: &Host, dir: &str) -> Result<Prepared> {
    let dir = guard::plain(dir)?;
    let real = file::real_path(host, dir)?;
    if guard::within(&real, "/var/lib/etcd") || dir.split('/').count() < 3 {
        let reason = "what lies there is cleared when etcd is restored";
        return Err(
            Error::refused(host.name(), format!("evacuate to `{dir}`"), reason)
                .with_hint("use a directory below `/var/lib/ocpdg`"),
        );
    }
    let private = Attributes::new("root:root", "0700");
    let dirs: &[&str] = match guard::within(dir, "/var/lib/ocpdg") {
        true => &["/var/lib/ocpdg", dir],
        false => &[dir],
    };
    let (mark, sums) = (format!("{dir}/{MARK}"), format!("{dir}/{SUMS}"));
    let there = file::mkdirs(host, dirs, &private, &[&mark, &sums])?;
    if there.contains(&mark) {
        own(host, dir, file::read(host, &mark)?.trim_end())?;
    } else {
        let attributes = Attributes::new("root:root", "0600");
        file::write_new(host, &mark, &format!("{}\n", host.name()), &attributes)?;
    }
    Ok(Prepared {
        dir: dir.to_owned(),
        has_sums: there.contains(&sums),
    })
}

/// Refuses a directory that holds the copies of another host than `host`.
fn own(host: &Host, dir: &str, owner: &str) -> Result<()> {
    if owner == host.name() {
        return Ok(());
    }
    let reason = format!("it holds the copies of `{}`", owner.escape_debug());
    Err(
        Error::refused(host.name(), format!("evacuate to `{dir}`"), reason)
            .with_hint("give each host a directory of its own, such as `DIR/HOST`"),
    )
}

/// The recorded sums by absolute source path.
fn read_sums(host: &Host, dir: &str) -> Result<BTreeMap<String, String>> {
    let path = format!("{dir}/{SUMS}");
    let Some(text) = file::read_existing(host, &path)? else {
        return Ok(BTreeMap::new());
    };
    text.lines()
        .map(|line| {
            line.split_once("  .")
                .filter(|(sum, path)| sum.len() == 64 && path.starts_with('/'))
                .map(|(sum, path)| (path.to_owned(), sum.to_owned()))
                .ok_or_else(|| {
                    Error::state(host.name(), format!("`{path}`"), "sums and paths", line)
                })
        })
        .collect()
}

fn sums_text(recorded: &BTreeMap<String, String>) -> String {
    recorded
        .iter()
        .map(|(path, sum)| format!("{sum}  .{path}\n"))
        .collect()
}

/// Writes the list of sums into `dir`; `is_there` says whether an older one was seen.
fn write_sums(
    host: &Host,
    dir: &str,
    recorded: &BTreeMap<String, String>,
    is_there: bool,
) -> Result<()> {
    if let Some(path) = recorded.keys().find(|path| path.contains('\n')) {
        let subject = format!("path `{}`", path.escape_debug());
        return Err(Error::invalid(
            subject,
            "holds a line break and cannot be listed",
        ));
    }
    let private = Attributes::new("root:root", "0600");
    let (path, text) = (format!("{dir}/{SUMS}"), sums_text(recorded));
    match is_there {
        false => file::write_new(host, &path, &text, &private),
        true => file::write(host, &path, &text, &private).map(|_| ()),
    }
}

/// Compares the copies on the disk with their record.
fn check_recorded(host: &Host, dir: &str, recorded: &BTreeMap<String, String>) -> Result<()> {
    if recorded.is_empty() {
        return Ok(());
    }
    let there = file::manifest(host, dir)?;
    for (path, sum) in recorded {
        let found = there.files.get(path.trim_start_matches('/'));
        if found != Some(sum) {
            return Err(Error::state(
                host.name(),
                format!("the evacuated copy `{dir}{path}`"),
                format!("sha256 {sum}"),
                found.map_or("nothing", String::as_str),
            )
            .with_hint(format!(
                "if `{path}` is still the original, remove its line from `{dir}/{SUMS}` and run again"
            )));
        }
    }
    Ok(())
}

/// The evidence that `copies` are, those of each of `asked` in their order.
fn evidence(
    host: &Host,
    dir: &str,
    recorded: &BTreeMap<String, String>,
    asked: &[&str],
    copies: &[Vec<String>],
) -> Evidence {
    use sha2::Digest as _;
    let sum = sha2::Sha256::digest(sums_text(recorded).as_bytes());
    let (mut sources, mut absent) = (Vec::new(), Vec::new());
    for (asked, copies) in asked.iter().zip(copies) {
        if copies.is_empty() {
            absent.push((*asked).to_owned());
        }
        sources.extend(
            copies
                .iter()
                .filter_map(|copy| copy.strip_prefix(dir))
                .filter(|path| recorded.keys().any(|file| guard::within(file, path)))
                .map(str::to_owned),
        );
    }
    sources.sort();
    sources.dedup();
    Evidence {
        host: host.name().to_owned(),
        dir: dir.to_owned(),
        sources,
        absent,
        files: recorded.len() as u64,
        sha256: file::digest_hex(&sum),
    }
}

/// What exists of each of `asked` below `prefix`, patterns expanded.
fn expand(host: &Host, prefix: &str, asked: &[&str]) -> Result<Vec<Vec<String>>> {
    let paths: Vec<String> = asked.iter().map(|path| format!("{prefix}{path}")).collect();
    let is_pattern = |path: &str| path.contains(['*', '?', '[']);
    let (patterns, plain): (Vec<&String>, Vec<&String>) =
        paths.iter().partition(|path| is_pattern(path));
    let mut stats = file::stat_many(host, &plain)?.into_iter();
    let mut matches = file::list_many(host, &patterns)?.into_iter();
    let mut found = Vec::new();
    for path in &paths {
        found.push(if is_pattern(path) {
            matches.next().unwrap_or_default()
        } else {
            let there = stats.next().flatten();
            there.map(|stat| stat.path).into_iter().collect()
        });
    }
    Ok(found)
}

/// Brings the tree `dir` to the controller as `LOCAL_DIR/HOST.tar`, the owner's alone, and compares
/// its sha256 with that of the same archive made a second time on the host.
///
/// # Errors
/// `Command` if `tar` fails; `State` if the two differ; `Controller` if it cannot be written here.
pub fn fetch_to_controller(
    host: &Host,
    dir: &str,
    local_dir: &Path,
) -> Result<Change<Option<Carried>>> {
    let dir = guard::plain(dir)?;
    // `set -o pipefail` is not POSIX: tar's status goes to the third descriptor.
    const SUM: &str = r#"{ { tar -C "$1" -cf - . || echo failed >&3; } | sha256sum; } 3>&2"#;
    let command = Command::reads(["sh", "-c", SUM, "ocpdg-sum", dir]).timeout(file::LONG);
    let output = host.run(&command)?;
    let text = output.text();
    let sum = text.split(' ').next().unwrap_or_default();
    if !output.stderr.is_empty() || sum.len() != 64 {
        return Err(host.failed(&command, &output));
    }
    let name = host.name().replace('/', "_");
    let archive = Command::reads(["tar", "-C", dir, "-cf", "-", "."]).timeout(file::LONG);
    file::receive(host, &archive, &local_dir.join(format!("{name}.tar")), sum)
}
