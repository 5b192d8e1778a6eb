//! Copying files to and from a host, by commands.
//!
//! A command works under sudo and behaves alike over every transport; SFTP does neither, and is
//! hardly faster than `cat` over a channel.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

use super::{Command, Effect, Exit, Failure, Stream, Streams, Transport, sys};

/// Who owns a written file, and who may do what. What is `None` stays as the file had it before; a
/// new file belongs to the writing user, with mode 0600.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// User name or number.
    pub owner: Option<String>,
    /// Group name or number.
    pub group: Option<String>,
    /// Permission bits, such as 0o644.
    pub mode: Option<u32>,
}

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, as 64 hexadecimal digits.
    pub sha256: String,
}

/// Why a copy failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyError {
    /// The host could not be reached, or the connection went away; a temporary file may be left.
    Transport(Failure),
    /// The host said no, with the end of its words; the target is as it was before.
    Host {
        /// What was being done, as an operator would say it.
        action: String,
        /// How the command ended.
        exit: Exit,
        /// What it wrote to standard error.
        stderr: String,
    },
    /// What arrived is not what was sent; the target is as it was before.
    Damaged {
        /// What was being done.
        action: String,
        /// What was sent.
        sent: Copied,
        /// What arrived, as the receiving side described it.
        arrived: String,
    },
    /// The file on the controller could not be read or written.
    Controller {
        /// What was being done.
        action: String,
        /// The system's reason.
        reason: String,
    },
}

impl std::fmt::Display for CopyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Transport(failure) => write!(f, "{failure}"),
            Self::Host {
                action,
                exit,
                stderr,
            } => write!(f, "cannot {action}: the command {exit}: {stderr}"),
            Self::Damaged {
                action,
                sent,
                arrived,
            } => write!(
                f,
                "cannot {action}: {} bytes with sha256 {} were sent, but {arrived} arrived",
                sent.bytes, sent.sha256
            ),
            Self::Controller { action, reason } => write!(f, "cannot {action}: {reason}"),
        }
    }
}

impl std::error::Error for CopyError {}

impl From<Failure> for CopyError {
    fn from(failure: Failure) -> Self {
        Self::Transport(failure)
    }
}

/// Receives standard input into a new file beside the target, and says what arrived.
/// `$1`: temporary file.
const RECEIVE: &str = r#"set -eC; umask 077
trap 'exit 1' HUP INT TERM PIPE
trap 'rm -f -- "$1"' EXIT
cat >"$1"
sync -- "$1" 2>/dev/null || sync
sum=$(sha256sum <"$1")
size=$(wc -c <"$1")
echo "$((size)) ${sum%% *}"
trap - EXIT"#;

/// Gives the received file its attributes and its name.
/// `$1`: temporary file, `$2`: target, `$3`: owner, `$4`: group, `$5`: mode; empty means "as before".
const INSTALL: &str = r#"set -e
trap 'exit 1' HUP INT TERM PIPE
trap 'rm -f -- "$1"' EXIT
if [ -d "$2" ]; then echo "it is a directory" >&2; exit 1; fi
old= selinux=
if [ -e "$2" ]; then old=yes; fi
if command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled; then selinux=yes; fi
if [ "$old" ]; then
    chown --reference="$2" -- "$1"
    chmod --reference="$2" -- "$1"
fi
if [ "$3$4" ]; then chown -- "$3${4:+:$4}" "$1"; fi
if [ "$5" ]; then chmod -- "$5" "$1"; fi
if [ "$selinux" ] && [ "$old" ]; then chcon --reference="$2" -- "$1"; fi
mv -fT -- "$1" "$2"
trap - EXIT
if [ "$selinux" ] && [ ! "$old" ]; then restorecon -- "$2"; fi
dir=${2%/*}
sync -- "${dir:-/}" 2>/dev/null || sync"#;

/// Writes all of `content` to the file `path` (absolute) on the host, and verifies it there.
///
/// The content goes to a temporary file in the same directory, is synced to disk and compared by
/// size and SHA-256; then owner, mode and SELinux context are set, and the file is renamed over the
/// target. Whoever looks sees the old content or the new, never a part.
///
/// # Errors
/// [`CopyError`]; the target is then as it was before.
pub fn put(
    transport: &dyn Transport,
    content: &mut (dyn Read + Send),
    path: &str,
    attributes: &Attributes,
) -> Result<Copied, CopyError> {
    let action = format!("write `{path}`");
    let Some((directory, name)) = path.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
        return Err(CopyError::Controller {
            action,
            reason: "it has to be the absolute path of a file".to_owned(),
        });
    };
    let short: String = name.chars().take(100).collect();
    let temporary = format!("{directory}/.{short}.{}", sys::unpredictable());

    let mut content = Hashing::new(content);
    let (mut answer, mut stderr) = (Vec::new(), Vec::new());
    let exit = transport.execute(
        &script(RECEIVE, [temporary.as_str()], Effect::Changes),
        Streams {
            input: &mut content,
            output: &mut |stream, bytes| {
                match stream {
                    Stream::Stdout => &mut answer,
                    Stream::Stderr => &mut stderr,
                }
                .extend_from_slice(bytes);
                Ok(())
            },
        },
    );
    let exit = match exit {
        Ok(exit) => exit,
        Err(failure) => {
            if let Some(reason) = content.failed.take() {
                remove(transport, &temporary);
                return Err(CopyError::Controller { action, reason });
            }
            return Err(failure.into());
        }
    };
    if !exit.success() {
        let stderr = text(&stderr);
        return Err(CopyError::Host {
            action,
            exit,
            stderr,
        });
    }
    let sent = content.finish();
    let arrived = text(&answer);
    if arrived != format!("{} {}", sent.bytes, sent.sha256) {
        remove(transport, &temporary);
        return Err(CopyError::Damaged {
            action,
            sent,
            arrived: arrived.replacen(' ', " bytes with sha256 ", 1),
        });
    }

    let mode = attributes.mode.map(|mode| format!("{mode:04o}"));
    let arguments = [
        temporary.as_str(),
        path,
        attributes.owner.as_deref().unwrap_or_default(),
        attributes.group.as_deref().unwrap_or_default(),
        mode.as_deref().unwrap_or_default(),
    ];
    let output = transport.output(&script(INSTALL, arguments, Effect::Changes))?;
    if !output.exit.success() {
        return Err(CopyError::Host {
            action,
            exit: output.exit,
            stderr: text(&output.stderr),
        });
    }
    Ok(sent)
}

/// Copies the file `path` of the host into `target`, and verifies it.
///
/// What was read is compared with the host's own checksum of the file, taken after; a file that
/// changes meanwhile is therefore an error.
///
/// # Errors
/// [`CopyError`]; `target` then holds a part, or damaged content.
pub fn get(
    transport: &dyn Transport,
    path: &str,
    target: &mut (dyn Write + Send),
) -> Result<Copied, CopyError> {
    let action = format!("read `{path}`");
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    let mut failed = None;
    let mut stderr = Vec::new();
    let read = script(
        r#"set -e; cat -- "$1"; sum=$(sha256sum <"$1"); echo "${sum%% *}" >&2"#,
        [path],
        Effect::Reads,
    );
    let exit = transport.execute(
        &read,
        Streams {
            input: &mut io::empty(),
            output: &mut |stream, piece| {
                if stream == Stream::Stderr {
                    stderr.extend_from_slice(piece);
                    return Ok(());
                }
                hash.update(piece);
                bytes += piece.len() as u64;
                target.write_all(piece).inspect_err(|error| {
                    failed = Some(error.to_string());
                })
            },
        },
    );
    if let Some(reason) = failed {
        return Err(CopyError::Controller { action, reason });
    }
    let exit = exit?;
    if !exit.success() {
        return Err(CopyError::Host {
            action,
            exit,
            stderr: text(&stderr),
        });
    }
    let arrived = Copied {
        bytes,
        sha256: hexadecimal(hash),
    };
    let there = text(&stderr);
    if there != arrived.sha256 {
        return Err(CopyError::Damaged {
            action,
            sent: Copied {
                bytes,
                sha256: there,
            },
            arrived: format!("{bytes} bytes with sha256 {}", arrived.sha256),
        });
    }
    Ok(arrived)
}

fn script<'a>(
    text: &'a str,
    arguments: impl IntoIterator<Item = &'a str>,
    effect: Effect,
) -> Command {
    let words = ["sh", "-c", text, "sh"].into_iter().chain(arguments);
    match effect {
        Effect::Reads => Command::reads(words),
        Effect::Changes => Command::changes(words),
    }
}

/// Removes a temporary file after a failure, which is what will be reported; a file that stays has
/// a name that says where it comes from.
fn remove(transport: &dyn Transport, temporary: &str) {
    let _ = transport.output(&Command::changes(["rm", "-f", "--", temporary]));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Counts and hashes what is read through it.
struct Hashing<'a> {
    source: &'a mut (dyn Read + Send),
    hash: Sha256,
    bytes: u64,
    failed: Option<String>,
}

impl<'a> Hashing<'a> {
    fn new(source: &'a mut (dyn Read + Send)) -> Self {
        Self {
            source,
            hash: Sha256::new(),
            bytes: 0,
            failed: None,
        }
    }

    fn finish(self) -> Copied {
        Copied {
            bytes: self.bytes,
            sha256: hexadecimal(self.hash),
        }
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self
            .source
            .read(buffer)
            .inspect_err(|error| self.failed = Some(error.to_string()))?;
        self.hash.update(&buffer[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}
