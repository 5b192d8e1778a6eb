//! Building a simulated cluster: installed at 3.7, then upgraded, by the commands that an installer and an
//! upgrade run. What it is at the end is therefore what these commands leave, traps included.
//!
//! | file      | subject                                                 |
//! |-----------|---------------------------------------------------------|
//! | `format`  | the file that describes a cluster                       |
//! | `seed`    | the files that an installer writes                      |
//! | `data`    | the objects in etcd                                     |
//! | `history` | what the cluster lived through                          |
//! | `facts`   | the file that holds what was found on real hosts        |
//! | `snapshot` | a cluster as it was found                              |
//! | `found`   | one host as it was found                                |
//! | `stand_in` | data in the place of etcd's, which is never copied     |
//! | `twin`    | hosts that differ by their names alone                  |

mod data;
pub mod facts;
mod format;
mod found;
mod history;
mod seed;
mod snapshot;
mod stand_in;
mod twin;

use std::sync::Arc;

pub use format::{Description, HostDescription, Past, bytes};
pub use snapshot::build_found;

use super::cluster::Cluster;

/// The cluster that `description` describes.
///
/// # Errors
/// When a command of its history fails: what it said.
pub fn build(description: &Description) -> Result<Arc<Cluster>, String> {
    history::live(description, &twin::models(description)).map(Arc::new)
}
