//! Programs that look at files and change them.

mod attributes;
mod copier;
mod copy;
mod dd;
mod links;
mod list;
mod make;
mod mode;
mod relocate;
mod remove;
mod stat;
mod tar;

pub use attributes::PROGRAMS as ATTRIBUTES;
pub(super) use attributes::{alter, over};
pub use copy::PROGRAMS as COPY;
pub use dd::PROGRAMS as DD;
pub use links::PROGRAMS as LINKS;
pub use list::PROGRAMS as LIST;
pub(super) use list::human;
pub use make::PROGRAMS as MAKE;
pub use relocate::PROGRAMS as RELOCATE;
pub use remove::PROGRAMS as REMOVE;
pub use stat::PROGRAMS as STAT;
pub(super) use stat::{device_number, unescaped};
pub use tar::PROGRAMS as TAR;
