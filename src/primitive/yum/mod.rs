//! Packages: what rpm says is there, and yum transactions that are judged by it.
//!
//! yum's exit status and words are never proof: it skips unknown names with status 0, removes
//! nothing with status 0, and goes on where a mirror is missing. Every transaction here ends with
//! `rpm -q`. The same commands serve yum 3 (RHEL 7) and dnf standing in for it.

mod available;
mod config;
pub(crate) mod download;
mod excluder;
mod history;
mod lock;
mod names;
pub(crate) mod query;
mod record;
pub(crate) mod run;
pub(crate) mod transaction;
mod version;

use serde::{Deserialize, Serialize};

use crate::primitive::Change;

pub use available::{Offer, available, offers};
pub use config::{excludes, version_locks};
pub use download::{Download, download};
pub use excluder::{exclude, unexclude};
pub use history::{UpgradeStart, upgrade_start};
pub use lock::{LockHolder, lock, pending_transactions};
pub use names::{flavor, real_names};
pub use query::{Package, installed, packages};
pub use record::{Element, Transaction, offered, origins, transactions};
pub use transaction::{Install, Remove, install, remove};
pub use version::{compare, matching_version};

/// Repositories to leave out of, or to take into, one single yum command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Repos {
    /// Ids, or patterns of ids, to leave out.
    pub disable: Vec<String>,
    /// Ids, or patterns of ids, to take in.
    pub enable: Vec<String>,
}

impl Repos {
    fn flags(&self) -> impl Iterator<Item = String> + '_ {
        let disable = self.disable.iter().map(|id| format!("--disablerepo={id}"));
        let enable = self.enable.iter().map(|id| format!("--enablerepo={id}"));
        disable.chain(enable)
    }
}

/// A change, and what an operator should be told beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noted<T> {
    /// The change itself; its fields stand beside `notes`.
    #[serde(flatten)]
    pub change: Change<T>,
    /// One sentence each: names that were corrected, packages that went along, files set aside.
    pub notes: Vec<String>,
}
