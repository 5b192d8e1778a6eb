//! Whether a TCP port answers, as another host sees it: bash opens the connection, nothing is sent.

use serde::{Deserialize, Serialize};

use super::Host;
use super::file::in_english;
use crate::error::{Error, Result};
use crate::transport::{Command, Exit};

/// How long an answer may take, in seconds.
const WITHIN_SECS: &str = "5";

/// What came of a connection to a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Something listens.
    #[serde(rename = "open")]
    Open,
    /// Nothing listens, and the host itself said so: the network in between lets through.
    #[serde(rename = "refused")]
    Refused,
    /// Nothing came back, or something on the way said no: the host is down, or a firewall is between.
    #[serde(rename = "no answer")]
    NoAnswer,
}

/// A port, as one host sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The address or name that was dialled.
    pub address: String,
    /// The port.
    pub port: u16,
    /// What came of it.
    pub answer: Answer,
    /// In words: `open`, `Connection refused`, `No route to host`, `nothing within 5 s`...
    pub detail: String,
}

/// Opens a TCP connection from `host` to `port` of `address` (a name, or an IP address) and closes it.
///
/// # Errors
/// `Invalid` for what cannot be an address; `Command` if the name is not known on `host`, or bash
/// cannot open connections there.
pub fn probe(host: &Host, address: &str, port: u16) -> Result<Probe> {
    let bare = address
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(address);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte);
    if bare.is_empty() || bare.starts_with('-') || !bare.bytes().all(plain) {
        let subject = format!("address `{}`", address.escape_debug());
        return Err(Error::invalid(subject, "is no name and no IP address"));
    }
    const OPEN: &str = r#"exec 3<>"/dev/tcp/$1/$2""#;
    let port_text = port.to_string();
    let argv = [
        "timeout",
        WITHIN_SECS,
        "bash",
        "-c",
        OPEN,
        "ocpdg-probe",
        bare,
        &port_text,
    ];
    let command = in_english(Command::reads(argv));
    let output = host.output(&command)?;
    // bash has no number for what went wrong, only the system's words.
    const UNANSWERED: [&str; 6] = [
        "No route to host",
        "Network is unreachable",
        "Connection timed out",
        "Connection reset by peer",
        "Operation not permitted",
        "Permission denied",
    ];
    let text = output.error_text();
    let said = |words: &&&str| text.contains(**words);
    let (answer, detail) = match output.exit {
        Exit::Status(0) => (Answer::Open, "open".to_owned()),
        Exit::Status(124) => (Answer::NoAnswer, format!("nothing within {WITHIN_SECS} s")),
        _ if text.contains("Connection refused") => {
            (Answer::Refused, "Connection refused".to_owned())
        }
        _ => match UNANSWERED.iter().find(said) {
            Some(words) => (Answer::NoAnswer, (*words).to_owned()),
            None => {
                return Err(host.failed(&command, &output).with_hint(format!(
                    "see whether `{}` knows `{bare}`: `getent hosts {bare}`",
                    host.name()
                )));
            }
        },
    };
    Ok(Probe {
        address: bare.to_owned(),
        port,
        answer,
        detail,
    })
}
