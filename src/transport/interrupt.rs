//! Ctrl-C: a flag that everything which blocks looks at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Whether the operator asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Asks everything that blocks to stop.
pub fn request() {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// The flag itself, for a signal handler to set.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&REQUESTED)
}
