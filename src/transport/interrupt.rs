//! Ctrl-C, which everything that blocks looks at.
//!
//! Asked once, nothing new starts: what only looks is given up, what changes a host is let to its
//! end, because a `yum` that loses its terminal half way leaves a host that nobody can repair
//! quickly. Asked again, that is left too, and may go on alone.

use std::sync::atomic::{AtomicU8, Ordering};

use super::Effect;

/// How often the operator asked.
static ASKED: AtomicU8 = AtomicU8::new(0);

/// Asks everything that blocks to stop; returns whether it was asked before.
pub fn request() -> bool {
    ASKED.fetch_max(1, Ordering::SeqCst) > 0
}

/// Asks to leave even what changes a host.
pub fn insist() {
    ASKED.store(2, Ordering::SeqCst);
}

/// Whether the operator asked to stop.
pub fn requested() -> bool {
    ASKED.load(Ordering::Relaxed) > 0
}

/// Whether the operator asked again, not to wait for anything.
pub fn insisted() -> bool {
    ASKED.load(Ordering::Relaxed) > 1
}

/// Whether a command with `effect` that is under way is not waited for any longer.
pub fn gives_up(effect: Effect) -> bool {
    match effect {
        Effect::Reads => requested(),
        Effect::Changes => insisted(),
    }
}

/// Does `work` as if nobody had asked: what has to be put in order before the process ends.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    let asked = ASKED.swap(0, Ordering::SeqCst);
    let done = work();
    ASKED.fetch_max(asked, Ordering::SeqCst);
    done
}

/// Takes all of it back, for a process that goes on.
pub fn withdraw() {
    ASKED.store(0, Ordering::SeqCst);
}
