//! Ctrl-C and its kin: what each signal asks for, once and again.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::progress::Progress;
use crate::error::{Error, Result};
use crate::transport::interrupt;

/// How long everything has to let go at the second request, before the process ends all the same.
const GRACE: Duration = Duration::from_secs(5);

/// Whether lines are typed: none at all, one is awaited, one is being worked on.
static TYPING: AtomicU8 = AtomicU8::new(0);

/// Who shows what a signal does.
static DISPLAY: Mutex<Weak<Progress>> = Mutex::new(Weak::new());

type Farewell = Box<dyn Fn() + Send>;

/// What is to be done before the process ends while a line is awaited.
static FAREWELL: Mutex<Option<Farewell>> = Mutex::new(None);

/// What goes on between the operator and the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// There is no prompt.
    No,
    /// It waits for a line.
    Awaited,
    /// A line is worked on.
    AtWork,
}

/// Says what goes on from now, and returns what went on before; Ctrl-C then stops a line, not the process.
pub fn typing(now: Typing) -> Typing {
    match TYPING.swap(now as u8, Ordering::SeqCst) {
        before if before == Typing::Awaited as u8 => Typing::Awaited,
        before if before == Typing::AtWork as u8 => Typing::AtWork,
        _ => Typing::No,
    }
}

/// Does `farewell` before the process ends while a line is awaited.
pub fn before_the_end(farewell: impl Fn() + Send + 'static) {
    *held(&FAREWELL) = Some(Box::new(farewell));
}

/// Ctrl-C asks everything to stop, and `display` says what is let to its end; pressed again, it
/// leaves that too. The end of a session (SIGHUP) and of the system (SIGTERM) ask like Ctrl-C; a
/// closed terminal may say so more than once and never insists.
///
/// # Errors
/// If the system does not let signals be watched.
pub fn interruptible(display: &Arc<Progress>) -> Result<()> {
    static WATCHED: OnceLock<()> = OnceLock::new();
    *held(&DISPLAY) = Arc::downgrade(display);
    if WATCHED.set(()).is_err() {
        return Ok(());
    }
    let refused = |error: std::io::Error| Error::controller("watch for Ctrl-C", error);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(refused)?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(take))
        .map_err(refused)?;
    Ok(())
}

fn take(signal: i32) {
    let typing = TYPING.load(Ordering::SeqCst);
    let tell = |what: fn(&Progress)| {
        // Not while holding it: a display may take its time.
        let display = held(&DISPLAY).upgrade();
        if let Some(display) = display {
            what(&display);
        }
    };
    if signal == SIGINT && typing != Typing::No as u8 {
        if typing == Typing::AtWork as u8 {
            if !interrupt::request() {
                tell(Progress::interrupted);
            } else if !interrupt::insisted() {
                tell(Progress::leaving);
                interrupt::insist();
            }
        }
        return;
    }
    if typing == Typing::Awaited as u8 {
        if let Some(farewell) = &*held(&FAREWELL) {
            farewell();
        }
        std::process::exit(130);
    }
    if interrupt::insisted() {
        std::process::exit(130);
    } else if !interrupt::request() {
        tell(Progress::interrupted);
    } else if signal != SIGHUP {
        tell(Progress::leaving);
        interrupt::insist();
        thread::spawn(|| {
            thread::sleep(GRACE);
            std::process::exit(130);
        });
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
