//! etcd: what its members say, and bringing the data of before the upgrade back.
//!
//! | file       | subject                                                               |
//! |------------|-----------------------------------------------------------------------|
//! | `conf`     | `/etc/etcd/etcd.conf`: name, data directory, URLs, certificates       |
//! | `client`   | `etcdctl` commands, the API always chosen explicitly                  |
//! | `answers`  | what `etcdctl` prints: JSON where it has it, text where it has not    |
//! | `health`   | members, the health of each endpoint, the whole cluster at the end    |
//! | `content`  | whose data it is, in a file and in a running etcd                      |
//! | `canary`   | whether a write succeeds, which health does not tell                  |
//! | `trial`    | a restore into a scratch directory; the [`Proof`] that came of it     |
//! | `pages`    | whether a database file is as long as it says                         |
//! | `restore`  | the data put in place: from a snapshot, or v2 and v3 files together   |
//! | `force`    | `--force-new-cluster` on and off again; the peer URL it leaves behind |
//! | `ready`    | what has to be so before another member is added                      |
//! | `join`     | the other members, one at a time                                      |
//! | `back`     | the way back to the data of before, for a human to type               |
//!
//! Nothing that removes data does so without a [`Proof`] of a copy elsewhere, and what it replaces
//! is set aside, not deleted.

mod answers;
mod back;
mod canary;
mod client;
pub(crate) mod conf;
mod content;
mod force;
mod health;
mod join;
mod pages;
mod ready;
mod restore;
mod trial;

pub use answers::{
    ClusterHealthV2, Member, MemberAdded, MemberV2, SnapshotStatus, Status, hex_id,
    parse_cluster_health_v2, parse_endpoint_health, parse_endpoint_status, parse_member_add,
    parse_members_v2, parse_members_v3, parse_snapshot_status,
};
pub use back::way_back;
pub use canary::{Canary, LOST_AT_MOST, canary};
pub use client::{keys_below, v2, v2_keys, v3};
pub use conf::EtcdConf;
pub use content::{
    Content, Identity, check_restored, content, identity_of_file, keys, present_identity,
};
pub use force::{
    Forced, force_new_cluster, repair_peer_urls, start_forced, undo_force_new_cluster,
};
pub use health::{
    EndpointHealth, cluster_problems, endpoint_health, members, members_v2, statuses, wait_healthy,
};
pub use join::{JoinOptions, Joined, has_joined, join};
pub use restore::{RestoreOptions, Restored, restore_data, restore_snapshot, settle, start};
pub use trial::{Proof, SCRATCH, current_snapshot, trial_restore, whole};

/// The unit's name.
pub const UNIT: &str = "etcd";
