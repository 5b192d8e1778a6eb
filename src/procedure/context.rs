//! Where the current thread is in the procedure: its phase, its step, its host.
//!
//! Threads that work on one host inherit the context of the thread that started them, so a command
//! finds its step on any of them.

use std::cell::RefCell;
use std::sync::Arc;

use crate::journal::StepId;

/// The place of a thread in the procedure.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The title of the open phase.
    pub phase: Option<Arc<str>>,
    /// The open step.
    pub step: Option<Arc<StepId>>,
    /// The host on which the open step is, whatever hosts its commands run on.
    pub branch: Option<Arc<str>>,
    /// The host that this thread works on, inside a step or a parallel branch.
    pub host: Option<Arc<str>>,
}

thread_local! {
    static CURRENT: RefCell<Context> = RefCell::default();
}

/// The context of this thread.
pub fn current() -> Context {
    CURRENT.with_borrow(Clone::clone)
}

/// Runs `body` with `context` in place, and puts the former one back.
pub fn within<T>(context: Context, body: impl FnOnce() -> T) -> T {
    struct Restore(Option<Context>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let former = self.0.take().unwrap_or_default();
            CURRENT.with(|current| *current.borrow_mut() = former);
        }
    }
    let _restore = Restore(Some(CURRENT.replace(context)));
    body()
}
