//! The callers' end of a connection, and who moves it on.
//!
//! ```text
//!   a caller alone          leads: it holds the session and waits in `poll` itself
//!   callers beside it       ask by message, and wait for their events
//!   the background thread   leads when several commands are under way, and while nobody is there
//! ```
//!
//! One thread at a time holds the session, so nothing in it blocks. That a caller leads spares a
//! command two changes of thread, which are a third of its whole cost. A leader lets go of the
//! session whenever it hands output to its caller, who may be slow; another command that is under
//! way then is the background thread's.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::super::dialogue::{Dialogue, NoStatus};
use super::super::sys::Bell;
use super::super::{Exit, Stream};
use super::dial::Way;
use super::owner::Owner;

/// Batches of events that wait for one caller before its channel is left unread.
const EVENTS: usize = 4;
/// Enough for libssh2 and our frames; 1,000 connections cost 1,000 of them.
const STACK: usize = 256 * 1024;
/// How long a connection may be without anybody who looks after it.
const UNATTENDED: Duration = Duration::from_secs(1);

/// What a caller asks of whoever leads.
pub(super) enum Request {
    Start(Box<Start>),
    Input {
        id: u64,
        piece: Vec<u8>,
    },
    Abandon {
        id: u64,
    },
    /// No request will follow.
    Quit,
}

/// A command to start.
pub(super) struct Start {
    pub(super) id: u64,
    pub(super) dialogue: Dialogue,
    /// The first piece of its input; empty if it has none.
    pub(super) piece: Vec<u8>,
    pub(super) events: SyncSender<Vec<Event>>,
    pub(super) valve: Arc<Valve>,
}

/// What a caller is told.
pub(super) enum Event {
    /// sudo let the command start.
    Started,
    Output(Stream, Vec<u8>),
    /// The next piece of input is wanted.
    WantsInput,
    Ended(Ending),
}

/// How a command ended.
pub(super) enum Ending {
    Exit(Exit),
    /// Without a status, on a connection that works.
    NoStatus(NoStatus),
    /// The connection went away before anything was sent.
    NotSent,
    /// The connection went away.
    Lost(String),
}

/// What stands between a caller and a channel that sends faster than it takes.
#[derive(Default)]
pub(super) struct Valve {
    /// Somebody waits for the caller to make room.
    pub(super) stalled: AtomicBool,
    /// What did not fit when the connection ended: it follows after everything else.
    left: Mutex<Vec<Event>>,
}

impl Valve {
    /// Leaves the last events there; the sender of the others has to go then.
    pub(super) fn leave(&self, events: Vec<Event>) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = events;
    }
}

/// What is known of a connection without holding its session.
pub(super) struct Signals {
    /// Wakes the leader.
    pub(super) bell: Bell,
    /// Requests that no leader has taken yet.
    pub(super) queued: AtomicUsize,
    pub(super) dead: AtomicBool,
    /// Every caller was told how its command ended: who was not, had none started.
    pub(super) orderly: AtomicBool,
}

struct Shared {
    signals: Arc<Signals>,
    owner: Mutex<Owner>,
    /// Whether the background thread is wanted.
    wanted: Mutex<bool>,
    call: Condvar,
}

/// The callers' end of a connection. Dropping it ends the connection.
pub(super) struct Link {
    requests: Sender<Request>,
    shared: Arc<Shared>,
    /// The background thread, where a process leads to the host: that one must not outlive us.
    background: Option<JoinHandle<()>>,
}

/// What one command's caller listens to, and talks through.
pub(super) struct Events {
    id: u64,
    requests: Sender<Request>,
    receiver: Receiver<Vec<Event>>,
    batch: std::vec::IntoIter<Event>,
    valve: Arc<Valve>,
    shared: Arc<Shared>,
    /// A leader, if it is somebody else, has to hear of our request.
    to_ring: bool,
}

impl Link {
    /// A link over the connection `way`.
    ///
    /// # Errors
    /// No thread or descriptor left.
    pub(super) fn start(way: Way, host: &str) -> io::Result<Self> {
        let signals = Arc::new(Signals {
            bell: Bell::new()?,
            queued: AtomicUsize::new(0),
            dead: AtomicBool::new(false),
            orderly: AtomicBool::new(false),
        });
        let (sender, receiver) = mpsc::channel();
        let has_process = way.through.is_some();
        let owner = Owner::new(way, receiver, Arc::clone(&signals));
        let shared = Arc::new(Shared {
            signals,
            owner: Mutex::new(owner),
            wanted: Mutex::new(true),
            call: Condvar::new(),
        });
        let background = Arc::clone(&shared);
        let background = std::thread::Builder::new()
            .name(format!("ssh {host}"))
            .stack_size(STACK)
            .spawn(move || background.look_after())?;
        Ok(Self {
            requests: sender,
            shared,
            background: has_process.then_some(background),
        })
    }

    pub(super) fn alive(&self) -> bool {
        !self.shared.signals.dead.load(Ordering::SeqCst) && !self.shared.owner.is_poisoned()
    }

    /// Asks for a command to be started, with `piece` as the beginning of its input.
    pub(super) fn start_command(&self, id: u64, dialogue: Dialogue, piece: Vec<u8>) -> Events {
        let (sender, receiver) = mpsc::sync_channel(EVENTS);
        let valve = Arc::new(Valve::default());
        let start = Start {
            id,
            dialogue,
            piece,
            events: sender,
            valve: Arc::clone(&valve),
        };
        let mut events = Events {
            id,
            requests: self.requests.clone(),
            receiver,
            batch: Vec::new().into_iter(),
            valve,
            shared: Arc::clone(&self.shared),
            to_ring: false,
        };
        events.ask(Request::Start(Box::new(start)));
        events
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.signals.queued.fetch_add(1, Ordering::SeqCst);
        // The receiver lives as long as `shared`, which we hold.
        let _ = self.requests.send(Request::Quit);
        self.shared.signals.bell.ring();
        self.shared.call_background();
        if let Some(background) = self.background.take() {
            // It ends the connection; the process goes with the last of us. Had it panicked, there would be no
            // more to wait for.
            let _ = background.join();
        }
    }
}

impl Events {
    fn ask(&mut self, request: Request) {
        self.shared.signals.queued.fetch_add(1, Ordering::SeqCst);
        // The receiver lives as long as `shared`, which we hold.
        let _ = self.requests.send(request);
        self.to_ring = true;
    }

    /// Gives the command its next piece of input; an empty one is its end.
    pub(super) fn input(&mut self, piece: Vec<u8>) {
        self.ask(Request::Input { id: self.id, piece });
    }

    /// Gives up the command.
    pub(super) fn abandon(mut self) {
        self.ask(Request::Abandon { id: self.id });
        self.shared.signals.bell.ring();
        self.shared.call_background();
    }

    /// The next event, waited for at most `limit`.
    pub(super) fn next(&mut self, limit: Duration) -> Result<Event, RecvTimeoutError> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(event) = self.batch.next() {
                return Ok(event);
            }
            match self.receiver.try_recv() {
                Ok(batch) => self.take(batch),
                Err(TryRecvError::Disconnected) => return self.last(),
                Err(TryRecvError::Empty) => self.wait(deadline)?,
            }
        }
    }

    /// Waits for a batch, as leader or beside one.
    fn wait(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let shared = Arc::clone(&self.shared);
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(RecvTimeoutError::Timeout);
        }
        match shared.owner.try_lock() {
            Ok(mut owner) if shared.signals.dead.load(Ordering::SeqCst) => owner.turn_away(),
            Ok(owner) => {
                self.to_ring = false;
                self.lead(owner, deadline);
                shared.let_go();
            }
            Err(TryLockError::Poisoned(_)) => return Err(RecvTimeoutError::Disconnected),
            Err(TryLockError::WouldBlock) => {
                if std::mem::take(&mut self.to_ring) {
                    shared.signals.bell.ring();
                }
                match self.receiver.recv_timeout(left) {
                    Ok(batch) => self.take(batch),
                    // `next` finds out what that means.
                    Err(RecvTimeoutError::Disconnected) => {}
                    Err(RecvTimeoutError::Timeout) => return Err(RecvTimeoutError::Timeout),
                }
            }
        }
        Ok(())
    }

    /// Moves the connection on until there is something for us, or `deadline`.
    fn lead(&mut self, mut owner: MutexGuard<'_, Owner>, deadline: Instant) {
        owner.attend();
        loop {
            if let Err(error) = owner.work() {
                owner.end(&error.to_string());
                return;
            }
            if let Ok(batch) = self.receiver.try_recv() {
                self.take(batch);
                let ended = matches!(self.batch.as_slice().last(), Some(Event::Ended(_)));
                // Ours alone can wait until our caller is back.
                if owner.commands() > usize::from(!ended) {
                    self.shared.call_background();
                }
                return;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if let Err(error) = owner.sleep(left) {
                owner.end(&error.to_string());
                return;
            }
        }
    }

    fn take(&mut self, batch: Vec<Event>) {
        self.batch = batch.into_iter();
        if self.valve.stalled.swap(false, Ordering::SeqCst) {
            self.to_ring = true;
        }
    }

    /// What to make of the end of all events.
    fn last(&mut self) -> Result<Event, RecvTimeoutError> {
        let left = &self.valve.left;
        let left = std::mem::take(&mut *left.lock().unwrap_or_else(PoisonError::into_inner));
        self.batch = left.into_iter();
        match self.batch.next() {
            Some(event) => Ok(event),
            None if self.shared.signals.orderly.load(Ordering::SeqCst) => {
                Ok(Event::Ended(Ending::NotSent))
            }
            None => Err(RecvTimeoutError::Disconnected),
        }
    }
}

impl Shared {
    /// After the session was let go: whoever asked meanwhile must not be left alone.
    fn let_go(&self) {
        let signals = &self.signals;
        if signals.queued.load(Ordering::SeqCst) > 0 || signals.dead.load(Ordering::SeqCst) {
            self.call_background();
        }
    }

    fn call_background(&self) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.call.notify_one();
    }

    /// The background thread.
    fn look_after(&self) {
        loop {
            self.stand_by();
            let Ok(mut owner) = self.owner.try_lock() else {
                // A caller leads, or it panicked, and then its drop of the link is all that is left.
                if self.owner.is_poisoned() {
                    return;
                }
                continue;
            };
            owner.attend();
            let mut served = false;
            while !self.signals.dead.load(Ordering::SeqCst) {
                let result = owner.work().and_then(|()| {
                    let commands = owner.commands();
                    served |= commands > 0;
                    // The next caller leads itself.
                    if served && commands == 0 {
                        return Ok(false);
                    }
                    owner.sleep(Duration::from_secs(60)).map(|()| true)
                });
                match result {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => owner.end(&error.to_string()),
                }
            }
            drop(owner);
            if self.signals.dead.load(Ordering::SeqCst) {
                return;
            }
            self.let_go();
        }
    }

    /// Waits until the background thread is wanted, or nobody may have looked for a while.
    fn stand_by(&self) {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wanted = self
            .call
            .wait_timeout_while(wanted, UNATTENDED, |wanted| !*wanted)
            .map_or_else(|poisoned| poisoned.into_inner().0, |(wanted, _)| wanted);
        *wanted = false;
    }
}
