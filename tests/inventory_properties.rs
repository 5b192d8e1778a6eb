//! No file makes the inventory panic, hang, or swallow the place of a mistake.

use std::time::{Duration, Instant};

use ocpdg::error::Kind;
use ocpdg::inventory::{self, Cluster};
use proptest::prelude::*;

const SAMPLES: [&str; 6] = [
    include_str!("inventory/ha.ini"),
    include_str!("inventory/aio.ini"),
    include_str!("inventory/external.ini"),
    include_str!("inventory/site/hosts"),
    include_str!("inventory/aio.json"),
    include_str!("inventory/external.json"),
];

/// Loads `files` (name below a fresh folder, content) and uses whatever comes of it.
fn survive(files: &[(&str, &[u8])]) -> Result<Cluster, ocpdg::error::Error> {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let started = Instant::now();
    let loaded = Cluster::load(&directory.path().join(files[0].0));
    // What grows with its input beyond all measure takes far longer, on any machine.
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "{:?}",
        started.elapsed()
    );
    if let Ok(cluster) = &loaded {
        inventory::table(cluster);
        inventory::json(cluster);
        assert!(!cluster.hosts().is_empty() && cluster.identity().len() == 12);
        let mut names: Vec<_> = cluster.hosts().iter().map(|host| &host.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), cluster.hosts().len(), "each host once");
    }
    loaded
}

/// A sample with some of its bytes replaced, removed or repeated.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let tokens = prop_oneof![
        Just("["),
        Just("]"),
        Just(":"),
        Just("="),
        Just("\n"),
        Just("'"),
        Just("\""),
        Just("{"),
        Just("}"),
        Just("#"),
        Just("\\"),
        Just(" "),
        Just("{{"),
        Just("\0"),
        Just("é"),
        Just("[1:3]"),
        Just(":children]\n"),
        Just(":vars]\n"),
        Just("ansible_host="),
        Just("$ANSIBLE_VAULT"),
        Just("[[[["),
        Just("0x"),
        Just("-"),
    ];
    let edit = (any::<prop::sample::Index>(), 0..20_usize, tokens);
    (
        prop::sample::select(SAMPLES.to_vec()),
        prop::collection::vec(edit, 1..6),
    )
        .prop_map(|(sample, edits)| {
            let mut bytes = sample.as_bytes().to_vec();
            for (at, removed, inserted) in edits {
                let at = at.index(bytes.len() + 1);
                let end = (at + removed).min(bytes.len());
                bytes.splice(at..end, inserted.bytes());
            }
            bytes
        })
}

/// Text made of the pieces that inventories are made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\[(masters|etcd|nodes|all|a|b|c)(:children|:vars|:x)?\\]\n",
        "(m|n)\\[[0-9a-c]{1,2}:[0-9a-c]{0,2}(:[0-9-]{1,2})?\\](x=[^\n]{0,8})?\n",
        "(masters|etcd|nodes|a|b|c|m1)\n",
        "m[12](:[0-9]{1,6})?( ansible_[a-z_]{1,12}=[^\n]{0,10}){0,2}\n",
        "[a-z_]{1,8} ?= ?[^\n]{0,20}\n",
        "\\PC{0,20}\n",
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = survive(&[("hosts", &bytes)]);
    }

    #[test]
    fn random_inventories_never_panic(text in pieces()) {
        if let Err(error) = survive(&[("hosts", text.as_bytes())]) {
            prop_assert!(matches!(*error.kind, Kind::Invalid { .. }), "{error}");
            prop_assert!(error.to_string().contains("hosts"), "no place: {error}");
        }
    }

    #[test]
    fn damaged_samples_never_panic(bytes in mutated()) {
        if let Err(error) = survive(&[("hosts", &bytes)]) {
            prop_assert!(error.to_string().contains("hosts"), "no place: {error}");
        }
    }

    #[test]
    fn random_variable_files_never_panic(yaml in "(([a-z]{1,4}|ansible_port|<<): ?[\\[\\]{}&*!|>'\"a-z0-9:-]{0,12}\n|\\PC{0,12}\n){0,6}") {
        let hosts = b"[masters]\nm\n[etcd]\nm\n".as_slice();
        let _ = survive(&[("hosts", hosts), ("group_vars/all.yml", yaml.as_bytes())]);
        let _ = survive(&[("hosts", hosts), ("host_vars/m/x", yaml.as_bytes())]);
    }
}

#[test]
fn hostile_sizes_end_quickly() {
    let head = "[masters]\nm\n[etcd]\nm\n";
    let deep = |open: &str| format!("{head}[all:vars]\nx={}\n", open.repeat(200_000));
    let mut chain = head.to_owned();
    for number in 0..3_000 {
        chain.push_str(&format!("[g{number}:children]\ng{}\n", number + 1));
    }
    chain.push_str("[g3000]\nm\n");
    let mut wide = head.to_owned();
    for number in 0..3_000 {
        wide.push_str(&format!(
            "[w{number}:children]\nmasters\n[w{number}:vars]\nx={number}\n"
        ));
    }
    for (text, wanted) in [
        (deep("["), true),
        (deep("{'a':"), true),
        (deep("("), true),
        (format!("{head}n[0:99999]\n"), true),
        (format!("{head}n[0:9999999]\n"), false),
        (
            format!("{head}n[0:9][0:9][0:9][0:9][0:9][0:9][0:9]\n"),
            false,
        ),
        (chain, false),
        (wide, true),
        (format!("{{\"a\":{}", "[".repeat(200_000)), false),
    ] {
        let loaded = survive(&[("hosts", text.as_bytes())]);
        assert_eq!(
            loaded.is_ok(),
            wanted,
            "{:.60} {:?}",
            text,
            loaded.err().map(|e| e.to_string())
        );
    }
    for yaml in [
        format!("a: {}", "[".repeat(100_000)),
        format!("a: {}", "{a: ".repeat(100_000)),
        std::iter::once("a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned())
            .chain((1..12).map(|n| {
                let (this, last) = ((b'a' + n) as char, (b'a' + n - 1) as char);
                let nine = vec![format!("*{last}"); 9].join(",");
                format!("{this}: &{this} [{nine}]\n")
            }))
            .collect(),
    ] {
        let loaded = survive(&[
            ("hosts", head.as_bytes()),
            ("group_vars/all.yml", yaml.as_bytes()),
        ]);
        assert!(loaded.is_err(), "{yaml:.40}");
    }
}

#[test]
fn variable_files_never_lead_out_of_their_folder() {
    let text = b"[masters]\nm\n[etcd]\nm\n[../../secret]\nm\n".as_slice();
    let cluster = survive(&[
        ("in/side/hosts", text),
        ("in/side/group_vars/all", b"a: 1\n"),
        ("in/secret", b"stolen: yes\n"),
    ])
    .unwrap();
    assert_eq!(cluster.variable("a").unwrap().as_deref(), Some("1"));
    assert_eq!(cluster.variable("stolen").unwrap(), None);
}
