//! The packages of a simulated host: its rpm database, and what its repositories hold.
//!
//! | file          | subject                                                     |
//! |---------------|-------------------------------------------------------------|
//! | `package`     | a package: names, versions, requirements, files, scriptlets |
//! | `version`     | how rpm compares versions                                   |
//! | `catalog`     | every package there is, read from `catalog.toml`            |
//! | `database`    | what is installed, and yum's history                        |
//! | `repository`  | `/etc/yum.repos.d`, `/etc/yum.conf` and the mirrors         |
//! | `resolve`     | from names to a transaction                                 |
//! | `transaction` | files, config files and scriptlets of a transaction         |

mod catalog;
mod database;
mod package;
mod repository;
mod resolve;
mod transaction;
mod version;

pub use catalog::Catalog;
pub use database::{Database, Element, Entry, Installed};
pub use package::{Config, Derived, File, FileKind, Package, Requirement, Scriptlet};
pub use repository::{Available, Conf, MIRROR, Repository, read_conf, repositories};
pub use resolve::{
    Problem, erase_with_dependents, missing_requirements, requirers, resolve_install,
};
pub use transaction::{Change, Plan, run};
pub use version::{Evr, compare};
