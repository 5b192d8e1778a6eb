//! Certificates, as `openssl` reads them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Host, file, tail};
use crate::error::{Error, Result};
use crate::transport::{Command, Exit};

/// What a certificate's file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Valid for more than [`SOON_SECS`].
    Good,
    /// No longer valid, or not for long.
    Expiring,
    /// No certificate is in the file.
    Damaged,
    /// There is no file.
    Missing,
}

/// A certificate on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its file.
    pub path: String,
    /// What it is.
    pub condition: Condition,
    /// Its last moment as openssl writes it, such as `Apr  5 09:15:02 2023 GMT`; empty if unknown.
    pub expires: String,
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// The hosts of the URLs asked for that are not among its names.
    pub lacks: Vec<String>,
}

/// How long a certificate has to be valid, in seconds: 7 days by the host's clock.
pub const SOON_SECS: u32 = 7 * 24 * 3600;

/// The certificate at `path`, and which hosts of `urls` it is not for. Only `https` URLs count: the
/// others ask for no certificate.
///
/// # Errors
/// `State` where openssl is not installed; the transport's failures. That the file is missing or
/// damaged is an answer.
pub fn certificate(host: &Host, path: &str, urls: &[String]) -> Result<Certificate> {
    let mut found = Certificate {
        path: path.to_owned(),
        condition: Condition::Missing,
        expires: String::new(),
        names: Vec::new(),
        lacks: Vec::new(),
    };
    let path = file::guard::plain(path)?;
    let soon = SOON_SECS.to_string();
    let command = Command::reads([
        "openssl",
        "x509",
        "-in",
        path,
        "-noout",
        "-text",
        "-enddate",
        "-checkend",
        &soon,
    ]);
    let output = host.output(&command.env("LC_ALL", "C"))?;
    if matches!(output.exit, Exit::Status(126 | 127)) {
        return Err(Error::state(
            host.name(),
            "openssl",
            "the command, to read certificates",
            "none",
        )
        .with_evidence(tail(&output.stderr))
        .with_hint(format!("`yum install openssl` on `{}`", host.name())));
    }
    let text = output.text();
    let Some(expires) = text.lines().find_map(|line| line.strip_prefix("notAfter=")) else {
        if file::exists(host, path)? {
            found.condition = Condition::Damaged;
        }
        return Ok(found);
    };
    // The status alone tells nothing: it is 1 for a file without a certificate, too.
    found.condition = if output.exit.success() {
        Condition::Good
    } else {
        Condition::Expiring
    };
    expires.trim().clone_into(&mut found.expires);
    found.names = names(&text);
    found.lacks = urls
        .iter()
        .filter_map(|url| host_of(url))
        .filter(|wanted| !found.names.iter().any(|name| is_for(name, wanted)))
        .map(str::to_owned)
        .collect();
    found.lacks.dedup();
    Ok(found)
}

/// The names that `text`, of `openssl x509 -text`, tells of: the alternative names where there are
/// any, else the common name, as Go's TLS has it.
pub(crate) fn names(text: &str) -> Vec<String> {
    let mut lines = text.lines().map(str::trim);
    let heading = |line: &str| line.starts_with("X509v3 Subject Alternative Name:");
    if lines.by_ref().any(heading) {
        let list = lines.next().unwrap_or_default();
        return list
            .split(", ")
            .filter_map(|entry| {
                let name = entry.strip_prefix("DNS:");
                name.or_else(|| entry.strip_prefix("IP Address:"))
            })
            .map(|name| name.trim().to_owned())
            .collect();
    }
    let subject = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("Subject:"));
    let fields = subject.into_iter().flat_map(|line| line.split([',', '/']));
    fields
        .filter_map(|field| field.split_once('='))
        .filter(|(key, _)| key.trim() == "CN")
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// Whether a certificate for `name` is one for the host `wanted`.
fn is_for(name: &str, wanted: &str) -> bool {
    if let Ok(address) = wanted.parse::<IpAddr>() {
        return name.parse() == Ok(address);
    }
    if let Some(domain) = name.strip_prefix("*.") {
        let rest = wanted.split_once('.').map(|(_, rest)| rest);
        return rest.is_some_and(|rest| rest.eq_ignore_ascii_case(domain));
    }
    name.eq_ignore_ascii_case(wanted)
}

/// The host part of an `https` URL.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://")?;
    let authority = rest.split('/').next().unwrap_or(rest);
    if let Some(inside) = authority.strip_prefix('[') {
        return inside.split(']').next();
    }
    authority.split(':').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternative_names_count_and_the_common_name_only_without_them() {
        let san = "  Subject: CN = m0\n   X509v3 Subject Alternative Name: critical\n  \
                   DNS:m0.example.com, IP Address:192.168.55.8, IP Address:FE80:0:0:0:0:0:0:1\n";
        assert_eq!(
            names(san),
            ["m0.example.com", "192.168.55.8", "FE80:0:0:0:0:0:0:1"]
        );
        assert_eq!(
            names("  Subject: O=etcd, CN=m0.example.com\n"),
            ["m0.example.com"]
        );
        assert!(names("").is_empty());
    }

    #[test]
    fn a_host_is_named_or_addressed() {
        assert!(is_for("FE80:0:0:0:0:0:0:1", "fe80::1"));
        assert!(is_for("M0.example.com", "m0.example.com"));
        assert!(is_for("*.example.com", "m0.example.com"));
        assert!(!is_for("*.example.com", "a.m0.example.com"));
        assert!(!is_for("192.168.55.8", "192.168.55.80"));
    }

    #[test]
    fn the_host_of_a_url() {
        assert_eq!(host_of("https://192.168.55.8:2379"), Some("192.168.55.8"));
        assert_eq!(host_of("https://[fe80::1]:2379/x"), Some("fe80::1"));
        assert_eq!(host_of("https://m0"), Some("m0"));
        assert_eq!(host_of("http://m0:2379"), None);
    }
}
