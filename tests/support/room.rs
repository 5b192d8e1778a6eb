//! A directory of this machine, and a host that is this machine.

#![allow(dead_code)] // every test binary uses its own part of it

use std::fs;
use std::path::Path;

use ocpdg::primitive::Host;

use super::machine::Machine;

/// The directory and the host.
pub struct Room {
    pub root: tempfile::TempDir,
    pub host: Host,
}

impl Room {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let host = Machine::new("m0", &root.path().join("machine")).host();
        Self { root, host }
    }

    pub fn path(&self, relative: &str) -> String {
        self.root.path().join(relative).to_str().unwrap().to_owned()
    }

    pub fn make(&self, relative: &str, content: &str) -> String {
        let path = self.path(relative);
        fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    pub fn names(&self, relative: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(relative)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}
