//! Many files at once: what one command tells of many is what many commands tell, on a real file system.

#[path = "support/machine.rs"]
mod machine;
#[path = "support/room.rs"]
mod room;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use ocpdg::error::Kind;
use ocpdg::primitive::file;
use room::Room;

#[test]
fn many_patterns_are_listed_apart_in_one_round_trip() {
    let room = Room::new();
    for path in [
        "a/x.conf",
        "a/y.conf",
        "a/.hidden",
        "a/b/x.conf",
        "a/b/c/x.conf",
    ] {
        room.make(path, "1");
    }
    let names = |patterns: &[&str]| -> Vec<Vec<String>> {
        let patterns: Vec<String> = patterns.iter().map(|one| room.path(one)).collect();
        let root = room.path("");
        let found = file::list_many(&room.host, &patterns).unwrap();
        let short = |path: String| path.strip_prefix(&root).unwrap().to_owned();
        found
            .into_iter()
            .map(|paths| paths.into_iter().map(short).collect())
            .collect()
    };
    // One that begins above another one, with a `*` that `find` takes for `/` too.
    assert_eq!(
        names(&["a/x*", "a/b/*", "a", "none/*", "*/b/x.conf", "a/*/x.conf"]),
        [
            vec!["a/x.conf"],
            vec!["a/b/c", "a/b/x.conf"],
            vec!["a/.hidden", "a/b", "a/x.conf", "a/y.conf"],
            vec![],
            vec!["a/b/x.conf"],
            vec!["a/b/x.conf"],
        ]
    );
}

#[test]
fn a_file_that_is_not_there_is_no_text_and_an_unreadable_one_an_error() {
    let room = Room::new();
    let path = room.make("f", "text\n");
    let read = |name: &str| file::read_existing(&room.host, &room.path(name));
    assert_eq!(read("f").unwrap().as_deref(), Some("text\n"));
    assert_eq!(read("none").unwrap(), None);
    assert_eq!(read("f/below").unwrap(), None);
    symlink("nowhere", room.path("dangling")).unwrap();
    for odd in ["dangling", ""] {
        let error = read(odd).unwrap_err();
        assert!(matches!(*error.kind, Kind::Command { .. }), "{error}");
    }
    fs::write(&path, b"\xff").unwrap();
    let error = read("f").unwrap_err();
    assert!(matches!(*error.kind, Kind::State { .. }), "{error}");
}

#[test]
fn many_files_are_read_as_each_alone() {
    let room = Room::new();
    let (a, b) = (room.make("a", "1\n"), room.make("b c'", ""));
    let read = |paths: &[&str]| -> Vec<Option<String>> {
        let texts = file::read_many(&room.host, paths).unwrap();
        texts.into_iter().map(Result::ok).collect()
    };
    let (one, empty) = (Some("1\n".to_owned()), Some(String::new()));
    assert_eq!(
        read(&[&a, &b, &a]),
        [one.clone(), empty.clone(), one.clone()]
    );
    assert_eq!(read(&[]), []);
    let none = room.path("none");
    assert_eq!(read(&[&a, &none, &b]), [one.clone(), None, empty]);
    let nul = room.make("nul", "x\0y");
    assert_eq!(read(&[&nul, &a]), [Some("x\0y".to_owned()), one]);
    fs::write(&nul, b"\xff").unwrap();
    assert_eq!(read(&[&nul, &a])[0], None);
}

#[test]
fn places_and_file_systems_are_told_for_many_paths_as_for_one() {
    let room = Room::new();
    let host = &room.host;
    symlink("real", room.path("link")).unwrap();
    room.make("real/x", "");
    let paths = [
        room.path("link/x"),
        room.path("none/y"),
        "/proc/none".to_owned(),
    ];
    let real = file::real_paths(host, &paths).unwrap();
    for (path, real) in paths.iter().zip(&real) {
        assert_eq!(&file::real_path(host, path).unwrap(), real);
        assert_eq!(file::real_place(host, path).unwrap(), (real.clone(), false));
    }
    assert_eq!(
        file::real_place(host, "/proc").unwrap(),
        ("/proc".to_owned(), true)
    );
    let systems = file::file_systems(host, &paths).unwrap();
    for (path, system) in paths.iter().zip(&systems) {
        assert_eq!(file::file_system(host, path).unwrap().mount, system.mount);
    }
    assert_eq!(file::existing(host, &paths).unwrap(), paths[..1]);
}

#[test]
fn many_copies_are_all_made_or_none_takes_its_name() {
    let room = Room::new();
    let host = &room.host;
    room.make("new/a", "1");
    room.make("new/b", "2");
    room.make("b", "old");
    room.make("same", "2");
    room.make(".a.ocpdg", "left over");
    let pair = |from: &str, to: &str| (room.path(from), room.path(to));
    let pairs = [
        pair("new/a", "a"),
        pair("new/b", "b"),
        pair("new/b", "same"),
    ];
    let changed: Vec<bool> = file::copy_all(host, &pairs)
        .unwrap()
        .into_iter()
        .map(|change| change.changed)
        .collect();
    assert_eq!(changed, [true, true, false]);
    assert_eq!(fs::read_to_string(room.path("a")).unwrap(), "1");
    assert_eq!(fs::read_to_string(room.path("b")).unwrap(), "2");
    assert!(!Path::new(&room.path(".a.ocpdg")).exists());
    assert!(
        file::copy_all(host, &pairs)
            .unwrap()
            .iter()
            .all(|change| !change.changed)
    );

    room.make("b", "old");
    let error = file::copy_all(host, &[pair("new/a", "b"), pair("none", "c")]).unwrap_err();
    assert!(error.to_string().contains("none`"), "{error}");
    let error = file::copy_all(host, &[pair("new/a", "b"), pair("new/b", "b")]).unwrap_err();
    assert!(matches!(*error.kind, Kind::Invalid { .. }), "{error}");
    assert_eq!(fs::read_to_string(room.path("b")).unwrap(), "old");
    assert!(file::copy_all::<String>(host, &[]).unwrap().is_empty());
}
