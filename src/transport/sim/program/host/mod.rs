//! Programs that say how a host is: its name, users, time, file systems, processes.

mod accounts;
mod date;
mod disk;
mod label;
mod mount;
mod names;
mod openssl;
mod processes;
mod sockets;

pub use accounts::PROGRAMS as ACCOUNTS;
pub use date::PROGRAMS as DATE;
pub use disk::PROGRAMS as DISK;
pub use label::PROGRAMS as LABEL;
pub use mount::PROGRAMS as MOUNT;
pub use names::PROGRAMS as NAMES;
pub use openssl::PROGRAMS as OPENSSL;
pub use processes::PROGRAMS as PROCESSES;
pub use sockets::PROGRAMS as SOCKETS;
