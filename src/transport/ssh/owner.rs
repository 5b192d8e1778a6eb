//! The thread that owns a connection, and the callers' end of it.
//!
//! The owner keeps one channel open in advance: the next command then costs one round trip instead
//! of two, and an idle connection has something to read from, so that the server's own keepalive
//! questions are answered and its end is noticed.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use socket2::Socket;
use ssh2::{BlockDirections, Channel, ErrorCode, Session};

use super::super::dialogue::{Dialogue, NoStatus};
use super::super::sys::{self, Bell, POLLERR, POLLHUP, POLLIN, POLLOUT};
use super::super::{Exit, Refusal, Stream};
use super::dial::Way;
use super::received;
use super::running::{AGAIN, Running, Turn};

/// libssh2's "the server opens no further channel".
const CHANNEL_FAILURE: ErrorCode = ErrorCode::Session(-21);
/// OpenSSH's `MaxSessions`.
const CHANNELS: usize = 10;
/// Batches of events that wait for one caller before its channel is left unread.
const EVENTS: usize = 4;
/// How often the server is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// So many questions in a row without an answer mean that it is not: after 90 s.
const UNANSWERED: u32 = 6;
/// How long to wait before asking for a channel again that was refused; doubled each time.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long a server may refuse a first channel: it puts away a finished command a little late.
const PATIENCE: Duration = Duration::from_secs(3);
/// Enough for libssh2 and our frames; 1,000 connections cost 1,000 of them.
const STACK: usize = 256 * 1024;
const BUFFER: usize = 32 * 1024;

/// What a caller asks of the owner.
enum Request {
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
    pub(super) piece: Vec<u8>,
    pub(super) events: SyncSender<Vec<Event>>,
    pub(super) stalled: Arc<AtomicBool>,
}

/// What the owner tells a caller.
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

/// The callers' end of a connection. Dropping it ends the connection.
pub(super) struct Link {
    requests: Sender<Request>,
    shared: Arc<Shared>,
}

struct Shared {
    bell: Bell,
    dead: AtomicBool,
    /// Every caller was told how its command ended: who was not, had none started.
    orderly: AtomicBool,
}

/// What one command's caller listens to.
pub(super) struct Events {
    receiver: Receiver<Vec<Event>>,
    batch: std::vec::IntoIter<Event>,
    stalled: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Link {
    /// Starts an owner for the connection `way`.
    ///
    /// # Errors
    /// No thread or descriptor left.
    pub(super) fn start(way: Way, host: &str) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            bell: Bell::new()?,
            dead: AtomicBool::new(false),
            orderly: AtomicBool::new(false),
        });
        let (sender, receiver) = mpsc::channel();
        let link = Self {
            requests: sender,
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new()
            .name(format!("ssh {host}"))
            .stack_size(STACK)
            .spawn(move || {
                Owner::new(way, receiver, &shared).run();
            })?;
        Ok(link)
    }

    pub(super) fn alive(&self) -> bool {
        !self.shared.dead.load(Ordering::SeqCst)
    }

    pub(super) fn start_command(&self, id: u64, dialogue: Dialogue, piece: Vec<u8>) -> Events {
        let (sender, receiver) = mpsc::sync_channel(EVENTS);
        let stalled = Arc::new(AtomicBool::new(false));
        let start = Start {
            id,
            dialogue,
            piece,
            events: sender,
            stalled: Arc::clone(&stalled),
        };
        // An owner that is gone drops the start, and with it the sender of these events.
        let request = Request::Start(Box::new(start));
        if let Err(mpsc::SendError(Request::Start(start))) = self.requests.send(request) {
            let _ = start.events.try_send(vec![Event::Ended(Ending::NotSent)]);
        }
        self.shared.bell.ring();
        Events {
            receiver,
            batch: Vec::new().into_iter(),
            stalled,
            shared: Arc::clone(&self.shared),
        }
    }

    pub(super) fn input(&self, id: u64, piece: Vec<u8>) {
        self.tell(Request::Input { id, piece });
    }

    pub(super) fn abandon(&self, id: u64) {
        self.tell(Request::Abandon { id });
    }

    fn tell(&self, request: Request) {
        // An owner that is gone has told, or will tell, its callers so.
        let _ = self.requests.send(request);
        self.shared.bell.ring();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tell(Request::Quit);
    }
}

impl Events {
    /// The next event, waited for at most `limit`.
    pub(super) fn next(&mut self, limit: Duration) -> Result<Event, RecvTimeoutError> {
        if let Some(event) = self.batch.next() {
            return Ok(event);
        }
        let batch = self.receiver.recv_timeout(limit);
        if self.stalled.swap(false, Ordering::SeqCst) {
            self.shared.bell.ring();
        }
        match batch {
            Ok(batch) => {
                self.batch = batch.into_iter();
                self.batch.next().ok_or(RecvTimeoutError::Timeout)
            }
            Err(RecvTimeoutError::Disconnected) if self.shared.orderly.load(Ordering::SeqCst) => {
                Ok(Event::Ended(Ending::NotSent))
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Owner<'_> {
    fn drop(&mut self) {
        // Also when it panicked: the next command then makes a new connection.
        self.shared.dead.store(true, Ordering::SeqCst);
    }
}

/// The channel opened in advance.
enum Spare {
    None,
    Opening,
    Ready(Channel),
}

/// A server that opens no further channel: there are others, or it has not yet put away the last.
#[derive(Clone, Copy)]
struct Refused {
    since: Instant,
    again: Instant,
    pause: Duration,
}

struct Owner<'a> {
    session: Session,
    socket: Arc<Socket>,
    requests: Receiver<Request>,
    shared: &'a Shared,
    waiting: VecDeque<Start>,
    running: Vec<Running>,
    closing: Vec<Channel>,
    spare: Spare,
    /// Ends with the connection.
    _through: Option<super::jump::ProxyCommand>,
    /// The server's refusals to open another channel, since it last opened one.
    refused: Option<Refused>,
    asked: Instant,
    unanswered: u32,
    callers_gone: bool,
    buffer: Vec<u8>,
}

impl<'a> Owner<'a> {
    fn new(way: Way, requests: Receiver<Request>, shared: &'a Shared) -> Self {
        received::watch(&way.session);
        way.session.set_keepalive(true, KEEPALIVE.as_secs() as u32);
        Self {
            session: way.session,
            socket: way.socket,
            requests,
            shared,
            waiting: VecDeque::new(),
            running: Vec::new(),
            closing: Vec::new(),
            spare: Spare::None,
            _through: way.through,
            refused: None,
            asked: Instant::now(),
            unanswered: 0,
            callers_gone: false,
            buffer: vec![0; BUFFER],
        }
    }

    fn run(mut self) {
        let reason = loop {
            self.take_requests();
            if self.callers_gone {
                break "nobody needs the connection any longer".to_owned();
            }
            match self.round().and_then(|()| self.sleep()) {
                Ok(()) => {}
                Err(error) => break error.to_string(),
            }
        };
        self.end(&reason);
    }

    fn take_requests(&mut self) {
        loop {
            match self.requests.try_recv() {
                Ok(Request::Start(start)) => self.waiting.push_back(*start),
                Ok(Request::Input { id, piece }) => {
                    if let Some(running) = self.running.iter_mut().find(|it| it.id == id) {
                        running.more_input(piece);
                    }
                }
                Ok(Request::Abandon { id }) => {
                    self.waiting.retain(|it| it.id != id);
                    if let Some(running) = self.running.iter_mut().find(|it| it.id == id) {
                        running.abandon();
                    }
                }
                Err(TryRecvError::Empty) => return,
                Ok(Request::Quit) | Err(TryRecvError::Disconnected) => {
                    self.callers_gone = true;
                    return;
                }
            }
        }
    }

    /// Does everything that can be done without waiting.
    fn round(&mut self) -> io::Result<()> {
        loop {
            let before = received::count();
            let mut moved = self.start_waiting()?;
            let mut at = 0;
            while at < self.running.len() {
                match self.running[at].turn(&mut self.buffer)? {
                    Turn::Waiting => at += 1,
                    Turn::Moved => {
                        moved = true;
                        at += 1;
                    }
                    Turn::Over => {
                        moved = true;
                        self.closing.push(self.running.remove(at).into_channel());
                    }
                }
            }
            moved |= self.close();
            moved |= self.open()?;
            if received::count() != before {
                self.unanswered = 0;
            } else if !moved {
                return Ok(());
            }
        }
    }

    fn start_waiting(&mut self) -> io::Result<bool> {
        if self.waiting.is_empty() || !self.spare_lives()? {
            return Ok(false);
        }
        let spare = std::mem::replace(&mut self.spare, Spare::None);
        let (Spare::Ready(channel), Some(start)) = (spare, self.waiting.pop_front()) else {
            return Ok(false);
        };
        self.running.push(Running::new(start, channel));
        Ok(true)
    }

    /// Whether there is an open spare channel; takes in what has arrived, which is what answers an
    /// idle server and notices its end before a command is sent into it.
    fn spare_lives(&mut self) -> io::Result<bool> {
        let Spare::Ready(channel) = &mut self.spare else {
            return Ok(false);
        };
        match channel.read(&mut self.buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
            Ok(_) if channel.eof() => {
                let spare = std::mem::replace(&mut self.spare, Spare::None);
                if let Spare::Ready(channel) = spare {
                    self.closing.push(channel);
                }
                Ok(false)
            }
            Ok(_) => Ok(true),
        }
    }

    /// Closes what is over, as far as the server has confirmed it.
    fn close(&mut self) -> bool {
        let before = self.closing.len();
        self.closing
            .retain_mut(|channel| matches!(channel.close(), Err(error) if error.code() == AGAIN));
        let closed = self.closing.len() != before;
        if closed && let Some(refused) = &mut self.refused {
            refused.again = Instant::now();
        }
        closed
    }

    /// Opens the next channel, if there may be one.
    fn open(&mut self) -> io::Result<bool> {
        let others = self.running.len() + self.closing.len();
        let now = Instant::now();
        match self.spare {
            Spare::Ready(_) => return self.spare_lives().map(|_| false),
            Spare::None if others >= CHANNELS => return Ok(false),
            Spare::None => {
                // Without any channel nothing can be read: then it is tried for its own sake.
                let wanted = !self.waiting.is_empty() || others == 0;
                if self.refused.is_some_and(|it| !wanted || now < it.again) {
                    return Ok(false);
                }
            }
            Spare::Opening => {}
        }
        match self.session.channel_session() {
            Ok(channel) => {
                self.spare = Spare::Ready(channel);
                self.refused = None;
                Ok(true)
            }
            Err(error) if error.code() == AGAIN => {
                self.spare = Spare::Opening;
                Ok(false)
            }
            Err(error) if error.code() == CHANNEL_FAILURE => {
                self.spare = Spare::None;
                let (since, pause) = match self.refused {
                    Some(refused) if others == 0 => (refused.since, refused.pause * 2),
                    Some(refused) => (now, refused.pause * 2),
                    None => (now, PAUSE),
                };
                let pause = pause.min(LONGEST_PAUSE);
                self.refused = Some(Refused {
                    since,
                    again: now + pause,
                    pause,
                });
                if others == 0 && now > since + PATIENCE {
                    self.refuse_waiting();
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Tells everybody who waits that the server opens no channel at all.
    fn refuse_waiting(&mut self) {
        for start in self.waiting.drain(..) {
            let why = NoStatus::Refused(
                Refusal::Start,
                "the SSH server opens no session (see `MaxSessions` in its sshd_config)".to_owned(),
            );
            // The first event of a caller always fits.
            let _ = start
                .events
                .try_send(vec![Event::Ended(Ending::NoStatus(why))]);
        }
    }

    /// Sleeps until the socket or a caller has something, or the server has to be asked.
    fn sleep(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if now >= self.asked + KEEPALIVE {
            self.asked = now;
            // While a caller does not take its output, an answer may lie unread behind it.
            if !self.running.iter().any(Running::stalled) {
                self.unanswered += 1;
            }
            match self.session.keepalive_send() {
                Err(error) if error.code() != AGAIN => return Err(error.into()),
                Ok(_) | Err(_) => {}
            }
        }
        if self.unanswered > UNANSWERED {
            let secs = UNANSWERED * KEEPALIVE.as_secs() as u32;
            return Err(io::Error::other(format!(
                "the server has not answered for {secs} s"
            )));
        }
        let reads = !matches!(self.spare, Spare::None)
            || !self.running.is_empty()
            || !self.closing.is_empty();
        let mut events = if reads { POLLIN } else { 0 };
        if let BlockDirections::Outbound | BlockDirections::Both = self.session.block_directions() {
            events |= POLLOUT;
        }
        let mut fds = [
            sys::waits_for(self.socket.as_raw_fd(), events),
            sys::waits_for(self.shared.bell.as_raw_fd(), POLLIN),
        ];
        let mut until = self.asked + KEEPALIVE;
        if let (Some(refused), Spare::None) = (self.refused, &self.spare)
            && (!reads || !self.waiting.is_empty())
        {
            until = until.min(refused.again);
        }
        for held_until in self.running.iter().filter_map(Running::held_until) {
            until = until.min(held_until);
        }
        let limit = until.saturating_duration_since(now);
        sys::poll(&mut fds, Some(limit))?;
        if fds[1].revents != 0 {
            self.shared.bell.silence();
        }
        if fds[0].revents & (POLLERR | POLLHUP) != 0 && !reads {
            return Err(io::Error::from(io::ErrorKind::ConnectionReset));
        }
        if fds[0].revents & (POLLIN | POLLERR | POLLHUP) != 0 {
            received::may_be_ready();
            // Linux forgets it after each use, and delays acknowledgements by 40 ms again. A proxy's
            // socket is no TCP: it refuses, and needs none.
            let _ = self.socket.set_tcp_quickack(true);
        }
        Ok(())
    }

    /// Ends the connection, and tells every caller.
    fn end(mut self, reason: &str) {
        self.shared.dead.store(true, Ordering::SeqCst);
        if self.callers_gone {
            // Politeness; the socket is closed right after in any case.
            let _ = self.session.disconnect(None, "bye", None);
        }
        // Nothing that libssh2 does from here on may wait for the peer.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        self.spare = Spare::None;
        self.closing.clear();
        for running in self.running.drain(..) {
            running.connection_lost(reason);
        }
        // A caller may have found the connection alive a moment ago.
        self.take_requests();
        for start in self.waiting.drain(..) {
            let _ = start.events.try_send(vec![Event::Ended(Ending::NotSent)]);
        }
        self.shared.orderly.store(true, Ordering::SeqCst);
    }
}
