//! Replacing a small configuration file in one step.

use crate::error::Result;
use crate::primitive::Host;
use crate::transport::quote::quote;
use crate::transport::{Command, Effect};

/// Replaces the content of `path` by `text`, and runs `then` (shell text) after it.
///
/// The new content is written beside the file, synced, given the owner, mode and SELinux context of
/// the old one (0644 and the directory's default where there was none) and renamed over it. A link
/// stays a link: the file it leads to is replaced. A missing directory is made.
///
/// # Errors
/// [`crate::error::Kind::Command`] when any of it fails; the old content is then still there.
pub fn rewrite(host: &Host, path: &str, text: &str, then: Option<&str>) -> Result<()> {
    let path = quote(path);
    let mut script = format!(
        "set -e; f={path}; if [ -e \"$f\" ]; then f=$(readlink -f -- \"$f\"); fi; \
         mkdir -p -- \"${{f%/*}}\"; t=\"$f.ocpdg-new\"; cat >\"$t\"; chmod 0644 \"$t\"; \
         if [ -e \"$f\" ]; then chown --reference=\"$f\" \"$t\"; chmod --reference=\"$f\" \"$t\"; \
         chcon --reference=\"$f\" \"$t\" 2>/dev/null || :; fi; \
         sync; mv -f -- \"$t\" \"$f\"; \
         if command -v restorecon >/dev/null; then restorecon \"$f\" || :; fi"
    );
    if let Some(then) = then {
        script.push_str("; ");
        script.push_str(then);
    }
    host.run(&Command::shell(script, Effect::Changes).stdin(text))?;
    Ok(())
}
