//! The shipped scripts and library load: they parse, name no unknown variable, and find what they import.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use ocpdg::script::{Runtime, Script, shipped};

#[test]
fn every_shipped_script_loads_with_all_it_imports() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, _) in shipped::FILES {
        let script = Script::load(&root.join(name)).expect("the file is there");
        let runtime = Runtime::new(vec![PathBuf::from("scripts")]);
        if let Err(failure) = runtime.load(&script) {
            panic!(
                "{name}: {} at {:?}",
                failure.trace.error, failure.trace.places
            );
        }
    }
}

/// Nothing answers on these ports: every script ends at its first look at a host, after all its calls
/// were looked up.
const DEAD: &str = "\
[masters]
m0 ansible_host=127.0.0.1 ansible_port=1
[nodes]
m0
n0 ansible_host=127.0.0.1 ansible_port=2
[etcd]
m0
";

#[test]
fn every_call_in_the_shipped_scripts_leads_somewhere() {
    let dir = tempfile::tempdir().expect("a directory");
    let inventory = dir.path().join("hosts");
    std::fs::write(&inventory, DEAD).expect("the inventory is written");
    for (name, _) in shipped::FILES
        .iter()
        .filter(|(name, _)| name.starts_with("scripts/"))
    {
        let output = Command::cargo_bin("ocpdg")
            .expect("it is built")
            .env("XDG_STATE_HOME", dir.path())
            .args(["run", name, "--yes", "-i"])
            .arg(&inventory)
            .output()
            .expect("it runs");
        let screen = String::from_utf8_lossy(&output.stderr);
        assert!(
            screen.contains("`m0` cannot be reached"),
            "{name}: {screen}"
        );
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[test]
fn a_part_of_the_cluster_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let inventory = dir.path().join("hosts");
    std::fs::write(&inventory, DEAD).expect("the inventory is written");
    for name in ["downgrade_3_9_to_3_7", "etcd_restore", "preflight"] {
        let output = Command::cargo_bin("ocpdg")
            .expect("it is built")
            .env("XDG_STATE_HOME", dir.path())
            .args(["run", &format!("scripts/{name}.rhai"), "--yes"])
            .args(["--limit", "m0", "-i"])
            .arg(&inventory)
            .output()
            .expect("it runs");
        let screen = String::from_utf8_lossy(&output.stderr);
        assert!(screen.contains("`--limit` leaves out n0"), "{screen}");
        assert!(screen.contains("`--without HOST`"), "{screen}");
        assert_eq!(output.status.code(), Some(1), "{name}");
    }
}

#[test]
fn the_parameters_of_the_downgrade_are_documented() {
    let script =
        Script::load(Path::new("scripts/downgrade_3_9_to_3_7.rhai")).expect("it is shipped");
    let loaded = Runtime::new(Vec::new())
        .load(&script)
        .map_err(|failure| failure.trace.error);
    let parameters = loaded.expect("it loads").parameters;
    let names: Vec<&str> = parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    for expected in [
        "again",
        "etcd_restore",
        "etcd_backup",
        "docker_version",
        "backup_dir",
        "repos_enable",
    ] {
        assert!(
            names.contains(&expected),
            "{expected} is not among {names:?}"
        );
    }
    for parameter in &parameters {
        assert!(
            !parameter.doc.is_empty(),
            "{} has no documentation",
            parameter.name
        );
    }
}

#[test]
fn each_host_has_a_directory_of_its_own_in_a_shared_backup_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("hosts"), DEAD).expect("the inventory is written");
    let script = r#"
        import "ocp/names" as names;
        for host in [cluster::host("m0"), cluster::host("n0")] {
            for path in [names::evacuation_dir(host), names::current_snapshot(host), names::package_dir(host)] {
                print(path.sub_string(path.index_of(run_id()) + run_id().len));
            }
        }
    "#;
    std::fs::write(dir.path().join("names.rhai"), script).expect("the script is written");
    let output = Command::cargo_bin("ocpdg")
        .expect("it is built")
        .env("XDG_STATE_HOME", dir.path())
        .current_dir(dir.path())
        .args([
            "run",
            "names.rhai",
            "-i",
            "hosts",
            "--set",
            "backup_dir=/mnt/nfs",
        ])
        .output()
        .expect("it runs");
    let screen = String::from_utf8_lossy(&output.stderr);
    let seen: Vec<&str> = screen
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/'))
        .collect();
    assert_eq!(
        seen,
        [
            "/m0/copies",
            "/m0/current/etcd.db",
            "/m0/packages",
            "/n0/copies",
            "/n0/current/etcd.db",
            "/n0/packages"
        ],
        "{screen}"
    );
}

/// The engine remembers which function a bare call meant, whatever module it was in: a bare call in one
/// file may run the function of the same name and arity in another.
#[test]
fn no_bare_call_in_the_library_could_mean_two_functions() {
    let mut places: BTreeMap<(String, usize), Vec<&str>> = BTreeMap::new();
    let library = shipped::FILES
        .iter()
        .filter(|(name, _)| name.starts_with("stdlib/"));
    for (file, text) in library.clone() {
        for line in text.lines() {
            let Some((name, rest)) = line
                .strip_prefix("fn ")
                .and_then(|line| line.split_once('('))
            else {
                continue;
            };
            let parameters = rest.split(')').next().unwrap_or_default();
            let arity = parameters
                .split(',')
                .filter(|one| !one.trim().is_empty())
                .count();
            let key = (name.to_owned(), arity);
            places.entry(key).or_default().push(file);
        }
    }
    for ((name, arity), files) in places {
        if files.len() < 2 {
            continue;
        }
        for (file, text) in library.clone() {
            for (at, _) in text.match_indices(&format!("{name}(")) {
                let before = &text[..at];
                let is_bare = !before.ends_with(|c: char| c.is_alphanumeric() || "_:.".contains(c));
                assert!(
                    !is_bare || before.ends_with("fn "),
                    "`{name}` with {arity} parameters is in {files:?}, and {file} calls it by its bare name"
                );
            }
        }
    }
}
