//! Time as a run knows it: the machine's own, or that of a simulated cluster, where waiting is free.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::interrupt;

/// A clock that can be read and waited on.
pub trait Clock: Send + Sync {
    /// Time since 1970 by the calendar.
    fn now(&self) -> Duration;

    /// A reading that only ever grows on one line of work, to measure what passed.
    fn reading(&self) -> Duration;

    /// What passed since `reading` was read.
    fn since(&self, reading: Duration) -> Duration {
        self.reading().saturating_sub(reading)
    }

    /// Waits for `time`; whether it passed, false when the operator asked to stop.
    fn wait(&self, time: Duration) -> bool;

    /// How long the run was allowed to take, once that is over; real time has no such limit.
    fn overspent(&self) -> Option<Duration> {
        None
    }

    /// The clock as one that can be set: simulated hosts share one line of execution, and each has
    /// its own line of time on it.
    fn simulated(&self) -> Option<&SimulatedClock> {
        None
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn reading(&self) -> Duration {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn wait(&self, time: Duration) -> bool {
        const SLICE: Duration = Duration::from_millis(100);
        let end = Instant::now() + time;
        loop {
            if interrupt::requested() {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}

/// A clock that stands still until somebody waits on it or spends time on it.
#[derive(Debug)]
pub struct SimulatedClock {
    start: Duration,
    /// Microseconds since `start`.
    passed: AtomicU64,
    /// What is allowed: how long, and the reading at which that is over. Set once.
    allowed: OnceLock<(Duration, Duration)>,
}

impl SimulatedClock {
    /// A clock that shows `start`, since 1970.
    pub fn new(start: Duration) -> Self {
        Self {
            start,
            passed: AtomicU64::new(0),
            allowed: OnceLock::new(),
        }
    }

    /// A clock that shows the same, and from now on goes its own way; it allows any time.
    pub fn fork(&self) -> Self {
        let fork = Self::new(self.start);
        fork.set(self.reading());
        fork
    }

    /// Lets `time` pass.
    pub fn spend(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 4);
        self.passed.fetch_add(micros, Ordering::Relaxed);
    }

    /// Allows a run to take `time` from now on; only the first call counts.
    pub fn allow(&self, time: Duration) {
        let end = self.reading().saturating_add(time);
        self.allowed.get_or_init(|| (time, end));
    }

    /// The reading at which the run's time is over.
    pub fn end(&self) -> Option<Duration> {
        self.allowed.get().map(|(_, end)| *end)
    }

    /// Sets the reading: work that happens side by side is done one after the other, each from the
    /// same moment.
    pub fn set(&self, reading: Duration) {
        let micros = u64::try_from(reading.as_micros()).unwrap_or(u64::MAX / 4);
        self.passed.store(micros, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Duration {
        self.start + self.reading()
    }

    fn reading(&self) -> Duration {
        Duration::from_micros(self.passed.load(Ordering::Relaxed))
    }

    fn wait(&self, time: Duration) -> bool {
        if interrupt::requested() {
            return false;
        }
        self.spend(time);
        true
    }

    fn overspent(&self) -> Option<Duration> {
        let (time, end) = self.allowed.get()?;
        (self.reading() >= *end).then_some(*time)
    }

    fn simulated(&self) -> Option<&SimulatedClock> {
        Some(self)
    }
}
