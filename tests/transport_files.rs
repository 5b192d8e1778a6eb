//! Files travel to and from a host whole, or not at all, over every transport.

#[path = "support/each.rs"]
mod each;
#[path = "support/sshd.rs"]
mod sshd;

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use each::on_each;
use ocpdg::error::Kind;
use ocpdg::primitive::file::{self, Attributes};
use ocpdg::primitive::{Host, Unobserved};
use ocpdg::transport::Transport;

fn host(transport: Arc<dyn Transport>) -> Host {
    Host::new("m0", transport, Arc::new(Unobserved))
}

#[test]
fn files_travel_both_ways_with_owner_and_mode() {
    on_each(|transport| {
        let host = host(transport);
        let (dir, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (here, back) = (dir.path().join("here"), dir.path().join("back"));
        let path = there.path().join("it's a\nfile");
        let text = path.to_str().unwrap();
        let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        std::fs::write(&here, &content).unwrap();
        let root = sshd::current_user() == "root";
        let attributes = Attributes {
            owner: root.then(|| "daemon:bin".to_owned()),
            mode: Some("0640".to_owned()),
        };
        let facts = || {
            let facts = std::fs::metadata(&path).unwrap();
            (
                facts.mode() & 0o7777,
                root.then(|| (facts.uid(), facts.gid())),
            )
        };
        let wanted = (0o640, root.then_some((1, 2)));
        assert!(file::put(&host, &here, text, &attributes).unwrap().changed);
        assert_eq!(std::fs::read(&path).unwrap(), content);
        assert_eq!(facts(), wanted);
        assert!(!file::put(&host, &here, text, &attributes).unwrap().changed);
        // Another content, without attributes: they stay.
        std::fs::write(&here, "new").unwrap();
        file::put(&host, &here, text, &Attributes::default()).unwrap();
        assert_eq!(facts(), wanted);
        let got = file::get(&host, text, &back).unwrap().after.unwrap();
        assert_eq!(std::fs::read(&back).unwrap(), b"new");
        assert_eq!(got.size, 3);
        assert_eq!(names(there.path()).len(), 1);
    });
}

#[test]
fn a_copy_that_fails_leaves_the_target_and_no_litter() {
    on_each(|transport| {
        let host = host(transport);
        let (dir, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (here, back) = (dir.path().join("here"), dir.path().join("back"));
        let path = there.path().join("file");
        std::fs::write(&here, "new").unwrap();
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let text = path.to_str().unwrap();
        let put = |from: &Path, to: &str, attributes: &Attributes| {
            file::put(&host, from, to, attributes).unwrap_err()
        };
        let nobody = Attributes {
            owner: Some("no-such-user".to_owned()),
            mode: None,
        };
        let error = put(&here, text, &nobody);
        assert!(matches!(*error.kind, Kind::Command { .. }), "{error}");
        let error = put(&dir.path().join("none"), text, &Attributes::default());
        assert!(error.to_string().contains("no such file"), "{error}");
        let directory = there.path().to_str().unwrap();
        let error = put(&here, directory, &Attributes::default());
        assert!(error.to_string().contains("a regular file"), "{error}");
        let missing = file::get(&host, "/no/such/file", &back).unwrap_err();
        assert!(
            format!("{missing:?}").contains("No such file"),
            "{missing:?}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(there.path()), ["file"]);
        assert!(!back.exists());
    });
}

fn names(directory: &Path) -> Vec<String> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
