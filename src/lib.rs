//! ocpdg takes an OpenShift Container Platform 3.9 cluster back to 3.7.
//!
//! The house, top floor first; every arrow points down:
//!
//! | room          | what it is for                                                        |
//! |---------------|-----------------------------------------------------------------------|
//! | [`cli`]       | flags in, results and errors out; only it names clap and rustyline    |
//! | [`script`]    | the Rhai engine and what a script can call; the only one to name rhai |
//! | [`procedure`] | one execution: phases, steps, confirmations, resume                   |
//! | [`primitive`] | what a step does on a host: files, packages, services, etcd           |
//! | [`transport`] | reaching a host: over SSH, or locally; only `transport::ssh` names ssh2 |
//! | [`journal`]   | what happened, on disk before and after it happened                   |
//! | [`inventory`] | the operator's openshift-ansible inventory, validated                 |
//! | [`error`]     | the one error an operator sees                                        |

pub mod cli;
pub mod error;
pub mod inventory;
pub mod journal;
pub mod primitive;
pub mod procedure;
pub mod script;
pub mod transport;
