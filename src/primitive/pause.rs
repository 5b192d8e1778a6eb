//! Waiting on the controller, in a way that Ctrl-C ends.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::transport::interrupt;

/// Sleeps for `time`, in slices short enough that an interrupt is noticed at once.
///
/// # Errors
/// `Stopped` when the operator asked to stop.
pub fn pause(time: Duration) -> Result<()> {
    const SLICE: Duration = Duration::from_millis(100);
    let end = Instant::now() + time;
    loop {
        if interrupt::requested() {
            return Err(Error::stopped("interrupted while waiting"));
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(SLICE));
    }
}
