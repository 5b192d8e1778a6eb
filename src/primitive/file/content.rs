//! The content of small text files.

use sha2::{Digest, Sha256};

use super::digest::{self, Found, hex};
use super::stat::{Stat, only_absent, stat};
use super::{base, guard, in_english, parent};
use crate::error::{Error, Result};
use crate::primitive::{Change, Host};
use crate::transport::{Command, Output};

/// The most that [`read`] returns, in bytes: 16 MiB.
pub const READ_LIMIT: u64 = 16 << 20;

/// Owner and mode of a file or directory; what is `None` stays, or is the default of a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// `owner`, `owner:group` or `:group`.
    pub owner: Option<String>,
    /// Octal digits, such as `0600`.
    pub mode: Option<String>,
}

impl Attributes {
    /// Owner and mode together.
    pub fn new(owner: &str, mode: &str) -> Self {
        Self {
            owner: Some(owner.to_owned()),
            mode: Some(mode.to_owned()),
        }
    }

    /// Whether `found` has them, its owner by the names asked for.
    pub(super) fn fit(&self, found: &Stat) -> bool {
        let (owner, group) = match self.owner.as_deref() {
            None => ("", ""),
            Some(both) => both.split_once(':').unwrap_or((both, "")),
        };
        let mode = |mode: &String| format!("{mode:0>4}") == found.mode;
        (owner.is_empty() || owner == found.owner)
            && (group.is_empty() || group == found.group)
            && self.mode.as_ref().is_none_or(mode)
    }

    /// Refuses what `chown` and `chmod` would read otherwise.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(owner) = &self.owner {
            check_owner(owner)?;
        }
        self.mode.as_deref().map_or(Ok(()), check_mode)
    }
}

pub(super) fn check_owner(owner: &str) -> Result<()> {
    let word = |c: char| c.is_ascii_alphanumeric() || "_-.$:".contains(c);
    if owner.is_empty() || owner.starts_with('-') || !owner.chars().all(word) {
        return Err(Error::invalid(
            format!("owner `{}`", owner.escape_debug()),
            "wanted `owner`, `owner:group` or `:group`",
        ));
    }
    Ok(())
}

pub(super) fn check_mode(mode: &str) -> Result<()> {
    if !(3..=4).contains(&mode.len()) || !mode.bytes().all(|b| (b'0'..=b'7').contains(&b)) {
        return Err(Error::invalid(
            format!("mode `{}`", mode.escape_debug()),
            "wanted octal digits such as `0644`",
        ));
    }
    Ok(())
}

/// The text of the file at `path`, at most [`READ_LIMIT`] bytes of it.
///
/// # Errors
/// `Command` if it cannot be read; `State` if it is larger, or is not UTF-8.
pub fn read(host: &Host, path: &str) -> Result<String> {
    let path = guard::plain(path)?;
    let output = host.run(&head(path))?;
    text(host, path, output.stdout)
}

/// The text of the file at `path` as [`read`] returns it, or nothing if there is none; one round trip
/// for a file that is there.
///
/// # Errors
/// As [`read`]; a link that leads nowhere cannot be read.
pub fn read_existing(host: &Host, path: &str) -> Result<Option<String>> {
    let path = guard::plain(path)?;
    let command = head(path);
    let output = host.output(&command)?;
    if output.exit.success() {
        return text(host, path, output.stdout).map(Some);
    }
    if only_absent(&output) && stat(host, path)?.is_none() {
        return Ok(None);
    }
    Err(host.failed(&command, &output))
}

/// The text of each of `paths`, in order, as [`read`] returns it; one round trip where all can be read
/// and are text.
///
/// # Errors
/// The transport's failures; what keeps one file from being read is its own answer.
pub fn read_many(host: &Host, paths: &[&str]) -> Result<Vec<Result<String>>> {
    // A NUL byte is in no text.
    const READ: &str =
        r#"limit=$1; shift; for file; do head -c "$limit" -- "$file" || exit 1; printf '\0'; done"#;
    let one_by_one = || paths.iter().map(|path| read(host, path)).collect();
    if paths.len() < 2 {
        return Ok(one_by_one());
    }
    let limit = (READ_LIMIT + 1).to_string();
    let mut argv = vec!["sh", "-c", READ, "ocpdg-read", &limit];
    for path in paths {
        argv.push(guard::plain(path)?);
    }
    let output = host.output(&in_english(Command::reads(argv)))?;
    let texts: Vec<&[u8]> = output.stdout.split(|&byte| byte == 0).collect();
    // The last one ends with a NUL byte too.
    if !output.exit.success() || texts.len() != paths.len() + 1 {
        return Ok(one_by_one());
    }
    let texts = paths.iter().zip(texts);
    Ok(texts
        .map(|(path, content)| text(host, path, content.to_vec()))
        .collect())
}

fn head(path: &str) -> Command {
    let limit = (READ_LIMIT + 1).to_string();
    in_english(Command::reads(["head", "-c", &limit, "--", path]))
}

fn text(host: &Host, path: &str, content: Vec<u8>) -> Result<String> {
    if content.len() as u64 > READ_LIMIT {
        let wanted = format!("at most {} MiB", READ_LIMIT >> 20);
        let hint = format!("copy it with `get(\"{path}\", ...)`");
        return Err(Error::state(host.name(), format!("`{path}`"), wanted, "more").with_hint(hint));
    }
    String::from_utf8(content).map_err(|_| {
        Error::state(
            host.name(),
            format!("`{path}`"),
            "UTF-8 text",
            "other bytes",
        )
        .with_hint(format!("copy it with `get(\"{path}\", ...)`"))
    })
}

/// Puts `content` at `path` in one rename, unless it is there already.
///
/// The new file is complete, checked against its sha256 and synced before it takes the name. It
/// keeps owner, mode and SELinux context of the file it replaces, or has those of `attributes`;
/// one that is new is `root`'s with mode 0644. A symbolic link is followed, not replaced.
/// Before and after are sha256 sums.
///
/// # Errors
/// `Command` with what the host refused; `State` if the path holds no regular file.
pub fn write(
    host: &Host,
    path: &str,
    content: &str,
    attributes: &Attributes,
) -> Result<Change<Option<String>>> {
    attributes.check()?;
    let wanted = hex(&Sha256::digest(content.as_bytes()));
    let target = Target::look(host, path)?;
    if target.sha256.as_ref() == Some(&wanted) {
        return target.keep(host, attributes);
    }
    let command = target.receive(attributes, &wanted).stdin(content);
    let output = host.output(&command)?;
    target.received(host, &command, output, wanted)
}

/// As [`write()`], where a look of the same step has told that nothing is at `path`.
///
/// # Errors
/// As [`write()`].
pub(crate) fn write_new(
    host: &Host,
    path: &str,
    content: &str,
    attributes: &Attributes,
) -> Result<()> {
    attributes.check()?;
    let wanted = hex(&Sha256::digest(content.as_bytes()));
    let target = Target {
        path: guard::plain(path)?.to_owned(),
        sha256: None,
    };
    let command = target.receive(attributes, &wanted).stdin(content);
    let output = host.output(&command)?;
    target.received(host, &command, output, wanted)?;
    Ok(())
}

/// A file about to be replaced, links resolved.
pub(super) struct Target {
    pub(super) path: String,
    pub(super) sha256: Option<String>,
}

impl Target {
    pub(super) fn look(host: &Host, path: &str) -> Result<Self> {
        let mut path = guard::plain(path)?.to_owned();
        let mut found = digest::found(host, &path)?;
        if found == Found::Link {
            path = super::real_path(host, &path)?;
            found = digest::found(host, &path)?;
        }
        let sha256 = match found {
            Found::Nothing => None,
            Found::File(sha256) => Some(sha256),
            Found::Link | Found::Other => {
                let subject = format!("`{path}`");
                return Err(Error::state(
                    host.name(),
                    subject,
                    "a regular file, or nothing",
                    "something else",
                ));
            }
        };
        Ok(Self { path, sha256 })
    }

    /// The command that takes the new content from standard input and puts it in place.
    pub(super) fn receive(&self, attributes: &Attributes, sha256: &str) -> Command {
        // A leading dot and no known suffix: nothing that reads a `.d` directory takes it up.
        let temporary = format!(
            "{}/.{}.ocpdg",
            parent(&self.path).trim_end_matches('/'),
            base(&self.path)
        );
        in_english(Command::changes([
            "sh",
            "-c",
            RECEIVE,
            "ocpdg-write",
            &self.path,
            &temporary,
            sha256,
            attributes.owner.as_deref().unwrap_or_default(),
            attributes.mode.as_deref().unwrap_or_default(),
        ]))
    }

    /// The change after `command` ended with `output`, which says what the file in place holds.
    pub(super) fn received(
        self,
        host: &Host,
        command: &Command,
        output: Output,
        wanted: String,
    ) -> Result<Change<Option<String>>> {
        if !output.exit.success() {
            // The script is ours and long: the operator sees what it is for.
            let mut shown = command.clone();
            shown.body = crate::transport::Body::Argv(vec!["write".to_owned(), self.path]);
            return Err(host.failed(&shown, &output));
        }
        let text = output.text();
        let after = text.split(' ').next().unwrap_or_default();
        if after != wanted {
            let subject = format!("`{}`", self.path);
            let wanted = format!("sha256 {wanted}");
            return Err(Error::state(host.name(), subject, wanted, after));
        }
        Ok(Change::between(self.sha256, Some(wanted)))
    }

    /// Leaves the content as it is, and gives it `attributes`.
    pub(super) fn keep(
        self,
        host: &Host,
        attributes: &Attributes,
    ) -> Result<Change<Option<String>>> {
        if let Some(owner) = &attributes.owner {
            super::set_owner(host, &self.path, owner, false)?;
        }
        if let Some(mode) = &attributes.mode {
            super::set_mode(host, &self.path, mode)?;
        }
        Ok(Change::between(self.sha256.clone(), self.sha256))
    }
}

/// Arguments: path, temporary name beside it, sha256, owner or nothing, mode or nothing. Prints the sha256
/// of the file in place.
///
/// `dd conv=fsync` because RHEL 7's `sync` takes no file.
const RECEIVE: &str = r#"set -eu
umask 077
rm -f -- "$2"
trap 'rm -f -- "$2"' EXIT
dd of="$2" bs=65536 conv=fsync 2>/dev/null
found=$(sha256sum <"$2")
if [ "${found%% *}" != "$3" ]; then
    echo "the content arrived incomplete" >&2
    exit 74
fi
if [ -e "$1" ]; then
    chown --reference="$1" -- "$2"
    chmod --reference="$1" -- "$2"
    if selinuxenabled 2>/dev/null; then chcon --reference="$1" -- "$2"; fi
    new=
else
    chmod 0644 -- "$2"
    new=yes
fi
if [ -n "$4" ]; then chown -- "$4" "$2"; fi
if [ -n "$5" ]; then chmod -- "$5" "$2"; fi
mv -f -T -- "$2" "$1"
if [ -n "$new" ] && selinuxenabled 2>/dev/null; then restorecon -- "$1"; fi
sync "$(dirname -- "$1")"
sha256sum <"$1"
"#;
