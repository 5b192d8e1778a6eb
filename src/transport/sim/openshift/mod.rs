//! OpenShift on a simulated cluster: what its services need to run, and what they do to etcd.
//!
//! | file     | subject                                                            |
//! |----------|--------------------------------------------------------------------|
//! | `config` | which configuration a version refuses                              |
//! | `api`    | who answers at an API's address, and what it has                   |
//! | `nodes`  | heartbeats, containers of pods, nodes that fall silent             |
//!
//! Objects lie in etcd as JSON below the real keys, so that what is restored is what the API shows.

mod api;
mod config;
mod nodes;

pub use api::{Api, ETCD_URLS, Refusal, locate, object};
pub use config::{beside, check_master, check_scheduler, load, minor};
pub use nodes::{NODE_API, NODE_NAME, Pods, kubelet, settle, settle_here};
