//! Building a simulated cluster: installed at 3.7, then upgraded, by the commands that an installer and an
//! upgrade run. What it is at the end is therefore what these commands leave, traps included.
//!
//! | file      | subject                                                 |
//! |-----------|---------------------------------------------------------|
//! | `format`  | the file that describes a cluster                       |
//! | `seed`    | the files that an installer writes                      |
//! | `data`    | the objects in etcd                                     |
//! | `history` | what the cluster lived through                          |

mod data;
mod format;
mod history;
mod seed;

use std::sync::Arc;

pub use format::{Description, HostDescription, Past, bytes};

use super::cluster::Cluster;

/// The cluster that `description` describes.
///
/// # Errors
/// When a command of its history fails: what it said.
pub fn build(description: &Description) -> Result<Arc<Cluster>, String> {
    history::live(description).map(Arc::new)
}
