//! The script runtime: the Rhai engine and what a script can call. The only room that names rhai.

mod bindings;
mod check;
mod contents;
mod convert;
pub mod ejected;
mod explain;
mod hosts;
mod kept;
mod outline;
mod report;
mod resolver;
mod runtime;
mod scan;
mod session;
pub mod shipped;
mod signature;
mod site;

pub use bindings::{Cluster, LeftOut};
pub use contents::{Phase, Step};
pub use hosts::{Group, HostRef};
pub use outline::{Part, PartKind};
pub use report::{Place, Trace};
pub use runtime::{Failure, Loaded, Origin, Runtime, Script};
pub use scan::{Parameter, Scan};
pub use session::{Company, Outcome, Session};
pub use site::{HOOKS, Hook};
