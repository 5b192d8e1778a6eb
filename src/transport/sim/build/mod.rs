//! Building a simulated cluster: installed at 3.7, then upgraded, by the commands that an installer and an
//! upgrade run. What it is at the end is therefore what these commands leave, traps included.
//!
//! | file      | subject                                                 |
//! |-----------|---------------------------------------------------------|
//! | `format`  | the file that describes a cluster                       |
//! | `seed`    | the files that an installer writes                      |
//! | `data`    | the objects in etcd                                     |
//! | `history` | what the cluster lived through                          |
//! | `twin`    | hosts that differ by their names alone                  |

mod data;
mod format;
mod history;
mod seed;
mod twin;

use std::sync::Arc;

pub use format::{Description, HostDescription, Past};

use super::cluster::Cluster;

/// The cluster that `description` describes.
///
/// # Errors
/// When a command of its history fails: what it said.
pub fn build(description: &Description) -> Result<Arc<Cluster>, String> {
    history::live(description, &twin::models(description)).map(Arc::new)
}
