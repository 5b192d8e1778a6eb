//! The shipped scripts and library load: they parse, name no unknown variable, and find what they import.

use std::path::{Path, PathBuf};

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
