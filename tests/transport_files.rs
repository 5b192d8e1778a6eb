//! Files travel to and from a host whole, or not at all, over every transport.

#[path = "support/each.rs"]
mod each;
#[path = "support/sshd.rs"]
mod sshd;

use std::path::Path;
use std::sync::Arc;

use each::on_each;
use ocpdg::error::Kind;
use ocpdg::primitive::file::{self, Attributes};
use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::{Command, Transport};

fn host(transport: Arc<dyn Transport>) -> Host {
    Host::new("m0", transport, Arc::new(Unobserved))
}

/// What `words` print on `host`, to the byte.
fn said(host: &Host, words: &[&str]) -> Vec<u8> {
    host.run(&Command::reads(words.iter().copied()))
        .unwrap()
        .stdout
}

/// A fresh directory on `host`.
fn directory(host: &Host) -> String {
    let path = host.run(&Command::changes(["mktemp", "-d"])).unwrap();
    path.text().trim().to_owned()
}

/// What is in `directory` on `host`.
fn names(host: &Host, directory: &str) -> String {
    String::from_utf8(said(host, &["ls", "-A", "--", directory])).unwrap()
}

#[test]
fn files_travel_both_ways_with_owner_and_mode() {
    on_each(|transport| {
        let host = host(transport);
        let there = directory(&host);
        let dir = tempfile::tempdir().unwrap();
        let (here, back) = (dir.path().join("here"), dir.path().join("back"));
        let path = format!("{there}/it's a\nfile");
        let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        std::fs::write(&here, &content).unwrap();
        let root = said(&host, &["id", "-u"]) == b"0\n";
        let attributes = Attributes {
            owner: root.then(|| "daemon:bin".to_owned()),
            mode: Some("0640".to_owned()),
        };
        let facts = || {
            let format = if root { "%a %U:%G" } else { "%a" };
            let facts = said(&host, &["stat", "-c", format, "--", &path]);
            String::from_utf8(facts).unwrap()
        };
        let wanted = if root { "640 daemon:bin\n" } else { "640\n" };
        let put = |attributes| file::put(&host, &here, &path, attributes).unwrap().changed;
        assert!(put(&attributes));
        assert_eq!(said(&host, &["cat", "--", &path]), content);
        assert_eq!(facts(), wanted);
        assert!(!put(&attributes));
        // Another content, without attributes: they stay.
        std::fs::write(&here, "new").unwrap();
        assert!(put(&Attributes::default()));
        assert_eq!(facts(), wanted);
        let got = file::get(&host, &path, &back).unwrap().after.unwrap();
        assert_eq!(std::fs::read(&back).unwrap(), b"new");
        assert_eq!(got.size, 3);
        let count = said(&host, &["find", &there, "-type", "f", "-printf", "x"]);
        assert_eq!(count, b"x");
        said(&host, &["rm", "-r", "--", &there]);
    });
}

#[test]
fn a_copy_that_fails_leaves_the_target_and_no_litter() {
    on_each(|transport| {
        let host = host(transport);
        let there = directory(&host);
        let dir = tempfile::tempdir().unwrap();
        let (here, back) = (dir.path().join("here"), dir.path().join("back"));
        let path = format!("{there}/file");
        std::fs::write(&here, "new").unwrap();
        let write = format!("printf old >'{path}' && chmod 600 '{path}'");
        said(&host, &["sh", "-c", &write]);
        let put = |from: &Path, to: &str, attributes: &Attributes| {
            file::put(&host, from, to, attributes).unwrap_err()
        };
        let nobody = Attributes {
            owner: Some("no-such-user".to_owned()),
            mode: None,
        };
        let error = put(&here, &path, &nobody);
        assert!(matches!(*error.kind, Kind::Command { .. }), "{error}");
        let error = put(&dir.path().join("none"), &path, &Attributes::default());
        assert!(error.to_string().contains("no such file"), "{error}");
        let error = put(&here, &there, &Attributes::default());
        assert!(error.to_string().contains("a regular file"), "{error}");
        let missing = file::get(&host, "/no/such/file", &back).unwrap_err();
        assert!(
            format!("{missing:?}").contains("No such file"),
            "{missing:?}"
        );
        assert_eq!(said(&host, &["cat", "--", &path]), b"old");
        assert_eq!(names(&host, &there), "file\n");
        assert!(!back.exists());
        said(&host, &["rm", "-r", "--", &there]);
    });
}
