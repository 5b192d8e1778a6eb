//! Docker: its version, what it holds, clearing it, and taking it to another version.

mod clean;
mod registry;
mod settings;
mod swap;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::primitive::Host;
use crate::transport::{Command, Effect};

pub use clean::{Counts, remove_all};
pub use registry::{Registry, registry};
pub use settings::{remove_deferred_deletion, restart};
pub use swap::{Swap, parts, swap, swap_unfinished};

/// The versions of docker's parts; they differ while a new daemon has not been started yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerVersion {
    /// The client's, such as `1.12.6`; `None` if there is no client.
    pub client: Option<String>,
    /// The running daemon's; `None` if none answers.
    pub server: Option<String>,
    /// The package's, as `version-release`; `None` if it is not installed.
    pub installed: Option<String>,
}

/// The versions of docker's client, running daemon and package; one round trip.
///
/// The client asks its daemon first, whatever the format wants of it. Without an answer it fails, having printed its
/// own version or, in some releases, nothing: then it is asked for that one alone.
///
/// # Errors
/// The transport's failures; that docker is missing or down is an answer.
pub fn version(host: &Host) -> Result<DockerVersion> {
    // A daemon that hangs must not hang us: 30 s are plenty for two numbers.
    let script = "timeout 30 docker version --format 'Docker {{.Client.Version}} {{.Server.Version}}' 2>/dev/null || \
                  timeout 30 docker version --format 'Docker {{.Client.Version}}' 2>/dev/null; \
                  rpm -q --qf 'Package %{VERSION}-%{RELEASE}\\n' docker; :";
    let command = Command::shell(script, Effect::Reads).env("LC_ALL", "C");
    let text = host.run(&command)?.text();
    let value = |part: &str, place: usize| {
        text.lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|words| words.first() == Some(&part))
            .find_map(|words| words.get(place).copied())
            .filter(|value| value.starts_with(|c: char| c.is_ascii_digit()))
            .map(str::to_owned)
    };
    Ok(DockerVersion {
        client: value("Docker", 1),
        server: value("Docker", 2),
        installed: value("Package", 1),
    })
}

/// The ids of all containers, running or not.
///
/// # Errors
/// `State` when the daemon does not answer.
pub fn containers(host: &Host) -> Result<Vec<String>> {
    ids(host, &["docker", "ps", "-aq", "--no-trunc"])
}

/// The names of all containers, running or not.
///
/// # Errors
/// `State` when the daemon does not answer.
pub fn container_names(host: &Host) -> Result<Vec<String>> {
    let argv = ["docker", "ps", "-a", "--format", "{{.Names}}"];
    let output = host.output(&Command::reads(argv).env("LC_ALL", "C"))?;
    if !output.exit.success() {
        return Err(no_answer(host, &output.error_text()));
    }
    let text = output.text();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}

/// The ids of all images, intermediate ones too, each once.
///
/// # Errors
/// `State` when the daemon does not answer.
pub fn images(host: &Host) -> Result<Vec<String>> {
    ids(host, &["docker", "images", "-aq", "--no-trunc"])
}

fn ids(host: &Host, argv: &[&str]) -> Result<Vec<String>> {
    let output = host.output(&Command::reads(argv.iter().copied()).env("LC_ALL", "C"))?;
    if !output.exit.success() {
        return Err(no_answer(host, &output.error_text()));
    }
    Ok(clean::parse_ids(&output.text()))
}

/// The error that docker's daemon does not answer; `said` by the client.
fn no_answer(host: &Host, said: &str) -> Error {
    Error::state(host.name(), "docker", "an answer of the daemon", "none")
        .with_evidence(crate::primitive::tail(said.as_bytes()))
        .with_hint(format!(
            "`systemctl start docker` on `{}`, then resume; `journalctl -u docker --no-pager -n 50` if it does not start",
            host.name()
        ))
}
