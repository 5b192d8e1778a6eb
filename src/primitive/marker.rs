//! The marker on a host that says who works on its cluster: one link, made by one and no other.
//!
//! What it says is what the link points at, as editors mark files: it is there as a whole or not at all,
//! and of two that make it at the same moment one fails. `readlink` shows it.

use std::time::Duration;

use super::Host;
use crate::error::Result;
use crate::transport::{Command, Exit, Survival};

/// Where it lies unless told otherwise.
pub const PATH: &str = "/var/lib/ocpdg/running";

const LIMIT: Duration = Duration::from_secs(60);
/// The status that says that somebody else has it.
const HELD: u8 = 4;

/// `$1` the marker, `$2` its text, `$3` the text to replace.
///
/// Who replaces has the link `$1.next`, so that of two who saw the same text one does.
const CLAIM: &str = r#"umask 077; mkdir -p "${1%/*}" || exit 3
if [ -n "$3" ] && ln -sT "$2" "$1.next" 2>/dev/null; then
[ "$(readlink "$1")" = "$3" ] && mv -fT "$1.next" "$1" && exit 0
rm -f "$1.next"; fi
ln -sT "$2" "$1" && exit 0
readlink "$1" && exit 4"#;

/// `$1` the marker, `$2` its text.
const RELEASE: &str = r#"ln -sT "$2" "$1.next" 2>/dev/null || exit 4
[ "$(readlink "$1")" = "$2" ] && rm -f "$1"; gone=$?
rm -f "$1.next"; [ $gone = 0 ] || exit 4"#;

/// What came of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It says what was to be said.
    Taken,
    /// It is another's: what it says, which is untrusted.
    Held(String),
}

/// Puts the marker at `path` with the line `text`, in the place of the one that says `former`, if that
/// is given and still there.
///
/// # Errors
/// A host that cannot be reached, or a file that cannot be written.
pub fn claim(host: &Host, path: &str, text: &str, former: Option<&str>) -> Result<Claim> {
    let words = [path, text, former.unwrap_or_default()];
    let argv = ["sh", "-c", CLAIM, "ocpdg-marker"].into_iter().chain(words);
    // Nobody has to follow it: whoever comes back looks what the marker says.
    let command = Command::changes(argv)
        .survival(Survival::None)
        .timeout(LIMIT);
    let output = host.output(&command)?;
    match output.exit {
        Exit::Status(0) => Ok(Claim::Taken),
        Exit::Status(HELD) => {
            let held = output.text();
            let held = held.trim_end_matches('\n');
            // Its own of before: the connection broke before the answer came.
            Ok(match held == text {
                true => Claim::Taken,
                false => Claim::Held(held.to_owned()),
            })
        }
        _ => Err(host.failed(&command, &output)),
    }
}

/// Takes the marker at `path` away if it says `text`; returns whether it did.
///
/// # Errors
/// A host that cannot be reached, or a file that cannot be removed.
pub fn release(host: &Host, path: &str, text: &str) -> Result<bool> {
    let argv = ["sh", "-c", RELEASE, "ocpdg-marker", path, text];
    let command = Command::changes(argv)
        .survival(Survival::None)
        .timeout(LIMIT);
    let output = host.output(&command)?;
    match output.exit {
        Exit::Status(0) => Ok(true),
        Exit::Status(HELD) => Ok(false),
        _ => Err(host.failed(&command, &output)),
    }
}
