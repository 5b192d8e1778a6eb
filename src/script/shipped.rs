//! The scripts and the standard library that the binary carries.

/// A file of `scripts/` or `stdlib/`: its path in the repository and its text.
pub type File = (&'static str, &'static str);

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),*]
    };
}

/// Every shipped file. A test holds this list to the folders.
pub const FILES: &[File] = files![
    "scripts/downgrade_3_9_to_3_7.rhai",
    "scripts/etcd_restore.rhai",
    "scripts/preflight.rhai",
    "scripts/site_example.rhai",
    "scripts/verify.rhai",
    "stdlib/ocp/backup.rhai",
    "stdlib/ocp/before.rhai",
    "stdlib/ocp/configuration.rhai",
    "stdlib/ocp/docker.rhai",
    "stdlib/ocp/errors.rhai",
    "stdlib/ocp/etcd.rhai",
    "stdlib/ocp/etcd_backup.rhai",
    "stdlib/ocp/findings.rhai",
    "stdlib/ocp/findings/docker.rhai",
    "stdlib/ocp/findings/etcd.rhai",
    "stdlib/ocp/findings/installation.rhai",
    "stdlib/ocp/findings/packages.rhai",
    "stdlib/ocp/findings/space.rhai",
    "stdlib/ocp/findings/surroundings.rhai",
    "stdlib/ocp/inventory.rhai",
    "stdlib/ocp/names.rhai",
    "stdlib/ocp/online.rhai",
    "stdlib/ocp/packages.rhai",
    "stdlib/ocp/preflight.rhai",
    "stdlib/ocp/release.rhai",
    "stdlib/ocp/shutdown.rhai",
    "stdlib/ocp/stage.rhai",
    "stdlib/ocp/verify.rhai",
];

/// The shipped text of `path`, such as `stdlib/ocp/etcd.rhai`.
pub fn text(path: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, text)| *text)
}

/// The shipped module that `import` calls `path`: its path in the repository and its text.
pub fn module(path: &str) -> Option<File> {
    ["stdlib", "scripts"].into_iter().find_map(|room| {
        let name = format!("{room}/{path}.rhai");
        FILES.iter().find(|(known, _)| *known == name).copied()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    fn collect(dir: &Path, root: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).expect("the folder is there") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                collect(&path, root, found);
            } else {
                let relative = path.strip_prefix(root).expect("below the root");
                found.insert(relative.to_string_lossy().into_owned());
            }
        }
    }

    #[test]
    fn every_script_and_library_file_is_shipped() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        collect(&root.join("scripts"), root, &mut found);
        collect(&root.join("stdlib"), root, &mut found);
        let shipped: BTreeSet<String> = super::FILES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect();
        assert_eq!(shipped, found);
    }
}
