//! Programs that wait, or run other programs.

mod wait;

pub use wait::PROGRAMS as WAIT;
