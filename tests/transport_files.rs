//! Files travel to and from a host whole, or not at all, over every transport.

#[path = "support/each.rs"]
mod each;
#[path = "support/sshd.rs"]
mod sshd;

use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use each::on_each;
use ocpdg::transport::transfer::{self, Attributes, CopyError};

#[test]
fn files_travel_both_ways_with_owner_and_mode() {
    on_each(|transport| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("it's a file\n");
        let text = path.to_str().unwrap();
        let content: Vec<u8> = (0..=255).cycle().take(3_000_000).collect();
        let root = sshd::current_user() == "root";
        let attributes = Attributes {
            owner: root.then(|| "1".to_owned()),
            group: root.then(|| "2".to_owned()),
            mode: Some(0o640),
        };
        let sent = transfer::put(&*transport, &mut &content[..], text, &attributes).unwrap();
        assert_eq!(sent.bytes, 3_000_000);
        assert_eq!(std::fs::read(&path).unwrap(), content);
        let facts = std::fs::metadata(&path).unwrap();
        assert_eq!(facts.mode() & 0o7777, 0o640);
        if root {
            assert_eq!((facts.uid(), facts.gid()), (1, 2));
        }
        // Again, without attributes: they stay.
        transfer::put(&*transport, &mut &b"new"[..], text, &Attributes::default()).unwrap();
        let facts = std::fs::metadata(&path).unwrap();
        assert_eq!(facts.mode() & 0o7777, 0o640);
        if root {
            assert_eq!((facts.uid(), facts.gid()), (1, 2));
        }
        let mut back = Vec::new();
        let got = transfer::get(&*transport, text, &mut back).unwrap();
        assert_eq!((back.as_slice(), got.bytes), (&b"new"[..], 3));
        assert_eq!(names(dir.path()).len(), 1);
    });
}

#[test]
fn a_copy_that_fails_leaves_the_target_and_no_litter() {
    on_each(|transport| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        let text = path.to_str().unwrap();
        let nobody = Attributes {
            owner: Some("no-such-user".to_owned()),
            ..Attributes::default()
        };
        let error = transfer::put(&*transport, &mut &b"new"[..], text, &nobody).unwrap_err();
        assert!(matches!(error, CopyError::Host { .. }), "{error}");
        let mut broken = Broken(3);
        let error =
            transfer::put(&*transport, &mut broken, text, &Attributes::default()).unwrap_err();
        assert!(matches!(error, CopyError::Controller { .. }), "{error}");
        let directory = dir.path().to_str().unwrap();
        let error = transfer::put(
            &*transport,
            &mut io::empty(),
            directory,
            &Attributes::default(),
        )
        .unwrap_err();
        assert!(error.to_string().contains("directory"), "{error}");
        let missing = transfer::get(&*transport, "/no/such/file", &mut io::sink()).unwrap_err();
        assert!(missing.to_string().contains("No such file"), "{missing}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(dir.path()), ["file"]);
    });
}

/// Gives some bytes, then an error.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("the disk is gone"));
        }
        self.0 -= 1;
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

fn names(directory: &std::path::Path) -> Vec<String> {
    std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
