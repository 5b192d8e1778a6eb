//! The same work on many hosts, side by side.

use std::cmp::Reverse;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::context;
use crate::primitive::Host;
use crate::transport::clock::{Clock, SimulatedClock};

/// Stack of a branch: script functions nest, and each level costs kilobytes in an unoptimised build.
const STACK: usize = 16 << 20;

/// Runs `work` on every host, at most `forks` at a time, and returns the results in the order of
/// `hosts`. All finish, whatever happens to the others.
///
/// A branch inherits the caller's [`context`], with its own host in it. One host, or one fork, runs
/// on the caller's thread. On a simulated clock all do, one after the other, and the clock shows
/// what side by side would have taken.
pub fn out<T: Send>(
    hosts: &[Host],
    forks: usize,
    clock: &dyn Clock,
    work: &(dyn Fn(&Host) -> T + Sync),
) -> Vec<T> {
    let outer = context::current();
    let on = |host: &Host| {
        let mut inner = outer.clone();
        inner.host = Some(host.name().into());
        context::within(inner, || work(host))
    };
    let workers = forks.clamp(1, hosts.len().max(1));
    if workers == 1 {
        return hosts.iter().map(on).collect();
    }
    if let Some(clock) = clock.simulated() {
        return in_lanes(hosts, workers, clock, &on);
    }
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<T>>> = hosts.iter().map(|_| Mutex::new(None)).collect();
    let branch = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(host) = hosts.get(at) else { break };
            let result = on(host);
            *results[at].lock().expect("no branch panics with it") = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..workers {
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, branch)
                .expect("the system has room for one more thread");
        }
    });
    results
        .into_iter()
        .map(|slot| {
            slot.into_inner()
                .expect("no branch panicked")
                .expect("every host had its turn")
        })
        .collect()
}

/// Runs `on` for one host after the other, each from the moment at which the first of `workers` is
/// free; afterwards `clock` shows when the last of them was.
fn in_lanes<T>(
    hosts: &[Host],
    workers: usize,
    clock: &SimulatedClock,
    on: &dyn Fn(&Host) -> T,
) -> Vec<T> {
    let mut free = std::collections::BinaryHeap::from(vec![Reverse(clock.reading()); workers]);
    let mut last = clock.reading();
    let results = hosts
        .iter()
        .map(|host| {
            let Reverse(begin) = free.pop().unwrap_or(Reverse(last));
            clock.set(begin);
            let result = on(host);
            free.push(Reverse(clock.reading()));
            last = last.max(clock.reading());
            result
        })
        .collect();
    clock.set(last);
    results
}
