//! etcd of a simulated cluster: members, their data on disk, and the clusters they make.
//!
//! The files are the truth: a member that starts reads `member/snap/db` and `member/wal`, whoever put them
//! there, and what is written goes to the files of every member that runs.
//!
//! | file    | subject                                                              |
//! |---------|----------------------------------------------------------------------|
//! | `data`  | the database and the log, as they lie on disk                        |
//! | `group` | members that run as one cluster: quorum, writes, changes of members  |
//! | `start` | what a member makes of its directory when it starts                  |
//!
//! The database remembers the index of the last log entry that it has taken in, and passes over entries up
//! to that one. A database that is ahead of its log, as a backup of both at different moments has it, loses
//! every write until the log has caught up.

mod data;
mod group;
mod start;

pub use data::{HASHED, Log, Member, Store, Value, decode, encode, ids, save};
pub use group::{Etcd, Group, Running, Written, flush, locate, stopped, write_back};
pub use start::{Settings, older, start};

/// The database below a data directory.
pub const DB: &str = "member/snap/db";
/// The log below a data directory.
pub const WAL: &str = "member/wal/0000000000000000-0000000000000000.wal";
