//! systemd on a simulated host: units as their files say, states, dependencies, restarts, the journal.
//!
//! | file      | subject                                                    |
//! |-----------|------------------------------------------------------------|
//! | `file`    | unit files and drop-ins: found, read, merged               |
//! | `command` | `ExecStart=` and environment files, as systemd reads them   |
//! | `state`   | what systemd remembers of each unit                        |
//! | `enable`  | links of enabled and masked units                          |
//! | `run`     | starting, with what is required                            |
//! | `stop`    | stopping, with what is bound to it                         |
//! | `again`   | failing, and starting again by itself                      |
//! | `boot`    | what is started at boot                                    |
//!
//! A daemon is a program that ends with [`Halt::Serving`](super::stream::Halt): it looks at the host, says on
//! its output what it thinks of it, and either serves from then on or returns a status.

mod again;
mod boot;
mod command;
pub mod enable;
mod file;
mod run;
mod state;
mod stop;

pub use again::settle;
pub use boot::boot;
pub use command::{environment, expand};
pub use file::{Load, Places, Unit, full_name};
pub use run::{Job, start, start_together};
pub use state::{Active, Line, State, Units};
pub use stop::stop;
