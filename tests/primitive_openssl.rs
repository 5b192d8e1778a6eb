//! Certificates, read by the openssl of this machine.

#[path = "support/scripted.rs"]
mod scripted;

use std::process::Command;
use std::sync::Arc;

use ocpdg::primitive::openssl::{Condition, certificate};
use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::local::Local;
use scripted::{Reply, Scripted};

struct Room {
    dir: tempfile::TempDir,
    host: Host,
}

impl Room {
    fn new() -> Self {
        let here = Local::new("m0", false, None);
        Self {
            dir: tempfile::tempdir().unwrap(),
            host: Host::new("m0", Arc::new(here), Arc::new(Unobserved)),
        }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    /// A certificate valid for `days`, for the names that `san` lists.
    fn make(&self, name: &str, days: &str, san: &[&str]) -> String {
        let (path, key) = (self.path(name), self.path("key"));
        let mut command = Command::new("openssl");
        command
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
            ])
            .args(["-nodes", "-subj", "/O=lab/CN=m0.example.com", "-days", days])
            .args(["-keyout", &key, "-out", &path]);
        for list in san {
            command.args(["-addext", &format!("subjectAltName={list}")]);
        }
        assert!(command.output().unwrap().status.success());
        path
    }
}

fn urls(list: &[&str]) -> Vec<String> {
    list.iter().map(|&url| url.to_owned()).collect()
}

#[test]
fn a_missing_a_damaged_and_an_expiring_certificate_are_told_apart() {
    let room = Room::new();
    let look = |path: &str| certificate(&room.host, path, &[]).unwrap();
    assert_eq!(look(&room.path("none")).condition, Condition::Missing);
    let good = look(&room.make("good", "30", &[]));
    assert_eq!(good.condition, Condition::Good);
    assert!(good.expires.ends_with("GMT"), "{}", good.expires);
    assert_eq!(
        look(&room.make("soon", "3", &[])).condition,
        Condition::Expiring
    );
    let text = std::fs::read_to_string(room.path("good")).unwrap();
    std::fs::write(room.path("cut"), &text[..text.len() / 2]).unwrap();
    assert_eq!(look(&room.path("cut")).condition, Condition::Damaged);
    std::fs::write(room.path("empty"), "").unwrap();
    assert_eq!(look(&room.path("empty")).condition, Condition::Damaged);
}

#[test]
fn a_certificate_is_for_the_names_and_addresses_in_it() {
    let room = Room::new();
    let path = room.make(
        "a",
        "30",
        &["DNS:m0.example.com,IP:192.168.55.8,IP:fe80::1"],
    );
    let asked = urls(&[
        "https://192.168.55.8:2379",
        "https://[fe80::1]:2379",
        "https://m0.example.com:2379",
        "https://192.168.55.9:2379",
        "https://m0:2379",
        "http://elsewhere:2379",
    ]);
    let found = certificate(&room.host, &path, &asked).unwrap();
    assert_eq!(found.lacks, ["192.168.55.9", "m0"]);
    let plain = certificate(&room.host, &room.make("b", "30", &[]), &asked).unwrap();
    assert_eq!(plain.names, ["m0.example.com"]);
    assert!(!plain.lacks.contains(&"m0.example.com".to_owned()));
}

#[test]
fn a_host_without_openssl_is_not_a_host_with_good_certificates() {
    let script = Scripted::new().file("/etc/etcd/ca.crt", Some("x")).reply(
        "openssl x509 ...",
        Reply::new("", 127).stderr("sh: openssl: command not found\n"),
    );
    let error = certificate(&script.host("m1"), "/etc/etcd/ca.crt", &[]).unwrap_err();
    assert!(error.to_string().starts_with("openssl on `m1`"), "{error}");
    assert_eq!(error.hint.as_deref(), Some("`yum install openssl` on `m1`"));
}
