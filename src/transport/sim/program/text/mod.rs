//! Programs that read text and write text.

mod cat;
mod cmp;
mod count;
mod cut;
mod encode;
mod ends;
mod expr;
mod grep;
mod make;
mod sort;
mod tr;

pub use cat::PROGRAMS as CAT;
pub use cmp::PROGRAMS as CMP;
pub use count::PROGRAMS as COUNT;
pub use cut::PROGRAMS as CUT;
pub use encode::PROGRAMS as ENCODE;
pub use ends::PROGRAMS as ENDS;
pub use expr::PROGRAMS as EXPR;
pub use grep::PROGRAMS as GREP;
pub use make::PROGRAMS as MAKE;
pub use sort::PROGRAMS as SORT;
pub use tr::PROGRAMS as TR;
