//! A moment of a run: all that is left when the controller dies.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ocpdg::journal::{Event, Reader};
use ocpdg::transport::sim::cluster::Cluster;

use crate::ledger::Ledger;

/// The copies that a run keeps on the controller, by their paths below its directory.
pub type Copies = BTreeMap<PathBuf, Arc<Vec<u8>>>;

/// A moment of a run.
#[derive(Clone)]
pub struct Moment {
    /// The hosts.
    pub cluster: Arc<Cluster>,
    /// A journal that begins like the one that is left.
    pub journal: Arc<Vec<u8>>,
    /// How much of it is.
    pub length: usize,
    /// The copies on the controller.
    pub copies: Copies,
    /// What was done that may be done once.
    pub ledger: Ledger,
}

impl Moment {
    /// What the run warned of so far.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let read = Reader::new(Path::new("journal.jsonl")).feed(&self.journal);
        read.unwrap_or_default()
            .into_iter()
            .filter_map(|record| match record.event {
                Event::Noted {
                    warning: true,
                    text,
                    ..
                } => Some(text),
                _ => None,
            })
    }

    /// Lays the journal and the copies down in `directory`.
    pub fn lay(&self, directory: &Path) {
        fs::create_dir_all(directory.join("files")).unwrap();
        fs::write(
            directory.join("journal.jsonl"),
            &self.journal[..self.length],
        )
        .unwrap();
        for (path, content) in &self.copies {
            let path = directory.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &**content).unwrap();
        }
    }
}

/// The copies of the run in `directory`; what is as long as it was in `before` is taken from there.
pub fn copies(directory: &Path, before: &Copies) -> Copies {
    let mut found = Copies::new();
    let mut waiting = vec![PathBuf::from("files")];
    while let Some(below) = waiting.pop() {
        for entry in fs::read_dir(directory.join(&below)).into_iter().flatten() {
            let entry = entry.unwrap();
            let path = below.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                waiting.push(path);
            } else {
                let length = entry.metadata().unwrap().len();
                let known = before.get(&path).filter(|it| it.len() as u64 == length);
                let content = match known {
                    Some(known) => Arc::clone(known),
                    None => Arc::new(fs::read(entry.path()).unwrap()),
                };
                found.insert(path, content);
            }
        }
    }
    found
}
