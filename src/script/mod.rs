//! The script runtime: the Rhai engine and what a script can call. The only room that names rhai.

mod bindings;
mod check;
mod console;
mod convert;
mod explain;
mod hosts;
mod kept;
mod lexer;
mod modules;
mod outline;
mod report;
mod resolver;
mod runtime;
mod scan;
mod session;
pub mod shipped;
mod signature;
mod vocabulary;

pub use bindings::{Cluster, LeftOut};
pub use console::{Answer, Console, Readiness, Shell};
pub use hosts::{Group, HostRef};
pub use lexer::{Class, Piece};
pub use outline::{Part, PartKind};
pub use report::{Place, Trace};
pub use runtime::{Failure, Loaded, Runtime, Script};
pub use scan::{Parameter, Scan};
pub use session::{Assembled, Company, Outcome, Session};
pub use vocabulary::{Help, Vocabulary};
