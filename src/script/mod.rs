//! The script runtime: the Rhai engine and what a script can call. The only room that names rhai.

mod accepts;
mod bindings;
mod check;
mod convert;
mod examine;
mod excerpt;
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

pub use bindings::{Cluster, LeftOut};
pub use check::Finding;
pub use examine::Examined;
pub use excerpt::Excerpt;
pub use hosts::{Group, HostRef};
pub use outline::{Part, PartKind};
pub use report::{Place, Trace};
pub use runtime::{Failure, Loaded, Runtime, Script};
pub use scan::{Parameter, Scan};
pub use session::{Company, Outcome, Session};
