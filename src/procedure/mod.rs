//! One execution of a procedure: phases, steps, questions, and the record of them.
//!
//! A [`Run`] knows nothing of scripts: what a step does comes in as a closure, with an error type
//! of the caller's. What finished once is not done again: its recorded value is returned.

mod catch_up;
pub mod context;
pub mod fan;
mod marker;
mod phase;
mod recorder;
mod run;
mod span;
mod step;
mod watch;

pub use marker::{Marked, Rules};
pub use phase::Passage;
pub use recorder::Recorder;
pub use run::{Options, Run, typed, unknown_parameter};
pub use span::{Span, named};
pub use step::{CONTROLLER, Describe, StepError};
pub use watch::{Decision, Display, Ended, FailedStep, Level, Operator, Question};
