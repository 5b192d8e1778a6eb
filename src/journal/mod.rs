//! What happened, on disk before and after it happened.
//!
//! A run has a directory with `journal.jsonl`, one event per line, and `files/`, copies of what was
//! evacuated from the hosts. Each line carries a checksum over itself and the line before, so a torn
//! end and a damaged middle are told apart. [`History`] decides which event may follow which, alike
//! when recording and when reading back.
//!
//! JSON lines were chosen over a database: they read with `less` on a broken machine.

mod before;
mod event;
mod history;
mod kept;
mod lines;
mod lock;
mod operations;
mod past;
mod phases;
mod runs;
mod standing;
mod store;
mod view;

pub use before::Before;
pub use event::{Ending, Event, FORMAT, Outcome, Record, StepId};
pub use history::History;
pub use kept::{keep, keep_source, source};
pub use lines::Reader;
pub use lock::{Holder, holder, operator, take as hold};
pub use operations::{Begun, Former, Operations};
pub use past::{Past, Pasts, TYPED};
pub use phases::{Passed, PassedPhases, passed};
pub use runs::{FILE, Summary, list, root};
pub use standing::{OnHost, Standing, State, UnderWay, Wait};
pub use store::Journal;
pub use view::{Filter, Log, render, transcript};
