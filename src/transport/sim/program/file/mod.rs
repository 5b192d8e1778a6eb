//! Programs that look at files and change them.

mod attributes;
mod copier;
mod copy;
mod links;
mod list;
mod make;
mod mode;
mod relocate;
mod remove;
mod stat;

pub use attributes::PROGRAMS as ATTRIBUTES;
pub use copy::PROGRAMS as COPY;
pub use links::PROGRAMS as LINKS;
pub use list::PROGRAMS as LIST;
pub use make::PROGRAMS as MAKE;
pub use relocate::PROGRAMS as RELOCATE;
pub use remove::PROGRAMS as REMOVE;
pub use stat::PROGRAMS as STAT;
pub(super) use stat::device_number;
