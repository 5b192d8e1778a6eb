//! What files hold whose content is not in the snapshot.

use std::time::Duration;

use super::time;
use crate::transport::sim::build::facts::{CertificateFacts, FileFacts};
use crate::transport::sim::certificate::Certificate;

/// What the file holds, or what stands in its place.
pub fn content(file: &FileFacts) -> String {
    if let Some(content) = &file.content {
        return content.clone();
    }
    if let Some(certificate) = &file.certificate {
        return shown(certificate);
    }
    if !file.server.is_empty() {
        return include_str!("../files/kubeconfig")
            .replace("{authority}", &file.authority)
            .replace("https://{server}:8443", &file.server);
    }
    if !file.fingerprint.is_empty() {
        return format!(
            "-----BEGIN RSA PRIVATE KEY-----\nstand-in for {}\n-----END RSA PRIVATE KEY-----\n",
            file.fingerprint
        );
    }
    "the snapshot does not hold it\n".to_owned()
}

fn shown(facts: &CertificateFacts) -> String {
    let names = facts
        .names
        .iter()
        .map(|name| match name.parse::<std::net::IpAddr>() {
            Ok(_) => format!("IP Address:{name}"),
            Err(_) => format!("DNS:{name}"),
        });
    let certificate = Certificate {
        subject: facts.subject.clone(),
        issuer: "/CN=stand-in".to_owned(),
        serial: 1,
        not_before: Duration::ZERO,
        not_after: time(facts.not_after),
        names: names.collect(),
    };
    certificate.to_string()
}
