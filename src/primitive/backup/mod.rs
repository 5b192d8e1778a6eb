//! Backups: find every candidate, say why each does or does not serve, choose by rule and content;
//! and bring everything that must not be lost out of the way first.
//!
//! | file       | subject                                                              |
//! |------------|----------------------------------------------------------------------|
//! | `config`   | copies of a configuration file, and the choice among them            |
//! | `names`    | what the name of such a copy tells                                   |
//! | `content`  | whether a configuration file is one that 3.7 starts with             |
//! | `etcd`     | backups of etcd's data, and the order in which to try them           |
//! | `started`  | when the upgrade began                                               |
//! | `prove`    | a backup restored on trial: good, or no good, or could not be tried   |
//! | `state`    | what is installed and enabled, on record                              |
//! | `evacuate` | verified copies below `/var/lib/ocpdg`, and one on the controller    |
//!
//! Nothing here changes what it copies.

mod config;
mod content;
mod copies;
mod etcd;
mod evacuate;
mod names;
mod prove;
mod started;
mod state;

pub use config::{
    Candidate, Choice, Chosen, Maker, Rule, choose, choose_config, choose_configs,
    config_candidates, stamp,
};
pub use content::{Subject, Verdict, judge};
pub use etcd::{EtcdBackup, EtcdChoice, Ranked, choose_etcd, etcd_backup, etcd_candidates};
pub use evacuate::{Evidence, evacuate, fetch_to_controller, secure};
pub use prove::{Trial, prove};
pub use started::{Started, upgrade_started};
pub use state::{State, capture_state};

/// How long before its first trace an upgrade may have begun, in seconds: a backup taken within
/// this hour belongs to it.
pub const MARGIN_SECS: i64 = 3600;
