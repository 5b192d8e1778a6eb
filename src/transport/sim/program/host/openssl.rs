//! `openssl x509` of simulated certificates, in the words of OpenSSL 1.0.2.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::transport::sim::certificate::Certificate;
use crate::transport::sim::files::Errno;
use crate::transport::sim::process::{Ended, Process};
use crate::transport::sim::program::access::slurp;
use crate::transport::sim::program::{Program, time};

/// This family.
pub const PROGRAMS: &[(&str, Program)] = &[("openssl", openssl)];

fn openssl(process: &mut Process<'_>, argv: &[String]) -> Ended {
    match argv.get(1).map(String::as_str) {
        Some("x509") => x509(process, &argv[2..]),
        Some("version") if argv.len() == 2 => {
            process.line("OpenSSL 1.0.2k-fips  26 Jan 2017")?;
            Ok(0)
        }
        _ => process.unmodelled(format_args!("openssl {}", argv[1..].join(" "))),
    }
}

fn x509(process: &Process<'_>, words: &[String]) -> Ended {
    let (mut file, mut shown, mut sum, mut text, mut until) = ("-", Vec::new(), "sha1", true, None);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-in" => file = words.next().unwrap_or_default(),
            "-noout" => text = false,
            "-checkend" => {
                let value = words.next().and_then(|word| word.parse::<u64>().ok());
                let Some(seconds) = value else {
                    return process.unmodelled("openssl x509 -checkend without a number");
                };
                until = Some(seconds);
            }
            "-sha256" | "-sha1" => sum = word.trim_start_matches('-'),
            "-inform" if words.next() == Some("PEM") => {}
            "-enddate" | "-startdate" | "-dates" | "-subject" | "-issuer" | "-serial"
            | "-fingerprint" | "-text" => {
                shown.push(word);
            }
            other => return process.unmodelled(format_args!("openssl x509 {other}")),
        }
    }
    let bytes = match slurp(process, file)? {
        Ok(bytes) => bytes,
        Err(errno) => {
            let number = if errno == Errno::NoEntry {
                "02001002"
            } else {
                "0200100D"
            };
            let text = format!(
                "Error opening Certificate {file}\n\
                 140000000000000:error:{number}:system library:fopen:{errno}:bss_file.c:402:fopen('{file}','r')\n\
                 140000000000000:error:20074002:BIO routines:FILE_CTRL:system lib:bss_file.c:404:\n\
                 unable to load certificate"
            );
            return process.fail(1, text);
        }
    };
    let Some(certificate) = Certificate::parse(&String::from_utf8_lossy(&bytes)) else {
        return process.fail(
            1,
            "unable to load certificate\n140000000000000:error:0906D06C:PEM routines:PEM_read_bio:no start \
             line:pem_lib.c:707:Expecting: TRUSTED CERTIFICATE",
        );
    };
    let day = |when: Duration| {
        time::zoned(when, &TimeZone::UTC)
            .strftime("%b %e %H:%M:%S %Y GMT")
            .to_string()
    };
    let mut out = String::new();
    for word in shown {
        let (from, to) = (day(certificate.not_before), day(certificate.not_after));
        out.push_str(&match word {
            "-startdate" => format!("notBefore={from}\n"),
            "-enddate" => format!("notAfter={to}\n"),
            "-dates" => format!("notBefore={from}\nnotAfter={to}\n"),
            "-subject" => format!("subject= {}\n", certificate.subject),
            "-issuer" => format!("issuer= {}\n", certificate.issuer),
            "-serial" => format!("serial={:02X}\n", certificate.serial),
            "-fingerprint" => format!("{} Fingerprint={}\n", sum.to_uppercase(), certificate.fingerprint(sum == "sha256")),
            _ => format!(
                "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Serial Number: {serial} ({serial:#x})\n    \
                 Signature Algorithm: sha256WithRSAEncryption\n        Issuer: {issuer}\n        Validity\n            \
                 Not Before: {from}\n            Not After : {to}\n        Subject: {subject}\n        X509v3 \
                 extensions:\n            X509v3 Subject Alternative Name: \n                {names}\n",
                serial = certificate.serial,
                issuer = certificate.issuer.trim_start_matches('/').replace('/', ", "),
                subject = certificate.subject.trim_start_matches('/').replace('/', ", "),
                names = certificate.names.join(", "),
            ),
        });
    }
    let mut status = 0;
    if let Some(seconds) = until {
        if process.now() + Duration::from_secs(seconds) > certificate.not_after {
            out.push_str("Certificate will expire\n");
            status = 1;
        } else {
            out.push_str("Certificate will not expire\n");
        }
    }
    if text {
        out.push_str(&certificate.to_string());
    }
    process.write(out)?;
    Ok(status)
}
