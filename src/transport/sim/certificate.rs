//! Certificates of a simulated cluster: text between PEM's lines that anybody can read and write.
//!
//! ```text
//! -----BEGIN CERTIFICATE-----
//! subject=/CN=m1.example.com
//! issuer=/CN=openshift-signer@1522919702
//! serial=7
//! not-before=2018-04-05T09:15:02Z
//! not-after=2020-04-04T09:15:02Z
//! names=DNS:m1.example.com, IP Address:192.0.2.11
//! -----END CERTIFICATE-----
//! ```
//!
//! Nothing is signed: who issued a certificate is what it says. What looks otherwise is no
//! certificate to the programs of a simulated host, just as a damaged one is none to real programs.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use sha2::Digest;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is, such as `/CN=m1.example.com`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Its number.
    pub serial: u64,
    /// When it becomes valid, since 1970.
    pub not_before: Duration,
    /// When it expires, since 1970.
    pub not_after: Duration,
    /// The names it is for: `DNS:m1.example.com`, `IP Address:192.0.2.11`.
    pub names: Vec<String>,
}

impl Certificate {
    /// The first certificate in `text`, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once(BEGIN)?;
        let (body, _) = rest.split_once(END)?;
        let value = |name: &str| {
            body.lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .map(str::trim)
        };
        let time = |name| -> Option<Duration> {
            let when: Timestamp = value(name)?.parse().ok()?;
            Some(Duration::from_secs(when.as_second().try_into().ok()?))
        };
        let names = value("names").unwrap_or_default().split(", ");
        Some(Self {
            subject: value("subject")?.to_owned(),
            issuer: value("issuer")?.to_owned(),
            serial: value("serial")?.parse().ok()?,
            not_before: time("not-before")?,
            not_after: time("not-after")?,
            names: names
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }

    /// Whether it is for `name`, a host's name or address.
    pub fn covers(&self, name: &str) -> bool {
        self.names.iter().any(|own| match own.split_once(':') {
            Some(("DNS" | "IP Address", own)) => own == name,
            _ => false,
        })
    }

    /// Its fingerprint as OpenSSL shows it, by SHA-256 or SHA-1.
    pub fn fingerprint(&self, sha256: bool) -> String {
        let text = self.to_string();
        let bytes = if sha256 {
            sha2::Sha256::digest(text.as_bytes()).to_vec()
        } else {
            sha1::Sha1::digest(text.as_bytes()).to_vec()
        };
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        pairs.join(":")
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time =
            |when: Duration| Timestamp::from_second(when.as_secs() as i64).unwrap_or_default();
        writeln!(f, "{BEGIN}")?;
        writeln!(f, "subject={}", self.subject)?;
        writeln!(f, "issuer={}", self.issuer)?;
        writeln!(f, "serial={}", self.serial)?;
        writeln!(f, "not-before={}", time(self.not_before))?;
        writeln!(f, "not-after={}", time(self.not_after))?;
        writeln!(f, "names={}", self.names.join(", "))?;
        writeln!(f, "{END}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let certificate = Certificate {
            subject: "/CN=m1.example.com".to_owned(),
            issuer: "/CN=signer".to_owned(),
            serial: 7,
            not_before: Duration::from_secs(1_522_919_702),
            not_after: Duration::from_secs(1_585_991_702),
            names: vec![
                "DNS:m1.example.com".to_owned(),
                "IP Address:192.0.2.11".to_owned(),
            ],
        };
        let text = certificate.to_string();
        assert_eq!(Certificate::parse(&text), Some(certificate.clone()));
        assert!(certificate.covers("192.0.2.11") && !certificate.covers("m2.example.com"));
        assert_eq!(Certificate::parse(&text.replace("serial", "x")), None);
        assert_eq!(Certificate::parse("garbage"), None);
    }
}
