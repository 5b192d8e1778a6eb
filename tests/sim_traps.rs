//! The traps in the manual's text, on simulated hosts: what becomes of a cluster whose operator types what the
//! manual prints (`tests/naive`), and what becomes of it by the shipped script.
//!
//! | file        | sections                                                  |
//! |-------------|-----------------------------------------------------------|
//! | `by_hand`   | what an operator does who has met every other trap        |
//! | `packages`  | 6.2, 6.4, 6.6: packages, repositories, files that go      |
//! | `docker`    | 6.5                                                       |
//! | `restore`   | 6.7: etcd's data                                          |
//! | `cluster`   | 6.7: members, health, what says that it is well           |
//! | `online`    | 6.3, 6.8, 6.9: services and their configuration           |
//! | `whole`     | the manual from end to end, and the script from end to end |

#[path = "sim_traps/by_hand.rs"]
mod by_hand;
#[path = "sim_traps/cluster.rs"]
mod cluster;
#[path = "sim_traps/docker.rs"]
mod docker;
#[path = "support/manual.rs"]
mod manual;
#[path = "sim_traps/online.rs"]
mod online;
#[path = "sim_traps/packages.rs"]
mod packages;
#[path = "support/rehearsal.rs"]
mod rehearsal;
#[path = "sim_traps/restore.rs"]
mod restore;
#[path = "sim_traps/whole.rs"]
mod whole;
