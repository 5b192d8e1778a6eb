//! The same work on many hosts, side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::context;
use crate::primitive::Host;

/// Stack of a branch: script functions nest, and each level costs kilobytes in an unoptimised build.
const STACK: usize = 16 << 20;

/// Runs `work` on every host, at most `forks` at a time, and returns the results in the order of
/// `hosts`. All finish, whatever happens to the others.
///
/// A branch inherits the caller's [`context`], with its own host in it. One host, or one fork, runs
/// on the caller's thread.
pub fn out<T: Send>(hosts: &[Host], forks: usize, work: &(dyn Fn(&Host) -> T + Sync)) -> Vec<T> {
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
