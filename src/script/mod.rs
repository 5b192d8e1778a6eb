//! The script runtime: the Rhai engine and what a script can call. The only room that names rhai.

mod bindings;
mod check;
mod convert;
mod explain;
mod hosts;
mod kept;
mod outline;
pub mod reference;
mod report;
mod resolver;
mod runtime;
mod scan;
mod session;
pub mod shipped;
mod signature;
pub mod testing;

pub use bindings::{Cluster, LeftOut, RunScript};
pub use hosts::{Group, HostRef};
pub use outline::{Part, PartKind};
pub use report::{Place, Trace};
pub use runtime::{Failure, Loaded, Runtime, Script};
pub use scan::{Parameter, Scan};
pub use session::{Company, Outcome, Session};
